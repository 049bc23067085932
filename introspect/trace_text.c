// SPDX-License-Identifier: MIT
/*
 * trace_text.c - the allocator's events as text, in two forms.
 *
 * ftrace: what /sys/kernel/tracing/trace holds. A line is made of
 *
 *	     kmm-7       [001] ..s..  4855.895728: mm_page_alloc: page=0x1f pfn=0x1f order=0 ...
 *	|-- 16 --|       cpu   |      seconds.micro  tracepoint     its arguments
 *	name   -thread         context: third letter s or h in an interrupt
 *
 * page= is the frame number too, as tools print it that know no addresses.
 *
 * kmt1: tab separated; a line is
 *
 *	delta_ns  <letter><cpu>[s|h]  tid  arguments
 *
 * with the letters of kmt1_letter below. Masks and threads are numbers that a
 * line beginning with # defines before their first use; the writer keeps the
 * masks and the threads it defined in two tables, and when one is full the
 * oldest number is defined anew. Following the format's own rules, nothing is
 * written for mm_page_free_batched.
 */
#include <kmm/trace_text.h>

#include <kmm/config.h>
#include <kmm/errno.h>
#include <kmm/gfp.h>
#include <lib/div64.h>
#include <lib/seq_buf.h>

static const char *const event_names[] = {
	[TRACE_MM_PAGE_ALLOC] = "mm_page_alloc",
	[TRACE_MM_PAGE_FREE] = "mm_page_free",
	[TRACE_MM_PAGE_FREE_BATCHED] = "mm_page_free_batched",
	[TRACE_MM_PAGE_ALLOC_ZONE_LOCKED] = "mm_page_alloc_zone_locked",
	[TRACE_MM_PAGE_PCPU_DRAIN] = "mm_page_pcpu_drain",
	[TRACE_MM_PAGE_ALLOC_EXTFRAG] = "mm_page_alloc_extfrag",
};

#define GFP_TEXT_MAX 512	/* all names of all bits */

static bool room_for_event(const struct seq_buf *m)
{
	return !m->overflow && m->size - m->len >= TRACE_TEXT_MAX;
}

const char *trace_event_name(enum kmm_trace_code code)
{
	return (unsigned int)code < ARRAY_SIZE(event_names) ? event_names[code] : "unknown";
}

/* --- ftrace --- */

static void alloc_args(struct seq_buf *m, const struct kmm_trace_event *e)
{
	char gfp[GFP_TEXT_MAX];
	unsigned long pfn = e->failed ? 0 : e->pfn;

	format_gfp_flags(gfp, sizeof(gfp), e->gfp);
	seq_buf_printf(m, "page=%#lx pfn=%#lx order=%u migratetype=%u gfp_flags=%s", pfn, pfn,
		       (unsigned int)e->order, (unsigned int)e->migratetype, gfp);
}

static void extfrag_args(struct seq_buf *m, const struct kmm_trace_event *e)
{
	seq_buf_printf(m, "page=%#lx pfn=%#lx alloc_order=%u fallback_order=%u pageblock_order=%u ",
		       e->pfn, e->pfn, (unsigned int)e->order, (unsigned int)e->fallback_order,
		       (unsigned int)pageblock_order);
	seq_buf_printf(m, "alloc_migratetype=%u fallback_migratetype=%u ",
		       (unsigned int)e->migratetype, (unsigned int)e->fallback_migratetype);
	seq_buf_printf(m, "fragmenting=%u change_ownership=%u",
		       e->fallback_order < pageblock_order ? 1u : 0u,
		       e->change_ownership ? 1u : 0u);
}

void trace_event_args(struct seq_buf *m, const struct kmm_trace_event *e)
{
	if (e->code == TRACE_MM_PAGE_ALLOC) {
		alloc_args(m, e);
		return;
	}
	if (e->code == TRACE_MM_PAGE_ALLOC_EXTFRAG) {
		extfrag_args(m, e);
		return;
	}
	seq_buf_printf(m, "page=%#lx pfn=%#lx order=%u", e->pfn, e->pfn, (unsigned int)e->order);
	if (e->code == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED || e->code == TRACE_MM_PAGE_PCPU_DRAIN)
		seq_buf_printf(m, " migratetype=%u", (unsigned int)e->migratetype);
	if (e->code == TRACE_MM_PAGE_ALLOC_ZONE_LOCKED)
		seq_buf_printf(m, " percpu_refill=%u", (unsigned int)e->percpu_refill);
}

void ftrace_header(struct seq_buf *m, unsigned int nr_cpus, u64 nr_events)
{
	seq_buf_puts(m, "# tracer: nop\n#\n");
	seq_buf_printf(m, "# entries-in-buffer/entries-written: %llu/%llu   #P:%u\n#\n",
		       (unsigned long long)nr_events, (unsigned long long)nr_events, nr_cpus);
	seq_buf_puts(m, "#                                _-----=> irqs-off/BH-disabled\n");
	seq_buf_puts(m, "#                               / _----=> need-resched\n");
	seq_buf_puts(m, "#                              | / _---=> hardirq/softirq\n");
	seq_buf_puts(m, "#                              || / _--=> preempt-depth\n");
	seq_buf_puts(m, "#                              ||| / _-=> migrate-disable\n");
	seq_buf_puts(m, "#                              |||| /     delay\n");
	seq_buf_puts(m, "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n");
	seq_buf_puts(m, "#              | |         |   |||||     |         |\n");
}

static bool in_interrupt(const struct trace_stamp *s)
{
	return s->context == 's' || s->context == 'h';
}

