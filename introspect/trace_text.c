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
 * page= is the frame number too, as tools print it that know no addresses. ptr= is an
 * address, as Linux prints it to whoever may know. kmem_cache_alloc has name=, as from 6.2
 * on: without it a trace cannot be replayed.
 *
 * kmt1: tab separated; a line is
 *
 *	delta_ns  <letter><cpu>[s|h]  tid  arguments
 *
 * with the letters of kmt1_letter below. Masks, threads, caches and call sites are
 * numbers that a line beginning with # defines before their first use; the writer
 * keeps what it defined in tables. When that of masks or of threads is full the
 * oldest number is defined anew. The tables of caches and call sites are larger and
 * looked up by hash: an entry can be in any of PROBES places, and when all are taken
 * the first is defined anew. Following the format's own rules, nothing is
 * written for mm_page_free_batched.
 */
#include <kmm/trace_text.h>

#include <kmm/config.h>
#include <kmm/errno.h>
#include <kmm/gfp.h>
#include <kmm/page_addr.h>
#include <lib/div64.h>
#include <lib/seq_buf.h>
#include <lib/string.h>

static const char *const event_names[] = {
	[TRACE_MM_PAGE_ALLOC] = "mm_page_alloc",
	[TRACE_MM_PAGE_FREE] = "mm_page_free",
	[TRACE_MM_PAGE_FREE_BATCHED] = "mm_page_free_batched",
	[TRACE_MM_PAGE_ALLOC_ZONE_LOCKED] = "mm_page_alloc_zone_locked",
	[TRACE_MM_PAGE_PCPU_DRAIN] = "mm_page_pcpu_drain",
	[TRACE_MM_PAGE_ALLOC_EXTFRAG] = "mm_page_alloc_extfrag",
	[TRACE_KMEM_KMALLOC] = "kmalloc",
	[TRACE_KMEM_KFREE] = "kfree",
	[TRACE_KMEM_CACHE_ALLOC] = "kmem_cache_alloc",
	[TRACE_KMEM_CACHE_FREE] = "kmem_cache_free",
};

#define GFP_TEXT_MAX	512	/* all names of all bits */
#define SITE_TEXT_MAX	128

static bool room_for_event(const struct seq_buf *m)
{
	return !m->overflow && m->size - m->len >= TRACE_TEXT_MAX;
}

const char *trace_event_name(enum kmm_trace_code code)
{
	return (unsigned int)code < ARRAY_SIZE(event_names) ? event_names[code] : "unknown";
}

static bool is_object(const struct kmm_trace_event *e)
{
	return e->code >= TRACE_KMEM_KMALLOC && e->code <= TRACE_KMEM_CACHE_FREE;
}

static bool is_object_alloc(const struct kmm_trace_event *e)
{
	return e->code == TRACE_KMEM_KMALLOC || e->code == TRACE_KMEM_CACHE_ALLOC;
}

static bool has_cache(const struct kmm_trace_event *e)
{
	return e->code == TRACE_KMEM_CACHE_ALLOC || e->code == TRACE_KMEM_CACHE_FREE;
}

