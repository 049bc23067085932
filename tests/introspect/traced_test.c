// SPDX-License-Identifier: MIT
// SOURCES: tools/kmm/trace/*.c
// FLAVOURS: release debug
/*
 * traced_test.c - a run of kmm, traced by kmm, as kmt1 text: the trace reader
 * must find it flawless, and following it must lead to what the run holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>
#include <kmm/trace_text.h>
#include <lib/seq_buf.h>
#include <tools/kmm/trace/reader.h>

#include "../tap.h"
#include "host.h"

#define SLOTS	512
#define STEPS	20000
#define TEXT	(8u << 20)

static struct kmt1_writer writer;
static struct seq_buf text;
static unsigned int seen[6], dropped;
static u64 now;

static void sink(const struct kmm_trace_event *e, void *arg)
{
	struct trace_stamp s = { .ns = now += 100, .cpu = kmm_cpu(), .tid = 1 + kmm_cpu(),
				 .comm = arg };

	seen[e->code]++;
	dropped += kmt1_event(&writer, &text, e, &s) != 0;
}

/* Returns the pages held at the end, by order as allocated. */
static unsigned long churn(void)
{
	static const gfp_t mask[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
				      GFP_KERNEL | __GFP_ZERO | __GFP_COMP };
	struct page *held[SLOTS] = { NULL };
	u8 order[SLOTS] = { 0 };
	unsigned long pages = 0;

	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int slot = i * 2654435761u >> 23;

		host_set_cpu(i / 1000 % 2);
		if (held[slot])
			__free_pages(held[slot], order[slot]);
		order[slot] = (u8)(slot % 7 == 0 ? 4 + slot % 3 : slot % 4 == 0);
		held[slot] = alloc_pages(mask[i % 4], order[slot]);
	}
	host_set_cpu(0);
	for (unsigned int i = 0; i < SLOTS; i++)
		pages += held[i] ? 1ul << order[i] : 0;
	return pages;
}

static void follow(unsigned long held)
{
	char err[512] = "";
	struct trace_reader *r = trace_open_memory(text.buffer, text.len, "run", NULL, err,
						   sizeof(err));
	unsigned int got[TRACE_NR_CODES] = { 0 };
	struct trace_event ev;
	long pages = 0;

	ok(r, "it is a trace%s", err);
	while (r && trace_next(r, &ev) > 0) {
		got[ev.code]++;
		if (ev.code == TRACE_PAGE_ALLOC && !ev.page.failed)
			pages += 1l << ev.page.order;
		if (ev.code == TRACE_PAGE_FREE)
			pages -= 1l << ev.page.order;
	}
	is_int(pages, (long)held, "allocations less frees are what is held");
	is_int(got[TRACE_PAGE_ALLOC], seen[TRACE_MM_PAGE_ALLOC], "mm_page_alloc");
	is_int(got[TRACE_PAGE_FREE], seen[TRACE_MM_PAGE_FREE], "mm_page_free");
	is_int(got[TRACE_PAGE_ZONE_LOCKED], seen[TRACE_MM_PAGE_ALLOC_ZONE_LOCKED], "zone_locked");
	is_int(got[TRACE_PCPU_DRAIN], seen[TRACE_MM_PAGE_PCPU_DRAIN], "pcpu_drain");
	is_int(got[TRACE_EXTFRAG], seen[TRACE_MM_PAGE_ALLOC_EXTFRAG], "extfrag");
	is_int(trace_print_problems(r, stderr), 0, "nothing to complain about");
	trace_close(r);
}

int main(void)
{
	struct host_machine *pc = host_machine_simple(64ULL << 20, 1, 2);
	struct host_config c = { .quiet = true };
	char comm[] = "churn", *buffer = malloc(TEXT);
	unsigned long held;

	host_machine_config(pc, &c);
	if (!ok(host_boot(&c) == 0, "boots"))
		return done_testing();
	seq_buf_init(&text, buffer, TEXT);
	kmt1_begin(&writer, &text, "a run of kmm");
	set_trace_sink(sink, comm);
	held = churn();
	set_trace_sink(NULL, NULL);
	kmt1_end(&writer, &text);
	is_int(dropped, 0, "no event was dropped");
	ok(seen[TRACE_MM_PAGE_ALLOC] == STEPS, "%d allocations", STEPS);
	follow(held);
	host_power_off();
	host_machine_free(pc);
	free(buffer);
	return done_testing();
}
