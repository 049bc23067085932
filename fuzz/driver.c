// SPDX-License-Identifier: MIT
/*
 * driver.c - runs a fuzzer's LLVMFuzzerTestOneInput() without a fuzzing engine, as a test.
 *
 * 1. Replays every file of fuzz/corpus/NAME (NAME: of the program, fuzz_NAME.t).
 * 2. Mutates them: each round takes one file and edits it one to eight times, by
 *    flipping bits, setting bytes to numbers at integer edges, inserting,
 *    deleting and repeating pieces, splicing in another file, swapping a decimal
 *    number for an extreme one, or cutting the end. The sequence depends on the seed only.
 *
 * When an input kills the program (a signal, a sanitizer's report, an exit, or
 * more than 10 seconds on it) it is written to crash-NAME under $B and named, with
 * how to run it alone. Nothing is written while all goes well.
 *
 *	fuzz_NAME.t [--seed N] [--seconds S] [--rounds N] [FILE...]
 * With files: only these are run. KMM_SOAK=1: a minute.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>

#define INPUT_BYTES	(64 << 10)
#define MAX_FILES	4096
#define HANG_SECONDS	10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct input {
	uint8_t *data;
	size_t size;
};

static struct input corpus[MAX_FILES];
static unsigned int nr_files;
static struct input current;		/* what is being run */
static bool in_run;
static char crash_file[256], name[64];
static uint64_t rng;

/* ---- a crash ---- */

static void save_current(void)
{
	static bool once;
	int fd;

	if (!in_run || once)
		return;
	once = true;
	fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd >= 0 && write(fd, current.data, current.size) >= 0)
		dprintf(STDOUT_FILENO, "# input of %zu bytes saved: run fuzz_%s.t %s\n",
			current.size, name, crash_file);
	dprintf(STDOUT_FILENO, "not ok 2 - fuzz_%s lives through every input\n", name);
}

static void on_signal(int sig)
{
	save_current();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_deaths(void)
{
	const char *b = getenv("B");

	snprintf(crash_file, sizeof(crash_file), "%s/crash-%s", b ? b : "/tmp", name);
	atexit(save_current);
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_current);
}

/* Each input in a block of its own size: the sanitizer sees the first byte behind it. */
static void run(const uint8_t *data, size_t size)
{
	current.data = malloc(size ? size : 1);
	current.size = size;
	memcpy(current.data, data, size);
	alarm(HANG_SECONDS);
	in_run = true;
	LLVMFuzzerTestOneInput(current.data, size);
	in_run = false;
	free(current.data);
}

/* ---- corpus ---- */

