/* SPDX-License-Identifier: MIT */
/*
 * names.h - texts given small numbers, and the table of threads.
 */
#ifndef KMM_TRACE_NAMES_H
#define KMM_TRACE_NAMES_H

#include <stddef.h>

#include <kmm/types.h>

#define NAMES_MAX_LEN	255
#define NAMES_MAX	(1u << 20)
#define NAMES_REFUSED	0xfffffffeu

struct name_table {
	struct name {
		char *text;	/* NUL-terminated */
		u32 len;
		u32 hash;
	} *names;		/* by number */
	size_t cap;
	u32 nr;
	u32 *slots;		/* open addressing; number + 1, or 0: empty */
	u32 nr_slots;		/* a power of two, over twice nr; 0: no table yet */
};

/*
 * name_intern - the number of a text, given out anew when it was not seen before.
 * Errors: NAMES_REFUSED when it is longer than NAMES_MAX_LEN, has a control
 * character, or NAMES_MAX texts are there already.
 */
u32 name_intern(struct name_table *t, const char *text, size_t len);
/* name_find - the number of a text seen before, or NAMES_REFUSED. */
u32 name_find(const struct name_table *t, const char *text, size_t len);
void names_free(struct name_table *t);

struct trace_thread {
	u32 tid;
	u32 comm_id;		/* TRACE_NAME_COMM; the name it had last */
	char class;		/* 'W' workload, 'K' kernel, 'R' recorder, 'O' other; '?' untold */
	bool used;		/* private: the slot is taken */
};

struct thread_table {
	struct trace_thread *slots;	/* open addressing by tid */
	u32 nr, nr_slots;
};

/* thread_find - or NULL. thread_get - made when new. */
struct trace_thread *thread_find(const struct thread_table *t, u32 tid);
struct trace_thread *thread_get(struct thread_table *t, u32 tid);
void threads_free(struct thread_table *t);

#endif
