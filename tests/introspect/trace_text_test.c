// SPDX-License-Identifier: MIT
// SOURCES: tools/kmm/trace/*.c
// FLAVOURS: release debug
/*
 * trace_text_test.c - events as ftrace and kmt1 text: the lines as Linux prints
 * them, and what the trace reader understands of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>
#include <kmm/gfp.h>
#include <kmm/page_addr.h>
#include <kmm/trace_text.h>
#include <lib/seq_buf.h>
#include <tools/kmm/trace/reader.h>

#include "../tap.h"

static char buffer[1 << 22];
static struct seq_buf text;

static struct seq_buf *fresh(void)
{
	seq_buf_init(&text, buffer, sizeof(buffer));
	return &text;
}

static const struct trace_stamp dash = { 4855897381000, 1, 1001, "dash", 0, NULL };
static const struct trace_stamp soft = { 4855897381500, 0, 7, "a-very-long-name-indeed", 's',
					 NULL };

static const struct trace_stamp nobody, nearly = { .ns = 999999600 };

static void is_line(const struct kmm_trace_event *e, const struct trace_stamp *s, const char *want)
{
	int ret = ftrace_event(fresh(), e, s);

	is_str(ret ? "(error)" : buffer, want, "%s", trace_event_name(e->code));
}

static void ftrace_lines(void)
{
	struct kmm_trace_event e = { .code = TRACE_MM_PAGE_ALLOC, .migratetype = 1, .pfn = 0x2cab34,
				     .gfp = GFP_KERNEL | __GFP_ZERO };

	is_line(&e, &dash, "            dash-1001    [001] .....  4855.897381: mm_page_alloc: "
		"page=0x2cab34 pfn=0x2cab34 order=0 migratetype=1 "
		"gfp_flags=GFP_KERNEL|__GFP_ZERO\n");
	e.failed = true;
	is_line(&e, &soft, "a-very-long-name-7       [000] ..s..  4855.897382: mm_page_alloc: "
		"page=0x0 pfn=0x0 order=0 migratetype=1 gfp_flags=GFP_KERNEL|__GFP_ZERO\n");
	e = (struct kmm_trace_event){ .code = TRACE_MM_PAGE_FREE, .pfn = 0x10, .order = 9 };
	is_line(&e, &nobody, "           <...>-0       [000] .....     0.000000: "
		"mm_page_free: page=0x10 pfn=0x10 order=9\n");
	e.code = TRACE_MM_PAGE_FREE_BATCHED;
	e.order = 0;
	is_line(&e, &nearly, "           <...>-0       [000] .....     1.000000: "
		"mm_page_free_batched: page=0x10 pfn=0x10 order=0\n");
	e = (struct kmm_trace_event){ .code = TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, .pfn = 0x207fea,
				      .percpu_refill = 1, .migratetype = 2 };
	is_line(&e, &dash, "            dash-1001    [001] .....  4855.897381: "
		"mm_page_alloc_zone_locked: page=0x207fea pfn=0x207fea order=0 migratetype=2 "
		"percpu_refill=1\n");
	e.code = TRACE_MM_PAGE_PCPU_DRAIN;
	is_line(&e, &dash, "            dash-1001    [001] .....  4855.897381: "
		"mm_page_pcpu_drain: page=0x207fea pfn=0x207fea order=0 migratetype=2\n");
	e = (struct kmm_trace_event){ .code = TRACE_MM_PAGE_ALLOC_EXTFRAG, .pfn = 0x4a400,
				      .fallback_order = 10, .fallback_migratetype = 1,
				      .change_ownership = 1 };
	is_line(&e, &dash, "            dash-1001    [001] .....  4855.897381: "
		"mm_page_alloc_extfrag: page=0x4a400 pfn=0x4a400 alloc_order=0 fallback_order=10 "
		"pageblock_order=9 alloc_migratetype=0 fallback_migratetype=1 fragmenting=0 "
		"change_ownership=1\n");
}

static bool named(uintptr_t addr, char *buf, size_t size)
{
	if (addr != 0x1233)
		return false;
	snprintf(buf, size, "copy_process+0x18a/0x490");
	return true;
}

static const struct trace_stamp knowing = { .ns = 1000000000, .tid = 3, .comm = "x",
					    .symbol = named };

static void ftrace_objects(void)
{
	struct kmm_trace_event e = { .code = TRACE_KMEM_KMALLOC, .ptr = 0x88001040, .node = -1,
				     .call_site = 0x1234, .bytes_req = 11, .bytes_alloc = 16,
				     .gfp = GFP_KERNEL };

	is_line(&e, &dash, "            dash-1001    [001] .....  4855.897381: kmalloc: "
		"call_site=0x1234 ptr=0x88001040 bytes_req=11 bytes_alloc=16 "
		"gfp_flags=GFP_KERNEL node=-1 accounted=false\n");
	e.failed = true;
	e.node = 1;
	e.gfp |= __GFP_ACCOUNT;
	is_line(&e, &knowing, "               x-3       [000] .....     1.000000: kmalloc: "
		"call_site=copy_process+0x18a/0x490 ptr=0x0 bytes_req=11 bytes_alloc=16 "
		"gfp_flags=GFP_KERNEL_ACCOUNT node=1 accounted=true\n");
	e = (struct kmm_trace_event){ .code = TRACE_KMEM_KFREE, .ptr = 0x88001040 };
	is_line(&e, &knowing, "               x-3       [000] .....     1.000000: kfree: "
		"call_site=0x0 ptr=0x88001040\n");
	e = (struct kmm_trace_event){ .code = TRACE_KMEM_CACHE_ALLOC, .ptr = 0x88001040,
				      .node = -1, .cache = "task_struct", .bytes_req = 4240,
				      .bytes_alloc = 4288, .gfp = GFP_ATOMIC };
	is_line(&e, &knowing, "               x-3       [000] .....     1.000000: "
		"kmem_cache_alloc: call_site=0x0 ptr=0x88001040 name=task_struct bytes_req=4240 "
		"bytes_alloc=4288 gfp_flags=GFP_ATOMIC node=-1 accounted=false\n");
	e = (struct kmm_trace_event){ .code = TRACE_KMEM_CACHE_FREE, .ptr = 0x88001040,
				      .cache = "task_struct", .call_site = 0x1234 };
	is_line(&e, &knowing, "               x-3       [000] .....     1.000000: "
		"kmem_cache_free: call_site=copy_process+0x18a/0x490 ptr=0x88001040 "
		"name=task_struct\n");
}

/* Definitions stand before their first use, and only there. */
static void kmt1_objects(void)
{
	static struct kmt1_writer w;
	struct kmm_trace_event e = { .code = TRACE_KMEM_KMALLOC, .ptr = 0x5040, .node = -1,
				     .call_site = 0x1234, .bytes_req = 11, .bytes_alloc = 16,
				     .gfp = GFP_KERNEL };
	int ret = 0;
	char want[512];
	u32 id = ~0u;

	kmt1_begin(&w, fresh(), "objects");
	seq_buf_init(&text, buffer, sizeof(buffer));
	ret |= kmt1_event(&w, &text, &e, &knowing);
	e.node = 2;
	e.failed = true;
	ret |= kmt1_event(&w, &text, &e, &knowing);
	e = (struct kmm_trace_event){ .code = TRACE_KMEM_KFREE, .ptr = 0x5040 };
	ret |= kmt1_event(&w, &text, &e, &knowing);
	e = (struct kmm_trace_event){ .code = TRACE_KMEM_CACHE_ALLOC, .ptr = 0x6000, .node = -1,
				      .cache = "filp", .bytes_req = 184, .bytes_alloc = 192,
				      .gfp = GFP_KERNEL, .call_site = 0x9999 };
	ret |= kmt1_event(&w, &text, &e, &knowing);
	e.code = TRACE_KMEM_CACHE_FREE;
	ret |= kmt1_event(&w, &text, &e, &knowing);
	is_int(ret, 0, "all fitted");
	for (u32 i = 0; i < KMT1_MAX_CACHES; i++)
		if (strcmp(w.cache[i], "filp") == 0)
			id = i;
	snprintf(want, sizeof(want),
		 "#T\t3\tW\tx\n#G\t0\tcc0\tGFP_KERNEL\n#S\t0\tcopy_process+0x18a\n"
		 "0\tm0\t3\t5040\t11\t16\t0\t0\n0\tm0\t3\t0\t11\t16\t0\t0\t2\n"
		 "#S\t1\t?\n0\tf0\t3\t5040\t1\n"
		 "#S\t2\t0x9999\n#C\t%u\tfilp\n0\tc0\t3\t6000\t%u\t184\t192\t0\t2\n"
		 "0\td0\t3\t6000\t%u\t2\n", id, id, id);
	is_str(buffer, want, "kmt1 objects");
}

