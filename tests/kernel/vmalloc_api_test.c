// SPDX-License-Identifier: MIT
/*
 * vmalloc_api_test.c - every function of <kmm/vmalloc.h> and <kmm/io.h> does what its header says:
 * contents, pages, nodes, zones, large pages, aliases, refusals; and all is given back.
 */
#include "vmalloc_machine.h"

static bool filled(const u8 *p, u8 byte, size_t n)
{
	return !n || (p[0] == byte && !memcmp(p, p + 1, n - 1));
}

static enum pg_level level_of(const void *p)
{
	enum pg_level level;
	ptep_t e = lookup_address((uintptr_t)p, &level);

	return pte_present(ptep_get(kernel_pgtable.fmt, e)) ? level : PG_LEVEL_NONE;
}

static u64 bits_of(const void *p)
{
	enum pg_level level;
	ptep_t e = lookup_address((uintptr_t)p, &level);

	return pgprot_val(pte_pgprot(kernel_pgtable.fmt, ptep_get(kernel_pgtable.fmt, e), level));
}

/* --- sizes --- */

static void try_size(size_t size)
{
	size_t pages = DIV_ROUND_UP(size, PAGE_SIZE), i, wrong = 0;
	u8 *p = vmalloc(size), *z = vzalloc(size);
	struct vm_struct *vm = find_vm_area(p);

	if (!ok(p && z && vm, "vmalloc(%zu)", size))
		return;
	wrong += !is_vmalloc_addr(p) || !is_vmalloc_addr(p + size - 1) || (uintptr_t)p % PAGE_SIZE;
	wrong += vm->nr_pages != pages || vm->size != (pages + 1) * PAGE_SIZE;
	for (i = 0; i < pages; i++)
		wrong += vmalloc_to_page(p + i * PAGE_SIZE + 5) != vm->pages[i];
	wrong += level_of(p + pages * PAGE_SIZE) == PG_LEVEL_4K &&
		 vmalloc_to_page(p + pages * PAGE_SIZE) != NULL;
	wrong += vmalloc_to_pfn(p + pages * PAGE_SIZE) != 0;
	wrong += !filled(z, 0, size);
	memset(p, 0x5a, pages * PAGE_SIZE);
	memset(z, 0xa5, size);
	wrong += !filled(p, 0x5a, pages * PAGE_SIZE);
	for (i = 0; i < pages; i++)
		wrong += !page_is_filled(vm->pages[i], 0x5a);
	is_int(wrong, 0, "%zu bytes: addresses, pages, contents, no page behind", size);
	vfree(p);
	vfree(z);
}

static void test_sizes(void)
{
	static const size_t sizes[] = { 1, 100, 4095, 4096, 4097, 5 * 4096, 6 * 4096, 65536,
					(1 << 20) + 1, 5 << 20 };
	struct vmalloc_state then;
	unsigned int i;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	vfree(vmalloc(8 << 20));	/* tables for what follows */
	then = vmalloc_state();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		try_size(sizes[i]);
	nothing_left(&then, 40, "sizes");
}

static void test_refused(void)
{
	struct vmalloc_state then;
	u8 *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	then = vmalloc_state();
	ok(!vmalloc(0) && !vzalloc(0) && !__vmalloc(0, GFP_KERNEL), "no area of 0 bytes");
	ok(!vmalloc((size_t)64 << 20), "nor of more than all RAM");
	ok(log_says("vmalloc error: size 67108864, exceeds total pages, mode:0xcc0(GFP_KERNEL)"),
	   "and it says so");
	ok(!vmalloc(~0ul) && !vmalloc(~0ul - 4096), "nor of all addresses");
	ok(!__vmalloc_array(~0ul / 2, 3, GFP_KERNEL), "nor of more than a size_t");
	vfree(NULL);
	vfree_atomic(NULL);
	vunmap(NULL);
	p = vmalloc(3 * PAGE_SIZE);
	vfree(p + 8);
	ok(log_says("Trying to vfree() bad address"), "vfree() of no page's address is reported");
	vfree(p + PAGE_SIZE);
	ok(log_says("Trying to vfree() nonexistent vm area"), "vfree() inside an area is reported");
	memset(p, 1, 3 * PAGE_SIZE);
	vfree(p);
	vfree(p);
	vfree_atomic(p);
	vfree(page_address(alloc_page(GFP_KERNEL)));
	pass("vfree() twice, or of something else, is reported and ignored");
	nothing_left(&then, 40, "refused");
}

