/* SPDX-License-Identifier: MIT */
// SOURCES: tools/kmm/trace/*.c
/*
 * fuzz_trace.c - any bytes as an allocation trace, lenient and strict.
 *
 * Besides not crashing: what is given out keeps the promises of event.h, and
 * the counts agree with what was given out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/kmm/trace/reader.h"

#define MAX_BYTES	(8u << 20)	/* a small compressed input may be a large text */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void check_id(const struct trace_reader *r, enum trace_name_kind kind, u32 id)
{
	must(id == TRACE_ID_NONE || id < trace_nr_names(r, kind), "a name's number");
	must(trace_name(r, kind, id) != NULL, "a name");
}

static void check_page(const struct trace_page *page)
{
	must(page->pfn <= TRACE_MAX_PFN, "pfn");
	must(page->order <= TRACE_MAX_ORDER && page->migratetype >= -1, "order and type");
	must(!(page->gfp >> 23), "gfp");
}

static void check_event(const struct trace_reader *r, const struct trace_event *ev)
{
	must(ev->context == 't' || ev->context == 's' || ev->context == 'h', "context");
	switch (ev->code) {
	case TRACE_PAGE_ALLOC:
	case TRACE_PAGE_FREE:
	case TRACE_PAGE_FREE_BATCHED:
	case TRACE_PAGE_ZONE_LOCKED:
	case TRACE_PCPU_DRAIN: check_page(&ev->page); break;
	case TRACE_EXTFRAG: must(ev->extfrag.pfn <= TRACE_MAX_PFN, "pfn"); break;
	case TRACE_KMALLOC:
	case TRACE_KFREE:
	case TRACE_CACHE_ALLOC:
	case TRACE_CACHE_FREE:
		check_id(r, TRACE_NAME_CACHE, ev->obj.cache_id);
		check_id(r, TRACE_NAME_SITE, ev->obj.site_id);
		must(ev->obj.node >= -1 && !(ev->obj.gfp >> 23), "object");
		break;
	case TRACE_MARKER: must(snprintf(NULL, 0, "%s", ev->marker.text) < 256, "marker"); break;
	default: must(ev->code == TRACE_OTHER && ev->other.text, "code"); break;
	}
}

static void read_all(const uint8_t *data, size_t size, bool strict)
{
	const struct trace_options opt = { .strict = strict, .max_bytes = MAX_BYTES };
	struct trace_reader *r;
	struct trace_event ev;
	u64 n = 0, sum = 0, ts = 0;
	char err[512] = "";
	int rc, i;

	r = trace_open_memory(data, size, "fuzz", &opt, err, sizeof(err));
	if (!r) {
		must(err[0], "a reason for not opening");
		return;
	}
	while ((rc = trace_next(r, &ev)) > 0) {
		check_event(r, &ev);
		must(ev.ts_ns >= ts || trace_statistics(r)->backwards, "time");
		ts = ev.ts_ns;
		n++;
	}
	must(rc == 0 || trace_error(r)[0], "a reason for stopping");
	for (i = 0; i < TRACE_NR_CODES; i++)
		sum += trace_statistics(r)->by_code[i];
	must(n == sum && n == trace_statistics(r)->events, "counts");
	must(trace_next(r, &ev) == rc, "the end is the end");
	trace_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(data, size, false);
	read_all(data, size, true);
	return 0;
}
