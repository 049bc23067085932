// SPDX-License-Identifier: MIT
/*
 * initial.c - the state the recording began in.
 *
 * From a free map (which frames were free): every other frame of RAM is taken, at its
 * place, before the first event. From /proc/buddyinfo or /proc/pagetypeinfo, which
 * tell only how many free blocks of each order (and type) there were, a layout
 * is made that has these counts (layout.c). Either way the frames taken are known to the
 * frame map, so the trace can free them.
 *
 * What the frames held, if a table of page flags lies beside:
 *
 *	slab, page tables, anything not on an LRU list		unmovable
 *	LRU, anonymous, mapped					movable
 *
 * and a pageblock that holds more unmovable than movable pages becomes an
 * unmovable one. Reclaimable slab pages cannot be told from others. Without such a
 * table all pages and pageblocks are movable. When objects are replayed too, frames of slabs are
 * left free: the objects that lay in them are allocated anew, and bring their own.
 *
 * The recorder's map is not of one moment: it was read while the machine worked, and
 * the trace was running. All events are replayed from the trace's first on, so a
 * frame that changed meanwhile has the right state after its last change; the
 * contradictions until then are counted as over_initial and free_unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/e820.h>
#include <kmm/mm.h>

#include "tools/kmm/trace/alloc.h"
#include "tools/kmm/trace/input.h"

#include "engine.h"
#include "layout.h"

#define MAX_PIECE	pageblock_order		/* largest block that frames are taken as */

/* Bits of /proc/kpageflags. */
#define KPF_LRU		(1ull << 5)
#define KPF_SLAB	(1ull << 7)
#define KPF_MMAP	(1ull << 11)
#define KPF_ANON	(1ull << 12)
#define KPF_NOPAGE	(1ull << 20)
#define KPF_PGTABLE	(1ull << 26)

/* A run that says nothing and is this long: page structures the kernel had not initialised yet. */
#define UNBORN_RUN	PAGES_PER_SECTION

struct flag_run {
	u64 pfn, pages;
	int mobility;			/* LEFT_OUT: of slabs, and the objects are replayed */
};
#define LEFT_OUT	(-1)

struct page_flags {
	struct flag_run *runs;
	size_t nr, cap;
	size_t at;			/* where the last question was answered */
};

/* ---- page flags ---- */

static int mobility_of_flags(u64 flags, u64 pages)
{
	if (flags & (KPF_SLAB | KPF_PGTABLE))
		return MIGRATE_UNMOVABLE;
	if (flags & (KPF_LRU | KPF_MMAP | KPF_ANON))
		return MIGRATE_MOVABLE;
	if (flags & KPF_NOPAGE || (!flags && pages >= UNBORN_RUN))
		return MIGRATE_MOVABLE;
	return MIGRATE_UNMOVABLE;
}

static void add_flag_run(struct page_flags *pf, u64 pfn, u64 pages, int mobility)
{
	struct flag_run *last = pf->nr ? &pf->runs[pf->nr - 1] : NULL;

	if (last && last->mobility == mobility && last->pfn + last->pages == pfn) {
		last->pages += pages;
		return;
	}
	pf->runs = trace_grow(pf->runs, &pf->cap, pf->nr + 1, sizeof(*pf->runs));
	pf->runs[pf->nr++] = (struct flag_run){ pfn, pages, mobility };
}

static const char *hex(const char *p, const char *end, u64 *value)
{
	const char *start;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	start = p;
	for (*value = 0; p < end; p++) {
		unsigned int c = (unsigned char)*p, digit = c - '0';

		if (digit > 9)
			digit = (c | 32) - 'a' + 10;
		if (digit > 15 || (digit > 9 && (c | 32) < 'a'))
			break;
		*value = *value << 4 | digit;
	}
	return p > start && p - start <= 16 ? p : NULL;
}

/* Frames of slabs: the population brings its own, so they are left free. */
static void add_slab_run(struct frame_runs *slabs, u64 pfn, u64 pages)
{
	slabs->runs = trace_grow(slabs->runs, &slabs->cap, slabs->nr + 1, sizeof(*slabs->runs));
	slabs->runs[slabs->nr++] = (struct frame_run){ pfn, pages };
}

