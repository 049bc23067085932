/* SPDX-License-Identifier: MIT */
/*
 * replay.h - a recorded kernel's page allocations, made again on a machine of ours.
 *
 *	struct replay_config c;
 *	struct replay_result r;
 *	char err[REPLAY_ERROR];
 *
 *	replay_defaults(&c);
 *	c.trace = "trace.kmt.zst";
 *	if (replay_run(&c, &r, err) == 0) {
 *		replay_report(&r, stdout, false, true);
 *		replay_result_free(&r);
 *	}
 *
 * A replay boots a machine, brings it into the state the recording began in (if
 * that is known), and makes each recorded allocation and free in turn, on the CPU
 * that made it then. Two ways:
 *
 *	what-if (default)	kmm decides where a page goes. The same load, another
 *				allocator, another machine: what would have happened?
 *	follow			pages go where they were. A reconstruction: the
 *				recorded machine's memory, at any moment, to be looked at.
 *
 * Contents are not replayed, only who holds which frames: __GFP_ZERO and __GFP_COMP
 * are taken out of the masks. The machine is deterministic, so two replays with equal
 * configurations have equal results.
 *
 * One machine at a time in a process (see host.h); replay_run() boots it and leaves
 * it powered off, unless told to keep it.
 */
#ifndef KMM_REPLAY_H
#define KMM_REPLAY_H

#include <stdio.h>

#include <kmm/vmstat.h>

#include "tools/kmm/machine.h"
#include "tools/kmm/trace/reader.h"
#include "tools/kmm/trace/snapshot.h"

#include "objects.h"
#include "state.h"

#define REPLAY_ERROR	512
#define REPLAY_SYSCTLS	32
#define REPLAY_CLASSES	32	/* kinds of failures told apart */
#define REPLAY_LISTS	(STATE_MAX_ZONES)
#define REPLAY_PRINTED	2	/* failures that may print Linux's report into the log */

enum replay_level {
	REPLAY_PAGES,			/* page events */
	REPLAY_OBJECTS,			/* object events, on an otherwise empty machine */
	REPLAY_BOTH,			/* both, but for the slab layer's own page events */
};

struct replay_config {
	const char *trace;		/* file, "-" for standard input */
	const char *snapshots;		/* directory with before/ and after/; NULL: the trace's */
	bool no_snapshots;		/* look for none */
	struct machine_options machine;	/* nothing said: the recorded machine, as far as known */
	const char *sysctls[REPLAY_SYSCTLS];	/* "name=value" of /proc/sys/vm, set after boot */
	unsigned int nr_sysctls;
	const char *initial;		/* file; "none"; NULL: what lies beside the trace */
	const char *pageflags;		/* file; "none"; NULL: what lies beside the trace */
	enum replay_level level;
	struct script *script;		/* of a replay of this trace, or empty; NULL: own one */
	bool follow;
	bool strict;			/* a malformed line is an error */
	u64 limit;			/* events to read; 0: all */
	const char *timeline;		/* CSV to write; NULL: none */
	u64 interval;			/* events between two samples; 0: REPLAY_SAMPLES in all */
	const char *dump;		/* kmm's own events, as a trace; NULL: none */
	bool progress;			/* a bar on standard error */
	/*
	 * Called every watch_events events (at least 1), the machine standing still; false: that is
	 * enough, the replay ends as if by `limit`. NULL: nobody watches.
	 */
	bool (*watch)(void *arg, u64 event, u64 ns);
	void *watch_arg;
	u64 watch_events;
	bool keep_machine;		/* leave it on when done, for whoever looks next */
	/* Lines of the boot log, as they come; NULL: none. */
	void (*on_line)(void *arg, int level, const char *line, size_t len);
	void *on_line_arg;
};

#define REPLAY_SAMPLES	256

/* Events and pages, as counted while replaying. Pages unless it says blocks or events. */
struct replay_counts {
	u64 allocs[MAX_ORDER][MOBILITIES];	/* events, made with success */
	u64 frees[MAX_ORDER];			/* events, as recorded */
	u64 alloc_pages, free_pages;		/* taken from and given back to kmm by events */
	u64 failed;				/* events */
	u64 failed_nofail;			/* of these, __GFP_NOFAIL */
	u64 recorded_failures, recorded_failures_now_fine;	/* events */

	/* what did not fit together */
	u64 over_initial, over_live, over_refused;	/* blocks met where one was to be placed */
	u64 free_unknown_events, free_unknown_pages;	/* nobody knows the frame */
	u64 free_initial_pages;			/* in use before the trace began */
	u64 free_refused_pages;			/* never placed here: the allocation failed */
	u64 free_part_events;			/* a part of a larger block */
	u64 free_joined_events;			/* several smaller blocks at once */
	u64 impossible;				/* events with an order or alignment no block has */
	u64 odd_masks;				/* gfp masks that contradict themselves */
	u64 misplaced;				/* follow: blocks whose frames were not free here */

	u64 live_pages, peak_live_pages;	/* held by allocations of the trace */
	u64 initial_pages;			/* held since the beginning */
	u64 kswapd_wakes, reclaim_calls, compact_calls, oom_calls;
};