static bool load(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *buf;
	size_t n;

	if (!f || nr_files == MAX_FILES)
		return false;
	buf = malloc(INPUT_BYTES);
	n = fread(buf, 1, INPUT_BYTES, f);
	fclose(f);
	corpus[nr_files++] = (struct input){ realloc(buf, n ? n : 1), n };
	return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_corpus(void)
{
	struct dirent **entry;
	char path[512];
	int i, n;

	snprintf(path, sizeof(path), "fuzz/corpus/%s", name);
	n = scandir(path, &entry, NULL, by_name);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "fuzz/corpus/%s/%s", name, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			load(path);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

/* ---- mutations ---- */

static uint32_t below(uint32_t n)
{
	rng += 0x9e3779b97f4a7c15ULL;
	uint64_t z = (rng ^ (rng >> 32)) * 0xd6e8feb86659fd93ULL;

	z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93ULL;
	return n ? (uint32_t)((z >> 32) % n) : 0;
}

/* Make room for n bytes at `at`, or as many as fit. */
static size_t open_gap(struct input *in, size_t at, size_t n)
{
	if (n > INPUT_BYTES - in->size)
		n = INPUT_BYTES - in->size;
	memmove(in->data + at + n, in->data + at, in->size - at);
	in->size += n;
	return n;
}

static void erase(struct input *in, size_t at, size_t n)
{
	if (n > in->size - at)
		n = in->size - at;
	memmove(in->data + at, in->data + at + n, in->size - at - n);
	in->size -= n;
}

static void insert(struct input *in, size_t at, const void *bytes, size_t n)
{
	memcpy(in->data + at, bytes, open_gap(in, at, n));
}

/* A binary number at an integer's edge, over whatever is there. */
static void set_edge(struct input *in, size_t at)
{
	static const uint64_t edge[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff,
					 0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX };
	uint64_t v = edge[below(sizeof(edge) / sizeof(edge[0]))];
	size_t n = (size_t)1 << below(4);

	memcpy(in->data + at, &v, n > in->size - at ? in->size - at : n);
}

/* A written number at an edge, in place of the digits at or after `at`. */
static void set_number(struct input *in, size_t at)
{
	static const char *const number[] = { "0", "-1", "1", "255", "256", "4095", "65536",
		"2147483648", "4294967295", "4294967296", "9223372036854775807",
		"18446744073709551615", "18446744073709551616", "0x0", "ffffffffffffffff",
		"99999999999999999999999999", "" };
	const char *s = number[below(sizeof(number) / sizeof(number[0]))];
	size_t end;

	while (at < in->size && (in->data[at] < '0' || in->data[at] > '9'))
		at++;
	for (end = at; end < in->size && in->data[end] >= '0' && in->data[end] <= '9';)
		end++;
	erase(in, at, end - at);
	insert(in, at, s, strlen(s));
}

static void mutate_once(struct input *in)
{
	static const char punctuation[] = " \t\n\r:,;=-+/[]()@#\"'{}\\%\0\x80\xff";
	size_t at = below((uint32_t)in->size), n = 1 + below(below(4) ? 8 : 256);
	const struct input *other = &corpus[below(nr_files)];
	uint8_t piece[256];

	if (!in->size) {
		insert(in, 0, other->data, other->size);
		return;
	}
	switch (below(10)) {
	case 0: in->data[at] ^= (uint8_t)(1u << below(8)); break;
	case 1: in->data[at] = (uint8_t)below(256); break;
	case 2: in->data[at] = (uint8_t)punctuation[below(sizeof(punctuation) - 1)]; break;
	case 3: set_edge(in, at); break;
	case 4: set_number(in, at); break;
	case 5: erase(in, at, n); break;
	case 6:
		n = n > in->size - at ? in->size - at : n;
		memcpy(piece, in->data + at, n);
		insert(in, below((uint32_t)in->size), piece, n);
		break;
	case 7: insert(in, at, &punctuation[below(sizeof(punctuation) - 1)], 1); break;
	case 8:
		if (other->size) {
			size_t from = below((uint32_t)other->size);

			insert(in, at, other->data + from,
			       n > other->size - from ? other->size - from : n);
		}
		break;
	case 9: in->size = below(8) ? in->size : at; break;
	}
}

static unsigned long mutations(double seconds, unsigned long rounds)
{
	struct input in = { malloc(INPUT_BYTES), 0 };
	struct timespec start, now;
	unsigned long done = 0;
	unsigned int edits;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (; done < rounds; done++) {
		const struct input *from = &corpus[below(nr_files)];

		clock_gettime(CLOCK_MONOTONIC, &now);
		if (seconds && (double)(now.tv_sec - start.tv_sec) +
		    (double)(now.tv_nsec - start.tv_nsec) / 1e9 > seconds)
			break;
		memcpy(in.data, from->data, from->size);
		in.size = from->size;
		for (edits = 1 + below(8); edits; edits--)
			mutate_once(&in);
		run(in.data, in.size);
	}
	free(in.data);
	return done;
}

/* ---- */

/* .../fuzz_NAME.t, fuzz_NAME */
static void find_name(const char *path)
{
	const char *s = strrchr(path, '/');

	s = s ? s + 1 : path;
	if (!strncmp(s, "fuzz_", 5))
		s += 5;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, "."), s);
}

int main(int argc, char **argv)
{
	double seconds = getenv("KMM_SOAK") ? 60 : 3;
	unsigned long rounds = getenv("KMM_SOAK") ? ~0UL : 20000, n;
	unsigned int i, seed = 1;
	bool only_files = false;

	find_name(argv[0]);
	for (i = 1; i < (unsigned int)argc; i++) {
		bool value = i + 1 < (unsigned int)argc;

		if (value && !strcmp(argv[i], "--seed"))
			seed = (unsigned int)strtoul(argv[++i], NULL, 0);
		else if (value && !strcmp(argv[i], "--seconds"))
			seconds = strtod(argv[++i], NULL), rounds = ~0UL;
		else if (value && !strcmp(argv[i], "--rounds"))
			rounds = strtoul(argv[++i], NULL, 0), seconds = 0;
		else if (load(argv[i]))
			only_files = true;
		else
			return fprintf(stderr, "%s: no such file\n", argv[i]), 2;
	}
	catch_deaths();
	if (!only_files)
		load_corpus();
	printf("1..2\n");
	for (i = 0; i < nr_files; i++)
		run(corpus[i].data, corpus[i].size);
	printf("ok 1 - corpus of %s (%u files)\n", name, nr_files);
	fflush(stdout);
	if (!nr_files)
		corpus[nr_files++] = (struct input){ (uint8_t *)strdup(""), 0 };
	rng = seed;
	n = only_files ? 0 : mutations(seconds, rounds);
	printf("ok 2 - %lu mutations, seed %u\n", n, seed);
	for (i = 0; i < nr_files; i++)
		free(corpus[i].data);
	return 0;
}