static void kmt1_text(void)
{
	static struct kmt1_writer w;
	struct kmm_trace_event e = { .code = TRACE_MM_PAGE_ALLOC, .migratetype = 1, .pfn = 0x1a,
				     .gfp = GFP_KERNEL };
	struct trace_stamp s = dash;
	int ret = 0;

	kmt1_begin(&w, fresh(), "a\ttest");
	ret |= kmt1_event(&w, &text, &e, &s);
	e.failed = true;
	e.order = 4;
	e.gfp |= __GFP_ZERO;
	s.ns += 1500;
	ret |= kmt1_event(&w, &text, &e, &s);
	e = (struct kmm_trace_event){ .code = TRACE_MM_PAGE_FREE_BATCHED, .pfn = 0x1a };
	ret |= kmt1_event(&w, &text, &e, &s);
	e.code = TRACE_MM_PAGE_FREE;
	ret |= kmt1_event(&w, &text, &e, &(struct trace_stamp){ s.ns + 1, 0, 5, NULL, 'h', NULL });
	e = (struct kmm_trace_event){ .code = TRACE_MM_PAGE_ALLOC_EXTFRAG, .pfn = 0x4a400,
				      .fallback_order = 10, .fallback_migratetype = 1,
				      .change_ownership = 1 };
	s.ns += 2;
	ret |= kmt1_event(&w, &text, &e, &s);
	kmt1_end(&w, &text);
	is_int(ret, 0, "all fitted");
	is_str(buffer,
	       "#kmt1\ta_test\n#clock\tns, deltas; first event at 0\n"
	       "#T\t1001\tW\tdash\n#G\t0\tcc0\tGFP_KERNEL\n0\tA1\t1001\t1a\t0\t0\t1\n"
	       "#G\t1\tdc0\tGFP_KERNEL|__GFP_ZERO\n1500\tA1\t1001\t-\t4\t1\t1\n"
	       "#T\t5\tW\t?\n1\tF0h\t5\t1a\t0\n"
	       "1\tX1\t1001\t4a400\t0\t10\t0\t1\t1\n#end\tevents 4\tduration_ns 1502\n", "kmt1");
}

