// SPDX-License-Identifier: MIT
/*
 * mm/boot/numa.c - nodes, from what the firmware says of memory and CPUs.
 *
 * The affinity table is a list of (range, node) that has more in it than RAM:
 * holes, ranges for memory that may be plugged in one day (up to 2^49 and
 * beyond), pieces in any order. cleanup makes of it a list of disjoint ranges
 * inside [0, max_pfn), few as possible:
 *
 *	table    n0 |--|   n0 |-------|  n1 |------|   n0 |~~ hotplug ~~~~>
 *	RAM         |=|       |====|        |====|
 *	result   n0 |-----------------|  n1 |----|
 *
 *   - a range without any RAM is dropped
 *   - two ranges of one node become one, unless another node lies between
 *   - ranges of different nodes that overlap make the whole table wrong
 *
 * Then every memblock region gets its node. A table that covers too little of
 * the RAM is wrong too. A wrong table, or none: one node with all memory.
 *
 * Distances are a square of bytes, by node; absent ones are 10 and 20.
 */
#include "internal.h"

__kmm_state nodemask_t node_possible_map, node_online_map;
__kmm_state unsigned int nr_node_ids = 1;
__kmm_state bool numa_off;

static __kmm_state bool numa_noacpi;
static __kmm_state char fake_option[128];
static __kmm_state struct numa_meminfo meminfo;
static __kmm_state u8 distances[MAX_NUMNODES][MAX_NUMNODES];	/* 0: not told */
static __kmm_state u8 cpu_nodes[NR_CPUS];

/* A node with less than this is no node: firmware errors leave such crumbs. */
#define NODE_MIN_SIZE	((u64)4 << 20)
/* RAM that may be missing from the table. */
#define UNCOVERED_SLACK_PAGES	(1UL << (20 - PAGE_SHIFT))

int numa_setup(char *opt)
{
	if (!opt)
		return -EINVAL;
	if (!strcmp(opt, "off")) {
		numa_off = true;
	} else if (!strncmp(opt, "fake=", 5) && strlen(opt) < sizeof(fake_option)) {
		memcpy(fake_option, opt + 5, strlen(opt + 5) + 1);
	} else if (!strcmp(opt, "noacpi")) {
		numa_noacpi = true;
	} else if (strcmp(opt, "nohmat")) {
		return -EINVAL;
	}
	return 0;
}

