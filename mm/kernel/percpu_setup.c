// SPDX-License-Identifier: MIT
/*
 * percpu_setup.c - every CPU's copy of the static variables: the first chunk.
 *
 *	unit of one CPU   | static variables | reserved | dynamic ...|      given back      |
 *	                  0                  s         s+r        size_sum              unit_size
 *	maps                                  [reserved chunk]
 *	                                     [ first chunk ---------]
 *
 * *Embedded*: units lie in the direct map, so that its large pages translate them. Each node's
 * CPUs get a block of boot memory of that node, in *atoms* of 2 MiB on AMD64; several units may
 * share an atom. What is behind size_sum is given back to memblock. The distances between the
 * blocks are then the law for all later chunks, so they must fit into vmalloc space; where they do
 * not, or there is no memory for atoms, or by percpu_alloc=page, the first chunk is made *page by
 * page* in vmalloc space. IA-32 with several nodes always is, as in Linux: its vmalloc space is
 * small.
 *
 * Without paging there is one block for all CPUs, no room beyond the static variables' last page,
 * and nothing at all if there are no static variables.
 *
 * The pages that the maps share (r and the beginning of d in the drawing) belong to both; each
 * hides the other's granules. Numbers and lines printed: Linux 6.1's, mm/percpu.c and
 * arch/x86/kernel/setup_percpu.c.
 */
#include <kmm/bootmem.h>
#include <kmm/errno.h>
#include <kmm/param.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/percpu.h"
#include "lib/string.h"

#define DYNAMIC_RESERVE		((size_t)28 << 10)
#define MODULE_RESERVE		((size_t)8 << 10)
#define AMD64_ATOM		((size_t)2 << 20)

/* The template. Weak: a program may have no per-CPU variable at all. */
extern const char __start_kmm_percpu[] __attribute__((weak));
extern const char __stop_kmm_percpu[] __attribute__((weak));

__kmm_state struct pcpu_layout pcpu_layout;
static __kmm_state bool pagewise;	/* percpu_alloc=page */

/* The CPUs of a node, or all of them. */
struct group {
	int nid;
	unsigned int nr_cpus;
	char *memory;
};
static __kmm_state struct group groups[MAX_NUMNODES];

static int setup_percpu_alloc(char *val)
{
	if (!val)
		return -EINVAL;
	if (!strcmp(val, "page"))
		pagewise = true;
	else if (!strcmp(val, "embed"))
		pagewise = false;
	else
		pr_warn("percpu: unknown allocator %s specified", val);
	return 0;
}

const struct kernel_param percpu_params[] = {
	{ "percpu_alloc", setup_percpu_alloc },
	{ NULL, NULL }
};

/* --- what a unit holds --- */

static size_t template_size(void)
{
	return (size_t)((uintptr_t)__stop_kmm_percpu - (uintptr_t)__start_kmm_percpu);
}

/* What per-CPU pointers are counted from. */
static uintptr_t template_start(void)
{
	static const char nowhere[1] ____cacheline_aligned;

	return (uintptr_t)(template_size() ? __start_kmm_percpu : nowhere);
}

static bool is_amd64(void)
{
	return kernel_paging == PAGING_4LEVEL || kernel_paging == PAGING_5LEVEL;
}

static size_t size_sum(void)
{
	return pcpu_layout.static_size + pcpu_layout.reserved_size + pcpu_layout.dyn_size;
}

static void plan_sizes(void)
{
	struct pcpu_layout *l = &pcpu_layout;
	size_t dyn = kernel_paging == PAGING_NONE ? 0 : DYNAMIC_RESERVE;

	l->static_size = ALIGN(template_size(), (size_t)PCPU_MIN_ALLOC_SIZE);
	l->reserved_size = is_amd64() ? MODULE_RESERVE : 0;
	l->dyn_size = ALIGN(l->static_size + l->reserved_size + dyn, PAGE_SIZE) -
		      l->static_size - l->reserved_size;
}

/* --- groups and units --- */