static void too_small(void)
{
	static struct kmt1_writer w;
	char room[TRACE_TEXT_MAX - 1];
	struct kmm_trace_event e = { .code = TRACE_MM_PAGE_FREE, .pfn = 1 };

	seq_buf_init(&text, room, sizeof(room));
	is_int(ftrace_event(&text, &e, &dash), -E2BIG, "ftrace: no room");
	is_int(kmt1_event(&w, &text, &e, &dash), -E2BIG, "kmt1: no room");
	is_int(text.len, 0, "nothing written");
	is_int(w.nr_tid + w.events, 0, "nothing remembered");
	ok(!text.overflow, "and the buffer is not spoiled");
	e.code = 200;
	is_str(trace_event_name(200), "unknown", "an event nobody knows");
	is_int(kmt1_event(&w, fresh(), &e, &dash), 0, "is left out");
	is_int(text.len, 0, "of the kmt1 text");
}

/* --- what the reader understands --- */

static u64 rand_state = 1;
static u32 rnd(u32 below)
{
	rand_state = rand_state * 6364136223846793005u + 1442695040888963407u;
	return (u32)((rand_state >> 33) % below);
}

static const gfp_t real_bits = __GFP_BITS_MASK;

static gfp_t random_gfp(void)
{
	return (rnd(1u << 30) & real_bits) & (rnd(1u << 30) | GFP_KERNEL);
}

