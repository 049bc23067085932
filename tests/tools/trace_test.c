/* SPDX-License-Identifier: MIT */
// SOURCES: tools/kmm/trace/*.c
// FLAVOURS: release debug
/*
 * trace_test.c - reading traces and snapshots: real excerpts, and everything that can be
 * wrong with a file.
 *
 * tests/data/trace holds excerpts of real recordings in every format, each compressed in
 * another way. The numbers expected of them were counted with grep and awk, not with the
 * code under test.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kmm/gfp.h>

#include "tests/tap.h"
#include "tools/kmm/trace/gfp_text.h"
#include "tools/kmm/trace/reader.h"
#include "tools/kmm/trace/snapshot.h"

#define DATA	"tests/data/trace/"
#define KMT1	"#kmt1\tt\n#T\t0\tW\tsh\n#G\t0\tcc0\tGFP_KERNEL\n#S\t0\tf+0x1\n#C\t0\tdentry\n"
#define HEAD	"          sh-7     [001] d.h2.    10.000001: "

static char err[512];

/* ---- helpers ---- */

static struct trace_reader *from_text(const char *text, bool strict)
{
	const struct trace_options opt = { .strict = strict };

	return trace_open_memory(text, strlen(text), "t", &opt, err, sizeof(err));
}

/* Read to the end; the last event stays in *last. Returns what trace_next() ended with. */
static int drain(struct trace_reader *r, struct trace_event *last)
{
	struct trace_event ev = { 0 };
	int rc;

	while ((rc = trace_next(r, &ev)) > 0)
		*last = ev;
	return rc;
}

static bool is_page(const struct trace_event *ev, u8 code, u64 pfn, unsigned int order, int mt,
		    u32 gfp)
{
	return ev->code == code && ev->page.pfn == pfn && ev->page.order == order &&
	       ev->page.migratetype == mt && ev->page.gfp == gfp;
}

static bool is_object(const struct trace_reader *r, const struct trace_event *ev, u8 code, u64 ptr,
		      const char *cache, const char *site)
{
	return ev->code == code && ev->obj.ptr == ptr &&
	       !strcmp(trace_name(r, TRACE_NAME_CACHE, ev->obj.cache_id), cache) &&
	       !strcmp(trace_name(r, TRACE_NAME_SITE, ev->obj.site_id), site);
}

static bool is_who(const struct trace_event *ev, u64 ts_ns, u32 tid, unsigned int cpu, char context)
{
	return ev->ts_ns == ts_ns && ev->tid == tid && ev->cpu == cpu && ev->context == context;
}

/* ---- excerpts of real recordings ---- */

static const struct excerpt {
	const char *file;
	enum trace_format format;
	enum trace_ptr_kind ptr;
	u64 lines, last_ts;
	u64 by_code[TRACE_NR_CODES];
} excerpts[] = {
	{ "boot.kmt.xz", TRACE_KMT1, TRACE_PTR_PHYSICAL, 3292, 736000000,
	  { 81, 9, 203, 0, 0, 1280, 58, 367, 2, 0, 0, 0 } },
	{ "fork.kmt.zst", TRACE_KMT1, TRACE_PTR_PHYSICAL, 5057, 283947925,
	  { 1673, 111, 2, 0, 0, 26, 22, 80, 43, 1, 0, 42 } },
	{ "numa.kmt.gz", TRACE_KMT1, TRACE_PTR_PHYSICAL, 5043, 645376870,
	  { 3740, 49, 157, 0, 13, 41, 25, 384, 216, 7, 0, 223 } },
	{ "ftrace.txt.gz", TRACE_FTRACE, TRACE_PTR_HASHED, 312, 1656000,
	  { 41, 8, 0, 0, 0, 11, 3, 124, 60, 0, 3, 50 } },
	{ "perf-script.txt.xz", TRACE_PERF_SCRIPT, TRACE_PTR_VIRTUAL, 300, 3606000,
	  { 41, 0, 0, 0, 0, 1, 0, 109, 108, 0, 0, 41 } },
	{ "trace-cmd.txt.zst", TRACE_TRACE_CMD, TRACE_PTR_VIRTUAL, 301, 288000,
	  { 26, 14, 0, 0, 0, 4, 32, 73, 66, 0, 11, 74 } },
};

static void check_excerpt(const struct excerpt *x)
{
	const struct trace_options opt = { .strict = true };
	const struct trace_stats *st;
	struct trace_event last = { 0 };
	struct trace_reader *r;
	char path[128];
	int i;

	snprintf(path, sizeof(path), DATA "%s", x->file);
	r = trace_open(path, &opt, err, sizeof(err));
	if (!ok(r != NULL, "%s opens", x->file)) {
		diag("%s", err);
		return;
	}
	is_int(trace_format(r), x->format, "%s: format", x->file);
	is_int(drain(r, &last), 0, "%s: read to the end, strictly", x->file);
	st = trace_statistics(r);
	for (i = 0; i < TRACE_NR_CODES; i++)
		is_int(st->by_code[i], x->by_code[i], "%s: %s", x->file,
		       trace_code_name((enum trace_code)i));
	is_int(st->lines, x->lines, "%s: lines", x->file);
	is_int(last.ts_ns, x->last_ts, "%s: time of the last event", x->file);
	is_int(trace_ptr_kind(r), x->ptr, "%s: kind of addresses", x->file);
	is_int(trace_print_problems(r, stderr), 0, "%s: flawless", x->file);
	trace_close(r);
}

