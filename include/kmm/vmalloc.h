/* SPDX-License-Identifier: MIT */
/*
 * kmm/vmalloc.h - memory contiguous for the program, of pages from anywhere.
 *
 *	p = vmalloc(1 << 20);            a = vmap(pages, 16, VM_MAP, PAGE_KERNEL);
 *	vfree(p);                        vunmap(a);
 *
 * Addresses lie in [VMALLOC_START, VMALLOC_END), IA-32's too; behind each area is a *guard* page
 * that is never mapped: one byte too far stops the machine, and the oops names the area. A freed
 * area is unmapped at once, its addresses come back after a *purge*, which flushes all TLBs once
 * for many areas.
 *
 * Context, unless a function says otherwise: process context, no lock held; those that allocate
 * may sleep. Memory is GFP_KERNEL's and may lie in high memory; contents are undefined unless
 * zeroes were asked for. Ownership: an area is the caller's until it frees it. Errors: NULL, also
 * for a size of 0 or above all of RAM, and on machines whose page tables are not kmm's
 * (kmm_machine.paging): kvmalloc() then is kmalloc(). What Linux warns of is warned of in its
 * words. Names, flags: Linux 6.1 (map_vm_area: 4.x).
 */
#ifndef KMM_VMALLOC_H
#define KMM_VMALLOC_H

#include <kmm/gfp.h>
#include <kmm/page_addr.h>
#include <kmm/pgtable_types.h>
#include <kmm/slab.h>

#define VM_IOREMAP		0x00000001u
#define VM_ALLOC		0x00000002u	/* pages are the area's own */
#define VM_MAP			0x00000004u
#define VM_USERMAP		0x00000008u	/* may be mapped into a process: was zeroed */
#define VM_DMA_COHERENT		0x00000010u
#define VM_UNINITIALIZED	0x00000020u	/* pages[] is still being filled */
#define VM_NO_GUARD		0x00000040u
#define VM_FLUSH_RESET_PERMS	0x00000100u	/* protections are changed: reset when freed */
#define VM_MAP_PUT_PAGES	0x00000200u	/* vmap(): the pages go with vfree() */
#define VM_ALLOW_HUGE_VMAP	0x00000400u	/* large pages where size and alignment allow */

#define VM_FEW_PAGES	5

struct vm_struct {
	void *addr;
	size_t size;			/* bytes, guard page included */
	unsigned int flags;		/* VM_* */
	unsigned int page_order;	/* pages[] are parts of blocks of this order */
	struct page **pages;		/* nr_pages of them, or NULL; up to VM_FEW_PAGES: few */
	unsigned int nr_pages;
	phys_addr_t phys_addr;		/* of an ioremap() */
	const void *caller;		/* a code address */
	struct vm_struct *next;		/* waits to be freed: vfree_atomic() */
	struct page *few[VM_FEW_PAGES];
};

/*
 * vmalloc - size bytes, page aligned. vzalloc - zeroes. _node: preferring memory of a node.
 * vmalloc_user - zeroes, fit to be mapped into a process. vmalloc_32 - below 4 GiB.
 * vmalloc_huge - 2 MiB (4 MiB) pages where size and free memory allow, for what lives long;
 * "nohugevmalloc" forbids it. __vmalloc - other gfp flags: GFP_NOFS, GFP_NOIO and __GFP_NOFAIL
 * are supported,
 * without __GFP_DIRECT_RECLAIM it does not work. __vmalloc_node_range - everything said by the
 * caller: align a power of two, addresses in [start, end), protection, VM_* flags, the name in
 * /proc/vmallocinfo.
 */
void *vmalloc(unsigned long size) __must_check;
void *vzalloc(unsigned long size) __must_check;
void *vmalloc_user(unsigned long size) __must_check;
void *vmalloc_node(unsigned long size, int node) __must_check;
void *vzalloc_node(unsigned long size, int node) __must_check;
void *vmalloc_32(unsigned long size) __must_check;
void *vmalloc_32_user(unsigned long size) __must_check;
void *vmalloc_huge(unsigned long size, gfp_t gfp) __must_check;
void *__vmalloc(unsigned long size, gfp_t gfp) __must_check;
void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller) __must_check;
void *__vmalloc_node_range(unsigned long size, unsigned long align, uintptr_t start,
			   uintptr_t end, gfp_t gfp, pgprot_t prot, unsigned int vm_flags,
			   int node, const void *caller) __must_check;
void *__vmalloc_array(size_t n, size_t size, gfp_t gfp) __must_check;
#define vmalloc_array(n, size)	__vmalloc_array(n, size, GFP_KERNEL)
#define vcalloc(n, size)	__vmalloc_array(n, size, GFP_KERNEL | __GFP_ZERO)

/*
 * vfree - whatever vmalloc() and its kin returned, or vmap() with VM_MAP_PUT_PAGES; NULL is
 * ignored. A
 * pointer that is none of these is reported and ignored. vfree_atomic - the same from any context,
 * interrupts included: the area is noted, and freed by the next vmalloc(), vfree() or
 * vfree_deferred_work() in process context.
 */
