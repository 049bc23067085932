// SPDX-License-Identifier: MIT
/*
 * mm/boot/e820_params.c - the options that edit the map: mem= and memmap=.
 *
 *	mem=nn			usable memory ends at nn
 *	memmap=exactmap		forget the firmware's map, what follows is the map
 *	memmap=nn@ss		[ss, ss + nn) is usable
 *	memmap=nn#ss  nn$ss  nn!ss	... is ACPI data, reserved, persistent
 *	memmap=nn%ss-old+new	what is of type old there becomes type new; without -old:
 *				all of it; without +new: it is removed
 *	memmap=nn		as mem=nn
 * Several are separated by commas. They apply to the table in their order; when
 * all have been read it is sanitised again and printed as "user".
 */
#include <lib/parse.h>

#include "internal.h"

__kmm_state bool e820_userdef;

static void limit_ram(u64 size)
{
	e820__range_remove(size, ~(u64)0 - size, E820_TYPE_RAM, true);
}

int parse_memopt(char *p)
{
	u64 size;

	if (!p)
		return -EINVAL;
	size = memparse(p, &p);
	if (!size || *p)
		return -EINVAL;
	e820_userdef = true;
	limit_ram(size);
	return 0;
}

/* nn%ss[-old][+new], @p behind the '%'. */
static int change_type(u64 size, const char *p)
{
	u64 start, from = 0, to = 0;
	char *rest;

	start = memparse(p, &rest);
	p = rest;
	if (*p == '-' && parse_u64(p + 1, &p, 0, &from))
		return -EINVAL;
	if (*p == '+' && parse_u64(p + 1, &p, 0, &to))
		return -EINVAL;
	if (*p || from > UINT32_MAX || to > UINT32_MAX)
		return -EINVAL;
	if (from && from == to)
		return 0;
	if (from && to)
		e820__range_update(start, size, (u32)from, (u32)to);
	else if (to)
		e820__range_add(start, size, (u32)to);
	else
		e820__range_remove(start, size, (u32)from, from != 0);
	return 0;
}

static u32 type_of_mark(char c)
{
	switch (c) {
	case '@':
		return E820_TYPE_RAM;
	case '#':
		return E820_TYPE_ACPI;
	case '$':
		return E820_TYPE_RESERVED;
	case '!':
		return E820_TYPE_PRAM;
	default:
		return 0;
	}
}

static int parse_memmap_one(char *p)
{
	char *old = p, *digits;
	u64 size, start;
	u32 type;

	if (!strcmp(p, "exactmap")) {
		e820_table.nr_entries = 0;
		e820_userdef = true;
		return 0;
	}
	size = memparse(p, &p);
	if (p == old)
		return -EINVAL;
	e820_userdef = true;
	if (*p == '%')
		return change_type(size, p + 1);
	type = type_of_mark(*p);
	if (type) {
		digits = ++p;
		start = memparse(p, &p);
		if (p == digits || *p)
			return -EINVAL;
		e820__range_add(start, size, type);
	} else if (*p) {
		return -EINVAL;
	} else {
		limit_ram(size);
	}
	return 0;
}

int parse_memmap_opt(char *str)
{
	int err = 0;

	if (!str)
		return -EINVAL;
	while (str && !err) {
		char *next = str;

		while (*next && *next != ',')
			next++;
		if (*next)
			*next++ = '\0';
		else
			next = NULL;
		err = parse_memmap_one(str);
		str = next;
	}
	return err;
}

int e820__finish_early_params(void)
{
	if (!e820_userdef)
		return 0;
	e820__update_table(&e820_table);
	if (!e820_table.nr_entries) {
		pr_err("Invalid user supplied memory map");
		return -EINVAL;
	}
	pr_info("user-defined physical RAM map:");
	e820__print_table("user");
	return 0;
}