/* More caches and more call sites than the writer remembers. */
#define CACHES	600
#define SITES	5000
static char cache_name[CACHES][KMEM_CACHE_NAME_MAX];

static struct kmm_trace_event random_object(u8 code)
{
	struct kmm_trace_event e = { .code = code, .node = -1, .ptr = 8u * (1 + rnd(1u << 28)),
				     .call_site = 0x400000 + 16 * (uintptr_t)rnd(SITES) };

	if (code == TRACE_KMEM_CACHE_ALLOC || code == TRACE_KMEM_CACHE_FREE)
		e.cache = cache_name[rnd(CACHES)];
	if (code == TRACE_KMEM_KMALLOC || code == TRACE_KMEM_CACHE_ALLOC) {
		e.gfp = random_gfp();
		e.node = (s16)((int)rnd(4) - 1);
		e.bytes_req = rnd(100000);
		e.bytes_alloc = e.bytes_req + rnd(100);
		e.failed = rnd(10) == 0;
	}
	return e;
}

static struct kmm_trace_event random_page(void)
{
	struct kmm_trace_event e = { .code = (u8)rnd(6), .order = (u8)rnd(11),
				     .migratetype = (u8)rnd(3), .pfn = 1 + rnd(1u << 28) };

	if (e.code == TRACE_MM_PAGE_ALLOC) {
		e.gfp = random_gfp();
		e.failed = rnd(10) == 0;
	}
	e.percpu_refill = e.code == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED && rnd(2);
	if (e.code == TRACE_MM_PAGE_FREE_BATCHED)
		e.order = 0;
	if (e.code == TRACE_MM_PAGE_ALLOC_EXTFRAG) {
		e.fallback_order = (u8)rnd(11);
		e.fallback_migratetype = (u8)rnd(6);
		e.change_ownership = (u8)rnd(2);
	}
	return e;
}

static struct kmm_trace_event random_event(void)
{
	u32 code = rnd(TRACE_KMEM_CACHE_FREE + 1);

	return code < TRACE_KMEM_KMALLOC ? random_page() : random_object((u8)code);
}

static bool same_object(const struct kmm_trace_event *e, const struct trace_event *ev,
			const struct trace_reader *r)
{
	static const u8 codes[] = { TRACE_KMALLOC, TRACE_KFREE, TRACE_CACHE_ALLOC,
				    TRACE_CACHE_FREE };
	const struct trace_object *o = &ev->obj;
	bool alloc = e->code == TRACE_KMEM_KMALLOC || e->code == TRACE_KMEM_CACHE_ALLOC;
	u64 ptr = trace_ptr_kind(r) == TRACE_PTR_PHYSICAL ? __pa(e->ptr) : e->ptr;
	char site[32];

	snprintf(site, sizeof(site), "%#llx", (unsigned long long)e->call_site);
	return ev->code == codes[e->code - TRACE_KMEM_KMALLOC] && o->ptr == (e->failed ? 0 : ptr) &&
	       !strcmp(trace_name(r, TRACE_NAME_SITE, o->site_id), site) &&
	       !strcmp(trace_name(r, TRACE_NAME_CACHE, o->cache_id), e->cache ? e->cache : "?") &&
	       (!alloc || (o->bytes_req == e->bytes_req && o->bytes_alloc == e->bytes_alloc &&
			   o->gfp == e->gfp && o->node == e->node));
}

static bool same_page(const struct kmm_trace_event *e, const struct trace_event *r)
{
	static const u8 codes[] = { TRACE_PAGE_ALLOC, TRACE_PAGE_FREE, TRACE_PAGE_FREE_BATCHED,
				    TRACE_PAGE_ZONE_LOCKED, TRACE_PCPU_DRAIN, TRACE_EXTFRAG };

	if (r->code != codes[e->code])
		return false;
	if (e->code == TRACE_MM_PAGE_ALLOC_EXTFRAG)
		return r->extfrag.pfn == e->pfn && r->extfrag.alloc_order == e->order &&
		       r->extfrag.fallback_order == e->fallback_order &&
		       r->extfrag.alloc_mt == e->migratetype &&
		       r->extfrag.fallback_mt == e->fallback_migratetype &&
		       r->extfrag.change_ownership == e->change_ownership;
	if (r->page.failed != e->failed || r->page.order != e->order || r->page.gfp != e->gfp)
		return false;
	if (e->code != TRACE_MM_PAGE_FREE && e->code != TRACE_MM_PAGE_FREE_BATCHED &&
	    r->page.migratetype != e->migratetype)
		return false;
	return r->page.percpu_refill == e->percpu_refill && r->page.pfn == (e->failed ? 0 : e->pfn);
}

