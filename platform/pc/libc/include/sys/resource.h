/* SPDX-License-Identifier: MIT */
/* sys/resource.h - what the program has used: the most its heap ever held. */
#ifndef KMM_LIBC_SYS_RESOURCE_H
#define KMM_LIBC_SYS_RESOURCE_H

#define RUSAGE_SELF 0

struct rusage {
	long ru_maxrss;		/* KiB */
};

int getrusage(int who, struct rusage *usage);

#endif
