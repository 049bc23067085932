/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - buddyinfo, pagetypeinfo and free maps.
 *
 *	Node 0, zone      DMA      1      0      2 ...		buddyinfo: every line
 *
 *	Page block order: 9					pagetypeinfo, once per node,
 *	Pages per block:  512					the whole text again
 *
 *	Free pages count per migrate type at order       0      1 ...
 *	Node    0, zone      DMA, type    Unmovable      0 >100000 ...
 *
 *	Number of blocks type     Unmovable      Movable ...
 *	Node 0, zone      DMA            1            7 ...
 *
 *	6071 1							free map
 *
 * Kernels stop counting a pagetypeinfo list at 100,000 and print ">100000".
 * "Number of mixed blocks" (page_owner kernels) is stepped over.
 *
 * Every line is read by one of the functions of the kind its first line showed;
 * where a line of pagetypeinfo belongs is told by the header last seen. Unlike a
 * trace, a snapshot with one bad line is refused: half a state is none.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "input.h"
#include "scan.h"
#include "snapshot.h"

enum section {
	SECTION_NONE,
	SECTION_FREE,		/* free pages count per migrate type */
	SECTION_BLOCKS,		/* number of blocks type */
	SECTION_SKIPPED,
};

struct parser {
	struct snapshot *snap;
	struct input *input;
	enum section section;
	size_t zone_cap, run_cap;
	u32 column_type[SNAPSHOT_MAX_TYPES];	/* SECTION_BLOCKS: the type of each column */
	u32 nr_columns;
	char *err;
	size_t size;
};

