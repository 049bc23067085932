/* SPDX-License-Identifier: MIT */
/*
 * kmm/slabinfo.h - what there is to know about caches, for who prints, compares and tunes.
 *
 * Context: any but an interrupt. Figures of a busy machine are from slightly different moments.
 */
#ifndef KMM_SLABINFO_H
#define KMM_SLABINFO_H

#include <kmm/slab.h>

#define KMEM_CACHE_NAME_MAX	64	/* with its NUL */

struct kmem_cache_info {
	char name[KMEM_CACHE_NAME_MAX];
	unsigned int object_size;	/* bytes, as asked for */
	unsigned int size;		/* with everything around it */
	unsigned int align;
	unsigned int objects_per_slab;
	unsigned int order;		/* of a slab */
	unsigned int min_partial;
	unsigned int cpu_partial;	/* free objects a CPU may keep in partial slabs */
	unsigned int cpu_partial_slabs;
	unsigned int remote_node_defrag_ratio;	/* per cent */
	unsigned int useroffset, usersize;
	slab_flags_t flags;
	unsigned int aliases;		/* further caches that share it */
	void (*ctor)(void *obj);
	/* Tunables of SLAB; 0 in the others. */
	unsigned int limit, batchcount, shared;

	/* Counted exactly, but for objects in lists of running CPUs: those count as in use. */
	unsigned long active_objs, num_objs;
	unsigned long active_slabs, num_slabs;	/* with an object in use; all */
	unsigned long shared_avail;		/* SLAB: objects in shared arrays */
	unsigned long cpu_slabs;		/* slabs that are CPUs' current ones */
	unsigned long slabs_cpu_partial, objects_cpu_partial;	/* in CPUs' lists; free objects */
	unsigned long partial, objects_partial;	/* in nodes' lists; objects in use there */
	/* The same by node: slabs, all objects, those in use; of slabs in the node's list. */
	u32 node_slabs[MAX_NUMNODES], node_objects[MAX_NUMNODES], node_active[MAX_NUMNODES];
	u32 node_partial[MAX_NUMNODES], node_objects_partial[MAX_NUMNODES];
	u32 node_cpu_slabs[MAX_NUMNODES];

	/* Since boot, over all CPUs, where the allocator counts them. */
	u64 free_remote, alloc_slab;
};

/* kmem_cache_info - about the i-th cache, latest first; false after the last. */
bool kmem_cache_info(unsigned int i, struct kmem_cache_info *info);
/* kmem_cache_name_at - only the name, of the i-th cache with one of these flags (0: any). */
bool kmem_cache_name_at(unsigned int i, slab_flags_t flags, char name[KMEM_CACHE_NAME_MAX]);
/* kmem_cache_info_by_name - also by the name of a cache that shares another's slabs. */
bool kmem_cache_info_by_name(const char *name, struct kmem_cache_info *info);

/*
 * kmem_cache_tune - change what can be changed. 0, -ENOENT for no such cache, -EINVAL for a
 * value it does not take or another allocator's attribute. Process context, no lock held.
 */
enum kmem_cache_attr {
	SLAB_ATTR_MIN_PARTIAL, SLAB_ATTR_CPU_PARTIAL, SLAB_ATTR_REMOTE_NODE_DEFRAG_RATIO,
	SLAB_ATTR_SHRINK,	/* value 1 */
	SLAB_ATTR_VALIDATE,	/* value 1: check all its slabs, report what is wrong */
	SLAB_ATTR_FAILSLAB,	/* 0, 1 */
	SLAB_ATTR_LIMIT, SLAB_ATTR_BATCHCOUNT, SLAB_ATTR_SHARED,	/* slab=slab */
};
int kmem_cache_tune(const char *name, enum kmem_cache_attr attr, unsigned long value);

/* validate_slab_cache - check every slab; how many objects and lists are damaged, each reported. */
unsigned long validate_slab_cache(struct kmem_cache *s);

/*
 * slab_tracks - who holds the objects of a cache with SLAB_STORE_USER, most first: calls
 * show() for each call site (alloc: of objects in use; else of the last frees). -ENOENT,
 * -EINVAL (it does not store users), or the number of sites.
 */
struct slab_track_sum {
	uintptr_t addr;			/* call site */
	unsigned long count;
	u64 min_age_ns, max_age_ns, sum_age_ns;
};
int slab_tracks(const char *name, bool alloc,
		void (*show)(void *arg, const struct slab_track_sum *sum), void *arg);

/* slab_allocator_name - "slub", "slab" or "slob". */
const char *slab_allocator_name(void);

/* slab_pages - pages in slabs, of a node (or all: NUMA_NO_NODE), reclaimable or not. */
unsigned long slab_pages(int nid, bool reclaimable);
/* kmalloc_large_pages - pages given out by kmalloc() as whole pages. */
unsigned long kmalloc_large_pages(void);
/* slab_drain - give back what CPUs keep for themselves, so that the figures above are exact. */
void slab_drain(void);

/*
 * kmem_obj_info - what lies at an address; false: neither a slab nor pages of kmalloc()'s.
 * kmem_obj_in_use - is the index-th object of the slab that addr lies in in use? What CPUs
 * keep for themselves is free. Of both: no CPU may be in the allocator.
 */
struct kmem_obj_info {
	char cache[KMEM_CACHE_NAME_MAX];	/* "": pages that kmalloc() gave out as a whole */
	const void *slab;		/* its first byte */
	unsigned long span;		/* its bytes */
	unsigned int objects;		/* 0: it has no fixed places (slab=slob) */
	unsigned int size, object_size;
	const void *object;		/* NULL: addr lies between objects */
	unsigned int index;		/* of that object in the slab */
	bool in_use;			/* is it? */
	int node, cpu;			/* cpu: whose current slab it is; -1: nobody's */
};
bool kmem_obj_info(const void *addr, struct kmem_obj_info *info);
bool kmem_obj_in_use(const void *addr, unsigned int index);

#endif
