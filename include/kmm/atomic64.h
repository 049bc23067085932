/* SPDX-License-Identifier: MIT */
/*
 * kmm/atomic64.h - numbers of 64 bits that several CPUs change, on machines of 32 bits too.
 *
 * There the compiler's own atomics would use the floating-point unit or call a library; these
 * are compare-and-exchange of 8 bytes (CMPXCHG8B). All are fully ordered. Any context.
 */
#ifndef KMM_ATOMIC64_H
#define KMM_ATOMIC64_H

#include <kmm/types.h>

#if UINTPTR_MAX > 0xffffffffu

static inline u64 atomic64_read(const u64 *v) { return __atomic_load_n(v, __ATOMIC_SEQ_CST); }
static inline u64 atomic64_add_return(u64 n, u64 *v)
{
	return __atomic_add_fetch(v, n, __ATOMIC_SEQ_CST);
}

/* atomic64_try_cmpxchg - *v becomes new if it is *old; else false, and *old is what it is. */
static inline bool atomic64_try_cmpxchg(u64 *v, u64 *old, u64 new)
{
	return __atomic_compare_exchange_n(v, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

#else

static inline u64 atomic64_read(const u64 *v)
{
	return __sync_val_compare_and_swap((u64 *)(uintptr_t)v, 0, 0);
}

static inline bool atomic64_try_cmpxchg(u64 *v, u64 *old, u64 new)
{
	u64 was = __sync_val_compare_and_swap(v, *old, new);

	if (was == *old)
		return true;
	*old = was;
	return false;
}

static inline u64 atomic64_add_return(u64 n, u64 *v)
{
	u64 old = *(volatile u64 *)v;	/* torn, maybe: then the exchange fails */

	while (!atomic64_try_cmpxchg(v, &old, old + n))
		continue;
	return old + n;
}

#endif

/* atomic64_set - pre: nobody else changes it now. */
static inline void atomic64_set(u64 *v, u64 new)
{
	u64 old = atomic64_read(v);

	while (!atomic64_try_cmpxchg(v, &old, new))
		continue;
}

#endif
