// SPDX-License-Identifier: MIT
/*
 * replay_test.c - the replay's engine on traces made up at random, against models that are
 * obviously right.
 */
// SOURCES: tools/kmm/replay/*.c tools/kmm/trace/*.c tools/kmm/machine.c tools/kmm/command.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/kmm/replay/frame_map.h"
#include "tools/kmm/replay/ptr_map.h"
#include "tools/kmm/replay/replay.h"

#include "../tap.h"

static u64 seed = 1;

static u32 rnd(u32 below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((seed >> 33) % below);
}

/* ---- the frame map against an array ---- */

#define FRAMES	4096u

struct model {
	struct frame f[FRAMES];
};

static int model_covering(const struct model *m, u32 pfn)
{
	for (u32 head = 0; head <= pfn; head++)
		if (m->f[head].state != FRAME_NONE && pfn - head < 1u << m->f[head].order)
			return (int)head;
	return -1;
}

static bool model_room(const struct model *m, u32 pfn, u32 order)
{
	for (u32 i = pfn; i < pfn + (1u << order); i++)
		if (model_covering(m, i) >= 0)
			return false;
	return true;
}

static bool map_agrees(struct frame_map *map, const struct model *m, u32 pfn)
{
	int want = model_covering(m, pfn);
	u64 head = 0;
	const struct frame *f = frame_covering(map, pfn, &head);
	u32 next = pfn;

	while (next < FRAMES && m->f[next].state == FRAME_NONE)
		next++;
	return (want < 0 ? !f : f && head == (u64)want && f->pfn == m->f[want].pfn) &&
	       !!frame_at(map, pfn) == (m->f[pfn].state != FRAME_NONE) &&
	       frame_next(map, pfn, FRAMES) == next;
}

static void test_frame_map(void)
{
	struct frame_map *map = frame_map_new();
	struct model *m = calloc(1, sizeof(*m));
	u64 blocks = 0, wrong = 0, bytes;

	for (int step = 0; step < 20000; step++) {
		u32 order = rnd(4) ? rnd(3) : rnd(11), pfn = rnd(FRAMES >> order) << order;

		if (m->f[pfn].state != FRAME_NONE) {
			frame_clear(map, pfn);
			m->f[pfn].state = FRAME_NONE;
			blocks--;
		} else if (rnd(2) && model_room(m, pfn, order)) {
			m->f[pfn] = (struct frame){ .pfn = rnd(1u << 30), .order = (u8)order,
						    .state = FRAME_LIVE };
			frame_set(map, pfn, m->f[pfn]);
			blocks++;
		}
		wrong += !map_agrees(map, m, rnd(FRAMES)) || frame_map_blocks(map) != blocks;
	}
	is_int(wrong, 0, "the frame map agrees with an array");
	for (u32 pfn = 0; pfn < FRAMES; pfn++)
		if (m->f[pfn].state != FRAME_NONE)
			frame_clear(map, pfn);
	bytes = frame_map_bytes(map);
	is_int(bytes, 0, "an empty frame map holds no memory");
	ok(frame_map_peak_bytes(map) > 0, "it had some");
	frame_map_free(map);
	free(m);
}

/* ---- the numbers of addresses ---- */

static void test_ptr_map(void)
{
	struct ptr_map map = { 0 };
	unsigned int wrong = 0;

	for (u32 i = 0; i < 100000; i++)
		wrong += ptr_map_get(&map, 8 + (u64)i * 104) != i;
	for (u32 i = 0; i < 100000; i++)
		wrong += ptr_map_find(&map, 8 + (u64)i * 104) != i ||
			 ptr_map_find(&map, 16 + (u64)i * 104) != PTR_NONE;
	is_int(wrong, 0, "addresses keep their numbers");
	is_int(map.nr, 100000, "as many as there were");
	ptr_map_free(&map);
}

/* ---- replays of random traces ---- */

