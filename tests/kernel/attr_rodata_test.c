// SPDX-License-Identifier: MIT
/*
 * attr_rodata_test.c - the image after the boot: what may be done with each part, what is said of
 * it, where .init has gone; other mappings of the same memory; accesses that are refused.
 */
#include "attr.h"

static enum host_arch arch;

static bool is_ia32(void)
{
	return sizeof(void *) == 4;
}

static bool has_nx(void)
{
	return __supported_pte_mask & _PAGE_NX;
}

/* All pages of a part of the image have these of RW, NX and P, there or in the direct map. */
static bool part_is(phys_addr_t start, phys_addr_t end, bool direct, u64 want)
{
	phys_addr_t at;

	if (!has_nx())
		want &= ~_PAGE_NX;
	for (at = start; at < end; at += PAGE_SIZE) {
		uintptr_t addr = direct ? (uintptr_t)__va(at) : kernel_image_pointer(at);
		u64 bits = bits_at(addr, NULL) & (_PAGE_RW | _PAGE_NX | _PAGE_PRESENT);

		if (bits == want && (!want || phys_at(addr) == at))
			continue;
		diag("%llx at %llx: %llx, not %llx", (unsigned long long)at,
		     (unsigned long long)kernel_address(addr), (unsigned long long)bits,
		     (unsigned long long)want);
		return false;
	}
	return true;
}

#define P	_PAGE_PRESENT
#define RW	_PAGE_RW
#define NX	_PAGE_NX

static void check_image(const struct kmm_image *i)
{
	ok(part_is(i->text, i->etext, false, P), ".text: read, execute");
	ok(part_is(i->rodata, i->erodata, false, P | NX), ".rodata: read");
	ok(part_is(i->data, i->edata, false, P | RW | NX), ".data: read, write");
	ok(part_is(i->bss, i->ebss, false, P | RW | NX), ".bss: read, write");
	ok(part_is(i->init, i->einit, false, is_ia32() ? P | RW | NX : 0), ".init: gone");
	ok(part_is(i->text, i->etext, true, is_ia32() ? P : P | NX), ".text in the direct map");
	ok(part_is(i->rodata, i->erodata, true, P | NX), ".rodata in the direct map");
	ok(part_is(i->init, i->einit, true, P | RW | NX), ".init in the direct map: free memory");
	ok(part_is(i->etext, i->rodata, true, P | RW | NX), "what is between is free memory");
	ok(direct_map_ok(false), "the direct map is counted right, in pages as large as can be");
}

static void test_marked_image(void)
{
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB, .image = &test_image))
		return;
	check_image(&test_image);
	ok(log_says("Freeing unused kernel image (initmem) memory: 928K"), "the line of .init");
	ok(log_says(", 616K rwdata, 3020K rodata, 928K init, 700K bss, "), "Memory: knows it");
	if (is_ia32()) {
		ok(log_says("Write protecting kernel text and read-only data: 7116k"),
		   "text's line");
		ok(log_says("NX-protecting the kernel data: ") == has_nx(), "data's line, if NX");
		ok(log_says("Checked W+X mappings: passed") == has_nx(), "W+X, if NX");
	} else {
		ok(log_says("Write protecting the kernel read-only data: 8192k"), "text's line");
		ok(log_says("x86/mm: Checked W+X mappings: passed, no W+X pages found."), "W+X");
	}
	is_int(vm_events[DIRECT_MAP_LEVEL2_SPLIT], 0, "the boot's splits are not counted");
}

