/* SPDX-License-Identifier: MIT */
/*
 * kmem_text.c - "event: key=value key=value ..." -> an event.
 *
 * The tail is walked once: each known key's value is remembered, words without
 * '=' (trace-cmd's "(function+0x12)", a module's "[ext4]") and unknown keys are
 * stepped over. Then the event's own function takes what it needs by key, in
 * whatever order the kernel printed them. A line without a key that its event
 * cannot do without is malformed.
 *
 * What kernels and tools disagree on, and what is accepted:
 *
 *	pfn=0x1a2b (5.x on), pfn=6699 (before)
 *	a failed mm_page_alloc: page=(nil), page=0000000000000000 or page=0x0 with
 *		pfn=0x0; pfn=-1, 0xffffffffffffffff or its decimal
 *	ptr=0xffff888102c85820 (perf, trace-cmd: the address), ptr=ffff888102c85820
 *		(ftrace with hash_ptr off), ptr=000000008ea7d621 (ftrace: hashed, 32
 *		bits in 16 digits), ptr=(nil), ptr=(null)
 *	call_site=kfree+0x10/0x200 [ext4]: kept as kfree+0x10; an address stays one
 *	gfp_flags=GFP_KERNEL|__GFP_ZERO, GFP_KERNEL|GFP_ZERO (before 4.5), 0xdc0
 *	kmalloc_node, kmem_cache_alloc_node (before 6.2), mm_page_free_direct and
 *		mm_pagevec_free (before 3.3)
 */
#include <assert.h>
#include <string.h>

#include "alloc.h"
#include "gfp_text.h"
#include "text_line.h"

enum key {
	KEY_PAGE, KEY_PFN, KEY_ORDER, KEY_MIGRATETYPE, KEY_GFP, KEY_PERCPU_REFILL,
	KEY_ALLOC_ORDER, KEY_FALLBACK_ORDER, KEY_ALLOC_MT, KEY_FALLBACK_MT, KEY_OWNERSHIP,
	KEY_SITE, KEY_PTR, KEY_REQ, KEY_ALLOC, KEY_NODE, KEY_NAME,
	NR_KEYS,
};

#define BIT(key)	(1u << (key))

static const char *const key_names[NR_KEYS] = {
	"page", "pfn", "order", "migratetype", "gfp_flags", "percpu_refill",
	"alloc_order", "fallback_order", "alloc_migratetype", "fallback_migratetype",
	"change_ownership",
	"call_site", "ptr", "bytes_req", "bytes_alloc", "node", "name",
};

struct tail {
	u32 seen;			/* set of keys */
	const char *value[NR_KEYS];	/* of those seen only */
	const char *end[NR_KEYS];
	const char *bad;		/* name of the first bad value */
};

/* ---- the walk ---- */

static bool is(const char *p, const char *word, size_t len)
{
	return !memcmp(p, word, len);
}

static enum key key_of(const char *p, size_t len)
{
	switch (len) {
	case 3: return is(p, "pfn", 3) ? KEY_PFN : is(p, "ptr", 3) ? KEY_PTR : NR_KEYS;
	case 4: return is(p, "page", 4) ? KEY_PAGE : is(p, "name", 4) ? KEY_NAME :
		       is(p, "node", 4) ? KEY_NODE : NR_KEYS;
	case 5: return is(p, "order", 5) ? KEY_ORDER : NR_KEYS;
	case 9: return is(p, "call_site", 9) ? KEY_SITE : is(p, "bytes_req", 9) ? KEY_REQ :
		       is(p, "gfp_flags", 9) ? KEY_GFP : NR_KEYS;
	case 11: return is(p, "bytes_alloc", 11) ? KEY_ALLOC :
			is(p, "migratetype", 11) ? KEY_MIGRATETYPE :
			is(p, "alloc_order", 11) ? KEY_ALLOC_ORDER : NR_KEYS;
	case 13: return is(p, "percpu_refill", 13) ? KEY_PERCPU_REFILL : NR_KEYS;
	case 14: return is(p, "fallback_order", 14) ? KEY_FALLBACK_ORDER : NR_KEYS;
	case 16: return is(p, "change_ownership", 16) ? KEY_OWNERSHIP : NR_KEYS;
	case 17: return is(p, "alloc_migratetype", 17) ? KEY_ALLOC_MT : NR_KEYS;
	case 20: return is(p, "fallback_migratetype", 20) ? KEY_FALLBACK_MT : NR_KEYS;
	default: return NR_KEYS;
	}
}

