/* SPDX-License-Identifier: MIT */
/* pthread.h - the lock of C programs: where threads are the machine's own, it is a word. */
#ifndef KMM_LIBC_PTHREAD_H
#define KMM_LIBC_PTHREAD_H

typedef struct {
	unsigned int taken;
	unsigned long flags;
} pthread_mutex_t;

#define PTHREAD_MUTEX_INITIALIZER { 0, 0 }

/* Lock and unlock close a local section: what they guard must not sleep. */
int pthread_mutex_init(pthread_mutex_t *m, const void *attr);
int pthread_mutex_lock(pthread_mutex_t *m);
int pthread_mutex_unlock(pthread_mutex_t *m);

#endif