static void excerpt_counts(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(excerpts); i++)
		check_excerpt(&excerpts[i]);
}

static void kmt1_fields(void)
{
	struct trace_reader *r = trace_open(DATA "fork.kmt.zst", NULL, err, sizeof(err));
	struct trace_event ev = { 0 };

	ok(trace_next(r, &ev) > 0 && is_who(&ev, 0, 0, 1, 't') &&
	   is_object(r, &ev, TRACE_CACHE_FREE, 0x1050598d0, "lsm_file_cache", "__fput+0x141"),
	   "fork: first event");
	is_int(trace_thread(r, 0)->class, 'R', "thread 0 is the recorder");
	is_str(trace_name(r, TRACE_NAME_COMM, trace_thread(r, 0)->comm_id), "kmrec", "its name");
	ok(trace_thread(r, 77777) == NULL, "no such thread");
	is_str(trace_title(r), "fork", "title");
	ok(trace_next(r, &ev) > 0 && is_who(&ev, 31199, 0, 1, 't'), "times add up");
	ok(trace_next(r, &ev) > 0 && ev.code == TRACE_MARKER, "a marker");
	is_str(ev.marker.text, "snap0 begin", "its text");
	ok(trace_next(r, &ev) > 0 &&
	   is_object(r, &ev, TRACE_CACHE_ALLOC, 0x10086c000, "names_cache", "getname_flags+0x24"),
	   "kmem_cache_alloc");
	ok(ev.obj.bytes_req == 4096 && ev.obj.bytes_alloc == 4096 && ev.obj.gfp == GFP_KERNEL &&
	   ev.obj.node == -1, "its sizes, mask and node");
	is_int(drain(r, &ev), 0, "to the end");
	ok(is_who(&ev, 283947925, 1, 0, 't') && is_page(&ev, TRACE_PAGE_ALLOC, 0x155734, 0, 1,
		GFP_HIGHUSER_MOVABLE | __GFP_ZERO | __GFP_COMP), "fork: last event");
	is_int(trace_find_name(r, TRACE_NAME_CACHE, "filp"), 1, "a name's number");
	is_int(trace_find_name(r, TRACE_NAME_CACHE, "nosuch"), TRACE_ID_NONE, "no such name");
	is_str(trace_name(r, TRACE_NAME_CACHE, TRACE_ID_NONE), "?", "no name");
	is_int(trace_nr_names(r, TRACE_NAME_CACHE), 33, "caches");
	is_int(trace_nr_names(r, TRACE_NAME_SITE), 160, "sites");
	trace_close(r);
}

/* Stop at the first event of a code that satisfies nothing more. */
static bool find_code(struct trace_reader *r, struct trace_event *ev, u8 code)
{
	while (trace_next(r, ev) > 0)
		if (ev->code == code)
			return true;
	return false;
}

static void numa_fields(void)
{
	struct trace_reader *r = trace_open(DATA "numa.kmt.gz", NULL, err, sizeof(err));
	struct trace_event ev = { 0 };
	bool failed = false;

	ok(find_code(r, &ev, TRACE_CACHE_ALLOC) && ev.obj.cache_id == TRACE_ID_NONE,
	   "6.1 does not name the cache of an allocation");
	ok(find_code(r, &ev, TRACE_PAGE_ZONE_LOCKED) && ev.page.percpu_refill &&
	   is_page(&ev, TRACE_PAGE_ZONE_LOCKED, 0x30800, 9, 1, 0), "zone_locked");
	while (!failed && find_code(r, &ev, TRACE_PAGE_ALLOC))
		failed = ev.page.failed;
	ok(failed && is_page(&ev, TRACE_PAGE_ALLOC, 0, 9, 1,
			     GFP_TRANSHUGE_LIGHT | __GFP_NORETRY | __GFP_THISNODE),
	   "a failed allocation");
	ok(find_code(r, &ev, TRACE_EXTFRAG) && ev.extfrag.pfn == 0x4a400 &&
	   ev.extfrag.alloc_order == 0 && ev.extfrag.fallback_order == 10 &&
	   ev.extfrag.alloc_mt == 0 && ev.extfrag.fallback_mt == 1 && ev.extfrag.change_ownership,
	   "extfrag");
	trace_close(r);
}