static unsigned int group_of(unsigned int cpu)
{
	unsigned int g = 0;

	while (groups[g].nid != NUMA_NO_NODE && groups[g].nid != cpu_to_node(cpu))
		g++;
	return g;
}

static void plan_groups(bool by_node)
{
	unsigned int cpu, g, *nr = &pcpu_layout.nr_groups;

	*nr = 0;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		int nid = by_node ? cpu_to_node(cpu) : NUMA_NO_NODE;

		for (g = 0; g < *nr && groups[g].nid != nid; g++)
			;
		if (g == *nr)
			groups[(*nr)++] = (struct group){ .nid = nid };
		groups[g].nr_cpus++;
	}
}

/* Units of an atom: as few atoms as can be, but no more than a third of the units wasted. */
static unsigned int plan_upa(size_t min_unit)
{
	unsigned int upa, g, best = 1, least = ~0u;

	for (upa = (unsigned int)(pcpu_layout.alloc_size / min_unit); upa; upa--) {
		unsigned int allocs = 0, wasted = 0;

		if (pcpu_layout.alloc_size % upa || (pcpu_layout.alloc_size / upa) % PAGE_SIZE)
			continue;
		for (g = 0; g < pcpu_layout.nr_groups; g++) {
			unsigned int n = DIV_ROUND_UP(groups[g].nr_cpus, upa);

			allocs += n;
			wasted += n * upa - groups[g].nr_cpus;
		}
		if (wasted > nr_cpu_ids / 3)
			continue;
		if (allocs > least)
			break;
		least = allocs;
		best = upa;
	}
	return best;
}

/* Without paging a chunk is one block of pages: its units must not be too large for that. */
static size_t min_unit_size(void)
{
	size_t unit = max(size_sum(), PCPU_MIN_UNIT_SIZE);

	if (kernel_paging == PAGING_NONE)
		while (unit > PAGE_SIZE && unit / 2 >= size_sum() &&
		       nr_cpu_ids * unit > MAX_ORDER_NR_PAGES * PAGE_SIZE)
			unit = ALIGN(unit / 2, PAGE_SIZE);
	return unit;
}

static void plan_units(size_t atom)
{
	struct pcpu_layout *l = &pcpu_layout;
	size_t unit = min_unit_size();
	unsigned int pages;

	l->atom_size = atom;
	l->alloc_size = ALIGN(unit, atom);
	l->unit_size = l->alloc_size / plan_upa(unit);
	pages = (unsigned int)(l->unit_size >> PAGE_SHIFT);
	l->chunk_pages = pages >= 64 ? 64 : pages >= 32 ? 32 : pages;
}

static size_t group_bytes(unsigned int g)
{
	unsigned int upa = (unsigned int)(pcpu_layout.alloc_size / pcpu_layout.unit_size);

	return DIV_ROUND_UP(groups[g].nr_cpus, upa) * pcpu_layout.alloc_size;
}

/* The number of a CPU's unit in its group. */
static unsigned int unit_of(unsigned int cpu)
{
	unsigned int i, n = 0, g = group_of(cpu);

	for (i = 0; i < cpu; i++)
		n += group_of(i) == g;
	return n;
}

/* --- embedded --- */

static void free_groups(unsigned int nr)
{
	while (nr--)
		boot_free(__pa(groups[nr].memory), group_bytes(nr));
}

static bool alloc_groups(void)
{
	unsigned int g;

	for (g = 0; g < pcpu_layout.nr_groups; g++) {
		groups[g].memory = boot_alloc_raw(group_bytes(g), pcpu_layout.atom_size,
						  groups[g].nid);
		if (!groups[g].memory) {
			free_groups(g);
			return false;
		}
	}
	return true;
}

