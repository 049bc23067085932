// SPDX-License-Identifier: MIT
/*
 * report.c - what a replay found, for a person.
 *
 * Sections, each left out when it would say nothing: what was replayed; the state
 * it began in; what did not fit together; allocations; failures; pressure and
 * fallbacks; fragmentation; buddyinfo; the recorded end state beside ours. All
 * but the lines marked as speed are the same in every run.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/gfp.h>
#include <kmm/vmstat.h>

#include "replay.h"
#include "words.h"

struct report {
	const struct replay_result *r;
	FILE *out;
	bool colour, timing;
};

#define W	18		/* width of the words before the colon */

static void heading(const struct report *p, const char *text)
{
	fprintf(p->out, p->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
	if (p->colour)
		return;
	for (size_t i = strlen(text); i > 0; i--)
		fputc('-', p->out);
	fputc('\n', p->out);
}

static void fact(const struct report *p, const char *what, const char *fmt, ...)
	__printf(3, 4);

static void fact(const struct report *p, const char *what, const char *fmt, ...)
{
	va_list args;

	fprintf(p->out, "  %-*s", W, what);
	va_start(args, fmt);
	vfprintf(p->out, fmt, args);
	va_end(args);
	fputc('\n', p->out);
}

/* A counter and what it means; left out when it is 0. */
static void gap(const struct report *p, u64 n, const char *unit, const char *meaning)
{
	if (n)
		fprintf(p->out, "  %11s %-7s %s\n", words_count(n), unit, meaning);
}

static const char *const mobility_words[MOBILITIES] = { "unmovable", "movable", "reclaimable" };

/* ---- what was replayed ---- */

static u64 sum_allocs(const struct replay_counts *n)
{
	u64 sum = 0;

	for (int o = 0; o < MAX_ORDER; o++)
		for (int m = 0; m < MOBILITIES; m++)
			sum += n->allocs[o][m];
	return sum;
}

static u64 sum_frees(const struct replay_counts *n)
{
	u64 sum = 0;

	for (int o = 0; o < MAX_ORDER; o++)
		sum += n->frees[o];
	return sum;
}

static void say_object_speed(const struct report *p)
{
	const struct object_result *o = &p->r->objects;

	if (!o->on || !o->loop_ns)
		return;
	fact(p, "", "%s million object events a second in all; %s s to read the trace, "
	     "%s s to play it", words_rate(o->read.allocs + o->read.frees, p->r->ns),
	     words_seconds(o->read_ns), words_seconds(o->loop_ns));
}

static void say_speed(const struct report *p)
{
	const struct replay_result *r = p->r;

	if (!p->timing || !r->ns)
		return;
	fact(p, "speed", "%s million events a second: %s s to read and replay, after %s s "
	     "to boot and to set up; at most %ld MiB of memory", words_rate(r->events, r->ns),
	     words_seconds(r->ns), words_seconds(r->setup_ns), r->peak_rss_kb / 1024);
	say_object_speed(p);
}

static void say_skipped(const struct report *p)
{
	const u64 *n = p->r->stats.by_code;
	u64 objects =
		n[TRACE_KMALLOC] + n[TRACE_KFREE] + n[TRACE_CACHE_ALLOC] + n[TRACE_CACHE_FREE];
	u64 lists = n[TRACE_PAGE_ZONE_LOCKED] + n[TRACE_PCPU_DRAIN] + n[TRACE_PAGE_FREE_BATCHED];

	if (objects && p->r->level == REPLAY_PAGES)
		fact(p, "not replayed", "%s object events (--level both replays them)",
		     words_count(objects));
	if (p->r->level == REPLAY_OBJECTS && p->r->page_events)
		fact(p, "not replayed", "%s page events (--level both replays them)",
		     words_count(p->r->page_events));
	if (lists)
		fact(p, "not replayed",
		     "%s events of the recorded kernel's own lists (kmm has its own)",
		     words_count(lists));
	if (n[TRACE_OTHER])
		fact(p, "not replayed", "%s events of other kinds", words_count(n[TRACE_OTHER]));
}

static void say_machine(const struct report *p)
{
	const struct replay_result *r = p->r;

	fact(p, "machine", "%s: %s managed, %u node%s, %u CPU%s", r->machine,
	     words_pages(r->before.managed), r->nr_nodes, r->nr_nodes == 1 ? "" : "s", r->nr_cpus,
	     r->nr_cpus == 1 ? "" : "s");
	if (r->cmdline[0])
		fact(p, "boot parameters", "%s", r->cmdline);
	if (r->recorded_reserve)
		fact(p, "min_free_kbytes", "%llu at first, as recorded",
		     (unsigned long long)r->recorded_reserve);
}

static void section_what(const struct report *p)
{
	const struct replay_result *r = p->r;

	fprintf(p->out,
		p->colour ? "\033[1mReplay of %s\033[0m (%s, %s)\n" : "Replay of %s (%s, %s)\n",
		r->title, trace_format_name(r->format),
		r->follow ? "follow: pages where they were" :
		r->level == REPLAY_PAGES ? "what-if: pages where kmm puts them" :
		r->level == REPLAY_BOTH ? "what-if: pages and objects where kmm puts them" :
		"objects only, on an otherwise empty machine");
	say_machine(p);
	if (r->workload[0])
		fact(p, "workload", "%s", r->workload);
	fact(p, "trace", "%s s, %s events%s", words_seconds(r->duration_ns),
	     words_count(r->events), r->stopped_by_limit ? " (stopped by --limit)" : "");
	if (r->level != REPLAY_OBJECTS)
		fact(p, "replayed", "%s allocations (%s), %s frees (%s)",
		     words_count(sum_allocs(&r->counts)), words_pages(r->counts.alloc_pages),
		     words_count(sum_frees(&r->counts)), words_pages(r->counts.free_pages));
	if (r->objects.on)
		fact(p, "objects", "%s allocations, %s frees, by %s",
		     words_count(r->objects.allocs), words_count(r->objects.frees),
		     r->objects.allocator);
	say_skipped(p);
	say_speed(p);
}

/* ---- the beginning ---- */

static void section_initial(const struct report *p)
{
	const struct initial_summary *in = &p->r->initial;
	u64 impossible = 0;

	if (!in->source && !in->left_out)
		return;
	heading(p, "The state it began in");
	if (!in->source) {
		fact(p, "empty machine",
		     "the recorded state belongs to another machine than this one");
		return;
	}
	fact(p, "from", "%s%s", in->source, in->flags_known ? " and page flags" : "");
	fact(p, "in use", "%s pages (%s)", words_count(in->occupied_pages),
	     words_pages(in->occupied_pages));
	fact(p, "free", "%s pages here, %s recorded", words_count(in->got_free),
	     words_count(in->wanted_free));
	gap(p, in->kept_by_kmm, "pages",
	    "free in the recording; here kmm's own (page array, boot memory)");
	gap(p, in->outside, "pages", "free in the recording; no such memory here");
	for (int o = 0; o < MAX_ORDER; o++)
		impossible += in->not_possible[o] << o;
	gap(p, impossible, "pages",
	    "free in the table; found no place in a layout with its counts");
}

/* ---- what did not fit ---- */

static void section_gaps(const struct report *p)
{
	const struct replay_counts *n = &p->r->counts;
	u64 any = n->over_initial | n->over_live | n->over_refused | n->free_unknown_events |
		  n->free_initial_pages | n->free_part_events | n->free_joined_events |
		  n->impossible | n->odd_masks | n->misplaced | n->free_unknown_pages;

	if (!any && !p->r->problems[0])
		return;
	heading(p, "What did not fit together");
	gap(p, n->free_initial_pages, "pages", "freed that were in use before the trace began");
	gap(p, n->free_unknown_pages, "pages", "freed that nobody had: allocated before the trace, "
	    "or by paths without a tracepoint (bulk allocation)");
	gap(p, n->over_initial, "blocks", "allocated where the initial state had a page: it waited "
	    "in a per-CPU list, or changed while that state was read");
	gap(p, n->over_live, "blocks", "allocated over a live one: its free was not traced");
	gap(p, n->over_refused, "blocks",
	    "allocated over one that failed here: its free was not traced");
	gap(p, n->free_part_events, "frees", "of a part of a block: split, as the kernel had done");
	gap(p, n->free_joined_events, "frees", "of several blocks at once: joined by the kernel");
	gap(p, n->impossible, "events", "with an order or alignment no block has: left out");
	gap(p, n->odd_masks, "masks", "that contradict themselves: one side dropped");
	gap(p, n->misplaced, "blocks", "whose frames were not free here: placed elsewhere");
	if (p->r->problems[0])
		fputs(p->r->problems, p->out);
}

/* ---- allocations ---- */

static void section_allocations(const struct report *p)
{
	const struct replay_counts *n = &p->r->counts;

	if (p->r->level == REPLAY_OBJECTS)
		return;
	heading(p, p->r->objects.on ? "Allocations of pages" : "Allocations");
	fprintf(p->out, "  order   %12s %12s %12s %12s\n", mobility_words[0], mobility_words[1],
		mobility_words[2], "freed");
	for (int o = 0; o < MAX_ORDER; o++) {
		const u64 *a = n->allocs[o];

		if (a[0] | a[1] | a[2] | n->frees[o])
			fprintf(p->out, "  %5d   %12s %12s %12s %12s\n", o, words_count(a[0]),
				words_count(a[1]), words_count(a[2]), words_count(n->frees[o]));
	}
	fprintf(p->out, "  At most %s pages (%s) of the trace lived at once; %s (%s) still do.\n",
		words_count(n->peak_live_pages), words_pages(n->peak_live_pages),
		words_count(n->live_pages), words_pages(n->live_pages));
}

/* ---- failures ---- */

static const char *verdict(const struct failure_class *c)
{
	if (c->by_fragmentation > c->by_memory && c->by_fragmentation > c->by_watermark)
		return "fragmentation: enough memory was free, in blocks too small";
	if (c->by_memory > c->by_watermark)
		return "memory: too little was free";
	if (c->free <= c->mark + c->reserve + (1ul << c->order))
		return "memory: free pages were down to the min watermark, what is left is a "
		       "reserve";
	return "the watermark or a reserve: blocks were free, but not for this kind of request";
}

static void say_holders(const struct report *p, const struct block_holders *h)
{
	fprintf(p->out, "      %-12s %9s %12s %9s  held by: %9s %11s %11s pages\n",
		"pageblocks", "all", "wholly free", "mixed", mobility_words[0], mobility_words[1],
		mobility_words[2]);
	for (int t = 0; t < MIGRATE_TYPES; t++) {
		const u64 *pages = h->pages[t];

		if (h->blocks[t])
			fprintf(p->out, "      %-12s %9s %12s %9s           %9s %11s %11s\n",
				migratetype_names[t], words_count(h->blocks[t]),
				words_count(h->whole_free[t]), words_count(h->mixed[t]),
				words_count(pages[0]), words_count(pages[1]),
				words_count(pages[2]));
	}
}

static void say_failure(const struct report *p, const struct failure_class *c)
{
	fprintf(p->out, "  %s x %s%sorder %u, %s, from node %d\n", words_count(c->count),
		c->object, c->object[0] ? ", at least " : "", c->order, words_gfp(c->gfp),
		c->node);
	fprintf(p->out, "      reason     %s\n", verdict(c));
	fprintf(p->out,
		"      by index   %s for want of memory, %s by fragmentation, %s held back by the "
		"watermark\n",
		words_count(c->by_memory), words_count(c->by_fragmentation),
		words_count(c->by_watermark));
	fprintf(p->out,
		"      the first  at %s s (event %s), zone %s: %s pages free, min watermark %s, "
		"reserve %s; extfrag_index %s, unusable_index %s\n",
		words_seconds(c->first_ns), words_count(c->first_event), c->zone,
		words_count(c->free), words_count(c->mark), words_count(c->reserve),
		words_index(c->extfrag), words_index(c->unusable));
	say_holders(p, &c->holders);
}

#define SHOWN_CLASSES	4

/* The most frequent kinds first, equal ones in the order they came. */
static void sort_classes(const struct replay_result *r, const struct failure_class **sorted)
{
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		unsigned int at = i;

		for (; at && sorted[at - 1]->count < r->classes[i].count; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &r->classes[i];
	}
}

static void section_failures(const struct report *p)
{
	const struct failure_class *shown[REPLAY_CLASSES];
	const struct replay_result *r = p->r;
	const struct replay_counts *n = &r->counts;
	u64 rest = r->failures_unclassed;

	heading(p, "Failures");
	if (n->recorded_failures)
		fprintf(p->out,
			"  %s allocations failed in the recording; %s of them find a page here.\n",
			words_count(n->recorded_failures),
			words_count(n->recorded_failures_now_fine));
	if (!n->failed && !r->objects.failed) {
		fprintf(p->out, "  None: every allocation found its pages.\n");
		return;
	}
	if (n->failed)
		fprintf(p->out, "  %s allocations found no pages, where the recorded kernel would "
			"reclaim, compact, or fail%s\n", words_count(n->failed),
			n->failed_nofail ? ";" : ".");
	if (r->objects.failed)
		fprintf(p->out, "  %s allocations of objects found no memory.\n",
			words_count(r->objects.failed));
	if (n->failed_nofail)
		fprintf(p->out, "  %s of them must not fail (__GFP_NOFAIL).\n",
			words_count(n->failed_nofail));
	sort_classes(r, shown);
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (i < SHOWN_CLASSES)
			say_failure(p, shown[i]);
		else
			rest += shown[i]->count;
	}
	if (rest)
		fprintf(p->out, "  %s more, of other kinds\n", words_count(rest));
}

