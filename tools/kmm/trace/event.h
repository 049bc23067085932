/* SPDX-License-Identifier: MIT */
/*
 * event.h - one event of an allocation trace, whatever text it came from.
 *
 * Four text forms (kmt1, perf script, trace-cmd report, the ftrace "trace"
 * file) are decoded into struct trace_event. A consumer looks at ->code and
 * then at the one union member that belongs to it:
 *
 *	code				member		tracepoint
 *	TRACE_PAGE_ALLOC		page		kmem:mm_page_alloc
 *	TRACE_PAGE_FREE			page		kmem:mm_page_free
 *	TRACE_PAGE_FREE_BATCHED		page		kmem:mm_page_free_batched
 *	TRACE_PAGE_ZONE_LOCKED		page		kmem:mm_page_alloc_zone_locked
 *	TRACE_PCPU_DRAIN		page		kmem:mm_page_pcpu_drain
 *	TRACE_EXTFRAG			extfrag		kmem:mm_page_alloc_extfrag
 *	TRACE_KMALLOC, TRACE_KFREE	obj		kmem:kmalloc(_node), kmem:kfree
 *	TRACE_CACHE_ALLOC, _FREE	obj		kmem:kmem_cache_alloc(_node), _free
 *	TRACE_MARKER			marker		a line somebody wrote into trace_marker
 *	TRACE_OTHER			other		everything else
 *
 * A member's fields that the tracepoint does not carry hold the value given
 * beside them ("else ..."), never rubbish.
 *
 * TRACE_PAGE_FREE_BATCHED always follows a TRACE_PAGE_FREE of the same page: it
 * says nothing new, and a replay skips it.
 *
 * Names (caches, call sites, thread names) are small numbers given out by the
 * reader from 0 up in order of appearance; see trace_name() in reader.h.
 */
#ifndef KMM_TRACE_EVENT_H
#define KMM_TRACE_EVENT_H

#include <kmm/types.h>

enum trace_code {
	TRACE_PAGE_ALLOC,
	TRACE_PAGE_FREE,
	TRACE_PAGE_ZONE_LOCKED,
	TRACE_PCPU_DRAIN,
	TRACE_EXTFRAG,
	TRACE_KMALLOC,
	TRACE_KFREE,
	TRACE_CACHE_ALLOC,
	TRACE_CACHE_FREE,
	TRACE_MARKER,
	TRACE_PAGE_FREE_BATCHED,
	TRACE_OTHER,
	TRACE_NR_CODES,
};

#define TRACE_ID_NONE	0xffffffffu	/* the trace does not say which cache or site */
#define TRACE_MAX_PFN	((u64)1 << 40)	/* frame numbers reach up to here, inclusive */
#define TRACE_MAX_ORDER	63		/* larger orders are malformed; real ones end near 10 */

/* Where the code ran. */
enum trace_context {
	TRACE_TASK = 't',
	TRACE_SOFTIRQ = 's',
	TRACE_HARDIRQ = 'h',
};

struct trace_page {
	u64 pfn;		/* 0 when failed */
	u32 gfp;		/* __GFP_* of <kmm/gfp.h>; else 0 */
	u8 order;
	int8_t migratetype;	/* as the recorded kernel numbers them; else -1 */
	bool failed;		/* PAGE_ALLOC only: no page was found */
	bool percpu_refill;	/* ZONE_LOCKED only: taken to fill a per-CPU list */
};

struct trace_extfrag {
	u64 pfn;
	u8 alloc_order;		/* order asked for */
	u8 fallback_order;	/* order of the block it was taken from */
	int8_t alloc_mt;	/* migrate type asked for */
	int8_t fallback_mt;	/* migrate type it was taken from */
	bool change_ownership;	/* the whole pageblock changed its type */
};

struct trace_object {
	u64 ptr;		/* see trace_ptr_kind(); 0: failed allocation, or free of NULL */
	u32 bytes_req;		/* else 0 */
	u32 bytes_alloc;	/* else 0 */
	u32 gfp;		/* else 0 */
	u32 cache_id;		/* TRACE_NAME_CACHE; else TRACE_ID_NONE */
	u32 site_id;		/* TRACE_NAME_SITE; else TRACE_ID_NONE */
	s32 node;		/* node asked for; else -1 (any) */
};

/* Texts below live until the next trace_next() or trace_close() only. */
struct trace_marker {
	const char *text;	/* NUL-terminated, control characters replaced by '?' */
};

struct trace_other {
	const char *text;	/* kmt1: the arguments; else the event's name. NOT terminated */
	u32 len;
	char letter;		/* kmt1's one-letter code; else 0 */
};

struct trace_event {
	u64 ts_ns;		/* since the trace's first event; never decreases in kmt1 */
	u32 tid;
	u16 cpu;
	u8 code;		/* enum trace_code */
	u8 context;		/* enum trace_context */
	union {
		struct trace_page page;
		struct trace_extfrag extfrag;
		struct trace_object obj;
		struct trace_marker marker;
		struct trace_other other;
	};
};

#endif