static void native_fields(void)
{
	struct trace_reader *r = trace_open(DATA "ftrace.txt.gz", NULL, err, sizeof(err));
	struct trace_event ev = { 0 };

	ok(trace_next(r, &ev) > 0 && is_who(&ev, 0, 1000, 0, 't') &&
	   is_object(r, &ev, TRACE_KMALLOC, 0x8ea7d621, "?", "tracepoint_add_func+0x10d"),
	   "ftrace: first event");
	ok(ev.obj.bytes_req == 64 && ev.obj.gfp == GFP_KERNEL && ev.obj.node == -1, "its rest");
	trace_close(r);

	r = trace_open(DATA "perf-script.txt.xz", NULL, err, sizeof(err));
	ok(trace_next(r, &ev) > 0 && trace_next(r, &ev) > 0 && is_who(&ev, 266000, 1001, 0, 't') &&
	   is_page(&ev, TRACE_PAGE_ALLOC, 0x137193, 0, 1,
		   GFP_HIGHUSER_MOVABLE | __GFP_ZERO | __GFP_COMP), "perf: second event");
	is_str(trace_name(r, TRACE_NAME_COMM, trace_thread(r, 1001)->comm_id), "cc1", "its thread");
	is_int(drain(r, &ev), 0, "to the end");
	ok(is_object(r, &ev, TRACE_CACHE_ALLOC, 0xffff888100d37000, "names_cache",
		     "getname_flags.part.0+0x24"), "perf: last event");
	trace_close(r);

	r = trace_open(DATA "trace-cmd.txt.zst", NULL, err, sizeof(err));
	ok(trace_next(r, &ev) > 0 && is_object(r, &ev, TRACE_CACHE_FREE, 0xffff888115449208,
					       "anon_vma", "__put_anon_vma+0x2d"),
	   "trace-cmd: first event");
	ok(find_code(r, &ev, TRACE_KMALLOC) && ev.obj.gfp == (GFP_KERNEL_ACCOUNT | __GFP_ZERO) &&
	   ev.obj.bytes_alloc == 16 && is_who(&ev, 81000, 1001, 0, 't'), "trace-cmd: kmalloc");
	trace_close(r);
}

/* ---- single lines of the native formats ---- */

/* The one event of a text, in any format. */
static struct trace_reader *one(const char *text, struct trace_event *ev)
{
	struct trace_reader *r = from_text(text, true);

	memset(ev, 0, sizeof(*ev));
	if (!r || trace_next(r, ev) <= 0) {
		diag("%s", r ? trace_error(r) : err);
		ev->code = TRACE_NR_CODES;
	}
	return r;
}

static void check_page_line(const char *text, u64 pfn, bool failed, u32 gfp)
{
	struct trace_event ev = { 0 };
	struct trace_reader *r = one(text, &ev);

	ok(ev.code == TRACE_PAGE_ALLOC && ev.page.pfn == pfn && ev.page.failed == failed &&
	   ev.page.gfp == gfp, "%s", text);
	trace_close(r);
}

static void failed_allocations(void)
{
	check_page_line(HEAD "mm_page_alloc: page=(nil) pfn=0x0 order=9 gfp_flags=GFP_NOWAIT",
			0, true, GFP_NOWAIT);
	check_page_line(HEAD "mm_page_alloc: page=0000000000000000 pfn=0 order=9 gfp_flags=none",
			0, true, 0);
	check_page_line(HEAD "mm_page_alloc: page=(null) pfn=18446744073709551615 order=1 "
			"migratetype=0 gfp_flags=GFP_KERNEL|GFP_ZERO|GFP_NOTRACK", 0, true,
			GFP_KERNEL | __GFP_ZERO);
	check_page_line(HEAD "mm_page_alloc: page=0x0 pfn=-1 order=1 gfp_flags=0xdc0",
			0, true, GFP_KERNEL | __GFP_ZERO);
	check_page_line(HEAD "mm_page_alloc: page=ffffea0000000040 pfn=1234 order=1 gfp_flags=none",
			1234, false, 0);
	check_page_line(HEAD "mm_page_alloc: page=0x1 pfn=0x1234 order=1 gfp_flags=__GFP_COLD",
			0x1234, false, 0);
	check_page_line(HEAD "mm_page_alloc: page=0x1 pfn=0x10000000000 order=1 gfp_flags=none",
			(u64)1 << 40, false, 0);
}

static void check_head(const char *text, const char *comm, u32 tid, unsigned int cpu, char context)
{
	struct trace_event ev = { 0 };
	struct trace_reader *r = one(text, &ev);

	if (!ok(ev.code == TRACE_KFREE && is_who(&ev, 0, tid, cpu, context), "%s", text))
		diag("code %d tid %" PRIu32 " cpu %d in %c", ev.code, ev.tid, ev.cpu, ev.context);
	if (r && trace_thread(r, tid))
		is_str(trace_name(r, TRACE_NAME_COMM, trace_thread(r, tid)->comm_id), comm, "comm");
	trace_close(r);
}

static void heads(void)
{
	check_head("  Web Cont  12 [003] 1.000001:  kmem:kfree: ptr=(nil)", "Web Cont", 12, 3, 't');
	check_head("  Web Cont  12 [003] 1.000001:  kfree: ptr=(nil)", "Web Cont", 12, 3, 't');
	check_head("  a:b [1]  12/34 [003] 1.00001:  1 kmem:kfree: ptr=0x1", "a:b [1]", 34, 3, 't');
	check_head("  :-1  -1 [003] 1.000001: kmem:kfree: ptr=0x1", ":-1", 0xffffffff, 3, 't');
	check_head("  x [000] y-12  [003] 1.000001: kfree: ptr=0x1", "x [000] y", 12, 3, 't');
	check_head("  kworker/0:1-H-12  [003] 1.0001: kfree: ptr=0x1", "kworker/0:1-H", 12, 3, 't');
	check_head(" <...>-12 [003] d.h3. 1.000001: kfree: ptr=0", "<...>", 12, 3, 'h');
	check_head(" <...>-12 [003] d.H3. 1.000001: kfree: ptr=0", "<...>", 12, 3, 'h');
	check_head(" <...>-12 [003] ..s.. 1.000001001: kfree: ptr=0", "<...>", 12, 3, 's');
	check_head(" a-12   (   11) [003] ..... 1.000001: kfree: ptr=0", "a", 12, 3, 't');
	check_head(" a-12   (-----) [003] .... 99: kfree: ptr=0", "a", 12, 3, 't');
	check_head("cpus=2\r\n a-12 [003] 99: kfree: (x+0x1) ptr=0\r\n", "a", 12, 3, 't');
}

