/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what the page allocator's tests share: machines to boot, cases that may
 * stop them, piles of pages, the free map as one number.
 *
 * A *case* is a function that boots a machine and checks it. When the core stops the
 * machine (a broken invariant), the case ends there with a failed check, the machine is
 * powered off and the next case runs:
 *
 *	run_case(test_zones);
 *
 * A *pile* keeps pages one has allocated, linked through page->private, so that a test
 * needs no memory of its own to hold all of a machine's.
 */
#ifndef KMM_TESTS_PAGE_MACHINE_H
#define KMM_TESTS_PAGE_MACHINE_H

#include <setjmp.h>
#include <string.h>

#include <kmm/errno.h>
#include <kmm/gfp.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/sysctl.h>
#include <kmm/vmstat.h>

#include "lib/prng.h"
#include "mm/page/internal.h"
#include "platform/host/host.h"
#include "tests/tap.h"

#define MIB	((u64)1 << 20)
#define GIB	((u64)1 << 30)

/* --- machines --- */

/* Low memory of a PAE kernel that has 128 MiB of vmalloc area: 879 MiB. */
#define IA32_LOWMEM	0x36ffe000UL

struct machine {
	u64 mem;			/* of a simple PC; 0: e820 below */
	unsigned int nodes, cpus;	/* 0: 1 */
	const char *cmdline;
	bool ia32;			/* the direct map ends at 879 MiB */
	bool threads;
	u64 seed, direct_map_max;
	enum host_arch arch;		/* of page tables */
	const struct e820_entry *e820;
	unsigned int nr_e820;
	const struct srat_mem *srat;
	unsigned int nr_srat;
	const u8 *slit;			/* nodes x nodes */
	unsigned int nr_slit;
	const s32 *cpu_node;
	void (*on_line)(void *arg, int level, const char *line, size_t len);
};

/* What is free when a machine has booted: all that is managed, but what the boot itself took. */
static unsigned long free_at_boot __attribute__((unused));

/* machine_boot - 0 or host_boot()'s error. */
static inline int machine_boot(const struct machine *m)
{
	struct host_machine *pc = m->mem ? host_machine_simple(m->mem, m->nodes ? m->nodes : 1,
							       m->cpus ? m->cpus : 1) : NULL;
	struct host_config c = {
		.e820 = m->e820, .nr_e820 = m->nr_e820, .srat = m->srat, .nr_srat = m->nr_srat,
		.nr_cpus = m->cpus, .cmdline = m->cmdline, .threads = m->threads, .seed = m->seed,
		.direct_map_max = m->ia32 ? IA32_LOWMEM : m->direct_map_max, .quiet = true,
		.on_line = m->on_line, .arch = m->arch,
	};
	int err;

	if (pc)
		host_machine_config(pc, &c);
	if (m->slit) {
		c.slit = m->slit;
		c.nr_slit = m->nr_slit;
	}
	if (m->cpu_node)
		c.cpu_node = m->cpu_node;
	err = host_boot(&c);
	if (!err)
		drain_all_pages(NULL);	/* what the boot's own small allocations left there */
	free_at_boot = err ? 0 : nr_free_pages();
	host_machine_free(pc);
	return err;
}

/* cannot_be - is this the error of a machine that is none here (booted: the PC has not got that
 * memory, those CPUs)? Then the rest of the case is skipped: the line says what it would need. */
static inline bool cannot_be(int err)
{
	const char *why = host_dmesg(), *line;

	if (err != -ENXIO)
		return false;
	for (line = why; *line; line++)
		if (line[0] == '\n' && line[1])
			why = line + 1;
	skip(1, "%.*s", (int)strcspn(why, "\n"), why);
	return true;
}

/* machine_on - boot, or fail a check with the end of the log. */
static inline bool machine_on(const struct machine *m)
{
	int err = machine_boot(m);

	if (!err)
		return true;
	if (cannot_be(err))
		return false;
	fail("the machine boots: error %d", err);
	diag("%s", host_dmesg());
	return false;
}

#define MACHINE_ON(...)	machine_on(&(struct machine){ __VA_ARGS__ })

/* --- stops --- */

/* The jump targets are the test's, not the core's: one thread at a time. */
static jmp_buf machine_case_env __attribute__((unused));

/* run_case - one case; a machine that stops in it is a failed check. Always off afterwards. */
static inline void run_case_named(void (*fn)(void), const char *name)
{
	host_catch_stop(&machine_case_env);
	if (setjmp(machine_case_env)) {
		fail("%s: the machine stopped", name);
		diag("stopped: %s", host_stop_reason());
	} else {
		fn();
	}
	host_power_off();
}
#define run_case(fn) run_case_named(fn, #fn)

/* stops - does fn(arg) stop the machine? Only fit for power-off if so. */
static inline bool stops(void (*fn)(void *arg), void *arg)
{
	static jmp_buf env;
	volatile bool stopped = true;

	host_catch_stop(&env);
	if (!setjmp(env)) {
		fn(arg);
		stopped = false;
	}
	host_catch_stop(&machine_case_env);
	return stopped;
}

