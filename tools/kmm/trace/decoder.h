/* SPDX-License-Identifier: MIT */
/*
 * decoder.h - between reader.c and the formats. Private to this directory.
 *
 * A format is a struct trace_decoder: recognise() looks at one line and says
 * whether the file can only be this; decode() takes every line from that one
 * on. A decoder keeps its state in struct trace_reader.
 */
#ifndef KMM_TRACE_DECODER_H
#define KMM_TRACE_DECODER_H

#include "input.h"
#include "names.h"
#include "reader.h"
#include "scan.h"

enum line_result {
	LINE_EVENT,		/* *ev is filled */
	LINE_SKIP,		/* nothing to give out: comment, definition, loss */
	LINE_BAD,		/* malformed; line_bad() was told why */
};

struct trace_decoder {
	const char *name;
	bool (*recognise)(const char *p, const char *end);
	enum line_result (*decode)(struct trace_reader *r, const char *p, const char *end,
				   struct trace_event *ev);
	void (*finish)(struct trace_reader *r);	/* at the end; may be NULL */
};

extern const struct trace_decoder kmt1_decoder, perf_script_decoder, tracecmd_decoder,
	ftrace_decoder;

/* kmt1 files number their definitions themselves: file's number -> value. */
struct id_map {
	u32 *value;		/* kmt1.c's encoding; 0: not defined */
	size_t cap;
};

struct trace_reader {
	const struct trace_decoder *decoder;
	struct input *input;
	struct trace_options opt;
	struct trace_stats stats;
	struct name_table names[TRACE_NR_NAME_KINDS];
	struct thread_table threads;
	enum trace_ptr_kind ptr_kind;
	u64 ts_ns;			/* of the last event */
	u32 barren;			/* lines since then */
	int state;			/* 1 reading, 0 at the end, -1 failed */
	char error[512];
	char reason[TRACE_REASON];	/* of the malformed line at hand */
	char text[256];			/* a marker's text */
	const char *pending, *pending_end;	/* a line read while looking for the format */

	/* kmt1 */
	struct id_map caches, sites, gfps;
	bool ended;			/* the #end line was seen */
	char title[128];

	/* the other formats */
	u64 first_ts;			/* timestamps are printed absolute */
	bool has_first_ts;
	struct name_table gfp_texts;	/* mask texts seen, and ... */
	u32 *gfp_bits;			/* ... what they mean, by number */
	size_t gfp_cap;
};

/* line_bad - note why the line at hand is malformed; returns LINE_BAD. */
enum line_result line_bad(struct trace_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) __cold;

/* What gfp_from_text() said about a text, into the statistics; true: it is a gfp mask. */
bool count_gfp(struct trace_reader *r, unsigned int result, const char *text, size_t len);

/* Copy [p, end) as a string, cut at size, control characters replaced by '?'. */
void copy_printable(char *buf, size_t size, const char *p, const char *end);
/* Copy a marker's text, made printable, to r->text and point the event at it. */
void set_marker(struct trace_reader *r, struct trace_event *ev, const char *p, const char *end);

#endif
