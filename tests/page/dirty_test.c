// SPDX-License-Identifier: MIT
/*
 * dirty_test.c - the boot believes nothing it finds in RAM. All of memory is overwritten before
 * the first line of the boot is through; every kind of initialisation must still end in a
 * machine whose structures are right and whose every page can be had, zeroed if asked for.
 */
#include "machine.h"

#define SIZE	(512 * MIB)

static bool done;

/* Called with each line of the log; at the first one nothing has been allocated yet. */
static void make_dirty(void *arg, int level, const char *line, size_t len)
{
	phys_addr_t at;

	(void)arg, (void)level, (void)line, (void)len;
	for (at = MIB; !done && at < SIZE; at += PAGE_SIZE)
		if (host_ram_pointer(at))
			memset(host_ram_pointer(at), 0x5c, PAGE_SIZE);
	done = true;
}

static bool page_is_zero(struct page *page)
{
	const unsigned char *virt = page_address(page);
	unsigned long i;

	for (i = 0; virt && i < PAGE_SIZE; i++)
		if (virt[i])
			return false;
	return true;
}

static void boot_dirty(const char *cmdline)
{
	struct pile pile = { 0 };
	struct page *page;
	unsigned long all;

	done = false;
	if (!MACHINE_ON(.mem = SIZE, .cmdline = cmdline, .on_line = make_dirty))
		return;
	page_alloc_check();
	all = nr_free_pages();
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	ok(page && page_is_zero(page), "\"%s\": a zeroed page is zero", cmdline);
	__free_page(page);
	drain_all_pages(NULL);
	pile_fill_all(&pile, GFP_EVERYTHING | __GFP_HIGHMEM | __GFP_MOVABLE);
	is_int(pile.pages, all, "\"%s\": every page can be had", cmdline);
	page_alloc_check();
	pile_free(&pile);
	nothing_lost(all, cmdline);
	host_power_off();
}

static void test_dirty(void)
{
	boot_dirty("deferred_init=off");
	boot_dirty("deferred_init=16M");
	boot_dirty("deferred_init=16M shuffle=1");
	boot_dirty("deferred_init=off shuffle=1");
	boot_dirty("memory_model=flat bootmem=1");
	boot_dirty("memory_model=discontig numa=fake=3");
	boot_dirty("init_on_free=1");
	boot_dirty("page_poison=1");
	boot_dirty("movablecore=150M deferred_init=16M");
}

int main(void)
{
	run_case(test_dirty);
	return done_testing();
}