static char path[] = "/tmp/kmm-replay-test-XXXXXX";

struct writer {
	FILE *f;
	u64 events;
};

static struct writer trace_begin(void)
{
	struct writer w = { .f = fopen(path, "w") };

	fputs("#kmt1\ttest\n#clock\tns\n#T\t1\tW\ttest\n"
	      "#G\t0\tcc0\tGFP_KERNEL\n#G\t1\t100cca\tGFP_HIGHUSER_MOVABLE\n"
	      "#G\t2\tcd0\tGFP_KERNEL|__GFP_RECLAIMABLE\n"
	      "#G\t3\t6\t__GFP_HIGHMEM|GFP_DMA32\n#G\t4\t18\t__GFP_MOVABLE|__GFP_RECLAIMABLE\n",
	      w.f);
	return w;
}

static void trace_end(struct writer *w)
{
	fprintf(w->f, "#end\tevents %llu\tduration_ns %llu\n", (unsigned long long)w->events,
		(unsigned long long)w->events * 10);
	fclose(w->f);
}

static void alloc_event(struct writer *w, u64 pfn, u32 order, u32 gfp)
{
	fprintf(w->f, "10\tA%u\t1\t%llx\t%u\t%u\t0\n", rnd(4), (unsigned long long)pfn, order, gfp);
	w->events++;
}

static void free_event(struct writer *w, u64 pfn, u32 order)
{
	fprintf(w->f, "10\tF%u\t1\t%llx\t%u\n", rnd(4), (unsigned long long)pfn, order);
	w->events++;
}

/* Allocations and frees with no sense at all; live[] is what must be held after them. */
static void write_random(u32 first, u32 frames, u32 events, bool odd, u8 *live)
{
	struct writer w = trace_begin();

	memset(live, 0, frames);
	for (u32 i = 0; i < events; i++) {
		u32 order = rnd(8) ? rnd(3) : rnd(11),
		    pfn = first + (rnd(frames >> order) << order);
		bool alloc = rnd(2);

		if (odd && !rnd(20))
			alloc_event(&w, pfn | 1, 3, 0);		/* no block begins there */
		if (odd && !rnd(20))
			free_event(&w, pfn, 11 + rnd(20));	/* nor is so large */
		if (alloc)
			alloc_event(&w, pfn, order, rnd(odd ? 5 : 3));
		else
			free_event(&w, pfn, order);
		memset(live + (pfn - first), alloc, 1u << order);
	}
	trace_end(&w);
}

static u64 count(const u8 *live, u32 frames)
{
	u64 sum = 0;

	for (u32 i = 0; i < frames; i++)
		sum += live[i];
	return sum;
}

static bool run(struct replay_config *c, struct replay_result *r)
{
	char err[REPLAY_ERROR] = "";

	c->trace = path;
	c->no_snapshots = true;
	if (!replay_run(c, r, err))
		return true;
	diag("%s", err);
	return false;
}

/* No page is lost: all that was to be had is free, in a per-CPU list, or held. */
static bool conserved(const struct replay_result *r)
{
	return r->after.free + r->after.pcp + r->counts.live_pages + r->counts.initial_pages ==
	       r->before.free + r->before.pcp + r->initial.occupied_pages;
}

#define SPAN	8192u		/* frames used: 32 MiB */

static void test_random(bool follow, bool odd)
{
	u8 *live = malloc(SPAN);
	unsigned int bad = 0;

	for (int round = 0; round < 10; round++) {
		struct replay_config c;
		struct replay_result *r = calloc(1, sizeof(*r));

		replay_defaults(&c);
		c.machine.mem = 512ull << 20;
		c.machine.cpus = 1 + rnd(4);
		c.machine.nodes = follow ? 1 : 1 + rnd(2);
		c.follow = follow;
		write_random(SPAN, SPAN, 4000, odd, live);
		if (!run(&c, r) || r->counts.failed || r->counts.live_pages != count(live, SPAN) ||
		    !conserved(r)) {
			diag("round %d: %llu live, not %llu; %llu failed", round,
			     (unsigned long long)r->counts.live_pages,
			     (unsigned long long)count(live, SPAN),
			     (unsigned long long)r->counts.failed);
			bad++;
		}
		replay_result_free(r);
		free(r);
	}
	is_int(bad, 0, "random traces, %s, %s: pages held are those of the model",
	       follow ? "follow" : "what-if", odd ? "senseless" : "sensible");
	free(live);
}