/* Offsets from the lowest group. False: later chunks could not have them. */
static bool place_groups(void)
{
	size_t space = VMALLOC_END - VMALLOC_START, reach = 0;
	uintptr_t base = (uintptr_t)groups[0].memory;
	unsigned int g;

	for (g = 1; g < pcpu_layout.nr_groups; g++)
		base = min(base, (uintptr_t)groups[g].memory);
	for (g = 0; g < pcpu_layout.nr_groups; g++) {
		pcpu_layout.group_offset[g] = (uintptr_t)groups[g].memory - base;
		pcpu_layout.group_size[g] = group_bytes(g);
		reach = max(reach, pcpu_layout.group_offset[g] + group_bytes(g));
	}
	pcpu_layout.base = base;
	if (kernel_paging == PAGING_NONE || reach <= space / 4 * 3)
		return true;
	pr_warn("percpu: max_distance=0x%lx too large for vmalloc space 0x%lx",
		(unsigned long)reach, (unsigned long)space);
	return false;
}

/* What a CPU does not use of its unit, and units that no CPU has. */
static void free_tails(void)
{
	unsigned int g, unit;

	for (g = 0; g < pcpu_layout.nr_groups; g++)
		for (unit = 0; unit < group_bytes(g) / pcpu_layout.unit_size; unit++) {
			phys_addr_t at = __pa(groups[g].memory) + unit * pcpu_layout.unit_size;
			size_t used = unit < groups[g].nr_cpus ? size_sum() : 0;

			if (used < pcpu_layout.unit_size)
				boot_free(at + used, pcpu_layout.unit_size - used);
		}
}

static void set_cpu_unit(unsigned int cpu, uintptr_t unit)
{
	__per_cpu_offset[cpu] = unit - template_start();
	if (template_size())
		memcpy((void *)unit, __start_kmm_percpu, template_size());
	memset((char *)unit + template_size(), 0, size_sum() - template_size());
}

static bool embed_first_chunk(size_t atom)
{
	unsigned int cpu;

	plan_groups(kernel_paging != PAGING_NONE);
	plan_units(atom);
	if (!alloc_groups())
		return false;
	if (!place_groups()) {
		free_groups(pcpu_layout.nr_groups);
		return false;
	}
	free_tails();
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		set_cpu_unit(cpu, (uintptr_t)groups[group_of(cpu)].memory +
				  unit_of(cpu) * pcpu_layout.unit_size);
	pr_info("percpu: Embedded %zu pages/cpu s%zu r%zu d%zu u%zu", size_sum() >> PAGE_SHIFT,
		pcpu_layout.static_size, pcpu_layout.reserved_size, pcpu_layout.dyn_size,
		pcpu_layout.unit_size);
	return true;
}

/* --- page by page --- */

static bool map_boot_pages(uintptr_t addr, size_t size, int nid)
{
	uintptr_t end = addr + size;

	for (; addr < end; addr += PAGE_SIZE) {
		phys_addr_t page = boot_phys_alloc(PAGE_SIZE, PAGE_SIZE, nid, false);

		if (!page || vmap_range_noflush(addr, addr + PAGE_SIZE, page, PAGE_KERNEL,
						PAGE_SHIFT))
			return false;
	}
	return true;
}

/* At the top of vmalloc space, where chunks are; percpu_init_late() claims it. */
static bool page_first_chunk(void)
{
	struct pcpu_layout *l = &pcpu_layout;
	unsigned int cpu;

	plan_groups(false);
	plan_units(PAGE_SIZE);
	l->group_size[0] = nr_cpu_ids * l->unit_size;
	l->group_offset[0] = 0;
	if (l->group_size[0] > (VMALLOC_END - VMALLOC_START) / 2)
		return false;
	l->base = ALIGN_DOWN(VMALLOC_END - l->group_size[0], PAGE_SIZE);
	l->early_start = l->base;
	l->early_end = l->base + l->group_size[0];
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		uintptr_t unit = l->base + cpu * l->unit_size;

		if (!map_boot_pages(unit, size_sum(), cpu_to_node(cpu)))
			return false;
		set_cpu_unit(cpu, unit);
	}
	pr_info("percpu: %zu 4K pages/cpu s%zu r%zu d%zu", size_sum() >> PAGE_SHIFT, l->static_size,
		l->reserved_size, l->dyn_size);
	return true;
}

