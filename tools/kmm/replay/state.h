/* SPDX-License-Identifier: MIT */
/*
 * state.h - how the machine's free memory looks at one moment, taken down in numbers.
 *
 * Taken before and after a replay, at samples of the time line, and at the
 * first failure of each kind. Everything is read from the core's own
 * structures; nothing is changed.
 */
#ifndef KMM_REPLAY_STATE_H
#define KMM_REPLAY_STATE_H

#include <kmm/mmzone.h>

#define STATE_MAX_ZONES		(MAX_NUMNODES * 3)
#define MOBILITIES		MIGRATE_PCPTYPES	/* unmovable, movable, reclaimable */

/*
 * Who sits in the pageblocks of one zone, by the pageblock's type. A pageblock is
 * *mixed* when it holds pages of another mobility than its type: one unmovable page
 * in a movable pageblock is one huge page less, for as long as it lives.
 */
struct block_holders {
	u64 blocks[MIGRATE_TYPES];
	u64 whole_free[MIGRATE_TYPES];			/* pageblocks without any page in use */
	u64 mixed[MIGRATE_TYPES];
	u64 pages[MIGRATE_TYPES][MOBILITIES];		/* pages in use, by mobility */
	u64 reserved;					/* pages the core keeps for itself */
};

struct zone_state {
	int node;
	u8 idx;						/* enum zone_type */
	const char *name;
	unsigned long start_pfn, spanned, present, managed;
	unsigned long free;				/* on the free lists or put off */
	unsigned long deferred;				/* of these, put off */
	unsigned long pcp;				/* free too, but in per-CPU lists */
	unsigned long min, low, high;			/* watermarks */
	u64 nr_free[MIGRATE_TYPES][MAX_ORDER];		/* blocks; put-off ones as order 10 */
	int extfrag[MAX_ORDER], unusable[MAX_ORDER];	/* Linux's indexes, in thousandths */
};

struct machine_state {
	unsigned int nr_zones;
	struct zone_state zones[STATE_MAX_ZONES];
	unsigned long free, pcp, managed;
};

/* state_take - write the state into *s. Cost: a few microseconds a zone. */
void state_take(struct machine_state *s);

/* state_zone - by node and name, or NULL. */
const struct zone_state *state_zone(const struct machine_state *s, int node, const char *name);

/*
 * page_alive - has the frame a page structure, and is that initialised? (Of memory that is
 * reserved as a whole, a machine that puts initialisation off never does it.)
 */
bool page_alive(unsigned long pfn);

/* zone_state_free - free blocks of an order, of all types. */
u64 zone_state_free(const struct zone_state *z, unsigned int order);

/*
 * holders_scan - who holds the pageblocks of a zone. Looks at the page structures: cost
 * grows with the pages in use. holders_scan_all - the sum over all zones.
 */
void holders_scan(struct zone *zone, struct block_holders *h);
void holders_scan_all(struct block_holders *h);

#endif
