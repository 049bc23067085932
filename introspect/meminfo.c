// SPDX-License-Identifier: MIT
/*
 * meminfo.c - /proc/meminfo and each node's meminfo.
 *
 * A file is a table of lines. Each line is a label padded to 16 characters, a
 * number that ends in column 24, and " kB":
 *
 *	MemTotal:        4015116 kB
 *	HardwareCorrupted:     0 kB
 *	HugePages_Total:       0
 *
 * Of what pages are used for, kmm knows slabs; what Linux says of page caches, anonymous
 * memory, page tables and swap is 0.
 *
 * MemAvailable is Linux's estimate with no page cache to give back: what is free
 * beyond the reserves, and reclaimable slabs but for half of them or the low watermarks'
 * sum, whichever is less. CommitLimit is half of the memory (overcommit_ratio 50,
 * no swap). DirectMap4k and 2M say how the direct map would be paged: 2 MiB
 * where RAM allows, 4 KiB at its edges; [0, 1 MiB) is mapped whole.
 */
#include "producers.h"

#include <kmm/memblock.h>
#include <kmm/page_addr.h>
#include <kmm/setup.h>
#include <lib/string.h>

#define KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))
#define LARGE_PAGE	((u64)1 << (PAGE_SHIFT + pageblock_order))
#define ISA_END		((u64)1 << 20)

enum value {
	ZERO, ZERO_NARROW, ZERO_COUNT, HUGEPAGE_SIZE,
	TOTAL, FREE, USED, AVAILABLE, COMMIT_LIMIT, MAP_4K, MAP_2M,
	SLAB, SLAB_RECLAIMABLE, SLAB_UNRECLAIMABLE,
	HIGH_TOTAL, HIGH_FREE, LOW_TOTAL, LOW_FREE,	/* IA-32 only */
	CMA_TOTAL, CMA_FREE,				/* with CMA only */
};

struct line {
	const char *label;
	enum value value;
};

static const struct line machine_lines[] = {
	{ "MemTotal:", TOTAL }, { "MemFree:", FREE }, { "MemAvailable:", AVAILABLE },
	{ "Buffers:", ZERO }, { "Cached:", ZERO }, { "SwapCached:", ZERO }, { "Active:", ZERO },
	{ "Inactive:", ZERO }, { "Active(anon):", ZERO }, { "Inactive(anon):", ZERO },
	{ "Active(file):", ZERO }, { "Inactive(file):", ZERO }, { "Unevictable:", ZERO },
	{ "Mlocked:", ZERO }, { "HighTotal:", HIGH_TOTAL }, { "HighFree:", HIGH_FREE },
	{ "LowTotal:", LOW_TOTAL }, { "LowFree:", LOW_FREE }, { "SwapTotal:", ZERO },
	{ "SwapFree:", ZERO }, { "Zswap:", ZERO }, { "Zswapped:", ZERO }, { "Dirty:", ZERO },
	{ "Writeback:", ZERO }, { "AnonPages:", ZERO }, { "Mapped:", ZERO }, { "Shmem:", ZERO },
	{ "KReclaimable:", SLAB_RECLAIMABLE }, { "Slab:", SLAB },
	{ "SReclaimable:", SLAB_RECLAIMABLE }, { "SUnreclaim:", SLAB_UNRECLAIMABLE },
	{ "KernelStack:", ZERO }, { "PageTables:", ZERO },
	{ "SecPageTables:", ZERO }, { "NFS_Unstable:", ZERO }, { "Bounce:", ZERO },
	{ "WritebackTmp:", ZERO }, { "CommitLimit:", COMMIT_LIMIT }, { "Committed_AS:", ZERO },
	{ "VmallocTotal:", ZERO }, { "VmallocUsed:", ZERO }, { "VmallocChunk:", ZERO },
	{ "Percpu:", ZERO }, { "HardwareCorrupted:", ZERO }, { "AnonHugePages:", ZERO },
	{ "ShmemHugePages:", ZERO }, { "ShmemPmdMapped:", ZERO }, { "FileHugePages:", ZERO },
	{ "FilePmdMapped:", ZERO }, { "CmaTotal:", CMA_TOTAL }, { "CmaFree:", CMA_FREE },
	{ "HugePages_Total:", ZERO_COUNT }, { "HugePages_Free:", ZERO_COUNT },
	{ "HugePages_Rsvd:", ZERO_COUNT }, { "HugePages_Surp:", ZERO_COUNT },
	{ "Hugepagesize:", HUGEPAGE_SIZE }, { "Hugetlb:", ZERO },
	{ "DirectMap4k:", MAP_4K }, { "DirectMap2M:", MAP_2M },
};

