// SPDX-License-Identifier: MIT
/*
 * boot_test.c - the slab layer comes to be: the cache of caches is its own first object, on
 * machines from the smallest to 64 nodes and 64 CPUs; where there is high memory no object lies
 * in it; and a machine with too little memory says so in one line.
 */
#include "objects.h"

/* --- who was first --- */

/* Sound, listed, found by name, and of use. */
static unsigned int boot_caches_wrong(void)
{
	static const char *const names[] = { "kmem_cache", "kmem_cache_node", "kmalloc-8",
		"kmalloc-96", "kmalloc-192", "kmalloc-8k", "kmalloc-rcl-64", "kmalloc-cg-1k" };
	struct kmem_cache_info info;
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!kmem_cache_info_by_name(names[i], &info)) {
			diag("%s: no %s", allocator, names[i]);
			wrong++;
		}
	return wrong;
}

/*
 * Every cache is an object of kmem_cache, and no two are the same object. (SLOB's pools are
 * none: they allocate nothing.)
 */
static unsigned int strays(void)
{
	struct kmem_cache *s, *t;
	unsigned int wrong = 0;

	list_for_each_entry(s, &slab_caches, list) {
		struct slab *slab = virt_to_slab(s);

		if (s->shared_by_all)
			continue;
		wrong += !slab || (!is_slob() && slab_cache(slab) != kmem_cache);
		list_for_each_entry(t, &slab_caches, list)
			wrong += s != t && overlaps(s, sizeof(*s), t, sizeof(*t));
	}
	return wrong;
}

static void test_first(void)
{
	struct kmem_cache_info info;
	unsigned int i, k, missing = 0, n = 0;
	struct kmem_cache *s;

	if (!SLAB_MACHINE_ON(.mem = 64 * MIB, .nodes = 2, .cpus = 2))
		return;
	is_int(boot_caches_wrong(), 0, "%s: the first caches are there", allocator);
	is_int(strays(), 0, "%s: each is an object of kmem_cache, that itself too", allocator);
	list_for_each_entry(s, &slab_caches, list)
		n += !s->shared_by_all;
	slab_drain();
	ok(kmem_cache_info_by_name("kmem_cache", &info), "%s: kmem_cache", allocator);
	is_int(info.active_objs, n, "%s: as many objects as caches", allocator);
	for (i = 0; i < NR_KMALLOC_TYPES; i++)
		for (k = 1; k < NR_KMALLOC_CLASSES; k++)
			missing += !kmalloc_caches[i][k];
	is_int(missing, 0, "%s: no class of kmalloc is missing", allocator);
	is_int(kmem_cache_size(kmalloc_caches[KMALLOC_NORMAL][1]), 96, "%s: class 1", allocator);
	is_int(kmem_cache_size(kmalloc_caches[KMALLOC_NORMAL][13]), 8192, "%s: class 13",
	       allocator);
	check_all();
}

static void destroy_it(void *s)
{
	kmem_cache_destroy(s);
}

static void test_indestructible(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (!SLAB_MACHINE_ON(.mem = 32 * MIB))
			return;
		ok(stops(destroy_it, i ? kmem_cache : kmem_cache_node),
		   "%s: to destroy what caches are made of stops the machine", allocator);
		host_power_off();
	}
}

/* Nothing of a machine is left in the next one. */
static void test_again(void)
{
	unsigned long first = 0, pages;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (!SLAB_MACHINE_ON(.mem = 32 * MIB, .cpus = 2))
			return;
		pages = nr_free_pages();
		if (i)
			is_int(pages, first, "%s: boot %u takes as many pages", allocator, i + 1);
		first = pages;
		ok(kmalloc(100, GFP_KERNEL), "%s: and works", allocator);
		check_all();
		host_power_off();
	}
}

/* --- machines --- */

static void works(const char *what)
{
	struct kmem_cache *s = kmem_cache_create("tried", 200, 0, 0, NULL);
	unsigned int cpu, i, wrong = 0;
	unsigned long before = settle();
	void *obj[30], *p[30];

	for (cpu = 0; s && cpu < nr_cpu_ids; cpu++) {
		host_set_cpu(cpu);
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
			p[i] = kmalloc(i * 40, GFP_KERNEL);
			wrong += !obj[i] || !p[i];
		}
		host_set_cpu(nr_cpu_ids - 1 - cpu);
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			kmem_cache_free(s, obj[i]);
			kfree(p[i]);
		}
	}
	ok(s && !wrong, "%s: %s: works on every CPU", allocator, what);
	is_int(boot_caches_wrong(), 0, "%s: %s: with all caches", allocator, what);
	all_back(before, what);
	kmem_cache_destroy(s);
}

static void test_tiny(void)
{
	if (SLAB_MACHINE_ON(.mem = 16 * MIB))
		works("16 MiB");
	host_power_off();
	if (SLAB_MACHINE_ON(.mem = 16 * MIB, .cmdline = "mem=4M"))
		works("4 MiB");
}

