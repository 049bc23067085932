// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/*
 * debug_test.c - slub_debug=: its grammar, what it puts around objects, what it finds, how that is
 * reported and mended, validation on demand, who holds objects.
 */
#include "mm/slab/debug.h"
#include "objects.h"

#define FZPU (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static bool boot(const char *cmdline)
{
	return MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .cmdline = cmdline);
}

static struct kmem_cache *cache(const char *name, unsigned int size)
{
	struct kmem_cache *s = kmem_cache_create(name, size, 0, 0, NULL);

	ok(s != NULL, "%s is created", name);
	return s;
}

static __noinline u8 *get(struct kmem_cache *s)
{
	u8 *p = kmem_cache_alloc(s, GFP_KERNEL);

	KMM_BUG_ON(!p);
	return p;
}

static u8 *get_freed(struct kmem_cache *s)
{
	u8 *p = get(s);

	kmem_cache_free(s, p);
	return p;
}

/* --- grammar --- */

struct grammar {
	const char *value, *name;
	slab_flags_t flags;
};

static const struct grammar grammar[] = {
	{ "slub_debug", "any", FZPU },
	{ "slub_debug=", "any", FZPU },
	{ "slub_debug=F", "any", SLAB_CONSISTENCY_CHECKS },
	{ "slub_debug=zp", "any", SLAB_RED_ZONE | SLAB_POISON },
	{ "slub_debug=U", "any", SLAB_STORE_USER },
	{ "slub_debug=T", "any", SLAB_TRACE },
	{ "slub_debug=A", "any", SLAB_FAILSLAB },
	{ "slub_debug=-", "any", 0 },
	{ "slub_debug=FZ-", "any", 0 },
	{ "slub_debug=FX", "any", SLAB_CONSISTENCY_CHECKS },
	{ "slub_debug=,dentry", "dentry", FZPU },
	{ "slub_debug=,dentry", "dentry2", 0 },
	{ "slub_debug=,dentry", "dentr", 0 },
	{ "slub_debug=P,dentry,inode", "inode", SLAB_POISON },
	{ "slub_debug=P,dentry,inode", "inod", 0 },
	{ "slub_debug=P,dent*", "dentry", SLAB_POISON },
	{ "slub_debug=P,dent*", "dent", SLAB_POISON },
	{ "slub_debug=P,dent*", "den", 0 },
	{ "slub_debug=P,*", "any", SLAB_POISON },
	{ "slub_debug=FZ,a*;P,b*", "apple", SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE },
	{ "slub_debug=FZ,a*;P,b*", "banana", SLAB_POISON },
	{ "slub_debug=FZ,a*;P,b*", "cherry", 0 },
	{ "slub_debug=FZ;-,zs_handle,zspage", "zspage", 0 },
	{ "slub_debug=FZ;-,zs_handle,zspage", "page", SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE },
	{ "slub_debug=U,a;F,b;Z", "c", SLAB_RED_ZONE },
	{ "slub_debug=U,a;F,b;Z", "b", SLAB_CONSISTENCY_CHECKS },
	{ "slub_debug=;;F", "c", SLAB_CONSISTENCY_CHECKS },
};

static void test_grammar(void)
{
	struct kmem_cache *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(grammar); i++) {
		const struct grammar *g = &grammar[i];

		if (!boot(g->value))
			return;
		s = kmem_cache_create(g->name, 40, 0, SLAB_NO_MERGE, NULL);
		is_int(s->flags & (SLAB_DEBUG_FLAGS | SLAB_FAILSLAB), g->flags, "%s: %s", g->value,
		       g->name);
		check_all();
		host_power_off();
	}
	if (boot("slub_debug=FX"))
		ok(log_says("slub_debug option 'X' unknown. skipped"), "an unknown letter is told");
}

static void test_other_allocators(void)
{
	struct kmem_cache *s;

	if (!boot("slab=slob slub_debug"))
		return;
	s = cache("plain", 40);
	is_int(s->flags & SLAB_DEBUG_FLAGS, 0, "only SLUB is debugged");
	kmem_cache_free(s, get(s));
	check_all();
}

/* --- layout --- */

