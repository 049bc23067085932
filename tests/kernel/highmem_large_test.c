// SPDX-License-Identifier: MIT
/*
 * highmem_large_test - IA-32 machines with much more memory than addresses: 4 GiB with two-level
 * tables, up to 64 GiB with PAE. Pages all over high memory, to the last one, are
 * mapped by all means there are, and compared with RAM itself.
 */
#include "highmem.h"

#define SAMPLES 300

static u64 word_at(u64 phys)
{
	u64 word = 0;

	KMM_BUG_ON(!host_ram_read(phys, &word, sizeof(word)));
	return word;
}

static void set_word_at(u64 phys, u64 word)
{
	KMM_BUG_ON(!host_ram_write(phys, &word, sizeof(word)));
}

/* Through address p, at this offset: what RAM has is seen, what is written gets there. */
static bool shows(void *p, struct page *page, unsigned int at)
{
	u64 phys = page_to_phys(page) + at;
	volatile u64 *word = (volatile u64 *)(void *)((char *)p + at);
	bool good;

	set_word_at(phys, phys * 0x9e3779b97f4a7c15);
	good = *word == phys * 0x9e3779b97f4a7c15;
	*word = ~phys;
	return good && word_at(phys) == ~phys;
}

static bool try_page(struct page *page, unsigned int at)
{
	void *p = kmap(page);
	bool good = shows(p, page, at);

	kunmap(page);
	p = kmap_local_page(page);
	good = good && shows(p, page, at);
	kunmap_local(p);
	return good;
}

static void try_machine(enum host_arch arch)
{
	unsigned long low = PFN_DOWN(direct_map_end), pfn, last = 0;
	unsigned int i, bad = 0, tried = 0;
	struct prng rnd;

	prng_seed(&rnd, max_pfn);
	for (i = 0; i < SAMPLES; i++) {
		/* any high frame, and the very last ones */
		pfn = i < 4 ? max_pfn - 1 - i :
			      low + (unsigned long)prng_below64(&rnd, max_pfn - low);
		if (!pfn_valid(pfn) || !e820__mapped_all(PFN_PHYS((u64)pfn),
							 PFN_PHYS((u64)pfn + 1), E820_TYPE_RAM))
			continue;
		tried++;
		last = max(last, pfn);
		bad += !try_page(pfn_to_page(pfn), prng_below(&rnd, PAGE_SIZE / 8) * 8);
	}
	ok(!bad && tried > SAMPLES / 4, "%u high pages, arch %d", tried, (int)arch);
	is_int(last, max_pfn - 1, "to the last one");
}

/* All high memory there is, allocated with __GFP_ZERO: no page keeps its old contents. */
static void test_zeroed(void)
{
	struct page *page;
	unsigned int n, bad = 0;

	for (n = 0; n < 1000; n++) {
		page = high_page();
		set_word_at(page_to_phys(page), 77);
		__free_page(page);
		page = alloc_pages(GFP_HIGHUSER | __GFP_ZERO, 0);
		bad += !PageHighMem(page) || word_at(page_to_phys(page)) != 0;
	}
	ok(!bad, "1000 pages zeroed");
}

/* All of 4 GiB but the last 4 MiB, where the firmware is. */
static const struct e820_entry four_gib[] = {
	{ 0, 0x9fc00, E820_TYPE_RAM },
	{ 0x100000, 0xffc00000 - 0x100000, E820_TYPE_RAM },
};

static void test_two_level(void)
{
	if (!MACHINE_ON(.e820 = four_gib, .nr_e820 = 2, .arch = HOST_IA32))
		return;
	is_int(max_pfn, 0xffc00, "nearly 4 GiB");
	is_int(LAST_PKMAP, 1024, "LAST_PKMAP without PAE");
	is_int(PFN_PHYS((u64)max_low_pfn), 0x36bfe000, "875MB of low memory");
	ok(kernel_address((uintptr_t)high_memory) == 0xf6bfe000, "high_memory");
	try_machine(HOST_IA32);
	test_zeroed();
}

static void test_pae(void)
{
	if (!MACHINE_ON(.mem = 63 * GIB, .arch = HOST_IA32_PAE))
		return;
	is_int(LAST_PKMAP, 512, "LAST_PKMAP with PAE");
	is_int(PFN_PHYS((u64)max_low_pfn), 0x36ffe000, "879MB of low memory");
	is_int(max_pfn, PFN_DOWN(64 * GIB), "RAM ends at 64 GiB");
	try_machine(HOST_IA32_PAE);
	test_zeroed();
}

int main(void)
{
	if (sizeof(void *) == 8) {
		skip_all("a 64-bit machine has an address for all of its memory");
		return done_testing();
	}
	run_case(test_two_level);
	run_case(test_pae);
	return done_testing();
}
