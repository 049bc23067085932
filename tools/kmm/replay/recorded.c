// SPDX-License-Identifier: MIT
/*
 * recorded.c - the recorded machine's own state at the end, to compare ours with.
 *
 * Nothing here can fail a replay: a snapshot that is missing or unreadable is
 * a comparison less.
 */
#include <stdio.h>
#include <string.h>

#include <kmm/e820.h>
#include <kmm/mm.h>

#include "tools/kmm/trace/input.h"

#include "engine.h"

static struct snapshot *read_one(const struct replay_config *c, const char *const *names)
{
	char path[4096], err[REPLAY_ERROR];

	return beside_find(c, names, path, sizeof(path)) ? snapshot_open(path, err, sizeof(err))
							 : NULL;
}

/* One line of /proc/zoneinfo: a zone begins, or one CPU's list says how long it is. */
static void lists_line(struct recorded_state *s, int when, const char *line)
{
	struct recorded_lists *l = s->lists[when] + s->nr_lists[when];
	unsigned long long pages;
	char zone[SNAPSHOT_NAME];
	int node;

	if (sscanf(line, "Node %d, zone %15s", &node, zone) == 2 &&
	    s->nr_lists[when] < REPLAY_LISTS) {
		l->node = node;
		snprintf(l->zone, sizeof(l->zone), "%s", zone);
		s->nr_lists[when]++;
	} else if (s->nr_lists[when] && sscanf(line, " count: %llu", &pages) == 1) {
		l[-1].pages += pages;
	}
}

static void read_lists(struct replay *rp, int when)
{
	static const char *const names[2][2] = { { "before/zoneinfo" }, { "after/zoneinfo" } };
	char path[4096], err[REPLAY_ERROR], line[128];
	const char *p, *end;
	struct input *in;

	if (!beside_find(rp->config, names[when], path, sizeof(path)))
		return;
	in = input_open(path, err, sizeof(err));
	if (in)
		input_limit(in, INPUT_MAX_TABLE);
	while (in && input_line(in, &p, &end) == INPUT_LINE) {
		snprintf(line, sizeof(line), "%.*s", (int)min(end - p, (ptrdiff_t)127), p);
		lists_line(&rp->result->recorded, when, line);
	}
	if (in)
		input_close(in);
}

s64 recorded_lists_of(const struct recorded_state *s, int when, int node, const char *zone)
{
	for (unsigned int i = 0; i < s->nr_lists[when]; i++)
		if (s->lists[when][i].node == node && !strcmp(s->lists[when][i].zone, zone))
			return (s64)s->lists[when][i].pages;
	return -1;
}

void recorded_read(struct replay *rp)
{
	static const char *const before[] = { "before/pagetypeinfo", "before/buddyinfo", NULL };
	static const char *const after[] = { "after/pagetypeinfo", "after/buddyinfo", NULL };
	static const char *const map[] = { "free.after", NULL };
	struct recorded_state *s = &rp->result->recorded;

	if (!rp->as_recorded)
		return;
	read_lists(rp, 0);
	read_lists(rp, 1);
	s->before = read_one(rp->config, before);
	s->after = read_one(rp->config, after);
	if (rp->config->follow)
		s->free_map_after = read_one(rp->config, map);
	if (s->free_map_after && s->free_map_after->kind != SNAPSHOT_FREE_MAP) {
		snapshot_close(s->free_map_after);
		s->free_map_after = NULL;
	}
}

/* ---- frame by frame ---- */

static void compare_frame(struct recorded_state *s, const struct page *page, bool free_there)
{
	bool used_here = page->_refcount != 0;

	if (PageReserved(page))
		return;
	if (used_here != free_there)
		s->frames_same++;
	else if (used_here)
		s->frames_only_here++;
	else
		s->frames_only_there++;
}

/* A block in use is compared as its single frames; only its head has a reference. */
static void compare_range(struct recorded_state *s, u64 pfn, u64 end, size_t *run)
{
	const struct snapshot *map = s->free_map_after;

	while (pfn < end) {
		const struct page *page = pfn_to_page(pfn);
		u64 stop = page->_refcount ? min(pfn + (1ull << page_alloc_order(page)), end)
					   : pfn + 1;

		for (; pfn < stop; pfn++) {
			while (*run < map->nr_runs &&
			       map->runs[*run].pfn + map->runs[*run].pages <= pfn)
				++*run;
			compare_frame(s, page, *run < map->nr_runs && map->runs[*run].pfn <= pfn);
		}
	}
}

void recorded_compare_frames(struct replay *rp)
{
	struct recorded_state *s = &rp->result->recorded;
	struct zone *zone;

	if (!s->free_map_after)
		return;
	for_each_populated_zone(zone) {
		u64 end = zone->deferred_pages ? zone->deferred_pfn : zone_end_pfn(zone), pfn, next;
		size_t run = 0;

		for (pfn = zone->zone_start_pfn; pfn < end; pfn = next) {
			next = min(ALIGN(pfn + 1, (u64)MAX_ORDER_NR_PAGES), end);
			if (page_alive(pfn))
				compare_range(s, pfn, next, &run);
		}
	}
}

void recorded_free(struct recorded_state *s)
{
	snapshot_close(s->before);
	snapshot_close(s->after);
	snapshot_close(s->free_map_after);
}
