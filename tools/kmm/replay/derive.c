// SPDX-License-Identifier: MIT
/*
 * derive.c - on which machine a trace is replayed.
 *
 *	1. the one that was asked for: --machine, or --mem --nodes
 *	2. the recorded one, from files beside the trace:
 *		iomem		the memory map, frame by frame
 *		zoneinfo	each zone's first frame, span and number of frames, hence
 *				the map but for the places of holes; nodes; CPUs
 *	3. a PC just large enough for the highest frame the trace names
 *
 * Holes, when only their size is known: in zone DMA they are where every PC has
 * them (below 1 MiB), in other zones at the end, where devices are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <kmm/mmzone.h>

#include "tools/kmm/trace/alloc.h"
#include "tools/kmm/trace/input.h"

#include "engine.h"
#include "words.h"

#define MAX_RANGES	256
#define PC_HOLE_START	0x9fUL		/* frames: the BIOS's part of low memory, video, ROMs */
#define PC_HOLE_END	0x100UL
#define MAX_FRAME	((u64)1 << (46 - PAGE_SHIFT))	/* 64 TiB: beyond, not believed */
#define GUESS_MOST	((u64)1 << (43 - PAGE_SHIFT))	/* 8 TiB: no machine is guessed larger, */
#define GUESS_MOST_ALL	((u64)1 << (38 - PAGE_SHIFT))	/* or than 256 GiB if all its frames live */
#define MIB		((u64)1 << 20)
#define GIB		((u64)1 << 30)

struct derived {
	struct e820_entry e820[MAX_RANGES];
	struct srat_mem srat[MAX_RANGES];
	unsigned int nr_e820, nr_srat, nr_nodes, nr_cpus;
	struct kmm_image image;
	u64 all_managed, all_min;	/* pages, of all zones */
	/* The zone being read. */
	int node;
	char zone[16];
	u64 start, spanned, present, managed, min;
};

/* ---- zoneinfo ---- */

static void add_ram(struct derived *d, u64 start, u64 end)
{
	if (start < end && d->nr_e820 < MAX_RANGES)
		d->e820[d->nr_e820++] = (struct e820_entry){
			start << PAGE_SHIFT, (end - start) << PAGE_SHIFT, E820_TYPE_RAM };
}

static void add_affinity(struct derived *d, u64 start, u64 end)
{
	if (d->nr_srat < MAX_RANGES)
		d->srat[d->nr_srat++] = (struct srat_mem){
			.start = start << PAGE_SHIFT, .size = (end - start) << PAGE_SHIFT,
			.node = d->node, .pxm = d->node };
	d->nr_nodes = max(d->nr_nodes, (unsigned int)d->node + 1);
}

/* The zone that was read is complete. */
static void close_zone(struct derived *d)
{
	u64 end = d->start + d->spanned, low;

	if (!d->present || d->present > d->spanned || d->start > MAX_FRAME || end > MAX_FRAME ||
	    d->node < 0 || d->node >= MAX_NUMNODES)
		return;
	d->all_managed += d->managed;
	d->all_min += d->min;
	add_affinity(d, d->start == 1 ? 0 : d->start, end);
	low = d->present + PC_HOLE_END - end;	/* frames before the hole, if there is one */
	if (d->present < d->spanned && d->start <= 1 && end > PC_HOLE_END && low <= PC_HOLE_START) {
		add_ram(d, 0, d->start + low);
		add_ram(d, PC_HOLE_END, end);
	} else {
		add_ram(d, d->start == 1 ? 0 : d->start, d->start + d->present);
	}
}

static void zoneinfo_line(struct derived *d, const char *line)
{
	unsigned long long n;
	char zone[16];
	int node;

	if (sscanf(line, "Node %d, zone %15s", &node, zone) == 2) {
		d->node = node;
		snprintf(d->zone, sizeof(d->zone), "%s", zone);
		d->start = d->spanned = d->present = d->managed = d->min = 0;
	} else if (sscanf(line, " spanned %llu", &n) == 1) {
		d->spanned = n;
	} else if (sscanf(line, " present %llu", &n) == 1) {
		d->present = n;
	} else if (sscanf(line, " managed %llu", &n) == 1) {
		d->managed = min((u64)n, MAX_FRAME);
	} else if (sscanf(line, " min %llu", &n) == 1) {
		d->min = min((u64)n, MAX_FRAME);
	} else if (sscanf(line, " start_pfn: %llu", &n) == 1) {
		d->start = n;
		close_zone(d);
	} else if (sscanf(line, " cpu: %d", &node) == 1 && node >= 0 && node < NR_CPUS) {
		d->nr_cpus = max(d->nr_cpus, (unsigned int)node + 1);
	}
}