/* --- where pages come from --- */

static void test_nodes(void)
{
	unsigned int node, i, wrong = 0;

	if (!VMALLOC_MACHINE_ON(.mem = 128 * MIB, .nodes = 2, .cpus = 2))
		return;
	for (node = 0; node < 2; node++) {
		void *p = vmalloc_node(100 * PAGE_SIZE, (int)node);
		void *z = vzalloc_node(100 * PAGE_SIZE, (int)node);

		for (i = 0; i < 100; i++) {
			wrong += (unsigned int)page_to_nid(find_vm_area(p)->pages[i]) != node;
			wrong += (unsigned int)page_to_nid(find_vm_area(z)->pages[i]) != node;
		}
		vfree(p);
		vfree(z);
	}
	is_int(wrong, 0, "vmalloc_node(): pages of that node");
}

static void test_zones(void)
{
	unsigned int i, high = 0, wrong = 0;
	struct vm_struct *vm;
	void *p;

	if (!VMALLOC_MACHINE_ON(.mem = 256 * MIB, .direct_map_max = 64 * MIB))
		return;
	p = vmalloc(4 << 20);
	vm = find_vm_area(p);
	for (i = 0; p && i < vm->nr_pages; i++)
		high += !page_address(vm->pages[i]);
	is_int(high, 1024, "vmalloc() takes high memory first");
	memset(p, 0x77, 4 << 20);
	ok(filled(p, 0x77, 4 << 20), "and it is there");
	vfree(p);
	p = vmalloc_32(1 << 20);
	vm = find_vm_area(p);
	for (i = 0; p && i < vm->nr_pages; i++)
		wrong += !page_address(vm->pages[i]) ||
			 page_to_phys(vm->pages[i]) >> 32;
	vfree(p);
	p = vmalloc_32_user(1 << 20);
	vm = find_vm_area(p);
	for (i = 0; p && i < vm->nr_pages; i++)
		wrong += page_to_phys(vm->pages[i]) >> 32 != 0;
	ok(p && vm->flags & VM_USERMAP && filled(p, 0, 1 << 20), "vmalloc_32_user(): zeroes");
	vfree(p);
	is_int(wrong, 0, "vmalloc_32(): below 4 GiB");
	p = vmalloc_user(5 * PAGE_SIZE + 1);
	ok(p && find_vm_area(p)->flags & VM_USERMAP && filled(p, 0, 6 * PAGE_SIZE),
	   "vmalloc_user(): all of the last page is zeroes, too");
	vfree(p);
	set_vm_flush_reset_perms(p);
}

static void test_range(void)
{
	uintptr_t from, to;
	void *p, *q;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	from = VMALLOC_START + (16 << 20) + 3 * PAGE_SIZE;
	to = from + 9 * PAGE_SIZE;
	p = __vmalloc_node_range(PAGE_SIZE, 4 * PAGE_SIZE, from, to, GFP_KERNEL, PAGE_KERNEL_RO, 0,
				 NUMA_NO_NODE, (void *)0x1234);
	ok((uintptr_t)p >= from && (uintptr_t)p < to && (uintptr_t)p % (4 * PAGE_SIZE) == 0,
	   "__vmalloc_node_range(): limits and alignment");
	ok(!(bits_of(p) & _PAGE_RW), "and protection");
	q = __vmalloc_node_range(7 * PAGE_SIZE, 1, from, to, GFP_KERNEL, PAGE_KERNEL, 0,
				 NUMA_NO_NODE, NULL);
	ok(!q && log_says("vmalloc error: size 28672, vm_struct allocation failed"),
	   "no room: NULL and Linux's words");
	vfree(p);
	p = __vmalloc(PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	ok(filled(p, 0, PAGE_SIZE), "__vmalloc(): __GFP_ZERO");
	vfree(p);
	p = __vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START, VMALLOC_END, GFP_KERNEL, PAGE_KERNEL,
				 VM_NO_GUARD, NUMA_NO_NODE, NULL);
	is_int(find_vm_area(p)->size, PAGE_SIZE, "VM_NO_GUARD");
	is_int(get_vm_area_size(find_vm_area(p)), PAGE_SIZE, "and its size");
	vfree(p);
}