static void native_oddities(void)
{
	struct trace_event ev = { 0 };
	struct trace_reader *r;

	r = one(HEAD "kmalloc_node: call_site=f+0x1/0x2 [ext4] ptr=ffff888000000010 bytes_req=1 "
		"bytes_alloc=8 gfp_flags=GFP_KERNEL|__GFP_NOLOCKDEP node=3 accounted=false", &ev);
	ok(is_object(r, &ev, TRACE_KMALLOC, 0xffff888000000010, "?", "f+0x1") &&
	   ev.obj.node == 3 && ev.obj.gfp == GFP_KERNEL, "kmalloc_node of a module");
	is_int(trace_ptr_kind(r), TRACE_PTR_VIRTUAL, "hash_ptr off");
	is_int(trace_statistics(r)->unknown_gfp, 0, "__GFP_NOLOCKDEP is known");
	trace_close(r);
	r = one(HEAD "tracing_mark_write: hello there", &ev);
	ok(ev.code == TRACE_MARKER && !strcmp(ev.marker.text, "hello there"), "ftrace marker");
	trace_close(r);
	r = one("cpus=1\n sh-1 [000] 1.5: print:   tracing_mark_write: hello", &ev);
	ok(ev.code == TRACE_MARKER && !strcmp(ev.marker.text, "hello"), "trace-cmd marker");
	trace_close(r);
	r = one(HEAD "do_fault <-handle_mm_fault", &ev);
	ok(ev.code == TRACE_OTHER && ev.other.len == 8, "a function tracer's line is other");
	trace_close(r);
	r = one(HEAD "mm_page_alloc: pfn=0x1 order=0 gfp_flags=__GFP_SURPRISE|__GFP_ZERO", &ev);
	ok(ev.page.gfp == __GFP_ZERO && trace_statistics(r)->unknown_gfp == 1, "an unknown name");
	is_str(trace_statistics(r)->unknown_gfp_text, "__GFP_SURPRISE|__GFP_ZERO", "is told");
	trace_close(r);
	r = from_text("# tracer: nop\n" HEAD "kfree: ptr=0\n a-1 [000] 9.0: kfree: ptr=0\n", true);
	ok(drain(r, &ev) == 0 && ev.ts_ns == 0 && trace_statistics(r)->backwards == 0,
	   "before the first event is at 0");
	trace_close(r);
}

/* ---- losses ---- */

static void check_losses(const char *text, u64 events, u64 lost, u64 unknown)
{
	struct trace_event ev = { 0 };
	struct trace_reader *r = from_text(text, true);

	if (!ok(r && drain(r, &ev) == 0, "losses are no malformed lines")) {
		diag("%s", r ? trace_error(r) : err);
		trace_close(r);
		return;
	}
	is_int(trace_statistics(r)->events, events, "events");
	is_int(trace_statistics(r)->lost, lost, "lost events");
	is_int(trace_statistics(r)->lost_unknown, unknown, "losses of unknown size");
	trace_close(r);
}

static void losses(void)
{
	check_losses("# tracer: nop\n# entries-in-buffer/entries-written: 5/12   #P:2\n"
		     "CPU:1 [LOST 100 EVENTS]\nCPU:0 [LOST EVENTS]\n"
		     "##### CPU 1 buffer started ####\n" HEAD "kfree: ptr=0\n", 1, 107, 1);
	check_losses("cpus=2\nCPU 1 is empty\n sh-1 [000] 1.5: kfree: ptr=0x1\n"
		     "CPU:1 [5 EVENTS DROPPED]\nCPU:0 [EVENTS DROPPED]\n", 1, 5, 1);
	check_losses("# ========\n sh 1 [000] 1.5: kmem:kfree: ptr=0x1\n\tffff81 kfree+0x1 (k)\n\n"
		     " sh 1 [000] 1.6: PERF_RECORD_LOST lost 17\nLOST 5 events!\n"
		     " sh 1 [000] 1.6: PERF_RECORD_MMAP 1/1: []\n"
		     "Processed 5000 events and lost 3 chunks!\n", 1, 25, 0);
	check_losses(KMT1 "1\tF0\t0\t1\t0\n#end\tevents 1\tduration_ns 1\tmissed_pages 2\n",
		     1, 0, 1);
}

/* ---- what can be wrong ---- */

