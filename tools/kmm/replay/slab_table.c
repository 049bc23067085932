// SPDX-License-Identifier: MIT
/*
 * slab_table.c - a recorded /proc/slabinfo; see slab_table.h.
 *
 *	slabinfo - version: 2.1
 *	# name  <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ...
 *	dentry  20307  20307  192  21  1 : tunables 0 0 0 : slabdata  967  967  0
 *
 * A line that is not such a line is stepped over; a file without any is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/kmm/trace/alloc.h"
#include "tools/kmm/trace/input.h"

#include "slab_table.h"

#define MAX_ROWS	4096u
#define MAX_PER_SLAB	65536u
#define MAX_OBJECTS	(1ull << 30)	/* more in one cache are not believed */

static bool sane(const struct slab_row *r)
{
	return r->num <= MAX_OBJECTS && r->active <= r->num && r->size && r->per_slab &&
	       r->per_slab <= MAX_PER_SLAB && r->pages && r->pages <= MAX_ORDER_NR_PAGES &&
	       r->slabs <= MAX_OBJECTS;
}

static void take_line(struct slab_table *t, const char *line)
{
	unsigned long long active, num, slabs;
	struct slab_row r = { 0 };

	if (line[0] == '#' || t->nr == MAX_ROWS ||
	    sscanf(line, "%63s %llu %llu %u %u %u : tunables %*u %*u %*u : slabdata %*u %llu",
		   r.name, &active, &num, &r.size, &r.per_slab, &r.pages, &slabs) != 7)
		return;
	r.active = active;
	r.num = num;
	r.slabs = slabs;
	if (!sane(&r))
		return;
	t->rows = trace_grow(t->rows, &t->cap, t->nr + 1, sizeof(*t->rows));
	t->rows[t->nr++] = r;
}

bool slab_table_read(struct slab_table *t, const char *path)
{
	char err[512], line[512];
	struct input *in = input_open(path, err, sizeof(err));
	const char *p, *end;

	memset(t, 0, sizeof(*t));
	if (in)
		input_limit(in, INPUT_MAX_TABLE);
	while (in && input_line(in, &p, &end) == INPUT_LINE) {
		snprintf(line, sizeof(line), "%.*s", (int)min(end - p, (ptrdiff_t)511), p);
		take_line(t, line);
	}
	input_close(in);
	return t->nr > 0;
}

void slab_table_free(struct slab_table *t)
{
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

u32 slab_table_find(const struct slab_table *t, const char *name)
{
	for (u32 i = 0; i < t->nr; i++)
		if (!strcmp(t->rows[i].name, name))
			return i;
	return SLAB_ROW_NONE;
}

u64 slab_table_pages(const struct slab_table *t)
{
	u64 sum = 0;

	for (u32 i = 0; i < t->nr; i++)
		sum += t->rows[i].slabs * t->rows[i].pages;
	return sum;
}

/* ---- kmalloc's caches ---- */

static const struct kmalloc_family {
	const char *prefix;
	u32 gfp;
} families[NR_KMALLOC_TYPES] = {
	[KMALLOC_NORMAL] = { "kmalloc-", 0 },
	[KMALLOC_CGROUP] = { "kmalloc-cg-", __GFP_ACCOUNT },
	[KMALLOC_RECLAIM] = { "kmalloc-rcl-", __GFP_RECLAIMABLE },
	[KMALLOC_DMA] = { "dma-kmalloc-", __GFP_DMA },
};

const char *slab_kmalloc_name(char name[SLAB_TABLE_NAME], u32 size, u32 gfp)
{
	const char *prefix = families[kmalloc_type(gfp)].prefix;

	if (size >= 1024 && size % 1024 == 0)
		snprintf(name, SLAB_TABLE_NAME, "%s%uk", prefix, size / 1024);
	else
		snprintf(name, SLAB_TABLE_NAME, "%s%u", prefix, size);
	return name;
}

bool slab_kmalloc_parse(const char *name, u32 *size, u32 *gfp)
{
	char again[SLAB_TABLE_NAME];

	for (int t = 0; t < NR_KMALLOC_TYPES; t++) {
		size_t len = strlen(families[t].prefix);
		char unit = '\0';

		if (strncmp(name, families[t].prefix, len) ||
		    sscanf(name + len, "%u%c", size, &unit) < 1)
			continue;
		*size *= unit == 'k' ? 1024 : 1;
		*gfp = families[t].gfp;
		if (*size <= KMALLOC_MAX_CACHE_SIZE &&
		    !strcmp(slab_kmalloc_name(again, *size, *gfp), name))
			return true;
	}
	return false;
}
