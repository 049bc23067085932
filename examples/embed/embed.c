// SPDX-License-Identifier: MIT
/*
 * embed.c - the smallest embedding: kmm over a static array of RAM, one CPU.
 *
 * Physical address 0 is the array's first byte, so the direct map begins there
 * and the page array goes into RAM itself. Builds with the C library, and without
 * anything (-ffreestanding -nostdlib, with start.c): the only difference is put().
 * Use it as a template: every function of the contract is here once.
 */
#include <kmm/gfp.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/platform.h>
#include <kmm/printk.h>
#include <kmm/slab.h>

#define RAM_SIZE (16UL << 20)

static char ram[RAM_SIZE] __attribute__((aligned(4096)));

void put(const char *text, size_t len);		/* to the screen */
void leave(int status) __noreturn;		/* end of the program */
int main(void);

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

void put(const char *text, size_t len)
{
	fwrite(text, 1, len, stdout);
}

void leave(int status)
{
	exit(status);
}
#endif

/* ---- the platform: see <kmm/platform.h> for what each must do ---- */

unsigned int kmm_cpu(void)
{
	return 0;
}

unsigned long kmm_local_irq_save(void)		/* a kernel: disable interrupts */
{
	return 0;
}

void kmm_local_irq_restore(unsigned long flags)
{
	(void)flags;
}

void kmm_cpu_relax(void)
{
}

void kmm_cpu_poll(void)
{
}

bool kmm_cpu_call(unsigned int cpu, void (*fn)(void *), void *arg)
{
	(void)cpu;				/* there is no other */
	fn(arg);
	return true;
}

void kmm_cpu_run_all(void (*fn)(void *), void *arg)
{
	fn(arg);
}

void kmm_console_write(int level, const char *text, size_t len)
{
	(void)level;
	put(text, len);
	put("\n", 1);
}

u64 kmm_clock_ns(void)
{
	static u64 now;

	return now++;
}

u64 kmm_random(void)				/* a kernel: its entropy */
{
	static u64 x = 1;

	return x = x * 6364136223846793005ULL + 1442695040888963407ULL;
}

void kmm_stop(const char *why)
{
	(void)why;				/* printed already */
	leave(1);
}

void kmm_dump_stack(void)
{
}

/* ---- the program ---- */

int main(void)
{
	static const struct e820_entry map = { 0, RAM_SIZE, E820_TYPE_RAM };
	const struct kmm_machine m = {
		.e820 = &map, .nr_e820 = 1, .nr_cpus = 1,
		.page_offset = (uintptr_t)ram, .direct_map_end = RAM_SIZE,
	};
	struct page *block;
	char *text;

	if (kmm_boot(&m))
		leave(1);
	pr_info("free: %lu of %lu pages", nr_free_pages(), totalram_pages);
	block = alloc_pages(GFP_KERNEL, 4);
	text = kstrdup("a string", GFP_KERNEL);
	if (!block || !text)
		leave(1);
	pr_info("64 KiB at frame %lu, %s at 0x%p", page_to_pfn(block), text, (void *)text);
	pr_info("free: %lu pages", nr_free_pages());
	kfree(text);
	__free_pages(block, 4);
	pr_info("free: %lu pages", nr_free_pages());
	leave(0);
}
