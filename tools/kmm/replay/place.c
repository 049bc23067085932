// SPDX-License-Identifier: MIT
/*
 * place.c - one recorded event made again: an allocation, a free.
 *
 * The recording is not complete, and every gap shows as a contradiction. What is
 * done about each, and its counter in struct replay_counts:
 *
 *	allocation where a block lives	its free was not traced, or it waited in a
 *					per-CPU list when the initial state was taken:
 *					free it first			over_*
 *	free of an unknown frame	allocated before the trace, or by a path that is
 *					not traced: nothing to do	free_unknown_*
 *	free of a part of a block	the kernel split it: split ours	free_part_events
 *	free of several blocks at once	the kernel joined them (a huge page put
 *					together): free each		free_joined_events
 *
 * An allocation that fails here but did not then leaves an entry FRAME_REFUSED, so
 * that its free is known for what it is.
 *
 * Masks. __GFP_NOFAIL goes (nothing here reclaims, so it would never end) and is
 * counted when it would have mattered; __GFP_ZERO and __GFP_COMP go, because contents
 * are not replayed and a compound page occupies the same frames; failures beyond the
 * first few do not print their report.
 */
#include <stdio.h>

#include <kmm/mm.h>
#include <kmm/numa.h>

#include "engine.h"

/* ---- masks ---- */

static gfp_t one_zone(gfp_t gfp)
{
	gfp_t zone = gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM);

	return zone & (zone - 1) ? gfp & ~(zone & (zone - 1)) : gfp;
}

/* A mask kmm can be asked with. A trace is foreign input: nothing in it may stop the machine. */
gfp_t replay_mask(struct replay *rp, u32 recorded)
{
	gfp_t mobile = __GFP_MOVABLE | __GFP_RECLAIMABLE;
	gfp_t gfp = recorded & __GFP_BITS_MASK & ~(__GFP_NOFAIL | __GFP_ZERO | __GFP_COMP);
	gfp_t sane = one_zone(gfp);

	while (unlikely(one_zone(sane) != sane))
		sane = one_zone(sane);
	if (unlikely((sane & mobile) == mobile))
		sane &= ~__GFP_MOVABLE;
	rp->counts->odd_masks += sane != gfp;
	if (rp->printed >= REPLAY_PRINTED)
		sane |= __GFP_NOWARN;
	return sane;
}

static int mobility_of(gfp_t gfp)
{
	return min(gfp_migratetype(gfp), MOBILITIES - 1);
}

/* ---- giving back ---- */

static void count_live(struct replay_counts *n, const struct frame *f, bool more)
{
	u64 pages = (u64)1 << f->order;
	u64 *held = f->state == FRAME_INITIAL ? &n->initial_pages : &n->live_pages;

	if (f->state == FRAME_REFUSED)
		return;
	*held = more ? *held + pages : *held - pages;
	n->peak_live_pages = max(n->peak_live_pages, n->live_pages);
}

static void give_back(struct replay *rp, u64 pfn, const struct frame *f)
{
	struct frame gone = *f;

	count_live(rp->counts, &gone, false);
	frame_clear(rp->map, pfn);
	if (gone.state == FRAME_REFUSED)
		return;
	rp->counts->free_pages += 1ul << gone.order;
	__free_pages(pfn_to_page(gone.pfn), gone.order);
}

/* One block becomes as many single pages, here and in the map. */
static void split(struct replay *rp, u64 head, const struct frame *f)
{
	struct frame piece = *f;
	u64 nr = (u64)1 << f->order;

	if (piece.state != FRAME_REFUSED)
		split_page(pfn_to_page(piece.pfn), piece.order);
	frame_clear(rp->map, head);
	piece.order = 0;
	for (u64 i = 0; i < nr; i++, piece.pfn++)
		frame_set(rp->map, head + i, piece);
}

/* If a block reaches into [pfn, pfn + 2^order) or out of it, cut it so that none does. */
static bool cut_at(struct replay *rp, u64 pfn, unsigned int order)
{
	u64 head;
	struct frame *f = frame_covering(rp->map, pfn, &head);

	if (!f || f->order <= order)
		return false;
	split(rp, head, f);
	return true;
}

