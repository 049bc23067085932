// SPDX-License-Identifier: MIT
/*
 * object_report.c - the report's sections about objects, and the table of allocators.
 *
 * Waste is memory (slab pages and large kmalloc()s) less the bytes that were asked for, by
 * objects alive. It is made of three: objects larger than asked for, slots of slabs nobody
 * uses, and what a slab has left over.
 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "words.h"

#define SHOWN_CACHES	10
#define SHOWN_BESIDE	12

static void heading(FILE *out, bool colour, const char *text)
{
	fprintf(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
	for (size_t i = colour ? 0 : strlen(text); i > 0; i--)
		fputc('-', out);
	if (!colour)
		fputc('\n', out);
}

static void gap(FILE *out, u64 n, const char *unit, const char *meaning)
{
	if (n)
		fprintf(out, "  %11s %-7s %s\n", words_count(n), unit, meaning);
}

static s64 waste_of(const struct object_bytes *b)
{
	return (s64)(b->pages * PAGE_SIZE) - (s64)b->requested;
}

static const char *kib(s64 bytes)
{
	return words_count((u64)(bytes < 0 ? 0 : bytes) / 1024);
}

/* ---- what was done ---- */

static void section_objects(const struct replay_result *r, FILE *out, bool colour)
{
	const struct object_result *o = &r->objects;
	const struct script_counts *n = &o->read;

	heading(out, colour, "Objects");
	fprintf(out, "  %s allocations and %s frees by %s; %s kinds of allocations at %s "
		"addresses\n", words_count(o->allocs), words_count(o->frees), o->allocator,
		words_count(o->kinds), words_count(o->slots));
	if (o->has_population)
		fprintf(out, "  %s objects from before the trace, as slabinfo counts them\n",
			words_count(o->population));
	if (r->level == REPLAY_BOTH)
		fprintf(out, "  Left out: %s allocations (%s pages) and %s frees of pages that "
			"were the recorded slab layer's own\n",
			words_count(n->page_allocs), words_count(n->pages),
			words_count(n->page_frees));
	gap(out, n->old_pages, "objects", "allocated in pages from before the trace");
	gap(out, n->no_frame, "objects", "whose address tells no page");
	gap(out, n->free_old, "frees", "of objects from before the trace");
	gap(out, o->population_missing, "frees",
	    "of these, of objects that were not there: left out");
	gap(out, n->free_untraced, "frees",
	    "of objects whose allocation was not traced (in bulk): left out");
	gap(out, n->free_homeless, "frees",
	    "from before the trace of objects of an unknown cache: left out");
	gap(out, n->over_live, "objects", "replaced by another one at their address: their free "
	    "was not traced (RCU, bulk)");
	gap(out, n->swept, "objects", "live when their page was freed: likewise");
	gap(out, n->renamed, "frees", "name another cache than most frees of their call site's");
	gap(out, o->free_refused, "frees", "of objects whose allocation failed here");
	gap(out, o->recorded_failures, "objects", "failed in the recording");
	gap(out, o->population_failed, "objects", "from before the trace found no memory");
}

/* ---- memory ---- */

static void memory_row(FILE *out, const char *when, const struct object_bytes *b)
{
	fprintf(out, "  %-10s %11s %13s %13s %13s %13s %13s   %s\n", when,
		words_count(b->objects), kib((s64)b->requested), kib((s64)b->recorded),
		kib((s64)b->usable), kib((s64)(b->pages * PAGE_SIZE)), kib(waste_of(b)),
		words_percent((u64)max(waste_of(b), (s64)0), b->pages * PAGE_SIZE));
}

static void section_memory(const struct replay_result *r, FILE *out, bool colour)
{
	const struct object_result *o = &r->objects;

	heading(out, colour, "Memory of objects, KiB");
	fprintf(out, "  %-10s %11s %13s %13s %13s %13s %13s\n", "", "objects", "asked for",
		"Linux gave", "kmm gave", "kmm's pages", "waste");
	memory_row(out, "at most", &o->peak);
	memory_row(out, "at the end", &o->end.bytes);
	fprintf(out, "  At most %s pages were slabs (or large kmalloc()s) at once; at the end %s, "
		"and %s once CPUs had given back what they keep.\n", words_count(o->peak_pages),
		words_count(o->end.bytes.pages),
		words_count(o->end.drained_pages + o->end.large_pages));
}

/* ---- caches ---- */