/* --- large pages --- */

static void test_huge(void)
{
	struct vmalloc_state then;
	size_t large;
	u8 *p;

	if (!VMALLOC_MACHINE_ON(.mem = 128 * MIB))
		return;
	vfree(vmalloc_huge(20 << 20, GFP_KERNEL));
	then = vmalloc_state();
	large = (size_t)1 << kernel_pgtable.fmt->shift[PG_LEVEL_2M];
	p = vmalloc_huge(2 * large + 5, GFP_KERNEL);
	is_int(level_of(p), PG_LEVEL_2M, "vmalloc_huge(): large pages");
	ok((uintptr_t)p % large == 0 && level_of(p + 2 * large) == PG_LEVEL_2M &&
	   find_vm_area(p)->nr_pages == 3 * large / PAGE_SIZE &&
	   find_vm_area(p)->size == 3 * large + PAGE_SIZE, "aligned, and rounded up to them");
	memset(p, 0x33, 3 * large);
	ok(filled(p, 0x33, 3 * large), "all of it is there");
	ok(vmalloc_to_page(p + large + 7 * PAGE_SIZE) ==
	   find_vm_area(p)->pages[large / PAGE_SIZE + 7], "vmalloc_to_page() inside one");
	vfree(p);
	p = vmalloc_huge(large - 1, GFP_KERNEL);
	is_int(level_of(p), PG_LEVEL_4K, "but not for less than one");
	vfree(p);
	p = vmalloc(4 * large);
	is_int(level_of(p), PG_LEVEL_4K, "nor by vmalloc(), as in Linux");
	vfree(p);
	nothing_left(&then, 40, "large pages");
}

static void test_huge_fails(void)
{
	struct pile pile = { 0 };
	struct page *page;
	u8 *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	/* Every second page is held, so no larger block is left. */
	pile_fill(&pile, GFP_KERNEL | __GFP_NORETRY, 0, 0);
	page = pile.first;
	while (page && page->private) {
		struct page *next = (struct page *)(uintptr_t)page->private;

		if (!(page_to_pfn(next) & 1)) {
			page->private = next->private;
			__free_page(next);
			pile.blocks--;
			pile.pages--;
		}
		page = (struct page *)(uintptr_t)page->private;
	}
	p = vmalloc_huge(5 << 20, GFP_KERNEL);
	is_int(level_of(p), PG_LEVEL_4K, "where there are no large pages: small ones");
	vfree(p);
	pile_free(&pile);
	vmap_area_check();
}

static void test_nohuge(void)
{
	void *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	p = vmalloc_huge(8 << 20, GFP_KERNEL);
	is_int(level_of(p), PG_LEVEL_2M, "a machine that would have large pages");
	host_power_off();
	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB, .cmdline = "nohugevmalloc"))
		return;
	p = vmalloc_huge(8 << 20, GFP_KERNEL);
	is_int(level_of(p), PG_LEVEL_4K, "nohugevmalloc");
	vfree(p);
}

/* --- vmap --- */

static void fill_pages(struct page **pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
}

static void drop_pages(struct page **pages, unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
}

