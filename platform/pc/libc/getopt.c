// SPDX-License-Identifier: MIT
/*
 * getopt.c - the options of a command line.
 *
 * Letters: "+" first: stop at the first word that is no option; ":" first (or after "+"): a missing
 * value is ':' instead of '?'. Without "+" words are moved behind the options, as GNU does. Long
 * options may be shortened while they stay unique. Nothing is printed; opterr is not looked at.
 * optind 0 begins anew.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

static const char *rest;	/* of a word with several letters */

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static void move_word(char **argv, int from, int to)
{
	char *word = argv[from];

	for (; from > to; from--)
		argv[from] = argv[from - 1];
	argv[to] = word;
}

/* Bring the next option to optind, words before it behind it; how many, -1: there is none. */
static int next_option(int argc, char **argv, bool in_order)
{
	int at = optind;

	while (at < argc && !in_order && !is_option(argv[at]))
		at++;
	if (at >= argc || !is_option(argv[at]))
		return -1;
	move_word(argv, at, optind);
	if (!strcmp(argv[optind], "--")) {
		optind++;
		return -1;
	}
	rest = argv[optind][1] == '-' ? NULL : argv[optind] + 1;
	return at - optind;
}

/* A value in a word of its own: the first behind the words that were moved. */
static bool take_value(int argc, char **argv, int from)
{
	if (from >= argc)
		return false;
	move_word(argv, from, optind);
	optarg = argv[optind++];
	return true;
}

static int missing(const char *letters, int letter)
{
	optopt = letter;
	return *letters == ':' ? ':' : '?';
}

/* The option with this name, or the only one that begins so; NULL: none, or several. */
static const struct option *find_long(const struct option *longs, const char *name, size_t len)
{
	const struct option *found = NULL, *o;
	bool several = false;

	for (o = longs; o->name; o++) {
		if (strncmp(o->name, name, len))
			continue;
		if (!o->name[len])
			return o;
		several |= found != NULL;
		found = o;
	}
	return several ? NULL : found;
}

static int long_option(int argc, char **argv, const char *letters, const struct option *longs,
		       int *index, int value_at)
{
	const char *name = argv[optind] + 2, *equals = strchr(name, '=');
	const struct option *o;

	o = find_long(longs, name, equals ? (size_t)(equals - name) : strlen(name));
	optind++;
	optopt = 0;
	if (!o)
		return '?';
	if (index)
		*index = (int)(o - longs);
	if (equals && o->has_arg == no_argument) {
		optopt = o->val;
		return '?';
	}
	optarg = equals ? (char *)equals + 1 : NULL;
	if (!equals && o->has_arg == required_argument && !take_value(argc, argv, value_at))
		return missing(letters, o->val);
	if (!o->flag)
		return o->val;
	*o->flag = o->val;
	return 0;
}

static int short_option(int argc, char **argv, const char *letters, int value_at)
{
	int letter = *rest++;
	const char *known = letter == ':' ? NULL : strchr(letters, letter), *value = rest;

	optopt = letter;
	if (!*rest || (known && known[1] == ':')) {
		rest = NULL;
		optind++;
	}
	if (!known)
		return '?';
	if (known[1] != ':')
		return letter;
	optarg = (char *)value;
	return *value || take_value(argc, argv, value_at) ? letter : missing(letters, letter);
}

int getopt_long(int argc, char *const *argv, const char *letters, const struct option *longs,
		int *index)
{
	char **words = (char **)argv;	/* POSIX's promise, which GNU's order breaks */
	bool in_order = *letters == '+';
	static int moved;

	letters += in_order;
	if (!optind) {
		optind = 1;
		rest = NULL;
	}
	optarg = NULL;
	if (!rest) {
		moved = next_option(argc, words, in_order);
		if (moved < 0)
			return -1;
	}
	if (!rest)
		return long_option(argc, words, letters, longs, index, optind + moved + 1);
	return short_option(argc, words, letters, optind + moved + 1);
}