int ftrace_event(struct seq_buf *m, const struct kmm_trace_event *e, const struct trace_stamp *s)
{
	uint32_t us;
	u64 seconds = div_u64_rem(div_u64(s->ns + 500, 1000), 1000000, &us);

	if (!room_for_event(m))
		return -E2BIG;
	seq_buf_printf(m, "%16.16s-%-7u [%03u] ..%c.. %5llu.%06u: %s: ",
		       s->comm ? s->comm : "<...>", (unsigned int)s->tid, (unsigned int)s->cpu,
		       in_interrupt(s) ? s->context : '.', (unsigned long long)seconds,
		       (unsigned int)us, trace_event_name((enum kmm_trace_code)e->code));
	trace_event_args(m, e);
	seq_buf_putc(m, '\n');
	return 0;
}

/* --- kmt1 --- */

static const char kmt1_letter[] = {
	[TRACE_MM_PAGE_ALLOC] = 'A',
	[TRACE_MM_PAGE_FREE] = 'F',
	[TRACE_MM_PAGE_FREE_BATCHED] = 0,
	[TRACE_MM_PAGE_ALLOC_ZONE_LOCKED] = 'Z',
	[TRACE_MM_PAGE_PCPU_DRAIN] = 'D',
	[TRACE_MM_PAGE_ALLOC_EXTFRAG] = 'X',
};

/* A name as one field: no tab, no newline, not empty, at most 64 bytes. */
static void put_name(struct seq_buf *m, const char *name)
{
	if (!name || !*name)
		name = "?";
	for (int i = 0; name[i] && i < 64; i++)
		seq_buf_putc(m, (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '_' : name[i]);
	seq_buf_putc(m, '\n');
}

void kmt1_begin(struct kmt1_writer *w, struct seq_buf *m, const char *name)
{
	w->first_ns = w->last_ns = w->events = 0;
	w->nr_gfp = w->nr_tid = 0;
	seq_buf_puts(m, "#kmt1\t");
	put_name(m, name);
	seq_buf_puts(m, "#clock\tns, deltas; first event at 0\n");
}

static void define_thread(struct kmt1_writer *w, struct seq_buf *m, const struct trace_stamp *s)
{
	u32 known = min_t(u32, w->nr_tid, KMT1_MAX_TIDS);

	for (u32 i = 0; i < known; i++)
		if (w->tid[i] == s->tid)
			return;
	w->tid[w->nr_tid++ % KMT1_MAX_TIDS] = s->tid;
	seq_buf_printf(m, "#T\t%u\tW\t", (unsigned int)s->tid);
	put_name(m, s->comm);
}

/* The number of a mask, defined now if it has none. */
static u32 define_gfp(struct kmt1_writer *w, struct seq_buf *m, gfp_t gfp)
{
	char text[GFP_TEXT_MAX];
	u32 id, known = min_t(u32, w->nr_gfp, KMT1_MAX_GFP);

	for (id = 0; id < known; id++)
		if (w->gfp[id] == gfp)
			return id;
	id = w->nr_gfp++ % KMT1_MAX_GFP;
	w->gfp[id] = gfp;
	format_gfp_flags(text, sizeof(text), gfp);
	seq_buf_printf(m, "#G\t%u\t%x\t%s\n", (unsigned int)id, gfp, text);
	return id;
}

static void kmt1_args(struct seq_buf *m, const struct kmm_trace_event *e, u32 gfp_id)
{
	unsigned int order = e->order, type = e->migratetype;

	if (e->failed)
		seq_buf_puts(m, "\t-");
	else
		seq_buf_printf(m, "\t%lx", e->pfn);
	seq_buf_printf(m, "\t%u", order);
	switch (e->code) {
	case TRACE_MM_PAGE_ALLOC:
		seq_buf_printf(m, "\t%u\t%u", (unsigned int)gfp_id, type);
		break;
	case TRACE_MM_PAGE_ALLOC_ZONE_LOCKED:
		seq_buf_printf(m, "\t%u\t%u", type, (unsigned int)e->percpu_refill);
		break;
	case TRACE_MM_PAGE_PCPU_DRAIN:
		seq_buf_printf(m, "\t%u", type);
		break;
	case TRACE_MM_PAGE_ALLOC_EXTFRAG:
		seq_buf_printf(m, "\t%u\t%u\t%u\t%u", (unsigned int)e->fallback_order, type,
			       (unsigned int)e->fallback_migratetype,
			       e->change_ownership ? 1u : 0u);
		break;
	default:
		break;
	}
	seq_buf_putc(m, '\n');
}

int kmt1_event(struct kmt1_writer *w, struct seq_buf *m, const struct kmm_trace_event *e,
	       const struct trace_stamp *s)
{
	char letter = e->code < sizeof(kmt1_letter) ? kmt1_letter[e->code] : 0;
	u32 gfp_id = 0;

	if (!letter)
		return 0;
	if (!room_for_event(m))
		return -E2BIG;
	define_thread(w, m, s);
	if (e->code == TRACE_MM_PAGE_ALLOC)
		gfp_id = define_gfp(w, m, e->gfp);
	if (w->events++ == 0)
		w->first_ns = w->last_ns = s->ns;
	seq_buf_printf(m, "%llu\t%c%u", (unsigned long long)(s->ns - w->last_ns), letter,
		       (unsigned int)s->cpu);
	if (in_interrupt(s))
		seq_buf_putc(m, s->context);
	seq_buf_printf(m, "\t%u", (unsigned int)s->tid);
	kmt1_args(m, e, gfp_id);
	w->last_ns = s->ns;
	return 0;
}

void kmt1_end(const struct kmt1_writer *w, struct seq_buf *m)
{
	seq_buf_printf(m, "#end\tevents %llu\tduration_ns %llu\n", (unsigned long long)w->events,
		       (unsigned long long)(w->last_ns - w->first_ns));
}