static void test_layout(void)
{
	unsigned int word = sizeof(void *), tracks = 2 * (word == 8 ? 32 : 20);
	struct kmem_cache *s;

	if (!boot("slub_debug"))
		return;
	s = cache("layout", 40);
	is_int(s->red_left_pad, word, "left red zone");
	is_int(s->inuse, 40 + word, "right red zone");
	is_int(s->offset, 40 + word, "the link is outside");
	is_int(s->size, ALIGN(word + 40 + word + word + tracks + word, word), "size, as Linux's");
	s = kmalloc_caches[0][6];
	is_int(s->red_left_pad, 64, "kmalloc-64: aligned as ever");
	is_int(s->size, word == 8 ? 256 : 192, "kmalloc-64 with all that is around it");
	ok(IS_ALIGNED((uintptr_t)kmalloc(64, GFP_KERNEL), 64), "so are its objects");
}

static void test_contents(void)
{
	struct kmem_cache *s;
	u8 *p;

	if (!boot("slub_debug"))
		return;
	s = cache("contents", 43);
	p = get(s);
	ok(is_filled(p - s->red_left_pad, 0xcc, s->red_left_pad), "left red zone, in use");
	ok(is_filled(p + 43, 0xcc, s->inuse - 43), "right red zone, in use");
	ok(is_filled(p + padding_offset(s), 0x5a, size_from_object(s) - padding_offset(s)),
	   "padding");
	ok(is_filled(p, 0x6b, 42) && p[42] == 0xa5, "a new object is poison");
	kmem_cache_free(s, p);
	ok(is_filled(p - s->red_left_pad, 0xbb, s->red_left_pad), "left red zone, free");
	ok(is_filled(p + 43, 0xbb, s->inuse - 43), "right red zone, free");
	ok(is_filled(p, 0x6b, 42) && p[42] == 0xa5, "a free object is poison");
	p = kmem_cache_zalloc(s, GFP_KERNEL);
	ok(is_filled(p, 0, 43) && p[43] == 0xcc, "zeroed when asked for");
}

static void ctor(void *p)
{
	memset(p, 0x77, 40);
}

static void test_constructed(void)
{
	struct kmem_cache *s;
	u8 *p;

	if (!boot("slub_debug"))
		return;
	s = kmem_cache_create("constructed", 40, 0, 0, ctor);
	p = get_freed(s);
	ok(is_filled(p, 0x77, 40), "a constructed object is not poisoned");
	is_int(validate_slab_cache(s), 0, "and sound");
	p[40] = 1;
	is_int(validate_slab_cache(s), 1, "but has red zones");
}

static void test_keep_order(void)
{
	struct kmem_cache *s;

	if (!boot("slub_debug=FZPUO"))
		return;
	s = cache("page", PAGE_SIZE);
	is_int(s->flags & FZPU, SLAB_CONSISTENCY_CHECKS, "O: no metadata where they need an order");
	is_int(s->size, PAGE_SIZE, "no byte more");
	s = cache("small", 40);
	is_int(s->flags & FZPU, FZPU, "but where they do not");
	kmem_cache_free(s, get(s));
	check_all();
}

static void test_small_red_zone(void)
{
	struct kmem_cache *s;
	u8 *p;

	if (!boot("slub_debug=FZ"))
		return;
	s = cache("small", 3);
	p = get(s);
	memset(p, 1, 3);
	kmem_cache_free(s, p);
	is_int(validate_slab_cache(s), 0, "an object smaller than its link");
	is_int(log_counts("BUG "), 0, "nothing is wrong with it");
}

/* --- damage --- */

struct damage {
	const char *flags;
	bool free;			/* done to a free object */
	enum { OBJECT, INUSE, PADDING, LINK } from;
	int at;
	const char *says;
};

static const struct damage damages[] = {
	{ "FZ", false, OBJECT, -1, "Left Redzone overwritten" },
	{ "FZ", true, OBJECT, -1, "Left Redzone overwritten" },
	{ "FZ", false, OBJECT, 40, "Right Redzone overwritten" },
	{ "FZ", true, OBJECT, 40, "Right Redzone overwritten" },
	{ "FP", true, OBJECT, 0, "Poison overwritten" },
	{ "FP", true, OBJECT, 38, "Poison overwritten" },
	{ "FP", true, OBJECT, 39, "End Poison overwritten" },
	{ "FZP", false, LINK, 0, "Freepointer corrupt" },
	{ "FZP", false, PADDING, 0, "Object padding overwritten" },
	{ "FZPU", false, PADDING, 0, "Object padding overwritten" },
};

static u8 *place(struct kmem_cache *s, const struct damage *d, u8 *p)
{
	if (d->from == PADDING)
		return p + padding_offset(s);
	return d->from == LINK ? p + s->offset : p + d->at;
}

