// SPDX-License-Identifier: MIT
/*
 * odd_ram_test.c - RAM that is mapped a page beside its alignment: slabs of two pages and more lie
 * at no multiple of their size. Objects, their random order and all checks are as anywhere.
 */
#include <kmm/kmm.h>
#include <kmm/slab.h>

#include "mm/slab/internal.h"
#include "tests/tap.h"

#define RAM	(32ul << 20)
#define MANY	4000
#define APART	(1ul << 16)	/* no slab is larger */

static char ram[RAM + PAGE_SIZE] __attribute__((aligned(APART)));
static void *held[MANY];

/* A machine without paging, and without the hosted one's windows and files. */
static bool boot(void)
{
	static const struct e820_entry map = { 0, RAM, E820_TYPE_RAM };
	const struct kmm_machine m = { .e820 = &map, .nr_e820 = 1, .nr_cpus = 1,
				       .page_offset = (uintptr_t)ram + PAGE_SIZE,
				       .direct_map_end = RAM };

	return !kmm_boot(&m);
}

/* How many objects follow one that lies before them. */
static unsigned int ascending(unsigned int n)
{
	unsigned int i, up = 0;

	for (i = 1; i < n; i++)
		up += held[i - 1] < held[i];
	return up;
}

static void take_all(struct kmem_cache *s)
{
	unsigned int i, none = 0;

	for (i = 0; i < MANY; i++)
		none += !(held[i] = kmem_cache_alloc(s, GFP_KERNEL));
	is_int(none, 0, "%u objects", MANY);
	slab_check(NULL);
}

static void test_size(unsigned int size)
{
	struct kmem_cache *s = kmem_cache_create("odd", size, 0, SLAB_NO_MERGE, NULL);
	unsigned int i, up;

	ok(s && s->order && !slab_aligned(s), "%u bytes: slabs lie at no multiples of their size",
	   size);
	take_all(s);
	up = ascending(MANY);
	ok(up > MANY / 3 && up < MANY * 2 / 3, "in random order: %u go up", up);
	for (i = 0; i < MANY; i++)
		kmem_cache_free(s, held[(i * 7 + 3) % MANY]);
	slab_check(NULL);
	take_all(s);
	kmem_cache_free_bulk(s, MANY, held);
	slab_check(NULL);
	is_int(kmem_cache_shrink(s), 0, "all come back");
	kmem_cache_destroy(s);
}

int main(void)
{
	if (ok(boot(), "it boots")) {
		test_size(700);
		test_size(1024);
	}
	return done_testing();
}
