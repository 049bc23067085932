// SPDX-License-Identifier: MIT
/*
 * slab_sysfs.c - /sys/kernel/slab/<cache>/ and /sys/kernel/debug/slab/<cache>/.
 *
 * Every cache has the same files, most of them one number:
 *
 *	slab_size 192			a plain number; flags are 0 or 1
 *	partial   5 N0=3 N1=2		a sum, and what each node has of it (none: left out)
 *	slabs_cpu_partial 21(2)		objects(slabs); Linux goes on with " C0=21(2)" by CPU
 *	shrink, validate		say nothing; doing what they are called when 1 is written
 *
 * They are SLUB's: a machine that runs another allocator does not have them, nor does Linux.
 * A cache that shares another's slabs has no directory in the list, but can be asked for by its
 * own name, as if by Linux's symbolic links. Of the counters of CONFIG_SLUB_STATS there is
 * alloc_slab, without a figure for each CPU: the others would cost the fast paths.
 *
 * alloc_traces and free_traces are there for caches that store users (slub_debug=U): a line for
 * each place in the code, ages in jiffies of 4 ms, as
 *
 *	     12 0xffffffff81234567 age=3/250/1000 pid=0
 */
#include "producers.h"

#include <kmm/slabinfo.h>
#include <lib/div64.h>
#include <lib/parse.h>
#include <lib/string.h>

#define NS_PER_JIFFY	4000000u	/* Debian's HZ is 250 */

enum attr {
	ALIASES, ALIGN_TO, ALLOC_SLAB, CPU_PARTIAL, CPU_SLABS, CTOR, DEFRAG_RATIO, MIN_PARTIAL,
	OBJECT_SIZE, OBJECTS, OBJECTS_PARTIAL, OBJS_PER_SLAB, ORDER, PARTIAL, SHRINK, SLAB_SIZE,
	SLABS, SLABS_CPU_PARTIAL, TOTAL_OBJECTS, USERSIZE, VALIDATE,
};

bool slub_cache_name(unsigned int i, char *name)
{
	return strcmp(slab_allocator_name(), "slub") == 0 && kmem_cache_name_at(i, 0, name);
}

bool tracked_cache_name(unsigned int i, char *name)
{
	return kmem_cache_name_at(i, SLAB_STORE_USER, name);
}

bool slub_cache_exists(const char *name)
{
	struct kmem_cache_info info;

	return strcmp(slab_allocator_name(), "slub") == 0 && kmem_cache_info_by_name(name, &info);
}

bool tracked_cache_exists(const char *name)
{
	struct kmem_cache_info info;

	return kmem_cache_info_by_name(name, &info) && info.flags & SLAB_STORE_USER;
}

/* --- reading --- */

/* "sum N0=n N1=n" */
static void show_by_node(struct seq_buf *m, unsigned long sum, const u32 *node)
{
	seq_buf_printf(m, "%lu", sum);
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node[nid])
			seq_buf_printf(m, " N%d=%u", nid, (unsigned int)node[nid]);
	seq_buf_putc(m, '\n');
}

static void show_counts(struct seq_buf *m, const struct kmem_cache_info *c, enum attr attr)
{
	switch (attr) {
	case CPU_SLABS:
		show_by_node(m, c->cpu_slabs, c->node_cpu_slabs);
		break;
	case OBJECTS:
		show_by_node(m, c->active_objs, c->node_active);
		break;
	case OBJECTS_PARTIAL:
		show_by_node(m, c->objects_partial, c->node_objects_partial);
		break;
	case PARTIAL:
		show_by_node(m, c->partial, c->node_partial);
		break;
	case SLABS:
		show_by_node(m, c->num_slabs, c->node_slabs);
		break;
	case TOTAL_OBJECTS:
		show_by_node(m, c->num_objs, c->node_objects);
		break;
	case SLABS_CPU_PARTIAL:
		seq_buf_printf(m, "%lu(%lu)\n", c->objects_cpu_partial, c->slabs_cpu_partial);
		break;
	default:
		break;
	}
}

static u64 plain_number(const struct kmem_cache_info *c, enum attr attr)
{
	switch (attr) {
	case ALIASES:		return c->aliases;
	case ALIGN_TO:		return c->align;
	case ALLOC_SLAB:	return c->alloc_slab;
	case CPU_PARTIAL:	return c->cpu_partial;
	case DEFRAG_RATIO:	return c->remote_node_defrag_ratio;
	case MIN_PARTIAL:	return c->min_partial;
	case OBJECT_SIZE:	return c->object_size;
	case OBJS_PER_SLAB:	return c->objects_per_slab;
	case ORDER:		return c->order;
	case SLAB_SIZE:		return c->size;
	case USERSIZE:		return c->usersize;
	default:		return 0;
	}
}

static int show_number(struct seq_buf *m, const char *name, unsigned int attr)
{
	struct kmem_cache_info info;

	if (!kmem_cache_info_by_name(name, &info))
		return -ENOENT;
	seq_buf_printf(m, "%llu\n", (unsigned long long)plain_number(&info, (enum attr)attr));
	return 0;
}

static int show_count(struct seq_buf *m, const char *name, unsigned int attr)
{
	struct kmem_cache_info info;

	if (!kmem_cache_info_by_name(name, &info))
		return -ENOENT;
	show_counts(m, &info, (enum attr)attr);
	return 0;
}

static int show_flag(struct seq_buf *m, const char *name, unsigned int flag)
{
	struct kmem_cache_info info;

	if (!kmem_cache_info_by_name(name, &info))
		return -ENOENT;
	seq_buf_puts(m, info.flags & flag ? "1\n" : "0\n");
	return 0;
}

