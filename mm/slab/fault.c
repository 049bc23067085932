// SPDX-License-Identifier: MIT
/*
 * fault.c - failslab: objects that cannot be had, on purpose. How often is the business of
 * should_fail() (mm/page/fault.c); here is which allocations qualify.
 *
 * While it is on all caches leave the fast paths (SLAB_HOOK_FAULT). The boot is spared: it
 * could not go on.
 */
#include <kmm/fault_inject.h>

#include "internal.h"

__kmm_state struct failslab failslab = {
	.attr = { .interval = 1, .times = 1 },
	.ignore_gfp_reclaim = true,
};

void failslab_changed(void)
{
	slab_hook_set(SLAB_HOOK_FAULT, failslab.attr.probability != 0);
}

/* s NULL: kmalloc() of whole pages, which are no cache's. */
bool should_failslab(const struct kmem_cache *s, gfp_t gfp)
{
	if (slab_state != UP || s == kmem_cache || gfp & __GFP_NOFAIL)
		return false;
	if (failslab.ignore_gfp_reclaim && gfp & __GFP_DIRECT_RECLAIM)
		return false;
	if (failslab.cache_filter && !(s && s->flags & SLAB_FAILSLAB))
		return false;
	return should_fail(&failslab.attr, s ? s->object_size : PAGE_SIZE);
}
