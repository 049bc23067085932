// SPDX-License-Identifier: MIT
/*
 * spinlock.c - what a CPU does that finds a lock taken: it only reads until the lock may be free,
 * then tries again. Rare, so it is here, and not in every function that takes a lock.
 */
#include <kmm/spinlock.h>

void __cold spin_lock_wait(spinlock_t *l)
{
	do
		while (__atomic_load_n(&l->locked, __ATOMIC_RELAXED))
			kmm_cpu_relax();
	while (!spin_trylock(l));
}
