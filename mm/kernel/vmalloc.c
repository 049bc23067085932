// SPDX-License-Identifier: MIT
/*
 * vmalloc.c - areas of addresses with pages in them.
 *
 *	vmalloc(12288)
 *	   addr                                               addr + size
 *	    |  page 0  |  page 1  |  page 2  |  guard page  |
 *	        |          |          |            never mapped
 *	     pages[0]   pages[1]   pages[2]        from anywhere, high memory first
 *
 * The order of an allocation: addresses (vmap_area.c), then room for pages[] - up to VM_FEW_PAGES
 * in the vm_struct itself, up to a page's worth from kmalloc(), more from vmalloc() - then
 * the pages, in bulk, then the tables (pgtable.c). What fails undoes all before it, in
 * free_partly(); a large-page attempt that fails is made again with small ones.
 *
 * An area is in the busy tree, and in /proc/vmallocinfo, before its pages are there. Until they
 * are it is VM_UNINITIALIZED; that flag is cleared with release, and who looks at pages[] from
 * outside reads the flags with acquire first. Everything else in a vm_struct is written before
 * the area is published, or under busy_lock (the letters are vmap_area.h's).
 *
 * vfree() takes the area out of the busy tree, clears its entries, leaves the addresses to
 * vmap_purge.c and frees the pages. In contexts where TLBs may not be flushed vfree_atomic()
 * only notes the area, in a list (B) that the next call of the room works off.
 *
 * Source of the idea: Linux; its rules for large pages are vmalloc_huge()'s of 5.18.
 */
#include <kmm/errno.h>
#include <kmm/numa.h>
#include <kmm/param.h>
#include <kmm/set_memory.h>
#include <kmm/tlbflush.h>

#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/kernel/vmap_area.h"
#include "mm/page/internal.h"

static __kmm_state struct kmem_cache *vm_cache;
static __kmm_state unsigned long nr_vmalloc_pages;	/* atomic */
static __kmm_state struct vm_struct *deferred;		/* B: to be freed */
static __kmm_state bool no_huge_vmalloc;

/* --- vm_structs --- */

struct vm_struct *new_vm_struct(size_t size, unsigned int flags, int node, gfp_t gfp,
				const void *caller)
{
	struct vm_struct *vm = kmem_cache_alloc_node(vm_cache, gfp & ~(GFP_ZONEMASK | __GFP_ZERO |
						     __GFP_COMP | __GFP_RECLAIMABLE), node);

	if (unlikely(!vm))
		return NULL;
	vm->addr = NULL;
	vm->size = size;
	vm->flags = flags;
	vm->page_order = 0;
	vm->pages = NULL;
	vm->nr_pages = 0;
	vm->phys_addr = 0;
	vm->caller = caller;
	return vm;
}

void free_vm_struct(struct vm_struct *area)
{
	kmem_cache_free(vm_cache, area);
}

struct area_request {
	size_t size, align;		/* bytes */
	phys_addr_t phys;
	uintptr_t start, end;
	gfp_t gfp;
	pgprot_t prot;
	unsigned int flags, shift;	/* VM_*; of the pages */
	int node;
	const void *caller;
};

/* Linux lets an ioremap() area be aligned for large pages. */
static size_t ioremap_align(size_t size)
{
	u64 largest = level_size(kernel_pgtable.fmt, kernel_pgtable.fmt->max_leaf);

	return (size_t)min(roundup_pow_of_two(max(size, (size_t)PAGE_SIZE)), largest);
}

/* Addresses, nothing mapped. */
static __always_inline struct vm_struct *get_area(const struct area_request *rq)
{
	size_t size = ALIGN(rq->size, (size_t)1 << rq->shift), align = rq->align;
	struct vmap_use use;

	if (unlikely(size < rq->size || !size || kernel_paging == PAGING_NONE))
		return NULL;
	if (rq->flags & VM_IOREMAP)
		align = ioremap_align(size);
	if (!(rq->flags & VM_NO_GUARD))
		size += PAGE_SIZE;
	if (unlikely(size < rq->size))
		return NULL;
	use.vm = new_vm_struct(size, rq->flags, rq->node, rq->gfp, rq->caller);
	if (unlikely(!use.vm))
		return NULL;
	use.vm->phys_addr = rq->phys;
	if (unlikely(!alloc_vmap_area(size, align, rq->start, rq->end, rq->node, rq->gfp, &use))) {
		free_vm_struct(use.vm);
		return NULL;
	}
	return use.vm;
}