static void malformed_lines(void)
{
	static const char text[] = KMT1
		"1\tA0\t0\t1\t0\t9\t1\n"			/* 6: gfp 9 not defined */
		"1\tA0\t0\t1\t0\t0\t1\n"
		"1\tF0\t0\t10000000001\t0\n"			/* 8: pfn over 2^40 */
		"1\tF0\t0\t-1\t0\n"				/* 9 */
		"1\tF0\t0\t12345678901234567\t0\n"		/* 10: 17 digits */
		"99999999999999999999\tF0\t0\t1\t0\n"		/* 11: time */
		"1\tF0\t0\t1\n"					/* 12: no order */
		"1\tF0\t0\t1\t0\t5\n"				/* 13: more than there is */
		"1\tF0\t0\t1\t64\n"				/* 14: order */
		"1\tF65536\t0\t1\t0\n"				/* 15: CPU */
		"\n"						/* 16 */
		"1\tm0\t0\t10\t4294967296\t1\t0\t0\n"		/* 17: bytes */
		"1\tm0\t0\t10\t8\t8\t0\t7\n"			/* 18: site 7 not defined */
		"1\tF0h\t0\t10000000000\t0\n"
		"#C\t1048576\tx\n"				/* 20: id */
		"#T\t1\tZ\tx\n"					/* 21: class */
		"#G\t1\tcc0\tGFP KERNEL\n"			/* 22 */
		"2\tq1s\t0\twhatever\n";
	static const unsigned int where[] = {
		6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22
	};
	struct trace_reader *r = from_text(text, false);
	const struct trace_stats *st;
	struct trace_event ev = { 0 };
	size_t i;

	is_int(drain(r, &ev), 0, "malformed lines are not fatal");
	ok(ev.code == TRACE_OTHER && ev.other.letter == 'q' && is_who(&ev, 4, 0, 1, 's'),
	   "times of malformed lines do not count; unknown letters are other");
	st = trace_statistics(r);
	is_int(st->events, 3, "good events");
	is_int(st->malformed, ARRAY_SIZE(where), "malformed lines");
	for (i = 0; i < st->nr_bad && i < ARRAY_SIZE(where); i++)
		is_int(st->bad[i].line, where[i], "malformed: %s", st->bad[i].reason);
	ok(st->truncated, "no #end line");
	trace_close(r);
}

static void native_malformed(void)
{
	static const char text[] =
		HEAD "kfree: ptr=0\n"
		HEAD "kfree: call_site=f\n"			/* 2: no ptr */
		HEAD "kfree: ptr=zz\n"
		HEAD "kfree: ptr=(____ptrval____)\n"
		HEAD "mm_page_free: page=0x1 pfn=0x1 order=64\n"
		HEAD "mm_page_free: page=0x1 pfn=0x10000000001 order=0\n"
		HEAD "mm_page_free: page=0x1 pfn=-5 order=0\n"
		HEAD "mm_page_alloc: pfn=0x1 order=0 gfp_flags=GFP+KERNEL\n"
		"garbage\n"
		"  sh-1 [000] ..... 12.x: kfree: ptr=0\n"
		"  sh-1 [000] ..... 99999999999.0: kfree: ptr=0\n"
		"  sh-1 [000] ..... 1.5:\n"			/* 12 */
		"  sh-1 [000] ..... 10.000002: kfree: ptr=0\n";
	struct trace_reader *r = from_text(text, false);
	struct trace_event ev = { 0 };
	unsigned int i;

	is_int(drain(r, &ev), 0, "malformed native lines are not fatal");
	is_int(trace_statistics(r)->events, 2, "good events");
	is_int(trace_statistics(r)->nr_bad, 11, "malformed lines");
	for (i = 0; i < trace_statistics(r)->nr_bad; i++)
		is_int(trace_statistics(r)->bad[i].line, i + 2, "malformed: %s",
		       trace_statistics(r)->bad[i].reason);
	trace_close(r);
}

static void many_malformed(void)
{
	char *text = malloc(20000);
	struct trace_reader *r;
	struct trace_event ev = { 0 };
	int i, n = sprintf(text, "%s", KMT1);

	for (i = 0; i < 1000; i++)
		n += sprintf(text + n, "rubbish\n");
	r = from_text(text, false);
	is_int(drain(r, &ev), 0, "a thousand malformed lines");
	is_int(trace_statistics(r)->malformed, 1000, "all counted");
	is_int(trace_statistics(r)->nr_bad, TRACE_NOTED, "the first remembered");
	trace_close(r);
	free(text);
}

static void strict(void)
{
	struct trace_reader *r = from_text(KMT1 "1\tF0\t0\t1\t0\n1\tF0\t0\t?\t0\n", true);
	struct trace_event ev = { 0 };

	is_int(trace_next(r, &ev), 1, "strict: a good event");
	is_int(trace_next(r, &ev), -1, "strict: the bad one is fatal");
	is_str(trace_error(r), "t:7: bad pfn", "strict: message");
	is_int(trace_next(r, &ev), -1, "and stays so");
	trace_close(r);
	ok(!from_text("chatter\n" KMT1, true), "strict: no preface");
	is_str(err, "t:1: a line before the trace begins", "strict: its message");
	r = from_text("chatter\n\n" KMT1 "1\tF0\t0\t1\t0", false);
	ok(r && drain(r, &ev) == 0 && trace_statistics(r)->malformed == 1 && ev.page.pfn == 1,
	   "lenient: a preface is one malformed line");
	trace_close(r);
}

/* trace_print_problems() says exactly this. */
static void is_problem(const struct trace_reader *r, const char *want)
{
	char text[2000];
	FILE *f = tmpfile();
	size_t n;

	trace_print_problems(r, f);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	is_str(text, want, "problems");
}