static int by_pages(const void *x, const void *y)
{
	const struct object_cache *a = *(const struct object_cache *const *)x;
	const struct object_cache *b = *(const struct object_cache *const *)y;

	if (a->pages != b->pages)
		return a->pages < b->pages ? 1 : -1;
	if (a->live != b->live)
		return a->live < b->live ? 1 : -1;
	return strcmp(a->name, b->name);
}

static int by_either(const void *x, const void *y)
{
	const struct object_cache *a = *(const struct object_cache *const *)x;
	const struct object_cache *b = *(const struct object_cache *const *)y;
	u64 na = max(a->pages, a->linux_row.slabs * a->linux_row.pages);
	u64 nb = max(b->pages, b->linux_row.slabs * b->linux_row.pages);

	if (na != nb)
		return na < nb ? 1 : -1;
	return strcmp(a->name, b->name);
}

static const struct object_cache **sorted(const struct object_state *s,
					  int (*order)(const void *x, const void *y))
{
	const struct object_cache **list = calloc(s->nr + 1, sizeof(*list));

	for (u32 i = 0; list && i < s->nr; i++)
		list[i] = &s->caches[i];
	if (list)
		qsort(list, s->nr, sizeof(*list), order);
	return list;
}

static void cache_row(FILE *out, const struct object_cache *c)
{
	u64 bytes = c->pages * PAGE_SIZE;

	fprintf(out, "  %-24s %6u %6u %11s %11s %9s %9s %11s   %s\n", c->name, c->size,
		c->stride, words_count(c->live), words_count(c->num), words_count(c->slabs),
		words_count(c->pages), kib((s64)bytes - (s64)c->requested),
		words_percent(min(c->requested, bytes), bytes));
}

static void section_caches(const struct replay_result *r, FILE *out, bool colour)
{
	const struct object_state *s = &r->objects.end;
	const struct object_cache **list = sorted(s, by_pages);

	heading(out, colour, "The largest caches at the end");
	fprintf(out, "  %-24s %6s %6s %11s %11s %9s %9s %11s   %s\n", "cache", "asked", "takes",
		"live", "room for", "slabs", "pages", "waste KiB", "used");
	for (u32 i = 0, shown = 0; list && i < s->nr && shown < SHOWN_CACHES; i++)
		if (list[i]->live | list[i]->allocs) {	/* else kmm's own */
			cache_row(out, list[i]);
			shown++;
		}
	free(list);
}

static void beside_row(FILE *out, const struct object_cache *c)
{
	const struct slab_row *l = &c->linux_row;
	u64 pages = l->slabs * l->pages;

	fprintf(out, "  %-24s %11s %11s %9s   %11s %11s %9s   %9s\n", c->name,
		words_count(l->active), words_count(l->num), words_count(pages),
		words_count(c->live), words_count(c->num), words_count(c->pages),
		words_signed((s64)c->pages - (s64)pages));
}

static void say_total(const struct replay_result *r, FILE *out, const struct object_state *s)
{
	const struct object_result *o = &r->objects;
	s64 asked = (s64)s->bytes.requested, large = (s64)(s->large_pages * PAGE_SIZE);
	s64 here = (s64)(s->pages * PAGE_SIZE) + large - asked;
	s64 there = (s64)(o->recorded_pages * PAGE_SIZE) + large - asked;

	fprintf(out, "  All slabs: Linux %s pages, kmm %s, difference %s (%s)",
		words_count(o->recorded_pages), words_count(s->pages),
		words_signed((s64)s->pages - (s64)o->recorded_pages),
		words_percent((u64)llabs((s64)s->pages - (s64)o->recorded_pages),
			      o->recorded_pages));
	if (s == &o->end)
		fprintf(out, "; after draining the CPUs kmm %s", words_count(s->drained_pages));
	fputs(".\n", out);
	if (o->has_population)
		fprintf(out, "  Waste, for the objects that live here: Linux %s KiB, kmm %s KiB.\n",
			kib(there), kib(here));
	else
		fputs("  The objects from before the trace are not known: kmm has fewer than Linux "
		      "had.\n", out);
}

static void section_beside(const struct replay_result *r, FILE *out, bool colour)
{
	const struct object_state *s = object_state_told(&r->objects);
	const struct object_cache **list;

	if (!r->objects.has_after)
		return;
	list = sorted(s, by_either);
	heading(out, colour, "The recorded /proc/slabinfo beside ours");
	if (s == &r->objects.mark)
		fputs("  At the trace's mark \"snap1 begin\". Linux's \"active\" counts free "
		      "objects that CPUs keep.\n", out);
	fprintf(out, "  %-24s %11s %11s %9s   %11s %11s %9s   %9s\n", "cache", "Linux active",
		"all", "pages", "kmm live", "all", "pages", "difference");
	for (u32 i = 0; list && i < min(s->nr, (u32)SHOWN_BESIDE); i++)
		beside_row(out, list[i]);
	say_total(r, out, s);
	free(list);
}