int node_distance(int from, int to)
{
	u8 d = 0;

	if (from >= 0 && to >= 0 && from < MAX_NUMNODES && to < MAX_NUMNODES)
		d = distances[from][to];
	if (d)
		return d;
	return from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

void numa_set_distance(int from, int to, int distance)
{
	KMM_BUG_ON(from < 0 || to < 0 || from >= MAX_NUMNODES || to >= MAX_NUMNODES);
	if ((u8)distance != distance || (from == to && distance != LOCAL_DISTANCE)) {
		pr_warn("NUMA: Warning: invalid distance parameter, from=%d to=%d distance=%d",
			from, to, distance);
		return;
	}
	distances[from][to] = (u8)distance;
}

int cpu_to_node(unsigned int cpu)
{
	return cpu < NR_CPUS ? cpu_nodes[cpu] : first_online_node;
}

/* --- the list of ranges ------------------------------------------------------ */

int numa_add_memblk_to(struct numa_meminfo *mi, int nid, u64 start, u64 end)
{
	if (start == end)
		return 0;
	if (start > end || nid < 0 || nid >= MAX_NUMNODES) {
		pr_warn("NUMA: Warning: invalid memblk node %d [mem 0x%08llx-0x%08llx]", nid,
			(unsigned long long)start, (unsigned long long)(end - 1));
		return 0;
	}
	if (mi->nr_blks >= NR_NODE_MEMBLKS) {
		pr_err("NUMA: too many memblk ranges");
		return -EINVAL;
	}
	mi->blk[mi->nr_blks++] = (struct numa_memblk){ .start = start, .end = end, .nid = nid };
	return 0;
}

void numa_remove_memblk_from(struct numa_meminfo *mi, int idx)
{
	KMM_BUG_ON(idx < 0 || idx >= mi->nr_blks);
	mi->nr_blks--;
	memmove(&mi->blk[idx], &mi->blk[idx + 1], (mi->nr_blks - idx) * sizeof(mi->blk[0]));
}

/* Cut every range to [0, max_pfn) and drop those without RAM. */
static void trim_meminfo(struct numa_meminfo *mi)
{
	u64 high = PFN_PHYS(max_pfn);

	for (int i = 0; i < mi->nr_blks; i++) {
		struct numa_memblk *b = &mi->blk[i];

		if (memblock_overlaps_region(&memblock.memory, b->start, b->end - b->start)) {
			b->end = min(b->end, high);
			if (b->start < b->end)
				continue;
		}
		numa_remove_memblk_from(mi, i--);
	}
}

static bool other_node_between(const struct numa_meminfo *mi, int nid, u64 start, u64 end)
{
	for (int i = 0; i < mi->nr_blks; i++) {
		const struct numa_memblk *b = &mi->blk[i];

		if (b->nid != nid && start < b->end && end > b->start)
			return true;
	}
	return false;
}

/* Try to make ranges @i and @j one; 1: done, 0: they stay two, -EINVAL: contradiction. */
static int merge_two(struct numa_meminfo *mi, int i, int j)
{
	struct numa_memblk *a = &mi->blk[i], *b = &mi->blk[j];
	u64 start = min(a->start, b->start), end = max(a->end, b->end);

	if (a->end > b->start && a->start < b->end) {
		if (a->nid != b->nid) {
			pr_err("NUMA: node %d [mem 0x%08llx-0x%08llx] overlaps with node %d [mem "
			       "0x%08llx-0x%08llx]",
			       a->nid, (unsigned long long)a->start, (unsigned long long)a->end - 1,
			       b->nid, (unsigned long long)b->start,
			       (unsigned long long)b->end - 1);
			return -EINVAL;
		}
		pr_warn("NUMA: Warning: node %d [mem 0x%08llx-0x%08llx] overlaps with itself [mem "
			"0x%08llx-0x%08llx]",
			a->nid, (unsigned long long)a->start, (unsigned long long)a->end - 1,
			(unsigned long long)b->start, (unsigned long long)b->end - 1);
	}
	if (a->nid != b->nid || other_node_between(mi, a->nid, start, end))
		return 0;
	pr_info("NUMA: Node %d [mem 0x%08llx-0x%08llx] + [mem 0x%08llx-0x%08llx] -> [mem "
		"0x%08llx-0x%08llx]",
		a->nid, (unsigned long long)a->start, (unsigned long long)a->end - 1,
		(unsigned long long)b->start, (unsigned long long)b->end - 1,
		(unsigned long long)start, (unsigned long long)end - 1);
	KMM_BUG_ON(start >= end || i >= j);
	a->start = start;
	a->end = end;
	numa_remove_memblk_from(mi, j);
	return 1;
}

int numa_cleanup_meminfo(struct numa_meminfo *mi)
{
	trim_meminfo(mi);
	for (int i = 0; i < mi->nr_blks; i++)
		for (int j = i + 1; j < mi->nr_blks; j++) {
			int merged = merge_two(mi, i, j);

			if (merged < 0)
				return merged;
			j -= merged;
		}
	return 0;
}

/* --- from the firmware -------------------------------------------------------- */

/* Frames are on one node and of one kind: odd bytes of a range count to the one before. */
static int mark_hotplug(u64 start, u64 end)
{
	start = ALIGN_DOWN(start, PAGE_SIZE);
	return memblock_mark_hotplug(start, ALIGN_DOWN(end, PAGE_SIZE) - start);
}

static int read_srat(const struct kmm_machine *m)
{
	for (unsigned int i = 0; i < m->nr_srat; i++) {
		const struct srat_mem *s = &m->srat[i];
		u64 size = min(s->size, ~(u64)0 - s->start);
		int err;

		if (s->node < 0 || s->node >= MAX_NUMNODES) {
			pr_err("SRAT: node %d is out of range, SRAT not used.", s->node);
			return -EINVAL;
		}
		pr_info("ACPI: SRAT: Node %d PXM %d [mem 0x%08llx-0x%08llx]%s", s->node, s->pxm,
			(unsigned long long)s->start, (unsigned long long)(s->start + size - 1),
			s->hotplug ? " hotplug" : "");
		err = numa_add_memblk_to(&meminfo, s->node, s->start, s->start + size);
		if (err)
			return err;
		if (s->hotplug && mark_hotplug(s->start, s->start + size))
			pr_warn("SRAT: Failed to mark hotplug range [mem 0x%08llx-0x%08llx] in "
				"memblock",
				(unsigned long long)s->start,
				(unsigned long long)(s->start + size - 1));
	}
	return meminfo.nr_blks ? 0 : -EINVAL;
}

/* A table is believed when each node is 10 from itself and farther from all others. */
static bool slit_valid(const u8 *slit, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < n; j++) {
			u8 d = slit[i * n + j];

			if (i == j ? d != LOCAL_DISTANCE : d <= LOCAL_DISTANCE)
				return false;
		}
	return true;
}

