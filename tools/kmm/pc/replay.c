// SPDX-License-Identifier: MIT
/*
 * replay.c - kmm replay --machine pc: what the booted program needs for the same words.
 *
 * The machine that is replayed on is a part of the PC, given to the core by the map it has on any
 * host; the image, the program's heap and the initrd lie above it:
 *
 *	0      the machine's RAM       | image, heap |  initrd |    3.5 GiB at most, 3 GiB with
 *	|------------------------------|-------------|---------|    RAM above 4 GiB
 *
 * One processor plays all CPUs, as in this process, and with the same clock and random numbers. So
 * the results are the same.
 *
 * Which files a replay opens its configuration says; those beside the trace are looked for here by
 * the same names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../command.h"
#include "../replay/engine.h"
#include "pc.h"

#define MIB		((u64)1 << 20)
#define GIB		((u64)1 << 30)
#define IMAGE		(64 * MIB)	/* the kernel and the firmware's tables, generously */
#define HEAP_LEAST	(64 * MIB)
#define HEAP_MOST	(512 * MIB)	/* no kernel gives its program more */
#define HEAP_FACTOR	8		/* heap for a byte of text, of what a replay remembers */
#define ALL_LOW		(7 * GIB / 2)	/* QEMU's PC has no RAM in the last half GiB below 4 GiB, */
#define PART_LOW	(3 * GIB)	/* or none in the last when it has RAM above */

/* Everything that beside_find() is asked for, by whatever part of a replay. */
static const char *const beside[][2] = {
	{ "before/zoneinfo" }, { "after/zoneinfo" }, { "before/iomem" }, { "after/iomem" },
	{ "before/buddyinfo" }, { "after/buddyinfo" }, { "before/pagetypeinfo" },
	{ "after/pagetypeinfo" }, { "before/slabinfo" }, { "after/slabinfo" },
	{ "free.before" }, { "free.after" }, { "kpageflags.before.rle" },
};

static int add_one(struct pc_request *q, const char *name)
{
	return name && strcmp(name, "none") ? pc_archive_file(&q->files, q->command, name)
					    : EXIT_OK;
}

static int add_files(struct pc_request *q, const struct replay_config *c)
{
	int status = add_one(q, c->trace);
	char path[4096];
	struct stat st;

	if (!status)
		status = add_one(q, c->initial);
	if (!status)
		status = add_one(q, c->pageflags);
	if (!status)
		status = add_one(q, c->machine.e820);
	if (!status && c->machine.distances && !stat(c->machine.distances, &st))
		status = add_one(q, c->machine.distances);
	for (size_t i = 0; i < ARRAY_SIZE(beside) && !status; i++)
		if (beside_find(c, beside[i], path, sizeof(path)))
			status = add_one(q, path);
	return status;
}

/* The least PC that has all this. */
static int size_pc(struct pc_request *q, u64 low, u64 high)
{
	u64 need = ALIGN(low, MIB) + IMAGE + q->heap + ALIGN((u64)q->files.len, MIB);

	if (need > (high ? PART_LOW : ALL_LOW))
		return kmm_failed(q->command, "--machine pc: the replay's machine has %llu MiB "
				  "below 4 GiB, and %llu MiB more are needed there for kmm and its "
				  "heap",
				  (unsigned long long)(low / MIB),
				  (unsigned long long)((need - ALIGN(low, MIB)) / MIB));
	q->mem = high ? PART_LOW + ALIGN(high - 4 * GIB, MIB) : need;
	return EXIT_OK;
}

int replay_on_pc(struct pc_request *q, const struct replay_config *runs, unsigned int nr)
{
	char err[REPLAY_ERROR] = "";
	u64 low = 0, high = 0;
	int status = EXIT_OK;

	for (unsigned int i = 0; i < nr && !status; i++)
		if (replay_ram(&runs[i], &low, &high, err))
			status = err[0] ? kmm_failed(q->command, "%s", err) : EXIT_FAILED;
	for (unsigned int i = 0; i < nr && !status; i++)
		status = add_files(q, &runs[i]);
	q->heap = min(ALIGN(HEAP_LEAST + HEAP_FACTOR * (u64)q->files.len, MIB), HEAP_MOST);
	if (!status)
		status = size_pc(q, low, high);
	if (status) {
		pc_archive_free(&q->files);
		return status;
	}
	q->apart = true;
	q->cpus = 1;
	q->quiet = true;
	return pc_launch(q);
}
