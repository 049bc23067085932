// SPDX-License-Identifier: MIT
/*
 * options.c - the command line, one word after the other. Each word is either known by its whole
 * text or by what is before its "="; unknown ones are for the core and for others.
 */
#include "options.h"

/* A number as Linux's memparse() reads them: 0x..., 0..., decimal; K, M, G, T behind it. */
static u64 number(const char **at)
{
	const char *s = *at;
	int base = 10;
	u64 value = 0;

	if (*s == '0') {
		base = (s[1] | 32) == 'x' ? 16 : 8;
		s += base == 16 ? 2 : 1;
	}
	for (;; s++) {
		int small = *s | 32, digit = 16;

		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if (small >= 'a' && small <= 'f')
			digit = small - 'a' + 10;
		if (digit >= base)
			break;
		value = value * (unsigned int)base + (unsigned int)digit;
	}
	switch (*s | 32) {
	case 't':
		value <<= 10;
		/* fall through */
	case 'g':
		value <<= 10;
		/* fall through */
	case 'm':
		value <<= 10;
		/* fall through */
	case 'k':
		value <<= 10;
		s++;
	}
	*at = s;
	return value;
}

/* Does s begin with this text? If so *rest is what follows. */
static bool begins(const char *s, const char *text, const char **rest)
{
	while (*text && *s == *text) {
		s++;
		text++;
	}
	*rest = s;
	return !*text;
}

static bool is(const char *s, const char *word)
{
	const char *rest;

	return begins(s, word, &rest) && (!*rest || *rest == ' ');
}

/* N$S[,...]: this is no RAM. Others (N@S, exactmap) only tell that places should not be drawn. */
static void memmap(struct start_options *o, const char *s)
{
	o->nokaslr = true;
	for (;;) {
		u64 size = number(&s);

		if (*s == '$' || *s == '#' || *s == '!') {
			u64 start;

			s++;
			start = number(&s);
			if (size && start + size > start && o->nr_memmap < OPTIONS_MAX_MEMMAP)
				o->memmap[o->nr_memmap++] =
					(struct place_range){ start, start + size };
		}
		while (*s && *s != ' ' && *s != ',')
			s++;
		if (*s++ != ',')
			return;
	}
}

static void flags(struct start_options *o, const char *s)
{
	const struct { char name[16]; bool *flag; } known[] = {
		{ "nokaslr", &o->nokaslr }, { "image=apart", &o->apart },
		{ "no5lvl", &o->no5lvl }, { "nopae", &o->nopae },
		{ "noexec=off", &o->noexec_off }, { "nopcid", &o->nopcid },
		{ "nogbpages", &o->nogbpages }, { "nosmep", &o->nosmep }, { "nosmap", &o->nosmap },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (is(s, known[i].name))
			*known[i].flag = true;
}

static void word(struct start_options *o, const char *s)
{
	const char *rest;

	if (begins(s, "mem=", &rest))
		o->mem = *rest >= '0' && *rest <= '9' ? number(&rest) : o->mem;
	else if (begins(s, "vmalloc=", &rest))
		o->vmalloc = number(&rest);
	else if (begins(s, "highmem=", &rest))
		o->highmem = number(&rest);
	else if (begins(s, "heap=", &rest))
		o->heap = number(&rest);
	else if (begins(s, "memmap=", &rest))
		memmap(o, rest);
	else
		flags(o, s);
}

void options_read(struct start_options *o, const char *s)
{
	*o = (struct start_options){ .mem = ~0ull, .heap = ~0ull };
	while (*s) {
		if (*s == ' ') {
			s++;
			continue;
		}
		if (is(s, "--"))
			return;
		word(o, s);
		while (*s && *s != ' ')
			s++;
	}
}
