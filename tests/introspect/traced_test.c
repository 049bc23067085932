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
#include <kmm/page_addr.h>
#include <kmm/slab.h>
#include <kmm/trace_text.h>
#include <lib/seq_buf.h>
#include <tools/kmm/trace/reader.h>

#include "../tap.h"
#include "host.h"

#define SLOTS	512
#define STEPS	20000
#define OBJECTS	8000
#define TEXT	(8u << 20)

static struct kmt1_writer writer;
static struct seq_buf text;
static unsigned int seen[TRACE_KMEM_CACHE_FREE + 1], dropped;
static u64 now;

static void sink(const struct kmm_trace_event *e, void *arg)
{
	struct trace_stamp s = { .ns = now += 100, .cpu = kmm_cpu(), .tid = 1 + kmm_cpu(),
				 .comm = arg, .symbol = host_symbol };

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

/* Objects of each kind, the same number of each freed as left. Returns how many are left. */
static __noinline unsigned long objects(struct kmem_cache *s)
{
	unsigned long left = 0;

	for (unsigned int i = 0; i < OBJECTS; i++) {
		void *p = i & 1 ? kmalloc(i, GFP_KERNEL) : kmem_cache_alloc(s, GFP_ATOMIC);

		if (!p)
			continue;
		left++;
		if (i & 2)
			continue;
		left--;
		if (i & 1)
			kfree(p);
		else
			kmem_cache_free(s, p);
	}
	return left;
}

/* Objects live and bytes asked for; every cache and call site has a name. */
static void follow_objects(unsigned long left)
{
	char err[512] = "";
	struct trace_reader *r = trace_open_memory(text.buffer, text.len, "run", NULL, err,
						   sizeof(err));
	unsigned long live = 0, nameless = 0, beyond = 0, bytes = 0;
	struct trace_event ev;

	while (r && trace_next(r, &ev) > 0) {
		if (ev.code < TRACE_KMALLOC || ev.code > TRACE_CACHE_FREE)
			continue;
		live += ev.code == TRACE_KMALLOC || ev.code == TRACE_CACHE_ALLOC ? 1ul : -1ul;
		bytes += ev.code == TRACE_KMALLOC ? ev.obj.bytes_req : 0;
		beyond += !ev.obj.ptr || ev.obj.ptr >= 64ull << 20;
		nameless += !strstr(trace_name(r, TRACE_NAME_SITE, ev.obj.site_id), "objects+0x");
		if (ev.code == TRACE_CACHE_ALLOC || ev.code == TRACE_CACHE_FREE)
			nameless += strcmp(trace_name(r, TRACE_NAME_CACHE, ev.obj.cache_id),
					   "traced") != 0;
	}
	is_int(live, left, "objects allocated less freed are what is held");
	is_int(bytes, (OBJECTS / 2) * (OBJECTS / 2), "bytes kmalloc() was asked for");
	is_int(beyond, 0, "every object has a physical address of the machine");
	is_int(nameless, 0, "every call site and cache its name");
	trace_close(r);
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
	struct kmem_cache *s;
	unsigned long held, left;

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
	seq_buf_init(&text, buffer, TEXT);
	memset(&writer, 0, sizeof(writer));
	memset(seen, 0, sizeof(seen));
	kmt1_begin(&writer, &text, "objects of kmm");
	s = kmem_cache_create("traced", 200, 0, SLAB_NO_MERGE, NULL);
	set_trace_sink(sink, comm);
	left = objects(s);
	set_trace_sink(NULL, NULL);
	kmt1_end(&writer, &text);
	is_int(dropped, 0, "no event was dropped");
	ok(left == OBJECTS / 2 && seen[TRACE_KMEM_KMALLOC] == OBJECTS / 2 &&
	   seen[TRACE_KMEM_CACHE_ALLOC] == OBJECTS / 2, "%d objects", OBJECTS);
	follow_objects(left);
	host_power_off();
	host_machine_free(pc);
	free(buffer);
	return done_testing();
}