/* The images of Debian's Linux 6.1 where it ran (../shared/linux-6.1), and what it said of them. */
static const struct recorded {
	enum host_arch arch;
	struct kmm_image image;
	const char *lines[5];
} recorded[] = {
#if UINTPTR_MAX > 0xffffffffu
	{ HOST_AMD64, {
		.text = 0x15800000, .etext = 0x16601d32, .rodata = 0x16800000,
		.erodata = 0x170eb000, .data = 0x17200000, .edata = 0x17448980,
		.init = 0x17449000, .einit = 0x1770b000, .bss = 0x17b10000, .ebss = 0x18c00000,
	}, {
		"Freeing unused kernel image (initmem) memory: 2824K",
		"Write protecting the kernel read-only data: 26624k",
		"x86/mm: Checked W+X mappings: passed, no W+X pages found.",
		", 2338K rwdata, 9132K rodata, 2824K init, 17344K bss, ",
	} },
#else
	{ HOST_IA32_PAE, {
		.text = 0x16000000, .etext = 0x16933f00, .rodata = 0x16934000,
		.erodata = 0x16c51000, .data = 0x16c52000, .edata = 0x16d8e680,
		.init = 0x16dac000, .einit = 0x16e94000, .bss = 0x16e94000, .ebss = 0x16f0b000,
	}, {
		"Freeing unused kernel image (initmem) memory: 928K",
		"Write protecting kernel text and read-only data: 12612k",
		"NX-protecting the kernel data: 6960k",
		"x86/mm: Checked W+X mappings: passed, no W+X pages found.",
		"(9423K kernel code, 1265K rwdata, 3188K rodata, 928K init, 476K bss, ",
	} },
	{ HOST_IA32, {
		.text = 0x0b000000, .etext = 0x0b91bc80, .rodata = 0x0b91c000,
		.erodata = 0x0bc39000, .data = 0x0bc39000, .edata = 0x0bd70bc0,
		.init = 0x0bd8e000, .einit = 0x0be72000, .bss = 0x0be72000, .ebss = 0x0bee6000,
	}, {
		"Freeing unused kernel image (initmem) memory: 912K",
		"Write protecting kernel text and read-only data: 12516k",
		"(9327K kernel code, 1246K rwdata, 3188K rodata, 912K init, 464K bss, ",
	} },
#endif
};

static void test_recorded(void)
{
	unsigned int i, n;
	struct kmm_image whole;

	for (i = 0; i < ARRAY_SIZE(recorded); i++) {
		const struct recorded *r = &recorded[i];

		if (!ATTR_MACHINE_ON(.arch = r->arch, .mem = 2 * GIB, .image = &r->image))
			return;
		for (n = 0; n < ARRAY_SIZE(r->lines) && r->lines[n]; n++)
			ok(log_says(r->lines[n]), "Linux's line: %s", r->lines[n]);
		whole = r->image;
		whole.etext = ALIGN(whole.etext, (phys_addr_t)PAGE_SIZE);
		whole.edata = ALIGN(whole.edata, (phys_addr_t)PAGE_SIZE);
		check_image(&whole);
		host_power_off();
	}
}

/* DirectMap... in /proc/meminfo is what the tables are, and on two-level tables Linux's figure. */
static void test_meminfo(void)
{
	struct direct_check c;
	static char text[16384];
	char line[64];

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 2 * GIB,
			     .image = &recorded[ARRAY_SIZE(recorded) - 1].image))
		return;
	c = look_at_direct_map();
	ok(introspect_read_text("/proc/meminfo", text, sizeof(text)) > 0, "/proc/meminfo");
	snprintf(line, sizeof(line), "DirectMap4k:    %8lu kB\n", c.pages[PG_LEVEL_4K] << 2);
	ok(strstr(text, line), "%.*s", (int)strlen(line) - 1, line);
	if (kernel_paging == PAGING_32) {
		ok(strstr(text, "DirectMap4k:       12280 kB\nDirectMap4M:      884736 kB\n"),
		   "as recorded from Linux");
	} else {
		snprintf(line, sizeof(line), "DirectMap2M:    %8lu kB\n",
			 c.pages[PG_LEVEL_2M] << 11);
		ok(strstr(text, line), "%.*s", (int)strlen(line) - 1, line);
	}
	snprintf(line, sizeof(line), "DirectMap1G:    %8lu kB\n", c.pages[PG_LEVEL_1G] << 20);
	ok(!!strstr(text, line) == !is_ia32(), "%.*s on AMD64 only", (int)strlen(line) - 1, line);
}

/* Parts that are not aligned, that touch, in another order. */
static void test_odd_images(void)
{
	static const struct kmm_image images[] = {
		{ .text = IMAGE + 0x3000, .etext = IMAGE + 0x5800, .rodata = IMAGE + 0x6000,
		  .erodata = IMAGE + 0x7000, .data = IMAGE + 0x7000, .edata = IMAGE + 0x8000,
		  .bss = IMAGE + 0x8000, .ebss = IMAGE + 0x9000, .init = IMAGE + 0xa000,
		  .einit = IMAGE + 0xc000 },
		{ .text = IMAGE + 0x200000, .etext = IMAGE + 0x201000, .rodata = IMAGE + 0x301000,
		  .erodata = IMAGE + 0x302000, .data = IMAGE, .edata = IMAGE + 0x1000,
		  .bss = IMAGE + 0x1000, .ebss = IMAGE + 0x2000, .init = IMAGE + 0x210000,
		  .einit = IMAGE + 0x211000 },
	};
	struct kmm_image whole;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(images); n++) {
		if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB, .image = &images[n]))
			return;
		whole = images[n];
		whole.etext = ALIGN(whole.etext, (phys_addr_t)PAGE_SIZE);
		check_image(&whole);
		ok(!log_says("FAILED"), "no W+X pages");
		host_power_off();
	}
}