static bool flag_line(struct replay *rp, struct page_flags *pf, const char *p, const char *end)
{
	bool slab;
	const struct flag_run *last = pf->nr ? &pf->runs[pf->nr - 1] : NULL;
	u64 pfn, pages, flags, after = last ? last->pfn + last->pages : 0;

	p = hex(p, end, &pfn);
	p = p ? hex(p, end, &pages) : NULL;
	p = p ? hex(p, end, &flags) : NULL;
	if (!p || p != end || !pages || pfn < after || pfn > FRAME_MAX_PFN ||
	    pages > FRAME_MAX_PFN - pfn)
		return false;
	slab = flags & KPF_SLAB && rp->config->level == REPLAY_BOTH;
	if (slab)
		add_slab_run(&rp->slab_frames, pfn, pages);
	add_flag_run(pf, pfn, pages, slab ? LEFT_OUT : mobility_of_flags(flags, pages));
	return true;
}

static int read_flags(struct replay *rp, const char *path, struct page_flags *pf)
{
	struct input *in = input_open(path, rp->err, REPLAY_ERROR);
	enum input_result rc;
	const char *p, *end;

	if (!in)
		return -1;
	input_limit(in, INPUT_MAX_TABLE);
	while ((rc = input_line(in, &p, &end)) == INPUT_LINE)
		if (!flag_line(rp, pf, p, end))
			break;
	if (rc == INPUT_ERROR)
		replay_fail(rp, "%s", input_error(in));
	else if (rc != INPUT_END)
		replay_fail(rp, "%s:%llu: FRAME PAGES FLAGS in hexadecimal are wanted, rising",
			    path, (unsigned long long)input_line_nr(in));
	input_close(in);
	return rc == INPUT_END ? 0 : -1;
}

/* The mobility at pfn, and in *end (at most what it was) how far it reaches. Questions rise. */
static int flags_at(struct page_flags *pf, u64 pfn, u64 *end)
{
	const struct flag_run *r;

	if (!pf->nr)
		return MIGRATE_MOVABLE;
	if (pf->at >= pf->nr || pf->runs[pf->at].pfn > pfn)
		pf->at = 0;
	while (pf->at < pf->nr && pf->runs[pf->at].pfn + pf->runs[pf->at].pages <= pfn)
		pf->at++;
	if (pf->at == pf->nr)
		return MIGRATE_UNMOVABLE;
	r = &pf->runs[pf->at];
	if (r->pfn > pfn) {
		*end = min(*end, r->pfn);
		return MIGRATE_UNMOVABLE;
	}
	*end = min(*end, r->pfn + r->pages);
	return r->mobility;
}

/* ---- taking frames ---- */

static unsigned int piece_order(u64 pfn, u64 end)
{
	unsigned int order = pfn ? (unsigned int)__builtin_ctzll(pfn) : MAX_PIECE;

	order = min(order, (unsigned int)MAX_PIECE);
	while (pfn + (1ull << order) > end)
		order--;
	return order;
}

static void occupy_alike(struct replay *rp, u64 pfn, u64 end, int mobility)
{
	while (pfn < end) {
		unsigned int order = piece_order(pfn, end);

		if (mobility != LEFT_OUT)
			replay_occupy(rp, pfn, order, mobility);
		pfn += 1ull << order;
	}
}

static void occupy(struct replay *rp, u64 pfn, u64 end, struct page_flags *pf)
{
	while (pfn < end) {
		u64 stop = end;
		int mobility = flags_at(pf, pfn, &stop);

		occupy_alike(rp, pfn, stop, mobility);
		pfn = stop;
	}
}

/* fn for every range of RAM of every zone. */
static void each_ram_range(struct replay *rp, void *arg,
			   void (*fn)(struct replay *rp, u64 start, u64 end, void *arg))
{
	struct zone *zone;

	for_each_populated_zone(zone)
		for (u32 i = 0; i < e820_table.nr_entries; i++) {
			const struct e820_entry *e = &e820_table.entries[i];
			u64 start = max(PFN_UP(e->addr), zone->zone_start_pfn);
			u64 end = min(PFN_DOWN(e->addr + e->size), zone_end_pfn(zone));

			if (start < end &&
			    (e->type == E820_TYPE_RAM || e->type == E820_TYPE_RESERVED_KERN))
				fn(rp, start, end, arg);
		}
}

/* ---- from a free map ---- */