static const struct line node_lines[] = {
	{ "MemTotal:", TOTAL }, { "MemFree:", FREE }, { "MemUsed:", USED },
	{ "SwapCached:", ZERO }, { "Active:", ZERO }, { "Inactive:", ZERO },
	{ "Active(anon):", ZERO }, { "Inactive(anon):", ZERO }, { "Active(file):", ZERO },
	{ "Inactive(file):", ZERO }, { "Unevictable:", ZERO }, { "Mlocked:", ZERO },
	{ "HighTotal:", HIGH_TOTAL }, { "HighFree:", HIGH_FREE },
	{ "LowTotal:", LOW_TOTAL }, { "LowFree:", LOW_FREE }, { "Dirty:", ZERO },
	{ "Writeback:", ZERO }, { "FilePages:", ZERO }, { "Mapped:", ZERO },
	{ "AnonPages:", ZERO }, { "Shmem:", ZERO }, { "KernelStack:", ZERO },
	{ "PageTables:", ZERO }, { "SecPageTables:", ZERO }, { "NFS_Unstable:", ZERO },
	{ "Bounce:", ZERO }, { "WritebackTmp:", ZERO }, { "KReclaimable:", SLAB_RECLAIMABLE },
	{ "Slab:", SLAB }, { "SReclaimable:", SLAB_RECLAIMABLE },
	{ "SUnreclaim:", SLAB_UNRECLAIMABLE },
	{ "AnonHugePages:", ZERO }, { "ShmemHugePages:", ZERO }, { "ShmemPmdMapped:", ZERO },
	{ "FileHugePages:", ZERO_NARROW }, { "FilePmdMapped:", ZERO_NARROW },
	{ "HugePages_Total:", ZERO_COUNT }, { "HugePages_Free:", ZERO_COUNT },
	{ "HugePages_Surp:", ZERO_COUNT },
};

/* Figures of a node, or of the machine (nid < 0). Pages. */
struct figures {
	unsigned long total, free, high_total, high_free, cma_total, cma_free;
	unsigned long low_marks, slab_reclaimable, slab_unreclaimable;
};

static struct figures collect(int nid)
{
	struct figures f = { 0 };
	struct zone *zone;

	for_each_populated_zone(zone) {
		if (nid >= 0 && zone->node != nid)
			continue;
		f.total += READ_ONCE(zone->managed_pages);
		f.free += zone_free(zone);
		f.low_marks += low_wmark_pages(zone);
		f.cma_total += READ_ONCE(zone->cma_pages);
		f.cma_free += READ_ONCE(zone->free_cma_pages);
		if (!zone_is_high(zone))
			continue;
		f.high_total += READ_ONCE(zone->managed_pages);
		f.high_free += zone_free(zone);
	}
	if (nid < 0) {
		f.total = READ_ONCE(totalram_pages);
		f.free = nr_free_pages();
	}
	f.slab_reclaimable = slab_pages(nid < 0 ? NUMA_NO_NODE : nid, true);
	f.slab_unreclaimable = slab_pages(nid < 0 ? NUMA_NO_NODE : nid, false);
	return f;
}

static unsigned long available(const struct figures *f)
{
	unsigned long reserve = READ_ONCE(totalreserve_pages), slab = f->slab_reclaimable;
	long pages = (long)f->free - (long)reserve;

	pages += (long)(slab - min(slab / 2, f->low_marks));
	return (unsigned long)max(pages, 0l);
}

