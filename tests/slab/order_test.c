// SPDX-License-Identifier: MIT
/*
 * order_test.c - slabs of SLUB are as large as Linux's: for each cache of recorded
 * /proc/slabinfo files (Linux 6.1, one and two CPUs) the order and the objects of a slab are
 * equal. And for every size there is: a slab holds an object, wastes no more than it may, and
 * its order depends on the CPUs and on slub_min_order=, slub_max_order=, slub_min_objects=.
 */
#include <stdio.h>

#include "objects.h"

/* --- recorded --- */

struct line { unsigned int size, objects, pages; char name[64]; };

static bool next_line(FILE *f, struct line *l)
{
	char text[400];

	while (fgets(text, sizeof(text), f))
		if (sscanf(text, "%63s %*u %*u %u %u %u :", l->name, &l->size, &l->objects,
			   &l->pages) == 4)
			return true;
	return false;
}

static void as_recorded(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int lines = 0, wrong = 0, order;
	struct line l;

	if (!ok(f, "%s", path))
		return;
	while (next_line(f, &l)) {
		lines++;
		order = slub_order(l.size);
		if (1u << order == l.pages && (PAGE_SIZE << order) / l.size == l.objects)
			continue;
		wrong++;
		diag("%s: %u bytes: %u objects in %u pages; here %lu in %u", l.name, l.size,
		     l.objects, l.pages, (unsigned long)((PAGE_SIZE << order) / l.size),
		     1u << order);
	}
	fclose(f);
	ok(lines > 100, "%u caches", lines);
	is_int(wrong, 0, "%s: orders and objects are Linux's", path);
}

static void recorded_with(unsigned int cpus, const char *path)
{
	if (MACHINE_ON(.mem = 64 * MIB, .cpus = cpus))
		as_recorded(path);
	host_power_off();
}

static void test_recorded(void)
{
	recorded_with(1, "tests/data/proc/amd64-1node/slabinfo");
	recorded_with(2, "tests/data/proc/amd64-2node/slabinfo");
	recorded_with(1, "tests/data/proc/i386-pae/slabinfo");
}

/* --- all sizes --- */

/* Linux's rules once more, as a search among all orders instead of their computation. */
static unsigned int naive_order(unsigned int size, unsigned int want, unsigned int max_order)
{
	unsigned int order, part;

	for (; want > 1; want--)
		for (part = 16; part >= 4; part /= 2)
			for (order = 0; order <= max_order; order++) {
				unsigned long span = PAGE_SIZE << order;

				if (span >= (unsigned long)want * size &&
				    span % size <= span / part)
					return order;
			}
	for (order = 0; PAGE_SIZE << order < size; order++)
		;
	return order;
}

static void all_sizes(unsigned int cpus, unsigned int want)
{
	unsigned int size, wrong = 0;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = cpus))
		return;
	for (size = 8; size <= 300000; size += size < 9000 ? 8 : 1000) {
		unsigned int fit = (unsigned int)((PAGE_SIZE << 3) / size);

		if (slub_order(size) == naive_order(size, min(want, fit), 3))
			continue;
		if (!wrong++)
			diag("size %u: order %u, naively %u", size, slub_order(size),
			     naive_order(size, min(want, fit), 3));
	}
	is_int(wrong, 0, "%u CPUs: orders of all sizes", cpus);
	host_power_off();
}

static void test_sizes(void)
{
	all_sizes(1, 8);
	all_sizes(2, 12);
	all_sizes(4, 16);
	all_sizes(8, 20);
	all_sizes(64, 32);
}

/* --- parameters --- */

static unsigned int order_of(const char *cmdline, unsigned int size)
{
	struct kmem_cache_info info = { .order = ~0u };
	struct kmem_cache *s;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .cmdline = cmdline))
		return ~0u;
	s = kmem_cache_create("ordered", size, 0, SLAB_NO_MERGE, NULL);
	ok(s && kmem_cache_info_by_name("ordered", &info), "%s: %u bytes: order %u, %u objects",
	   cmdline, size, info.order, info.objects_per_slab);
	is_int(info.objects_per_slab, (PAGE_SIZE << info.order) / info.size, "as many as fit");
	kmem_cache_destroy(s);
	host_power_off();
	return info.order;
}

static void test_parameters(void)
{
	is_int(order_of("", 1000), 2, "1000 bytes: 12 objects");
	is_int(order_of("slub_max_order=0", 1000), 0, "no higher order");
	is_int(order_of("slub_max_order=1", 1000), 1, "none above 1");
	is_int(order_of("slub_min_objects=1", 1000), 0, "one object is enough");
	is_int(order_of("slub_min_objects=30", 1000), 3, "30 objects");
	is_int(order_of("slub_min_order=3", 1000), 3, "no lower order");
	is_int(order_of("slub_min_objects=4", 8192), 3, "4 objects of two pages");
	is_int(order_of("slub_max_order=0", 8192), 1, "at least one object fits");
	is_int(order_of("slub_max_order=9 slub_min_objects=100", 10000), 8, "large slabs");
}

int main(void)
{
	run_case(test_recorded);
	run_case(test_sizes);
	run_case(test_parameters);
	return done_testing();
}
