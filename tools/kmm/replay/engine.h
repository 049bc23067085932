/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the parts of a replay know each other by this one structure.
 */
#ifndef KMM_REPLAY_ENGINE_H
#define KMM_REPLAY_ENGINE_H

#include "frame_map.h"
#include "replay.h"

struct timeline;
struct trace_dump;
struct progress;
struct player;

/* Ranges of frames. */
struct frame_runs {
	struct frame_run {
		u64 pfn, pages;
	} *runs;
	size_t nr, cap;
};

struct replay {
	struct replay_config *config;
	struct replay_result *result;
	struct replay_counts *counts;	/* the result's */
	char *err;			/* [REPLAY_ERROR] */
	struct frame_map *map;
	struct trace_reader *reader;
	unsigned int cpu, nr_cpus;	/* the CPU being played */
	u64 event;			/* number of the event at hand, from 1 */
	struct timeline *timeline;
	struct trace_dump *dump;
	struct derived *derived;	/* derive.c's */
	u64 recorded_managed, recorded_min;	/* pages of the recorded machine; 0: not known */
	bool as_recorded;		/* the machine is the recorded one, frame by frame */
	u64 next_stop;			/* event at which something else than replaying is due */
	u64 watch_next;			/* event at which somebody wants to look */
	u64 printed;			/* failures that may have printed their report */
	bool broken;			/* err says why; seen when next_stop is due */
	u64 last_ns;			/* time of the last event */
	u64 room_below;			/* room.c's: structures of the frames below, in pages */
	u64 struct_pages, spare_pages;
	struct progress *bar;

	/* With objects: */
	struct script *script, *own_script;
	struct player *player;		/* objects.c's */
	struct frame_runs slab_frames;	/* slabs when the recording began, as page flags say */
	bool population;		/* there is room for the objects that lay in them */
};

int replay_fail(struct replay *rp, const char *fmt, ...) __printf(2, 3) __cold;

/* engine.c: what every event may need. */
/* replay_cpu - who acts, when, and in which enum trace_context. */
void replay_cpu(struct replay *rp, unsigned int cpu, u64 ns, char context);
void replay_end_mark(struct replay *rp);	/* the recorded end state is of this moment */
/* replay_stop_over - something is due at this event. False: it was the last one wanted. */
bool replay_stop_over(struct replay *rp, u64 ns);

/* place.c: one event's allocation and free. */
/* replay_mask - a recorded mask as kmm can be asked with it. */
gfp_t replay_mask(struct replay *rp, u32 recorded);
void replay_alloc(struct replay *rp, const struct trace_event *ev);
void replay_free(struct replay *rp, const struct trace_event *ev);
/* replay_node_of - the node a recorded frame lies on; NUMA_NO_NODE: on none of ours. */
int replay_node_of(u64 pfn);
/* replay_occupy - take these frames, or what of them can be taken: they were in use already. */
void replay_occupy(struct replay *rp, unsigned long pfn, unsigned int order, int mobility);
/* replay_release - give back what lies in these frames; for layouts being made. */
void replay_release(struct replay *rp, u64 pfn, unsigned int order);

/* room.c: has this computer memory for the page structures up to this frame? */
bool replay_room(struct replay *rp, u64 pfn) __must_check;
int replay_no_room(struct replay *rp, const char *what) __cold;	/* says that it has not; -1 */

/* failures.c: what failed and why. */
void failure_note(struct replay *rp, const struct trace_event *ev, gfp_t gfp);
/* failure_note_object - an object found no memory; order: of the pages that it needed at least. */
void failure_note_object(struct replay *rp, const char *cache, u64 ns, u32 recorded_gfp, gfp_t gfp,
			 unsigned int order);

/* beside.c: files that lie beside a trace. False: there is none of these names. */
bool beside_find(const struct replay_config *c, const char *const *names, char *path, size_t size);

/* derive.c: the machine; fills config->machine. 0 or -1. */
int replay_machine(struct replay *rp);
void replay_machine_release(struct replay *rp);

/* initial.c: the state the recording began in. 0 or -1. */
int replay_initial(struct replay *rp);

/* object_state.c: all caches as they are now; drains nothing. */
void object_state_take(struct replay *rp, struct object_state *s);

/* recorded.c: the recorded end state. Errors in these files are said in the report only. */
void recorded_read(struct replay *rp);
void recorded_compare_frames(struct replay *rp);
void recorded_free(struct recorded_state *s);

/* timeline.c: samples for --timeline. */
int timeline_begin(struct replay *rp);
/* timeline_due - sample if it is time; the event at which to be called next (never: ~0). */
u64 timeline_due(struct replay *rp, u64 ns);
int timeline_end(struct replay *rp, u64 ns);
void timeline_free(struct replay *rp);

/* dump.c: kmm's own events, written while it works. */
int dump_begin(struct replay *rp);
void dump_stamp(struct replay *rp, u64 ns, char context);
int dump_end(struct replay *rp);
void dump_free(struct replay *rp);

#endif
