/* SPDX-License-Identifier: MIT */
/*
 * kmm/err.h - an error number inside a pointer.
 *
 * The last 4095 addresses are never those of an object, so a function that
 * returns a pointer can return -ENOMEM there. Idea and names: Linux.
 */
#ifndef KMM_ERR_H
#define KMM_ERR_H

#include <kmm/errno.h>
#include <kmm/types.h>

#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x)	unlikely((uintptr_t)(x) >= (uintptr_t)-MAX_ERRNO)

/* ERR_PTR - the pointer that carries the negative errno @error. */
static inline void *ERR_PTR(long error)
{
	return (void *)(intptr_t)error;
}

/* PTR_ERR - the negative errno inside a pointer for which IS_ERR() holds. */
static inline long PTR_ERR(const void *ptr)
{
	return (long)(intptr_t)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE(ptr);
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return unlikely(!ptr) || IS_ERR(ptr);
}

/* PTR_ERR_OR_ZERO - 0 for a real pointer, its errno otherwise. */
static inline int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

#endif
