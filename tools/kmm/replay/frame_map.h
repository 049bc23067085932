/* SPDX-License-Identifier: MIT */
/*
 * frame_map.h - which block of ours stands for which frame of the recording.
 *
 * A block is remembered at its first frame only. Its entry says where it lies
 * here and how it came to be. Memory is bounded by the blocks that live: entries
 * stand in chunks of one pageblock's frames, made when needed and given back
 * when their last block goes.
 */
#ifndef KMM_REPLAY_FRAME_MAP_H
#define KMM_REPLAY_FRAME_MAP_H

#include <kmm/config.h>
#include <kmm/types.h>

enum frame_state {
	FRAME_NONE,		/* no block begins here */
	FRAME_LIVE,		/* allocated by the replay */
	FRAME_INITIAL,		/* in use when the replay began */
	FRAME_REFUSED,		/* the recorded kernel had it; here the allocation failed */
};

struct frame {
	u32 pfn;		/* of our machine */
	u8 order;
	u8 state;		/* enum frame_state */
	u8 mobility;
	u8 unused;
};

#define FRAME_MAX_PFN	((u64)1 << 40)	/* recorded frames lie below */

struct frame_map;

struct frame_map *frame_map_new(void);
void frame_map_free(struct frame_map *m);

/*
 * frame_set - a block begins at this recorded frame. Pre: no block there; state not NONE.
 * frame_clear - forget it. Pre: it is there. Pointers from frame_at() die.
 */
void frame_set(struct frame_map *m, u64 pfn, struct frame f);
void frame_clear(struct frame_map *m, u64 pfn);

/* frame_at - the block that begins at a frame, or NULL. Valid until the next set or clear. */
struct frame *frame_at(struct frame_map *m, u64 pfn);

/* frame_covering - the block that a frame lies in, *head its first frame; or NULL. */
struct frame *frame_covering(struct frame_map *m, u64 pfn, u64 *head);

/* frame_next - the first frame in [pfn, end) where a block begins, or end. */
u64 frame_next(struct frame_map *m, u64 pfn, u64 end);

/* frame_map_each - fn for every block, by rising frame. fn must not change the map. */
void frame_map_each(struct frame_map *m, void (*fn)(void *arg, u64 pfn, const struct frame *f),
		    void *arg);

u64 frame_map_blocks(const struct frame_map *m);
u64 frame_map_bytes(const struct frame_map *m);		/* now */
u64 frame_map_peak_bytes(const struct frame_map *m);

#endif
