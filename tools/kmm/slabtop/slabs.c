// SPDX-License-Identifier: MIT
/*
 * slabs.c - caches as slabtop(1) shows them.
 *
 * Figures, columns and rounding are those of procps' slabtop on the same
 * /proc/slabinfo, so that the two can be laid side by side. That includes what SLUB says of
 * slabs: all of them are "active".
 */
#include "slabs.h"

#include <stdlib.h>
#include <string.h>

#include <kmm/config.h>

#include "tools/kmm/decimal.h"

/* ---- reading ---- */

static bool add_line(struct slabs *t, const struct kmem_cache_info *info, bool counts_active)
{
	struct slab_line *l;

	if (t->nr == t->room) {
		unsigned int room = t->room ? 2 * t->room : 128;

		l = realloc(t->line, room * sizeof(*l));
		if (!l)
			return false;
		t->line = l;
		t->room = room;
	}
	l = &t->line[t->nr++];
	memcpy(l->name, info->name, sizeof(l->name));
	l->objects = info->num_objs;
	l->active = info->active_objs;
	l->slabs = info->num_slabs;
	l->active_slabs = counts_active ? info->active_slabs : info->num_slabs;
	l->size = info->size;
	l->per_slab = info->objects_per_slab;
	l->pages = 1u << info->order;
	return true;
}

bool slabs_read(struct slabs *t)
{
	bool counts_active = !strcmp(slab_allocator_name(), "slab");
	struct kmem_cache_info info;

	t->nr = 0;
	for (unsigned int i = 0; kmem_cache_info(i, &info); i++)
		if (!add_line(t, &info, counts_active))
			return false;
	return true;
}

void slabs_free(struct slabs *t)
{
	free(t->line);
	*t = (struct slabs){ .line = NULL };
}

/* ---- sorting ---- */

u64 slab_line_kb(const struct slab_line *l)
{
	return (u64)l->slabs * l->pages * (PAGE_SIZE / 1024);
}

unsigned int slab_line_use(const struct slab_line *l)
{
	return l->objects ? (unsigned int)(100ull * l->active / l->objects) : 0;
}

static u64 key_of(const struct slab_line *l, char letter)
{
	switch (letter) {
	case 'a':	return l->active;
	case 'b':	return l->per_slab;
	case 'c':	return slab_line_kb(l);
	case 'l':	return l->slabs;
	case 'v':	return l->active_slabs;
	case 'o':	return l->objects;
	case 'p':	return l->pages;
	case 's':	return l->size;
	case 'u':	return slab_line_use(l);
	default:	return 0;
	}
}

const char *slabs_criterion(char letter)
{
	switch (letter) {
	case 'a':	return "active objects";
	case 'b':	return "objects per slab";
	case 'c':	return "cache size";
	case 'l':	return "slabs";
	case 'v':	return "active slabs";
	case 'n':	return "name";
	case 'o':	return "objects";
	case 'p':	return "pages per slab";
	case 's':	return "object size";
	case 'u':	return "use";
	default:	return NULL;
	}
}

static char sorted_by;		/* a sort at a time */

static int compare(const void *a, const void *b)
{
	const struct slab_line *x = a, *y = b;
	u64 kx = key_of(x, sorted_by), ky = key_of(y, sorted_by);

	if (kx != ky)
		return kx < ky ? 1 : -1;
	return strcmp(x->name, y->name);
}

void slabs_sort(struct slabs *t, char letter)
{
	sorted_by = letter;
	if (t->nr)
		qsort(t->line, t->nr, sizeof(*t->line), compare);
}

/* ---- text ---- */

struct totals {
	u64 objects, active, slabs, active_slabs, bytes, active_bytes;
	unsigned int active_caches, least, most;
};

static struct totals add_up(const struct slabs *t)
{
	struct totals s = { .least = t->nr ? ~0u : 0 };

	for (unsigned int i = 0; i < t->nr; i++) {
		const struct slab_line *l = &t->line[i];

		s.objects += l->objects;
		s.active += l->active;
		s.slabs += l->slabs;
		s.active_slabs += l->active_slabs;
		s.bytes += (u64)l->objects * l->size;
		s.active_bytes += (u64)l->active * l->size;
		s.active_caches += l->objects != 0;
		s.least = l->size < s.least ? l->size : s.least;
		s.most = l->size > s.most ? l->size : s.most;
	}
	return s;
}

/* "active / all (use %)"; both are the parts of a unit. */
static void put_use(char *line, const char *label, u64 active, u64 all, unsigned int unit)
{
	char a[DECIMAL_SIZE], b[DECIMAL_SIZE], use[DECIMAL_SIZE];
	const char *suffix = unit > 1 ? "K" : "";
	int digits = unit > 1 ? 2 : 0;

	snprintf(line, SLABS_WIDTH, " %-35s: %s%s / %s%s (%s%%)", label,
		 decimal(active, unit, digits, a), suffix, decimal(all, unit, digits, b), suffix,
		 decimal(100 * active, all, 1, use));
}

static void put_counts(char *line, const char *what, u64 active, u64 all)
{
	char label[40];

	snprintf(label, sizeof(label), "Active / Total %s (%% used)", what);
	put_use(line, label, active, all, 1);
}

void slabs_summary(const struct slabs *t, char line[SLABS_SUMMARY][SLABS_WIDTH])
{
	char least[DECIMAL_SIZE], average[DECIMAL_SIZE], most[DECIMAL_SIZE];
	struct totals s = add_up(t);

	put_counts(line[0], "Objects", s.active, s.objects);
	put_counts(line[1], "Slabs", s.active_slabs, s.slabs);
	put_counts(line[2], "Caches", s.active_caches, t->nr);
	put_use(line[3], "Active / Total Size (% used)", s.active_bytes, s.bytes, 1024);
	snprintf(line[4], SLABS_WIDTH, " %-35s: %sK / %sK / %sK",
		 "Minimum / Average / Maximum Object", decimal(s.least, 1024, 2, least),
		 decimal(s.objects ? s.bytes / s.objects : 0, 1024, 2, average),
		 decimal(s.most, 1024, 2, most));
}

void slabs_heading(char *line)
{
	snprintf(line, SLABS_WIDTH, "%6s %6s %4s %8s %6s %8s %10s %-23s", "OBJS", "ACTIVE", "USE",
		 "OBJ SIZE", "SLABS", "OBJ/SLAB", "CACHE SIZE", "NAME");
}

void slabs_text(const struct slab_line *l, char *line)
{
	char size[DECIMAL_SIZE];

	snprintf(line, SLABS_WIDTH, "%6lu %6lu %3u%% %7sK %6lu %8u %9lluK %-23s", l->objects,
		 l->active, slab_line_use(l), decimal(l->size, 1024, 2, size), l->slabs,
		 l->per_slab, (unsigned long long)slab_line_kb(l), l->name);
}

void slabs_print(const struct slabs *t, FILE *out)
{
	char summary[SLABS_SUMMARY][SLABS_WIDTH], line[SLABS_WIDTH];

	slabs_summary(t, summary);
	for (int i = 0; i < SLABS_SUMMARY; i++)
		fprintf(out, "%s\n", summary[i]);
	slabs_heading(line);
	fprintf(out, "\n%s\n", line);
	for (unsigned int i = 0; i < t->nr; i++) {
		slabs_text(&t->line[i], line);
		fprintf(out, "%s\n", line);
	}
}
