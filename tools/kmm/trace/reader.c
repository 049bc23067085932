/* SPDX-License-Identifier: MIT */
/*
 * reader.c - the same for every format: open, recognise, count, complain.
 *
 *	input.c        reader.c                    kmt1.c, perf_script.c, ...
 *	lines    ->    which format is it?   ->    one line -> event | skip | bad
 *	               count, note bad lines
 *
 * The format is decided by the first line that only one format can have
 * written. Lines before it (a shell's chatter, a perf warning) are skipped and,
 * unless blank or comments, count as malformed; when LOOK_AHEAD lines decide
 * nothing, the file is not a trace.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "decoder.h"
#include "gfp_text.h"

#define LOOK_AHEAD	200
#define MAX_BARREN	(1u << 22)	/* lines in a row without an event; more are no trace */

static const struct trace_decoder *const decoders[TRACE_NR_FORMATS] = {
	[TRACE_KMT1] = &kmt1_decoder,
	[TRACE_PERF_SCRIPT] = &perf_script_decoder,
	[TRACE_TRACE_CMD] = &tracecmd_decoder,
	[TRACE_FTRACE] = &ftrace_decoder,
};

/* ---- what decoders call ---- */

enum line_result line_bad(struct trace_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
	return LINE_BAD;
}

void copy_printable(char *buf, size_t size, const char *p, const char *end)
{
	size_t i;

	assert(size && p <= end);
	for (i = 0; i < size - 1 && p < end; i++, p++)
		buf[i] = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
	buf[i] = '\0';
}

void set_marker(struct trace_reader *r, struct trace_event *ev, const char *p, const char *end)
{
	copy_printable(r->text, sizeof(r->text), p, end);
	ev->marker.text = r->text;
}

bool count_gfp(struct trace_reader *r, unsigned int result, const char *text, size_t len)
{
	struct trace_stats *st = &r->stats;

	if (result & GFP_TEXT_BAD)
		return false;
	if (result & GFP_TEXT_NUMBER)
		st->numeric_gfp++;
	if (result & GFP_TEXT_UNKNOWN && !st->unknown_gfp++)
		copy_printable(st->unknown_gfp_text, sizeof(st->unknown_gfp_text), text,
			       text + len);
	return true;
}

/* ---- trouble ---- */

/* The reading ends here. */
static int failed(struct trace_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static int failed(struct trace_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	return r->state = -1;
}

/* A malformed line, explained in r->reason: noted, and fatal when strict. */
static void __cold note_bad(struct trace_reader *r)
{
	struct trace_stats *st = &r->stats;
	u64 line = input_line_nr(r->input);

	st->malformed++;
	if (st->nr_bad < TRACE_NOTED) {
		st->bad[st->nr_bad].line = line;
		snprintf(st->bad[st->nr_bad++].reason, TRACE_REASON, "%s", r->reason);
	}
	if (r->opt.strict)
		failed(r, "%.255s:%" PRIu64 ": %s", input_name(r->input), line, r->reason);
}

/* Names and call sites may fill many lines, but not any number of them. */
static bool is_barren(struct trace_reader *r)
{
	if (likely(++r->barren <= MAX_BARREN))
		return false;
	failed(r, "%s: %u lines without an event, up to line %" PRIu64 ": given up",
	       input_name(r->input), MAX_BARREN, input_line_nr(r->input));
	return true;
}

static bool next_line(struct trace_reader *r, const char **p, const char **end)
{
	while (likely(!is_barren(r))) {
		switch (input_line(r->input, p, end)) {
		case INPUT_LINE:
			return true;
		case INPUT_TOO_LONG:
			line_bad(r, "a line over %d bytes", INPUT_MAX_LINE);
			note_bad(r);
			if (r->state < 0)
				return false;
			continue;
		case INPUT_ERROR:
			failed(r, "%s", input_error(r->input));
			return false;
		case INPUT_END:
			return false;
		}
	}
	return false;
}

/* ---- opening ---- */

/* Files people bring by mistake, by their first bytes. */
static const char *advice(const char *p, const char *end)
{
	static const struct hint {
		const char *begin, *text;
	} hints[] = {
		{ "PERFILE2", "this is perf.data: give me the output of perf script" },
		{ "\x17\x08\x44tracing",
		  "this is trace.dat: give me the output of trace-cmd report" },
		{ "\x7f" "ELF", "this is a program" },
		{ "Node ", "this is buddyinfo" },
		{ "Page block order:", "this is pagetypeinfo" },
	};
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(hints); i++) {
		n = strlen(hints[i].begin);
		if ((size_t)(end - p) >= n && !memcmp(p, hints[i].begin, n))
			return hints[i].text;
	}
	return NULL;
}

static const struct trace_decoder *recognise(const char *p, const char *end)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decoders); i++)
		if (decoders[i]->recognise(p, end))
			return decoders[i];
	return NULL;
}

