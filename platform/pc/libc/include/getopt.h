/* SPDX-License-Identifier: MIT */
/* getopt.h - options of a command line, with GNU's order: words after options, unless "+". */
#ifndef KMM_LIBC_GETOPT_H
#define KMM_LIBC_GETOPT_H

extern char *optarg;
extern int optind, opterr, optopt;

#define no_argument		0
#define required_argument	1
#define optional_argument	2

struct option {
	const char *name;
	int has_arg;
	int *flag;
	int val;
};

int getopt_long(int argc, char *const *argv, const char *letters, const struct option *longs,
		int *index);

#endif
