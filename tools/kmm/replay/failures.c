// SPDX-License-Identifier: MIT
/*
 * failures.c - which allocations failed, and why.
 *
 * Failures of the same order (objects: of the same cache), mask and preferred node are one
 * kind. For the first of a kind the preferred zone is looked at closely; for each, Linux's
 * extfrag_index() says what the reason was:
 *
 *	-1000		a block large enough is free: the watermark stood in the way
 *	0 ... 500	too little memory is free
 *	501 ... 1000	enough is free, in pieces too small
 *
 * 500 is Linux's own border (vm.extfrag_threshold). A single page has no
 * fragmentation: for order 0 it is always memory or watermark.
 */
#include <stdio.h>
#include <string.h>

#include <kmm/mm.h>
#include <kmm/vmstat.h>

#include "engine.h"

#define EXTFRAG_THRESHOLD	500

/* A request that failed. */
struct refused {
	const char *object;		/* cache; "": none */
	u64 ns;
	u32 recorded_gfp;
	gfp_t gfp;
	u8 order;
};

static struct zone *preferred_zone(const struct replay *rp, gfp_t gfp)
{
	return NODE_DATA(cpu_to_node(rp->cpu))->preferred_zone[gfp_zone(gfp)];
}

static struct failure_class *find_class(struct replay_result *r, const struct refused *q, int node)
{
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		struct failure_class *c = &r->classes[i];

		if (c->gfp == q->recorded_gfp && c->order == q->order && c->node == node &&
		    !strcmp(c->object, q->object))
			return c;
	}
	return NULL;
}

static struct failure_class *new_class(struct replay *rp, const struct refused *q,
				       struct zone *zone)
{
	struct failure_class *c = &rp->result->classes[rp->result->nr_classes++];

	snprintf(c->object, sizeof(c->object), "%s", q->object);
	c->gfp = q->recorded_gfp;
	c->order = q->order;
	c->node = cpu_to_node(rp->cpu);
	c->zone_idx = gfp_zone(q->gfp);
	c->first_event = rp->event;
	c->first_ns = q->ns;
	c->zone = zone->name;
	c->free = zone->free_pages + zone->deferred_pages;
	c->mark = min_wmark_pages(zone);
	c->reserve = zone->lowmem_reserve[c->zone_idx];
	c->extfrag = extfrag_index(zone, c->order);
	c->unusable = unusable_index(zone, c->order);
	holders_scan(zone, &c->holders);
	return c;
}

static void count_reason(struct failure_class *c, const struct zone *zone, int index)
{
	c->count++;
	if (index < 0 || (!c->order && zone->free_pages))
		c->by_watermark++;
	else if (index <= EXTFRAG_THRESHOLD)
		c->by_memory++;
	else
		c->by_fragmentation++;
}

static void note(struct replay *rp, const struct refused *q)
{
	struct zone *zone = preferred_zone(rp, q->gfp);
	struct failure_class *c;

	c = zone ? find_class(rp->result, q, cpu_to_node(rp->cpu)) : NULL;
	if (!c && zone && rp->result->nr_classes < REPLAY_CLASSES)
		c = new_class(rp, q, zone);
	if (c)
		count_reason(c, zone, extfrag_index(zone, c->order));
	else
		rp->result->failures_unclassed++;
}

void failure_note(struct replay *rp, const struct trace_event *ev, gfp_t gfp)
{
	note(rp, &(struct refused){ "", ev->ts_ns, ev->page.gfp, gfp, ev->page.order });
}

void failure_note_object(struct replay *rp, const char *cache, u64 ns, u32 recorded_gfp, gfp_t gfp,
			 unsigned int order)
{
	note(rp, &(struct refused){ cache, ns, recorded_gfp, gfp, (u8)order });
}
