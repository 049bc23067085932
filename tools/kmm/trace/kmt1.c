/* SPDX-License-Identifier: MIT */
/*
 * kmt1.c - the compact form: tab separated, times as differences, names by number.
 *
 *	#kmt1 <title>			first line
 *	#T tid class name		a thread; again when exec changes its name
 *	#S id function+0xoffset		a call site
 *	#C id cache			a slab cache; "?": the kernel did not say which
 *	#G id hexmask NAMES		a gfp mask; NAMES count, the kernel's own bits don't
 *	#end events N ...		last line
 *	dt_ns XC[x] tid args		an event: X its letter, C the CPU, x 's' or 'h' in irqs
 *
 *	A pfn|- order gfp mt		c phys cache req alloc gfp site [node]
 *	F pfn order			d phys cache site
 *	Z pfn order mt percpu_refill	m phys req alloc gfp site [node]
 *	D pfn order mt			f phys site
 *	X pfn order order mt mt owner	! text
 *
 * Any other letter is given out as TRACE_OTHER. Frame numbers and addresses
 * are hexadecimal, all else is decimal. Numbers must be defined before they are
 * used; the file's numbers are mapped to the reader's, which are one per text
 * however often a file defines it.
 *
 * This is the format replays are measured with: budget 120 ns per event,
 * decompression included. Hence the hand-made scanner, and no checks but sticky
 * ones; see scan.h.
 */
#include <assert.h>
#include <string.h>

#include "alloc.h"
#include "decoder.h"
#include "gfp_text.h"

#define MAX_ID	(1u << 20)

/* ---- numbers of the file ---- */

/* Values are stored plus one, so that fresh, zeroed entries are undefined. */
#define STORED_NONE	0xffffffffu

static void define(struct id_map *map, u32 id, u32 value)
{
	assert(id < MAX_ID);
	map->value = trace_grow(map->value, &map->cap, (size_t)id + 1, sizeof(*map->value));
	map->value[id] = value == TRACE_ID_NONE ? STORED_NONE : value + 1;
}

static inline u32 scan_id(struct scan *s, const struct id_map *map, const char *what)
{
	u64 id = scan_dec(s, what);
	u32 stored = likely(id < map->cap) ? map->value[id] : 0;

	if (unlikely(!stored))
		scan_fail(s, what);
	return stored == STORED_NONE ? TRACE_ID_NONE : stored - 1;
}

/* ---- events ---- */

static inline void tab(struct scan *s)
{
	scan_char(s, '\t', "field separator");
}

static inline u8 scan_order(struct scan *s)
{
	tab(s);
	return (u8)scan_dec_max(s, TRACE_MAX_ORDER, "order");
}

static inline int8_t scan_migratetype(struct scan *s)
{
	tab(s);
	return (int8_t)scan_dec_max(s, 127, "migrate type");
}

static inline bool scan_flag(struct scan *s, const char *what)
{
	tab(s);
	return scan_dec_max(s, 1, what);
}

static inline u64 scan_pfn(struct scan *s)
{
	u64 pfn;

	tab(s);
	pfn = scan_hex(s, "pfn");
	if (unlikely(pfn > TRACE_MAX_PFN))
		scan_fail(s, "pfn");
	return pfn;
}

static inline u32 scan_size(struct scan *s, const char *what)
{
	tab(s);
	return (u32)scan_dec_max(s, UINT32_MAX, what);
}

static inline u32 scan_gfp(struct scan *s, const struct trace_reader *r)
{
	tab(s);
	return scan_id(s, &r->gfps, "gfp id (not defined)");
}

static inline u32 scan_cache(struct scan *s, const struct trace_reader *r)
{
	tab(s);
	return scan_id(s, &r->caches, "cache id (not defined)");
}

static inline u32 scan_site(struct scan *s, const struct trace_reader *r)
{
	tab(s);
	return scan_id(s, &r->sites, "site id (not defined)");
}

static void page_alloc(struct trace_reader *r, struct scan *s, struct trace_page *page)
{
	page->failed = s->p[0] == '\t' && s->p[1] == '-';
	if (page->failed)
		s->p += 2;
	else
		page->pfn = scan_pfn(s);
	page->order = scan_order(s);
	page->gfp = scan_gfp(s, r);
	page->migratetype = scan_migratetype(s);
}

static inline void page_free(struct scan *s, struct trace_page *page)
{
	page->pfn = scan_pfn(s);
	page->order = scan_order(s);
	page->migratetype = -1;
}

static void zone_locked(struct scan *s, struct trace_page *page)
{
	page->pfn = scan_pfn(s);
	page->order = scan_order(s);
	page->migratetype = scan_migratetype(s);
	page->percpu_refill = scan_flag(s, "percpu_refill");
}

static void pcpu_drain(struct scan *s, struct trace_page *page)
{
	page->pfn = scan_pfn(s);
	page->order = scan_order(s);
	page->migratetype = scan_migratetype(s);
}

