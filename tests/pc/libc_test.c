// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * libc_test.c - the booted machine's C library, as far as it is pure C, beside the host's own: the
 * same calls, the same results. Its functions are compiled into this file under other names.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "tests/tap.h"

/* ---- the library, renamed ---- */

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"

#define malloc		my_malloc
#define calloc		my_calloc
#define realloc		my_realloc
#define free		my_free
#define aligned_alloc	my_aligned_alloc
static void *malloc(size_t size);
static void *calloc(size_t n, size_t size);
static void *realloc(void *p, size_t size);
static void free(void *p);
static void *aligned_alloc(size_t align, size_t size);
#include "platform/pc/libc/memory.c"

#define sscanf		my_sscanf
static int sscanf(const char *text, const char *fmt, ...) __attribute__((format(scanf, 2, 3)));
#include "platform/pc/libc/scanf.c"
#undef sscanf

#define strtol		my_strtol
#define strtoul		my_strtoul
#define strtoll		my_strtoll
#define strtoull	my_strtoull
#define atoi		my_atoi
#define qsort		my_qsort
static long strtol(const char *s, char **end, int base);
static unsigned long strtoul(const char *s, char **end, int base);
static long long strtoll(const char *s, char **end, int base);
static unsigned long long strtoull(const char *s, char **end, int base);
static int atoi(const char *s);
static void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));
#include "platform/pc/libc/number.c"
#undef strtol
#undef strtoul
#undef strtoll
#undef strtoull
#undef qsort

#define fnmatch		my_fnmatch
static int fnmatch(const char *pattern, const char *text, int flags);
#include "platform/pc/libc/fnmatch.c"
#undef fnmatch

#define getopt_long	my_getopt_long
#define optarg		my_optarg
#define optind		my_optind
#define opterr		my_opterr
#define optopt		my_optopt
static int getopt_long(int argc, char *const *argv, const char *letters,
		       const struct option *longs, int *index);
#define rest		my_rest
#include "platform/pc/libc/getopt.c"
#undef rest
#undef getopt_long
#undef optarg
#undef optind
#undef opterr
#undef optopt
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef aligned_alloc

unsigned long libc_heap_lock(void)
{
	return 0;
}

void libc_heap_unlock(unsigned long flags)
{
	(void)flags;
}

/* ---- the heap ---- */

#define HEAP	(4u << 20)
#define HELD	400u

static struct { unsigned char *p; size_t size; unsigned char mark; } held[HELD];
static struct prng rng = { 1 };

static bool is_whole(unsigned int i)
{
	for (size_t k = 0; k < held[i].size; k++)
		if (held[i].p[k] != held[i].mark)
			return false;
	return true;
}

static void hold(unsigned int i, void *p, size_t size)
{
	held[i].p = p;
	held[i].size = p ? size : 0;
	held[i].mark = (unsigned char)prng_next(&rng);
	if (p)
		memset(p, held[i].mark, size);
}

/* One of the calls at random; false: memory of somebody else was hit, or it is not aligned. */
static bool one_call(void)
{
	unsigned int i = prng_below(&rng, HELD), what = prng_below(&rng, 10);
	size_t size = prng_below(&rng, what == 9 ? 200000 : 3000), old = held[i].size;
	size_t align = (size_t)16 << prng_below(&rng, 9);
	unsigned char *p;

	if (!is_whole(i))
		return false;
	if (what < 3 && held[i].p) {
		p = my_realloc(held[i].p, size);
		for (size_t k = 0; p && k < (old < size ? old : size); k++)
			if (p[k] != held[i].mark)
				return false;
		if (p || !size)
			hold(i, p, size);
		return true;
	}
	my_free(held[i].p);
	p = what < 6 ? my_malloc(size) : what < 8 ? my_calloc(1, size) :
	    my_aligned_alloc(align, size);
	if ((uintptr_t)p % (what >= 8 ? align : 16))
		return false;
	for (size_t k = 0; p && what >= 6 && what < 8 && k < size; k++)
		if (p[k])
			return false;
	hold(i, p, size);
	return true;
}