static int not_a_trace(struct trace_reader *r, const char *hint)
{
	return failed(r, "%s: not a trace: %s", input_name(r->input), hint ? hint :
		      "neither kmt1 nor the text of perf script, trace-cmd report or ftrace");
}

static void skip_byte_order_mark(struct trace_reader *r, const char **p, const char *end)
{
	if (input_line_nr(r->input) == 1 && end - *p >= 3 && !memcmp(*p, "\xef\xbb\xbf", 3))
		*p += 3;
}

/* One line of a file whose format is not known yet: does it tell? */
static bool tells_format(struct trace_reader *r, const char *p, const char *end)
{
	r->decoder = recognise(p, end);
	if (r->decoder) {
		r->pending = p;
		r->pending_end = end;
	} else if (!scan_is_blank(p, end) && *p != '#') {
		line_bad(r, "a line before the trace begins");
		note_bad(r);
	}
	return r->decoder;
}

/* Read up to the line that tells the format, and leave that line pending. */
static int search_format(struct trace_reader *r)
{
	const char *p, *end, *hint;

	while (input_line_nr(r->input) < LOOK_AHEAD && next_line(r, &p, &end)) {
		skip_byte_order_mark(r, &p, end);
		hint = input_line_nr(r->input) == 1 ? advice(p, end) : NULL;
		if (hint)
			return not_a_trace(r, hint);
		if (tells_format(r, p, end))
			return 1;
	}
	if (r->state < 0)
		return -1;
	if (input_bytes(r->input) == 0)
		return failed(r, "%s: empty", input_name(r->input));
	return not_a_trace(r, NULL);
}

/* A file that is no trace at all is told so, strict or not; a trace with a preface is not. */
static int find_format(struct trace_reader *r)
{
	bool strict = r->opt.strict;
	int rc;

	r->opt.strict = false;
	rc = search_format(r);
	r->opt.strict = strict;
	if (rc > 0 && strict && r->stats.nr_bad)
		rc = failed(r, "%.255s:%" PRIu64 ": %s", input_name(r->input),
			    r->stats.bad[0].line, r->stats.bad[0].reason);
	return rc;
}

/* The statistics that the input counts for us. */
static void update_statistics(struct trace_reader *r)
{
	r->stats.lines = input_line_nr(r->input);
	r->stats.bytes = input_bytes(r->input);
}

static struct trace_reader *reader_new(struct input *in, const struct trace_options *opt,
				       char *err, size_t size)
{
	struct trace_reader *r;

	if (!in)
		return NULL;
	r = trace_alloc(sizeof(*r));
	r->input = in;
	if (opt)
		r->opt = *opt;
	input_limit(in, r->opt.max_bytes);
	r->state = 1;
	if (find_format(r) > 0)
		return r;
	snprintf(err, size, "%s", r->error);
	trace_close(r);
	return NULL;
}

struct trace_reader *trace_open(const char *path, const struct trace_options *opt,
				char *err, size_t size)
{
	return reader_new(input_open(path, err, size), opt, err, size);
}

struct trace_reader *trace_open_memory(const void *data, size_t len, const char *name,
				       const struct trace_options *opt, char *err, size_t size)
{
	return reader_new(input_open_memory(data, len, name, err, size), opt, err, size);
}

void trace_close(struct trace_reader *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < TRACE_NR_NAME_KINDS; i++)
		names_free(&r->names[i]);
	threads_free(&r->threads);
	names_free(&r->gfp_texts);
	free(r->gfp_bits);
	free(r->caches.value);
	free(r->sites.value);
	free(r->gfps.value);
	input_close(r->input);
	free(r);
}

/* ---- reading ---- */

static int at_end(struct trace_reader *r)
{
	update_statistics(r);
	if (r->state < 0)
		return -1;
	if (r->decoder->finish)
		r->decoder->finish(r);
	return r->state = 0;
}

static inline bool take_line(struct trace_reader *r, const char **p, const char **end)
{
	if (likely(!r->pending))
		return next_line(r, p, end);
	*p = r->pending;
	*end = r->pending_end;
	r->pending = NULL;
	return true;
}

int trace_next(struct trace_reader *r, struct trace_event *ev)
{
	const char *p, *end;

	if (unlikely(r->state <= 0))
		return r->state;
	while (take_line(r, &p, &end)) {
		switch (r->decoder->decode(r, p, end, ev)) {
		case LINE_EVENT:
			assert(ev->code < TRACE_NR_CODES);
			r->barren = 0;
			r->stats.events++;
			r->stats.by_code[ev->code]++;
			return 1;
		case LINE_BAD:
			note_bad(r);
			if (r->state < 0)
				return at_end(r);
			break;
		case LINE_SKIP:
			break;
		}
	}
	return at_end(r);
}

const char *trace_error(const struct trace_reader *r)
{
	return r->error;
}

const struct trace_stats *trace_statistics(struct trace_reader *r)
{
	update_statistics(r);
	return &r->stats;
}