/* ---- iomem ---- */

static void image_part(struct derived *d, const char *what, u64 start, u64 end)
{
	if (!strcmp(what, "Kernel code")) {
		d->image.text = start;
		d->image.etext = end;
	} else if (!strcmp(what, "Kernel rodata")) {
		d->image.rodata = start;
		d->image.erodata = end;
	} else if (!strcmp(what, "Kernel data")) {
		d->image.data = start;
		d->image.edata = end;
	} else if (!strcmp(what, "Kernel bss")) {
		d->image.bss = start;
		d->image.ebss = end;
	}
}

static void iomem_line(struct derived *d, const char *line)
{
	unsigned long long start, end;
	char what[64];

	if (sscanf(line, " %llx-%llx : %63[^\n]", &start, &end, what) != 3 || end <= start)
		return;		/* read without privilege it is all zeroes */
	if (line[0] != ' ' && !strcmp(what, "System RAM") && d->nr_e820 < MAX_RANGES)
		d->e820[d->nr_e820++] = (struct e820_entry){
			start, end + 1 - start, E820_TYPE_RAM };
	else
		image_part(d, what, start, end + 1);
}

/* ---- reading ---- */

static bool read_lines(struct derived *d, const char *path,
		       void (*take)(struct derived *d, const char *line))
{
	char err[REPLAY_ERROR], line[256];
	struct input *in = input_open(path, err, sizeof(err));
	const char *p, *end;

	if (!in)
		return false;
	input_limit(in, INPUT_MAX_TABLE);
	while (input_line(in, &p, &end) == INPUT_LINE) {
		snprintf(line, sizeof(line), "%.*s", (int)min(end - p, (ptrdiff_t)255), p);
		take(d, line);
	}
	input_close(in);
	return true;
}

/* A PC always starts with conventional memory; frame 0 is the BIOS's, but it is RAM. */
static bool read_recorded(struct replay *rp, struct derived *d)
{
	static const char *const zoneinfo[] = { "before/zoneinfo", "after/zoneinfo", NULL };
	static const char *const iomem[] = { "before/iomem", "after/iomem", NULL };
	char path[4096];

	if (!beside_find(rp->config, zoneinfo, path, sizeof(path)) ||
	    !read_lines(d, path, zoneinfo_line) || !d->nr_e820)
		return false;
	if (d->nr_nodes == 1)
		d->nr_srat = 0;
	if (beside_find(rp->config, iomem, path, sizeof(path))) {
		struct derived map = { 0 };

		read_lines(&map, path, iomem_line);
		if (map.nr_e820) {
			memcpy(d->e820, map.e820, sizeof(d->e820));
			d->nr_e820 = map.nr_e820;
			d->image = map.image;
		}
	}
	return true;
}

/* machine_build() has said on standard error what is wrong: no line more. */
static int told_already(struct replay *rp)
{
	rp->err[0] = '\0';
	return -1;
}

/* ---- from the trace itself ---- */

static u64 frames_end(const struct trace_page *p)
{
	return p->pfn + ((u64)1 << min((int)p->order, MAX_ORDER - 1));
}

