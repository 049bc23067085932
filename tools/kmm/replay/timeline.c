// SPDX-License-Identifier: MIT
/*
 * timeline.c - the state of each zone over time, as a table for any plotting program.
 *
 * How long a trace is shows only at its end. To have about as many samples as wanted,
 * evenly spaced, all are kept in memory; when there are twice too many, every
 * second one is dropped and the interval doubles. With a fixed interval each
 * sample is written at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/vmstat.h>

#include "tools/kmm/trace/alloc.h"

#include "engine.h"

#define FIRST_INTERVAL	256

struct sample {
	u64 event, ns;
	u64 steals, claims, failures, wakes;
	struct zone_state *zones;
};

struct timeline {
	FILE *out;
	u64 interval, due;
	bool fixed;
	struct sample *samples;		/* not fixed: up to 2 * REPLAY_SAMPLES */
	unsigned int nr, nr_zones;
	struct machine_state state;	/* scratch */
};

static const char *const type_words[MIGRATE_TYPES] = {
	"unmovable", "movable", "reclaimable", "highatomic", "cma", "isolate",
};

static void write_header(FILE *out)
{
	fputs("time_s,event,node,zone,free,pcp", out);
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		for (int o = 0; o < MAX_ORDER; o++)
			fprintf(out, ",%s_%d", type_words[mt], o);
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(out, ",extfrag_%d", o);
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(out, ",unusable_%d", o);
	fputs(",fallbacks,claims,failures,kswapd_wakes\n", out);
}

static void write_zone(FILE *out, const struct sample *s, const struct zone_state *z)
{
	fprintf(out, "%llu.%09llu,%llu,%d,%s,%lu,%lu", (unsigned long long)(s->ns / 1000000000),
		(unsigned long long)(s->ns % 1000000000), (unsigned long long)s->event, z->node,
		z->name, z->free, z->pcp);
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		for (int o = 0; o < MAX_ORDER; o++)
			fprintf(out, ",%llu", (unsigned long long)z->nr_free[mt][o]);
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(out, ",%d", z->extfrag[o]);
	for (int o = 0; o < MAX_ORDER; o++)
		fprintf(out, ",%d", z->unusable[o]);
	fprintf(out, ",%llu,%llu,%llu,%llu\n", (unsigned long long)s->steals,
		(unsigned long long)s->claims, (unsigned long long)s->failures,
		(unsigned long long)s->wakes);
}

static void write_sample(struct timeline *t, const struct sample *s)
{
	for (unsigned int i = 0; i < t->nr_zones; i++)
		write_zone(t->out, s, &s->zones[i]);
}

static struct sample take(struct replay *rp, u64 ns)
{
	const struct replay_result *r = rp->result;
	struct timeline *t = rp->timeline;

	state_take(&t->state);
	t->nr_zones = t->state.nr_zones;
	return (struct sample){
		.event = rp->event, .ns = ns, .zones = t->state.zones,
		.steals = vm_events[EXTFRAG_STEAL] - r->vm_before[EXTFRAG_STEAL],
		.claims = vm_events[EXTFRAG_CLAIM] - r->vm_before[EXTFRAG_CLAIM],
		.failures = rp->counts->failed, .wakes = rp->counts->kswapd_wakes,
	};
}

static void drop_every_second(struct timeline *t)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < t->nr; i++) {
		if (i % 2)
			free(t->samples[i].zones);
		else
			t->samples[kept++] = t->samples[i];
	}
	t->nr = kept;
	t->interval *= 2;
}

static void keep(struct timeline *t, struct sample s)
{
	size_t size = t->nr_zones * sizeof(*s.zones);
	struct zone_state *zones = trace_alloc(size ? size : 1);

	memcpy(zones, s.zones, size);
	s.zones = zones;
	if (t->nr == 2 * REPLAY_SAMPLES)
		drop_every_second(t);
	t->samples[t->nr++] = s;
}

static void sample(struct replay *rp, u64 ns)
{
	struct timeline *t = rp->timeline;
	struct sample s = take(rp, ns);

	if (t->fixed)
		write_sample(t, &s);
	else
		keep(t, s);
}

u64 timeline_due(struct replay *rp, u64 ns)
{
	struct timeline *t = rp->timeline;

	if (!t)
		return ~(u64)0;
	if (rp->event < t->due)
		return t->due;
	sample(rp, ns);
	t->due = rp->event + t->interval;
	return t->due;
}

int timeline_begin(struct replay *rp)
{
	struct timeline *t;

	if (!rp->config->timeline)
		return 0;
	t = rp->timeline = trace_alloc(sizeof(*t));
	t->fixed = rp->config->interval != 0;
	t->interval = t->fixed ? rp->config->interval : FIRST_INTERVAL;
	t->due = t->interval;
	t->samples = trace_alloc((2 * REPLAY_SAMPLES + 1) * sizeof(*t->samples));
	t->out = fopen(rp->config->timeline, "w");
	if (!t->out)
		return replay_fail(rp, "%s: %s", rp->config->timeline, strerror(errno));
	write_header(t->out);
	sample(rp, 0);
	return 0;
}

int timeline_end(struct replay *rp, u64 ns)
{
	struct timeline *t = rp->timeline;
	bool bad;

	if (!t)
		return 0;
	sample(rp, ns);
	for (unsigned int i = 0; i < t->nr; i++)
		write_sample(t, &t->samples[i]);
	bad = ferror(t->out);
	bad |= fclose(t->out) != 0;
	t->out = NULL;
	return bad ? replay_fail(rp, "%s: cannot write", rp->config->timeline) : 0;
}

void timeline_free(struct replay *rp)
{
	struct timeline *t = rp->timeline;

	if (!t)
		return;
	if (t->out)
		fclose(t->out);
	for (unsigned int i = 0; i < t->nr; i++)
		free(t->samples[i].zones);
	free(t->samples);
	free(t);
	rp->timeline = NULL;
}
