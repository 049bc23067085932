/* SPDX-License-Identifier: MIT */
/*
 * slabs.h - the machine's caches as slabtop(1) shows them: a summary and a table.
 *
 *	struct slabs t = { 0 };
 *
 *	if (slabs_read(&t)) {
 *		slabs_sort(&t, 'o');
 *		slabs_print(&t, stdout);
 *	}
 *	slabs_free(&t);
 */
#ifndef KMM_TOOLS_SLABS_H
#define KMM_TOOLS_SLABS_H

#include <stdio.h>

#include <kmm/slabinfo.h>

struct slab_line {
	char name[KMEM_CACHE_NAME_MAX];
	unsigned long objects, active;		/* all there is room for; in use */
	unsigned long slabs, active_slabs;
	unsigned int size, per_slab, pages;	/* of an object; objects and pages of a slab */
};

struct slabs {
	struct slab_line *line;
	unsigned int nr, room;
};

/* slabs_read - take down all caches as they are now; false: the host is out of memory. */
bool slabs_read(struct slabs *t) __must_check;
void slabs_free(struct slabs *t);

/*
 * slabs_criterion - what a letter sorts by ("cache size"), NULL: it is none of slabtop's.
 * slabs_sort - by it: names upwards, all else downwards, equals by name.
 */
const char *slabs_criterion(char letter);
void slabs_sort(struct slabs *t, char letter);
#define SLABS_CRITERIA "ablvcnopsu"

/* Lines without newline, at most SLABS_WIDTH bytes with their NUL. */
#define SLABS_WIDTH	192
#define SLABS_SUMMARY	5
void slabs_summary(const struct slabs *t, char line[SLABS_SUMMARY][SLABS_WIDTH]);
void slabs_heading(char *line);
void slabs_text(const struct slab_line *l, char *line);

/* slabs_print - all of it. */
void slabs_print(const struct slabs *t, FILE *out);

/* slab_line_kb - memory its slabs take. slab_line_use - objects in use, per cent. */
u64 slab_line_kb(const struct slab_line *l);
unsigned int slab_line_use(const struct slab_line *l);

#endif