void vfree(const void *addr);
void vfree_atomic(const void *addr);
void vfree_deferred_work(void);

/*
 * vmap - count pages seen as one. flags: VM_MAP, VM_MAP_PUT_PAGES (then the array, from
 * kvmalloc(), and one reference of each page are vfree()'s to free). vunmap - its end; the pages
 * stay.
 */
void *vmap(struct page **pages, unsigned int count, unsigned int flags, pgprot_t prot) __must_check;
void vunmap(const void *addr);

/*
 * vm_map_ram - as vmap() for maps that live a short time: up to BITS_PER_LONG pages are cut
 * from a block that the CPU keeps, with neither tree nor flush. No guard page.
 * vm_unmap_ram - with the same count. vm_unmap_aliases - no TLB has anything of what is
 * unmapped: purge all that is lazily freed.
 */
void *vm_map_ram(struct page **pages, unsigned int count, int node) __must_check;
void vm_unmap_ram(const void *addr, unsigned int count);
void vm_unmap_aliases(void);

/*
 * kvmalloc - kmalloc(), or where that does not give it easily and size is above a page, vmalloc().
 * gfp must be at least GFP_KERNEL for the latter. kvfree - either's end; NULL is ignored.
 * kvrealloc - a larger block with the contents of p, which is freed; p itself if newsize is not
 * above oldsize. kvfree_sensitive - len bytes are wiped first.
 */
void *kvmalloc_node(size_t size, gfp_t gfp, int node) __must_check;
void *kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp) __must_check;
void kvfree(const void *addr);
void kvfree_sensitive(const void *addr, size_t len);
#define kvmalloc(size, gfp)		kvmalloc_node(size, gfp, NUMA_NO_NODE)
#define kvzalloc(size, gfp)		kvmalloc_node(size, (gfp) | __GFP_ZERO, NUMA_NO_NODE)
#define kvzalloc_node(size, gfp, node)	kvmalloc_node(size, (gfp) | __GFP_ZERO, node)
static inline void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kvmalloc(bytes, gfp);
}
#define kvcalloc(n, size, gfp)		kvmalloc_array(n, size, (gfp) | __GFP_ZERO)

/*
 * is_vmalloc_addr - does it lie in vmalloc space (whether or not anything is there)?
 * is_vmalloc_or_module_addr - or where modules lie. vmalloc_to_page, vmalloc_to_pfn - what is
 * mapped there; NULL, 0: nothing. Any context; the area must stay meanwhile.
 */
bool is_vmalloc_addr(const void *addr);
bool is_vmalloc_or_module_addr(const void *addr);
struct page *vmalloc_to_page(const void *addr);
unsigned long vmalloc_to_pfn(const void *addr);

/*
 * get_vm_area - addresses for size bytes, nothing mapped. _caller: named in /proc/vmallocinfo.
 * __get_vm_area_caller: within [start, end). VM_IOREMAP aligns to the size (Linux: so that large
 * pages fit).
 * map_vm_area - map pages there, as many as the area is large: 0, -ENOMEM or -EBUSY, nothing
 * mapped then.
 * find_vm_area - the area that addr lies in; NULL: none. Any context.
 * remove_vm_area - unmap it, free its addresses, return it: the caller frees it with
 * free_vm_struct().
 * free_vm_area - both. get_vm_area_size - without guard.
 */
struct vm_struct *get_vm_area(unsigned long size, unsigned int flags) __must_check;
struct vm_struct *get_vm_area_caller(unsigned long size, unsigned int flags,
				     const void *caller) __must_check;
struct vm_struct *__get_vm_area_caller(unsigned long size, unsigned int flags, uintptr_t start,
				       uintptr_t end, const void *caller) __must_check;
int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page **pages) __must_check;
struct vm_struct *find_vm_area(const void *addr);
struct vm_struct *remove_vm_area(const void *addr);
void free_vm_struct(struct vm_struct *area);
void free_vm_area(struct vm_struct *area);

static inline size_t get_vm_area_size(const struct vm_struct *area)
{
	return area->flags & VM_NO_GUARD ? area->size : area->size - PAGE_SIZE;
}

/* set_vm_flush_reset_perms - this area's protections will be changed. vmalloc_nr_pages - in use by
 * vmalloc(): VmallocUsed. */
void set_vm_flush_reset_perms(void *addr);
unsigned long vmalloc_nr_pages(void);

/*
 * vmalloc_for_each - fn for each busy area in order of addresses, then (vm NULL, unpurged) for each
 * that is lazily freed: for /proc/vmallocinfo. Called with a lock held: fn must not allocate.
 */
struct vmalloc_info {
	uintptr_t start, end;
	const struct vm_struct *vm;	/* NULL: of vm_map_ram(), or unpurged */
	bool unpurged;
};
void vmalloc_for_each(void (*fn)(void *arg, const struct vmalloc_info *info), void *arg);

#endif