static void endings(void)
{
	struct trace_reader *r = from_text(KMT1 "1\tF0\t0\t1\t0\n2\tF0\t0\t2\t0", true);
	struct trace_event ev = { 0 };

	ok(drain(r, &ev) == 0 && ev.page.pfn == 2, "no newline at the end");
	trace_close(r);
	r = from_text("#kmt1\tt\r\n#G\t0\t0\tnone\r\n1\tA0\t0\t7\t0\t0\t1\r\n#end\tevents 1\r\n",
		      true);
	ok(drain(r, &ev) == 0 && ev.page.pfn == 7 && !trace_statistics(r)->truncated, "CRLF");
	is_str(trace_title(r), "t", "CRLF: title");
	trace_close(r);
	r = from_text(KMT1 "1\tF0\t0\t1\t0\n#end\tevents 2\n", true);
	ok(drain(r, &ev) == 0 && trace_statistics(r)->truncated, "fewer events than #end promises");
	is_problem(r, "t: #end promises 2 events, there are 1\n");
	trace_close(r);
	r = from_text(KMT1 "#end\tevents 0\n1\tF0\t0\t1\t0\n", false);
	ok(drain(r, &ev) == 0 && trace_statistics(r)->malformed == 1, "a line after #end");
	is_problem(r, "t:7: a line after #end\n");
	trace_close(r);
}

static void long_lines(void)
{
	size_t n = 3u << 20, head = strlen(KMT1);
	struct trace_reader *r;
	struct trace_event ev = { 0 };
	char *text = malloc(n + head + 64);

	memcpy(text, KMT1, head);
	memset(text + head, 'x', n);
	strcpy(text + head + n, "\n1\tF0\t0\t1\t0\n");
	r = from_text(text, false);
	ok(drain(r, &ev) == 0 && ev.page.pfn == 1, "a line of 3 MiB");
	is_int(trace_statistics(r)->malformed, 1, "is malformed");
	is_int(trace_statistics(r)->bad[0].line, 6, "by number");
	trace_close(r);
	free(text);
}

/* Opening fails, with this in the message. */
static void refuses(const void *data, size_t len, const char *why)
{
	struct trace_reader *r = trace_open_memory(data, len, "t", NULL, err, sizeof(err));

	ok(!r && strstr(err, why), "refused: %s", why);
	if (r || !strstr(err, why))
		diag("%s", r ? "accepted" : err);
	trace_close(r);
}

static void not_traces(void)
{
	char noise[5000];
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * i * 2654435761u >> 13);
	refuses("", 0, "t: empty");
	refuses("\n\n", 2, "not a trace");
	refuses("hello\nworld\n", 12, "not a trace: neither");
	refuses(noise, sizeof(noise), "not a trace");
	refuses("PERFILE2\0\0\0", 11, "perf.data");
	refuses("\x17\x08\x44tracing6", 11, "trace.dat");
	refuses("Node 0, zone DMA 1\n", 19, "buddyinfo");
	ok(!trace_open("tests", NULL, err, sizeof(err)), "a directory");
	is_str(err, "tests: is a directory", "its message");
	ok(!trace_open("/nonexistent/x", NULL, err, sizeof(err)), "an absent file");
	is_str(err, "/nonexistent/x: No such file or directory", "its message");
	ok(!trace_open("/dev/null", NULL, err, sizeof(err)), "an empty file");
	is_str(err, "/dev/null: empty", "its message");
}

/* ---- damaged compression ---- */

static char *load(const char *path, size_t *len)
{
	char *data = malloc(1 << 20);
	FILE *f = fopen(path, "rb");

	*len = f ? fread(data, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	return data;
}

/* Damaged files are told at once or later, never silently taken; gzip's perhaps by lines only. */
static void check_damaged(const char *data, size_t len, const char *what)
{
	struct trace_reader *r = trace_open_memory(data, len, "t", NULL, err, sizeof(err));
	struct trace_event ev = { 0 };
	int rc = r ? drain(r, &ev) : -1;

	ok(rc < 0 || trace_statistics(r)->malformed || trace_statistics(r)->truncated, "%s: %s",
	   what, !r ? err : rc < 0 ? trace_error(r) : trace_statistics(r)->bad[0].reason);
	trace_close(r);
}

static void damaged(void)
{
	static const char *const files[] = { "boot.kmt.xz", "fork.kmt.zst", "numa.kmt.gz" };
	char path[128], *data;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), DATA "%s", files[i]);
		data = load(path, &len);
		check_damaged(data, len / 2, "cut in the middle");
		check_damaged(data, len - 5, "cut near the end");
		data[len / 2] ^= 0x55;
		data[len / 2 + 1] ^= 0x55;
		check_damaged(data, len, "damaged in the middle");
		free(data);
	}
}

/* Two compressed files one after the other, as cat makes them, are one. */
static void concatenated(void)
{
	size_t len;
	char *data = load(DATA "ftrace.txt.gz", &len);
	struct trace_event ev = { 0 };
	struct trace_reader *r;

	memcpy(data + len, data, len);
	r = trace_open_memory(data, 2 * len, "t", NULL, err, sizeof(err));
	ok(r && drain(r, &ev) == 0, "two gzip streams");
	is_int(trace_statistics(r)->events, 600, "both read");
	is_int(trace_statistics(r)->backwards, 1, "time went back once");
	trace_close(r);
	free(data);
}