/* ---- call sites ---- */

static void section_sites(const struct replay_result *r, FILE *out, bool colour)
{
	const struct object_result *o = &r->objects;

	if (!o->nr_sites)
		return;
	heading(out, colour, "Objects of the trace still live at the end, by call site");
	fprintf(out, "  %11s %13s  %-44s %s\n", "objects", "bytes", "allocated by", "mostly in");
	for (u32 i = 0; i < o->nr_sites; i++)
		fprintf(out, "  %11s %13s  %-44s %s\n", words_count(o->sites[i].objects),
			words_count(o->sites[i].bytes), o->sites[i].name, o->sites[i].what);
	if (o->sites_all > o->nr_sites)
		fprintf(out, "  and %s call sites more\n", words_count(o->sites_all - o->nr_sites));
}

void objects_report(const struct replay_result *r, FILE *out, bool colour)
{
	section_objects(r, out, colour);
	section_memory(r, out, colour);
	section_caches(r, out, colour);
	section_beside(r, out, colour);
	section_sites(r, out, colour);
}

/* ---- allocators side by side ---- */

static void slabs_row(FILE *out, const struct replay_result *r, unsigned int nr, const char *what,
		      u64 (*figure)(const struct replay_result *r))
{
	fprintf(out, "  %-44s", what);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, " %14s", words_count(figure(&r[i])));
	fputc('\n', out);
}

static u64 figure_failed(const struct replay_result *r) { return r->objects.failed; }
static u64 figure_page_failed(const struct replay_result *r) { return r->counts.failed; }
static u64 figure_peak(const struct replay_result *r) { return r->objects.peak_pages; }
static u64 figure_end(const struct replay_result *r) { return r->objects.end.bytes.pages; }
static u64 figure_drained(const struct replay_result *r)
{
	return r->objects.end.drained_pages + r->objects.end.large_pages;
}
static u64 figure_told(const struct replay_result *r)
{
	return object_state_told(&r->objects)->pages;
}
static u64 figure_recorded(const struct replay_result *r) { return r->objects.recorded_pages; }
static u64 kib_waste(const struct object_bytes *b)
{
	return (u64)max(waste_of(b), (s64)0) / 1024;
}
static u64 figure_waste_peak(const struct replay_result *r)
{
	return kib_waste(&r->objects.peak);
}
static u64 figure_waste_end(const struct replay_result *r)
{
	return kib_waste(&r->objects.end.bytes);
}

static void slabs_timing(FILE *out, const struct replay_result *r, unsigned int nr)
{
	fprintf(out, "  %-44s", "seconds of playing");
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, " %14s", words_seconds(r[i].objects.loop_ns));
	fprintf(out, "\n  %-44s", "million objects allocated or freed a second");
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, " %14s", words_rate(r[i].objects.allocs + r[i].objects.frees,
						 r[i].objects.loop_ns));
	fputc('\n', out);
}

void replay_slabs(const struct replay_result *r, unsigned int nr, FILE *out, bool colour,
		  bool timing)
{
	fprintf(out, colour ? "\033[1m%s\033[0m" : "%s", r->title);
	fprintf(out, " with %u slab allocators: %s allocations, %s frees of objects%s\n\n  %-44s",
		nr, words_count(r->objects.read.allocs), words_count(r->objects.read.frees),
		r->level == REPLAY_BOTH ? ", and pages" : "", "");
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, " %14s", r[i].objects.allocator);
	fputc('\n', out);
	if (timing)
		slabs_timing(out, r, nr);
	slabs_row(out, r, nr, "failed allocations of objects", figure_failed);
	if (r->level == REPLAY_BOTH)
		slabs_row(out, r, nr, "failed allocations of pages", figure_page_failed);
	slabs_row(out, r, nr, "pages of slabs and large objects, at most", figure_peak);
	slabs_row(out, r, nr, "  at the end", figure_end);
	slabs_row(out, r, nr, "  at the end, CPUs drained", figure_drained);
	slabs_row(out, r, nr, "waste when most was asked for, KiB", figure_waste_peak);
	slabs_row(out, r, nr, "waste at the end, KiB", figure_waste_end);
	if (!r->objects.has_after)
		return;
	slabs_row(out, r, nr, "pages of slabs at the recorded end", figure_told);
	slabs_row(out, r, nr, "  Linux's then, by /proc/slabinfo", figure_recorded);
}
