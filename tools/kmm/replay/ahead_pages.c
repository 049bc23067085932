// SPDX-License-Identifier: MIT
/*
 * ahead_pages.c - whose a page is: the slab layer's, or somebody else's.
 *
 * The trace does not say for whom a page was allocated. But where objects lie it does:
 *
 *	A  frame 0x1234, order 0              a block of pages comes to be
 *	c  object 0x12340c0                   an object lies in it: it is a slab,
 *	...                                   and event A was the slab layer's own
 *	F  frame 0x1234, order 0              so is its end
 *
 * A block is a slab from the first object event that hits one of its frames while it
 * lives; its allocation, though long past, is then struck out of the script, and its
 * free never gets in. Large kmalloc()s are the same: their pages are their own. A frame that
 * objects lie in and no event allocated is a slab from before the trace (*old*), and so are
 * all that the recorded page flags call slabs: their frees are left out too.
 *
 * A page block that is freed with objects still in it tells that they had been freed, by RCU
 * or in bulk, which is not traced.
 *
 * A slab page that no event puts an object in (all its objects were allocated in bulk) is not
 * recognised, and replayed as a page.
 *
 * Addresses are physical in kmt1. In the other formats they are the kernel's, which puts
 * its map of all RAM at a random multiple of 1 GiB; where, is found by the events
 * themselves: an object that is allocated on a CPU right after a page, with the same
 * address within a GiB, most probably lies in it. Most such pairs agreeing on one base decide.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/kmm/trace/alloc.h"

#include "ahead.h"

/* ---- where frame 0 is ---- */

#define GIB_FRAMES	((u64)1 << (30 - PAGE_SHIFT))
#define LOOK_EVENTS	1000000u
#define ENOUGH_VOTES	64u
#define MAX_CPUS	256u

struct base_search {
	struct {
		u64 pfn;
		u32 frames;
	} last[MAX_CPUS];		/* page allocated last by each CPU */
	u64 base;
	u32 votes;
};

static void look_for_base(struct base_search *b, const struct trace_event *ev)
{
	u64 frame = ev->obj.ptr >> PAGE_SHIFT, pfn = b->last[ev->cpu % MAX_CPUS].pfn, base;

	if (ev->code == TRACE_PAGE_ALLOC && !ev->page.failed) {
		b->last[ev->cpu % MAX_CPUS].pfn = ev->page.pfn;
		b->last[ev->cpu % MAX_CPUS].frames = 1u << min((int)ev->page.order, MAX_ORDER);
		return;
	}
	if ((ev->code != TRACE_CACHE_ALLOC && ev->code != TRACE_KMALLOC) || !ev->obj.ptr ||
	    ((frame - pfn) & (GIB_FRAMES - 1)) >= b->last[ev->cpu % MAX_CPUS].frames)
		return;
	base = (frame - pfn) / GIB_FRAMES * GIB_FRAMES << PAGE_SHIFT;
	if (b->votes && base != b->base) {
		b->votes--;
	} else {
		b->base = base;
		b->votes++;
	}
}

/* The trace's beginning, in a reader of its own: what are its addresses? */
static enum trace_ptr_kind scan_beginning(struct ahead *a, struct base_search *b)
{
	struct trace_reader *r = trace_open(a->rp->config->trace, NULL, a->rp->err, REPLAY_ERROR);
	enum trace_ptr_kind kind = TRACE_PTR_UNKNOWN;
	struct trace_event ev;

	for (u32 n = 0; r && n < LOOK_EVENTS && b->votes < ENOUGH_VOTES; n++) {
		if (trace_next(r, &ev) <= 0)
			break;
		kind = trace_ptr_kind(r);
		if (kind == TRACE_PTR_HASHED)
			break;
		look_for_base(b, &ev);
	}
	trace_close(r);
	return kind;
}

static bool can_be_read_twice(const char *trace)
{
	struct stat st;

	return strcmp(trace, "-") && !stat(trace, &st) && S_ISREG(st.st_mode);
}

int ahead_find_base(struct ahead *a)
{
	struct base_search b = { .votes = 0 };
	enum trace_ptr_kind kind;

	a->has_base = trace_format(a->s->reader) == TRACE_KMT1;
	if (a->has_base)
		return 0;
	kind = can_be_read_twice(a->rp->config->trace) ? scan_beginning(a, &b) : TRACE_PTR_UNKNOWN;
	a->base = b.base;
	a->has_base = b.votes > 0;
	if (a->has_base || !a->pages)
		return 0;
	return replay_fail(a->rp, "%s: %s, so slab pages cannot be told from others: "
			   "--level objects, or --level pages", a->rp->config->trace,
			   kind == TRACE_PTR_HASHED ? "the kernel hid the objects' addresses"
						    : "no object's address fits a page's");
}

/* ---- blocks ---- */

static u32 new_block(struct ahead *a)
{
	u32 nr = a->free_block;

	if (nr != BLOCK_NONE) {
		a->free_block = a->blocks[nr].kind;
	} else {
		nr = a->nr_blocks++;
		a->blocks = trace_grow(a->blocks, &a->block_cap, a->nr_blocks,
				       sizeof(*a->blocks));
	}
	a->blocks[nr] = (struct ahead_block){ .record = ~(u64)0, .kind = KIND_NONE };
	return nr;
}

static u32 put_block(struct ahead *a, u64 pfn, unsigned int order)
{
	u32 nr = new_block(a);

	a->blocks[nr].pfn = pfn;
	a->blocks[nr].frames = (u64)1 << order;
	frame_set(a->frames, pfn, (struct frame){ .pfn = nr, .order = (u8)order,
						  .state = FRAME_LIVE });
	return nr;
}