static void test_no_image(void)
{
	static const struct kmm_image text_only = { .text = IMAGE, .etext = IMAGE + 0x10000 };

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB))
		return;
	ok(!log_says("protecting") && !log_says("Freeing"), "no image: nothing to protect");
	ok(direct_map_ok(false), "counted right");
	host_power_off();
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &text_only))
		return;
	ok(part_is(IMAGE, IMAGE + 0x10000, false, P), "text alone");
	ok(!log_says("FAILED") && direct_map_ok(false), "counted right, no W+X");
}

static void test_rodata_off(void)
{
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image,
			     .cmdline = "rodata=off"))
		return;
	ok(log_says("Kernel memory protection disabled."), "rodata=off: said");
	ok(bits_at(kernel_image_pointer(IMAGE), NULL) & _PAGE_RW, "text can be written");
	ok(!log_says("Checked W+X"), "and nobody looks for W+X");
	ok(log_says("Freeing unused kernel image (initmem)"), ".init is given back");
	host_power_off();
	if (ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image,
			    .cmdline = "rodata=maybe"))
		ok(log_says("Invalid option string for rodata: 'maybe'"), "rodata=maybe");
}

/* .init's pages come from the allocator, filled as Linux fills them; poisoned if wanted. */
static void test_init_pages(void)
{
	unsigned long pages = (unsigned long)((test_image.einit - test_image.init) >> PAGE_SHIFT);
	struct page *page;
	unsigned long managed;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB))
		return;
	host_power_off();
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image))
		return;
	managed = totalram_pages;
	drain_all_pages(NULL);
	page = alloc_pages_at(PFN_DOWN(test_image.init), 0, GFP_KERNEL);
	ok(page && page_is_filled(page, 0xcc), "a page of .init can be had, and holds 0xcc");
	memset(page_address(page), 1, PAGE_SIZE);
	__free_page(page);
	page_alloc_check();
	host_power_off();
	{
		struct kmm_image without = test_image;

		without.init = without.einit = 0;
		if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &without))
			return;
		ok(totalram_pages == managed, "as much memory as without %lu pages of .init",
		   pages);
	}
	host_power_off();
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image,
			     .cmdline = "page_poison=1"))
		return;
	drain_all_pages(NULL);
	ok(page_is_filled(phys_to_page(test_image.init), 0xaa), "page_poison: poisoned when freed");
}

/* --- what cannot be had, and W+X --- */

static void test_protections(void)
{
	const struct kmm_image *i = &test_image;
	const int rodata = (int)((i->erodata - i->rodata) >> PAGE_SHIFT);
	const int text = (int)((i->etext - i->text) >> PAGE_SHIFT);
	u64 before;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB, .image = i))
		return;
	before = dump_hash();
	ok(!set_memory_rw(kernel_image_pointer(i->rodata), rodata), "rodata shall be writable");
	ok(!set_memory_rw((uintptr_t)__va(i->rodata) + 3 * PAGE_SIZE, 5), "in the direct map too");
	ok(!set_memory_nx(kernel_image_pointer(i->text), text), "text shall not be executable");
	ok(before == dump_hash(), "neither can be had");
	ok(!set_memory_rw(kernel_image_pointer(i->text) + 5 * PAGE_SIZE, 1), "text may be patched");
	ok(bits_at((uintptr_t)__va(i->text) + 5 * PAGE_SIZE, NULL) & RW, "in the direct map too");
	if (has_nx() && !is_ia32())
		ok(log_says("CPA detected W^X violation: "), "and that is worth a warning");
	if (has_nx()) {
		is_int(debug_checkwx(), 1, "one page that is W+X is found");
		ok(log_says("x86/mm: Found insecure W+X mapping at address 0x"), "said where");
		ok(log_says("x86/mm: Checked W+X mappings: FAILED, 1 W+X pages found."),
		   "how many");
	}
	ok(!set_memory_ro(kernel_image_pointer(i->text) + 5 * PAGE_SIZE, 1), "and back");
	ok(before == dump_hash(), "as before");
	if (has_nx())
		is_int(debug_checkwx(), 0, "no W+X page");
}