struct vm_struct *__get_vm_area_caller(unsigned long size, unsigned int flags, uintptr_t start,
				       uintptr_t end, const void *caller)
{
	struct area_request rq = {
		.size = size, .align = PAGE_SIZE, .start = start, .end = end, .gfp = GFP_KERNEL,
		.flags = flags, .shift = PAGE_SHIFT, .node = NUMA_NO_NODE, .caller = caller,
	};

	return get_area(&rq);
}

struct vm_struct *get_vm_area_caller(unsigned long size, unsigned int flags, const void *caller)
{
	return __get_vm_area_caller(size, flags, VMALLOC_START, VMALLOC_END, caller);
}

struct vm_struct *get_ioremap_area(size_t size, phys_addr_t phys, const void *caller)
{
	struct area_request rq = {
		.size = size, .align = PAGE_SIZE, .phys = phys, .start = VMALLOC_START,
		.end = VMALLOC_END, .gfp = GFP_KERNEL, .flags = VM_IOREMAP, .shift = PAGE_SHIFT,
		.node = NUMA_NO_NODE, .caller = caller,
	};

	return get_area(&rq);
}

struct vm_struct *get_vm_area(unsigned long size, unsigned int flags)
{
	return get_vm_area_caller(size, flags, __builtin_return_address(0));
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vm_struct *vm = NULL;
	struct vmap_area *va;
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = find_vmap_area((uintptr_t)addr);
	if (va && !va->flags)
		vm = va->vm;
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return vm;
}

static __always_inline struct vm_struct *remove_area(uintptr_t addr)
{
	struct vmap_area *va = take_busy_area(addr);
	struct vm_struct *vm;

	if (unlikely(!va))
		return NULL;
	vm = va->vm;
	vunmap_range_noflush(va->va_start, va->va_end - va->guard);
	free_vmap_area_lazy(va, vm->caller);
	return vm;
}

struct vm_struct *remove_vm_area(const void *addr)
{
	return remove_area((uintptr_t)addr);
}

void free_vm_area(struct vm_struct *area)
{
	KMM_BUG_ON(remove_vm_area(area->addr) != area);
	free_vm_struct(area);
}

int map_vm_area(struct vm_struct *area, pgprot_t prot, struct page **pages)
{
	uintptr_t start = (uintptr_t)area->addr;

	return vmap_pages_range_noflush(start, start + get_vm_area_size(area), prot, pages,
					PAGE_SHIFT);
}

/* --- vfree --- */

static void __cold complain(const char *what, const void *addr)
{
	pr_err("%s (%016llx)", what, (unsigned long long)kernel_address((uintptr_t)addr));
	kmm_dump_stack();
}

static void free_pages_array(struct vm_struct *vm)
{
	if (vm->pages && vm->pages != vm->few)
		kvfree(vm->pages);
}

static inline void free_area_pages(struct vm_struct *vm)
{
	if (vm->nr_pages == 1)
		__free_page(*vm->pages);
	else
		release_pages(vm->pages, vm->nr_pages);
	if (vm->flags & VM_ALLOC)
		__atomic_sub_fetch(&nr_vmalloc_pages, vm->nr_pages, __ATOMIC_RELAXED);
}

/* Each page that has an address in the direct map: without one, or as it is for free memory. */
static void __cold set_direct_map(const struct vm_struct *vm, int (*set)(struct page *page))
{
	unsigned int i;

	for (i = 0; i < vm->nr_pages; i++)
		if (page_address(vm->pages[i]) && set(vm->pages[i]))
			pr_warn("vmalloc: protection of page %lx in the direct map not reset",
				page_to_pfn(vm->pages[i]));
}

/*
 * Pages whose protection was changed through this area, and so in the direct map too: first no CPU
 * may use either mapping, then the direct map's is what it is for free memory.
 */
