// SPDX-License-Identifier: MIT
/*
 * sysctl.c - /proc/sys/vm: the tunables of the page allocator.
 *
 * One table: a name, where the number is, its bounds (Linux's), and what has to
 * be done when it changes.
 */
#include <kmm/errno.h>

#include "internal.h"
#include "lib/parse.h"
#include "lib/seq_buf.h"
#include "lib/string.h"

struct tunable {
	const char *name;
	unsigned int *value;		/* NULL: write only */
	unsigned int least, most;
	void (*changed)(void);
};

static void pcp_changed(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		zone_pcp_update(zone);
}

static void nothing_changed(void) {}

static void compact_nodes(void)
{
	int nid;

	drain_all_pages(NULL);
	if (!pressure_ops || !pressure_ops->try_to_compact_pages)
		return;
	for_each_online_node(nid) {
		struct zonelist *own = &NODE_DATA(nid)->node_zonelists[ZONELIST_NOFALLBACK];

		(void)pressure_ops->try_to_compact_pages(own, MAX_ORDER - 1, GFP_KERNEL,
							 MAX_NR_ZONES - 1);
	}
}

static void drop_caches(void)
{
	int nid;

	drain_all_pages(NULL);
	if (!pressure_ops || !pressure_ops->try_to_free_pages)
		return;
	for_each_online_node(nid) {
		struct zonelist *own = &NODE_DATA(nid)->node_zonelists[ZONELIST_NOFALLBACK];

		(void)pressure_ops->try_to_free_pages(own, 0, GFP_KERNEL);
	}
}

static const struct tunable tunables[] = {
	{"compact_memory", NULL, 1, 1, compact_nodes},
	{"drop_caches", NULL, 1, 4, drop_caches},
	{"lowmem_reserve_ratio", sysctl_lowmem_reserve_ratio, 0, ~0u,
	 setup_per_zone_lowmem_reserve},
	{"min_free_kbytes", &min_free_kbytes, 0, ~0u >> 1, setup_per_zone_wmarks},
	{"percpu_pagelist_high_fraction", &percpu_pagelist_high_fraction, 0, ~0u >> 1, pcp_changed},
	{"stat_refresh", NULL, 0, ~0u, nothing_changed}, /* sums are made when read: always fresh */
	{"watermark_boost_factor", &watermark_boost_factor, 0, ~0u >> 1, nothing_changed},
	{"watermark_scale_factor", &watermark_scale_factor, 1, 3000, setup_per_zone_wmarks},
};

const char *sysctl_vm_name(unsigned int i)
{
	return i < ARRAY_SIZE(tunables) ? tunables[i].name : NULL;
}

static const struct tunable *find_tunable(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tunables); i++)
		if (!strcmp(tunables[i].name, name))
			return &tunables[i];
	return NULL;
}

static const char *skip_blanks(const char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/* One number within bounds; *end behind it and the blanks that follow. */
static int read_number(const char *text, const char **end, const struct tunable *t,
		       unsigned int *value)
{
	u64 n;

	if (parse_u64(skip_blanks(text), end, 0, &n) || n < t->least || n > t->most)
		return -EINVAL;
	*value = (unsigned int)n;
	*end = skip_blanks(*end);
	return 0;
}

/*
 * The reserve ratios: as many numbers as given, for the zones this machine has, from the lowest
 * up.
 */
static int write_ratios(const struct tunable *t, const char *text)
{
	unsigned int ratios[MAX_NR_ZONES];
	int idx;

	memcpy(ratios, sysctl_lowmem_reserve_ratio, sizeof(ratios));
	for (idx = 0; idx < MAX_NR_ZONES && *skip_blanks(text); idx++)
		if (zone_possible((enum zone_type)idx) && read_number(text, &text, t, &ratios[idx]))
			return -EINVAL;
	if (*skip_blanks(text))
		return -EINVAL;
	memcpy(sysctl_lowmem_reserve_ratio, ratios, sizeof(ratios));
	return 0;
}

#define LEAST_HIGH_FRACTION	8	/* of a zone: more would let one CPU hold all of it */

/* min_free_kbytes beyond what there is would leave nothing to allocate at all. */
static bool value_fits(const struct tunable *t, unsigned int value)
{
	if (t->value == &percpu_pagelist_high_fraction)
		return !value || value >= LEAST_HIGH_FRACTION;
	return t->value != &min_free_kbytes || value >> (PAGE_SHIFT - 10) <= totalram_pages / 2;
}

int sysctl_vm_write(const char *name, const char *text)
{
	const struct tunable *t = find_tunable(name);
	unsigned int value;
	int err;

	if (!t)
		return -ENOENT;
	if (t->value == sysctl_lowmem_reserve_ratio) {
		err = write_ratios(t, text);
		if (err)
			return err;
	} else {
		if (read_number(text, &text, t, &value) || *text || !value_fits(t, value))
			return -EINVAL;
		if (t->value)
			WRITE_ONCE(*t->value, value);
	}
	t->changed();
	return 0;
}

int sysctl_vm_read(const char *name, char *buf, size_t size)
{
	const struct tunable *t = find_tunable(name);
	struct seq_buf s;
	int idx;

	if (!t)
		return -ENOENT;
	if (!t->value)
		return -EACCES;
	seq_buf_init(&s, buf, size);
	if (t->value != sysctl_lowmem_reserve_ratio) {
		seq_buf_printf(&s, "%u\n", *t->value);
		return (int)s.len;
	}
	for (idx = 0; idx < MAX_NR_ZONES; idx++)
		if (zone_possible((enum zone_type)idx))
			seq_buf_printf(&s, "%s%u", s.len ? "\t" : "", t->value[idx]);
	seq_buf_puts(&s, "\n");
	return (int)s.len;
}
