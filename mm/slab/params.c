// SPDX-License-Identifier: MIT
/*
 * params.c - the boot parameters of the slab layer. See <kmm/param.h>.
 *
 *	slab=slub|slab|slob                   which allocator (also slab_allocator=)
 *	slub_debug[=FLAGS[,CACHE,...][;...]]  see slub_debug.c
 *	slub_max_order= slub_min_order= slub_min_objects=   how large SLUB's slabs are
 *	slab_max_order=                       the same of SLAB's
 *	slab_nomerge slab_merge               do like caches share slabs? (also slub_...)
 *	failslab=interval,probability,space,times
 */
#include <kmm/fault_inject.h>
#include <kmm/param.h>

#include "internal.h"
#include "lib/parse.h"
#include "lib/string.h"

__kmm_state unsigned int slab_max_order = 1;

static int setup_slab(char *val)
{
	static const struct slab_ops *const all[] = { &slub_ops, &slab_ops, &slob_ops };
	unsigned int i;

	for (i = 0; val && i < ARRAY_SIZE(all); i++)
		if (!strcmp(val, all[i]->name)) {
			slab_allocator = all[i];
			return 0;
		}
	return -EINVAL;
}

/* A number of at most `most`; larger ones are taken for that. */
static int setup_number(char *val, unsigned int most, unsigned int *to)
{
	u64 number;

	if (!val || kstrtou64(val, 0, &number))
		return -EINVAL;
	*to = (unsigned int)min(number, (u64)most);
	return 0;
}

static int setup_slub_max_order(char *val)
{
	return setup_number(val, MAX_ORDER - 1, &slub_max_order);
}

static int setup_slub_min_order(char *val)
{
	return setup_number(val, MAX_ORDER - 1, &slub_min_order);
}

static int setup_slub_min_objects(char *val)
{
	return setup_number(val, MAX_OBJS_PER_SLAB, &slub_min_objects);
}

static int setup_slab_max_order(char *val)
{
	return setup_number(val, MAX_ORDER - 1, &slab_max_order);
}

static int set_nomerge(const char *val, bool on)
{
	if (val)
		return -EINVAL;
	slab_nomerge = on;
	return 0;
}

static int setup_nomerge(char *val) { return set_nomerge(val, true); }
static int setup_merge(char *val) { return set_nomerge(val, false); }

static int setup_failslab(char *val)
{
	int err = val ? setup_fault_attr(&failslab.attr, val) : -EINVAL;

	if (!err)
		failslab_changed();
	return err;
}

const struct kernel_param slab_params[] = {
	{ "slab", setup_slab },
	{ "slab_allocator", setup_slab },
	{ "slub_debug", setup_slub_debug },
	{ "slub_max_order", setup_slub_max_order },
	{ "slub_min_order", setup_slub_min_order },
	{ "slub_min_objects", setup_slub_min_objects },
	{ "slab_max_order", setup_slab_max_order },
	{ "slab_nomerge", setup_nomerge },
	{ "slub_nomerge", setup_nomerge },
	{ "slab_merge", setup_merge },
	{ "slub_merge", setup_merge },
	{ "failslab", setup_failslab },
	{ NULL, NULL }
};
