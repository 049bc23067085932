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
 * Of what pages are used for, kmm knows slabs, kernel stacks, vmalloc areas and per-CPU memory;
 * what Linux says of page caches, anonymous memory, processes' page tables and swap is 0.
 *
 * MemAvailable is Linux's estimate with no page cache to give back: what is free
 * beyond the reserves, and reclaimable slabs but for half of them or the low watermarks'
 * sum, whichever is less. CommitLimit is half of the memory (overcommit_ratio 50,
 * no swap). DirectMap4k, 2M (two-level tables: 4M) and 1G say by which pages the direct map is
 * mapped now. A machine whose tables are not kmm's tells what Linux would do: 2 MiB where RAM
 * allows, 4 KiB at its edges; [0, 1 MiB) is mapped whole.
 */
#include "producers.h"

#include <kmm/memblock.h>
#include <kmm/page_addr.h>
#include <kmm/percpu.h>
#include <kmm/set_memory.h>
#include <kmm/setup.h>
#include <kmm/stack.h>
#include <kmm/vmalloc.h>
#include <lib/string.h>

#define KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))
#define LARGE_PAGE	((u64)1 << (PAGE_SHIFT + pageblock_order))
#define ISA_END		((u64)1 << 20)

enum value {
	ZERO, ZERO_NARROW, ZERO_COUNT, HUGEPAGE_SIZE,
	TOTAL, FREE, USED, AVAILABLE, COMMIT_LIMIT, MAP_4K, MAP_2M, MAP_4M, MAP_1G,
	SLAB, SLAB_RECLAIMABLE, SLAB_UNRECLAIMABLE, VMALLOC_TOTAL, VMALLOC_USED, PERCPU,
	KERNEL_STACK,
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
	{ "KernelStack:", KERNEL_STACK }, { "PageTables:", ZERO },
	{ "SecPageTables:", ZERO }, { "NFS_Unstable:", ZERO }, { "Bounce:", ZERO },
	{ "WritebackTmp:", ZERO }, { "CommitLimit:", COMMIT_LIMIT }, { "Committed_AS:", ZERO },
	{ "VmallocTotal:", VMALLOC_TOTAL }, { "VmallocUsed:", VMALLOC_USED },
	{ "VmallocChunk:", ZERO },
	{ "Percpu:", PERCPU }, { "HardwareCorrupted:", ZERO }, { "AnonHugePages:", ZERO },
	{ "ShmemHugePages:", ZERO }, { "ShmemPmdMapped:", ZERO }, { "FileHugePages:", ZERO },
	{ "FilePmdMapped:", ZERO }, { "CmaTotal:", CMA_TOTAL }, { "CmaFree:", CMA_FREE },
	{ "HugePages_Total:", ZERO_COUNT }, { "HugePages_Free:", ZERO_COUNT },
	{ "HugePages_Rsvd:", ZERO_COUNT }, { "HugePages_Surp:", ZERO_COUNT },
	{ "Hugepagesize:", HUGEPAGE_SIZE }, { "Hugetlb:", ZERO },
	{ "DirectMap4k:", MAP_4K }, { "DirectMap2M:", MAP_2M }, { "DirectMap4M:", MAP_4M },
	{ "DirectMap1G:", MAP_1G },
};

static const struct line node_lines[] = {
	{ "MemTotal:", TOTAL }, { "MemFree:", FREE }, { "MemUsed:", USED },
	{ "SwapCached:", ZERO }, { "Active:", ZERO }, { "Inactive:", ZERO },
	{ "Active(anon):", ZERO }, { "Inactive(anon):", ZERO }, { "Active(file):", ZERO },
	{ "Inactive(file):", ZERO }, { "Unevictable:", ZERO }, { "Mlocked:", ZERO },
	{ "HighTotal:", HIGH_TOTAL }, { "HighFree:", HIGH_FREE },
	{ "LowTotal:", LOW_TOTAL }, { "LowFree:", LOW_FREE }, { "Dirty:", ZERO },
	{ "Writeback:", ZERO }, { "FilePages:", ZERO }, { "Mapped:", ZERO },
	{ "AnonPages:", ZERO }, { "Shmem:", ZERO }, { "KernelStack:", KERNEL_STACK },
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
	unsigned long kernel_stack_kb;
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
	f.kernel_stack_kb = kernel_stack_kb(nid < 0 ? NUMA_NO_NODE : nid);
	return f;
}

static unsigned long available(const struct figures *f)
{
	unsigned long reserve = READ_ONCE(totalreserve_pages), slab = f->slab_reclaimable;
	long pages = (long)f->free - (long)reserve;

	pages += (long)(slab - min(slab / 2, f->low_marks));
	return (unsigned long)max(pages, 0l);
}

/* KiB of the direct map that would be mapped by 2 MiB pages (large) or by 4 KiB pages. */
static u64 supposed_map_kb(bool large)
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

/* Without page tables of kmm's no level has a shift. */
static u64 direct_map_by(enum pg_level level)
{
	if (direct_map_shift(PG_LEVEL_4K))
		return direct_map_kb(level);
	return supposed_map_kb(level == PG_LEVEL_2M);
}

/* AMD64's VMALLOC_END is the last byte in Linux, IA-32's the first behind. */
static u64 vmalloc_total(void)
{
	u64 size = VMALLOC_END - VMALLOC_START;

	return size && sizeof(void *) == 8 ? size - 1 : size;
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
	case MAP_4K:		return direct_map_by(PG_LEVEL_4K);
	case MAP_2M: case MAP_4M: return direct_map_by(PG_LEVEL_2M);
	case MAP_1G:		return direct_map_by(PG_LEVEL_1G);
	case HUGEPAGE_SIZE:	return LARGE_PAGE >> 10;
	case SLAB:		return KB(f->slab_reclaimable + f->slab_unreclaimable);
	case SLAB_RECLAIMABLE:	return KB(f->slab_reclaimable);
	case SLAB_UNRECLAIMABLE: return KB(f->slab_unreclaimable);
	case KERNEL_STACK:	return f->kernel_stack_kb;
	case VMALLOC_TOTAL:	return vmalloc_total() >> 10;
	case VMALLOC_USED:	return KB(vmalloc_nr_pages());
	case PERCPU:		return KB(pcpu_nr_pages());
	case ZERO: case ZERO_NARROW: case ZERO_COUNT:
		break;
	}
	return 0;
}

static bool line_shown(enum value value)
{
	if (value == MAP_1G)
		return direct_map_shift(PG_LEVEL_1G) != 0;
	if (value == MAP_2M || value == MAP_4M)
		return (direct_map_shift(PG_LEVEL_2M) == 22) == (value == MAP_4M);
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