/* A call site's name, or its address: "kfree+0x12/0x80", "0x4012ab". */
static const char *site_text(uintptr_t site, const struct trace_stamp *s, char *buf, size_t size)
{
	struct seq_buf text;

	if (site && s->symbol && s->symbol(site - 1, buf, size))
		return buf;
	seq_buf_init(&text, buf, size);
	seq_buf_printf(&text, "%#llx", (unsigned long long)site);
	return buf;
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

static void object_args(struct seq_buf *m, const struct kmm_trace_event *e,
			const struct trace_stamp *s)
{
	char text[GFP_TEXT_MAX];

	seq_buf_printf(m, "call_site=%s ptr=%#llx", site_text(e->call_site, s, text, SITE_TEXT_MAX),
		       (unsigned long long)(e->failed ? 0 : e->ptr));
	if (has_cache(e))
		seq_buf_printf(m, " name=%s", e->cache ? e->cache : "?");
	if (!is_object_alloc(e))
		return;
	format_gfp_flags(text, sizeof(text), e->gfp);
	seq_buf_printf(m, " bytes_req=%u bytes_alloc=%u gfp_flags=%s node=%d accounted=%s",
		       (unsigned int)e->bytes_req, (unsigned int)e->bytes_alloc, text, e->node,
		       e->gfp & __GFP_ACCOUNT ? "true" : "false");
}

void trace_event_args(struct seq_buf *m, const struct kmm_trace_event *e,
		      const struct trace_stamp *s)
{
	if (is_object(e)) {
		object_args(m, e, s);
		return;
	}
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
	trace_event_args(m, e, s);
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
	[TRACE_KMEM_KMALLOC] = 'm',
	[TRACE_KMEM_KFREE] = 'f',
	[TRACE_KMEM_CACHE_ALLOC] = 'c',
	[TRACE_KMEM_CACHE_FREE] = 'd',
};

#define PROBES	8

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
	w->nr_gfp = w->nr_tid = w->nr_site = w->nr_cache = 0;
	memset(w->site, 0, sizeof(w->site));
	memset(w->cache, 0, sizeof(w->cache));
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

/* Where a call site is in the table, or is to be put. */
static u32 site_place(const struct kmt1_writer *w, uintptr_t site)
{
	u32 first = (u32)(((u64)site * 0x9e3779b97f4a7c15ull) >> 40), at;

	for (u32 i = 0; i < PROBES; i++) {
		at = (first + i) % KMT1_MAX_SITES;
		if (w->site[at].addr == site || !w->site[at].addr)
			return at;
	}
	return first % KMT1_MAX_SITES;
}

/* The number of a call site, likewise. 0, which none has, is known as 1. */
static u32 define_site(struct kmt1_writer *w, struct seq_buf *m, uintptr_t site,
		       const struct trace_stamp *s)
{
	u32 at = site_place(w, site ? site : 1);
	char text[SITE_TEXT_MAX];

	if (w->site[at].addr == (site ? site : 1))
		return w->site[at].id;
	if (!w->site[at].addr)
		w->site[at].id = w->nr_site;
	w->site[at].addr = site ? site : 1;
	w->nr_site++;
	site_text(site, s, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c == '/')
			*c = '\0';
	seq_buf_printf(m, "#S\t%u\t", (unsigned int)w->site[at].id);
	put_name(m, site ? text : NULL);
	return w->site[at].id;
}

/* The number of a cache's name, likewise. */
static u32 define_cache(struct kmt1_writer *w, struct seq_buf *m, const char *name)
{
	u32 first = 0, id = 0;
	size_t len;

	name = name && *name ? name : "?";
	for (len = 0; name[len] && len < KMEM_CACHE_NAME_MAX - 1; len++)
		first = (first ^ (unsigned char)name[len]) * 16777619u;
	first >>= 8;
	for (u32 i = 0; i < PROBES; i++) {
		id = (first + i) % KMT1_MAX_CACHES;
		if (strncmp(w->cache[id], name, len) == 0 && !w->cache[id][len])
			return id;
		if (!w->cache[id][0])
			break;
	}
	if (w->cache[id][0])
		id = first % KMT1_MAX_CACHES;
	memcpy(w->cache[id], name, len);
	w->cache[id][len] = '\0';
	w->nr_cache++;
	seq_buf_printf(m, "#C\t%u\t", (unsigned int)id);
	put_name(m, w->cache[id]);
	return id;
}

/* The numbers an event's line refers to, all defined. */
struct kmt1_ids {
	u32 gfp, site, cache;
};

static struct kmt1_ids define_all(struct kmt1_writer *w, struct seq_buf *m,
				  const struct kmm_trace_event *e, const struct trace_stamp *s)
{
	struct kmt1_ids ids = { 0 };

	define_thread(w, m, s);
	if (e->code == TRACE_MM_PAGE_ALLOC || is_object_alloc(e))
		ids.gfp = define_gfp(w, m, e->gfp);
	if (is_object(e))
		ids.site = define_site(w, m, e->call_site, s);
	if (has_cache(e))
		ids.cache = define_cache(w, m, e->cache);
	return ids;
}

/* Objects lie in the direct map, so each has a physical address. */
static void kmt1_object_args(struct seq_buf *m, const struct kmm_trace_event *e,
			     const struct kmt1_ids *ids)
{
	seq_buf_printf(m, "\t%llx", (unsigned long long)(e->failed ? 0 : __pa(e->ptr)));
	if (has_cache(e))
		seq_buf_printf(m, "\t%u", (unsigned int)ids->cache);
	if (is_object_alloc(e))
		seq_buf_printf(m, "\t%u\t%u\t%u", (unsigned int)e->bytes_req,
			       (unsigned int)e->bytes_alloc, (unsigned int)ids->gfp);
	seq_buf_printf(m, "\t%u", (unsigned int)ids->site);
	if (is_object_alloc(e) && e->node != NUMA_NO_NODE)
		seq_buf_printf(m, "\t%d", e->node);
	seq_buf_putc(m, '\n');
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
	struct kmt1_ids ids;

	if (!letter)
		return 0;
	if (!room_for_event(m))
		return -E2BIG;
	ids = define_all(w, m, e, s);
	if (w->events++ == 0)
		w->first_ns = w->last_ns = s->ns;
	seq_buf_printf(m, "%llu\t%c%u", (unsigned long long)(s->ns - w->last_ns), letter,
		       (unsigned int)s->cpu);
	if (in_interrupt(s))
		seq_buf_putc(m, s->context);
	seq_buf_printf(m, "\t%u", (unsigned int)s->tid);
	if (is_object(e))
		kmt1_object_args(m, e, &ids);
	else
		kmt1_args(m, e, ids.gfp);
	w->last_ns = s->ns;
	return 0;
}

void kmt1_end(const struct kmt1_writer *w, struct seq_buf *m)
{
	seq_buf_printf(m, "#end\tevents %llu\tduration_ns %llu\n", (unsigned long long)w->events,
		       (unsigned long long)(w->last_ns - w->first_ns));
}
