/* SPDX-License-Identifier: MIT */
/*
 * layout.h - free blocks put so that a zone has the counts of /proc/buddyinfo.
 */
#ifndef KMM_REPLAY_LAYOUT_H
#define KMM_REPLAY_LAYOUT_H

#include "engine.h"

/*
 * layout_make - free as many blocks of each order (and type, from pagetypeinfo) as the
 * snapshot's zone had. Pre: every frame of the zone is taken, in whole pageblocks where
 * possible (FRAME_INITIAL). Blocks that find no place are counted in the result.
 */
void layout_make(struct replay *rp, struct zone *zone, const struct snapshot *s,
		 const struct snapshot_zone *z);

#endif
