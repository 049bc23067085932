/* SPDX-License-Identifier: MIT */
/*
 * slab_table.h - a recorded /proc/slabinfo.
 */
#ifndef KMM_REPLAY_SLAB_TABLE_H
#define KMM_REPLAY_SLAB_TABLE_H

#include <kmm/slab.h>

#define SLAB_TABLE_NAME	64	/* bytes of a cache's name, its NUL included; longer ones are cut */
#define SLAB_ROW_NONE	0xffffffffu

struct slab_row {
	char name[SLAB_TABLE_NAME];
	u64 active, num;		/* objects in use (by Linux's count), and all */
	u32 size;			/* from one object to the next */
	u32 per_slab, pages;		/* of a slab */
	u64 slabs;
};

struct slab_table {
	struct slab_row *rows;		/* in the file's order */
	u32 nr;
	size_t cap;
};

/* slab_table_read - false: it is no slabinfo, or not to be read; *t is empty then. */
bool slab_table_read(struct slab_table *t, const char *path);
void slab_table_free(struct slab_table *t);

/* slab_table_find - the row of a cache, or SLAB_ROW_NONE. Cost: it looks at all. */
u32 slab_table_find(const struct slab_table *t, const char *name);
u64 slab_table_pages(const struct slab_table *t);	/* of all caches */

/*
 * slab_kmalloc_name - what Linux calls the kmalloc cache of objects of this size for such a
 * mask: "kmalloc-64", "kmalloc-cg-4k". Returns name.
 */
const char *slab_kmalloc_name(char name[SLAB_TABLE_NAME], u32 size, u32 gfp);
/* slab_kmalloc_parse - the other way round; false: it is no kmalloc cache's name. */
bool slab_kmalloc_parse(const char *name, u32 *size, u32 *gfp);

#endif