static void test_heap(void)
{
	void *memory = malloc(HEAP), *all;
	unsigned int n, i;
	bool good = true;

	libc_heap_init(memory, HEAP);
	all = my_malloc(HEAP - 200);
	ok(all && !my_malloc(200), "all of it in one piece");
	my_free(all);
	for (n = 0; n < 40000 && good; n++) {
		good = one_call();
		if (n % 100 == 0)
			good = good && libc_heap_whole();
	}
	ok(good, "%u calls at random: nothing overlaps, the blocks are in order", n);
	for (i = 0; i < HELD; i++)
		my_free(held[i].p);
	ok(libc_heap_whole() && my_malloc(HEAP - 200), "all given back: one piece again");
	ok(libc_heap_peak() > HEAP / 2, "the peak is known");
	errno = 0;
	ok(!my_malloc(SIZE_MAX - 5) && errno == ENOMEM, "too much is refused");
	ok(!my_calloc(SIZE_MAX / 2, 3), "and where the product does not fit");
	free(memory);
}

static unsigned char *piece[4];

/* Four pieces and the rest; the second and the last are free, their links are written over. */
static void break_heap(void *memory)
{
	libc_heap_init(memory, HEAP);
	for (unsigned int i = 0; i < 4; i++)
		piece[i] = my_malloc(1000);
	my_free(piece[1]);
	memset((char *)header_of(piece[1]) + sizeof(struct block), 0xa5, 2 * sizeof(void *));
	memset((char *)after(header_of(piece[3])) + sizeof(struct block), 0xa5, 2 * sizeof(void *));
}

/* As a fault in the middle of making the first piece shorter leaves it. */
static void break_off(void)
{
	struct block *b = header_of(piece[0]);
	size_t size = size_of(b);

	set_size(b, 112, true);
	set_size(after(b), size - 112, false);
}

static void test_salvage(void)
{
	void *memory = malloc(HEAP);

	break_heap(memory);
	break_off();
	libc_heap_salvage();
	ok(libc_heap_whole(), "after a fault: the row is in order");
	my_free(piece[0]);
	my_free(piece[2]);
	my_free(piece[3]);
	ok(libc_heap_whole() && my_malloc(HEAP - 200), "and nothing is lost");
	break_heap(memory);
	memset(header_of(piece[2]), 0xa5, sizeof(struct block));
	libc_heap_salvage();
	ok(my_malloc(1000) == piece[1] && !my_malloc(1000),
	   "a broken header: the row ends in front of it");
	my_free(piece[0]);
	my_free(piece[1]);
	ok(libc_heap_whole() && my_malloc(2000) == piece[0], "and is in order");
	libc_heap_init(memory, 0);
	libc_heap_salvage();
	ok(!my_malloc(1) && libc_heap_whole(), "no heap at all: as before");
	free(memory);
}

/* ---- numbers ---- */

/* 0x without a digit: the host reads the 0, as do we, but where it ends C libraries differ. */
static bool same_number(const char *text, int base)
{
	bool odd_end = text[0] == '0' && text[1] == 'x' && !isxdigit((unsigned char)text[2]);
	unsigned long long theirs, ours;
	char *end, *my_end;
	int err;

	errno = 0;
	theirs = strtoull(text, &end, base);
	err = errno;
	errno = 0;
	ours = my_strtoull(text, &my_end, base);
	return ours == theirs && errno == err && (odd_end || end == my_end) &&
	       strtol(text, NULL, base) == my_strtol(text, NULL, base) &&
	       strtoul(text, NULL, base) == my_strtoul(text, NULL, base) &&
	       strtoll(text, NULL, base) == my_strtoll(text, NULL, base);
}

static void test_numbers(void)
{
	static const char *const texts[] = {
		"0", "7", " 42x", "-1", "+9", "0x1f", "0x", "077", "", "abc", "  ", "-",
		"9999999999", "-9999999999", "18446744073709551615", "18446744073709551616",
		"-9223372036854775808", "-9223372036854775809", "9223372036854775808",
		"deadbeef", "0xg", "1 2",
	};
	static const int bases[] = { 0, 10, 16, 8 };
	unsigned int wrong = 0, tried = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t b = 0; b < 4; b++, tried++)
			if (!same_number(texts[i], bases[b]) && wrong++ < 5)
				diag("\"%s\", base %d", texts[i], bases[b]);
	is_int(wrong, 0, "%u conversions as the host's", tried);
}

/* ---- fields ---- */

#define FIELDS(text, fmt) do {						\
	long long a[6] = { 0 }, b[6] = { 0 };				\
	char s[64] = "", t[64] = "";					\
	int theirs = sscanf(text, fmt, &a[0], &a[1], &a[2], s, &a[3], &a[4]);	\
	int ours = my_sscanf(text, fmt, &b[0], &b[1], &b[2], t, &b[3], &b[4]);	\
	ok(ours == theirs && !memcmp(a, b, sizeof(a)) && !strcmp(s, t),	\
	   "\"%s\" by \"%s\": %d fields", text, #fmt, ours);		\
} while (0)

