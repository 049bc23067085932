/* SPDX-License-Identifier: MIT */
/*
 * gfp_text.c - the names of a gfp mask, of our kernel and of others.
 *
 * A name is looked up first among Linux 6.1's, then among the names of older
 * and newer kernels, which mean a bit under another name or (0) nothing that
 * is modelled here. It is a walk through a table; the reader keeps what it
 * found for each distinct text, of which a trace has some dozens.
 *
 * Traces of any kernel are read by names, because the bit behind a name moved
 * from one kernel to the next (6.18 has no 0x200, for one); a mask printed as
 * a bare number can only be taken at its word.
 */
#include <assert.h>
#include <string.h>

#include <kmm/gfp.h>

#include "gfp_text.h"

struct gfp_name {
	const char *name;
	u32 bits;
};

static const struct gfp_name names[] = {
	{ "GFP_TRANSHUGE", GFP_TRANSHUGE },
	{ "GFP_TRANSHUGE_LIGHT", GFP_TRANSHUGE_LIGHT },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE },
	{ "GFP_HIGHUSER", GFP_HIGHUSER },
	{ "GFP_USER", GFP_USER },
	{ "GFP_KERNEL_ACCOUNT", GFP_KERNEL_ACCOUNT },
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_NOFS", GFP_NOFS },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOIO", GFP_NOIO },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_DMA", GFP_DMA },
	{ "__GFP_HIGHMEM", __GFP_HIGHMEM },
	{ "GFP_DMA32", GFP_DMA32 },
	{ "__GFP_HIGH", __GFP_HIGH },
	{ "__GFP_ATOMIC", __GFP_ATOMIC },
	{ "__GFP_IO", __GFP_IO },
	{ "__GFP_FS", __GFP_FS },
	{ "__GFP_NOWARN", __GFP_NOWARN },
	{ "__GFP_RETRY_MAYFAIL", __GFP_RETRY_MAYFAIL },
	{ "__GFP_NOFAIL", __GFP_NOFAIL },
	{ "__GFP_NORETRY", __GFP_NORETRY },
	{ "__GFP_COMP", __GFP_COMP },
	{ "__GFP_ZERO", __GFP_ZERO },
	{ "__GFP_NOMEMALLOC", __GFP_NOMEMALLOC },
	{ "__GFP_MEMALLOC", __GFP_MEMALLOC },
	{ "__GFP_HARDWALL", __GFP_HARDWALL },
	{ "__GFP_THISNODE", __GFP_THISNODE },
	{ "__GFP_RECLAIMABLE", __GFP_RECLAIMABLE },
	{ "__GFP_MOVABLE", __GFP_MOVABLE },
	{ "__GFP_ACCOUNT", __GFP_ACCOUNT },
	{ "__GFP_WRITE", __GFP_WRITE },
	{ "__GFP_RECLAIM", __GFP_RECLAIM },
	{ "__GFP_DIRECT_RECLAIM", __GFP_DIRECT_RECLAIM },
	{ "__GFP_KSWAPD_RECLAIM", __GFP_KSWAPD_RECLAIM },
};

/* Read only: other kernels' names. */
static const struct gfp_name foreign[] = {
	{ "__GFP_DMA", __GFP_DMA },
	{ "__GFP_DMA32", __GFP_DMA32 },
	{ "GFP_TEMPORARY", GFP_KERNEL | __GFP_RECLAIMABLE },
	{ "GFP_IOFS", __GFP_IO | __GFP_FS },
	{ "__GFP_WAIT", __GFP_RECLAIM },
	{ "__GFP_REPEAT", __GFP_RETRY_MAYFAIL },
	{ "__GFP_NO_KSWAPD", 0 },
	{ "__GFP_OTHER_NODE", 0 },
	{ "__GFP_COLD", 0 },
	{ "__GFP_NOTRACK", 0 },
	{ "__GFP_NOTRACK_FALSE_POSITIVE", 0 },
	{ "__GFP_NOLOCKDEP", 0 },
	{ "__GFP_NO_OBJ_EXT", 0 },
	{ "__GFP_ZEROTAGS", 0 },
	{ "__GFP_SKIP_ZERO", 0 },
	{ "__GFP_SKIP_KASAN", 0 },
	{ "__GFP_SKIP_KASAN_POISON", 0 },
	{ "__GFP_SKIP_KASAN_UNPOISON", 0 },
	{ "none", 0 },
};

static bool lookup(const struct gfp_name *table, size_t nr, const char *p, size_t len, u32 *bits)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (strlen(table[i].name) != len || memcmp(table[i].name, p, len))
			continue;
		*bits |= table[i].bits;
		return true;
	}
	return false;
}

static bool known(const char *p, size_t len, u32 *bits)
{
	return lookup(names, ARRAY_SIZE(names), p, len, bits) ||
	       lookup(foreign, ARRAY_SIZE(foreign), p, len, bits);
}

/* Kernels before 4.5 left the two underscores out: GFP_ZERO. */
static bool known_without_underscores(const char *p, size_t len, u32 *bits)
{
	char with[48] = "__";

	if (len > sizeof(with) - 3)
		return false;
	memcpy(with + 2, p, len);
	return known(with, len + 2, bits);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* "0x24200ca" or "3264"; false: not a number of at most 64 bits. */
static bool number(const char *p, size_t len, u32 *bits)
{
	int base = len > 2 && p[0] == '0' && (p[1] | 0x20) == 'x' ? 16 : 10;
	size_t i = base == 16 ? 2 : 0;
	u64 v = 0;

	if (!len || len - i > 16)
		return false;
	for (; i < len; i++) {
		if (digit_value(p[i]) >= base)
			return false;
		v = v * (u64)base + (u64)digit_value(p[i]);
	}
	*bits |= (u32)(v & __GFP_BITS_MASK);
	return true;
}

static bool is_name(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != '_' && digit_value(p[i]) == 99 && !((p[i] | 0x20) >= 'a' &&
								(p[i] | 0x20) <= 'z'))
			return false;
	return len > 0;
}

/* One member of the list. A number beside names is bits nobody had a name for: no loss. */
static unsigned int one_flag(const char *p, size_t len, bool alone, u32 *bits)
{
	u32 nameless = 0;

	if (known(p, len, bits) || known_without_underscores(p, len, bits))
		return GFP_TEXT_OK;
	if (number(p, len, alone ? bits : &nameless))
		return alone && *bits ? GFP_TEXT_NUMBER : GFP_TEXT_OK;
	return is_name(p, len) ? GFP_TEXT_UNKNOWN : GFP_TEXT_BAD;
}

unsigned int gfp_from_text(const char *text, size_t len, u32 *bits)
{
	const char *end = text + len, *p = text, *bar;
	unsigned int result = GFP_TEXT_OK;

	*bits = 0;
	if (!len)
		return GFP_TEXT_BAD;
	do {
		bar = memchr(p, '|', (size_t)(end - p));
		if (!bar)
			bar = end;
		result |= one_flag(p, (size_t)(bar - p), p == text && bar == end, bits);
		p = bar + 1;
	} while (bar < end);
	assert(!(*bits & ~__GFP_BITS_MASK));
	return result;
}