static u32 put_old_block(struct ahead *a, u64 pfn)
{
	u32 nr = put_block(a, pfn, 0);

	a->blocks[nr].slab = a->blocks[nr].old = true;
	return nr;
}

/* Objects still live in a block that goes: they had been freed without a trace. */
static void sweep(struct ahead *a, const struct trace_event *ev, u64 head, const struct frame *f)
{
	u64 ptr = a->base + (head << PAGE_SHIFT), end = ptr + (PAGE_SIZE << f->order);
	u32 nr = f->pfn;

	for (; a->blocks[nr].live && ptr < end; ptr += sizeof(u64)) {
		u32 slot = ptr ? ptr_map_find(&a->ptrs, ptr) : PTR_NONE;

		if (slot == PTR_NONE || a->slots[slot].kind == KIND_NONE ||
		    a->slots[slot].block != nr)
			continue;
		a->s->counts.swept++;
		ahead_leave(a, ev, slot);
	}
}

static bool drop_block(struct ahead *a, const struct trace_event *ev, u64 head)
{
	struct frame f = *frame_at(a->frames, head);
	bool slab;

	sweep(a, ev, head, &f);
	slab = a->blocks[f.pfn].slab;
	frame_clear(a->frames, head);
	a->blocks[f.pfn].frames = 0;
	if (a->blocks[f.pfn].live)	/* at addresses no object has: its number stays taken */
		return slab;
	a->blocks[f.pfn].kind = a->free_block;
	a->free_block = f.pfn;
	return slab;
}

/* Nothing is left in [pfn, pfn + 2^order). True: there was a slab. */
static bool clear(struct ahead *a, const struct trace_event *ev, u64 pfn, unsigned int order)
{
	u64 end = pfn + ((u64)1 << order), at;
	struct frame *f = frame_covering(a->frames, pfn, &at);
	bool slab = false;

	if (f && f->order > order)
		return drop_block(a, ev, at);
	for (at = frame_next(a->frames, pfn, end); at < end;
	     at = frame_next(a->frames, at + 1, end))
		slab |= drop_block(a, ev, at);
	return slab;
}

/* ---- events ---- */

static bool impossible(struct ahead *a, const struct trace_page *p)
{
	bool bad = p->order >= MAX_ORDER || p->pfn >= FRAME_MAX_PFN - MAX_ORDER_NR_PAGES ||
		   !IS_ALIGNED(p->pfn, (u64)1 << p->order);

	a->s->counts.impossible += bad;
	return bad;
}

static void emit_page(struct ahead *a, const struct trace_event *ev, enum script_op op)
{
	ahead_emit(a, ev, op, ev->page.pfn, ev->page.gfp)->order = ev->page.order & 0x3f;
}

void ahead_page_alloc(struct ahead *a, const struct trace_event *ev)
{
	struct ahead_block *b;
	u32 nr;

	if (unlikely(impossible(a, &ev->page)))
		return;
	if (unlikely(ev->page.failed)) {
		if (a->pages)
			emit_page(a, ev, SCRIPT_PAGE_REFUSED);
		return;
	}
	clear(a, ev, ev->page.pfn, ev->page.order);
	nr = put_block(a, ev->page.pfn, ev->page.order);
	b = &a->blocks[nr];
	b->gfp = ev->page.gfp;
	if (!a->pages)
		return;
	b->record = a->s->nr;
	emit_page(a, ev, SCRIPT_PAGE_ALLOC);
}

void ahead_page_free(struct ahead *a, const struct trace_event *ev)
{
	if (unlikely(impossible(a, &ev->page)))
		return;
	if (clear(a, ev, ev->page.pfn, ev->page.order))
		a->s->counts.page_frees++;
	else if (a->pages)
		emit_page(a, ev, SCRIPT_PAGE_FREE);
}

u32 ahead_block(struct ahead *a, u64 ptr, u32 hint)
{
	u64 pfn = ahead_frame(a, ptr), head;
	struct frame *f;

	if (likely(hint != BLOCK_NONE && pfn - a->blocks[hint].pfn < a->blocks[hint].frames))
		return hint;
	if (unlikely(pfn >= FRAME_MAX_PFN - MAX_ORDER_NR_PAGES))
		return BLOCK_NONE;
	f = frame_covering(a->frames, pfn, &head);
	return likely(f) ? f->pfn : put_old_block(a, pfn);
}

void ahead_is_slab(struct ahead *a, u32 nr, u32 kind)
{
	struct ahead_block *b = &a->blocks[nr];

	b->kind = kind;
	if (likely(b->slab))
		return;
	b->slab = true;
	a->s->counts.page_allocs++;
	a->s->kinds[kind].page_gfp |= b->gfp & (__GFP_RECLAIMABLE | __GFP_DMA | __GFP_DMA32);
	if (b->record == ~(u64)0)
		return;
	a->s->counts.pages += (u64)1 << script_event(a->s, b->record)->order;
	script_event(a->s, b->record)->op = SCRIPT_NOTHING;
}

void ahead_pages_begin(struct ahead *a)
{
	const struct frame_runs *runs = &a->rp->slab_frames;

	a->frames = frame_map_new();
	a->free_block = BLOCK_NONE;
	for (size_t i = 0; i < runs->nr; i++)
		for (u64 n = 0; n < runs->runs[i].pages; n++)
			put_old_block(a, runs->runs[i].pfn + n);
}

void ahead_pages_end(struct ahead *a)
{
	frame_map_free(a->frames);
	free(a->blocks);
}