struct free_map_job {
	const struct snapshot *s;
	struct page_flags *flags;
	u64 free_here;			/* frames of the map that are RAM here */
};

static size_t first_run(const struct snapshot *s, u64 pfn)
{
	size_t lo = 0, hi = s->nr_runs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->runs[mid].pfn + s->runs[mid].pages <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static u64 reserved_in(u64 pfn, u64 end)
{
	u64 nr = 0;

	for (; pfn < end; pfn++)
		nr += pfn_valid(pfn) && (!page_alive(pfn) || PageReserved(pfn_to_page(pfn)));
	return nr;
}

static void occupy_between_runs(struct replay *rp, u64 start, u64 end, void *arg)
{
	struct free_map_job *job = arg;
	const struct snapshot *s = job->s;
	u64 at = start;

	for (size_t i = first_run(s, start); at < end && i < s->nr_runs; i++) {
		u64 from = max(s->runs[i].pfn, start);
		u64 to = min(s->runs[i].pfn + s->runs[i].pages, end);

		if (from >= end)
			break;
		occupy(rp, at, from, job->flags);
		job->free_here += to - from;
		at = to;
	}
	occupy(rp, at, end, job->flags);
}

static void count_reserved(struct replay *rp, u64 start, u64 end, void *arg)
{
	struct free_map_job *job = arg;
	const struct snapshot *s = job->s;

	for (size_t i = first_run(s, start); i < s->nr_runs && s->runs[i].pfn < end; i++)
		rp->result->initial.kept_by_kmm +=
			reserved_in(max(s->runs[i].pfn, start),
				    min(s->runs[i].pfn + s->runs[i].pages, end));
}

static void set_type(struct replay *rp, u64 pfn, int type)
{
	rp->result->initial.blocks_by_type[type]++;
	if (get_pageblock_migratetype(pfn_to_page(pfn)) != type)
		set_pageblock_migratetype(pfn_to_page(pfn), type);
}

/* Frames of slabs in [pfn, end). Questions rise. */
static u64 slab_frames_in(const struct frame_runs *slabs, size_t *at, u64 pfn, u64 end)
{
	u64 sum = 0;

	while (*at < slabs->nr && slabs->runs[*at].pfn + slabs->runs[*at].pages <= pfn)
		++*at;
	for (size_t i = *at; i < slabs->nr && slabs->runs[i].pfn < end; i++)
		sum += min(slabs->runs[i].pfn + slabs->runs[i].pages, end) -
		       max(slabs->runs[i].pfn, pfn);
	return sum;
}

/* By majority of what its frames hold; free frames have no say. Frames of slabs are unmovable. */
static int block_type(struct replay *rp, u64 pfn, u64 end, size_t *slab_at)
{
	u64 pages[MOBILITIES] = { 0 }, at;

	pages[MIGRATE_UNMOVABLE] = slab_frames_in(&rp->slab_frames, slab_at, pfn, end);
	for (at = frame_next(rp->map, pfn, end); at < end; at = frame_next(rp->map, at + 1, end)) {
		const struct frame *f = frame_at(rp->map, at);

		pages[f->mobility] += 1ull << f->order;
	}
	return pages[MIGRATE_UNMOVABLE] > pages[MIGRATE_MOVABLE] ? MIGRATE_UNMOVABLE
								 : MIGRATE_MOVABLE;
}

static void type_blocks(struct replay *rp, u64 start, u64 end, void *arg)
{
	size_t slab_at = 0;
	u64 pfn, next;

	(void)arg;
	for (pfn = start; pfn < end; pfn = next) {
		next = min(ALIGN(pfn + 1, (u64)pageblock_nr_pages), end);
		if (page_alive(pfn))
			set_type(rp, pfn, block_type(rp, pfn, next, &slab_at));
	}
}

static void from_free_map(struct replay *rp, const struct snapshot *s, struct page_flags *pf)
{
	struct free_map_job job = { .s = s, .flags = pf };
	struct initial_summary *in = &rp->result->initial;

	each_ram_range(rp, &job, occupy_between_runs);
	each_ram_range(rp, &job, count_reserved);
	in->outside = s->free_pages - min(s->free_pages, job.free_here);
	if (pf->nr)
		each_ram_range(rp, NULL, type_blocks);
}

/* ---- from a table ---- */

static void occupy_range(struct replay *rp, u64 start, u64 end, void *arg)
{
	(void)arg;
	occupy_alike(rp, start, end, MIGRATE_MOVABLE);
}

static void from_table(struct replay *rp, const struct snapshot *s)
{
	struct zone *zone;

	each_ram_range(rp, NULL, occupy_range);
	for_each_populated_zone(zone) {
		const struct snapshot_zone *z = snapshot_zone(s, (u32)zone->node, zone->name);

		if (z)
			layout_make(rp, zone, s, z);
	}
	for (u32 i = 0; i < s->nr_zones; i++) {
		const struct snapshot_zone *z = &s->zones[i];
		bool here = false;

		for_each_populated_zone(zone)
			here |= zone->node == (int)z->node && !strcmp(zone->name, z->name);
		if (!here)
			rp->result->initial.outside += snapshot_zone_pages(s, z);
	}
}

/*
 * Large machines put off the initialisation of most page structures. A state is laid over
 * all of memory, so it needs them all: asking for a zone's last frame brings them.
 */
static int finish_deferred(struct replay *rp)
{
	struct zone *zone;

	if (!replay_room(rp, max_pfn - 1))
		return replay_no_room(rp, "the state it begins in");
	for_each_populated_zone(zone) {
		unsigned long pfn = zone_end_pfn(zone) - 1;
		struct page *page;

		while (pfn > zone->zone_start_pfn && !pfn_valid(pfn))
			pfn -= min(pfn - zone->zone_start_pfn, PAGES_PER_SECTION);
		page = zone->deferred_pages ? alloc_pages_at(pfn, 0, GFP_KERNEL) : NULL;
		if (page)
			__free_page(page);
	}
	return 0;
}

/* ---- which files ---- */

static int find_flags(struct replay *rp, struct page_flags *pf)
{
	static const char *const names[] = { "kpageflags.before.rle", "kpageflags.before", NULL };
	const char *asked = rp->config->pageflags;
	char path[4096];

	if (asked && !strcmp(asked, "none"))
		return 0;
	if (asked)
		snprintf(path, sizeof(path), "%s", asked);
	else if (!beside_find(rp->config, names, path, sizeof(path)))
		return 0;
	rp->result->initial.flags_known = true;
	return read_flags(rp, path, pf);
}

static bool find_state(struct replay *rp, char *path, size_t size)
{
	static const char *const names[] = {
		"free.before", "before/pagetypeinfo", "before/buddyinfo", NULL
	};
	const char *asked = rp->config->initial;

	if (asked && !strcmp(asked, "none"))
		return false;
	if (asked) {
		snprintf(path, size, "%s", asked);
		return true;
	}
	if (!beside_find(rp->config, names, path, size))
		return false;
	rp->result->initial.left_out = !rp->as_recorded;
	return rp->as_recorded;
}

static const char *const kind_names[] = {
	[SNAPSHOT_BUDDYINFO] = "buddyinfo",
	[SNAPSHOT_PAGETYPEINFO] = "pagetypeinfo",
	[SNAPSHOT_FREE_MAP] = "free map",
};

int replay_initial(struct replay *rp)
{
	struct initial_summary *in = &rp->result->initial;
	struct page_flags pf = { 0 };
	struct snapshot *s;
	char path[4096];

	if (rp->config->level == REPLAY_OBJECTS) {
		rp->population = !rp->config->initial || strcmp(rp->config->initial, "none");
		return 0;
	}
	if (!find_state(rp, path, sizeof(path)))
		return 0;
	s = snapshot_open(path, rp->err, REPLAY_ERROR);
	if (!s)
		return -1;
	if ((s->kind == SNAPSHOT_FREE_MAP && find_flags(rp, &pf)) || finish_deferred(rp)) {
		free(pf.runs);
		snapshot_close(s);
		return -1;
	}
	rp->population = rp->slab_frames.nr > 0;
	in->source = kind_names[s->kind];
	in->wanted_free = s->free_pages;
	if (s->kind == SNAPSHOT_FREE_MAP)
		from_free_map(rp, s, &pf);
	else
		from_table(rp, s);
	drain_all_pages(NULL);
	in->got_free = nr_free_pages();
	in->occupied_pages = rp->counts->initial_pages;
	rp->counts->free_pages = 0;
	free(pf.runs);
	snapshot_close(s);
	return 0;
}