static void section_pressure(const struct report *p)
{
	const struct replay_result *r = p->r;
	const struct replay_counts *n = &r->counts;

	heading(p, "Pressure");
	fact(p, "kswapd", "woken %s times", words_count(r->vm_events[KSWAPD_WAKE]));
	if (n->reclaim_calls | n->compact_calls | n->oom_calls)
		fact(p, "would have asked",
		     "direct reclaim %s times, compaction %s, the OOM killer %s",
		     words_count(n->reclaim_calls), words_count(n->compact_calls),
		     words_count(n->oom_calls));
	fact(p, "fallbacks",
	     "%s blocks taken from another type's pageblocks, %s pageblocks claimed "
	     "with them (recorded: %s and %s)",
	     words_count(r->vm_events[EXTFRAG_STEAL]), words_count(r->vm_events[EXTFRAG_CLAIM]),
	     words_count(r->recorded_fallbacks), words_count(r->recorded_claims));
}

/* ---- fragmentation ---- */

static void fragmentation_row(const struct report *p, const struct zone_state *b,
			      const struct zone_state *a, unsigned int o)
{
	fprintf(p->out, "  %4d %-8s %5u   %s %s -> %s %s   %7s -> %s\n", a->node, a->name, o,
		words_bar(b->unusable[o]), words_index(b->unusable[o]), words_bar(a->unusable[o]),
		words_index(a->unusable[o]), words_index(b->extfrag[o]),
		words_index(a->extfrag[o]));
}

