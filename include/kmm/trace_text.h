/* SPDX-License-Identifier: MIT */
/*
 * kmm/trace_text.h - the allocator's events as text.
 *
 * Two forms. *ftrace* is what Linux's file /sys/kernel/tracing/trace holds, for
 * the eye and for the scripts people have. *kmt1* is kmm's own trace format:
 * a quarter of the size, and `kmm replay` reads it, so that a run of kmm can
 * itself be replayed.
 *
 *	ftrace	  kmm-0       [001] .....     0.000123: mm_page_alloc: page=0x1a2b pfn=0x1a2b ...
 *	kmt1	123	A1	0	1a2b	0	0	0
 *
 * An object's address is in ftrace's form what it is, in kmt1's the physical one. A call
 * site is a number to the core; who can name it says so in the stamp.
 *
 * An event does not know when and by whom it was caused; the sink does, and
 * says it in a struct trace_stamp. Context: any; nothing here has state of its own.
 */
#ifndef KMM_TRACE_TEXT_H
#define KMM_TRACE_TEXT_H

#include <kmm/slabinfo.h>
#include <kmm/trace.h>

struct seq_buf;

struct trace_stamp {
	u64 ns;			/* time of the event; must not go back from event to event (kmt1) */
	u32 cpu;
	u32 tid;		/* 0: no thread in particular */
	const char *comm;	/* name of the thread; NULL: "<...>" */
	char context;		/* 's' softirq, 'h' hardirq, 0 or 't' a task */
	/* Writes "function+0x12/0x80" for a code address; false: unknown. NULL: nobody knows. */
	bool (*symbol)(uintptr_t addr, char *buf, size_t size);
};

/* Room that is always enough for one event with the definitions it needs. */
#define TRACE_TEXT_MAX	1024

/* trace_event_name - the tracepoint's name, "mm_page_alloc" ... */
const char *trace_event_name(enum kmm_trace_code code);

/* trace_event_args - append what follows the name: "page=0x12 pfn=0x12 order=0 ..." */
void trace_event_args(struct seq_buf *m, const struct kmm_trace_event *e,
		      const struct trace_stamp *s);

/*
 * ftrace_header - append the comment lines a trace file begins with.
 * ftrace_event - append one line. 0, or -E2BIG and nothing written (room is less
 * than TRACE_TEXT_MAX): empty the buffer and call again.
 */
void ftrace_header(struct seq_buf *m, unsigned int nr_cpus, u64 nr_events);
int ftrace_event(struct seq_buf *m, const struct kmm_trace_event *e,
		 const struct trace_stamp *s) __must_check;

/*
 * struct kmt1_writer - what a kmt1 text under way has defined so far. Zero it,
 * kmt1_begin(), kmt1_event() ..., kmt1_end(). More masks, threads, caches or call sites
 * than fit are defined again when they come back.
 */
#define KMT1_MAX_GFP	128
#define KMT1_MAX_TIDS	64
#define KMT1_MAX_SITES	1024		/* powers of two */
#define KMT1_MAX_CACHES	256

struct kmt1_writer {
	u64 first_ns, last_ns;
	u64 events;
	u32 nr_gfp, nr_tid, nr_site, nr_cache;	/* definitions written, ever */
	gfp_t gfp[KMT1_MAX_GFP];	/* [id] */
	u32 tid[KMT1_MAX_TIDS];
	struct {
		uintptr_t addr;		/* 0: free */
		u32 id;			/* in order of appearance; addresses vary from run to run */
	} site[KMT1_MAX_SITES];		/* by hash */
	char cache[KMT1_MAX_CACHES][KMEM_CACHE_NAME_MAX];	/* [id]; "": free */
};

/* kmt1_begin - append the header; name says what was run. */
void kmt1_begin(struct kmt1_writer *w, struct seq_buf *m, const char *name);
/*
 * kmt1_event - append one event, preceded by the definitions it is the first to need.
 * 0, or -E2BIG and nothing written nor remembered. mm_page_free_batched is left out:
 * each one follows an mm_page_free of the same page.
 */
int kmt1_event(struct kmt1_writer *w, struct seq_buf *m, const struct kmm_trace_event *e,
	       const struct trace_stamp *s) __must_check;
void kmt1_end(const struct kmt1_writer *w, struct seq_buf *m);

#endif