static bool damage_one(const struct damage *d, bool validate)
{
	struct kmem_cache *s;
	char line[32];
	u8 *p, *at, old;

	snprintf(line, sizeof(line), "slub_debug=%s", d->flags);
	if (!boot(line))
		return false;
	s = cache("damaged", 40);
	p = get(s);
	if (d->free)
		kmem_cache_free(s, p);
	at = place(s, d, p);
	old = *at;
	*at ^= 0x55;
	if (validate)
		is_int(validate_slab_cache(s), 1, "%s: found", d->says);
	else if (d->free)
		ok(get(s) != p, "%s: not handed out", d->says);
	else
		kmem_cache_free(s, p);
	ok(log_says(d->says), "%s is said", d->says);
	is_int(log_counts("BUG damaged"), 1, "once");
	is_int(*at, old, "and mended");
	is_int(validate_slab_cache(s), 0, "so that it is sound");
	check_all();
	host_power_off();
	return true;
}

static void test_damage(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(damages); i++)
		if (!damage_one(&damages[i], false) || !damage_one(&damages[i], true))
			return;
}

static void test_slab_padding(void)
{
	struct kmem_cache *s;
	struct slab *slab;
	u8 *p;

	if (!boot("slub_debug=FP"))
		return;
	s = cache("odd", 1000);
	p = get(s);
	slab = virt_to_slab(p);
	((u8 *)slab_address(slab))[slab_span(slab) - 1] = 1;
	kmem_cache_free(s, p);
	ok(log_says("Padding overwritten") && log_says("FIX odd: Restoring Padding"),
	   "the slab's own padding is looked at");
	ok(log_counts("not freed") == 0, "no object suffers for it");
	is_int(validate_slab_cache(s), 0, "and mended");
}

static void test_requested_size(void)
{
	u8 *p;

	if (!boot("slub_debug"))
		return;
	p = kmalloc(33, GFP_KERNEL);
	is_int(p[33], 0xcc, "behind what was asked for is red zone");
	is_int(ksize(p), 64, "ksize() tells all");
	memset(p, 1, 64);
	kfree(p);
	p = krealloc(kmalloc(33, GFP_KERNEL), 60, GFP_KERNEL);
	memset(p, 1, 60);
	kfree(p);
	p = kzalloc(20, GFP_KERNEL);
	ok(is_filled(p, 0, 20) && p[20] == 0xcc, "zeroes are put in what was asked for");
	kfree(p);
	is_int(log_counts("BUG "), 0, "who asks may use it");
	p = kmalloc(33, GFP_KERNEL);
	p[33] = 1;
	kfree(p);
	ok(log_says("BUG kmalloc-64 (Not tainted): kmalloc Redzone overwritten"),
	   "who does not, not");
	check_all();
}

/* kzalloc() and krealloc() with __GFP_ZERO give zeroes, also where an object grows in place. */
static void test_zero_grows(void)
{
	static const char *const lines[] = { "slub_debug=F", "slub_debug=P", "slub_debug=ZU",
					     "slub_debug=U", "slub_debug" };
	unsigned int i;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!boot(lines[i]))
			return;
		p = krealloc(kzalloc(20, GFP_KERNEL), 60, GFP_KERNEL | __GFP_ZERO);
		ok(is_filled(p, 0, 60), "%s: what is new is zeroes", lines[i]);
		kfree(p);
		is_int(log_counts("BUG "), 0, "%s: nothing is wrong", lines[i]);
		host_power_off();
	}
}

static void test_freelist(void)
{
	struct kmem_cache *s;
	u8 *p, *q, *r;

	if (!boot("slub_debug=FZPU"))
		return;
	s = cache("chain", 40);
	p = get(s);
	q = get(s);
	r = get(s);
	kmem_cache_free(s, p);
	kmem_cache_free(s, q);
	*(unsigned long *)(q + s->offset) ^= ~0ul / 3;
	kmem_cache_free(s, r);
	ok(log_says("Freechain corrupt") && log_says("Freelist cut off") &&
	   log_says("FIX chain: Object count adjusted"), "a broken list is cut");
	(void)validate_slab_cache(s);		/* what was lost now counts as in use: mended so */
	is_int(validate_slab_cache(s), 0, "what is left is sound");
	check_all();
}