/* One word, [p, end): remember its value when its key is one of ours and new. */
static void take_word(struct tail *t, const char *p, const char *end)
{
	const char *equals = memchr(p, '=', (size_t)(end - p));
	enum key key = equals ? key_of(p, (size_t)(equals - p)) : NR_KEYS;

	if (key == NR_KEYS || t->seen & BIT(key))
		return;
	t->seen |= BIT(key);
	t->value[key] = equals + 1;
	t->end[key] = end;
}

static void parse_tail(struct tail *t, const char *p, const char *end)
{
	const char *word;

	t->seen = 0;
	t->bad = NULL;
	while (p < end) {
		word = p;
		while (p < end && *p != ' ')
			p++;
		take_word(t, word, p);
		while (p < end && *p == ' ')
			p++;
	}
}

/* ---- values ---- */

static void bad_value(struct tail *t, enum key key)
{
	if (!t->bad)
		t->bad = key_names[key];
}

static bool is_word(const struct tail *t, enum key key, const char *word)
{
	size_t len = (size_t)(t->end[key] - t->value[key]);

	return len == strlen(word) && is(t->value[key], word, len);
}

/* A number of @base, with or without 0x; @base 10 becomes 16 with it. */
static u64 number(struct tail *t, enum key key, unsigned int base)
{
	struct scan s = { .p = t->value[key], .end = t->end[key] };
	u64 v;

	assert(t->seen & BIT(key));
	if (s.end - s.p > 2 && s.p[0] == '0' && s.p[1] == 'x') {
		s.p += 2;
		base = 16;
	}
	v = base == 16 ? scan_hex(&s, "") : scan_dec(&s, "");
	if (s.bad || s.p != s.end)
		bad_value(t, key);
	return v;
}

static u64 number_max(struct tail *t, enum key key, u64 max)
{
	u64 v = number(t, key, 10);

	if (v > max)
		bad_value(t, key);
	return v;
}

static u8 get_order(struct tail *t, enum key key)
{
	return (u8)number_max(t, key, TRACE_MAX_ORDER);
}

static u32 get_size(struct tail *t, enum key key)
{
	return (u32)number_max(t, key, UINT32_MAX);
}

/* -1 when the key is absent, or when that is what it says. */
static s32 get_signed(struct tail *t, enum key key, u64 max)
{
	if (!(t->seen & BIT(key)) || is_word(t, key, "-1"))
		return -1;
	return (s32)number_max(t, key, max);
}

static int8_t get_migratetype(struct tail *t, enum key key)
{
	return (int8_t)get_signed(t, key, 127);
}

static bool get_flag(struct tail *t, enum key key)
{
	return t->seen & BIT(key) && number_max(t, key, 1);
}

static u64 get_pfn(struct tail *t)
{
	return number_max(t, KEY_PFN, TRACE_MAX_PFN);
}

static bool is_nil(const struct tail *t, enum key key)
{
	return is_word(t, key, "(nil)") || is_word(t, key, "(null)");
}

/* A value made of zeroes and nothing else, "0x" apart. */
static bool is_null(const struct tail *t, enum key key)
{
	const char *p = t->value[key];

	if (!(t->seen & BIT(key)))
		return false;
	if (t->end[key] - p > 2 && p[0] == '0' && p[1] == 'x')
		p += 2;
	if (p == t->end[key])
		return false;
	while (p < t->end[key] && *p == '0')
		p++;
	return p == t->end[key] || is_nil(t, key);
}

static bool is_no_pfn(const struct tail *t)
{
	return is_word(t, KEY_PFN, "-1") || is_word(t, KEY_PFN, "18446744073709551615") ||
	       is_word(t, KEY_PFN, "0xffffffffffffffff") || is_word(t, KEY_PFN, "4294967295") ||
	       is_word(t, KEY_PFN, "0xffffffff");
}

static enum trace_ptr_kind kind_of_ptr(const struct tail *t, u64 ptr)
{
	const char *p = t->value[KEY_PTR];

	return p[1] == 'x' || ptr >> 32 ? TRACE_PTR_VIRTUAL : TRACE_PTR_HASHED;
}

