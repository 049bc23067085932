/* SPDX-License-Identifier: MIT */
/* inttypes.h - formats of the integers of known width. */
#ifndef KMM_LIBC_INTTYPES_H
#define KMM_LIBC_INTTYPES_H

#include <stdint.h>

#define PRId32	"d"
#define PRIu32	"u"
#define PRIx32	"x"
#if UINTPTR_MAX > 0xffffffffu
#define PRId64	"ld"
#define PRIi64	"li"
#define PRIu64	"lu"
#define PRIx64	"lx"
#define PRIuPTR	"lu"
#define PRIxPTR	"lx"
#else
#define PRId64	"lld"
#define PRIi64	"lli"
#define PRIu64	"llu"
#define PRIx64	"llx"
#define PRIuPTR	"u"
#define PRIxPTR	"x"
#endif

#endif