/* --- the same memory by another address --- */

static void test_image_aliases(void)
{
	const struct kmm_image *i = &test_image;
	uintptr_t direct = (uintptr_t)__va(i->data) + PAGE_SIZE;
	uintptr_t image = kernel_image_pointer(i->data) + PAGE_SIZE;
	u64 before;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB, .image = i, .cpus = 2))
		return;
	before = dump_hash();
	direct = (uintptr_t)__va(i->data) + PAGE_SIZE;
	image = kernel_image_pointer(i->data) + PAGE_SIZE;
	*(volatile u32 *)direct = 0x1234;
	is_int(*(volatile u32 *)image, 0x1234, "one page, two addresses");
	ok(!set_memory_ro(direct, 2), "ro in the direct map");
	ok(!(bits_at(image, NULL) & RW) && !(bits_at(image + PAGE_SIZE, NULL) & RW),
	   "the image's too");
	ok(bits_at(image + 2 * PAGE_SIZE, NULL) & RW, "no more than these");
	ok(!set_memory_wc(image, 1), "wc in the image");
	ok(bits_at(direct, NULL) & _PAGE_PWT, "the direct map's too");
	ok(!set_memory_wb(image, 1) && !set_memory_rw(image, 2), "back, by the other address");
	ok(before == dump_hash(), "as before, in large pages");
	ok(!set_memory_x(image, 1) && (!has_nx() || is_ia32() || bits_at(direct, NULL) & NX),
	   "execution is a matter of one address");
	ok(!set_memory_nx(image, 1), "back");
	if (!is_ia32()) {
		ok(!set_memory_np_noalias(image, 1), "np_noalias");
		ok(bits_at(direct, NULL) & P, "leaves the direct map alone");
		ok(!set_memory_p(image, 1), "p");
	}
	direct = (uintptr_t)__va(i->init);
	ok(!set_memory_np(direct, 1) && !set_memory_p(direct, 1),
	   "np and p of a page that was .init");
	ok(before == dump_hash(), "does not bring it back into the image");
	ok(!host_mmu_check(), "all that is accessible is mapped so");
}

static void test_vmalloc_aliases(void)
{
	uintptr_t direct[8], area;
	unsigned int i, n = 0;
	u64 before;
	void *p;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB, .cpus = 2))
		return;
	vfree(vmalloc(8 * PAGE_SIZE));
	before = look_at_direct_map().hash;
	p = vmalloc(8 * PAGE_SIZE);
	area = (uintptr_t)p;
	memset(p, 1, 8 * PAGE_SIZE);
	for (i = 0; i < 8; i++)
		direct[i] = (uintptr_t)__va(phys_at(area + i * PAGE_SIZE));
	ok(!set_memory_ro(area + PAGE_SIZE, 6), "ro in vmalloc space");
	for (i = 0; i < 8; i++)
		n += !(bits_at(direct[i], NULL) & RW) == (i > 0 && i < 7);
	is_int(n, 8, "the same pages in the direct map, and no others");
	ok(direct_map_ok(false), "counted right");
	ok(!set_memory_x(area, 8) && (!has_nx() || bits_at(direct[2], NULL) & NX),
	   "x: not the alias");
	ok(!set_memory_nx(area, 8), "nx");
	host_set_cpu(1);
	ok(!set_memory_rw(area + PAGE_SIZE, 6), "rw, by another CPU");
	memset(p, 2, 8 * PAGE_SIZE);
	is_int(*(volatile u8 *)direct[3], 2, "written");
	ok(look_at_direct_map().hash == before, "the direct map is in one piece again");
	host_set_cpu(0);
	vfree(p);
	is_int(set_memory_ro(area, 8), -EFAULT, "what is not mapped: -EFAULT");
	ok(log_says("CPA: called for zero pte. vaddr = "), "and said");
	is_int(set_memory_ro(page_offset_base + 1, 1), -EINVAL, "not aligned");
	is_int(set_memory_ro(page_offset_base, -1), -EINVAL, "less than nothing");
	is_int(set_memory_ro(page_offset_base, 0), 0, "nothing");
}

