// SPDX-License-Identifier: MIT
/*
 * kvmalloc.c - memory that need not be physically contiguous, but is if that is easily had.
 *
 *	up to a page     kmalloc(), and no more
 *	above            kmalloc() without much effort; then vmalloc(), with large pages if they fit
 *
 * Objects are in the direct map and vmalloc's areas are not, so kvfree() knows by the address.
 */
#include "lib/string.h"
#include "mm/kernel/vmap_area.h"

static void *alloc_or_map(size_t size, gfp_t gfp, int node, const void *caller)
{
	gfp_t first = gfp;
	void *p;

	if (size > PAGE_SIZE) {
		first |= __GFP_NOWARN;
		if (!(first & __GFP_RETRY_MAYFAIL))
			first |= __GFP_NORETRY;
		first &= ~__GFP_NOFAIL;
	}
	p = kmalloc_node(size, first, node);
	if (p || size <= PAGE_SIZE)
		return p;
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return NULL;
	if (size > INT32_MAX) {
		if (!(gfp & __GFP_NOWARN))
			pr_warn("kvmalloc: %zu bytes are more than anybody may ask for", size);
		return NULL;
	}
	return __vmalloc_node_range(size, 1, VMALLOC_START, VMALLOC_END, gfp, PAGE_KERNEL,
				    VM_ALLOW_HUGE_VMAP, node, caller);
}

void *kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	return alloc_or_map(size, gfp, node, __builtin_return_address(0));
}

void kvfree(const void *addr)
{
	if (is_vmalloc_addr(addr))
		vfree(addr);
	else
		kfree(addr);
}

void kvfree_sensitive(const void *addr, size_t len)
{
	if (ZERO_OR_NULL_PTR(addr))
		return;
	memset((void *)addr, 0, len);
	__asm__ volatile("" : : "r"(addr) : "memory");
	kvfree(addr);
}

void *kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp)
{
	void *new;

	if (oldsize >= newsize)
		return (void *)p;
	new = alloc_or_map(newsize, gfp, NUMA_NO_NODE, __builtin_return_address(0));
	if (!new)
		return NULL;
	memcpy(new, p, oldsize);
	kvfree(p);
	return new;
}