/* An order kmm does not have, or a frame that no block of this order can begin at. */
static bool impossible(struct replay *rp, const struct trace_page *p)
{
	bool bad = p->order >= MAX_ORDER || p->pfn >= FRAME_MAX_PFN - MAX_ORDER_NR_PAGES ||
		   !IS_ALIGNED(p->pfn, (u64)1 << p->order);

	rp->counts->impossible += bad;
	return bad;
}

/* ---- allocation ---- */

static void count_over(struct replay_counts *n, u8 state)
{
	n->over_initial += state == FRAME_INITIAL;
	n->over_live += state == FRAME_LIVE;
	n->over_refused += state == FRAME_REFUSED;
}

/* Nothing may live where the recorded kernel placed a block. */
static void make_room(struct replay *rp, u64 pfn, unsigned int order)
{
	u64 end = pfn + ((u64)1 << order), at;

	cut_at(rp, pfn, order);
	for (at = frame_next(rp->map, pfn, end); at < end; at = frame_next(rp->map, at + 1, end)) {
		struct frame *f = frame_at(rp->map, at);

		count_over(rp->counts, f->state);
		give_back(rp, at, f);
	}
}

int replay_node_of(u64 pfn)
{
	for (int nid = first_node(node_online_map); nid < MAX_NUMNODES;
	     nid = next_node(nid, node_online_map))
		if (pfn - NODE_DATA(nid)->node_start_pfn < NODE_DATA(nid)->node_spanned_pages)
			return nid;
	return NUMA_NO_NODE;
}

/* The node a page bound to its node must come from: that of its recorded frame. */
static int node_wanted(gfp_t gfp, u64 pfn)
{
	if (likely(!(gfp & __GFP_THISNODE)) || num_online_nodes() < 2)
		return NUMA_NO_NODE;
	return replay_node_of(pfn);
}

/*
 * The first frame that this machine does not have at all, or that lies too far up for this
 * computer, ends a replay that follows.
 */
static bool can_follow(struct replay *rp, u64 pfn)
{
	char what[80];

	if (likely(pfn < rp->room_below || (pfn < max_pfn && replay_room(rp, pfn))))
		return true;
	snprintf(what, sizeof(what), "frame %#llx of event %llu", (unsigned long long)pfn,
		 (unsigned long long)rp->event);
	if (pfn < max_pfn)
		replay_no_room(rp, what);
	else
		replay_fail(rp, "%s: %s is beyond this machine's last, %#lx; "
			    "--follow wants the recorded machine", rp->config->trace, what,
			    max_pfn - 1);
	rp->broken = true;
	rp->next_stop = 0;
	return false;
}

static struct page *place_at(struct replay *rp, const struct trace_page *p, gfp_t gfp)
{
	struct page *page = NULL;

	if (can_follow(rp, p->pfn))
		page = alloc_pages_at((unsigned long)p->pfn, p->order, gfp);
	rp->counts->misplaced += !page;
	return page;
}

static struct page *place(struct replay *rp, const struct trace_event *ev, gfp_t gfp)
{
	const struct trace_page *p = &ev->page;
	struct page *page = NULL;

	if (rp->config->follow && !p->failed)
		page = place_at(rp, p, gfp);
	if (!page)
		page = alloc_pages_node(node_wanted(gfp, p->pfn), gfp, p->order);
	if (unlikely(!page)) {
		rp->counts->failed++;
		rp->printed += !(gfp & __GFP_NOWARN);
		rp->counts->failed_nofail += !!(p->gfp & __GFP_NOFAIL);
		failure_note(rp, ev, gfp);
	}
	return page;
}

/* The recorded kernel found no page. Does kmm? If so it is nobody's, and goes back. */
static void replay_failed_alloc(struct replay *rp, const struct trace_event *ev, gfp_t gfp)
{
	struct page *page = place(rp, ev, gfp);

	rp->counts->recorded_failures++;
	if (!page)
		return;
	rp->counts->recorded_failures_now_fine++;
	__free_pages(page, ev->page.order);
}