#define EVENTS 12000
static struct kmm_trace_event events[EVENTS];

static struct trace_stamp stamp_of(unsigned int i)
{
	static char comm[EVENTS][24];

	snprintf(comm[i], sizeof(comm[i]), "task-%u", i % 200);
	return (struct trace_stamp){ 1000000 * (u64)i, i % 4, 100 + i % 200, comm[i],
				     "tsh"[i % 3], NULL };
}

static void read_back(const char *what, enum trace_format format, bool kmt1)
{
	char err[512] = "";
	struct trace_reader *r = trace_open_memory(buffer, text.len, what, NULL, err, sizeof(err));
	struct trace_event ev;
	unsigned int i = 0, wrong = 0, stamps = 0;

	ok(r, "%s is a trace%s", what, err);
	if (!r)
		return;
	is_int(trace_format(r), format, "%s by its content", what);
	for (; i < EVENTS && trace_next(r, &ev) > 0; i++) {
		while (kmt1 && i < EVENTS && events[i].code == TRACE_MM_PAGE_FREE_BATCHED)
			i++;
		if (!(events[i].code < TRACE_KMEM_KMALLOC ? same_page(&events[i], &ev) :
		      same_object(&events[i], &ev, r)) && wrong++ == 0)
			diag("event %u, code %d", i, events[i].code);
		stamps += ev.tid != 100 + i % 200 || ev.cpu != i % 4 ||
			  ev.context != (u32)"tsh"[i % 3];
	}
	while (kmt1 && i < EVENTS && events[i].code == TRACE_MM_PAGE_FREE_BATCHED)
		i++;
	is_int(i, EVENTS, "%s: all events", what);
	is_int(wrong, 0, "%s: arguments read back", what);
	is_int(stamps, 0, "%s: thread, CPU and context read back", what);
	is_int(trace_next(r, &ev), 0, "%s: then the end", what);
	is_int(trace_print_problems(r, stderr), 0, "%s: nothing to complain about", what);
	trace_close(r);
}

static void round_trip(void)
{
	static struct kmt1_writer w;
	int ret = 0;

	for (unsigned int i = 0; i < CACHES; i++)
		snprintf(cache_name[i], sizeof(cache_name[i]), "%s-%u", i % 5 ? "kmalloc" :
			 "a_cache_whose_name_is_as_long_as_it_can_be_but_for_a_few", i);
	for (unsigned int i = 0; i < EVENTS; i++)
		events[i] = random_event();
	ftrace_header(fresh(), 4, EVENTS);
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct trace_stamp s = stamp_of(i);

		ret |= ftrace_event(&text, &events[i], &s);
	}
	is_int(ret, 0, "ftrace text of %d events", EVENTS);
	read_back("ftrace", TRACE_FTRACE, false);

	kmt1_begin(&w, fresh(), "round trip");
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct trace_stamp s = stamp_of(i);

		ret |= kmt1_event(&w, &text, &events[i], &s);
	}
	kmt1_end(&w, &text);
	is_int(ret, 0, "kmt1 text of %d events", EVENTS);
	ok(w.nr_gfp > KMT1_MAX_GFP && w.nr_tid > KMT1_MAX_TIDS,
	   "more masks (%u) and threads (%u) than the writer remembers", w.nr_gfp, w.nr_tid);
	ok(w.nr_site > KMT1_MAX_SITES && w.nr_cache > KMT1_MAX_CACHES,
	   "more call sites (%u) and caches (%u) too", w.nr_site, w.nr_cache);
	read_back("kmt1", TRACE_KMT1, true);
}

int main(void)
{
	ftrace_lines();
	ftrace_objects();
	kmt1_text();
	kmt1_objects();
	too_small();
	round_trip();
	return done_testing();
}
