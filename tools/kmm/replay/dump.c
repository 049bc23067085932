// SPDX-License-Identifier: MIT
/*
 * dump.c - what kmm itself did, as a trace that can be replayed again.
 *
 * The core's events (kmm/trace.h) in the form kmt1, written while the replay runs.
 * Each carries the time, CPU and thread of the recorded event that caused it. A sink
 * turns the allocator's fast paths off, so a replay that is dumped is slower, and its
 * per-CPU lists may be used in another order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/trace.h>
#include <kmm/trace_text.h>

#include "lib/seq_buf.h"
#include "tools/kmm/trace/alloc.h"

#include "engine.h"

struct trace_dump {
	FILE *out;
	struct trace_stamp stamp;	/* of the recorded event that is being replayed */
	struct kmt1_writer writer;
};

static void sink(const struct kmm_trace_event *e, void *arg)
{
	struct trace_dump *d = arg;
	char text[2 * TRACE_TEXT_MAX];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (!kmt1_event(&d->writer, &s, e, &d->stamp))
		fwrite(text, 1, s.len, d->out);
}

int dump_begin(struct replay *rp)
{
	char text[TRACE_TEXT_MAX];
	struct trace_dump *d;
	struct seq_buf s;

	if (!rp->config->dump)
		return 0;
	d = rp->dump = trace_alloc(sizeof(*d));
	d->out = fopen(rp->config->dump, "w");
	if (!d->out)
		return replay_fail(rp, "%s: %s", rp->config->dump, strerror(errno));
	seq_buf_init(&s, text, sizeof(text));
	kmt1_begin(&d->writer, &s, "kmm");
	fwrite(text, 1, s.len, d->out);
	set_trace_sink(sink, d);
	return 0;
}

void dump_stamp(struct replay *rp, u64 ns, char context)
{
	struct trace_dump *d = rp->dump;

	d->stamp.ns = max(d->stamp.ns, ns);
	d->stamp.cpu = rp->cpu;
	d->stamp.symbol = host_symbol;
	d->stamp.context = context;
}

int dump_end(struct replay *rp)
{
	struct trace_dump *d = rp->dump;
	char text[TRACE_TEXT_MAX];
	struct seq_buf s;
	bool bad;

	if (!d)
		return 0;
	set_trace_sink(NULL, NULL);
	seq_buf_init(&s, text, sizeof(text));
	kmt1_end(&d->writer, &s);
	fwrite(text, 1, s.len, d->out);
	bad = ferror(d->out);
	bad |= fclose(d->out) != 0;
	d->out = NULL;
	return bad ? replay_fail(rp, "%s: cannot write", rp->config->dump) : 0;
}

void dump_free(struct replay *rp)
{
	if (rp->dump && rp->dump->out)
		fclose(rp->dump->out);
	free(rp->dump);
	rp->dump = NULL;
}
