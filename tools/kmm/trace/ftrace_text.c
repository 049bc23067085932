/* SPDX-License-Identifier: MIT */
/*
 * ftrace_text.c - a copy of the "trace" file in tracefs (or of trace_pipe).
 *
 *	# tracer: nop
 *	# entries-in-buffer/entries-written: 31441/31441   #P:2
 *	           dash-1001    [000] ..s2.  4855.897381: mm_page_free: page=... pfn=...
 *	CPU:1 [LOST 12 EVENTS]
 *
 * When more was written than is in the buffer, the ring buffer came round: the
 * difference is lost, all of it before the first line. trace_pipe has no such
 * header, but a line for each loss.
 */
#include <string.h>

#include "text_line.h"

static enum line_result comment(struct trace_reader *r, const char *p, const char *end)
{
	struct scan s = { .p = p, .end = end };
	u64 kept, written;

	if (!scan_word(&s, "# entries-in-buffer/entries-written: "))
		return LINE_SKIP;
	kept = scan_dec(&s, "entries-in-buffer");
	scan_char(&s, '/', "entries-in-buffer");
	written = scan_dec(&s, "entries-written");
	if (s.bad)
		return line_bad(r, "bad %s", s.bad);
	if (written > kept)
		r->stats.lost += written - kept;
	return LINE_SKIP;
}

static enum line_result decode(struct trace_reader *r, const char *p, const char *end,
			       struct trace_event *ev)
{
	if (unlikely(p == end || *p == '#'))
		return comment(r, p, end);
	if (unlikely(*p == 'C' && text_lost(r, p, end)))
		return LINE_SKIP;
	return text_event(r, p, end, '-', ev);
}

static bool recognise(const char *p, const char *end)
{
	static const char header[] = "# tracer:";
	struct text_line t;

	if (end - p >= (long)sizeof(header) - 1 && !memcmp(p, header, sizeof(header) - 1))
		return true;
	return text_line_split(p, end, '-', &t, NULL);
}

const struct trace_decoder ftrace_decoder = {
	.name = "ftrace",
	.recognise = recognise,
	.decode = decode,
};