/*
 * An object in use has 0 for a link. By its address and the cache's secret that may decode to the
 * offset of an object; it is in use all the same. (A full slab has no links: its cache's secret may
 * change.)
 */
static void idle_link_decodes(const char *cmdline)
{
	struct kmem_cache *s;
	unsigned long *link;
	unsigned int i, cpu;
	u8 *p[128];

	if (!boot(cmdline))
		return;
	s = cache("unlucky", 40);
	KMM_BUG_ON(s->objects > ARRAY_SIZE(p));
	for (i = 0; i < s->objects; i++)
		p[i] = get(s);
	link = (unsigned long *)(p[s->objects / 2] + s->offset);
	s->random = link_key(link, s->red_left_pad);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		slab_cpu(s, cpu)->random = s->random;
	is_int(link_get(link, s->random), s->red_left_pad, "%s: 0 decodes", cmdline);
	is_int(validate_slab_cache(s), 0, "%s: all in use is sound", cmdline);
	while (i)
		kmem_cache_free(s, p[--i]);
	is_int(log_counts("BUG "), 0, "%s: nothing is wrong", cmdline);
	is_int(kmem_cache_shrink(s), 0, "%s: nothing is left", cmdline);
	check_all();
	host_power_off();
}

static void test_idle_link_decodes(void)
{
	idle_link_decodes("slub_debug");
	idle_link_decodes("slub_debug=FP");
	idle_link_decodes("slub_debug=P");
}

/* --- the report --- */

static const char *const report_lines[] = {
	"=============================================================================\n",
	"BUG reported (Not tainted): Right Redzone overwritten\n",
	"-----------------------------------------------------------------------------\n",
	". First byte 0x1 instead of 0xcc\n",
	"] Allocated in get+0x", "age=250 cpu=1 pid=0\n",
	"] Freed in ", "age=500 cpu=0 pid=0\n",
	"] Slab 0x", "fp=0x", "flags=0x", "] Object 0x", " @offset=",
	"] Redzone  ", "cc cc cc cc",
	"] Object   ", ": 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01  ................\n",
	"] Redzone  ", "] Padding  ", "5a 5a 5a 5a",
	"FIX reported: Restoring Right Redzone 0x", "=0xcc\n",
	"FIX reported: Object at 0x", " not freed\n",
};

/* The lines come in this order. */
static void in_order(const char *log, const char *const *lines, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const char *at = strstr(log, lines[i]);

		if (!ok(at != NULL, "line %u: %s", i, lines[i])) {
			diag("%s", log);
			return;
		}
		log = at + strlen(lines[i]);
	}
}

static void test_report(void)
{
	struct kmem_cache *s;
	u8 *p;

	if (!boot("slub_debug"))
		return;
	s = cache("reported", 40);
	host_clock_set(1000000000);
	p = get_freed(s);
	host_set_cpu(1);
	host_clock_set(2000000000);
	while (get(s) != p)
		;
	host_clock_set(3000000000);
	memset(p, 1, 41);
	kmem_cache_free(s, p);
	in_order(host_dmesg(), report_lines, ARRAY_SIZE(report_lines));
}

static void test_trace(void)
{
	struct kmem_cache *s;

	if (!boot("slub_debug=T,traced"))
		return;
	s = cache("traced", 40);
	kmem_cache_free(s, get(s));
	kfree(kmalloc(40, GFP_KERNEL));
	is_int(log_counts("TRACE traced alloc 0x"), 1, "T: an allocation is told");
	is_int(log_counts("TRACE traced free 0x"), 1, "so is a free");
	is_int(log_counts("TRACE "), 2, "of this cache");
}

static void test_leak(void)
{
	struct kmem_cache *s;

	if (!boot("slub_debug=U"))
		return;
	s = cache("leaky", 40);
	(void)get(s);
	kmem_cache_destroy(s);
	ok(log_says("Objects remaining in leaky") && log_says("Allocated in get+0x"),
	   "who leaks is named");
}

/* --- who holds objects --- */

static unsigned long site_count[8];
static u64 site_age[8];
static unsigned int sites;

static void note_site(void *arg, const struct slab_track_sum *sum)
{
	(void)arg;
	site_count[sites % 8] = sum->count;
	site_age[sites++ % 8] = sum->max_age_ns;
}

static __noinline void *get_here(struct kmem_cache *s)
{
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	__asm__("" : "+r"(p));
	return p;
}