#define SPAN_PAGES	4096u

static void test_failing(void)
{
	struct replay_result *r = calloc(1, sizeof(*r));
	struct replay_config c;
	struct writer w;

	replay_defaults(&c);
	c.machine.mem = 16ull << 20;
	w = trace_begin();
	for (u32 i = 0; i < 40; i++)
		alloc_event(&w, 1024 + i * 1024, 10, 0);
	for (u32 i = 0; i < 40; i++)
		free_event(&w, 1024 + i * 1024, 10);
	trace_end(&w);
	ok(run(&c, r), "a machine too small replays");
	ok(r->counts.failed > 30, "most allocations fail: %llu",
	   (unsigned long long)r->counts.failed);
	is_int(r->counts.free_refused_pages, r->counts.failed * 1024,
	       "their frees are known for what they are");
	is_int(r->counts.free_unknown_pages, 0, "none is unknown");
	is_int(r->counts.live_pages, 0, "nothing is held at the end");
	ok(conserved(r), "no page is lost");
	is_int(r->nr_classes, 1, "one kind of failure");
	is_int(r->classes[0].count, r->counts.failed, "with all of them");
	ok(strstr(r->log, "page allocation failure: order:10"), "Linux's report is in the log");
	replay_result_free(r);
	free(r);
}

/* ---- objects ---- */

#define PLACES	2048u		/* addresses objects are at: of one slot of 512 bytes each */
#define OBJECT_PAGES (PLACES / 8)

/* What must be held in the end, and what the events were. */
struct object_model {
	u32 bytes[PLACES];	/* of the object alive there; 0: none */
	bool page[OBJECT_PAGES];	/* allocated by an event, and not freed since */
	u64 allocs, frees, replaced, swept, unknown;
};

static void object_event(struct writer *w, struct object_model *m, u32 place)
{
	u64 phys = ((u64)SPAN_PAGES << PAGE_SHIFT) + (u64)place * 512;
	u32 cpu = rnd(4), bytes = 1 + rnd(512);
	bool kmalloc = place & 1;

	w->events++;
	if (rnd(2)) {
		m->allocs++;
		m->replaced += m->bytes[place] != 0;
		m->bytes[place] = kmalloc ? bytes : 200 + place % 4;
		fprintf(w->f, "10\t%c%u\t1\t%llx\t", kmalloc ? 'm' : 'c', cpu,
			(unsigned long long)phys);
		if (!kmalloc)
			fprintf(w->f, "%u\t", place / 2 % 2);
		fprintf(w->f, "%u\t%u\t%u\t0\n", m->bytes[place], 512, rnd(5));
	} else {
		m->unknown += !m->bytes[place];
		m->frees += m->bytes[place] != 0;
		m->bytes[place] = 0;
		fprintf(w->f, kmalloc ? "10\tf%u\t1\t%llx\t1\n" : "10\td%u\t1\t%llx\t%u\t1\n",
			cpu, (unsigned long long)phys, place / 2 % 2);
	}
}

/* A page comes or goes; what lived in it lives no more. */
static void object_page(struct writer *w, struct object_model *m, u32 page)
{
	if (m->page[page])
		free_event(w, SPAN_PAGES + page, 0);
	else
		alloc_event(w, SPAN_PAGES + page, 0, 0);
	m->page[page] = !m->page[page];
	for (u32 i = 0; i < 8; i++) {
		m->swept += m->bytes[page * 8 + i] != 0;
		m->bytes[page * 8 + i] = 0;
	}
}

