/* SPDX-License-Identifier: MIT */
/*
 * owner.h - a word that says whose something is: the CPU + 1, or 0, nobody's. A lock that knows who
 * has it:
 *
 *	owner_try()	free: taken	its own: as if taken	another's: no
 *
 * The way out of a fault needs what the CPU may just have been at: the log, a run queue. Interrupts
 * being off (or held) where such a lock is had, a CPU that finds it its own has faulted there, and
 * nothing goes on at that place. It goes on with what it finds, and gives the lock back in the end.
 */
#ifndef KMM_PC_OWNER_H
#define KMM_PC_OWNER_H

#include "pc.h"

#define OWNER_TRIES	(1u << 26)

static inline bool owner_is_me(const u32 *owner)
{
	return __atomic_load_n(owner, __ATOMIC_RELAXED) == this_pc_cpu()->hardware + 1;
}

static inline bool owner_try(u32 *owner)
{
	u32 nobody = 0, me = this_pc_cpu()->hardware + 1;

	return __atomic_compare_exchange_n(owner, &nobody, me, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED) || nobody == me;
}

static inline void owner_drop(u32 *owner)
{
	__atomic_store_n(owner, 0, __ATOMIC_RELEASE);
}

/*
 * owner_insist - for lines of the log: whoever has waited long takes it away. Its owner will not
 * come back, and a torn line is better than none.
 */
static inline void owner_insist(u32 *owner)
{
	unsigned int tries;

	for (tries = 0; !owner_try(owner); tries++) {
		if (tries == OWNER_TRIES) {
			__atomic_store_n(owner, this_pc_cpu()->hardware + 1, __ATOMIC_RELAXED);
			return;
		}
		__builtin_ia32_pause();
	}
}

#endif