static void __cold reset_direct_map(const struct vm_struct *vm)
{
	set_direct_map(vm, set_direct_map_invalid_noflush);
	vm_unmap_aliases();
	flush_tlb_all();
	set_direct_map(vm, set_direct_map_default_noflush);
}

static __always_inline void vunmap_area(const void *addr, bool free_its_pages)
{
	struct vm_struct *vm;

	if (unlikely((uintptr_t)addr & ~PAGE_MASK)) {
		complain("Trying to vfree() bad address", addr);
		return;
	}
	vm = remove_area((uintptr_t)addr);
	if (unlikely(!vm)) {
		complain("Trying to vfree() nonexistent vm area", addr);
		return;
	}
	if (unlikely(vm->flags & VM_FLUSH_RESET_PERMS)) {
		if (free_its_pages)
			reset_direct_map(vm);
		else
			vm_unmap_aliases();
	}
	if (free_its_pages) {
		free_area_pages(vm);
		free_pages_array(vm);
	}
	free_vm_struct(vm);
}

void vfree_deferred_work(void)
{
	struct vm_struct *list, *next;
	unsigned long flags;

	if (!READ_ONCE(deferred))
		return;
	spin_lock_irqsave(&vmap_busy_lock, flags);
	list = deferred;
	WRITE_ONCE(deferred, NULL);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	for (; list; list = next) {
		next = list->next;
		vunmap_area(list->addr, true);
	}
}

void vfree_atomic(const void *addr)
{
	struct vmap_area *va;
	unsigned long flags;
	bool noted = false;

	if (!addr)
		return;
	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = find_vmap_area((uintptr_t)addr);
	if (va && !va->flags && va->va_start == (uintptr_t)addr &&
	    !(va->vm->flags & VM_DEFERRED)) {
		WRITE_ONCE(va->vm->flags, va->vm->flags | VM_DEFERRED);
		va->vm->next = deferred;
		WRITE_ONCE(deferred, va->vm);
		noted = true;
	}
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	if (!noted)
		complain("Trying to vfree() nonexistent vm area", addr);
}

void vfree(const void *addr)
{
	if (unlikely(READ_ONCE(deferred)))
		vfree_deferred_work();
	if (addr)
		vunmap_area(addr, true);
}

void vunmap(const void *addr)
{
	vfree_deferred_work();
	if (addr)
		vunmap_area(addr, false);
}

/* --- vmap --- */

void *vmap(struct page **pages, unsigned int count, unsigned int flags, pgprot_t prot)
{
	size_t size = (size_t)count << PAGE_SHIFT;
	struct vm_struct *area;

	if (flags & (VM_FLUSH_RESET_PERMS | VM_NO_GUARD)) {
		pr_warn("vmap: VM_FLUSH_RESET_PERMS and VM_NO_GUARD are not for vmap()");
		if (flags & VM_FLUSH_RESET_PERMS)
			return NULL;
		flags &= ~VM_NO_GUARD;
	}
	if (count > totalram_pages || count > (VMALLOC_END - VMALLOC_START) >> PAGE_SHIFT)
		return NULL;
	vfree_deferred_work();
	area = get_vm_area_caller(size, flags, __builtin_return_address(0));
	if (!area)
		return NULL;
	if (map_vm_area(area, __pgprot(pgprot_val(prot) | _PAGE_NX), pages)) {
		free_vm_area(area);
		return NULL;
	}
	if (flags & VM_MAP_PUT_PAGES) {
		WRITE_ONCE(area->pages, pages);
		WRITE_ONCE(area->nr_pages, count);
	}
	return area->addr;
}

/* --- vmalloc --- */

/* The metadata of an allocation is allocated with as much effort. */
#define EFFORT	(__GFP_RECLAIM | __GFP_HIGH | __GFP_ATOMIC | __GFP_IO | __GFP_FS | __GFP_NOWARN | \
		 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | \
		 __GFP_NOMEMALLOC)

