/* SPDX-License-Identifier: MIT */
/*
 * perf_script.c - what "perf script" prints of a recording of tracepoints.
 *
 *	           other  1000 [000]  4854.298211:      kmem:kmalloc: call_site=... ptr=...
 *
 * Besides: comments ('#', with --header), call chains after an event (-g: lines
 * that begin with a tab), other records (--show-*: an event PERF_RECORD_...),
 * and losses, in whatever way the perf at hand puts them:
 *
 *	sh 1 [001] 12.3: PERF_RECORD_LOST lost 17
 *	LOST 17 events!
 *	Processed 5000 events and lost 3 chunks!	(counted as 3)
 */
#include <string.h>

#include "text_line.h"

/* "... lost 17", "LOST 17 events!" */
static bool count_lost(struct trace_reader *r, const char *p, const char *end)
{
	static const char *const words[] = { "lost ", "LOST " };
	struct scan s = { .end = end };
	u64 n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		s.p = memmem(p, (size_t)(end - p), words[i], 5);
		if (!s.p)
			continue;
		s.p += 5;
		s.bad = NULL;
		n = scan_dec(&s, "count");
		if (s.bad)
			continue;
		r->stats.lost += n;
		return true;
	}
	return false;
}

static bool is_perf_record(const struct trace_event *ev)
{
	static const char prefix[] = "PERF_RECORD_";

	return ev->code == TRACE_OTHER && ev->other.len >= sizeof(prefix) - 1 &&
	       !memcmp(ev->other.text, prefix, sizeof(prefix) - 1);
}

static enum line_result decode(struct trace_reader *r, const char *p, const char *end,
			       struct trace_event *ev)
{
	enum line_result result;

	if (p == end || *p == '#' || *p == '\t' || scan_is_blank(p, end))
		return LINE_SKIP;
	result = text_event(r, p, end, ' ', ev);
	if (likely(result == LINE_EVENT && !is_perf_record(ev)))
		return LINE_EVENT;
	if (result == LINE_BAD)
		return count_lost(r, p, end) ? LINE_SKIP : LINE_BAD;
	if (ev->other.len >= 16 && !memcmp(ev->other.text, "PERF_RECORD_LOST", 16))
		count_lost(r, ev->other.text, end);
	return LINE_SKIP;
}

static bool recognise(const char *p, const char *end)
{
	struct text_line t;

	return text_line_split(p, end, ' ', &t, NULL);
}

const struct trace_decoder perf_script_decoder = {
	.name = "perf script",
	.recognise = recognise,
	.decode = decode,
};
