/* SPDX-License-Identifier: MIT */
/*
 * gfp_text.h - reading gfp masks as Linux prints them ("GFP_KERNEL|__GFP_ZERO").
 * Printing them is the core's format_gfp_flags().
 */
#ifndef KMM_TRACE_GFP_TEXT_H
#define KMM_TRACE_GFP_TEXT_H

#include <stddef.h>

#include <kmm/types.h>

/* What gfp_from_text() found; a set. */
enum gfp_text_result {
	GFP_TEXT_OK = 0,
	GFP_TEXT_NUMBER = 1,	/* a number: the recorded kernel's bits, perhaps not ours */
	GFP_TEXT_UNKNOWN = 2,	/* a name nobody knows; it was left out */
	GFP_TEXT_BAD = 4,	/* not a gfp mask at all */
};

/*
 * gfp_from_text - the bits (this build's, Linux 6.1's) of a mask in symbolic form.
 * Names of other kernels that have no bit here count as nothing. Old names without
 * the underscores (GFP_ZERO) are understood. "none" and "0" are the empty mask.
 * Bits outside __GFP_BITS_MASK never come out.
 */
unsigned int gfp_from_text(const char *text, size_t len, u32 *bits);

#endif