static void write_objects(struct object_model *m, u32 events)
{
	struct writer w = trace_begin();

	memset(m, 0, sizeof(*m));
	fputs("#S\t0\tmake+0x1\n#S\t1\tdrop+0x1\n#C\t0\tfirst\n#C\t1\tsecond\n", w.f);
	for (u32 i = 0; i < events; i++) {
		if (rnd(30))
			object_event(&w, m, rnd(PLACES));
		else
			object_page(&w, m, rnd(OBJECT_PAGES));
	}
	trace_end(&w);
}

static bool as_modelled(const struct replay_result *r, const struct object_model *m)
{
	const struct object_result *o = &r->objects;
	u64 objects = 0, bytes = 0;

	for (u32 i = 0; i < PLACES; i++) {
		objects += m->bytes[i] != 0;
		bytes += m->bytes[i];
	}
	if (o->end.bytes.objects == objects && o->end.bytes.requested == bytes &&
	    o->allocs == m->allocs && o->frees == m->allocs - objects &&
	    o->read.over_live == m->replaced && o->read.swept == m->swept && !o->failed &&
	    o->read.free_untraced + o->read.free_homeless + o->read.free_old == m->unknown)
		return true;
	diag("%llu objects of %llu bytes, not %llu of %llu; %llu replaced, not %llu; %llu swept, "
	     "not %llu", (unsigned long long)o->end.bytes.objects,
	     (unsigned long long)o->end.bytes.requested, (unsigned long long)objects,
	     (unsigned long long)bytes, (unsigned long long)o->read.over_live,
	     (unsigned long long)m->replaced, (unsigned long long)o->read.swept,
	     (unsigned long long)m->swept);
	return false;
}

/* No page is lost: what is neither free nor an event's is the slab layer's. */
static bool objects_conserved(const struct replay_result *r)
{
	u64 taken = r->before.free + r->before.pcp - r->after.free - r->after.pcp;
	u64 slabs = r->objects.end.bytes.pages - r->objects.start_pages;

	return taken == slabs + r->counts.live_pages;
}

static void test_objects(enum replay_level level, const char *allocator)
{
	struct object_model *m = calloc(1, sizeof(*m));
	char parameter[16];
	unsigned int bad = 0;

	snprintf(parameter, sizeof(parameter), "slab=%s", allocator);
	for (int round = 0; round < 8; round++) {
		struct replay_config c;
		struct replay_result *r = calloc(1, sizeof(*r));

		replay_defaults(&c);
		c.level = level;
		c.machine.mem = 256ull << 20;
		c.machine.cpus = 1 + rnd(4);
		c.machine.nodes = 1 + rnd(2);
		if (!machine_add_param(&c.machine, parameter))
			bad++;
		write_objects(m, 6000);
		if (!run(&c, r) || !as_modelled(r, m) || !objects_conserved(r))
			bad++;
		bad += strcmp(r->objects.allocator, allocator) != 0;
		replay_result_free(r);
		free(r);
	}
	is_int(bad, 0, "random objects, %s, %s: what is held is as the model says",
	       level == REPLAY_BOTH ? "both" : "objects", allocator);
	free(m);
}

/* One script, three allocators: the same objects. */
static void test_one_script(void)
{
	static const char *const parameters[] = { "slab=slub", "slab=slab", "slab=slob" };
	struct object_model *m = calloc(1, sizeof(*m));
	struct script *script = calloc(1, sizeof(*script));
	unsigned int bad = 0;

	write_objects(m, 6000);
	for (int i = 0; i < 3; i++) {
		struct replay_config c;
		struct replay_result *r = calloc(1, sizeof(*r));

		replay_defaults(&c);
		c.level = REPLAY_BOTH;
		c.script = script;
		c.machine.mem = 256ull << 20;
		bad += !machine_add_param(&c.machine, parameters[i]) || !run(&c, r) ||
		       !as_modelled(r, m);
		replay_result_free(r);
		free(r);
	}
	script_free(script);
	free(script);
	free(m);
	is_int(bad, 0, "a script can be played by each allocator");
}

