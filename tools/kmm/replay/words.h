/* SPDX-License-Identifier: MIT */
/*
 * words.h - numbers as a person reads them. Each returns a text that the next
 * WORDS_SLOTS - 1 calls leave alone. Not for threads.
 */
#ifndef KMM_REPLAY_WORDS_H
#define KMM_REPLAY_WORDS_H

#include <kmm/types.h>

#define WORDS_SLOTS	32

const char *words_count(u64 n);			/* 1,234,567 */
const char *words_signed(s64 n);		/* +1,234, -5, 0 */
const char *words_pages(u64 pages);		/* 3.9 GiB */
const char *words_percent(u64 part, u64 whole);	/* 12.3 %; "-" of nothing */
const char *words_index(int thousandths);	/* 0.123; "-" for Linux's -1.000 */
const char *words_bar(int thousandths);		/* ####...... */
const char *words_gfp(u32 gfp);
const char *words_decimal(u64 n, u64 d, int digits);	/* n / d; 1.23 */
const char *words_seconds(u64 ns);		/* 1.234 */
/* words_rate - millions of n a second, of a time in ns; 1.23 */
const char *words_rate(u64 n, u64 ns);

#endif