static void section_fragmentation(const struct report *p)
{
	const struct replay_result *r = p->r;

	heading(p, "Fragmentation, before -> after");
	fprintf(p->out,
		"  node zone     order   part of free memory in blocks too small for the order"
		"                   extfrag_index\n");
	for (unsigned int i = 0; i < r->after.nr_zones; i++) {
		fragmentation_row(p, &r->before.zones[i], &r->after.zones[i], 3);
		fragmentation_row(p, &r->before.zones[i], &r->after.zones[i], pageblock_order);
	}
	fprintf(p->out,
		"  extfrag_index: a failure would be for want of memory (to 0) or by fragmentation"
		" (to 1); - : would succeed\n");
	fputs("  Who holds the pageblocks (mixed: pages of another mobility too), before:\n",
	      p->out);
	say_holders(p, &r->holders_before);
	fprintf(p->out, "  and after:\n");
	say_holders(p, &r->holders_after);
}

static void section_buddyinfo(const struct report *p)
{
	heading(p, "/proc/buddyinfo before");
	fputs(p->r->buddyinfo_before, p->out);
	heading(p, "/proc/buddyinfo after");
	fputs(p->r->buddyinfo_after, p->out);
}

/* ---- the recorded end ---- */

static u64 recorded_free_of(const struct snapshot *s, const struct zone_state *z, unsigned int o)
{
	const struct snapshot_zone *sz = s ? snapshot_zone(s, (u32)z->node, z->name) : NULL;

	return sz && o < SNAPSHOT_MAX_ORDERS ? sz->free[o] : 0;
}

