/* SPDX-License-Identifier: MIT */
/*
 * producers.h - what the files of introspect/ share.
 *
 *	registry.c    paths, and which function prints which
 *	columns.c     the machine's zones in the order Linux prints them; walking them
 *	stat_items.c  names and values of the nr_* counters
 *	buddyinfo.c   buddyinfo, pagetypeinfo, extfrag/
 *	zoneinfo.c  meminfo.c  vmstat.c  node.c
 *	firmware.c    iomem, firmware/memmap, memblock
 *	slabinfo.c    slabinfo
 *	slab_sysfs.c  sys/kernel/slab, debug/slab: directories by a cache's name
 *	vmallocinfo.c vmallocinfo
 *	page_tables.c debug/page_tables
 *	tunables.c    sys/vm, fail_page_alloc, failslab
 *	trace_text.c  events as text (on its own; see <kmm/trace_text.h>)
 *
 * A *producer* prints one file: show(m, id) appends to m, and id says which of
 * several files of one kind is meant (a node, an entry of a table). It returns
 * 0 or the error that reading the file gives. A producer never looks at
 * whether the text fits; the registry does, once, at the end.
 */
#ifndef KMM_INTROSPECT_PRODUCERS_H
#define KMM_INTROSPECT_PRODUCERS_H

#include <kmm/errno.h>
#include <kmm/mm.h>
#include <kmm/mmzone.h>
#include <kmm/slabinfo.h>
#include <kmm/vmstat.h>
#include <lib/seq_buf.h>

/* --- columns.c --- */

/*
 * One zone as a reader of the files knows it. Every 64-bit machine has a
 * fifth zone, Device; kmm has no device memory, so that one has no zone_type.
 */
struct zone_column {
	const char *name;	/* "DMA32" */
	const char *suffix;	/* "dma32", as in pgalloc_dma32 */
	int zone;		/* enum zone_type; NO_ZONE: always empty */
};
#define NO_ZONE		(-1)

/* introspect_column - the i-th column of this machine, NULL after the last. */
const struct zone_column *introspect_column(unsigned int i);
#define for_each_column(c, i) \
	for ((i) = 0; ((c) = introspect_column(i)) != NULL; (i)++)

/* column_zone - its zone on a node, NULL for Device. */
struct zone *column_zone(int nid, const struct zone_column *c);

/* walk_populated_zones - show() for every zone with memory, node by node, in column order. */
typedef void (*zone_show_t)(struct seq_buf *m, struct zone *zone);
void walk_populated_zones(struct seq_buf *m, int nid, zone_show_t show);

/* next_online_node - the first online node after nid (-1: the first of all), or -1. */
int next_online_node(int nid);
#define for_each_shown_node(nid) \
	for ((nid) = next_online_node(-1); (nid) >= 0; (nid) = next_online_node(nid))

bool machine_has_cma(void);
bool zone_is_high(const struct zone *zone);	/* beyond the direct map? */

/* --- stat_items.c --- */

unsigned long zone_free(const struct zone *zone);
unsigned long node_free(int nid);
unsigned long node_managed(int nid);

/* The numa_* counters of a zone, of a node, or (nid < 0) of the machine. */
struct zone_events zone_events_sum(int nid);

/*
 * for_each_stat - call emit() for each counter of one group, in Linux's order,
 * with its value over the zones of a node (or the machine, nid < 0; or one zone).
 */
typedef void (*stat_emit_t)(struct seq_buf *m, const char *name, u64 value);
enum stat_group { STATS_ZONE, STATS_NUMA, STATS_NODE };
void emit_stats(struct seq_buf *m, enum stat_group group, int nid, struct zone *zone,
		stat_emit_t emit);
void emit_plain(struct seq_buf *m, const char *name, u64 value);	/* "name value\n" */

/* --- the producers --- */

int show_buddyinfo(struct seq_buf *m, unsigned int id);
int show_pagetypeinfo(struct seq_buf *m, unsigned int id);
int show_extfrag_index(struct seq_buf *m, unsigned int id);
int show_unusable_index(struct seq_buf *m, unsigned int id);
int show_zoneinfo(struct seq_buf *m, unsigned int id);
int show_meminfo(struct seq_buf *m, unsigned int id);
int show_page_tables(struct seq_buf *m, unsigned int id);
int show_vmallocinfo(struct seq_buf *m, unsigned int id);
int show_vmstat(struct seq_buf *m, unsigned int id);
int show_iomem(struct seq_buf *m, unsigned int id);

int show_node_meminfo(struct seq_buf *m, unsigned int nid);
int show_node_distance(struct seq_buf *m, unsigned int nid);
int show_node_cpulist(struct seq_buf *m, unsigned int nid);
int show_node_numastat(struct seq_buf *m, unsigned int nid);
int show_node_vmstat(struct seq_buf *m, unsigned int nid);

enum node_list { NODES_ONLINE, NODES_POSSIBLE, NODES_MEMORY, NODES_NORMAL_MEMORY };
int show_node_list(struct seq_buf *m, unsigned int list);

int next_memmap_entry(int i);
int show_memmap_start(struct seq_buf *m, unsigned int i);
int show_memmap_end(struct seq_buf *m, unsigned int i);
int show_memmap_type(struct seq_buf *m, unsigned int i);
int show_memblock(struct seq_buf *m, unsigned int reserved);

enum fail_file {
	FAIL_PROBABILITY, FAIL_INTERVAL, FAIL_TIMES, FAIL_SPACE,
	FAIL_MIN_ORDER, FAIL_IGNORE_HIGHMEM,	/* pages only */
	FAIL_CACHE_FILTER,			/* objects only */
	FAIL_IGNORE_WAIT,
};
int show_fail_page(struct seq_buf *m, unsigned int file);
int store_fail_page(unsigned int file, const char *text);
int show_tlb_ceiling(struct seq_buf *m, unsigned int id);
int store_tlb_ceiling(unsigned int id, const char *text);
int show_failslab(struct seq_buf *m, unsigned int file);
int store_failslab(unsigned int file, const char *text);
int show_sysctl(struct seq_buf *m, unsigned int i);
int store_sysctl(unsigned int i, const char *text);
int show_slabinfo(struct seq_buf *m, unsigned int id);
int show_percpu_stats(struct seq_buf *m, unsigned int id);
int store_slabinfo(unsigned int id, const char *text);

/* --- directories with a name, slab_sysfs.c --- */

/* One file in each directory of a kind; `of` is the directory's name. An array of them ends
 * with a name that is NULL. */
struct named_file {
	const char *name;
	int (*show)(struct seq_buf *m, const char *of, unsigned int id);
	/* NULL: can only be read */
	int (*store)(const char *of, unsigned int id, const char *text);
	unsigned int id;
};
extern const struct named_file slab_files[], slab_trace_files[];

/* The i-th directory's name; false after the last. And is there one of this name? */
#define NAME_MAX_LEN	KMEM_CACHE_NAME_MAX	/* with its NUL */
bool slub_cache_name(unsigned int i, char *name);
bool slub_cache_exists(const char *name);
bool tracked_cache_name(unsigned int i, char *name);
bool tracked_cache_exists(const char *name);

#endif