static void test_vmap(void)
{
	struct page *pages[40], **kept;
	struct vmalloc_state then;
	unsigned int i, wrong = 0;
	u8 *a, *b;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	then = vmalloc_state();
	fill_pages(pages, 40);
	a = vmap(pages, 40, VM_MAP, PAGE_KERNEL);
	b = vmap(pages + 8, 16, VM_MAP, PAGE_KERNEL_EXEC);
	ok(a && b && find_vm_area(a)->flags == VM_MAP && !find_vm_area(a)->pages, "vmap()");
	for (i = 0; a && b && i < 16; i++) {
		b[i * PAGE_SIZE + i] = (u8)(i + 1);
		wrong += a[(8 + i) * PAGE_SIZE + i] != i + 1;
		wrong += ((u8 *)page_address(pages[8 + i]))[i] != i + 1;
	}
	is_int(wrong, 0, "one page at three addresses");
	ok(!kernel_pgtable.fmt->nx || !(__supported_pte_mask & _PAGE_NX) || bits_of(b) & _PAGE_NX,
	   "not executable, whatever was asked");
	vunmap(a);
	vunmap(b);
	is_int(page_count(pages[9]), 1, "vunmap() leaves the pages");
	ok(!vmap(pages, 0, VM_MAP, PAGE_KERNEL) && !vmap(pages, ~0u, VM_MAP, PAGE_KERNEL),
	   "no or too many pages: NULL");
	ok(!vmap(pages, 1, VM_MAP | VM_FLUSH_RESET_PERMS, PAGE_KERNEL), "not for vmap(): NULL");
	__free_page(pages[5]);
	pages[5] = NULL;
	ok(!vmap(pages, 40, VM_MAP, PAGE_KERNEL), "a missing page: NULL, nothing mapped");
	fill_pages(pages + 5, 1);
	drop_pages(pages, 40);
	kept = kvmalloc_array(8, sizeof(*kept), GFP_KERNEL);
	fill_pages(kept, 8);
	a = vmap(kept, 8, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	ok(a && find_vm_area(a)->nr_pages == 8, "VM_MAP_PUT_PAGES");
	vfree(a);
	nothing_left(&then, 10, "vmap");
}

static void test_areas(void)
{
	struct page *pages[4];
	struct vm_struct *vm;
	u8 *p;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	fill_pages(pages, 4);
	vm = get_vm_area(4 * PAGE_SIZE, VM_MAP);
	p = vm->addr;
	ok(!vmalloc_to_page(p), "get_vm_area(): nothing is mapped");
	ok(!map_vm_area(vm, PAGE_KERNEL, pages) && vmalloc_to_page(p + 3 * PAGE_SIZE) == pages[3],
	   "map_vm_area()");
	memset(p, 1, 4 * PAGE_SIZE);
	is_int(map_vm_area(vm, PAGE_KERNEL, pages), -EBUSY, "but not twice");
	memset(p, 2, 4 * PAGE_SIZE);
	ok(remove_vm_area(p) == vm && !find_vm_area(p) && !remove_vm_area(p), "remove_vm_area()");
	free_vm_struct(vm);
	drop_pages(pages, 4);
	ok(!find_vm_area(&vm) && !is_vmalloc_addr(&vm) && !vmalloc_to_pfn(&vm),
	   "what is not in vmalloc space has no area");
	ok(!vmalloc_to_page((void *)(VMALLOC_END - 1)), "nor has its last byte");
}

/* --- vm_map_ram --- */

static void test_map_ram(void)
{
	static struct page *pages[200];
	static u8 *maps[400];
	unsigned int i, n, wrong = 0;
	struct vmalloc_state then;
	struct prng rng = { 3 };

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	fill_pages(pages, 200);
	for (i = 0; i < 200; i++)
		*(unsigned int *)page_address(pages[i]) = i;
	vm_unmap_ram(vm_map_ram(pages, 1, NUMA_NO_NODE), 1);
	then = vmalloc_state();
	for (n = 1; n <= 200; n++) {
		u8 *p = vm_map_ram(pages, n, NUMA_NO_NODE);

		for (i = 0; p && i < n; i++)
			wrong += *(unsigned int *)(p + i * PAGE_SIZE) != i;
		wrong += !p;
		vm_unmap_ram(p, n);
	}
	is_int(wrong, 0, "vm_map_ram(): 1 to 200 pages");
	for (i = 0; i < 4000; i++) {
		unsigned int k = prng_below(&rng, 400);

		host_set_cpu(prng_below(&rng, 2));
		n = 1 + k % 9;
		if (maps[k]) {
			wrong += *(unsigned int *)(maps[k] + (n - 1) * PAGE_SIZE) !=
				 k % 100 + n - 1;
			vm_unmap_ram(maps[k], n);
			maps[k] = NULL;
		} else {
			maps[k] = vm_map_ram(pages + k % 100, n, NUMA_NO_NODE);
			wrong += !maps[k];
		}
		if (i % 1000 == 999) {
			vm_unmap_aliases();
			vmap_area_check();
		}
	}
	for (i = 0; i < 400; i++)
		if (maps[i])
			vm_unmap_ram(maps[i], 1 + i % 9);
	host_set_cpu(0);
	is_int(wrong, 0, "many of them, on two CPUs");
	ok(!vm_map_ram(pages, 0, NUMA_NO_NODE), "no pages: NULL");
	nothing_left(&then, 60, "vm_map_ram");
	drop_pages(pages, 200);
}

/* --- kvmalloc --- */

static void test_kvmalloc(void)
{
	struct vmalloc_state then;
	u8 *p, *q;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	then = vmalloc_state();
	p = kvmalloc(100, GFP_KERNEL);
	ok(p && !is_vmalloc_addr(p), "kvmalloc(): small ones by kmalloc()");
	q = kvrealloc(p, 100, 50, GFP_KERNEL);
	ok(q == p, "kvrealloc(): smaller is the same");
	memset(p, 0x12, 100);
	q = kvrealloc(p, 100, 8 << 20, GFP_KERNEL);
	ok(q && is_vmalloc_addr(q) && filled(q, 0x12, 100), "kvrealloc(): larger is moved");
	kvfree_sensitive(q, 8 << 20);
	p = kvzalloc(6 << 20, GFP_KERNEL);
	ok(is_vmalloc_addr(p) && filled(p, 0, 6 << 20), "kvzalloc(): large ones by vmalloc()");
	kvfree(p);
	ok(!kvmalloc(6 << 20, GFP_NOWAIT), "unless it may not sleep");
	ok(!kvmalloc_array(~0ul / 2, 3, GFP_KERNEL), "kvmalloc_array(): overflow");
	p = kvcalloc(3, 2000, GFP_KERNEL);
	ok(filled(p, 0, 6000), "kvcalloc()");
	kvfree(p);
	kvfree(NULL);
	kvfree_sensitive(NULL, 0);
	p = vcalloc(3, 5000);
	ok(is_vmalloc_addr(p) && filled(p, 0, 15000), "vcalloc()");
	vfree(p);
	nothing_left(&then, 1200, "kvmalloc");
}

/* --- vfree_atomic, purges --- */

static void test_atomic(void)
{
	struct vmalloc_state then;
	void *p[10];
	unsigned int i;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	then = vmalloc_state();
	for (i = 0; i < 10; i++)
		p[i] = vmalloc(2 * PAGE_SIZE);
	for (i = 0; i < 10; i++) {
		unsigned long flags = kmm_local_irq_save();

		vfree_atomic(p[i]);
		kmm_local_irq_restore(flags);
	}
	is_int(vmalloc_nr_pages(), then.used + 20, "vfree_atomic(): not yet");
	vfree_atomic(p[3]);
	ok(log_says("Trying to vfree() nonexistent vm area"), "twice is reported");
	vfree_deferred_work();
	is_int(vmalloc_nr_pages(), then.used, "but then");
	nothing_left(&then, 10, "vfree_atomic");
}

static void test_purge(void)
{
	struct vmalloc_state then;
	unsigned long i, n;
	void *p, *first;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	is_int(lazy_max_pages(), 8192, "32 MiB may wait on one CPU");
	then = vmalloc_state();
	first = p = vmalloc(PAGE_SIZE);
	vfree(p);
	is_int(count_areas().lazy, 1, "a freed area waits");
	for (n = 1; n < 20000; n++) {
		p = vmalloc(PAGE_SIZE);
		if (p == first)
			break;
		vfree(p);
	}
	is_int(n, 4097, "4096 areas of two pages wait; with the next one all are purged");
	vfree(p);
	is_int(count_areas().lazy, 1, "those that touch are one");
	vm_unmap_aliases();
	is_int(count_areas().lazy, 0, "vm_unmap_aliases() purges");
	for (i = 0; i < 3; i++) {
		p = vmalloc(PAGE_SIZE);
		vfree(p);
		purge_vmap_areas();
		ok(p == first, "the same after each purge");
	}
	nothing_left(&then, 40, "purges");
}

/* --- ioremap --- */

#define MMIO	0xfed00000u

static void test_ioremap(void)
{
	struct vmalloc_state then;
	struct page *page;
	u8 *p, *q;

	if (!VMALLOC_MACHINE_ON(.mem = 64 * MIB))
		return;
	page = alloc_page(GFP_KERNEL);
	then = vmalloc_state();
	p = ioremap(MMIO + 0xabc, 0x700);
	ok(p && ((uintptr_t)p & 0xfff) == 0xabc, "ioremap(): the offset is kept");
	is_int(find_vm_area(p)->size, 3 * PAGE_SIZE, "two pages and a guard");
	ok(vmalloc_to_pfn(p) == MMIO >> 12 && vmalloc_to_pfn(p + 0x700) == (MMIO >> 12) + 1,
	   "the right frames");
	is_int(find_vm_area(p)->phys_addr, MMIO, "phys_addr");
	is_int(bits_of(p) & (_PAGE_PCD | _PAGE_PWT), _PAGE_PCD, "UC-");
	iounmap(p);
	p = ioremap_wc(MMIO, 16);
	q = ioremap_uc(MMIO, 16);
	is_int(bits_of(p) & (_PAGE_PCD | _PAGE_PWT), _PAGE_PWT, "ioremap_wc(): WC");
	is_int(bits_of(q) & (_PAGE_PCD | _PAGE_PWT), _PAGE_PCD | _PAGE_PWT, "ioremap_uc(): UC");
	iounmap(p);
	iounmap(q);
	p = ioremap_cache(0xf0000000, 64 << 20);
	ok(p && level_of(p) >= PG_LEVEL_2M, "64 MiB: large pages");
	iounmap(p + 100);
	ok(!ioremap(page_to_phys(page), 100) && log_says("ioremap on RAM at 0x"), "no RAM");
	ok(!ioremap(MMIO, 0), "not 0 bytes");
	ok(!ioremap(~(phys_addr_t)0 - 100, 4096), "not beyond the end");
	ok(!ioremap((phys_addr_t)1 << 60, 4096) &&
	   log_says("ioremap: invalid physical address 1000000000000000"), "not what cannot be");
	iounmap(NULL);
	iounmap(&page);
	ok(log_says("iounmap: bad address"), "iounmap() of something else is reported");
	p = memremap(page_to_phys(page) + 5, 100, MEMREMAP_WB);
	ok(p == (u8 *)page_address(page) + 5, "memremap() of RAM: the direct map");
	memunmap(p);
	ok(!memremap(page_to_phys(page), 100, MEMREMAP_WC) && log_says("memremap attempted on ram"),
	   "but not with another cache mode");
	p = memremap(MMIO, 100, MEMREMAP_WC);
	ok(p && is_vmalloc_addr(p), "memremap() of a device");
	memunmap(p);
	ok(!memremap(MMIO, 100, 0), "without flags: NULL");
	ok(!memremap((64 << 20) - 4096, 1 << 20, MEMREMAP_WB) &&
	   log_says("memremap attempted on mixed range"), "half RAM: NULL");
	__free_page(page);
	nothing_left(&then, 40, "ioremap");
}

int main(void)
{
	run_case(test_sizes);
	run_case(test_refused);
	run_case(test_nodes);
	run_case(test_zones);
	run_case(test_range);
	run_case(test_huge);
	run_case(test_huge_fails);
	run_case(test_nohuge);
	run_case(test_vmap);
	run_case(test_areas);
	run_case(test_map_ram);
	run_case(test_kvmalloc);
	run_case(test_atomic);
	run_case(test_purge);
	run_case(test_ioremap);
	return done_testing();
}
