// SPDX-License-Identifier: MIT
/*
 * compare.c - two replays of one trace side by side: --compare.
 *
 * Rows that are alike are told once, at the end, by their names.
 */
#include <string.h>

#include <kmm/vmstat.h>

#include "replay.h"
#include "words.h"

struct table {
	FILE *out;
	bool colour;
	char alike[1024];		/* names of rows without a difference */
};

static void add_alike(struct table *t, const char *name)
{
	size_t len = strlen(t->alike);

	snprintf(t->alike + len, sizeof(t->alike) - len, "%s%s", len ? ", " : "", name);
}

static void row(struct table *t, const char *name, u64 a, u64 b)
{
	const char *strong = t->colour ? "\033[1m" : "", *end = t->colour ? "\033[0m" : "";

	if (a == b) {
		add_alike(t, name);
		return;
	}
	fprintf(t->out, "  %-40s %14s %14s  %s%14s%s\n", name, words_count(a), words_count(b),
		strong, words_signed((s64)b - (s64)a), end);
}

static void index_row(struct table *t, const char *name, int a, int b)
{
	if (a == b) {
		add_alike(t, name);
		return;
	}
	fprintf(t->out, "  %-40s %14s %14s\n", name, words_index(a), words_index(b));
}

static u64 successes(const struct replay_counts *n)
{
	u64 sum = 0;

	for (int o = 0; o < MAX_ORDER; o++)
		for (int m = 0; m < MOBILITIES; m++)
			sum += n->allocs[o][m];
	return sum;
}

static u64 failures_of(const struct replay_result *r, unsigned int order)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < r->nr_classes; i++)
		if (r->classes[i].order == order)
			sum += r->classes[i].count;
	return sum;
}

static u64 mixed(const struct block_holders *h)
{
	u64 sum = 0;

	for (int mt = 0; mt < MOBILITIES; mt++)
		sum += h->mixed[mt];
	return sum;
}

static u64 wholly_free(const struct block_holders *h)
{
	u64 sum = 0;

	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		sum += h->whole_free[mt];
	return sum;
}

static void counts(struct table *t, const struct replay_result *a, const struct replay_result *b)
{
	char name[64];

	row(t, "memory managed, pages", a->before.managed, b->before.managed);
	row(t, "allocations made", successes(&a->counts), successes(&b->counts));
	row(t, "failed allocations", a->counts.failed, b->counts.failed);
	for (unsigned int o = 0; o < MAX_ORDER; o++) {
		snprintf(name, sizeof(name), "  of order %u", o);
		if (failures_of(a, o) != failures_of(b, o))
			row(t, name, failures_of(a, o), failures_of(b, o));
	}
	row(t, "kswapd wakes", a->vm_events[KSWAPD_WAKE], b->vm_events[KSWAPD_WAKE]);
	row(t, "direct reclaim asked for", a->counts.reclaim_calls, b->counts.reclaim_calls);
	row(t, "fallbacks to another type", a->vm_events[EXTFRAG_STEAL],
	    b->vm_events[EXTFRAG_STEAL]);
	row(t, "pageblocks claimed", a->vm_events[EXTFRAG_CLAIM], b->vm_events[EXTFRAG_CLAIM]);
	row(t, "pages held at most", a->counts.peak_live_pages, b->counts.peak_live_pages);
	row(t, "free pages at the end", a->after.free, b->after.free);
	row(t, "pages in per-CPU lists at the end", a->after.pcp, b->after.pcp);
	row(t, "pageblocks wholly free at the end", wholly_free(&a->holders_after),
	    wholly_free(&b->holders_after));
	row(t, "pageblocks of mixed mobility at the end", mixed(&a->holders_after),
	    mixed(&b->holders_after));
}

static void objects(struct table *t, const struct object_result *a, const struct object_result *b)
{
	if (!a->on && !b->on)
		return;
	row(t, "objects allocated", a->allocs, b->allocs);
	row(t, "failed allocations of objects", a->failed, b->failed);
	row(t, "slab pages at most", a->peak_pages, b->peak_pages);
	row(t, "slab pages at the end", a->end.pages, b->end.pages);
	row(t, "  CPUs drained", a->end.drained_pages, b->end.drained_pages);
	row(t, "large kmalloc pages at the end", a->end.large_pages, b->end.large_pages);
	row(t, "objects live at the end", a->end.bytes.objects, b->end.bytes.objects);
	row(t, "bytes asked for at the end", a->end.bytes.requested, b->end.bytes.requested);
	row(t, "bytes of objects at the end", a->end.bytes.usable, b->end.bytes.usable);
}