/* ---- complaints ---- */

static unsigned int print_bad_lines(const struct trace_reader *r, FILE *out)
{
	const struct trace_stats *st = &r->stats;
	unsigned int i, n = st->nr_bad;

	for (i = 0; i < st->nr_bad; i++)
		fprintf(out, "%s:%" PRIu64 ": %s\n", input_name(r->input), st->bad[i].line,
			st->bad[i].reason);
	if (st->malformed > st->nr_bad) {
		fprintf(out, "%s: and %" PRIu64 " more malformed lines\n", input_name(r->input),
			st->malformed - st->nr_bad);
		n++;
	}
	return n;
}

static unsigned int print_count(const struct trace_reader *r, FILE *out, u64 n, const char *what)
{
	if (!n)
		return 0;
	fprintf(out, "%s: %" PRIu64 " %s\n", input_name(r->input), n, what);
	return 1;
}

static unsigned int print_truncation(const struct trace_reader *r, FILE *out)
{
	const struct trace_stats *st = &r->stats;

	if (st->truncated && !r->ended) {
		fprintf(out, "%s: cut short: no #end line\n", input_name(r->input));
		return 1;
	}
	if (!r->ended || (!st->truncated && st->events <= st->declared))
		return 0;
	fprintf(out, "%s: #end promises %" PRIu64 " events, there are %" PRIu64 "\n",
		input_name(r->input), st->declared, st->events);
	return 1;
}

unsigned int trace_print_problems(const struct trace_reader *r, FILE *out)
{
	const struct trace_stats *st = &r->stats;
	unsigned int n = print_bad_lines(r, out);

	n += print_count(r, out, st->lost, "events lost while recording");
	n += print_count(r, out, st->lost_unknown, "times events were lost, nobody knows how many");
	n += print_truncation(r, out);
	n += print_count(r, out, st->backwards, "events are older than the one before them");
	n += print_count(r, out, st->numeric_gfp,
			 "gfp masks are bare numbers: taken as those of Linux 6.1");
	if (st->unknown_gfp) {
		fprintf(out, "%s: %" PRIu64 " gfp masks have unknown names, the first: %s\n",
			input_name(r->input), st->unknown_gfp, st->unknown_gfp_text);
		n++;
	}
	return n;
}

/* ---- questions ---- */

enum trace_format trace_format(const struct trace_reader *r)
{
	enum trace_format f = TRACE_KMT1;

	while (decoders[f] != r->decoder)
		f++;
	assert(f < TRACE_NR_FORMATS);
	return f;
}

const char *trace_format_name(enum trace_format format)
{
	assert(format < TRACE_NR_FORMATS);
	return decoders[format]->name;
}

const char *trace_code_name(enum trace_code code)
{
	static const char *const names[TRACE_NR_CODES] = {
		[TRACE_PAGE_ALLOC] = "mm_page_alloc",
		[TRACE_PAGE_FREE] = "mm_page_free",
		[TRACE_PAGE_ZONE_LOCKED] = "mm_page_alloc_zone_locked",
		[TRACE_PCPU_DRAIN] = "mm_page_pcpu_drain",
		[TRACE_EXTFRAG] = "mm_page_alloc_extfrag",
		[TRACE_KMALLOC] = "kmalloc",
		[TRACE_KFREE] = "kfree",
		[TRACE_CACHE_ALLOC] = "kmem_cache_alloc",
		[TRACE_CACHE_FREE] = "kmem_cache_free",
		[TRACE_MARKER] = "marker",
		[TRACE_PAGE_FREE_BATCHED] = "mm_page_free_batched",
		[TRACE_OTHER] = "other",
	};

	assert(code < TRACE_NR_CODES);
	return names[code];
}

const char *trace_file_name(const struct trace_reader *r)
{
	return input_name(r->input);
}

const char *trace_title(const struct trace_reader *r)
{
	return r->title;
}

enum trace_ptr_kind trace_ptr_kind(const struct trace_reader *r)
{
	return r->ptr_kind;
}

u64 trace_line(const struct trace_reader *r)
{
	return input_line_nr(r->input);
}

u32 trace_nr_names(const struct trace_reader *r, enum trace_name_kind kind)
{
	assert(kind < TRACE_NR_NAME_KINDS);
	return r->names[kind].nr;
}

const char *trace_name(const struct trace_reader *r, enum trace_name_kind kind, u32 id)
{
	assert(kind < TRACE_NR_NAME_KINDS);
	return id < r->names[kind].nr ? r->names[kind].names[id].text : "?";
}

u32 trace_find_name(const struct trace_reader *r, enum trace_name_kind kind, const char *text)
{
	u32 id = name_find(&r->names[kind], text, strlen(text));

	return id == NAMES_REFUSED ? TRACE_ID_NONE : id;
}

const struct trace_thread *trace_thread(const struct trace_reader *r, u32 tid)
{
	return thread_find(&r->threads, tid);
}
