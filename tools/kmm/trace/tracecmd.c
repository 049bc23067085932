/* SPDX-License-Identifier: MIT */
/*
 * tracecmd.c - what "trace-cmd report" prints.
 *
 *	cpus=2
 *	         fork.sh-1000  [000]  1898.137062: kfree:    (exit_mmap+0x1b7) call_site=... ptr=...
 *	CPU:1 [12 EVENTS DROPPED]
 *
 * Events look like ftrace's, without flags in older versions. Around them it
 * talks: "version = 7", "CPU 1 is empty", "trace-cmd: warning ...". A report
 * without its first lines is taken for ftrace, which comes to the same.
 */
#include <string.h>

#include "text_line.h"

static bool begins(const char *p, const char *end, const char *word)
{
	struct scan s = { .p = p, .end = end };

	return scan_word(&s, word);
}

static bool is_talk(const char *p, const char *end)
{
	return begins(p, end, "cpus=") || begins(p, end, "version = ") ||
	       begins(p, end, "CPU ") || begins(p, end, "trace-cmd: ") ||
	       begins(p, end, "#");
}

static enum line_result decode(struct trace_reader *r, const char *p, const char *end,
			       struct trace_event *ev)
{
	if (unlikely(p == end || (*p != ' ' && (is_talk(p, end) || text_lost(r, p, end)))))
		return LINE_SKIP;
	return text_event(r, p, end, '-', ev);
}

static bool recognise(const char *p, const char *end)
{
	return begins(p, end, "cpus=") || begins(p, end, "version = ");
}

const struct trace_decoder tracecmd_decoder = {
	.name = "trace-cmd",
	.recognise = recognise,
	.decode = decode,
};
