/* SPDX-License-Identifier: MIT */
/* time.h - the machine's clock. */
#ifndef KMM_LIBC_TIME_H
#define KMM_LIBC_TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define CLOCK_PROCESS_CPUTIME_ID 2	/* there is one process */

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

/* Always the real clock, whatever a simulated one says. */
int clock_gettime(clockid_t clock, struct timespec *t);

#endif
