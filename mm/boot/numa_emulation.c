// SPDX-License-Identifier: MIT
/*
 * mm/boot/numa_emulation.c - numa=fake=: many small nodes on few real ones.
 *
 *	fake=N		N nodes in all; they are dealt out over the real nodes in turn
 *	fake=nnM|nnG	nodes of that size, as many as fit
 *	fake=NU		every real node is cut into N
 *	...:10,20,...	distances of the fake nodes, row by row
 *
 * Sizes are whole 32 MiB. Size means RAM: a node that has a hole is made longer.
 * No node begins where too little RAM would be left of its real node, or of
 * the first 4 GiB, for another: the rest is then given to the node before.
 * A fake node lies on one real node; distances without ":" are those of the
 * real nodes, so two on one real node are 10 apart.
 */
#include <lib/div64.h>
#include <lib/parse.h>

#include "internal.h"

#define FAKE_NODE_MIN_SIZE	((u64)32 << 20)
#define DMA32_END		((u64)1 << 32)

static __kmm_state struct numa_meminfo emulated, physical;
static __kmm_state int emulated_on[MAX_NUMNODES];	/* real node of a fake one */
static __kmm_state u8 real_distance[MAX_NUMNODES][MAX_NUMNODES];

/* Bytes of RAM in [start, end). */
static u64 ram_in(u64 start, u64 end)
{
	unsigned long s = PFN_UP(start), e = PFN_DOWN(end);

	return s < e ? PFN_PHYS(e - s - absent_pages_in_range(s, e)) : 0;
}

static int first_range_of(int nid)
{
	for (int i = 0; i < physical.nr_blks; i++)
		if (physical.blk[i].nid == nid)
			return i;
	return -1;
}

/* Give the first @size bytes of real range @idx to fake node @nid. */
static int carve(int nid, int idx, u64 size)
{
	struct numa_memblk *p = &physical.blk[idx];
	u64 end = size < p->end - p->start ? p->start + size : p->end;

	KMM_BUG_ON(nid < 0 || nid >= MAX_NUMNODES || p->start >= p->end);
	if (numa_add_memblk_to(&emulated, nid, p->start, end))
		return -EINVAL;
	if (emulated_on[nid] == NUMA_NO_NODE)
		emulated_on[nid] = p->nid;
	pr_info("Faking node %d at [mem 0x%016llx-0x%016llx] (%lluMB)", nid,
		(unsigned long long)p->start, (unsigned long long)end - 1,
		(unsigned long long)(end - p->start) >> 20);
	p->start = end;
	if (p->start >= p->end)
		numa_remove_memblk_from(&physical, idx);
	return 0;
}

/* Where a node of @size bytes of RAM from @start on ends; @extra: bytes of a rest to take. */
static u64 end_of_node(u64 start, u64 limit, u64 size, u64 extra)
{
	u64 end = start + size + extra;

	KMM_BUG_ON(start >= limit || !size);
	while (end < limit && ram_in(start, end) < size)
		end += FAKE_NODE_MIN_SIZE;
	if (end < DMA32_END && limit > DMA32_END && ram_in(end, DMA32_END) < FAKE_NODE_MIN_SIZE)
		end = DMA32_END;
	if (end >= limit || ram_in(end, limit) < size)
		end = limit;
	return end;
}

/*
 * Cut all real nodes into fake ones of @size, in turn, the first @bigger ones by
 * one unit larger; numbers wrap at @nr_nodes.
 */
static int cut_in_turn(u64 size, u64 bigger, unsigned int nr_nodes)
{
	unsigned int nid = 0;
	bool any = true;

	while (any) {
		any = false;
		for (int node = 0; node < MAX_NUMNODES; node++) {
			int idx = first_range_of(node);
			u64 start, end;

			if (idx < 0)
				continue;
			any = true;
			start = physical.blk[idx].start;
			end = end_of_node(start, physical.blk[idx].end, size,
					  nid < bigger ? FAKE_NODE_MIN_SIZE : 0);
			if (carve((int)(nid % nr_nodes), idx, end - start))
				return -EINVAL;
			nid++;
		}
	}
	return 0;
}

static u64 total_ram(void)
{
	u64 ram = 0;

	for (int i = 0; i < physical.nr_blks; i++)
		ram += ram_in(physical.blk[i].start, physical.blk[i].end);
	return ram;
}

