// SPDX-License-Identifier: MIT
/*
 * params.c - the boot parameters of the page allocator. See <kmm/param.h>.
 *
 *	init_on_alloc= init_on_free= page_poison= page_alloc.shuffle= (also shuffle=)
 *	fail_page_alloc=interval,probability,space,times
 *	transparent_hugepage=always|madvise|never  does min_free_kbytes count on huge pages
 *	deferred_init=off|nn[KMG]     initialise all pages at boot; put some off above nn of RAM
 *	page_group_by_mobility=0      one migrate type for all (Linux decides it by RAM size)
 */
#include <kmm/errno.h>

#include "internal.h"
#include "lib/parse.h"
#include "lib/string.h"

static int setup_hook(char *val, enum page_hook hook)
{
	bool on;

	if (!val || parse_bool(val, &on))
		return -EINVAL;
	page_hooks = on ? page_hooks | hook
			: page_hooks & ~(u32)hook; /* fast paths follow later in the boot */
	return 0;
}

static int setup_init_on_alloc(char *val) { return setup_hook(val, PAGE_HOOK_INIT_ALLOC); }
static int setup_init_on_free(char *val) { return setup_hook(val, PAGE_HOOK_INIT_FREE); }
static int setup_page_poison(char *val) { return setup_hook(val, PAGE_HOOK_POISON); }

static int setup_shuffle(char *val)
{
	return val ? parse_bool(val, &shuffle_pages) : -EINVAL;
}

static int setup_mobility(char *val)
{
	bool on;

	if (!val || parse_bool(val, &on))
		return -EINVAL;
	page_group_by_mobility_disabled = !on;
	return 0;
}

static int setup_fail_page_alloc(char *val)
{
	int err = val ? setup_fault_attr(&fail_page_alloc.attr, val) : -EINVAL;

	if (!err && fail_page_alloc.attr.probability)
		page_hooks |= PAGE_HOOK_FAULT;
	return err;
}

static int setup_thp(char *val)
{
	if (!val)
		return -EINVAL;
	if (!strcmp(val, "never"))
		thp_enabled = false;
	else if (!strcmp(val, "always") || !strcmp(val, "madvise"))
		thp_enabled = true;
	else
		return -EINVAL;
	return 0;
}

static int setup_deferred(char *val)
{
	char *end;
	u64 bytes;

	if (!val)
		return -EINVAL;
	if (!strcmp(val, "off")) {
		deferred_threshold = ~0ul;
		return 0;
	}
	bytes = memparse(val, &end);
	if (end == val || *end)
		return -EINVAL;
	deferred_threshold = PFN_DOWN(bytes);
	return 0;
}

const struct kernel_param page_params[] = {
	{ "init_on_alloc", setup_init_on_alloc },
	{ "init_on_free", setup_init_on_free },
	{ "page_poison", setup_page_poison },
	{ "page_alloc.shuffle", setup_shuffle },
	{ "shuffle", setup_shuffle },
	{ "fail_page_alloc", setup_fail_page_alloc },
	{ "transparent_hugepage", setup_thp },
	{ "deferred_init", setup_deferred },
	{ "page_group_by_mobility", setup_mobility },
	{ NULL, NULL }
};
