// SPDX-License-Identifier: MIT
/*
 * slabinfo.c - /proc/slabinfo, version 2.1: a line for each cache, the latest first.
 *
 *	name  active_objs num_objs objsize objperslab pagesperslab
 *		: tunables limit batchcount sharedfactor
 *		: slabdata active_slabs num_slabs sharedavail
 *
 * SLUB has no tunables, and says of its slabs only how many there are: both numbers are
 * that one. SLAB can be tuned by writing "name limit batchcount sharedfactor". SLOB has
 * no such file in Linux; here it has, with the figures it knows.
 */
#include "producers.h"

#include <kmm/slabinfo.h>
#include <lib/parse.h>
#include <lib/string.h>

/* Does the running allocator keep arrays that can be tuned? */
static bool has_tunables(void)
{
	return strcmp(slab_allocator_name(), "slab") == 0;
}

static void show_cache(struct seq_buf *m, const struct kmem_cache_info *c)
{
	bool slab = has_tunables();

	seq_buf_printf(m, "%-17s %6lu %6lu %6u %4u %4d", c->name, c->active_objs, c->num_objs,
		       c->size, c->objects_per_slab, 1 << c->order);
	seq_buf_printf(m, " : tunables %4u %4u %4u", slab ? c->limit : 0,
		       slab ? c->batchcount : 0, slab ? c->shared : 0);
	seq_buf_printf(m, " : slabdata %6lu %6lu %6lu\n", slab ? c->active_slabs : c->num_slabs,
		       c->num_slabs, slab ? c->shared_avail : 0);
}

int show_slabinfo(struct seq_buf *m, unsigned int id)
{
	struct kmem_cache_info info;

	(void)id;
	seq_buf_puts(m, "slabinfo - version: 2.1\n");
	seq_buf_puts(m, "# name            <active_objs> <num_objs> <objsize> <objperslab> "
		     "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
		     "<active_slabs> <num_slabs> <sharedavail>\n");
	for (unsigned int i = 0; kmem_cache_info(i, &info); i++)
		show_cache(m, &info);
	return 0;
}

/* The numbers after the name: exactly three. */
static int parse_tunables(const char *text, u64 value[3])
{
	for (int i = 0; i < 3; i++) {
		text = skip_spaces(text);
		if (parse_u64(text, &text, 10, &value[i]) || value[i] > INT32_MAX)
			return -EINVAL;
	}
	return *skip_spaces(text) ? -EINVAL : 0;
}

/* batchcount is never above limit, so the order of the two depends on which way limit goes. */
static int tune(const char *name, const u64 value[3])
{
	struct kmem_cache_info info;
	bool raise;
	int ret;

	if (!kmem_cache_info_by_name(name, &info))
		return -EINVAL;
	raise = value[0] >= info.limit;
	ret = raise ? kmem_cache_tune(name, SLAB_ATTR_LIMIT, (unsigned long)value[0]) : 0;
	if (!ret)
		ret = kmem_cache_tune(name, SLAB_ATTR_BATCHCOUNT, (unsigned long)value[1]);
	if (!ret && !raise)
		ret = kmem_cache_tune(name, SLAB_ATTR_LIMIT, (unsigned long)value[0]);
	if (!ret)
		ret = kmem_cache_tune(name, SLAB_ATTR_SHARED, (unsigned long)value[2]);
	return ret;
}

/* "name limit batchcount sharedfactor" */
int store_slabinfo(unsigned int id, const char *text)
{
	char name[KMEM_CACHE_NAME_MAX];
	u64 value[3];
	size_t len = 0;

	(void)id;
	if (!has_tunables())
		return -EIO;
	while (text[len] && text[len] != ' ')
		len++;
	if (len >= sizeof(name) || parse_tunables(text + len, value))
		return -EINVAL;
	if (!value[0] || !value[1] || value[1] > value[0])
		return -EINVAL;
	memcpy(name, text, len);
	name[len] = '\0';
	return tune(name, value);
}
