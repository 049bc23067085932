/* SPDX-License-Identifier: MIT */
/*
 * slabtop.h - the command kmm slabtop: caches, live, while a workload runs.
 *
 *	slabs.c     the figures, sorted, as text
 *	view.c      what is shown when: time, speed, pause; keys
 *	screen.c    the terminal
 *	walk.c      the workload when there is no trace
 *	slabtop.c   options; which workload
 *
 * One thread does all of it: the workload asks view_turn() now and then, and is held
 * there as long as it is ahead of its time.
 */
#ifndef KMM_TOOLS_SLABTOP_H
#define KMM_TOOLS_SLABTOP_H

#include "slabs.h"

/* ---- screen.c ---- */

/* screen_here - was this build given a terminal library? screen_open - NULL, or why not. */
bool screen_here(void);
const char *screen_open(void);
void screen_close(void);
/* screen_key - the next key, waiting at most so long; 0: none. */
int screen_key(unsigned int wait_ms);
/* screen_draw - anew: all of it, not only what has changed. */
void screen_draw(const struct slabs *t, const char *status, bool anew);

/* ---- view.c ---- */

struct view {
	struct slabs slabs;
	char letter;			/* sorted by */
	double delay;			/* seconds from picture to picture */
	double speed;			/* seconds of the workload in one of ours */
	bool paused, over, quit;
	const char *what;		/* the workload, in words */
	u64 now;			/* of the workload, ns */
	double position;		/* how far it may go, ns */
	double turn, drawn;		/* our clock at the last turn and picture, s */
};

void view_begin(struct view *v);
/*
 * view_turn - the workload has come to this moment. Takes keys, draws what is due, and returns
 * when the workload may go on; false: the user has had enough.
 */
bool view_turn(struct view *v, u64 ns);
/* view_stay - the workload is over: show the end until the user leaves. */
void view_stay(struct view *v, u64 ns);

/* ---- walk.c ---- */

struct walk;

/* walk_new - NULL: the host or the machine is out of memory. The machine must be on. */
struct walk *walk_new(u64 seed);
void walk_free(struct walk *w);		/* nothing in the machine is freed */
/* walk_on - so many steps more; the time it is then, ns. */
u64 walk_on(struct walk *w, unsigned int steps);

#endif