static u64 recorded_pages(const struct snapshot *s, const struct zone_state *z)
{
	const struct snapshot_zone *sz = s ? snapshot_zone(s, (u32)z->node, z->name) : NULL;

	return sz ? snapshot_zone_pages(s, sz) : 0;
}

static void orders_row(const struct report *p, const char *who, const struct snapshot *s,
		       const struct zone_state *z)
{
	fprintf(p->out, "    %-18s", who);
	for (unsigned int o = 0; o < MAX_ORDER; o++)
		fprintf(p->out, " %6llu", (unsigned long long)
			(s ? recorded_free_of(s, z, o) : zone_state_free(z, o)));
	fprintf(p->out, " %11s\n", words_count(s ? recorded_pages(s, z) : z->free));
}

static void difference_row(const struct report *p, const struct snapshot *s,
			   const struct zone_state *z)
{
	fprintf(p->out, "    %-18s", "difference");
	for (unsigned int o = 0; o < MAX_ORDER; o++)
		fprintf(p->out, " %+6lld", (long long)zone_state_free(z, o) -
			(long long)recorded_free_of(s, z, o));
	fprintf(p->out, " %11s\n", words_signed((s64)z->free - (s64)recorded_pages(s, z)));
}

static void types_row(const struct report *p, const struct snapshot *s, const struct zone_state *z)
{
	const struct snapshot_zone *sz = snapshot_zone(s, (u32)z->node, z->name);

	for (int mt = 0; sz && s->nr_types && mt < MOBILITIES; mt++) {
		int t = snapshot_type(s, migratetype_names[mt]);
		u64 there = 0, here = 0;

		for (unsigned int o = 0; o < MAX_ORDER; o++) {
			there += t >= 0 ? sz->free_by_type[t][o] << o : 0;
			here += z->nr_free[mt][o] << o;
		}
		if (there | here)
			fprintf(p->out, "    of these %-11s recorded %s, kmm %s pages\n",
				migratetype_names[mt], words_count(there), words_count(here));
	}
}