static u64 get_ptr(struct trace_reader *r, struct tail *t)
{
	u64 ptr = is_nil(t, KEY_PTR) ? 0 : number(t, KEY_PTR, 16);

	if (unlikely(ptr && r->ptr_kind == TRACE_PTR_UNKNOWN && !t->bad))
		r->ptr_kind = kind_of_ptr(t, ptr);
	return ptr;
}

static u32 get_name(struct trace_reader *r, struct tail *t, enum key key, enum trace_name_kind kind)
{
	const char *p = t->value[key], *end = t->end[key], *slash;
	u32 id;

	if (!(t->seen & BIT(key)))
		return TRACE_ID_NONE;
	slash = key == KEY_SITE ? memchr(p, '/', (size_t)(end - p)) : NULL;
	id = name_intern(&r->names[kind], p, (size_t)((slash ? slash : end) - p));
	if (id == NAMES_REFUSED)
		bad_value(t, key);
	return id;
}

/* A mask's text seen for the first time. */
static u32 new_gfp(struct trace_reader *r, struct tail *t, const char *p, size_t len)
{
	u32 bits;

	if (!count_gfp(r, gfp_from_text(p, len, &bits), p, len))
		bad_value(t, KEY_GFP);
	return bits;
}

static u32 get_gfp(struct trace_reader *r, struct tail *t)
{
	const char *p = t->value[KEY_GFP];
	size_t len = (size_t)(t->end[KEY_GFP] - p);
	u32 before = r->gfp_texts.nr, id = name_find(&r->gfp_texts, p, len), bits;

	if (likely(id < before))
		return r->gfp_bits[id];
	bits = new_gfp(r, t, p, len);
	if (t->bad)
		return 0;
	id = name_intern(&r->gfp_texts, p, len);
	if (id != NAMES_REFUSED) {
		r->gfp_bits = trace_grow(r->gfp_bits, &r->gfp_cap, (size_t)id + 1,
					 sizeof(*r->gfp_bits));
		r->gfp_bits[id] = bits;
	}
	return bits;
}

/* ---- events ---- */

static void page_alloc(struct trace_reader *r, struct tail *t, struct trace_page *page)
{
	page->failed = is_no_pfn(t) || (is_null(t, KEY_PAGE) && is_null(t, KEY_PFN));
	page->pfn = page->failed ? 0 : get_pfn(t);
	page->order = get_order(t, KEY_ORDER);
	page->migratetype = get_migratetype(t, KEY_MIGRATETYPE);
	page->gfp = get_gfp(r, t);
}

static void page_moved(struct tail *t, struct trace_page *page)
{
	page->pfn = get_pfn(t);
	page->order = get_order(t, KEY_ORDER);
	page->migratetype = get_migratetype(t, KEY_MIGRATETYPE);
	page->percpu_refill = get_flag(t, KEY_PERCPU_REFILL);
}

static void extfrag(struct tail *t, struct trace_extfrag *x)
{
	x->pfn = get_pfn(t);
	x->alloc_order = get_order(t, KEY_ALLOC_ORDER);
	x->fallback_order = get_order(t, KEY_FALLBACK_ORDER);
	x->alloc_mt = get_migratetype(t, KEY_ALLOC_MT);
	x->fallback_mt = get_migratetype(t, KEY_FALLBACK_MT);
	x->change_ownership = get_flag(t, KEY_OWNERSHIP);
}

static void object_alloc(struct trace_reader *r, struct tail *t, struct trace_object *obj)
{
	obj->bytes_req = get_size(t, KEY_REQ);
	obj->bytes_alloc = get_size(t, KEY_ALLOC);
	obj->gfp = get_gfp(r, t);
}

static void object(struct trace_reader *r, struct tail *t, struct trace_event *ev)
{
	struct trace_object *obj = &ev->obj;
	bool cache = ev->code == TRACE_CACHE_ALLOC || ev->code == TRACE_CACHE_FREE;

	*obj = (struct trace_object){ .ptr = get_ptr(r, t), .cache_id = TRACE_ID_NONE,
				      .node = get_signed(t, KEY_NODE, INT32_MAX) };
	obj->site_id = get_name(r, t, KEY_SITE, TRACE_NAME_SITE);
	if (cache)
		obj->cache_id = get_name(r, t, KEY_NAME, TRACE_NAME_CACHE);
	if (ev->code == TRACE_CACHE_ALLOC || ev->code == TRACE_KMALLOC)
		object_alloc(r, t, obj);
}