bool replay_reads_once(const char *trace)
{
	struct stat st;

	return !strcmp(trace, "-") ||
	       (!stat(trace, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static int scan_trace(struct replay *rp, u64 *max_frame, unsigned int *cpus)
{
	struct trace_options opt = { .strict = rp->config->strict };
	struct trace_event ev;
	struct trace_reader *r;
	u64 n = 0;

	if (replay_reads_once(rp->config->trace))
		return replay_fail(rp, "%s can be read only once: "
				   "say which machine (--mem or --machine)",
				   !strcmp(rp->config->trace, "-") ? "standard input"
								   : rp->config->trace);
	r = trace_open(rp->config->trace, &opt, rp->err, REPLAY_ERROR);
	if (!r)
		return -1;
	while (trace_next(r, &ev) > 0 && (!rp->config->limit || n++ < rp->config->limit)) {
		*cpus = max(*cpus, ev.cpu + 1u);
		if (ev.code == TRACE_PAGE_ALLOC || ev.code == TRACE_PAGE_FREE)
			*max_frame = max(*max_frame, frames_end(&ev.page));
	}
	trace_close(r);
	return 0;
}

/* The least PC of whole 64 MiB (whole GiB above 4 GiB) whose last frame is at or above this one. */
static u64 size_for(u64 frames)
{
	u64 bytes = frames << PAGE_SHIFT;

	if (bytes > 4 * GIB)
		return ALIGN(bytes - GIB, GIB);		/* devices take the fourth GiB */
	return max(min(ALIGN(bytes, 64 * MIB), 3 * GIB), 64 * MIB);
}

/* Every frame, or every one below those of the trace, gets its page structure (room.c). */
static bool all_frames_wanted(const struct replay_config *c)
{
	return c->follow || (c->initial && strcmp(c->initial, "none"));
}

static int machine_from_trace(struct replay *rp)
{
	struct machine_options *o = &rp->config->machine;
	u64 frames = 0, most = all_frames_wanted(rp->config) ? GUESS_MOST_ALL : GUESS_MOST;
	unsigned int cpus = 1;

	if (scan_trace(rp, &frames, &cpus))
		return -1;
	if (frames > most)
		return replay_fail(rp, "%s: frame number %#llx means a machine of more than %s; "
				   "say which one (--mem)", rp->config->trace,
				   (unsigned long long)frames - 1, words_pages(most));
	o->mem = size_for(frames);
	if (!o->cpus)
		o->cpus = min(cpus, (unsigned int)NR_CPUS);
	return machine_build(o, "replay") ? told_already(rp) : 0;
}

/* ---- */

static void use_derived(struct replay *rp, struct derived *d)
{
	struct machine_options *o = &rp->config->machine;
	struct host_config *c = &o->config;

	c->e820 = d->e820;
	c->nr_e820 = d->nr_e820;
	c->srat = d->nr_srat ? d->srat : NULL;
	c->nr_srat = d->nr_srat;
	c->nr_cpus = o->cpus ? o->cpus : max(d->nr_cpus, 1u);
	c->image = d->image;
	c->cmdline = o->cmdline;
	c->seed = o->seed;
}

static int machine_asked_for(struct replay *rp, const struct derived *d)
{
	struct machine_options *o = &rp->config->machine;

	if (!o->cpus && !o->e820)
		o->cpus = min(max(d->nr_cpus ? d->nr_cpus : 2, o->nodes), (unsigned int)NR_CPUS);
	return machine_build(o, "replay") ? told_already(rp) : 0;
}

int replay_machine(struct replay *rp)
{
	struct machine_options *o = &rp->config->machine;
	bool asked = o->e820 || o->mem || o->nodes;
	struct derived *d = trace_alloc(sizeof(*d));
	bool known = read_recorded(rp, d);
	const char *what = "as asked for";
	int rc;

	rp->derived = d;
	if (asked) {
		rc = machine_asked_for(rp, d);
	} else if (known) {
		use_derived(rp, d);
		what = "the recorded one";
		rc = machine_check_params(o, "replay") ? told_already(rp) : 0;
	} else {
		rc = machine_from_trace(rp);
		what = "a PC for the trace's frame numbers";
	}
	rp->as_recorded = !asked && known;
	rp->recorded_managed = d->all_managed;
	rp->recorded_min = d->all_min;
	snprintf(rp->result->machine, sizeof(rp->result->machine), "%s", what);
	return rc;
}

void replay_machine_release(struct replay *rp)
{
	machine_release(&rp->config->machine);
	free(rp->derived);
	rp->derived = NULL;
}

/* ---- for who has to provide the RAM ---- */

static void note_ram(const struct host_config *c, u64 *low, u64 *high)
{
	for (unsigned int i = 0; i < c->nr_e820; i++) {
		u64 start = c->e820[i].addr, end = start + c->e820[i].size;

		if (c->e820[i].type != E820_TYPE_RAM || end < start)
			continue;
		if (start < 4 * GIB)
			*low = max(*low, min(end, 4 * GIB));
		if (end > 4 * GIB)
			*high = max(*high, end);
	}
}

int replay_ram(const struct replay_config *c, u64 *low, u64 *high, char *err)
{
	struct replay *rp = trace_alloc(sizeof(*rp));
	struct replay_config *config = trace_alloc(sizeof(*config));
	int rc;

	*config = *c;
	rp->config = config;
	rp->result = trace_alloc(sizeof(*rp->result));
	rp->err = err;
	rc = replay_machine(rp);
	if (!rc)
		note_ram(&config->machine.config, low, high);
	replay_machine_release(rp);
	free(rp->result);
	free(config);
	free(rp);
	return rc;
}