static __always_inline struct page **alloc_pages_array(struct vm_struct *vm, unsigned long nr,
						       const struct area_request *rq)
{
	gfp_t gfp = rq->gfp & EFFORT;
	size_t size = nr * sizeof(struct page *);

	if (nr <= VM_FEW_PAGES)
		return vm->few;
	if (size > PAGE_SIZE)
		return __vmalloc_node(size, 1, gfp, rq->node, rq->caller);
	return kmalloc_node(size, gfp, rq->node);
}

/* Pages of 1 << order are a wish: the caller takes small ones before it waits for ever. */
static __noinline unsigned long fill_with_large_pages(struct page **pages, unsigned long nr,
						      gfp_t gfp, unsigned int order, int node)
{
	unsigned long got, i;
	struct page *page;

	for (got = 0; got < nr; got += 1ul << order) {
		page = alloc_pages_node(node, gfp & ~__GFP_NOFAIL, order);
		if (!page)
			break;
		split_page(page, order);
		for (i = 0; i < 1ul << order; i++)
			pages[got + i] = page + i;
	}
	return got;
}

/* nr pages into pages[], in blocks of 1 << order if that is not 0. How many there are then. */
static __always_inline unsigned long fill_pages_array(struct page **pages, unsigned long nr,
						      gfp_t gfp, unsigned int order, int node)
{
	if (unlikely(order))
		return fill_with_large_pages(pages, nr, gfp, order, node);
	if (nr > 1)
		return alloc_pages_new_array(gfp, node, nr, pages);
	*pages = alloc_pages_node(node, gfp, 0);
	return *pages != NULL;
}

/* Everything an area that never came to life has. */
static void __cold free_partly(struct vm_struct *area)
{
	KMM_BUG_ON(remove_vm_area(area->addr) != area);
	if (area->nr_pages)
		free_area_pages(area);
	free_pages_array(area);
	free_vm_struct(area);
}

static gfp_t pages_gfp(gfp_t gfp)
{
	return gfp & (__GFP_DMA | __GFP_DMA32) ? gfp : gfp | __GFP_HIGHMEM;
}

/* Pages for an area, and the tables: 0 or -ENOMEM, reported; the area is left as far as it got. */
static __always_inline int fill_area(struct vm_struct *area, const struct area_request *rq)
{
	unsigned long size = get_vm_area_size(area), nr = size >> PAGE_SHIFT, got;
	unsigned int order = rq->shift - PAGE_SHIFT;
	struct page **pages = alloc_pages_array(area, nr, rq);
	uintptr_t start = (uintptr_t)area->addr;

	if (unlikely(!pages)) {
		warn_alloc(rq->gfp, NULL, "vmalloc error: size %lu, failed to allocated page array "
			   "size %lu", size, (unsigned long)(nr * sizeof(struct page *)));
		return -ENOMEM;
	}
	WRITE_ONCE(area->pages, pages);
	WRITE_ONCE(area->page_order, order);
	got = fill_pages_array(pages, nr, pages_gfp(rq->gfp) | __GFP_NOWARN, order, rq->node);
	WRITE_ONCE(area->nr_pages, (unsigned int)got);
	vmalloc_account((unsigned int)got);
	if (unlikely(got != nr)) {
		warn_alloc(rq->gfp, NULL,
			   "vmalloc error: size %lu, page order %u, failed to allocate pages",
			   got << PAGE_SHIFT, order);
		return -ENOMEM;
	}
	if (unlikely(vmap_pages_range_noflush(start, start + size, rq->prot, pages, rq->shift))) {
		warn_alloc(rq->gfp, NULL, "vmalloc error: size %lu, failed to map pages", size);
		return -ENOMEM;
	}
	return 0;
}

static void __cold report_no_area(size_t size, gfp_t gfp)
{
	if (kernel_paging != PAGING_NONE)
		warn_alloc(gfp, NULL, "vmalloc error: size %lu, vm_struct allocation failed%s",
			   (unsigned long)size, gfp & __GFP_NOFAIL ? ". Retrying." : "");
}