static void test_many_nodes(void)
{
	if (SLAB_MACHINE_ON(.mem = 64 * 16 * MIB, .nodes = 64, .cpus = 64))
		works("64 nodes, 64 CPUs");
}

static void test_many_cpus(void)
{
	if (SLAB_MACHINE_ON(.mem = 64 * MIB, .cpus = 64))
		works("64 CPUs");
}

/* More nodes than CPUs: nobody is at home on some. */
static void test_lonely_nodes(void)
{
	if (SLAB_MACHINE_ON(.mem = 128 * MIB, .nodes = 5, .cpus = 2))
		works("5 nodes, 2 CPUs");
}

/* A node without memory. */
static void test_memoryless(void)
{
	static const s32 cpu_node[] = { 0, 1, 2 };
	static const struct e820_entry e820[] = { { 0, 0x9fc00, E820_TYPE_RAM },
						  { 0x100000, 63 * MIB, E820_TYPE_RAM } };
	static const struct srat_mem srat[] = { { 0, 32 * MIB, 0, false, 0 },
						{ 32 * MIB, 32 * MIB, 2, false, 2 } };

	if (SLAB_MACHINE_ON(.e820 = e820, .nr_e820 = 2, .srat = srat, .nr_srat = 2, .cpus = 3,
			    .cpu_node = cpu_node))
		works("a node without memory");
}

static void test_odd(void)
{
	static const char *const cmdlines[] = { "memory_model=flat", "nozonedma", "shuffle=1",
		"page_group_by_mobility=0", "init_on_alloc=1 init_on_free=1", "page_poison=1",
		"movablecore=20M", "slab_nomerge", "bootmem=1" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmdlines); i++) {
		if (SLAB_MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .cmdline = cmdlines[i]))
			works(cmdlines[i]);
		host_power_off();
	}
}

/* --- high memory --- */

static void test_highmem(void)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
				       GFP_KERNEL | GFP_DMA, GFP_KERNEL | __GFP_RECLAIMABLE };
	unsigned int i, wrong = 0;
	struct kmem_cache *s;
	void *p, *q;

	if (!SLAB_MACHINE_ON(.mem = 2 * GIB, .ia32 = true))
		return;
	s = kmem_cache_create("low", 300, 0, 0, NULL);
	for (i = 0; i < 6000; i++) {
		p = __kmalloc(1 + i * 7 % 20000, kinds[i % ARRAY_SIZE(kinds)]);
		q = kmem_cache_alloc(s, kinds[i % ARRAY_SIZE(kinds)]);
		wrong += !p || !q || object_zone(p) > ZONE_NORMAL || object_zone(q) > ZONE_NORMAL;
		wrong += __pa(p) >= IA32_LOWMEM || __pa(q) >= IA32_LOWMEM;
	}
	is_int(wrong, 0, "%s: 2 GiB, 879 MiB of them low: no object in high memory", allocator);
	check_all();
}

/* --- no memory --- */

static bool boots(const char *cmdline)
{
	static const struct e820_entry e820[] = { { 0, 0x9fc00, E820_TYPE_RAM },
						  { 0x100000, 15 * MIB, E820_TYPE_RAM } };
	char line[200];

	snprintf(line, sizeof(line), "slab=%s %s", allocator, cmdline);
	return !machine_boot(&(struct machine){ .e820 = e820, .nr_e820 = 2, .cpus = 2,
					       .cmdline = line });
}

static unsigned int booted, refused, silent;

/* A boot, or one line that says what was missing; never anything else. */
static void boot_with(unsigned int kib)
{
	static jmp_buf env;
	char cmdline[32];

	snprintf(cmdline, sizeof(cmdline), "mem=%uK", kib);
	host_catch_stop(&env);
	if (setjmp(env)) {
		refused++;
		if (strstr(host_stop_reason(), "emory"))
			return;
		silent++;
		diag("%s, %u KiB: %s", allocator, kib, host_stop_reason());
	} else if (boots(cmdline)) {
		booted++;
		check_all();
	} else {
		refused++;
		silent += !log_says("emory");
	}
}

static void test_too_small(void)
{
	unsigned int kib;

	booted = refused = silent = 0;
	for (kib = 1400; kib >= 80 && refused < 12; kib -= 20) {
		boot_with(kib);
		host_power_off();
	}
	host_catch_stop(&machine_case_env);
	ok(refused, "%s: too little memory: refused (%u booted, %u not)", allocator,
	   booted, refused);
	is_int(silent, 0, "%s: each time with a line that says so", allocator);
}

int main(void)
{
	run_each(test_first);
	run_each(test_indestructible);
	run_each(test_again);
	run_each(test_tiny);
	run_each(test_many_nodes);
	run_each(test_many_cpus);
	run_each(test_lonely_nodes);
	run_each(test_memoryless);
	run_each(test_odd);
	run_each(test_highmem);
	run_each(test_too_small);
	return done_testing();
}
