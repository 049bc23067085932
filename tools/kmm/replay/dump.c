// SPDX-License-Identifier: MIT
/*
 * dump.c - what kmm itself did, as a trace that can be replayed again.
 *
 * The core's events (kmm/trace.h) in the form kmt1, written while the replay runs.
 * Each carries the time, CPU and thread of the recorded event that caused it. A sink
 * turns the allocator's fast paths off, so a replay that is dumped is slower, and its
 * per-CPU lists may be used in another order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/gfp.h>
#include <kmm/trace.h>

#include "tools/kmm/trace/alloc.h"

#include "engine.h"

#define MAX_MASKS	256

struct trace_dump {
	FILE *out;
	u64 ns, last_ns, events;
	unsigned int cpu;
	u32 tid;
	char context;
	u32 masks[MAX_MASKS];
	unsigned int nr_masks;		/* defined so far; more are defined over again */
};

/* The number of a mask, defined by a line of its own the first time. */
static unsigned int mask_id(struct trace_dump *d, u32 gfp)
{
	char words[256];
	unsigned int id;

	for (id = 0; id < min(d->nr_masks, (unsigned int)MAX_MASKS); id++)
		if (d->masks[id] == gfp)
			return id;
	id = d->nr_masks++ % MAX_MASKS;
	d->masks[id] = gfp;
	format_gfp_flags(words, sizeof(words), gfp);
	fprintf(d->out, "#G\t%u\t%x\t%s\n", id, gfp, words);
	return id;
}

static void write_head(struct trace_dump *d, char code)
{
	char context[2] = { d->context == 't' ? '\0' : d->context, '\0' };

	fprintf(d->out, "%llu\t%c%u%s\t%u\t", (unsigned long long)(d->ns - d->last_ns), code,
		d->cpu, context, d->tid);
	d->last_ns = d->ns;
	d->events++;
}

static void write_alloc(struct trace_dump *d, const struct kmm_trace_event *e)
{
	unsigned int id = mask_id(d, e->gfp);

	write_head(d, 'A');
	if (e->failed)
		fprintf(d->out, "-\t%u\t%u\t%u\n", e->order, id, e->migratetype);
	else
		fprintf(d->out, "%lx\t%u\t%u\t%u\n", e->pfn, e->order, id, e->migratetype);
}

static void sink(const struct kmm_trace_event *e, void *arg)
{
	struct trace_dump *d = arg;

	switch (e->code) {
	case TRACE_MM_PAGE_ALLOC:
		write_alloc(d, e);
		break;
	case TRACE_MM_PAGE_FREE:
		write_head(d, 'F');
		fprintf(d->out, "%lx\t%u\n", e->pfn, e->order);
		break;
	case TRACE_MM_PAGE_ALLOC_ZONE_LOCKED:
		write_head(d, 'Z');
		fprintf(d->out, "%lx\t%u\t%u\t%u\n", e->pfn, e->order, e->migratetype,
			e->percpu_refill);
		break;
	case TRACE_MM_PAGE_PCPU_DRAIN:
		write_head(d, 'D');
		fprintf(d->out, "%lx\t%u\t%u\n", e->pfn, e->order, e->migratetype);
		break;
	case TRACE_MM_PAGE_ALLOC_EXTFRAG:
		write_head(d, 'X');
		fprintf(d->out, "%lx\t%u\t%u\t%u\t%u\t%u\n", e->pfn, e->order, e->fallback_order,
			e->migratetype, e->fallback_migratetype, e->change_ownership);
		break;
	}
}

int dump_begin(struct replay *rp)
{
	struct trace_dump *d;

	if (!rp->config->dump)
		return 0;
	d = rp->dump = trace_alloc(sizeof(*d));
	d->out = fopen(rp->config->dump, "w");
	if (!d->out)
		return replay_fail(rp, "%s: %s", rp->config->dump, strerror(errno));
	fputs("#kmt1\tkmm\n#clock\tof the trace that was replayed, ns\n#T\t0\tO\tother\n", d->out);
	set_trace_sink(sink, d);
	return 0;
}

void dump_stamp(struct replay *rp, const struct trace_event *ev)
{
	struct trace_dump *d = rp->dump;

	d->ns = max(d->ns, ev->ts_ns);
	d->cpu = rp->cpu;
	d->tid = 0;
	d->context = (char)ev->context;
}

int dump_end(struct replay *rp)
{
	struct trace_dump *d = rp->dump;
	bool bad;

	if (!d)
		return 0;
	set_trace_sink(NULL, NULL);
	fprintf(d->out, "#end\tevents %llu\tduration_ns %llu\n", (unsigned long long)d->events,
		(unsigned long long)d->last_ns);
	bad = ferror(d->out);
	bad |= fclose(d->out) != 0;
	d->out = NULL;
	return bad ? replay_fail(rp, "%s: cannot write", rp->config->dump) : 0;
}

void dump_free(struct replay *rp)
{
	if (rp->dump && rp->dump->out)
		fclose(rp->dump->out);
	free(rp->dump);
	rp->dump = NULL;
}