static void read_slit(const struct kmm_machine *m)
{
	unsigned int n = m->nr_slit, used = min_t(unsigned int, n, MAX_NUMNODES);
	int highest = 0;

	if (!m->slit || !n)
		return;
	if (!slit_valid(m->slit, n)) {
		pr_info("ACPI: SLIT table looks invalid. Not used.");
		return;
	}
	for (unsigned int i = 0; i < used; i++)
		for (unsigned int j = 0; j < used; j++)
			numa_set_distance((int)i, (int)j, m->slit[i * n + j]);
	for (int i = 0; i < meminfo.nr_blks; i++)
		highest = max(highest, meminfo.blk[i].nid);
	pr_debug("NUMA: Initialized distance table, cnt=%d", highest + 1);
}

/* --- to memblock and the maps --------------------------------------------------- */

/* All RAM but a slack lies in the ranges, or the table cannot be right. */
static bool meminfo_covers_memory(const struct numa_meminfo *mi)
{
	unsigned long covered = 0, ram = max_pfn - absent_pages_in_range(0, max_pfn);

	for (int i = 0; i < mi->nr_blks; i++) {
		unsigned long start = PFN_DOWN(mi->blk[i].start), end = PFN_DOWN(mi->blk[i].end);

		covered += end - start - absent_pages_in_range(start, end);
	}
	if (ram <= covered || ram - covered < UNCOVERED_SLACK_PAGES)
		return true;
	pr_err("NUMA: nodes only cover %lluMB of your %lluMB e820 RAM. Not used.",
	       (unsigned long long)PFN_PHYS(covered) >> 20,
	       (unsigned long long)PFN_PHYS(ram) >> 20);
	return false;
}

/* Take out the memory of @nid (MAX_NUMNODES: of no node), saying so. */
static void drop_memory_of(int nid)
{
	for (unsigned long i = memblock.memory.cnt; i-- > 0;) {
		const struct memblock_region r = memblock.memory.regions[i];

		if (r.nid != nid)
			continue;
		pr_warn("NUMA: [mem 0x%08llx-0x%08llx] not used: %s", (unsigned long long)r.base,
			(unsigned long long)(r.base + r.size - 1),
			nid == MAX_NUMNODES ? "it is on no node" : "its node is too small");
		KMM_BUG_ON(memblock_remove(r.base, r.size));
	}
}

/* First and last address of a node's ranges. */
static u64 node_extent(const struct numa_meminfo *mi, int nid)
{
	u64 start = ~(u64)0, end = 0;

	for (int i = 0; i < mi->nr_blks; i++)
		if (mi->blk[i].nid == nid) {
			start = min(start, mi->blk[i].start);
			end = max(end, mi->blk[i].end);
		}
	return end > start ? end - start : 0;
}

static void set_online_nodes(const struct numa_meminfo *mi)
{
	nodemask_t with_memory = NODE_MASK_NONE;
	const struct memblock_region *r;
	int nid, big = 0;

	for_each_mem_region(r)
		if (r->nid < MAX_NUMNODES)
			node_set(r->nid, &with_memory);
	for_each_node_mask(nid, with_memory)
		big += node_extent(mi, nid) >= NODE_MIN_SIZE;
	node_online_map = NODE_MASK_NONE;
	for_each_node_mask(nid, with_memory) {
		/* if all are small, they are meant to be */
		if (big && node_extent(mi, nid) < NODE_MIN_SIZE)
			drop_memory_of(nid);
		else
			node_set(nid, &node_online_map);
	}
}

