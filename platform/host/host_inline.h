/* SPDX-License-Identifier: MIT */
/*
 * host_inline.h - the hot part of the platform contract, compiled into the core.
 *
 * A CPU is a thread that nothing interrupts, so a local section needs nothing
 * done. A debug build counts them, and finds one that is not closed.
 *
 * The two variables live in platform/host/cpu_id.c, alone, so that a test with a
 * platform of its own can be linked with a core compiled for this one.
 */
#ifndef KMM_HOST_INLINE_H
#define KMM_HOST_INLINE_H

#define HOST_TLS __thread __attribute__((tls_model("local-exec")))

extern HOST_TLS unsigned int host_cpu_id;
extern HOST_TLS unsigned int host_irq_depth;
void host_irq_unbalanced(void) __attribute__((noreturn, cold));

static inline unsigned int kmm_cpu(void)
{
	return host_cpu_id;
}

#if defined(KMM_DEBUG_VM) && KMM_DEBUG_VM
static inline unsigned long kmm_local_irq_save(void)
{
	return host_irq_depth++;
}

static inline void kmm_local_irq_restore(unsigned long flags)
{
	if (host_irq_depth != flags + 1)
		host_irq_unbalanced();
	host_irq_depth--;
}
#else
static inline unsigned long kmm_local_irq_save(void)
{
	return 0;
}

static inline void kmm_local_irq_restore(unsigned long flags)
{
	(void)flags;
}
#endif

#endif
