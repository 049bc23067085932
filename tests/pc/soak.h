/* SPDX-License-Identifier: MIT */
/*
 * soak.h - the booted machine under load for as long as one likes: what its jobs share.
 *
 * A *job* is a kind of work that goes on without end in small steps. Every CPU has one thread for
 * each job, so that the timer takes the CPU from one to another at any instruction outside of
 * local sections: what the hosted stress tests cannot do.
 *
 *	pages objects areas percpu high rights		each allocator, by the API
 *	threads						created, ended, their stacks
 *	house						drains, shrinks, purges, reads /proc, sleeps
 *
 * Everything allocated carries its owner's mark, and most of it is handed from CPU to CPU through
 * slots and freed elsewhere; a thing with two owners is seen as *damage*.
 */
#ifndef KMM_TESTS_PC_SOAK_H
#define KMM_TESTS_PC_SOAK_H

#include <string.h>

#include <kmm/highmem.h>
#include <kmm/kmm.h>
#include <kmm/mm.h>
#include <kmm/platform.h>

#include "lib/prng.h"
#include "platform/pc/sched.h"

/* One thread's: of a job on a CPU. */
struct soaker {
	unsigned int cpu;
	struct prng rnd;
	unsigned long steps;
	void *own;			/* the job's; zeroes at first */
};

struct soak_job {
	const char *name;
	size_t own_size;
	bool (*begin)(void);		/* once, before all threads; false: no memory */
	bool (*enter)(struct soaker *s);	/* in the thread, before its first step */
	void (*step)(struct soaker *s);
	void (*leave)(struct soaker *s);	/* in the thread: give back what is its own */
	void (*end)(void);		/* once, after all threads: the slots */
};

extern const struct soak_job soak_pages, soak_objects, soak_areas, soak_percpu, soak_high,
	soak_rights, soak_threads, soak_house;

/* soak_sound - false is damage, counted under these words; the first ones are printed. */
void soak_sound(bool sound, const char *what);

/*
 * soak_settle - every CPU and cache gives back what it can. soak_warm - what is allocated for good
 * at its first use is there. No thread of a job may run.
 */
void soak_settle(void);
void soak_warm(void);

static inline unsigned int below(struct soaker *s, unsigned int n)
{
	return prng_below(&s->rnd, n);
}

#endif