/* One attempt with pages of 1 << rq->shift bytes. */
static __always_inline void *try_vmalloc(const struct area_request *rq)
{
	struct vm_struct *area = get_area(rq);

	if (unlikely(!area)) {
		report_no_area(rq->size, rq->gfp);
		return NULL;
	}
	if (unlikely(fill_area(area, rq))) {
		free_partly(area);
		return NULL;
	}
	__atomic_store_n(&area->flags, area->flags & ~VM_UNINITIALIZED, __ATOMIC_RELEASE);
	return area->addr;
}

/* Large pages, if each node the memory may come from is to give one at least. */
static unsigned int huge_shift(size_t size, int node)
{
	unsigned int shift = kernel_pgtable.fmt->shift[PG_LEVEL_2M];

	if (no_huge_vmalloc || kernel_max_page_shift() < shift ||
	    shift - PAGE_SHIFT >= MAX_ORDER)
		return PAGE_SHIFT;
	if (node == NUMA_NO_NODE)
		size /= num_online_nodes();
	return size >= (size_t)1 << shift ? shift : PAGE_SHIFT;
}

static __noinline void *attempt(const struct area_request *rq)
{
	return try_vmalloc(rq);
}

/* Large pages first, if they are allowed and the size is worth it. */
static void *try_huge(struct area_request *rq)
{
	size_t align = rq->align;
	void *addr = NULL;

	rq->shift = huge_shift(rq->size, rq->node);
	if (rq->shift > PAGE_SHIFT) {
		rq->align = max(align, (size_t)1 << rq->shift);
		addr = attempt(rq);
		rq->align = align;
		rq->shift = PAGE_SHIFT;
	}
	return addr ? addr : attempt(rq);
}

static void *vmalloc_request(struct area_request *rq)
{
	void *addr;

	if (!rq->size || kernel_paging == PAGING_NONE)
		return NULL;
	vfree_deferred_work();
	if (rq->size >> PAGE_SHIFT > totalram_pages) {
		warn_alloc(rq->gfp, NULL, "vmalloc error: size %lu, exceeds total pages",
			   (unsigned long)rq->size);
		return NULL;
	}
	for (;;) {
		addr = rq->flags & VM_ALLOW_HUGE_VMAP ? try_huge(rq) : attempt(rq);
		if (addr || !(rq->gfp & __GFP_NOFAIL))
			return addr;
		kmm_cpu_poll();
	}
}

void *__vmalloc_node_range(unsigned long size, unsigned long align, uintptr_t start,
			   uintptr_t end, gfp_t gfp, pgprot_t prot, unsigned int vm_flags,
			   int node, const void *caller)
{
	struct area_request rq = {
		.size = size, .align = max(align, PAGE_SIZE), .start = start, .end = end,
		.gfp = gfp, .prot = prot, .flags = vm_flags | VM_ALLOC | VM_UNINITIALIZED,
		.shift = PAGE_SHIFT, .node = node, .caller = caller,
	};

	return vmalloc_request(&rq);
}

/*
 * The most frequent arguments: anywhere in the space, normal protection. What then cannot be had
 * easily: large pages, what must not fail, what may not be, goes the general way.
 */
static __noinline void *plain_vmalloc(size_t size, gfp_t gfp, unsigned int flags, int node,
				      const void *caller)
{
	const struct area_request rq = {
		.size = size, .align = PAGE_SIZE, .start = VMALLOC_START, .end = VMALLOC_END,
		.gfp = gfp, .prot = PAGE_KERNEL, .flags = flags | VM_ALLOC | VM_UNINITIALIZED,
		.shift = PAGE_SHIFT, .node = node, .caller = caller,
	};

	if (unlikely(size - 1 >= totalram_pages << PAGE_SHIFT || READ_ONCE(deferred) ||
		     (flags & VM_ALLOW_HUGE_VMAP) | (gfp & __GFP_NOFAIL)))
		return __vmalloc_node_range(size, PAGE_SIZE, VMALLOC_START, VMALLOC_END, gfp,
					    PAGE_KERNEL, flags, node, caller);
	return try_vmalloc(&rq);
}

void *__vmalloc_node(unsigned long size, unsigned long align, gfp_t gfp, int node,
		     const void *caller)
{
	return __vmalloc_node_range(size, align, VMALLOC_START, VMALLOC_END, gfp, PAGE_KERNEL, 0,
				    node, caller);
}