static int split_into(u64 nr_nodes)
{
	u64 size, rest;

	if (!nr_nodes)
		return -EINVAL;
	if (nr_nodes > MAX_NUMNODES) {
		pr_info("numa=fake=%llu too large, reducing to %d", (unsigned long long)nr_nodes,
			MAX_NUMNODES);
		nr_nodes = MAX_NUMNODES;
	}
	size = div64_u64(total_ram(), nr_nodes);
	rest = (size & (FAKE_NODE_MIN_SIZE - 1)) * nr_nodes / FAKE_NODE_MIN_SIZE;
	size &= ~(FAKE_NODE_MIN_SIZE - 1);
	if (!size) {
		pr_err("Not enough memory for each node.  NUMA emulation disabled.");
		return -EINVAL;
	}
	return cut_in_turn(size, rest, (unsigned int)nr_nodes);
}

static int split_by_size(u64 size)
{
	u64 min_size = div_u64(total_ram(), MAX_NUMNODES);

	min_size = ALIGN(max(min_size, FAKE_NODE_MIN_SIZE), FAKE_NODE_MIN_SIZE);
	if (size < min_size) {
		pr_err("Fake node size %lluMB too small, increasing to %lluMB",
		       (unsigned long long)size >> 20, (unsigned long long)min_size >> 20);
		size = min_size;
	}
	return cut_in_turn(ALIGN_DOWN(size, FAKE_NODE_MIN_SIZE), 0, MAX_NUMNODES);
}

/* Every real range of its own into @nr nodes of equal length. */
static int split_each(u64 nr)
{
	unsigned int nid = 0;

	if (!nr || nr > MAX_NUMNODES)
		return -EINVAL;
	while (physical.nr_blks) {
		const struct numa_memblk b = physical.blk[0];
		u64 size = div64_u64(b.end - b.start, nr), i;

		size = ALIGN_DOWN(size, FAKE_NODE_MIN_SIZE);
		if (!size || nid + nr > MAX_NUMNODES)
			return -EINVAL;
		for (i = 0; i < nr; i++)
			if (carve((int)nid++, 0, i + 1 < nr ? size : b.end - b.start))
				return -EINVAL;
	}
	return 0;
}

static int split(const char **option)
{
	const char *s = *option, *end;
	char *rest;
	u64 number;
	int err;

	if (parse_u64(s, &end, 0, &number))
		return -EINVAL;
	if (*end == 'U') {
		err = split_each(number);
		end++;
	} else if (*end == 'M' || *end == 'G' || *end == 'm' || *end == 'g') {
		err = split_by_size(memparse(s, &rest));
		end = rest;
	} else {
		err = split_into(number);
	}
	*option = end;
	return *end && *end != ':' ? -EINVAL : err;
}

/* The distances of the fake nodes: told behind ':', else those of the real nodes below. */
static void set_distances(const char *list, int nr)
{
	for (int i = 0; i < nr; i++)
		for (int j = 0; j < nr; j++) {
			u64 told;
			int d = real_distance[emulated_on[i]][emulated_on[j]];

			if ((*list == ':' || *list == ',') && !parse_u64(list + 1, &list, 0, &told))
				d = (int)min_t(u64, told, 0xffff);
			numa_set_distance(i, j, d);
		}
}

static int nr_emulated(void)
{
	int nr = 0;

	while (nr < MAX_NUMNODES && emulated_on[nr] != NUMA_NO_NODE)
		nr++;
	return nr;
}

void numa_emulation(struct numa_meminfo *mi, const char *option)
{
	emulated.nr_blks = 0;
	physical = *mi;
	for (int i = 0; i < MAX_NUMNODES; i++)
		emulated_on[i] = NUMA_NO_NODE;
	for (int i = 0; i < MAX_NUMNODES; i++)
		for (int j = 0; j < MAX_NUMNODES; j++)
			real_distance[i][j] = (u8)node_distance(i, j);
	if (split(&option))
		return;
	if (numa_cleanup_meminfo(&emulated) < 0) {
		pr_warn("NUMA: Warning: constructed meminfo invalid, disabling emulation");
		return;
	}
	*mi = emulated;
	set_distances(option, nr_emulated());
}