/* Through a pipe, in pieces that cut lines and even the first line. */
static void standard_input(void)
{
	static const char text[] = KMT1 "1\tF0\t0\t1\t0\n2\tF0\t0\t2\t0\n#end\tevents 2\n";
	struct trace_reader *r;
	struct trace_event ev = { 0 };
	size_t i;
	int fd[2];

	if (pipe(fd))
		abort();
	if (!fork()) {
		for (i = 0; i < sizeof(text) - 1; i += 3) {
			if (write(fd[1], text + i, min_t(size_t, 3, sizeof(text) - 1 - i)) < 0)
				_exit(1);
			usleep(100);
		}
		_exit(0);
	}
	close(fd[1]);
	dup2(fd[0], STDIN_FILENO);
	close(fd[0]);
	r = trace_open("-", NULL, err, sizeof(err));
	ok(r && drain(r, &ev) == 0 && ev.page.pfn == 2, "a pipe in small pieces");
	is_int(trace_statistics(r)->events, 2, "its events");
	ok(!trace_statistics(r)->truncated, "whole");
	is_str(trace_file_name(r), "standard input", "its name");
	trace_close(r);
}

static void limit(void)
{
	const struct trace_options opt = { .max_bytes = 20000 };
	struct trace_reader *r = trace_open(DATA "boot.kmt.xz", &opt, err, sizeof(err));
	struct trace_event ev = { 0 };

	ok((r ? drain(r, &ev) : -1) < 0, "max_bytes");
	ok(strstr(r ? trace_error(r) : err, "more than 20000 bytes"), "its message");
	trace_close(r);
}

/* ---- gfp texts ---- */

static void check_gfp(const char *text, unsigned int result, u32 bits)
{
	u32 got = 0;

	is_int(gfp_from_text(text, strlen(text), &got), result, "gfp \"%s\"", text);
	if (result != GFP_TEXT_BAD)
		is_int(got, bits, "gfp \"%s\": bits", text);
}

static void gfp_texts(void)
{
	u32 bits;

	check_gfp("GFP_KERNEL", GFP_TEXT_OK, 0xcc0);
	check_gfp("GFP_ATOMIC|__GFP_NOWARN", GFP_TEXT_OK, 0x2a20);
	check_gfp("GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO", GFP_TEXT_OK, 0x140dca);
	check_gfp("GFP_TRANSHUGE_LIGHT|__GFP_THISNODE", GFP_TEXT_OK, 0x3c20ca);
	check_gfp("GFP_KERNEL_ACCOUNT|__GFP_ZERO", GFP_TEXT_OK, 0x400dc0);
	check_gfp("__GFP_RECLAIM|__GFP_IO|__GFP_FS", GFP_TEXT_OK, 0xcc0);
	check_gfp("GFP_WAIT|GFP_IO|GFP_REPEAT", GFP_TEXT_OK, 0x4c40);
	check_gfp("GFP_TEMPORARY|GFP_NOTRACK", GFP_TEXT_OK, 0xcd0);
	check_gfp("__GFP_SKIP_ZERO|__GFP_SKIP_KASAN_POISON|__GFP_ZEROTAGS", GFP_TEXT_OK, 0);
	check_gfp("GFP_DMA32|GFP_DMA", GFP_TEXT_OK, 5);
	check_gfp("none", GFP_TEXT_OK, 0);
	check_gfp("0", GFP_TEXT_OK, 0);
	check_gfp("0xcc0", GFP_TEXT_NUMBER, 0xcc0);
	check_gfp("3264", GFP_TEXT_NUMBER, 0xcc0);
	check_gfp("0xffffffff", GFP_TEXT_NUMBER, __GFP_BITS_MASK);
	check_gfp("GFP_KERNEL|0x4000000", GFP_TEXT_OK, 0xcc0);
	check_gfp("GFP_KERNEL|__GFP_NEW", GFP_TEXT_UNKNOWN, 0xcc0);
	check_gfp("GFP_KERNE", GFP_TEXT_UNKNOWN, 0);
	is_int(gfp_from_text("GFP_DMA\0AAAAAAAA", 16, &bits), GFP_TEXT_BAD, "a NUL in a name");
	check_gfp("", GFP_TEXT_BAD, 0);
	check_gfp("GFP_KERNEL|", GFP_TEXT_BAD, 0);
	check_gfp("|GFP_KERNEL", GFP_TEXT_BAD, 0);
	check_gfp("GFP-KERNEL", GFP_TEXT_BAD, 0);
}

/* ---- snapshots ---- */

static void check_buddyinfo(void)
{
	struct snapshot *s = snapshot_open(DATA "buddyinfo", err, sizeof(err));

	if (!ok(s != NULL, "buddyinfo opens"))
		return;
	is_int(s->kind, SNAPSHOT_BUDDYINFO, "its kind");
	is_int(s->nr_zones, 3, "zones");
	is_int(s->nr_orders, 11, "orders");
	is_int(s->free_pages, 229026, "free pages");
	is_int(snapshot_zone(s, 1, "DMA32")->free[10], 122, "node 1, DMA32, order 10");
	ok(!snapshot_zone(s, 1, "DMA"), "no such zone");
	snapshot_close(s);
}

