/* SPDX-License-Identifier: MIT */
/*
 * text_line.c - the head of a line of perf script, trace-cmd report or ftrace.
 *
 *	perf script	   comm with blanks  1234 [003] 12.345678:     kmem:kfree: TAIL
 *	(-F +pid)	   comm         1000/1234 [003] 12.345678:     kmem:kfree: TAIL
 *	ftrace		   comm with-dash-1234    [003] d..2. 12.345678: kfree: TAIL
 *	(record-tgid)	   comm-1234    (   1000) [003] d..2. 12.345678: kfree: TAIL
 *	trace-cmd	   comm-1234    [003] 12.345678: kfree:           TAIL
 *
 * A comm may hold any character, so the line is not read from the left. Its
 * anchor is the CPU, "[digits]", which must have a pid on its left and a time
 * and a colon on its right; the first bracket of which all this is true is it.
 * The flags, where there are any, tell in their third letter whether the code
 * ran in an interrupt.
 *
 * Times are printed in seconds since boot, with 6 digits (or 9) after the
 * point; without a point they are a trace clock's own count, taken as
 * nanoseconds. They are given out as the distance from the first event.
 */
#include <assert.h>
#include <string.h>

#include "text_line.h"

#define NSEC_PER_SEC	1000000000u
#define MAX_SECONDS	((u64)1 << 32)
#define MAX_COMM	64
#define MAX_TGID	16	/* characters in its parentheses */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- left of the CPU ---- */

static const char *back_over_spaces(const char *p, const char *start)
{
	while (p > start && p[-1] == ' ')
		p--;
	return p;
}

static const char *back_over_digits(const char *p, const char *start)
{
	while (p > start && is_digit(p[-1]))
		p--;
	return p;
}

/* "(   1234)" or "(-------)" between pid and CPU. */
static const char *back_over_tgid(const char *p, const char *start)
{
	const char *q = p;

	if (q == start || q[-1] != ')')
		return p;
	while (q > start && q[-1] != '(' && p - q < MAX_TGID)
		q--;
	return q > start && q[-1] == '(' ? back_over_spaces(q - 1, start) : p;
}

/* [digits, end) -> tid. perf prints a thread it knows nothing of as -1. */
static bool set_tid(struct text_line *t, const char *digits, const char *end)
{
	struct scan s = { .p = digits, .end = end };

	t->tid = (u32)scan_dec_max(&s, UINT32_MAX, "");
	return !s.bad && s.p == end;
}

/* The pid ends at @p; the comm begins somewhere after @start. */
static bool split_left(const char *start, const char *p, char before_pid, struct text_line *t)
{
	const char *digits, *pid_end;

	pid_end = back_over_tgid(back_over_spaces(p, start), start);
	digits = back_over_digits(pid_end, start);
	if (!set_tid(t, digits, pid_end))
		return false;
	if (before_pid == ' ' && digits > start && digits[-1] == '/')
		digits = back_over_digits(digits - 1, start);
	if (before_pid == ' ' && t->tid == 1 && digits > start + 1 && digits[-1] == '-' &&
	    digits[-2] == ' ') {
		digits--;
		t->tid = UINT32_MAX;
	}
	if (digits == start || digits[-1] != before_pid)
		return false;
	t->comm_end = back_over_spaces(digits - 1, start);
	for (t->comm = start; t->comm < t->comm_end && *t->comm == ' '; t->comm++)
		;
	return t->comm_end - t->comm <= MAX_COMM;
}

/* ---- right of the CPU ---- */

static bool scan_time(struct scan *s, u64 *ns)
{
	const char *fraction;
	u64 sec = scan_dec(s, "time"), part;
	long digits;

	if (*s->p != '.') {
		*ns = sec;
		return !s->bad && *s->p == ':' && sec <= INT64_MAX;
	}
	fraction = ++s->p;
	part = scan_dec(s, "time");
	digits = s->p - fraction;
	for (; digits < 9; digits++)
		part *= 10;
	*ns = sec * NSEC_PER_SEC + part;
	return !s->bad && digits == 9 && sec < MAX_SECONDS && *s->p == ':';
}

static u8 context_of(const char *flags, const char *end)
{
	if (end - flags < 3)
		return TRACE_TASK;
	switch (flags[2]) {
	case 'h':
	case 'H':
	case 'z':
	case 'Z': return TRACE_HARDIRQ;
	case 's': return TRACE_SOFTIRQ;
	default: return TRACE_TASK;
	}
}

/* Time, perhaps after flags; then ':'. */
static bool split_time(struct scan *s, struct text_line *t)
{
	const char *flags = s->p, *end;

	t->context = TRACE_TASK;
	if (scan_time(s, &t->ts_ns))
		return true;
	s->bad = NULL;
	end = memchr(flags, ' ', (size_t)(s->end - flags));
	if (!end)
		return false;
	t->context = context_of(flags, end);
	s->p = end;
	scan_spaces(s);
	return scan_time(s, &t->ts_ns);
}

