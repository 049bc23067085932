/* SPDX-License-Identifier: MIT */
/* fnmatch.h - shell patterns: * ? [a-z] [!a-z] and backslash. */
#ifndef KMM_LIBC_FNMATCH_H
#define KMM_LIBC_FNMATCH_H

#define FNM_NOMATCH	1
#define FNM_PATHNAME	1	/* '/' is matched by itself alone */

int fnmatch(const char *pattern, const char *text, int flags);

#endif