static void test_fields(void)
{
	int nid = 0, len = 0, n;
	char zone[16] = "", type[16] = "", unit = 0;
	unsigned int size = 0;

	FIELDS("1 2 3 word 4 5", "%lld %lld %lld %63s %lld %lld");
	FIELDS("-1,+2;3:[abc] 4", "%lld,%lld;%lld:[%63[^]]] %lld %lld");
	FIELDS("  10 20", "%lld %lld %lld %63s %lld %lld");
	FIELDS("", "%lld %lld %lld %63s %lld %lld");
	FIELDS("ff 0x10 12", "%llx %llx %lld %63s %lld %lld");
	FIELDS("123456 7", "%3lld%3lld %lld %63s %lld %lld");
	n = my_sscanf("Node 1, zone   Normal, type Movable 17",
		      "Node %d, zone %15[^,], type %15s%n", &nid, zone, type, &len);
	ok(n == 3 && nid == 1 && !strcmp(type, "Movable") && len == 35, "a line of pagetypeinfo");
	is_str(zone, "Normal", "blanks before a set are the format's");
	is_int(my_sscanf("12k", "%u%c", &size, &unit), 2, "a size");
	ok(size == 12 && unit == 'k', "and its unit");
	is_int(my_sscanf("a 1 2 3", "%*s %*u %u", &size), 1, "fields that are not kept");
	is_int(size, 2, "are passed over");
}

/* ---- patterns ---- */

static void test_patterns(void)
{
	static const char *const patterns[] = {
		"*", "a*", "*b", "a?c", "[a-c]x", "[!a-c]x", "a\\*b", "*a*b*c", "", "[", "[]]",
		"**", "?",
	};
	static const char *const texts[] = {
		"", "a", "ab", "abc", "a*b", "bx", "dx", "xaybzc", "]", "[", "aaaaaaaab", "abcabc",
	};
	unsigned int wrong = 0, tried = 0;

	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++)
		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++, tried++)
			if (!fnmatch(patterns[p], texts[t], 0) !=
			    !my_fnmatch(patterns[p], texts[t], 0) && wrong++ < 5)
				diag("\"%s\" and \"%s\"", patterns[p], texts[t]);
	is_int(wrong, 0, "%u patterns and texts as the host's", tried);
}

/* ---- options ---- */

static const struct option longs[] = {
	{ "mem", required_argument, NULL, 'm' }, { "memory-map", required_argument, NULL, 'M' },
	{ "quiet", no_argument, NULL, 'q' }, { "help", no_argument, NULL, 'h' }, { 0 },
};

/* All that a command line comes to, as text; by the host's or by ours. */
static void read_options(bool mine, const char *letters, char *line, char *out, size_t size)
{
	char *argv[20], *save;
	int argc = 0, c, index;
	size_t n = 0;

	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	opterr = 0;
	optind = my_optind = 0;
	do {
		index = -1;
		c = (mine ? my_getopt_long : getopt_long)(argc, argv, letters, longs, &index);
		const char *value = mine ? my_optarg : optarg;

		n += (size_t)snprintf(out + n, size - n, "%d=%s/%d ", c,
				      c > 0 && c != '?' && c != ':' && value ? value : "",
				      c == '?' || c == ':' ? (mine ? my_optopt : optopt) : 0);
	} while (c != -1);
	for (c = mine ? my_optind : optind; c < argc; c++)
		n += (size_t)snprintf(out + n, size - n, "[%s]", argv[c]);
}

static void test_options(void)
{
	static const char *const lines[] = {
		"k", "k -q", "k -qh", "k -m 5 word", "k word -m 5", "k word -m5 other -q",
		"k --mem 4", "k --mem=4", "k --me", "k --mem", "k --memo 7 x", "k --bad",
		"k --quiet=1", "k -z", "k -m", "k a -- -q", "k -- x", "k -q a b -h c -m 9 d",
		"k - -q", "k --help x --quiet", "k -qm 3 -h",
	};
	static const char *const letters[] = { ":m:qh", "+:m:qh" };
	char a[256], b[256], line[128];

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			strcpy(line, lines[i]);
			read_options(false, letters[l], line, a, sizeof(a));
			strcpy(line, lines[i]);
			read_options(true, letters[l], line, b, sizeof(b));
			is_str(b, a, "%s \"%s\"", letters[l], lines[i]);
		}
}

int main(void)
{
	test_heap();
	test_salvage();
	test_numbers();
	test_fields();
	test_patterns();
	test_options();
	return done_testing();
}