/* trace-cmd puts the writing function in front. */
static void marker(struct trace_reader *r, const struct text_line *line, struct trace_event *ev)
{
	struct scan s = { .p = line->tail, .end = line->tail_end };

	if (scan_word(&s, "tracing_mark_write:"))
		scan_spaces(&s);
	set_marker(r, ev, s.p, s.end);
}

static const struct kmem_event {
	const char *name;
	enum trace_code code;
	u32 needs;		/* set of keys */
} events[] = {
#define PAGE	(BIT(KEY_PFN) | BIT(KEY_ORDER))
#define ALLOC	(BIT(KEY_PTR) | BIT(KEY_REQ) | BIT(KEY_ALLOC) | BIT(KEY_GFP))
	{ "kmem_cache_alloc", TRACE_CACHE_ALLOC, ALLOC },
	{ "kmem_cache_free", TRACE_CACHE_FREE, BIT(KEY_PTR) },
	{ "mm_page_alloc", TRACE_PAGE_ALLOC, PAGE | BIT(KEY_GFP) },
	{ "mm_page_free", TRACE_PAGE_FREE, PAGE },
	{ "mm_page_free_batched", TRACE_PAGE_FREE_BATCHED, PAGE },
	{ "kmalloc", TRACE_KMALLOC, ALLOC },
	{ "kfree", TRACE_KFREE, BIT(KEY_PTR) },
	{ "mm_page_alloc_zone_locked", TRACE_PAGE_ZONE_LOCKED, PAGE },
	{ "mm_page_pcpu_drain", TRACE_PCPU_DRAIN, PAGE },
	{ "mm_page_alloc_extfrag", TRACE_EXTFRAG,
	  BIT(KEY_PFN) | BIT(KEY_ALLOC_ORDER) | BIT(KEY_FALLBACK_ORDER) | BIT(KEY_ALLOC_MT) |
	  BIT(KEY_FALLBACK_MT) },
	{ "kmalloc_node", TRACE_KMALLOC, ALLOC },
	{ "kmem_cache_alloc_node", TRACE_CACHE_ALLOC, ALLOC },
	{ "mm_page_free_direct", TRACE_PAGE_FREE, PAGE },
	{ "mm_pagevec_free", TRACE_PAGE_FREE_BATCHED, PAGE },
	{ "tracing_mark_write", TRACE_MARKER, 0 },
	{ "print", TRACE_MARKER, 0 },
#undef PAGE
#undef ALLOC
};

static const struct kmem_event *find_event(const struct text_line *line)
{
	size_t len = (size_t)(line->event_end - line->event), i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (strlen(events[i].name) == len && is(line->event, events[i].name, len))
			return &events[i];
	return NULL;
}

static void payload(struct trace_reader *r, struct tail *t, struct trace_event *ev)
{
	ev->page = (struct trace_page){ .migratetype = -1 };
	switch (ev->code) {
	case TRACE_PAGE_ALLOC: page_alloc(r, t, &ev->page); break;
	case TRACE_PAGE_FREE:
	case TRACE_PAGE_FREE_BATCHED:
	case TRACE_PAGE_ZONE_LOCKED:
	case TRACE_PCPU_DRAIN: page_moved(t, &ev->page); break;
	case TRACE_EXTFRAG: extfrag(t, &ev->extfrag); break;
	default: object(r, t, ev); break;
	}
}

static enum line_result lacks(struct trace_reader *r, const struct kmem_event *e, u32 missing)
{
	return line_bad(r, "%s without %s", e->name, key_names[__builtin_ctz(missing)]);
}

enum line_result kmem_decode(struct trace_reader *r, const struct text_line *line,
			     struct trace_event *ev)
{
	const struct kmem_event *e = find_event(line);
	struct tail t;

	ev->code = e ? (u8)e->code : TRACE_OTHER;
	if (!e) {
		ev->other.text = line->event;
		ev->other.len = (u32)(line->event_end - line->event);
		ev->other.letter = 0;
		return LINE_EVENT;
	}
	if (ev->code == TRACE_MARKER) {
		marker(r, line, ev);
		return LINE_EVENT;
	}
	parse_tail(&t, line->tail, line->tail_end);
	if (e->needs & ~t.seen)
		return lacks(r, e, e->needs & ~t.seen);
	payload(r, &t, ev);
	return t.bad ? line_bad(r, "%s with a bad %s", e->name, t.bad) : LINE_EVENT;
}
