// SPDX-License-Identifier: MIT
/*
 * fnmatch.c - shell patterns, as files and events are named by them.
 *
 * '*' first tries to stand for nothing, then for one character more: the last '*' is the only one
 * that ever has to be tried again, so there is no recursion and no blow-up.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>

/* The set that begins behind '['; *after is what follows its ']'. NULL there: it has no end. */
static bool in_set(const char *p, char c, const char **after)
{
	bool others = *p == '!' || *p == '^', found = false;
	const char *first;

	p += others;
	for (first = p; *p && (*p != ']' || p == first); p++) {
		if (p[1] == '-' && p[2] && p[2] != ']') {
			found |= p[0] <= c && c <= p[2];
			p += 2;
		} else {
			found |= *p == c;
		}
	}
	*after = *p ? p + 1 : NULL;
	return found != others;
}

/* Does one element of the pattern match c? *next: the element after it. */
static bool matches(const char *p, char c, const char **next)
{
	bool yes;

	*next = p + 1;
	if (*p == '?')
		return true;
	if (*p == '[') {
		yes = in_set(p + 1, c, next);
		if (*next)
			return yes;
		*next = p + 1;
	}
	if (*p == '\\' && p[1]) {
		*next = p + 2;
		return p[1] == c;
	}
	return *p == c;
}

int fnmatch(const char *pattern, const char *text, int flags)
{
	const char *star = NULL, *star_text = NULL, *next;

	while (*text) {
		if (*text == '/' && (flags & FNM_PATHNAME) && *pattern != '*') {
			if (*pattern != '/')
				return FNM_NOMATCH;
			pattern++;
			text++;
			star = NULL;
		} else if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
		} else if (*pattern && matches(pattern, *text, &next)) {
			pattern = next;
			text++;
		} else if (star && (*star_text != '/' || !(flags & FNM_PATHNAME))) {
			pattern = star;
			text = ++star_text;
		} else {
			return FNM_NOMATCH;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern ? FNM_NOMATCH : 0;
}
