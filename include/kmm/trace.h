/* SPDX-License-Identifier: MIT */
/*
 * kmm/trace.h - what the page allocator does, event by event.
 *
 * Linux's kmem:mm_page_* tracepoints. With no sink installed an event costs
 * one test of a word that is read anyway. The text form is introspect's.
 */
#ifndef KMM_TRACE_H
#define KMM_TRACE_H

#include <kmm/types.h>

enum kmm_trace_code {
	TRACE_MM_PAGE_ALLOC,
	TRACE_MM_PAGE_FREE,
	TRACE_MM_PAGE_FREE_BATCHED,
	TRACE_MM_PAGE_ALLOC_ZONE_LOCKED,
	TRACE_MM_PAGE_PCPU_DRAIN,
	TRACE_MM_PAGE_ALLOC_EXTFRAG,
};

struct kmm_trace_event {
	u8 code;			/* enum kmm_trace_code */
	u8 order;			/* extfrag: the order asked for */
	u8 migratetype;			/* extfrag: the type asked for */
	u8 percpu_refill;		/* zone_locked only */
	u8 fallback_order, fallback_migratetype, change_ownership;	/* extfrag only */
	bool failed;			/* alloc: pfn means nothing */
	gfp_t gfp;			/* alloc only */
	unsigned long pfn;
};

/*
 * A sink is called on the CPU of the event, maybe with zone->lock held: it must not call the page
 * API.
 */
typedef void (*kmm_trace_sink_t)(const struct kmm_trace_event *event, void *arg);

/* set_trace_sink - install a sink (NULL: none). No CPU may be in the allocator. */
void set_trace_sink(kmm_trace_sink_t sink, void *arg);

#endif