static inline bool log_says(const char *text)
{
	return strstr(host_dmesg(), text) != NULL;
}

/*
 * Booted, a TLB is a real one: until it is flushed, what was unmapped may still be reached. And
 * page 0 is mapped, as the image is, in the lower half of the addresses: to touch it is no fault
 * (tests/pc/protect has it tried where it is).
 */
#ifdef KMM_PC
static inline bool skip_booted(const char *why)
{
	skip(1, "booted: %s", why);
	return true;
}
#else
static inline bool skip_booted(const char *why)
{
	(void)why;
	return false;
}
#endif

/* --- looking at the machine --- */

static inline struct zone *zone_of(int nid, enum zone_type idx)
{
	return &NODE_DATA(nid)->node_zones[idx];
}

/* Pages in the lists of one zone's CPUs. */
static inline unsigned long zone_pcp_total(const struct zone *zone)
{
	unsigned long pages = 0;
	unsigned int cpu;

	for (cpu = 0; zone->pcp && cpu < nr_cpu_ids; cpu++)
		pages += pcp_pages(&zone->pcp[cpu]);
	return pages;
}

/* Everything that is free, wherever it is. */
static inline unsigned long all_free(void)
{
	unsigned long pages = nr_free_pages();
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone_pcp_total(zone);
	return pages;
}

/* Drain, validate, and tell whether exactly `want` pages are free. */
static inline bool nothing_lost(unsigned long want, const char *when)
{
	drain_all_pages(NULL);
	page_alloc_check();
	return is_int(nr_free_pages(), want, "%s: no page lost, none too many", when);
}

static inline u64 hash_word(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/*
 * free_map_hash - which frames are free in which blocks, as one number; pageblock types too if
 * wanted.
 */
static inline u64 free_map_hash(bool types)
{
	struct zone *zone;
	u64 hash = 1;
	unsigned long i;
	unsigned int word;

	for_each_populated_zone(zone)
		for (i = 1; i <= zone->nr_blocks; i++) {
			struct pageblock *b = &zone->blocks[i];

			if (!block_exists(zone, i))
				continue;
			for (word = 0; word < PAGEBLOCK_WORDS; word++)
				hash = hash_word(hash, b->map[word]);
			hash = hash_word(hash, b->flags & PB_IN_MAX_ORDER);
			if (types)
				hash = hash_word(hash, b->migratetype);
		}
	return hash;
}

/*
 * set_pageblocks_movable - every pageblock as after boot. (One of the reserve does not
 * become part of an order-10 block, so the free map would differ.)
 */
static inline void set_pageblocks_movable(void)
{
	struct zone *zone;
	unsigned long i, pfn;

	for_each_populated_zone(zone)
		for (i = 1; i <= zone->nr_blocks; i++) {
			pfn = max((i + zone->first_block) << pageblock_order, zone->zone_start_pfn);
			if (pfn_valid(pfn) && zone->blocks[i].migratetype < MIGRATE_CMA)
				set_pageblock_migratetype(pfn_to_page(pfn), MIGRATE_MOVABLE);
		}
}

static inline bool page_is_filled(struct page *page, unsigned char byte)
{
	const unsigned char *at = host_ram_pointer(page_to_phys(page));
	unsigned long i;

	if (!at)
		at = page_address(page);
	for (i = 0; i < PAGE_SIZE; i++)
		if (at[i] != byte)
			return false;
	return true;
}

/* --- piles --- */

struct pile {
	struct page *first;
	unsigned long blocks, pages;
};

static inline void pile_add(struct pile *pile, struct page *page, unsigned int order)
{
	page->private = (unsigned long)(uintptr_t)pile->first;
	pile->first = page;
	pile->blocks++;
	pile->pages += 1ul << order;
}

/*
 * pile_fill - allocate until nothing comes any more, or `most` blocks (0: no limit). Returns
 * blocks.
 */
static inline unsigned long pile_fill(struct pile *pile, gfp_t gfp, unsigned int order,
				      unsigned long most)
{
	unsigned long n = 0;
	struct page *page;

	while (!most || n < most) {
		page = alloc_pages(gfp | __GFP_NOWARN, order);
		if (!page)
			break;
		pile_add(pile, page, order);
		n++;
	}
	return n;
}

static inline struct page *pile_pop(struct pile *pile)
{
	struct page *page = pile->first;

	if (page) {
		pile->first = (struct page *)(uintptr_t)page->private;
		pile->blocks--;
		pile->pages -= 1ul << page_alloc_order(page);
	}
	return page;
}

static inline void pile_free(struct pile *pile)
{
	struct page *page;

	while ((page = pile_pop(pile)))
		__free_pages(page, page_alloc_order(page));
}

/* Everything a machine gives to one mask, largest blocks first. */
static inline void pile_fill_all(struct pile *pile, gfp_t gfp)
{
	int order;

	for (order = MAX_ORDER - 1; order >= 0; order--)
		pile_fill(pile, gfp, (unsigned int)order, 0);
}

#define GFP_EVERYTHING	(GFP_NOWAIT | __GFP_MEMALLOC | __GFP_NOWARN)

#endif