/* "[003] ... 12.345:" at @p. */
static bool split_cpu_and_time(const char *p, const char *end, struct text_line *t)
{
	struct scan s = { .p = p + 1, .end = end };

	assert(*p == '[');
	t->cpu = (u16)scan_dec_max(&s, UINT16_MAX, "CPU");
	scan_char(&s, ']', "CPU");
	scan_char(&s, ' ', "CPU");
	if (s.bad)
		return false;
	scan_spaces(&s);
	if (!split_time(&s, t))
		return false;
	t->tail = s.p + 1;
	return true;
}

/* perf -F +period prints a number before the event's name. */
static void skip_period(struct scan *s)
{
	const char *start = s->p;

	while (is_digit(*s->p))
		s->p++;
	if (s->p == start || *s->p != ' ')
		s->p = start;
	scan_spaces(s);
}

/* "   kmem:kfree:   TAIL" -> name and tail; kernel functions (no colon) are names too. */
static bool split_event(const char *end, struct text_line *t)
{
	struct scan s = { .p = t->tail, .end = end };
	const char *colon;

	scan_spaces(&s);
	skip_period(&s);
	t->event = s.p;
	t->event_end = memchr(s.p, ' ', (size_t)(end - s.p));
	if (!t->event_end)
		t->event_end = end;
	s.p = t->event_end;
	scan_spaces(&s);
	t->tail = s.p;
	t->tail_end = end;
	if (t->event_end > t->event && t->event_end[-1] == ':')
		t->event_end--;
	colon = memrchr(t->event, ':', (size_t)(t->event_end - t->event));
	if (colon)
		t->event = colon + 1;
	return t->event < t->event_end;
}

bool text_line_split(const char *p, const char *end, char before_pid, struct text_line *t,
		     const char **bad)
{
	const char *bracket = p, *why = "no \"pid [cpu] time:\" in it";
	bool found = false;

	while (!found && (bracket = memchr(bracket, '[', (size_t)(end - bracket)))) {
		found = split_cpu_and_time(bracket, end, t) &&
			split_left(p, bracket, before_pid, t);
		bracket++;
	}
	if (found) {
		found = split_event(end, t);
		why = "no event after the time";
	}
	if (bad && !found)
		*bad = why;
	return found;
}

/* ---- events ---- */

static bool note_thread(struct trace_reader *r, const struct text_line *t)
{
	struct trace_thread *th = thread_get(&r->threads, t->tid);
	u32 id = name_intern(&r->names[TRACE_NAME_COMM], t->comm, (size_t)(t->comm_end - t->comm));

	if (id == NAMES_REFUSED)
		return false;
	th->comm_id = id;
	return true;
}

static u64 relative_time(struct trace_reader *r, u64 ts)
{
	if (unlikely(!r->has_first_ts)) {
		r->first_ts = ts;
		r->has_first_ts = true;
	}
	ts = ts > r->first_ts ? ts - r->first_ts : 0;
	if (unlikely(ts < r->ts_ns))
		r->stats.backwards++;
	return r->ts_ns = ts;
}

enum line_result text_event(struct trace_reader *r, const char *p, const char *end,
			    char before_pid, struct trace_event *ev)
{
	enum line_result result;
	struct text_line t;
	const char *bad;

	if (!text_line_split(p, end, before_pid, &t, &bad))
		return line_bad(r, "%s", bad);
	ev->tid = t.tid;
	ev->cpu = t.cpu;
	ev->context = t.context;
	result = kmem_decode(r, &t, ev);
	if (result != LINE_EVENT)
		return result;
	if (!note_thread(r, &t))
		return line_bad(r, "bad thread name");
	ev->ts_ns = relative_time(r, t.ts_ns);
	return LINE_EVENT;
}

/* ---- losses ---- */

static const char *find(const char *p, const char *end, const char *word)
{
	return memmem(p, (size_t)(end - p), word, strlen(word));
}

static bool count_lost(struct trace_reader *r, const char *p, const char *end)
{
	struct scan s = { .p = p, .end = end };
	u64 n;

	scan_spaces(&s);
	n = scan_dec(&s, "count");
	if (s.bad)
		r->stats.lost_unknown++;
	else
		r->stats.lost += n;
	return true;
}

bool text_lost(struct trace_reader *r, const char *p, const char *end)
{
	const char *at;

	if (end - p < 4 || memcmp(p, "CPU:", 4))
		return false;
	at = find(p, end, "[LOST ");
	if (at)
		return count_lost(r, at + 6, end);
	at = find(p, end, "EVENTS DROPPED]");
	if (!at)
		return false;
	at = memchr(p, '[', (size_t)(end - p));
	return at && count_lost(r, at + 1, end);
}