/* A trace can be as long as it likes: few pages live, so little is remembered. */
static void test_bounded(void)
{
	struct replay_result *r = calloc(1, sizeof(*r));
	struct replay_config c;
	struct writer w = trace_begin();
	u64 pfn[64] = { 0 };

	for (u32 i = 0; i < 200000; i++) {
		u64 *slot = &pfn[i % 64];

		if (*slot)
			free_event(&w, *slot, 0);
		*slot = 1 + ((u64)rnd(1u << 28) << 6);		/* all over 64 TiB */
		alloc_event(&w, *slot, 0, 1);
	}
	trace_end(&w);
	replay_defaults(&c);
	c.machine.mem = 64ull << 20;
	ok(run(&c, r), "a long trace of few pages replays");
	is_int(r->counts.live_pages, 64, "64 live");
	ok(r->map_peak_bytes < 4u << 20, "memory for them: %llu KiB",
	   (unsigned long long)r->map_peak_bytes >> 10);
	ok(conserved(r), "no page is lost");
	replay_result_free(r);
	free(r);
}

/* ---- layouts ---- */

static char table[] = "/tmp/kmm-replay-table-XXXXXX";

#if UINTPTR_MAX > 0xffffffffu
#define BIG_ZONE	"DMA32"
#else
#define BIG_ZONE	"Normal"
#endif

/* A table of counts that surely fits a machine of 256 MiB: its larger zone has 120 pageblocks. */
static void write_table(u64 *want)
{
	FILE *f = fopen(table, "w");

	want[10] = rnd(30);
	want[9] = rnd(10);
	for (int o = 8; o >= 0; o--)
		want[o] = rnd(o < 4 ? 400 : 20);
	fputs("Node 0, zone      DMA      0      0      0      0      0      0      0      0      "
	      "0      0"
	      "      1 \nNode 0, zone " BIG_ZONE,
	      f);
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(f, " %6llu", (unsigned long long)want[o]);
	fputs(" \n", f);
	fclose(f);
}

static void test_layouts(void)
{
	unsigned int bad = 0;
	struct writer w = trace_begin();

	alloc_event(&w, 5000, 0, 0);
	trace_end(&w);
	for (int round = 0; round < 20; round++) {
		struct replay_result *r = calloc(1, sizeof(*r));
		struct replay_config c;
		u64 want[MAX_ORDER];
		const struct zone_state *z;

		write_table(want);
		replay_defaults(&c);
		c.machine.mem = 256ull << 20;
		c.initial = table;
		if (!run(&c, r)) {
			bad++;
			free(r);
			continue;
		}
		z = state_zone(&r->before, 0, BIG_ZONE);
		for (unsigned int o = 0; o < MAX_ORDER; o++)
			bad += zone_state_free(z, o) != want[o];
		bad += !conserved(r);
		replay_result_free(r);
		free(r);
	}
	is_int(bad, 0, "layouts have the counts of their tables");
}

int main(void)
{
	close(mkstemp(path));
	close(mkstemp(table));
	test_frame_map();
	test_random(false, false);
	test_random(false, true);
	test_random(true, false);
	test_random(true, true);
	test_failing();
	test_bounded();
	test_layouts();
	test_ptr_map();
	for (int i = 0; i < 3; i++) {
		static const char *const allocators[] = { "slub", "slab", "slob" };

		test_objects(REPLAY_OBJECTS, allocators[i]);
		test_objects(REPLAY_BOTH, allocators[i]);
	}
	test_one_script();
	unlink(path);
	unlink(table);
	return done_testing();
}
