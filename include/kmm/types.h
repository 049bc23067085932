/* SPDX-License-Identifier: MIT */
/*
 * kmm/types.h - the words every other header is written in.
 *
 * Integer names are Linux's (u8 ... u64, phys_addr_t, gfp_t). A physical
 * address is always 64 bits wide, so that a 32-bit machine with PAE can be
 * described; a page frame number ("pfn") is an unsigned long counted in pages
 * of PAGE_SIZE bytes.
 */
#ifndef KMM_TYPES_H
#define KMM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kmm/rename.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 phys_addr_t;	/* bytes, physical */
typedef unsigned int gfp_t;	/* a set of __GFP_* bits, see <kmm/gfp.h> */

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define __must_check		__attribute__((warn_unused_result))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __noreturn		__attribute__((noreturn))
#define __cold			__attribute__((cold))
#ifndef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#endif
#define __noinline		__attribute__((__noinline__))
#define ____cacheline_aligned	__attribute__((aligned(64)))

/*
 * Every mutable global of the core carries this mark. The linker gathers them
 * in one section, which kmm_state_save() and kmm_state_restore() copy: that is
 * how a machine is put back to power-on (see <kmm/kmm.h>). A script fails the
 * build when the core has writable data anywhere else.
 */
#define __kmm_state		__attribute__((section("kmm_state")))

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN_MASK(x, m)	(((x) + (m)) & ~(m))
#define ALIGN(x, a)		ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define KMM_PICK_(op, a, b, x, y) \
	({ __typeof__(a) x = (a); __typeof__(b) y = (b); x op y ? x : y; })
#define KMM_PICK(op, a, b, n)	KMM_PICK_N(op, a, b, n)
#define KMM_PICK_N(op, a, b, n)	KMM_PICK_(op, a, b, kmm_a##n, kmm_b##n)
#define min(a, b)		KMM_PICK(<, a, b, __COUNTER__)
#define max(a, b)		KMM_PICK(>, a, b, __COUNTER__)
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

/* Number of the lowest bit set; x must not be 0. (In two halves on 32 bits: no help of libgcc.) */
static inline unsigned int kmm_ctz64(u64 x)
{
#if UINTPTR_MAX > 0xffffffffu
	return (unsigned int)__builtin_ctzll(x);
#else
	return (u32)x ? (unsigned int)__builtin_ctz((u32)x)
		      : 32 + (unsigned int)__builtin_ctz((u32)(x >> 32));
#endif
}

/* Relaxed accesses to words that other CPUs may write (C11 atomics, so that TSan knows). */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#endif