int percpu_init_late(void)
{
	struct pcpu_layout *l = &pcpu_layout;

	pcpu_ready = true;
	if (l->early_start == l->early_end)
		return 0;
	if (__get_vm_area_caller(l->early_end - l->early_start, VM_ALLOC | VM_NO_GUARD,
				 l->early_start, l->early_end, (void *)setup_per_cpu_areas))
		return 0;
	pr_err("percpu: the first chunk's addresses are taken");
	return -ENOMEM;
}

/* --- maps --- */

/* A chunk for bytes [from, to) of each first unit; NULL: no memory. */
static struct pcpu_chunk *boot_chunk(size_t from, size_t to)
{
	size_t start = ALIGN_DOWN(from, PAGE_SIZE), end = ALIGN(to, PAGE_SIZE);
	unsigned int nr = (unsigned int)((end - start) >> PAGE_SHIFT);
	struct pcpu_chunk *c = boot_alloc(sizeof(*c), 64, NUMA_NO_NODE);
	struct pcpu_word *words = boot_alloc(pcpu_map_bytes(nr), 64, NUMA_NO_NODE);

	if (!c || !words)
		return NULL;
	c->base = pcpu_layout.base + start;
	c->immutable = true;
	c->hidden = (unsigned int)((from - start) >> PCPU_GRANULE_SHIFT);
	pcpu_map_init(&c->map, words, nr, pcpu_pages_mask(0, nr));
	pcpu_map_hide(&c->map, 0, c->hidden);
	pcpu_map_hide(&c->map, (unsigned int)((to - start) >> PCPU_GRANULE_SHIFT),
		      (unsigned int)((end - to) >> PCPU_GRANULE_SHIFT));
	c->usable = c->map.free;
	return c;
}

static int make_maps(void)
{
	struct pcpu_layout *l = &pcpu_layout;
	size_t dynamic = l->static_size + l->reserved_size;

	if (l->reserved_size) {
		pcpu_reserved_chunk = boot_chunk(l->static_size, dynamic);
		if (!pcpu_reserved_chunk)
			return -ENOMEM;
	}
	pcpu_nr_populated = size_sum() >> PAGE_SHIFT;
	if (!l->dyn_size)
		return 0;
	pcpu_first_chunk = boot_chunk(dynamic, size_sum());
	if (!pcpu_first_chunk)
		return -ENOMEM;
	pcpu_link(pcpu_first_chunk);
	return 0;
}

/* No paging and no static variables: only what later chunks need to know. */
static void no_first_chunk(void)
{
	unsigned int cpu;

	plan_groups(false);
	plan_units(PAGE_SIZE);
	pcpu_layout.group_size[0] = nr_cpu_ids * pcpu_layout.unit_size;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		__per_cpu_offset[cpu] = cpu * pcpu_layout.unit_size - template_start();
	pcpu_layout.delta = __per_cpu_offset[0];
}

static bool make_first_chunk(void)
{
	bool paged = kernel_paging != PAGING_NONE;

	if (!paged)
		return embed_first_chunk(PAGE_SIZE);
	if (!pagewise && (is_amd64() || nr_node_ids == 1)) {
		if (embed_first_chunk(is_amd64() ? AMD64_ATOM : PAGE_SIZE))
			return true;
		pr_warn("percpu: embed allocator failed (%d), falling back to page size", -ENOMEM);
	}
	return page_first_chunk();
}

int setup_per_cpu_areas(void)
{
	pcpu_lists_init();
	plan_sizes();
	if (kernel_paging == PAGING_NONE && !template_size()) {
		no_first_chunk();
		return 0;
	}
	pr_info("setup_percpu: NR_CPUS:%d nr_cpumask_bits:%u nr_cpu_ids:%u nr_node_ids:%u", NR_CPUS,
		nr_cpu_ids, nr_cpu_ids, nr_node_ids);
	if (!make_first_chunk()) {
		pr_err("percpu: no memory for the CPUs' static variables");
		return -ENOMEM;
	}
	pcpu_layout.delta = pcpu_layout.base - template_start();
	return make_maps();
}
