/* SPDX-License-Identifier: MIT */
#ifndef KMM_BENCH_OBJECTS_TIME_H
#define KMM_BENCH_OBJECTS_TIME_H

/*
 * time_beside_peers - measure kmm and every peer that is installed; print "time.LINE.ALLOCATOR
 * value ns" for each line whose name begins with `only`. 0.
 */
int time_beside_peers(const char *only);

#endif