static void zone_rows(struct table *t, const struct zone_state *a, const struct zone_state *b)
{
	static const unsigned int orders[] = { 3, pageblock_order };
	char name[64];

	snprintf(name, sizeof(name), "node %d %s: free pages", a->node, a->name);
	row(t, name, a->free, b->free);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		unsigned int o = orders[i];

		snprintf(name, sizeof(name), "node %d %s: unusable_index, order %u", a->node,
			 a->name, o);
		index_row(t, name, a->unusable[o], b->unusable[o]);
	}
}

static void blocks_row(FILE *out, const char *who, const struct zone_state *z)
{
	fprintf(out, "  %-24s", who);
	for (unsigned int o = 0; o < MAX_ORDER; o++)
		fprintf(out, " %6llu", (unsigned long long)zone_state_free(z, o));
	fputc('\n', out);
}

/* Free blocks by order, both runs, of a zone where they are not the same. */
static void blocks_rows(FILE *out, const struct zone_state *a, const struct zone_state *b)
{
	char name[64];
	bool same = true;

	for (unsigned int o = 0; o < MAX_ORDER; o++)
		same &= zone_state_free(a, o) == zone_state_free(b, o);
	if (same)
		return;
	snprintf(name, sizeof(name), "node %d %s: A", a->node, a->name);
	blocks_row(out, name, a);
	snprintf(name, sizeof(name), "node %d %s: B", b->node, b->name);
	blocks_row(out, name, b);
}

static void zones(struct table *t, const struct replay_result *a, const struct replay_result *b)
{
	for (unsigned int i = 0; i < a->after.nr_zones; i++) {
		const struct zone_state *za = &a->after.zones[i];
		const struct zone_state *zb = state_zone(&b->after, za->node, za->name);

		if (zb)
			zone_rows(t, za, zb);
		else
			fprintf(t->out, "  node %d %s: only in A\n", za->node, za->name);
	}
	for (unsigned int i = 0; i < b->after.nr_zones; i++) {
		const struct zone_state *zb = &b->after.zones[i];

		if (!state_zone(&a->after, zb->node, zb->name))
			fprintf(t->out, "  node %d %s: only in B\n", zb->node, zb->name);
	}
}

static void blocks(struct table *t, const struct replay_result *a, const struct replay_result *b)
{
	fprintf(t->out, "\n  %-24s", "free blocks, order");
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(t->out, " %6d", o);
	fputc('\n', t->out);
	for (unsigned int i = 0; i < a->after.nr_zones; i++) {
		const struct zone_state *za = &a->after.zones[i];
		const struct zone_state *zb = state_zone(&b->after, za->node, za->name);

		if (zb)
			blocks_rows(t->out, za, zb);
	}
}

static void say_run(FILE *out, char letter, const char *words, const struct replay_result *r)
{
	fprintf(out, "  %c: %s\n     %s: %s managed, %u node%s, %u CPU%s%s%s\n", letter,
		words[0] ? words : "(as it is)", r->machine, words_pages(r->before.managed),
		r->nr_nodes, r->nr_nodes == 1 ? "" : "s", r->nr_cpus, r->nr_cpus == 1 ? "" : "s",
		r->cmdline[0] ? "; " : "", r->cmdline);
}

void replay_compare(const struct replay_result *a, const struct replay_result *b,
		    const char *name_a, const char *name_b, FILE *out, bool colour, bool timing)
{
	struct table t = { .out = out, .colour = colour };

	fprintf(out, "Two replays of %s (%s events)\n", a->title, words_count(a->events));
	say_run(out, 'A', name_a, a);
	say_run(out, 'B', name_b, b);
	fprintf(out, "\n  %-40s %14s %14s  %14s\n", "", "A", "B", "B - A");
	counts(&t, a, b);
	objects(&t, &a->objects, &b->objects);
	zones(&t, a, b);
	blocks(&t, a, b);
	if (t.alike[0])
		fprintf(out, "\n  The same in both: %s.\n", t.alike);
	if (timing && a->ns && b->ns)
		fprintf(out, "  Speed: %s and %s million events a second.\n",
			words_rate(a->events, a->ns), words_rate(b->events, b->ns));
}
