// SPDX-License-Identifier: MIT
/*
 * room.c - is there memory for the page structures a replay wants?
 *
 * They come to life in the order of frames, a section of 128 MiB (1 MiB of structures) after the
 * other: whoever wants a frame by its number wants all below it in the zone too. A what-if goes
 * as far as its pages do; but a replay that follows goes where the trace says, and a state
 * in use at the beginning is laid over all of RAM. One absurd number must not make
 * this computer write gigabytes that it does not have.
 */
#include <stdio.h>

#include <kmm/mm.h>

#include "tools/kmm/trace/input.h"

#include "engine.h"
#include "words.h"

/* Pages that this computer has to spare; all there can be if it does not say. */
static u64 spare_pages(void)
{
	char err[REPLAY_ERROR], line[64];
	struct input *in = input_open("/proc/meminfo", err, sizeof(err));
	unsigned long long kib = ~0ull;
	const char *p, *end;

	while (in && input_line(in, &p, &end) == INPUT_LINE) {
		snprintf(line, sizeof(line), "%.*s", (int)min(end - p, (ptrdiff_t)63), p);
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	}
	input_close(in);
	return kib / (PAGE_SIZE / 1024);
}

bool replay_room(struct replay *rp, u64 pfn)
{
	const u64 pages = PAGES_PER_SECTION * sizeof(struct page) / PAGE_SIZE;

	if (!rp->room_below)
		rp->spare_pages = spare_pages();
	for (; rp->room_below <= pfn; rp->room_below += PAGES_PER_SECTION)
		if (pfn_valid((unsigned long)rp->room_below))
			rp->struct_pages += pages;
	return rp->struct_pages <= rp->spare_pages;
}

int replay_no_room(struct replay *rp, const char *what)
{
	return replay_fail(rp, "%s: %s wants %s of page structures, and this computer has %s to "
			   "spare", rp->config->trace, what, words_pages(rp->struct_pages),
			   words_pages(rp->spare_pages));
}
