/* SPDX-License-Identifier: MIT */
/*
 * kmm/trace.h - what the allocators do, event by event.
 *
 * Linux's kmem: tracepoints, of pages (mm_page_*) and of objects. With no sink installed
 * an event costs one test of a word that is read anyway; with one, objects leave
 * their fast paths. The text form is introspect's.
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
	TRACE_KMEM_KMALLOC,		/* from here on: objects */
	TRACE_KMEM_KFREE,
	TRACE_KMEM_CACHE_ALLOC,
	TRACE_KMEM_CACHE_FREE,
};

struct kmm_trace_event {
	u8 code;			/* enum kmm_trace_code */
	bool failed;			/* allocations: pfn or ptr means nothing */
	union {
		struct {		/* pages */
			u8 order;		/* extfrag: the order asked for */
			u8 migratetype;		/* extfrag: the type asked for */
			u8 percpu_refill;	/* zone_locked only */
			u8 fallback_order, fallback_migratetype, change_ownership; /* extfrag */
		};
		s16 node;		/* objects, allocations: asked for; NUMA_NO_NODE: any */
	};
	gfp_t gfp;			/* allocations only */
	union {
		unsigned long pfn;	/* pages */
		struct {		/* objects */
			uintptr_t ptr;		/* the object's address */
			uintptr_t call_site;	/* a return address; 0: not known */
			const char *cache;	/* its name, for the time of the call; NULL: none */
			u32 bytes_req, bytes_alloc;	/* allocations only */
		};
	};
};
_Static_assert(sizeof(struct kmm_trace_event) <= 48, "there are millions of them in memory");

/*
 * A sink is called on the CPU of the event, maybe with zone->lock held: it must not call the API
 * of pages or objects.
 */
typedef void (*kmm_trace_sink_t)(const struct kmm_trace_event *event, void *arg);

/* set_trace_sink - install a sink (NULL: none). No CPU may be in the allocator. */
void set_trace_sink(kmm_trace_sink_t sink, void *arg);

#endif
