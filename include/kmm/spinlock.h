/* SPDX-License-Identifier: MIT */
/*
 * kmm/spinlock.h - the core's one kind of lock.
 *
 * A test-and-test-and-set lock on a byte. No queue: where CPUs are threads a
 * queued lock stands still whenever its next owner is not scheduled; here
 * whoever runs may take it. All of the core's critical sections are short and
 * batched, so fairness is not worth that price. The _irqsave forms open a
 * local section too (see <kmm/platform.h>).
 *
 * Lock order of the core, outermost first:
 *   1 deferred_lock (mm/page/memmap.c)  2 zone->lock  3 nothing
 *   1 slab_lock (mm/slab/cache.c)  2 a cache's own: list_lock, rcu_lock  3 nothing
 */
#ifndef KMM_SPINLOCK_H
#define KMM_SPINLOCK_H

#include <kmm/platform.h>

typedef struct { u8 locked; } spinlock_t;

#define SPIN_LOCK_UNLOCKED	{ 0 }

static inline bool spin_trylock(spinlock_t *l)
{
	return !__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE);
}

void spin_lock_wait(spinlock_t *l);	/* until it is taken */

static inline void spin_lock(spinlock_t *l)
{
	if (unlikely(!spin_trylock(l)))
		spin_lock_wait(l);
}

static inline void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *l)
{
	return __atomic_load_n(&l->locked, __ATOMIC_RELAXED);
}

#define spin_lock_irqsave(l, flags) \
	do { (flags) = kmm_local_irq_save(); spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) \
	do { spin_unlock(l); kmm_local_irq_restore(flags); } while (0)

#endif