static bool bad(struct parser *ps, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool bad(struct parser *ps, const char *fmt, ...)
{
	char why[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(ps->err, ps->size, "%.255s:%" PRIu64 ": %s", input_name(ps->input),
		 input_line_nr(ps->input), why);
	return false;
}

/* ---- words ---- */

static void blanks(struct scan *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

/* The next word, up to a blank or @stop, into name[]; false when it is empty or too long. */
static bool get_name(struct scan *s, char stop, char name[SNAPSHOT_NAME])
{
	size_t n = 0;

	blanks(s);
	for (; s->p < s->end && *s->p > ' ' && *s->p < 0x7f && *s->p != stop; s->p++) {
		if (n == SNAPSHOT_NAME - 1)
			return false;
		name[n++] = *s->p;
	}
	name[n] = '\0';
	return n > 0;
}

/* "Node 0, zone DMA" with any number of blanks. */
static bool get_zone(struct scan *s, u32 *node, char name[SNAPSHOT_NAME])
{
	if (!scan_word(s, "Node "))
		return false;
	blanks(s);
	*node = (u32)scan_dec_max(s, SNAPSHOT_MAX_NODE, "node");
	if (s->bad || !scan_word(s, ", zone "))
		return false;
	return get_name(s, ',', name);
}

static struct snapshot_zone *find_zone(const struct snapshot *snap, u32 node, const char *name)
{
	u32 i;

	for (i = snap->nr_zones; i-- > 0;)
		if (snap->zones[i].node == node && !strcmp(snap->zones[i].name, name))
			return &snap->zones[i];
	return NULL;
}

static struct snapshot_zone *add_zone(struct parser *ps, u32 node, const char *name)
{
	struct snapshot *snap = ps->snap;
	struct snapshot_zone *z;

	if (snap->nr_zones == SNAPSHOT_MAX_ZONES)
		return NULL;
	snap->zones = trace_grow(snap->zones, &ps->zone_cap, (size_t)snap->nr_zones + 1,
				 sizeof(*snap->zones));
	z = &snap->zones[snap->nr_zones++];
	z->node = node;
	snprintf(z->name, sizeof(z->name), "%s", name);
	return z;
}

/* ---- counts ---- */

/* One count per order, ">100000" included, until the line ends. */
static bool get_counts(struct parser *ps, struct scan *s, u64 counts[SNAPSHOT_MAX_ORDERS],
		       u32 *capped)
{
	struct snapshot *snap = ps->snap;
	u32 n = 0;

	for (blanks(s); s->p < s->end; blanks(s)) {
		if (n == SNAPSHOT_MAX_ORDERS)
			return bad(ps, "more than %d orders", SNAPSHOT_MAX_ORDERS);
		if (*s->p == '>') {
			s->p++;
			*capped |= 1u << n;
			snap->any_capped = true;
		}
		counts[n++] = scan_dec_max(s, SNAPSHOT_MAX_PFN, "count");
		if (s->bad || (s->p < s->end && *s->p != ' ' && *s->p != '\t'))
			return bad(ps, "bad count for order %" PRIu32, n - 1);
	}
	if (!n || (snap->nr_orders && n != snap->nr_orders))
		return bad(ps, "%" PRIu32 " orders, before it was %" PRIu32, n, snap->nr_orders);
	snap->nr_orders = n;
	return true;
}

static bool sum_free(struct parser *ps, const u64 counts[SNAPSHOT_MAX_ORDERS])
{
	struct snapshot *snap = ps->snap;
	u32 i;

	for (i = 0; i < snap->nr_orders; i++) {
		if (counts[i] > SNAPSHOT_MAX_PFN >> i)
			return bad(ps, "more free pages than there can be");
		snap->free_pages += counts[i] << i;
	}
	if (snap->free_pages > SNAPSHOT_MAX_PFN)
		return bad(ps, "more free pages than there can be");
	return true;
}

/* ---- buddyinfo ---- */

static bool buddyinfo_line(struct parser *ps, struct scan *s)
{
	struct snapshot_zone *z;
	char name[SNAPSHOT_NAME];
	u32 node, capped = 0;

	if (!get_zone(s, &node, name))
		return bad(ps, "not a line of buddyinfo");
	if (find_zone(ps->snap, node, name))
		return bad(ps, "node %" PRIu32 ", zone %s again", node, name);
	z = add_zone(ps, node, name);
	if (!z)
		return bad(ps, "more than %d zones", SNAPSHOT_MAX_ZONES);
	if (!get_counts(ps, s, z->free, &capped) || !sum_free(ps, z->free))
		return false;
	return capped ? bad(ps, "a count with '>'") : true;
}

/* ---- pagetypeinfo ---- */

int snapshot_type(const struct snapshot *s, const char *name)
{
	u32 i;

	for (i = 0; i < s->nr_types; i++)
		if (!strcmp(s->type_names[i], name))
			return (int)i;
	return -1;
}

/* The type's place, made when it is new; negative: too many. */
static int get_type(struct snapshot *snap, const char *name)
{
	int type = snapshot_type(snap, name);

	if (type >= 0 || snap->nr_types == SNAPSHOT_MAX_TYPES)
		return type;
	snprintf(snap->type_names[snap->nr_types], SNAPSHOT_NAME, "%s", name);
	return (int)snap->nr_types++;
}

static bool free_line(struct parser *ps, struct scan *s)
{
	char name[SNAPSHOT_NAME], type_name[SNAPSHOT_NAME];
	struct snapshot_zone *z;
	u32 node, i;
	int type;

	if (!get_zone(s, &node, name) || !scan_word(s, ", type ") || !get_name(s, ' ', type_name))
		return bad(ps, "not \"Node N, zone NAME, type TYPE\"");
	type = get_type(ps->snap, type_name);
	if (type < 0)
		return bad(ps, "more than %d migrate types", SNAPSHOT_MAX_TYPES);
	z = find_zone(ps->snap, node, name);
	if (!z)
		z = add_zone(ps, node, name);
	if (!z)
		return bad(ps, "more than %d zones", SNAPSHOT_MAX_ZONES);
	for (i = 0; i < ps->snap->nr_orders; i++)
		if (z->free_by_type[type][i])
			return bad(ps, "zone %s, type %s again", name, type_name);
	if (!get_counts(ps, s, z->free_by_type[type], &z->capped[type]))
		return false;
	for (i = 0; i < ps->snap->nr_orders; i++)
		z->free[i] += z->free_by_type[type][i];
	return sum_free(ps, z->free_by_type[type]);
}

/* "Number of blocks type  Unmovable  Movable ...": which column is which type. */
static bool blocks_header(struct parser *ps, struct scan *s)
{
	char name[SNAPSHOT_NAME];
	int type;

	ps->section = SECTION_BLOCKS;
	ps->nr_columns = 0;
	for (blanks(s); s->p < s->end; blanks(s)) {
		type = get_name(s, ' ', name) ? get_type(ps->snap, name) : -1;
		if (type < 0 || ps->nr_columns == SNAPSHOT_MAX_TYPES)
			return bad(ps, "bad migrate type, or more than %d", SNAPSHOT_MAX_TYPES);
		ps->column_type[ps->nr_columns++] = (u32)type;
	}
	return true;
}

static bool blocks_line(struct parser *ps, struct scan *s)
{
	char name[SNAPSHOT_NAME];
	struct snapshot_zone *z;
	u32 node, i;

	if (!get_zone(s, &node, name))
		return bad(ps, "not \"Node N, zone NAME\"");
	z = find_zone(ps->snap, node, name);
	if (!z)
		return bad(ps, "no free counts for node %" PRIu32 ", zone %s", node, name);
	for (i = 0; i < ps->nr_columns; i++) {
		blanks(s);
		z->pageblocks[ps->column_type[i]] = scan_dec_max(s, SNAPSHOT_MAX_PFN, "count");
	}
	blanks(s);
	scan_end(s, "count");
	return s->bad ? bad(ps, "%" PRIu32 " counts expected", ps->nr_columns) : true;
}

static bool block_order_line(struct parser *ps, struct scan *s)
{
	blanks(s);
	ps->snap->block_order = (u32)scan_dec_max(s, SNAPSHOT_MAX_ORDERS, "order");
	return s->bad ? bad(ps, "bad page block order") : true;
}

static bool pagetypeinfo_line(struct parser *ps, struct scan *s)
{
	if (*s->p == 'N' && s->end - s->p > 4 && s->p[1] == 'o') {
		if (ps->section == SECTION_FREE)
			return free_line(ps, s);
		if (ps->section == SECTION_BLOCKS)
			return blocks_line(ps, s);
		if (ps->section == SECTION_SKIPPED)
			return true;
		return bad(ps, "zones before their heading");
	}
	if (scan_word(s, "Page block order:"))
		return block_order_line(ps, s);
	if (scan_word(s, "Pages per block:"))
		return true;
	if (scan_word(s, "Free pages count per migrate type")) {
		ps->section = SECTION_FREE;
		return true;
	}
	if (scan_word(s, "Number of blocks type"))
		return blocks_header(ps, s);
	if (!scan_word(s, "Number of mixed blocks"))
		return bad(ps, "not a line of pagetypeinfo");
	ps->section = SECTION_SKIPPED;
	return true;
}

/* ---- free map ---- */

static bool free_map_line(struct parser *ps, struct scan *s)
{
	struct snapshot *snap = ps->snap;
	struct snapshot_run run, *last;

	run.pfn = scan_hex(s, "pfn");
	if (*s->p != ' ' && *s->p != '\t')
		scan_fail(s, "pfn");
	blanks(s);
	run.pages = scan_hex(s, "pages");
	blanks(s);
	scan_end(s, "end");
	if (s->bad)
		return bad(ps, "not \"start_pfn npages\" in hexadecimal");
	if (!run.pages || run.pfn > SNAPSHOT_MAX_PFN || run.pages > SNAPSHOT_MAX_PFN - run.pfn)
		return bad(ps, "no pages, or beyond frame 2^40");
	last = snap->nr_runs ? &snap->runs[snap->nr_runs - 1] : NULL;
	if (last && run.pfn < last->pfn + last->pages)
		return bad(ps, "runs must ascend and not overlap");
	snap->runs = trace_grow(snap->runs, &ps->run_cap, snap->nr_runs + 1, sizeof(*snap->runs));
	snap->runs[snap->nr_runs++] = run;
	snap->free_pages += run.pages;
	return true;
}

/* ---- the whole file ---- */

static bool find_kind(struct parser *ps, const struct scan *line)
{
	struct scan s = *line;

	if (scan_word(&s, "Node "))
		ps->snap->kind = SNAPSHOT_BUDDYINFO;
	else if (scan_word(&s, "Page block order:"))
		ps->snap->kind = SNAPSHOT_PAGETYPEINFO;
	else if (scan_hex(&s, "pfn"), !s.bad && (*s.p == ' ' || *s.p == '\t'))
		ps->snap->kind = SNAPSHOT_FREE_MAP;
	else
		return bad(ps, "neither buddyinfo nor pagetypeinfo nor a free map");
	return true;
}

static bool parse_line(struct parser *ps, struct scan *s)
{
	switch (ps->snap->kind) {
	case SNAPSHOT_BUDDYINFO: return buddyinfo_line(ps, s);
	case SNAPSHOT_PAGETYPEINFO: return pagetypeinfo_line(ps, s);
	case SNAPSHOT_FREE_MAP: return free_map_line(ps, s);
	}
	return false;
}

static bool end_of_file(struct parser *ps, enum input_result result, bool any)
{
	const char *name = input_name(ps->input);

	if (result == INPUT_TOO_LONG)
		return bad(ps, "a line over %d bytes", INPUT_MAX_LINE);
	if (result == INPUT_ERROR)
		snprintf(ps->err, ps->size, "%s", input_error(ps->input));
	else if (!any)
		snprintf(ps->err, ps->size, "%.255s: empty", name);
	else if (!ps->snap->nr_zones && !ps->snap->nr_runs)
		snprintf(ps->err, ps->size, "%.255s: cut short: no zone in it", name);
	else
		return true;
	return false;
}

static bool parse(struct parser *ps)
{
	enum input_result result;
	struct scan s = { 0 };
	bool any = false;

	while ((result = input_line(ps->input, &s.p, &s.end)) == INPUT_LINE) {
		if (scan_is_blank(s.p, s.end))
			continue;
		if (!any && !find_kind(ps, &s))
			return false;
		any = true;
		s.bad = NULL;
		if (!parse_line(ps, &s))
			return false;
	}
	return end_of_file(ps, result, any);
}

static struct snapshot *read_all(struct input *in, u64 max_bytes, char *err, size_t size)
{
	struct parser ps = { .input = in, .err = err, .size = size };
	bool good;

	if (!in)
		return NULL;
	input_limit(in, max_bytes);
	ps.snap = trace_alloc(sizeof(*ps.snap));
	good = parse(&ps);
	input_close(in);
	if (good)
		return ps.snap;
	snapshot_close(ps.snap);
	return NULL;
}

struct snapshot *snapshot_open(const char *path, char *err, size_t size)
{
	return read_all(input_open(path, err, size), INPUT_MAX_TABLE, err, size);
}

struct snapshot *snapshot_open_memory(const void *data, size_t len, const char *name,
				      u64 max_bytes, char *err, size_t size)
{
	return read_all(input_open_memory(data, len, name, err, size), max_bytes, err, size);
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	free(s->zones);
	free(s->runs);
	free(s);
}

const struct snapshot_zone *snapshot_zone(const struct snapshot *s, u32 node, const char *name)
{
	return find_zone(s, node, name);
}

u64 snapshot_zone_pages(const struct snapshot *s, const struct snapshot_zone *z)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < s->nr_orders; i++)
		pages += z->free[i] << i;
	return pages;
}
