// SPDX-License-Identifier: MIT
/* tap_host.c - where a hosted test's lines go: standard output, line by line. */
#include <stdio.h>

#include "tap.h"

void tap_vprint(const char *fmt, va_list ap)
{
	vprintf(fmt, ap);
	fflush(stdout);
}