static int show_ctor(struct seq_buf *m, const char *name, unsigned int attr)
{
	struct kmem_cache_info info;

	(void)attr;
	if (!kmem_cache_info_by_name(name, &info))
		return -ENOENT;
	if (info.ctor)
		seq_buf_printf(m, "%#lx\n", (unsigned long)(uintptr_t)info.ctor);
	return 0;
}

static int show_nothing(struct seq_buf *m, const char *name, unsigned int attr)
{
	(void)m, (void)name, (void)attr;
	return 0;
}

/* --- writing --- */

static int store_number(const char *name, unsigned int attr, const char *text)
{
	uint64_t value;

	if (kstrtou64(text, 10, &value) || value > UINT32_MAX)
		return -EINVAL;
	switch ((enum attr)attr) {
	case MIN_PARTIAL:
		return kmem_cache_tune(name, SLAB_ATTR_MIN_PARTIAL, (unsigned long)value);
	case CPU_PARTIAL:
		return kmem_cache_tune(name, SLAB_ATTR_CPU_PARTIAL, (unsigned long)value);
	case DEFRAG_RATIO:
		return value > 100 ? -ERANGE :
		       kmem_cache_tune(name, SLAB_ATTR_REMOTE_NODE_DEFRAG_RATIO,
				       (unsigned long)value);
	default:
		return -EINVAL;
	}
}

/* A word that begins with 1 does it. */
static int store_order(const char *name, unsigned int attr, const char *text)
{
	if (text[0] != '1')
		return -EINVAL;
	return kmem_cache_tune(name, attr == SHRINK ? SLAB_ATTR_SHRINK : SLAB_ATTR_VALIDATE, 1);
}

static int store_may_fail(const char *name, unsigned int flag, const char *text)
{
	(void)flag;
	return kmem_cache_tune(name, SLAB_ATTR_FAILSLAB, text[0] == '1');
}

#define NUMBER(name, attr)	{ name, show_number, NULL, attr }
#define COUNT(name, attr)	{ name, show_count, NULL, attr }
#define FLAG(name, flag)	{ name, show_flag, NULL, flag }

const struct named_file slab_files[] = {
	NUMBER("aliases", ALIASES),
	NUMBER("align", ALIGN_TO),
	NUMBER("alloc_slab", ALLOC_SLAB),
	FLAG("cache_dma", SLAB_CACHE_DMA),
	{ "cpu_partial", show_number, store_number, CPU_PARTIAL },
	COUNT("cpu_slabs", CPU_SLABS),
	{ "ctor", show_ctor, NULL, CTOR },
	FLAG("destroy_by_rcu", SLAB_TYPESAFE_BY_RCU),
	{ "failslab", show_flag, store_may_fail, SLAB_FAILSLAB },
	FLAG("hwcache_align", SLAB_HWCACHE_ALIGN),
	{ "min_partial", show_number, store_number, MIN_PARTIAL },
	NUMBER("object_size", OBJECT_SIZE),
	COUNT("objects", OBJECTS),
	COUNT("objects_partial", OBJECTS_PARTIAL),
	NUMBER("objs_per_slab", OBJS_PER_SLAB),
	NUMBER("order", ORDER),
	COUNT("partial", PARTIAL),
	FLAG("poison", SLAB_POISON),
	FLAG("reclaim_account", SLAB_RECLAIM_ACCOUNT),
	FLAG("red_zone", SLAB_RED_ZONE),
	{ "remote_node_defrag_ratio", show_number, store_number, DEFRAG_RATIO },
	FLAG("sanity_checks", SLAB_CONSISTENCY_CHECKS),
	{ "shrink", show_nothing, store_order, SHRINK },
	NUMBER("slab_size", SLAB_SIZE),
	COUNT("slabs", SLABS),
	COUNT("slabs_cpu_partial", SLABS_CPU_PARTIAL),
	FLAG("store_user", SLAB_STORE_USER),
	COUNT("total_objects", TOTAL_OBJECTS),
	FLAG("trace", SLAB_TRACE),
	NUMBER("usersize", USERSIZE),
	{ "validate", show_nothing, store_order, VALIDATE },
	{ NULL, NULL, NULL, 0 },
};

/* --- users --- */

static u64 jiffies(u64 ns)
{
	return div_u64(ns, NS_PER_JIFFY);
}

static void show_track(void *arg, const struct slab_track_sum *t)
{
	struct seq_buf *m = arg;
	u64 least = jiffies(t->min_age_ns), most = jiffies(t->max_age_ns), average;

	seq_buf_printf(m, "%7lu ", t->count);
	if (t->addr)
		seq_buf_printf(m, "%#lx", (unsigned long)t->addr);
	else
		seq_buf_puts(m, "<not-available>");
	seq_buf_printf(m, " age=%llu", (unsigned long long)least);
	if (t->sum_age_ns != t->min_age_ns) {
		average = jiffies(div_u64(t->sum_age_ns, (uint32_t)max(t->count, 1ul)));
		seq_buf_printf(m, "/%llu/%llu", (unsigned long long)average,
			       (unsigned long long)most);
	}
	seq_buf_puts(m, " pid=0\n");
}

/* alloc 1: who allocated what is in use; 0: who freed. */
static int show_traces(struct seq_buf *m, const char *name, unsigned int alloc)
{
	int sites = slab_tracks(name, alloc, show_track, m);

	if (!sites)
		seq_buf_puts(m, "No data\n");
	return min(sites, 0);
}

const struct named_file slab_trace_files[] = {
	{ "alloc_traces", show_traces, NULL, 1 },
	{ "free_traces", show_traces, NULL, 0 },
	{ NULL, NULL, NULL, 0 },
};