/* The per-CPU lists: free too, but in no table, and where the largest difference hides. */
static void lists_row(const struct report *p, const struct snapshot *s, const struct zone_state *z)
{
	const struct recorded_state *rec = &p->r->recorded;
	s64 before = recorded_lists_of(rec, 0, z->node, z->name);
	s64 after = recorded_lists_of(rec, 1, z->node, z->name), there;

	if (after < 0)
		return;
	there = (s64)recorded_pages(s, z) + after;
	fprintf(p->out, "    free in per-CPU lists: recorded %s at the end%s%s; kmm %s\n",
		words_count((u64)after), before < 0 ? "" : ", at the start ",
		before < 0 ? "" : words_count((u64)before), words_count(z->pcp));
	fprintf(p->out, "    all free pages: recorded %s, kmm %s, difference %s (%s of the zone)\n",
		words_count((u64)there), words_count(z->free + z->pcp),
		words_signed((s64)(z->free + z->pcp) - there),
		words_percent((u64)llabs((s64)(z->free + z->pcp) - there), z->managed));
}

static void compare_zone(const struct report *p, const struct zone_state *before,
			 const struct zone_state *z)
{
	const struct recorded_state *s = &p->r->recorded;

	fprintf(p->out, "  Node %d, zone %s\n    %-18s", z->node, z->name, "free blocks, order");
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(p->out, " %6d", o);
	fprintf(p->out, " %11s\n", "pages");
	if (s->before)
		orders_row(p, "recorded, before", s->before, before);
	orders_row(p, "kmm, before", NULL, before);
	orders_row(p, "recorded, after", s->after, z);
	orders_row(p, "kmm, after", NULL, z);
	difference_row(p, s->after, z);
	types_row(p, s->after, z);
	lists_row(p, s->after, z);
}

static void say_why_different(const struct report *p)
{
	static const char *const reasons[] = {
		"Not in the trace: pages from paths without a tracepoint (bulk allocation, page "
		"reporting, memory that",
		"the kernel initialises late). Not in a free map: which frames waited in "
		"per-CPU lists; "
		"they count as in",
		"use here until the trace allocates them. By design: kmm places pages by its "
		"own rules, "
		"nothing is",
		"reclaimed or compacted but what the trace's frees say, and kmm's page array "
		"is its own.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		fprintf(p->out, "  %s\n", reasons[i]);
}

static void section_recorded(const struct report *p)
{
	const struct replay_result *r = p->r;
	const struct recorded_state *s = &r->recorded;
	const struct machine_state *end = r->has_end_mark ? &r->at_end_mark : &r->after;
	u64 all = s->frames_same + s->frames_only_here + s->frames_only_there;

	if (!s->after || r->level == REPLAY_OBJECTS)
		return;
	heading(p, "The recorded end state beside ours");
	if (r->has_end_mark)
		fprintf(p->out, "  Taken at the trace's mark \"snap1 begin\", where the recorder "
				"read its own.\n");
	for (unsigned int i = 0; i < end->nr_zones; i++)
		compare_zone(p, &r->before.zones[i], &end->zones[i]);
	if (all)
		fprintf(p->out,
			"  Frame by frame: %s of %s frames agree (%s); in use only here %s, "
			"only in the recording %s.\n",
			words_count(s->frames_same), words_count(all),
			words_percent(s->frames_same, all), words_count(s->frames_only_here),
			words_count(s->frames_only_there));
	say_why_different(p);
}

void replay_report(const struct replay_result *r, FILE *out, bool colour, bool timing)
{
	struct report p = { r, out, colour, timing };

	section_what(&p);
	section_initial(&p);
	section_gaps(&p);
	section_allocations(&p);
	if (r->objects.on)
		objects_report(r, out, colour);
	section_failures(&p);
	section_pressure(&p);
	section_fragmentation(&p);
	section_buddyinfo(&p);
	section_recorded(&p);
}
