/* SPDX-License-Identifier: MIT */
/*
 * reader.h - an allocation trace, event after event, from any of four texts.
 *
 *	char err[512];
 *	struct trace_event ev;
 *	struct trace_reader *r = trace_open(path, NULL, err, sizeof(err));
 *
 *	if (!r)
 *		... print err, give up
 *	while ((rc = trace_next(r, &ev)) > 0)
 *		... switch (ev.code)
 *	if (rc < 0)
 *		... print trace_error(r), give up
 *	trace_print_problems(r, stderr);
 *	trace_close(r);
 *
 * The format is told by the content, and so is the compression. Formats:
 *	kmt1		compact, tab separated; begins with "#kmt1"
 *	perf script	of tracepoints recorded by perf record -e 'kmem:*'
 *	trace-cmd	trace-cmd report
 *	ftrace		a copy of /sys/kernel/tracing/trace
 *
 * One reader is used by one thread; several readers are independent.
 */
#ifndef KMM_TRACE_READER_H
#define KMM_TRACE_READER_H

#include <stddef.h>
#include <stdio.h>

#include "event.h"
#include "names.h"

struct trace_reader;

enum trace_format {
	TRACE_KMT1,
	TRACE_PERF_SCRIPT,
	TRACE_TRACE_CMD,
	TRACE_FTRACE,
	TRACE_NR_FORMATS,
};

enum trace_name_kind {
	TRACE_NAME_CACHE,	/* slab caches */
	TRACE_NAME_SITE,	/* call sites, "function+0xoffset" */
	TRACE_NAME_COMM,	/* threads' names */
	TRACE_NR_NAME_KINDS,
};

/* What obj.ptr is. */
enum trace_ptr_kind {
	TRACE_PTR_UNKNOWN,	/* no object seen yet */
	TRACE_PTR_PHYSICAL,	/* kmt1: pfn = ptr >> 12 */
	TRACE_PTR_VIRTUAL,	/* a kernel address */
	TRACE_PTR_HASHED,	/* the kernel hid it: says which object, not where */
};

struct trace_options {
	bool strict;		/* the first malformed line ends the reading */
	u64 max_bytes;		/* limit on the decompressed size; 0: none */
};

#define TRACE_NOTED	16	/* malformed lines remembered */
#define TRACE_REASON	96

struct trace_stats {
	u64 lines;			/* of any kind, the one at hand included */
	u64 bytes;			/* decompressed */
	u64 events;			/* given out */
	u64 by_code[TRACE_NR_CODES];
	u64 malformed;			/* lines skipped because they made no sense */
	struct trace_bad_line {
		u64 line;
		char reason[TRACE_REASON];
	} bad[TRACE_NOTED];		/* the first of them */
	unsigned int nr_bad;

	/* Reasons to distrust a replay; known for sure at the end only. */
	u64 lost;			/* events (perf: may be chunks) the recorder says it lost */
	u64 lost_unknown;		/* times it lost some and does not say how many */
	u64 backwards;			/* events older than the one before them */
	u64 declared;			/* kmt1: events its #end line promises */
	bool truncated;			/* kmt1: no #end line, or fewer events than promised */
	u64 unknown_gfp;		/* gfp texts with a name nobody knows, which was left out */
	char unknown_gfp_text[64];	/* the first of them */
	u64 numeric_gfp;		/* gfp masks given as a number, taken as Linux 6.1's */
};

/*
 * trace_open - begin to read; "-" is standard input. opt may be NULL.
 * Reads as far as is needed to know the format.
 * Errors: NULL and one line in err[size] (512 bytes are plenty), without newline:
 * no such file, a directory, empty, damaged, not a trace.
 */
struct trace_reader *trace_open(const char *path, const struct trace_options *opt,
				char *err, size_t size);
/* trace_open_memory - the same on bytes, compressed or not, which must outlive the reader. */
struct trace_reader *trace_open_memory(const void *data, size_t len, const char *name,
				       const struct trace_options *opt, char *err, size_t size);
void trace_close(struct trace_reader *r);	/* NULL is fine */

/*
 * trace_next - the next event.
 * Returns 1 and fills *ev; 0 at the end; -1 when the file is damaged or, with
 * ->strict, at a malformed line: trace_error() then says where and why.
 * After 0 or -1 it returns the same again. Malformed lines are otherwise
 * skipped and counted, never fatal.
 */
int trace_next(struct trace_reader *r, struct trace_event *ev);
const char *trace_error(const struct trace_reader *r);

/* Borrowed; brought up to date by this call. */
const struct trace_stats *trace_statistics(struct trace_reader *r);

/*
 * trace_print_problems - one line for each reason to distrust the trace (malformed
 * lines by number, lost events, truncation ...), each beginning with the file's name.
 * Returns the number of lines printed; 0: a flawless trace. Call at the end.
 */
unsigned int trace_print_problems(const struct trace_reader *r, FILE *out);

enum trace_format trace_format(const struct trace_reader *r);
const char *trace_format_name(enum trace_format format);
const char *trace_code_name(enum trace_code code);	/* Linux's name of the tracepoint */
const char *trace_file_name(const struct trace_reader *r); /* for messages */
const char *trace_title(const struct trace_reader *r);	/* kmt1's own name of itself; else "" */
enum trace_ptr_kind trace_ptr_kind(const struct trace_reader *r);
u64 trace_line(const struct trace_reader *r);		/* number of the last event's line */

/* Names by number: 0 ... trace_nr_names() - 1, growing while the trace is read. */
u32 trace_nr_names(const struct trace_reader *r, enum trace_name_kind kind);
/* trace_name - "?" for TRACE_ID_NONE and numbers not given out; valid until trace_close(). */
const char *trace_name(const struct trace_reader *r, enum trace_name_kind kind, u32 id);
/* trace_find_name - the number of a text, or TRACE_ID_NONE. */
u32 trace_find_name(const struct trace_reader *r, enum trace_name_kind kind, const char *text);

/* trace_thread - what is known of a thread by now, or NULL. Valid until trace_next(). */
const struct trace_thread *trace_thread(const struct trace_reader *r, u32 tid);

#endif
