// SPDX-License-Identifier: MIT
/*
 * tunables.c - the files that can be written: /proc/sys/vm, fail_page_alloc, failslab, x86.
 *
 * The sysctls are the core's own (text in, text out). The files of fail_page_alloc and of
 * failslab are numbers, as Linux's debugfs prints them: decimal with a newline, booleans
 * as Y or N. Numbers are taken in any base C knows; only `times` may be
 * negative (-1: without limit). Four of them both have.
 */
#include "producers.h"

#include <kmm/fault_inject.h>
#include <kmm/param.h>
#include <kmm/sysctl.h>
#include <kmm/tlbflush.h>
#include <lib/parse.h>

int show_sysctl(struct seq_buf *m, unsigned int i)
{
	char text[256];
	int len = sysctl_vm_read(sysctl_vm_name(i), text, sizeof(text));

	if (len < 0)
		return len;
	seq_buf_printf(m, "%s", text);
	return 0;
}

int store_sysctl(unsigned int i, const char *text)
{
	int ret = sysctl_vm_write(sysctl_vm_name(i), text);

	return min(ret, 0);
}

/* --- what both have --- */

static void show_bool(struct seq_buf *m, bool value)
{
	seq_buf_puts(m, value ? "Y\n" : "N\n");
}

static void show_attr(struct seq_buf *m, const struct fault_attr *attr, enum fail_file file)
{
	switch (file) {
	case FAIL_PROBABILITY:
		seq_buf_printf(m, "%llu\n", (unsigned long long)attr->probability);
		break;
	case FAIL_INTERVAL:
		seq_buf_printf(m, "%llu\n", (unsigned long long)attr->interval);
		break;
	case FAIL_TIMES:
		seq_buf_printf(m, "%lld\n", (long long)attr->times);
		break;
	case FAIL_SPACE:
		seq_buf_printf(m, "%llu\n", (unsigned long long)attr->space);
		break;
	default:
		break;
	}
}

static int store_u64(const char *text, u64 limit, u64 *to)
{
	uint64_t value;

	if (kstrtou64(text, 0, &value) || value > limit)
		return -EINVAL;
	*to = value;
	return 0;
}

static int store_times(const char *text, s64 *to)
{
	bool negative = *text == '-';
	u64 value;

	if (store_u64(text + negative, INT32_MAX, &value))
		return -EINVAL;
	*to = negative ? -(s64)value : (s64)value;
	return 0;
}

static int store_attr(struct fault_attr *attr, enum fail_file file, const char *text)
{
	switch (file) {
	case FAIL_PROBABILITY:
		return store_u64(text, UINT32_MAX, &attr->probability);
	case FAIL_INTERVAL:
		return store_u64(text, UINT32_MAX, &attr->interval);
	case FAIL_TIMES:
		return store_times(text, &attr->times);
	case FAIL_SPACE:
		return store_u64(text, INT32_MAX, &attr->space);
	default:
		return -EINVAL;
	}
}

/* --- pages --- */

int show_fail_page(struct seq_buf *m, unsigned int file)
{
	const struct fail_page_alloc *f = &fail_page_alloc;

	switch ((enum fail_file)file) {
	case FAIL_MIN_ORDER:
		seq_buf_printf(m, "%u\n", (unsigned int)f->min_order);
		break;
	case FAIL_IGNORE_HIGHMEM:
		show_bool(m, f->ignore_gfp_highmem);
		break;
	case FAIL_IGNORE_WAIT:
		show_bool(m, f->ignore_gfp_reclaim);
		break;
	default:
		show_attr(m, &f->attr, (enum fail_file)file);
	}
	return 0;
}

static int set_fail_page(enum fail_file file, const char *text)
{
	struct fail_page_alloc *f = &fail_page_alloc;
	u64 order;

	switch (file) {
	case FAIL_MIN_ORDER:
		if (store_u64(text, UINT32_MAX, &order))
			return -EINVAL;
		f->min_order = (u32)order;
		return 0;
	case FAIL_IGNORE_HIGHMEM:
		return parse_bool(text, &f->ignore_gfp_highmem);
	case FAIL_IGNORE_WAIT:
		return parse_bool(text, &f->ignore_gfp_reclaim);
	default:
		return store_attr(&f->attr, file, text);
	}
}

int store_fail_page(unsigned int file, const char *text)
{
	int ret = set_fail_page((enum fail_file)file, text);

	if (!ret)
		fail_page_alloc_changed();
	return ret;
}

/* --- objects --- */

int show_failslab(struct seq_buf *m, unsigned int file)
{
	if (file == FAIL_CACHE_FILTER)
		show_bool(m, failslab.cache_filter);
	else if (file == FAIL_IGNORE_WAIT)
		show_bool(m, failslab.ignore_gfp_reclaim);
	else
		show_attr(m, &failslab.attr, (enum fail_file)file);
	return 0;
}

static int set_failslab(enum fail_file file, const char *text)
{
	if (file == FAIL_CACHE_FILTER)
		return parse_bool(text, &failslab.cache_filter);
	if (file == FAIL_IGNORE_WAIT)
		return parse_bool(text, &failslab.ignore_gfp_reclaim);
	return store_attr(&failslab.attr, file, text);
}

int store_failslab(unsigned int file, const char *text)
{
	int ret = set_failslab((enum fail_file)file, text);

	if (!ret)
		failslab_changed();
	return ret;
}

/* --- TLBs --- */

int show_tlb_ceiling(struct seq_buf *m, unsigned int id)
{
	(void)id;
	seq_buf_printf(m, "%ld\n", (long)READ_ONCE(tlb_single_page_flush_ceiling));
	return 0;
}

/* A decimal number, not negative. */
int store_tlb_ceiling(unsigned int id, const char *text)
{
	u64 value;

	(void)id;
	if (kstrtou64(text, 0, &value) || value > INT32_MAX)
		return -EINVAL;
	WRITE_ONCE(tlb_single_page_flush_ceiling, (unsigned long)value);
	return 0;
}