void replay_alloc(struct replay *rp, const struct trace_event *ev)
{
	const struct trace_page *p = &ev->page;
	struct frame f = { .order = p->order };
	struct page *page;
	gfp_t gfp;

	if (unlikely(impossible(rp, p)))
		return;
	gfp = replay_mask(rp, p->gfp);
	if (unlikely(p->failed)) {
		replay_failed_alloc(rp, ev, gfp);
		return;
	}
	make_room(rp, p->pfn, p->order);
	f.mobility = (u8)mobility_of(gfp);
	page = place(rp, ev, gfp);
	f.state = page ? FRAME_LIVE : FRAME_REFUSED;
	if (likely(page)) {
		f.pfn = (u32)page_to_pfn(page);
		rp->counts->allocs[p->order][f.mobility]++;
		rp->counts->alloc_pages += 1ul << p->order;
	}
	frame_set(rp->map, p->pfn, f);
	count_live(rp->counts, &f, true);
}

/* ---- free ---- */

static void count_freed(struct replay_counts *n, const struct frame *f)
{
	n->free_initial_pages += (u64)(f->state == FRAME_INITIAL) << f->order;
	n->free_refused_pages += (u64)(f->state == FRAME_REFUSED) << f->order;
}

/* The frames are not one block: free what blocks there are, count the rest. */
static void free_pieces(struct replay *rp, u64 pfn, unsigned int order)
{
	u64 end = pfn + ((u64)1 << order), pages = 0, blocks = 0, at;

	for (at = frame_next(rp->map, pfn, end); at < end; at = frame_next(rp->map, at + 1, end)) {
		struct frame *f = frame_at(rp->map, at);

		pages += (u64)1 << f->order;
		blocks++;
		count_freed(rp->counts, f);
		give_back(rp, at, f);
	}
	rp->counts->free_joined_events += blocks > 1;
	rp->counts->free_unknown_pages += ((u64)1 << order) - pages;
	rp->counts->free_unknown_events += pages == 0;
}

void replay_free(struct replay *rp, const struct trace_event *ev)
{
	const struct trace_page *p = &ev->page;
	struct frame *f;

	if (unlikely(impossible(rp, p)))
		return;
	rp->counts->frees[p->order]++;
	f = frame_at(rp->map, p->pfn);
	if (likely(f && f->order == p->order)) {
		count_freed(rp->counts, f);
		give_back(rp, p->pfn, f);
		return;
	}
	rp->counts->free_part_events += cut_at(rp, p->pfn, p->order);
	free_pieces(rp, p->pfn, p->order);
}

/* ---- states being made ---- */

static bool hopeless(unsigned long pfn, unsigned int order)
{
	return order == 0 && (!page_alive(pfn) || PageReserved(pfn_to_page(pfn)));
}

void replay_occupy(struct replay *rp, unsigned long pfn, unsigned int order, int mobility)
{
	static const gfp_t masks[MOBILITIES] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	struct frame f = { .pfn = (u32)pfn, .order = (u8)order, .state = FRAME_INITIAL,
			   .mobility = (u8)mobility };

	if (!pfn_valid(pfn) || hopeless(pfn, order))
		return;
	if (alloc_pages_at(pfn, order, masks[mobility])) {
		frame_set(rp->map, pfn, f);
		count_live(rp->counts, &f, true);
	} else if (order-- > 0) {
		replay_occupy(rp, pfn, order, mobility);
		replay_occupy(rp, pfn + (1ul << order), order, mobility);
	}
}

void replay_release(struct replay *rp, u64 pfn, unsigned int order)
{
	u64 end = pfn + ((u64)1 << order), at;

	cut_at(rp, pfn, order);
	for (at = frame_next(rp->map, pfn, end); at < end; at = frame_next(rp->map, at + 1, end))
		give_back(rp, at, frame_at(rp->map, at));
}