/* An area whose pages lose their direct address while it has them: freed, all is back. */
static void test_direct_map_invalid(void)
{
	struct page *page;
	u64 before;
	void *p;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 256 * MIB))
		return;
	page = alloc_page(GFP_KERNEL);
	before = look_at_direct_map().hash;
	ok(kernel_page_present(page), "a page is in the direct map");
	ok(!set_direct_map_invalid_noflush(page), "invalid");
	ok(!kernel_page_present(page), "is not");
	flush_tlb_all();
	ok(!set_direct_map_default_noflush(page), "default");
	ok(kernel_page_present(page) && look_at_direct_map().hash == before, "is, as before");
	memset(page_address(page), 1, PAGE_SIZE);
	__free_page(page);
	p = vmalloc(5 * PAGE_SIZE);
	memset(p, 1, 5 * PAGE_SIZE);
	find_vm_area(p)->flags |= VM_FLUSH_RESET_PERMS;
	ok(!set_memory_ro((uintptr_t)p, 5) && !set_memory_x((uintptr_t)p, 5), "an area of code");
	vfree(p);
	ok(look_at_direct_map().hash == before, "freed: the direct map as before");
	page_alloc_check();
}

/* --- accesses that are refused --- */

static phys_addr_t victim;
static bool by_direct_map;

static void write_victim(void *arg)
{
	uintptr_t p = by_direct_map ? (uintptr_t)__va(victim) : kernel_image_pointer(victim);

	(void)arg;
	*(volatile u8 *)p = 1;
}

static void refused(const char *name, phys_addr_t phys, bool direct, const char *words)
{
	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image))
		return;
	victim = phys;
	by_direct_map = direct;
	ok(stops(write_victim, NULL), "%s: the machine stops", name);
	ok(log_says("BUG: unable to handle page fault for address"), "%s: an oops", name);
	if (!ok(log_says(words), "%s: it says \"%s\"", name, words))
		diag("%s", host_dmesg());
	host_power_off();
}

static void test_refused(void)
{
	const char *rights = "#PF: error_code(0x0003) - permissions violation";

	refused("text", test_image.text + 123, false, rights);
	refused("rodata", test_image.rodata + 5000, false, rights);
	refused("text in the direct map", test_image.text, true, rights);
	refused("rodata in the direct map", test_image.rodata, true, rights);
	if (!is_ia32())
		refused(".init", test_image.init, false,
			"#PF: error_code(0x0002) - not-present page");
}

static bool can_execute(uintptr_t p)
{
	phys_addr_t phys;

	return host_access(kernel_address(p), X86_PF_INSTR, &phys);
}

/* What the processor would tell the kernel. */
static void execute_victim(void *arg)
{
	struct kmm_fault fault = {
		.addr = kernel_image_pointer(victim), .ip = kernel_image_pointer(victim),
		.error_code = X86_PF_PROT | X86_PF_INSTR,
	};

	(void)arg;
	kmm_page_fault(&fault);
}

/* Execution is asked of the modelled processor: the host cannot refuse it for single pages. */
static void test_no_execution(void)
{
	phys_addr_t phys;

	if (!ATTR_MACHINE_ON(.arch = arch, .mem = 64 * MIB, .image = &test_image))
		return;
	ok(host_access(kernel_address(kernel_image_pointer(IMAGE)), X86_PF_INSTR, &phys) &&
	   phys == IMAGE, "text can be executed");
	is_int(can_execute(kernel_image_pointer(test_image.data)), !has_nx(), "data cannot");
	is_int(can_execute((uintptr_t)__va(48 * MIB)), !has_nx(), "nor can memory");
	victim = test_image.data;
	if (!has_nx())
		return;
	ok(stops(execute_victim, NULL), "executed all the same: the machine stops");
	ok(log_says("kernel tried to execute NX-protected page - exploit attempt? (uid: 0)"),
	   "the oops says why");
}

int main(void)
{
	unsigned int i;

	run_case(test_recorded);
	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		arch = archs[i];
		run_case(test_marked_image);
		run_case(test_meminfo);
		run_case(test_odd_images);
		run_case(test_no_image);
		run_case(test_rodata_off);
		run_case(test_init_pages);
		run_case(test_protections);
		run_case(test_image_aliases);
		run_case(test_vmalloc_aliases);
		run_case(test_direct_map_invalid);
		run_case(test_refused);
		run_case(test_no_execution);
	}
	return done_testing();
}
