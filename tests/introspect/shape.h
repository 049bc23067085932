/* SPDX-License-Identifier: MIT */
/*
 * shape.h - comparing a text file of kmm with one that Linux printed.
 *
 * The *shape* of a line is the line with its numbers taken out, so that two
 * machines in different states have files of equal shape:
 *
 *	SHAPE_LEFT	numbers begin at fixed columns:  "  min      64" -> "  min      N"
 *	SHAPE_RIGHT	numbers end at fixed columns, so blanks and digits together
 *			have a width:  "MemFree:    12 kB" -> "MemFree:{6} kB"
 *
 * Digits inside a word (DMA32, node0) are part of the word. In a SHAPE_RIGHT
 * number of over 8 digits the field has overflowed, and 8 are counted.
 */
#ifndef TESTS_INTROSPECT_SHAPE_H
#define TESTS_INTROSPECT_SHAPE_H

#include <stddef.h>

enum shape { SHAPE_EXACT, SHAPE_LEFT, SHAPE_RIGHT };

/* read_file - all of a file, terminated, to be freed; NULL (and a diag) when unreadable. */
char *read_file(const char *path);

/* kmm_file - what kmm prints for a path, to be freed; NULL on any error. */
char *kmm_file(const char *path);

/* same_shape - one check: equal line by line. Shows the first line that differs. */
void same_shape(const char *got, const char *want, enum shape how, const char *what);

/* number_after - the number behind the first line that begins with label; -1: none. */
long long number_after(const char *text, const char *label);

#endif
