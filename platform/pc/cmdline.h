/* SPDX-License-Identifier: MIT */
/* cmdline.h - the platform's own options on the command line (the core reads it by itself). */
#ifndef KMM_PC_CMDLINE_H
#define KMM_PC_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * cmdline_value - what the last "name=value" says, cut at size; a bare "name" has the value "".
 * False: it is not there. Quotes keep blanks together and are left out. What follows " -- " is not
 * looked at.
 */
bool cmdline_value(const char *cmdline, const char *name, char *value, size_t size);
/* cmdline_number - the same as a number with K, M, G; other when there is none. */
unsigned long long cmdline_number(const char *cmdline, const char *name, unsigned long long other);
/* cmdline_hex - the same as a hexadecimal number, with 0x or without. */
unsigned long long cmdline_hex(const char *cmdline, const char *name, unsigned long long other);

#endif