static void extfrag(struct scan *s, struct trace_extfrag *x)
{
	x->pfn = scan_pfn(s);
	x->alloc_order = scan_order(s);
	x->fallback_order = scan_order(s);
	x->alloc_mt = scan_migratetype(s);
	x->fallback_mt = scan_migratetype(s);
	x->change_ownership = scan_flag(s, "change_ownership");
}

/* The part m and c share: req alloc gfp site [node]. */
static inline void object_alloc(struct trace_reader *r, struct scan *s, struct trace_object *obj)
{
	obj->bytes_req = scan_size(s, "bytes_req");
	obj->bytes_alloc = scan_size(s, "bytes_alloc");
	obj->gfp = scan_gfp(s, r);
	obj->site_id = scan_site(s, r);
	if (likely(s->p == s->end))
		return;
	tab(s);
	if (s->p[0] == '-' && s->p[1] == '1')
		s->p += 2;
	else
		obj->node = (s32)scan_dec_max(s, INT32_MAX, "node");
}

static inline void object(struct trace_reader *r, struct scan *s, struct trace_event *ev)
{
	struct trace_object *obj = &ev->obj;

	tab(s);
	*obj = (struct trace_object){ .ptr = scan_hex(s, "address"), .cache_id = TRACE_ID_NONE,
				      .site_id = TRACE_ID_NONE, .node = -1 };
	if (ev->code == TRACE_CACHE_ALLOC || ev->code == TRACE_CACHE_FREE)
		obj->cache_id = scan_cache(s, r);
	if (ev->code == TRACE_CACHE_ALLOC || ev->code == TRACE_KMALLOC)
		object_alloc(r, s, obj);
	else
		obj->site_id = scan_site(s, r);
}

static void marker(struct trace_reader *r, struct scan *s, struct trace_event *ev)
{
	tab(s);
	set_marker(r, ev, s->p, s->end);
	s->p = s->end;
}

static void other(struct scan *s, struct trace_event *ev, char letter)
{
	if (s->p != s->end)
		tab(s);
	ev->other.text = s->p;
	ev->other.len = (u32)(s->end - s->p);
	ev->other.letter = letter;
	s->p = s->end;
}

static inline u8 code_of(char letter)
{
	switch (letter) {
	case 'A': return TRACE_PAGE_ALLOC;
	case 'F': return TRACE_PAGE_FREE;
	case 'Z': return TRACE_PAGE_ZONE_LOCKED;
	case 'D': return TRACE_PCPU_DRAIN;
	case 'X': return TRACE_EXTFRAG;
	case 'm': return TRACE_KMALLOC;
	case 'f': return TRACE_KFREE;
	case 'c': return TRACE_CACHE_ALLOC;
	case 'd': return TRACE_CACHE_FREE;
	case '!': return TRACE_MARKER;
	default: return TRACE_OTHER;
	}
}

static void arguments(struct trace_reader *r, struct scan *s, struct trace_event *ev, char letter)
{
	ev->page = (struct trace_page){ .pfn = 0 };
	switch (ev->code) {
	case TRACE_PAGE_ALLOC: page_alloc(r, s, &ev->page); break;
	case TRACE_PAGE_FREE: page_free(s, &ev->page); break;
	case TRACE_PAGE_ZONE_LOCKED: zone_locked(s, &ev->page); break;
	case TRACE_PCPU_DRAIN: pcpu_drain(s, &ev->page); break;
	case TRACE_EXTFRAG: extfrag(s, &ev->extfrag); break;
	case TRACE_KMALLOC:
	case TRACE_KFREE:
	case TRACE_CACHE_ALLOC:
	case TRACE_CACHE_FREE: object(r, s, ev); break;
	case TRACE_MARKER: marker(r, s, ev); break;
	default: other(s, ev, letter); break;
	}
}

static inline u8 scan_context(struct scan *s)
{
	u8 c = (u8)*s->p;

	if (likely(c != 's' && c != 'h'))
		return TRACE_TASK;
	s->p++;
	return c;
}

/* Anything printable that is not a digit. */
static inline bool is_letter(char c)
{
	return c > ' ' && c < 0x7f && (c < '0' || c > '9');
}

static enum line_result event(struct trace_reader *r, const char *p, const char *end,
			      struct trace_event *ev)
{
	struct scan s = { .p = p, .end = end };
	u64 ts = r->ts_ns + scan_dec_max(&s, INT64_MAX, "time");
	char letter;

	tab(&s);
	letter = *s.p;
	if (unlikely(!is_letter(letter)))
		scan_fail(&s, "event letter");
	else
		s.p++;
	ev->code = code_of(letter);
	ev->cpu = (u16)scan_dec_max(&s, UINT16_MAX, "CPU");
	ev->context = scan_context(&s);
	tab(&s);
	ev->tid = (u32)scan_dec_max(&s, UINT32_MAX, "thread id");
	arguments(r, &s, ev, letter);
	scan_end(&s, "end of line: there is more");
	if (unlikely(ts > INT64_MAX))
		scan_fail(&s, "time");
	if (unlikely(s.bad))
		return line_bad(r, "bad %s", s.bad);
	r->ts_ns = ev->ts_ns = ts;
	return LINE_EVENT;
}

