/* SPDX-License-Identifier: MIT */
/*
 * progress.h - a bar on standard error that says how far a replay has come.
 */
#ifndef KMM_REPLAY_PROGRESS_H
#define KMM_REPLAY_PROGRESS_H

#include <kmm/types.h>

struct progress {
	bool on;
	int fd;			/* of the trace, as the reader has it open; -1: not known */
	s64 size;		/* of its file */
};

/* progress_begin - on only if wanted and standard error is a terminal. */
void progress_begin(struct progress *p, bool wanted, const char *path);
/* progress_show - draw; returns the event at which to be called next. */
u64 progress_show(struct progress *p, u64 event, u64 ns);
void progress_end(struct progress *p);

#endif