static void check_pagetypeinfo(void)
{
	struct snapshot *s = snapshot_open(DATA "pagetypeinfo.gz", err, sizeof(err));
	const struct snapshot_zone *z;

	if (!ok(s != NULL, "pagetypeinfo opens"))
		return;
	is_int(s->kind, SNAPSHOT_PAGETYPEINFO, "its kind");
	is_int(s->nr_types, 5, "types");
	is_int(s->block_order, 9, "pageblock order");
	is_int(snapshot_type(s, "Reclaimable"), 2, "a type");
	is_int(snapshot_type(s, "CMA"), -1, "no such type");
	is_int(s->free_pages, 228002, "free pages");
	z = snapshot_zone(s, 1, "DMA32");
	is_int(z->free_by_type[1][0], 9, "movable, order 0");
	is_int(z->pageblocks[1], 247, "movable pageblocks");
	is_int(z->free[0], 10, "order 0, all types");
	snapshot_close(s);
}

static struct snapshot *snapshot_text(const char *text)
{
	return snapshot_open_memory(text, strlen(text), "s", 0, err, sizeof(err));
}

static void check_free_map(void)
{
	struct snapshot *s = snapshot_open(DATA "free-map.xz", err, sizeof(err));

	if (!ok(s != NULL, "free map opens"))
		return;
	is_int(s->kind, SNAPSHOT_FREE_MAP, "its kind");
	is_int(s->nr_runs, 20, "runs");
	is_int(s->free_pages, 228002, "free pages");
	ok(s->runs[0].pfn == 0x140 && s->runs[0].pages == 0xec0, "the first run");
	snapshot_close(s);
	s = snapshot_text("0 1\r\nfffffffff0 10");
	ok(s && s->nr_runs == 2 && s->free_pages == 17, "up to 2^40, CRLF, no newline");
	snapshot_close(s);
}

#define PTI "Page block order: 9\nPages per block:  512\n\n" \
	"Free pages count per migrate type at order 0 1\n"

static void capped(void)
{
	struct snapshot *s = snapshot_text(PTI
		"Node    0, zone   Normal, type    Unmovable >100000 3\n"
		"\nNumber of blocks type Unmovable Movable\n"
		"Node 0, zone Normal 7 9\n");

	if (!ok(s != NULL, ">100000 is read"))
		diag("%s", err);
	ok(s && s->any_capped && s->zones[0].capped[0] == 1, "and remembered");
	is_int(s ? s->free_pages : 0, 100006, "as a lower bound");
	ok(s && s->zones[0].pageblocks[1] == 9 && s->nr_types == 2, "pageblocks");
	snapshot_close(s);
}

static void refuses_snapshot(const char *text, const char *why)
{
	struct snapshot *s = snapshot_text(text);

	if (!s)
		is_str(err, why, "refused snapshot");
	else
		fail("accepted, should be refused: %s", why);
	snapshot_close(s);
}

static void bad_snapshots(void)
{
	refuses_snapshot("", "s: empty");
	refuses_snapshot("\n\n", "s: empty");
	refuses_snapshot("hello\n", "s:1: neither buddyinfo nor pagetypeinfo nor a free map");
	refuses_snapshot("Node 0, zone D 1 2\nNode 0, zone D 1 2\n", "s:2: node 0, zone D again");
	refuses_snapshot("Node 0, zone D 1 2\nNode 0, zone X 1\n",
			 "s:2: 1 orders, before it was 2");
	refuses_snapshot("Node 0, zone DMA 1 -2\n", "s:1: bad count for order 1");
	refuses_snapshot("Node 0, zone DMA 1 2x\n", "s:1: bad count for order 1");
	refuses_snapshot("Node 0, zone DMA 1 99999999999999999999\n", "s:1: bad count for order 1");
	refuses_snapshot("Node 0, zone DMA\n", "s:1: 0 orders, before it was 0");
	refuses_snapshot("Node 0, zone DMA >100000\n", "s:1: a count with '>'");
	refuses_snapshot("Node 0, zone DMA 1 1099511627776\n",
			 "s:1: more free pages than there can be");
	refuses_snapshot("Node 0, zone AVeryLongZoneName 1 2\n", "s:1: not a line of buddyinfo");
	refuses_snapshot("Node 99999, zone DMA 1 2\n", "s:1: not a line of buddyinfo");
	refuses_snapshot("10 4\n12 1\n", "s:2: runs must ascend and not overlap");
	refuses_snapshot("10 0\n", "s:1: no pages, or beyond frame 2^40");
	refuses_snapshot("ffffffffff 2\n", "s:1: no pages, or beyond frame 2^40");
	refuses_snapshot("10 1 8\n", "s:1: not \"start_pfn npages\" in hexadecimal");
	refuses_snapshot("Page block order: 9\n", "s: cut short: no zone in it");
	refuses_snapshot("Page block order: 9\nNode 0, zone DMA, type Movable 1\n",
			 "s:2: zones before their heading");
	ok(!snapshot_open("tests", err, sizeof(err)), "a directory");
	is_str(err, "tests: is a directory", "its message");
}

int main(void)
{
	excerpt_counts();
	kmt1_fields();
	numa_fields();
	native_fields();
	failed_allocations();
	heads();
	native_oddities();
	losses();
	malformed_lines();
	native_malformed();
	many_malformed();
	strict();
	endings();
	long_lines();
	not_traces();
	damaged();
	concatenated();
	standard_input();
	limit();
	gfp_texts();
	check_buddyinfo();
	check_pagetypeinfo();
	check_free_map();
	capped();
	bad_snapshots();
	return done_testing();
}
