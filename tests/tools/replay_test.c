// SPDX-License-Identifier: MIT
/*
 * replay_test.c - the replay's engine on traces made up at random, against models that are
 * obviously right.
 */
// SOURCES: tools/kmm/replay/*.c tools/kmm/trace/*.c tools/kmm/machine.c tools/kmm/command.c
// TIMEOUT: 600
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/kmm/replay/frame_map.h"
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

/* No page is lost: all that was managed is free, in a per-CPU list, or held. */
static bool conserved(const struct replay_result *r)
{
	return r->after.free + r->after.pcp + r->counts.live_pages + r->counts.initial_pages ==
	       r->before.managed;
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
	unlink(path);
	unlink(table);
	return done_testing();
}
