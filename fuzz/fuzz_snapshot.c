/* SPDX-License-Identifier: MIT */
// SOURCES: tools/kmm/trace/*.c
/*
 * fuzz_snapshot.c - any bytes as buddyinfo, pagetypeinfo or a free map.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/kmm/trace/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void check_zones(const struct snapshot *s)
{
	u64 pages = 0;
	u32 i;

	must(s->nr_orders <= SNAPSHOT_MAX_ORDERS && s->nr_types <= SNAPSHOT_MAX_TYPES, "limits");
	for (i = 0; i < s->nr_zones; i++) {
		must(snapshot_zone(s, s->zones[i].node, s->zones[i].name) == &s->zones[i], "zone");
		pages += snapshot_zone_pages(s, &s->zones[i]);
	}
	must(pages == s->free_pages, "the sum over zones");
}

static void check_runs(const struct snapshot *s)
{
	u64 next = 0, pages = 0;
	size_t i;

	for (i = 0; i < s->nr_runs; i++) {
		must(s->runs[i].pages && s->runs[i].pfn >= next, "runs ascend");
		next = s->runs[i].pfn + s->runs[i].pages;
		pages += s->runs[i].pages;
	}
	must(next <= SNAPSHOT_MAX_PFN && pages == s->free_pages, "the sum over runs");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[512] = "";
	struct snapshot *s = snapshot_open_memory(data, size, "fuzz", 4u << 20, err, sizeof(err));

	must(s || err[0], "a reason for not opening");
	if (s && s->kind == SNAPSHOT_FREE_MAP)
		check_runs(s);
	else if (s)
		check_zones(s);
	snapshot_close(s);
	return 0;
}