/* A kind of failed allocation, with what the zone it wanted most looked like the first time. */
struct failure_class {
	char object[SLAB_TABLE_NAME];	/* of which cache; "": pages were asked for */
	u32 gfp;
	u8 order;
	int node;			/* preferred */
	u8 zone_idx;			/* highest zone allowed */
	u64 count;
	u64 by_memory, by_fragmentation, by_watermark;	/* of count, by extfrag_index() each time */
	u64 first_event, first_ns;
	const char *zone;		/* "DMA32" */
	unsigned long free, mark, reserve;	/* at the first failure */
	int extfrag, unusable;
	struct block_holders holders;
};

/* What the initial state could and could not do. */
struct initial_summary {
	const char *source;		/* "free map", "pagetypeinfo", "buddyinfo"; NULL: empty */
	bool flags_known;		/* mobility is from page flags; else all are movable */
	bool left_out;			/* a state was recorded, but on another machine than this */
	u64 occupied_pages;
	u64 wanted_free, got_free;	/* pages the file says are free, pages that are */
	u64 kept_by_kmm;		/* free in the file, but reserved here */
	u64 outside;			/* free in the file, but no memory here */
	u64 not_possible[MAX_ORDER];	/* blocks of a table that found no place */
	u64 blocks_by_type[MIGRATE_TYPES];	/* pageblocks given a type */
};

/* Free pages in the per-CPU lists of a recorded zone: free maps and tables do not count them. */
struct recorded_lists {
	int node;
	char zone[SNAPSHOT_NAME];
	u64 pages;
};

/* The recorded machine's end state, when it lies beside the trace. */
struct recorded_state {
	struct snapshot *before, *after;	/* pagetypeinfo or buddyinfo; NULL: none */
	struct recorded_lists lists[2][REPLAY_LISTS];	/* before, after; from zoneinfo */
	unsigned int nr_lists[2];
	struct snapshot *free_map_after;
	/* Frames of the recorded end map (follow only): in use there and free here, and so on. */
	u64 frames_same, frames_only_here, frames_only_there;
};

struct replay_result {
	char title[128];		/* the trace's own name, or its file's */
	char workload[256];		/* names of the workload's threads */
	char machine[160];		/* what machine, in words */
	char cmdline[COMMAND_LINE_SIZE];
	enum trace_format format;
	struct trace_stats stats;	/* of the reader */
	bool stopped_by_limit;
	u64 events, page_events;
	u64 duration_ns;		/* by the trace's clock */
	u64 recorded_fallbacks, recorded_claims;
	unsigned int nr_nodes, nr_cpus;
	bool follow;
	u64 recorded_reserve;		/* min_free_kbytes taken over from the recording; 0: not */

	struct replay_counts counts;
	struct initial_summary initial;
	struct machine_state before, at_end_mark, after;
	bool has_end_mark;		/* the moment the recorded end state was taken is known */
	struct block_holders holders_before, holders_after;
	u64 vm_before[NR_VM_EVENTS], vm_events[NR_VM_EVENTS];
	struct failure_class classes[REPLAY_CLASSES];
	unsigned int nr_classes;
	u64 failures_unclassed;
	enum replay_level level;
	struct object_result objects;
	struct recorded_state recorded;
	char *log;			/* the machine's kernel log */
	size_t log_boot_len;		/* of it, said by the boot */
	char *buddyinfo_before, *buddyinfo_after;	/* /proc/buddyinfo */
	char *problems;			/* reasons to distrust the trace, a line each; "" */

	u64 map_peak_bytes;
	/* Not the same from run to run: */
	u64 ns, setup_ns;
	long peak_rss_kb;
};

/* replay_defaults - zero means default, so this clears. */
void replay_defaults(struct replay_config *c);

/*
 * replay_run - do it. 0, or -1 with one line in err[REPLAY_ERROR] and *r empty.
 * Strings of *c must live as long as *r. Pre: no machine is on.
 */
int replay_run(struct replay_config *c, struct replay_result *r, char *err) __must_check;
void replay_result_free(struct replay_result *r);

/* replay_reads_once - is the trace standard input, a pipe, a device? */
bool replay_reads_once(const char *trace);

/*
 * replay_ram - where the RAM of the replay's machine ends: below 4 GiB, and above (0: none there).
 * 0, or -1 with one line in err[REPLAY_ERROR], which may be empty if it was said already.
 */
int replay_ram(const struct replay_config *c, u64 *low, u64 *high, char *err) __must_check;

/* recorded_lists_of - pages in a zone's per-CPU lists, before (0) or after (1); -1: not known. */
s64 recorded_lists_of(const struct recorded_state *s, int when, int node, const char *zone);

/* replay_report - the report a person reads; timing: the lines about speed too. */
void replay_report(const struct replay_result *r, FILE *out, bool colour, bool timing);
/* replay_json - the same as JSON, "-" for standard output; -1 with one line in err. */
int replay_json(const struct replay_result *r, const char *path, bool timing, char *err);
/* replay_slabs - replays of one trace with different slab allocators, side by side. */
void replay_slabs(const struct replay_result *r, unsigned int nr, FILE *out, bool colour,
		  bool timing);
int replay_slabs_json(const struct replay_result *r, unsigned int nr, const char *path, bool timing,
		      char *err);
/* replay_compare - two results side by side. */
void replay_compare(const struct replay_result *a, const struct replay_result *b,
		    const char *name_a, const char *name_b, FILE *out, bool colour, bool timing);

#endif
