// SPDX-License-Identifier: MIT
/*
 * attr_fault_test.c - set_memory_*() without memory: every table a call may need fails once. The
 * tables are then what they were, by a dump of all that is mapped; nothing is lost.
 */
#include "attr.h"

#define PAGES	(2 * BLOCK)

static enum host_arch arch;
static struct arena arena;
static uintptr_t area;		/* of vmalloc space, in pages from all over the direct map */

static void fail_after(unsigned int n)
{
	fail_page_alloc.ignore_gfp_highmem = fail_page_alloc.ignore_gfp_reclaim = false;
	fail_page_alloc.min_order = 0;
	fail_page_alloc.attr = (struct fault_attr){
		.probability = n ? 100 : 0, .interval = n, .times = 1,
	};
	fail_page_alloc_changed();
}

static int op_ro(void) { return set_memory_ro(arena.start + 5 * PAGE_SIZE, PAGES - 10); }
static int op_np(void) { return set_memory_np(arena.start + 7 * PAGE_SIZE, 1); }
static int op_4k(void) { return set_memory_4k(arena.start, PAGES); }
static int op_area(void) { return set_memory_ro(area, 40); }
static int op_area_uc(void) { return set_memory_uc(area + PAGE_SIZE, 30); }
static int op_x(void) { return set_memory_x(arena.start + PAGE_SIZE, 2 * BLOCK - 2); }

static int op_array(void)
{
	struct page *pages[5];
	unsigned int i;

	for (i = 0; i < 5; i++)
		pages[i] = virt_to_page((void *)(arena.start + (i * 431 % PAGES) * PAGE_SIZE));
	return set_pages_array_wc(pages, 5);
}

static int op_direct(void)
{
	return set_direct_map_invalid_noflush(virt_to_page((void *)(arena.start + 99 * PAGE_SIZE)));
}

static int op_image(void)
{
	return set_memory_uc(kernel_image_pointer(test_image.data) + PAGE_SIZE, 3);
}

static const struct { const char *name; int (*op)(void); } ops[] = {
	{ "ro", op_ro }, { "np", op_np }, { "4k", op_4k }, { "x", op_x },
	{ "array_wc", op_array }, { "ro of an area and its pages", op_area },
	{ "uc of an area and its pages", op_area_uc }, { "direct_map_invalid", op_direct },
	{ "uc of the image and its pages", op_image },
};

struct state {
	u64 hash;
	unsigned long free, tables, counts[PG_LEVEL_NUM];
};

static struct state state_now(void)
{
	struct state s = { .hash = dump_hash(), .tables = nr_page_table_pages };
	enum pg_level l;

	drain_all_pages(NULL);
	s.free = nr_free_pages();
	for (l = 0; l < PG_LEVEL_NUM; l++)
		s.counts[l] = direct_pages_count[l];
	return s;
}

/* Pages that are far apart: every 300th of the arena's second half, mapped as one area. */
static bool make_area(void)
{
	struct page *pages[40];
	unsigned int i;

	for (i = 0; i < 40; i++)
		pages[i] = virt_to_page((void *)(arena.start + (i * 37 % PAGES) * PAGE_SIZE));
	area = (uintptr_t)vmap(pages, 40, VM_MAP, PAGE_KERNEL);
	return area;
}

static bool prepare(void)
{
	bool wide = sizeof(void *) == 8;

	return ATTR_MACHINE_ON(.arch = arch, .mem = wide ? 3 * GIB : 256 * MIB,
			       .image = &test_image) &&
	       arena_take(&arena, wide ? GIB + 512 * MIB : 128 * MIB, PAGES) && make_area();
}

static unsigned int fail_each(unsigned int i)
{
	struct state before = state_now(), after;
	unsigned int n, wrong = 0;
	int err = -ENOMEM;

	for (n = 1; n < 200; n++) {
		fail_after(n);
		err = ops[i].op();
		fail_after(0);
		if (!err)
			break;
		after = state_now();
		wrong += err != -ENOMEM || memcmp(&before, &after, sizeof(before));
	}
	is_int(wrong, 0, "%s: %u times out of memory, nothing has changed", ops[i].name, n - 1);
	ok(!err, "%s: and then it succeeds", ops[i].name);
	return n - 1;
}

static void test_fail(void)
{
	unsigned int i, failures = 0;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!prepare())
			return;
		failures += fail_each(i);
		ok(direct_map_ok(ops[i].op == op_4k), "%s: counted right", ops[i].name);
		ok(!host_mmu_check(), "%s: what can be touched is mapped", ops[i].name);
		host_power_off();
	}
	ok(failures >= 10, "%u failures in all", failures);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		arch = archs[i];
		run_case(test_fail);
	}
	return done_testing();
}
