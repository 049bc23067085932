/* SPDX-License-Identifier: MIT */
/*
 * text_line.h - what perf script, trace-cmd report and ftrace have in common.
 */
#ifndef KMM_TRACE_TEXT_LINE_H
#define KMM_TRACE_TEXT_LINE_H

#include "decoder.h"

/* A line taken apart. Texts point into the line. */
struct text_line {
	const char *comm, *comm_end;
	const char *event, *event_end;	/* name, without group and colon */
	const char *tail, *tail_end;	/* what follows it */
	u64 ts_ns;			/* absolute */
	u32 tid;
	u16 cpu;
	u8 context;
};

/*
 * text_line_split - take a line apart. @before_pid is what stands between comm and
 * pid: '-' (ftrace, trace-cmd) or ' ' (perf script). On failure returns false, and
 * *bad, when bad is not NULL, says what is missing.
 */
bool text_line_split(const char *p, const char *end, char before_pid, struct text_line *t,
		     const char **bad);

/* text_event - split and decode such a line: everything of it that makes an event. */
enum line_result text_event(struct trace_reader *r, const char *p, const char *end,
			    char before_pid, struct trace_event *ev);

/* kmem_text: event name and tail -> code and payload. Events that are not kmem's: TRACE_OTHER. */
enum line_result kmem_decode(struct trace_reader *r, const struct text_line *t,
			     struct trace_event *ev);

/* "CPU:1 [LOST 12 EVENTS]" and its relatives: counted; false: no such line. */
bool text_lost(struct trace_reader *r, const char *p, const char *end);

#endif