static void test_tracks(void)
{
	struct kmem_cache *s;
	unsigned int i;

	if (!boot("slub_debug=U,held"))
		return;
	s = cache("held", 40);
	for (i = 0; i < 5; i++)
		(void)get_here(s);
	host_clock_set(5000);
	for (i = 0; i < 300; i++)
		(void)get(s);
	host_clock_set(6000);
	is_int(slab_tracks("held", true, note_site, NULL), 2, "two call sites");
	ok(sites == 2 && site_count[0] == 300 && site_count[1] == 5, "most first");
	ok(site_age[0] == 1000 && site_age[1] == 6000, "and how long ago");
	is_int(slab_tracks("held", false, note_site, NULL), 1, "no object was freed before");
	is_int(slab_tracks("nobody", true, note_site, NULL), -ENOENT, "no such cache");
	is_int(slab_tracks("kmalloc-64", true, note_site, NULL), -EINVAL, "it has no tracks");
}

static void all_caches_work(const char *cmdline)
{
	static const unsigned int sizes[] = { 1, 8, 13, 96, 100, 1000, 5000, 20000 };
	struct kmem_cache *s[ARRAY_SIZE(sizes)];
	unsigned int i, round;
	unsigned long before;
	char name[24];
	void *p[64];

	if (!boot(cmdline))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(name, sizeof(name), "works-%u", sizes[i]);
		s[i] = cache(name, sizes[i]);
	}
	before = settle();
	for (round = 0; round < 3 * 64; round++) {
		host_set_cpu(round & 1);
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			p[i] = get(s[i]);
			memset(p[i], 0x33, sizes[i]);
			p[i + 8] = kmalloc(sizes[i], GFP_KERNEL);
			memset(p[i + 8], 0x33, sizes[i]);
		}
		host_set_cpu(round / 2 & 1);
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			kmem_cache_free(s[i], p[i]);
			kfree(p[i + 8]);
		}
	}
	is_int(log_counts("BUG "), 0, "%s: nothing is wrong", cmdline);
	is_int(settle(), before, "%s: every page is back", cmdline);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		is_int(validate_slab_cache(s[i]), 0, "%s: %u: sound", cmdline, sizes[i]);
	host_power_off();
}

static void test_all_letters(void)
{
	static const char *const lines[] = { "slub_debug=F", "slub_debug=Z", "slub_debug=P",
					     "slub_debug=U", "slub_debug=FZ", "slub_debug=FP",
					     "slub_debug=ZP", "slub_debug=ZU", "slub_debug" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		all_caches_work(lines[i]);
}

/* --- several CPUs at a time --- */

static struct kmem_cache *shared;
static void *passed[256];

static void worker(void *arg)
{
	unsigned int i, at;
	void *p;

	(void)arg;
	for (i = 0; i < 3000; i++) {
		at = (i * 7 + kmm_cpu() * 13) % ARRAY_SIZE(passed);
		p = kmem_cache_alloc(shared, GFP_NOWAIT);
		if (p)
			memset(p, (int)i, 40);
		p = __atomic_exchange_n(&passed[at], p, __ATOMIC_ACQ_REL);
		if (p)
			kmem_cache_free(shared, p);
		if (i % 500 == 0)
			(void)validate_slab_cache(shared);
	}
}

static void test_threads(void)
{
	unsigned int i;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 4, .nodes = 2, .threads = true,
			.cmdline = "slub_debug"))
		return;
	shared = cache("shared", 40);
	memset(passed, 0, sizeof(passed));
	host_run_on_all(worker, NULL);
	for (i = 0; i < ARRAY_SIZE(passed); i++)
		if (passed[i])
			kmem_cache_free(shared, passed[i]);
	is_int(log_counts("BUG "), 0, "many CPUs at once: nothing is wrong");
	is_int(kmem_cache_shrink(shared), 0, "and nothing is left");
	check_all();
}

int main(void)
{
	run_case(test_grammar);
	run_case(test_other_allocators);
	run_case(test_layout);
	run_case(test_contents);
	run_case(test_constructed);
	run_case(test_keep_order);
	run_case(test_small_red_zone);
	run_case(test_damage);
	run_case(test_slab_padding);
	run_case(test_requested_size);
	run_case(test_zero_grows);
	run_case(test_freelist);
	run_case(test_idle_link_decodes);
	run_case(test_report);
	run_case(test_trace);
	run_case(test_leak);
	run_case(test_tracks);
	run_case(test_all_letters);
	run_case(test_threads);
	return done_testing();
}
