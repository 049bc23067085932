/* SPDX-License-Identifier: MIT */
/*
 * kmm/fault_inject.h - make allocations fail on purpose, as Linux's fail_page_alloc and failslab.
 *
 * Boot parameters fail_page_alloc=<interval>,<probability>,<space>,<times> and failslab= (the
 * same); the fields are Linux's debugfs files under /sys/kernel/debug/fail_page_alloc and failslab.
 */
#ifndef KMM_FAULT_INJECT_H
#define KMM_FAULT_INJECT_H

#include <kmm/types.h>

struct fault_attr {
	u64 probability;	/* per cent */
	u64 interval;		/* at most every interval-th attempt */
	s64 times;		/* how often at most; -1: no limit */
	u64 space;		/* bytes that must be allocated before the first failure */
	u64 count;		/* attempts so far */
};

struct fail_page_alloc {
	struct fault_attr attr;
	bool ignore_gfp_highmem;	/* spare allocations that may use high memory */
	bool ignore_gfp_reclaim;	/* spare allocations that may sleep */
	u32 min_order;			/* spare smaller orders */
};

extern struct fail_page_alloc fail_page_alloc;

/* Objects: kmem_cache_alloc(), kmalloc(). Those that must not fail are spared. */
struct failslab {
	struct fault_attr attr;
	bool ignore_gfp_reclaim;	/* spare allocations that may sleep */
	bool cache_filter;		/* only caches with SLAB_FAILSLAB */
};

extern struct failslab failslab;

/* setup_fault_attr - parse "interval,probability,space,times"; 0 or -EINVAL. */
int setup_fault_attr(struct fault_attr *attr, const char *str) __must_check;
/* should_fail - does this attempt, of size bytes, fail? Any context. */
bool should_fail(struct fault_attr *attr, size_t size);
/* fail_page_alloc_changed - to be called after writing to fail_page_alloc. */
void fail_page_alloc_changed(void);
/* failslab_changed - after writing to failslab. No CPU may be in the slab allocator. */
void failslab_changed(void);

#endif