/* ---- definitions ---- */

static enum line_result refused(struct trace_reader *r)
{
	return line_bad(r, "bad name: over %d bytes, a control character, or too many names",
			NAMES_MAX_LEN);
}

/* "id\t" at the front of a definition. */
static u32 definition_id(struct scan *s)
{
	u64 id = scan_dec_max(s, MAX_ID - 1, "id in a definition");

	tab(s);
	return s->bad ? 0 : (u32)id;
}

static enum line_result define_name(struct trace_reader *r, struct scan *s,
				    enum trace_name_kind kind, struct id_map *map)
{
	u32 id = definition_id(s), name;
	size_t len = (size_t)(s->end - s->p);

	if (s->bad)
		return line_bad(r, "bad %s", s->bad);
	name = name_intern(&r->names[kind], s->p, len);
	if (name == NAMES_REFUSED)
		return refused(r);
	define(map, id, len == 1 && *s->p == '?' ? TRACE_ID_NONE : name);
	return LINE_SKIP;
}

static enum line_result define_gfp(struct trace_reader *r, struct scan *s)
{
	u32 id = definition_id(s), bits;
	size_t len;

	scan_hex(s, "gfp mask");
	tab(s);
	if (s->bad)
		return line_bad(r, "bad %s", s->bad);
	len = (size_t)(s->end - s->p);
	if (!count_gfp(r, gfp_from_text(s->p, len, &bits), s->p, len))
		return line_bad(r, "bad gfp names");
	define(&r->gfps, id, bits);
	return LINE_SKIP;
}

static enum line_result define_thread(struct trace_reader *r, struct scan *s)
{
	struct trace_thread *th;
	u32 tid, name;
	char class;

	tid = (u32)scan_dec_max(s, UINT32_MAX, "thread id");
	tab(s);
	class = *s->p;
	if (s->p < s->end)
		s->p++;
	tab(s);
	if (!memchr("WKRO", class, 4))
		scan_fail(s, "thread class");
	if (s->bad)
		return line_bad(r, "bad %s", s->bad);
	name = name_intern(&r->names[TRACE_NAME_COMM], s->p, (size_t)(s->end - s->p));
	if (name == NAMES_REFUSED)
		return refused(r);
	th = thread_get(&r->threads, tid);
	th->class = class;
	th->comm_id = name;
	return LINE_SKIP;
}

static enum line_result end_line(struct trace_reader *r, struct scan *s)
{
	if (!scan_word(s, "\tevents\t") && !scan_word(s, "\tevents "))
		scan_fail(s, "#end line");
	r->stats.declared = scan_dec(s, "#end line");
	if (s->bad)
		return line_bad(r, "bad %s", s->bad);
	if (scan_word(s, "\tduration_ns "))
		scan_dec(s, "duration");
	if (scan_word(s, "\tmissed_pages ") && scan_dec(s, "missed_pages"))
		r->stats.lost_unknown++;
	r->ended = true;
	return LINE_SKIP;
}

static enum line_result title(struct trace_reader *r, struct scan *s)
{
	copy_printable(r->title, sizeof(r->title), s->p + (s->p < s->end), s->end);
	r->ptr_kind = TRACE_PTR_PHYSICAL;
	return LINE_SKIP;
}

/* Lines that begin with '#'; those we do not know are comments. */
static enum line_result definition(struct trace_reader *r, const char *p, const char *end)
{
	struct scan s = { .p = p, .end = end };

	if (scan_word(&s, "#T\t"))
		return define_thread(r, &s);
	if (scan_word(&s, "#S\t"))
		return define_name(r, &s, TRACE_NAME_SITE, &r->sites);
	if (scan_word(&s, "#C\t"))
		return define_name(r, &s, TRACE_NAME_CACHE, &r->caches);
	if (scan_word(&s, "#G\t"))
		return define_gfp(r, &s);
	if (scan_word(&s, "#end"))
		return end_line(r, &s);
	if (scan_word(&s, "#kmt1"))
		return title(r, &s);
	return LINE_SKIP;
}

/* ---- the format ---- */

static enum line_result decode(struct trace_reader *r, const char *p, const char *end,
			       struct trace_event *ev)
{
	if (unlikely(r->ended))
		return p == end ? LINE_SKIP : line_bad(r, "a line after #end");
	if (likely(*p != '#'))
		return event(r, p, end, ev);
	return definition(r, p, end);
}

static bool recognise(const char *p, const char *end)
{
	if (end - p < 5 || memcmp(p, "#kmt1", 5))
		return false;
	return p + 5 == end || p[5] == '\t' || p[5] == ' ';
}

static void finish(struct trace_reader *r)
{
	struct trace_stats *st = &r->stats;

	st->truncated = !r->ended || st->events + st->malformed < st->declared;
}

const struct trace_decoder kmt1_decoder = {
	.name = "kmt1",
	.recognise = recognise,
	.decode = decode,
	.finish = finish,
};
