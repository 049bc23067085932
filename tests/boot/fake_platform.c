// SPDX-License-Identifier: MIT
/*
 * fake_platform.c - the whole platform contract for tests of the boot room: one
 * CPU, a console that is a buffer, RAM that is an anonymous mapping.
 */
#ifndef KMM_PC
#include <sched.h>
#include <sys/mman.h>
#endif

#include <kmm/param.h>
#include <kmm/platform.h>

#include "boot_fake.h"

char fake_log[1 << 20];
static size_t log_len;
jmp_buf *fake_stop;
char fake_stop_reason[256];

const struct kernel_param *const kernel_param_tables[] = { boot_params, NULL };
unsigned int nr_cpu_ids = 1;

void fake_reset(void)
{
	static void *image;

	if (!image) {
		image = malloc(kmm_state_size());
		kmm_state_save(image);
	}
	kmm_state_restore(image);
	log_len = 0;
	fake_log[0] = '\0';
	fake_stop_reason[0] = '\0';
}

bool fake_log_has(const char *line)
{
	size_t n = strlen(line);

	for (const char *s = fake_log; *s; s = strchr(s, '\n') + 1)
		if (!strncmp(s, line, n) && s[n] == '\n')
			return true;
	return false;
}

#ifdef KMM_PC
uintptr_t fake_ram(size_t bytes)
{
	static void *p;

	free(p);
	p = aligned_alloc(4096, bytes);
	if (!p) {
		perror("RAM");
		exit(1);
	}
	return (uintptr_t)memset(p, 0, bytes);
}

static void sched_yield(void)
{
}
#else
uintptr_t fake_ram(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return (uintptr_t)p;
}
#endif

void kmm_console_write(int level, const char *text, size_t len)
{
	(void)level;
	if (len && text[len - 1] == '\n')
		len--;
	if (log_len + len + 2 > sizeof(fake_log))
		return;
	memcpy(fake_log + log_len, text, len);
	log_len += len;
	fake_log[log_len++] = '\n';
	fake_log[log_len] = '\0';
}

void kmm_stop(const char *why)
{
	snprintf(fake_stop_reason, sizeof(fake_stop_reason), "%s", why);
	if (fake_stop)
		longjmp(*fake_stop, 1);
	fprintf(stderr, "%sstopped: %s\n", fake_log, why);
	abort();
}

#ifndef KMM_PLATFORM_INLINE
unsigned int kmm_cpu(void)
{
	return 0;
}

unsigned long kmm_local_irq_save(void)
{
	return 0;
}

void kmm_local_irq_restore(unsigned long flags)
{
	(void)flags;
}
#endif

void kmm_cpu_relax(void)
{
	sched_yield();			/* tests with threads: others have the lock */
}

void kmm_cpu_poll(void)
{
}

bool kmm_cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	(void)cpu;				/* there is no other */
	fn(arg);
	return true;
}

void kmm_cpu_run_all(void (*fn)(void *arg), void *arg)
{
	fn(arg);
}

u64 kmm_clock_ns(void)
{
	static u64 now;

	return now += 1000;
}

u64 kmm_random(void)
{
	static u64 x = 1;

	return x = x * 6364136223846793005ULL + 1442695040888963407ULL;
}

void kmm_dump_stack(void)
{
}