static int register_memblks(const struct numa_meminfo *mi)
{
	node_possible_map = NODE_MASK_NONE;
	nr_node_ids = 1;
	for (int i = 0; i < mi->nr_blks; i++) {
		const struct numa_memblk *b = &mi->blk[i];
		u64 start = ALIGN_DOWN(b->start, PAGE_SIZE), end = ALIGN_DOWN(b->end, PAGE_SIZE);

		node_set(b->nid, &node_possible_map);
		nr_node_ids = max_t(unsigned int, nr_node_ids, (unsigned int)b->nid + 1);
		if (memblock_set_node(start, end - start, &memblock.memory, b->nid))
			return -EINVAL;
	}
	if (!meminfo_covers_memory(mi))
		return -EINVAL;
	drop_memory_of(MAX_NUMNODES);
	set_online_nodes(mi);
	memblock_dump_all();
	return nodes_empty(node_online_map) ? -EINVAL : 0;
}

/* Forget an attempt: no ranges, no distances, no node on any memory. */
static void reset(void)
{
	meminfo.nr_blks = 0;
	memset(distances, 0, sizeof(distances));
	node_possible_map = node_online_map = NODE_MASK_NONE;
	KMM_BUG_ON(memblock_set_node(0, ~(phys_addr_t)0, &memblock.memory, MAX_NUMNODES));
	KMM_BUG_ON(memblock_clear_hotplug(0, ~(phys_addr_t)0));
}

static int try_nodes(const struct kmm_machine *m, int (*read)(const struct kmm_machine *))
{
	int err;

	reset();
	err = read(m);
	if (!err)
		err = numa_cleanup_meminfo(&meminfo);
	if (err)
		return err;
	if (*fake_option && !numa_off)
		numa_emulation(&meminfo, fake_option);
	return register_memblks(&meminfo);
}

static int read_firmware(const struct kmm_machine *m)
{
	int err = read_srat(m);

	if (!err)
		read_slit(m);
	return err;
}

/* IA-32 without a table says nothing: it never looked for one. */
static int read_nothing(const struct kmm_machine *m)
{
	(void)m;
	if (!machine_is_ia32() || numa_off) {
		pr_info("%s", numa_off ? "NUMA turned off" : "No NUMA configuration found");
		pr_info("Faking a node at [mem 0x%016llx-0x%016llx]", 0ULL,
			(unsigned long long)PFN_PHYS(max_pfn) - 1);
	}
	return numa_add_memblk_to(&meminfo, 0, 0, PFN_PHYS(max_pfn));
}

/* CPUs without a usable node are dealt out to the online ones in turn. */
static void place_cpus(const struct kmm_machine *m)
{
	int turn = first_online_node;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		int nid = m->cpu_node && cpu < m->nr_cpus ? m->cpu_node[cpu] : NUMA_NO_NODE;

		if (nid < 0 || nid >= MAX_NUMNODES || !node_online(nid)) {
			nid = turn;
			turn = next_node(turn, node_online_map);
			if (turn == MAX_NUMNODES)
				turn = first_online_node;
		}
		KMM_BUG_ON(!node_online(nid));
		cpu_nodes[cpu] = (u8)nid;
	}
}

int numa_init(const struct kmm_machine *m)
{
	int err = -EINVAL;

	if (!max_pfn || !memblock.memory.cnt) {
		pr_err("No usable memory in the map");
		return -EINVAL;
	}
	if (m->nr_srat && m->srat && !numa_off && !numa_noacpi)
		err = try_nodes(m, read_firmware);
	if (err)
		err = try_nodes(m, read_nothing);
	if (err)
		return err;
	KMM_BUG_ON(nodes_empty(node_online_map) || nr_node_ids > MAX_NUMNODES);
	place_cpus(m);
	KMM_BUG_ON(!memblock_check());
	return 0;
}
