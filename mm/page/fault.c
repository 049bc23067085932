// SPDX-License-Identifier: MIT
/*
 * fault.c - allocations that fail on purpose, to find out who cannot bear it.
 *
 * Linux's fault attributes: of the attempts that qualify, every interval-th
 * fails with `probability` per cent, not before `space` bytes have been asked
 * for, and at most `times` times.
 */
#include <kmm/atomic64.h>
#include <kmm/errno.h>

#include "internal.h"
#include "lib/parse.h"

__kmm_state struct fail_page_alloc fail_page_alloc = {
	.attr = { .interval = 1, .times = 1 },
	.ignore_gfp_highmem = true,
	.ignore_gfp_reclaim = true,
	.min_order = 1,
};

int setup_fault_attr(struct fault_attr *attr, const char *str)
{
	u64 value[4];
	bool unlimited = false;
	int i;

	for (i = 0; i < 4; i++) {
		if (i == 3 && *str == '-') {
			unlimited = true;
			str++;
		}
		if (parse_u64(str, &str, 10, &value[i]) || *str != (i < 3 ? ',' : '\0'))
			return -EINVAL;
		str++;
	}
	if (value[1] > 100 || !value[0] || value[0] > UINT32_MAX)
		return -EINVAL;
	attr->interval = value[0];
	attr->probability = value[1];
	attr->space = value[2];
	attr->times = unlimited ? -1 : (s64)value[3];
	return 0;
}

/* Part of the space that comes first; several CPUs may count at a time. */
static bool within_space(struct fault_attr *attr, size_t size)
{
	u64 space = atomic64_read(&attr->space), left;

	do {
		if (!space)
			return false;
		left = space > size ? space - size : 0;
	} while (!atomic64_try_cmpxchg(&attr->space, &space, left));
	return left != 0;
}

/* One of the failures that are left; -1: there is no limit. */
static bool take_one_failure(struct fault_attr *attr)
{
	u64 times = atomic64_read((const u64 *)&attr->times);

	do {
		if ((s64)times <= 0)
			return (s64)times < 0;
	} while (!atomic64_try_cmpxchg((u64 *)&attr->times, &times, times - 1));
	return true;
}

bool should_fail(struct fault_attr *attr, size_t size)
{
	u32 interval = (u32)min(attr->interval, (u64)UINT32_MAX);
	u64 count;

	if (!attr->probability || !atomic64_read((const u64 *)&attr->times))
		return false;
	if (within_space(attr, size))
		return false;
	count = atomic64_add_return(1, &attr->count);
	if (interval > 1 && (u32)count % interval)
		return false;
	if ((kmm_random() >> 32) * 100 >> 32 >= attr->probability)
		return false;
	return take_one_failure(attr);
}

void fail_page_alloc_changed(void)
{
	page_hook_set(PAGE_HOOK_FAULT, fail_page_alloc.attr.probability != 0);
}

bool should_fail_alloc_page(gfp_t gfp, unsigned int order)
{
	if (order < fail_page_alloc.min_order || gfp & __GFP_NOFAIL)
		return false;
	if (fail_page_alloc.ignore_gfp_highmem && gfp & __GFP_HIGHMEM)
		return false;
	if (fail_page_alloc.ignore_gfp_reclaim && gfp & __GFP_DIRECT_RECLAIM)
		return false;
	return should_fail(&fail_page_alloc.attr, PAGE_SIZE << order);
}