/* KiB of the direct map that are mapped by 2 MiB pages (large) or by 4 KiB pages. */
static u64 direct_map_kb(bool large)
{
	u64 end = min_t(u64, ISA_END, direct_map_end), small_bytes = end, large_bytes = 0;
	const struct memblock_region *r;

	for_each_mem_region(r) {
		u64 from = max_t(u64, r->base, ISA_END);
		u64 to = min_t(u64, r->base + r->size, direct_map_end), first, last;

		if (from >= to)
			continue;
		first = min(ALIGN(from, LARGE_PAGE), to);
		last = max(ALIGN_DOWN(to, LARGE_PAGE), first);
		large_bytes += last - first;
		small_bytes += (first - from) + (to - last);
	}
	return (large ? large_bytes : small_bytes) >> 10;
}

static u64 value_of(enum value value, const struct figures *f)
{
	switch (value) {
	case TOTAL:		return KB(f->total);
	case FREE:		return KB(f->free);
	case USED:		return KB(f->total - f->free);
	case AVAILABLE:		return KB(available(f));
	case COMMIT_LIMIT:	return KB(f->total / 2);
	case HIGH_TOTAL:	return KB(f->high_total);
	case HIGH_FREE:		return KB(f->high_free);
	case LOW_TOTAL:		return KB(f->total - f->high_total);
	case LOW_FREE:		return KB(f->free - f->high_free);
	case CMA_TOTAL:		return KB(f->cma_total);
	case CMA_FREE:		return KB(f->cma_free);
	case MAP_4K:		return direct_map_kb(false);
	case MAP_2M:		return direct_map_kb(true);
	case HUGEPAGE_SIZE:	return LARGE_PAGE >> 10;
	case SLAB:		return KB(f->slab_reclaimable + f->slab_unreclaimable);
	case SLAB_RECLAIMABLE:	return KB(f->slab_reclaimable);
	case SLAB_UNRECLAIMABLE: return KB(f->slab_unreclaimable);
	case ZERO: case ZERO_NARROW: case ZERO_COUNT:
		break;
	}
	return 0;
}

static bool line_shown(enum value value)
{
	if (value >= CMA_TOTAL)
		return machine_has_cma();
	if (value >= HIGH_TOTAL)
		return machine_is_ia32();
	return true;
}

/* Two labels are longer than 16, and the number gives way. */
static void show_line(struct seq_buf *m, const struct line *l, const struct figures *f)
{
	int width = 24 - max((int)strlen(l->label), 16);

	seq_buf_printf(m, "%-16s%*llu%s\n", l->label, width,
		       (unsigned long long)value_of(l->value, f),
		       l->value == ZERO_COUNT ? "" : " kB");
}

/* In a node's file two lines are a column narrower, and the counts two. */
static void show_node_line(struct seq_buf *m, const struct line *l, const struct figures *f)
{
	if (l->value == ZERO_COUNT)
		seq_buf_printf(m, "%-16s%6d\n", l->label, 0);
	else if (l->value == ZERO_NARROW)
		seq_buf_printf(m, "%-15s%8d kB\n", l->label, 0);
	else
		show_line(m, l, f);
}

int show_meminfo(struct seq_buf *m, unsigned int id)
{
	struct figures f = collect(-1);

	(void)id;
	for (unsigned int i = 0; i < ARRAY_SIZE(machine_lines); i++)
		if (line_shown(machine_lines[i].value))
			show_line(m, &machine_lines[i], &f);
	return 0;
}

int show_node_meminfo(struct seq_buf *m, unsigned int nid)
{
	struct figures f = collect((int)nid);

	for (unsigned int i = 0; i < ARRAY_SIZE(node_lines); i++) {
		const struct line *l = &node_lines[i];

		if (!line_shown(l->value))
			continue;
		seq_buf_printf(m, "Node %u ", nid);
		show_node_line(m, l, &f);
	}
	return 0;
}