#define CALLER __builtin_return_address(0)

void *__vmalloc(unsigned long size, gfp_t gfp)
{
	return plain_vmalloc(size, gfp, 0, NUMA_NO_NODE, CALLER);
}

void *vmalloc(unsigned long size)
{
	return plain_vmalloc(size, GFP_KERNEL, 0, NUMA_NO_NODE, CALLER);
}

void *vzalloc(unsigned long size)
{
	return plain_vmalloc(size, GFP_KERNEL | __GFP_ZERO, 0, NUMA_NO_NODE, CALLER);
}

void *vmalloc_node(unsigned long size, int node)
{
	return plain_vmalloc(size, GFP_KERNEL, 0, node, CALLER);
}

void *vzalloc_node(unsigned long size, int node)
{
	return plain_vmalloc(size, GFP_KERNEL | __GFP_ZERO, 0, node, CALLER);
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return plain_vmalloc(size, gfp, VM_ALLOW_HUGE_VMAP, NUMA_NO_NODE, CALLER);
}

void *vmalloc_user(unsigned long size)
{
	return plain_vmalloc(size, GFP_KERNEL | __GFP_ZERO, VM_USERMAP, NUMA_NO_NODE, CALLER);
}

void *vmalloc_32(unsigned long size)
{
	return plain_vmalloc(size, GFP_KERNEL | GFP_DMA32, 0, NUMA_NO_NODE, CALLER);
}

void *vmalloc_32_user(unsigned long size)
{
	return plain_vmalloc(size, GFP_KERNEL | GFP_DMA32 | __GFP_ZERO, VM_USERMAP, NUMA_NO_NODE,
			     CALLER);
}

void *__vmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return plain_vmalloc(bytes, gfp, 0, NUMA_NO_NODE, CALLER);
}

/* --- looking --- */

bool is_vmalloc_addr(const void *addr)
{
	return (uintptr_t)addr >= VMALLOC_START && (uintptr_t)addr < VMALLOC_END;
}

bool is_vmalloc_or_module_addr(const void *addr)
{
	return is_vmalloc_addr(addr) ||
	       ((uintptr_t)addr >= MODULES_VADDR && (uintptr_t)addr < MODULES_END);
}

unsigned long vmalloc_to_pfn(const void *addr)
{
	const struct pgtable_format *f = kernel_pgtable.fmt;
	enum pg_level level;
	pte_t e;

	if (!is_vmalloc_or_module_addr(addr))
		return 0;
	e = ptep_get(f, lookup_address((uintptr_t)addr, &level));
	if (!pte_present(e))
		return 0;
	return PFN_DOWN(pte_phys(f, e, level) |
			(kernel_address((uintptr_t)addr) & (level_size(f, level) - 1)));
}

struct page *vmalloc_to_page(const void *addr)
{
	unsigned long pfn = vmalloc_to_pfn(addr);

	return pfn && pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

void vmalloc_account(unsigned int nr)
{
	__atomic_add_fetch(&nr_vmalloc_pages, nr, __ATOMIC_RELAXED);
}

unsigned long vmalloc_nr_pages(void)
{
	return READ_ONCE(nr_vmalloc_pages);
}

void set_vm_flush_reset_perms(void *addr)
{
	struct vmap_area *va;
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = find_vmap_area((uintptr_t)addr);
	if (va && !va->flags)
		WRITE_ONCE(va->vm->flags, va->vm->flags | VM_FLUSH_RESET_PERMS);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
}

/* --- boot --- */

static int setup_nohugevmalloc(char *val)
{
	(void)val;
	no_huge_vmalloc = true;
	return 0;
}

const struct kernel_param vmalloc_params[] = {
	{ "nohugevmalloc", setup_nohugevmalloc },
	{ NULL, NULL }
};

int vmalloc_init(void)
{
	if (kernel_paging == PAGING_NONE)
		return 0;
	vm_cache = KMEM_CACHE(vm_struct, 0);
	if (!vm_cache)
		return -ENOMEM;
	return vmap_areas_init();
}
