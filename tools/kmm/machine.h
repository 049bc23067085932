/* SPDX-License-Identifier: MIT */
/*
 * machine.h - the machine a command line asks for.
 *
 * Collected option by option, checked and turned into a host_config once, by
 * machine_build(). Two sources of a memory map: made up (--mem --nodes), or read
 * from a real machine's log or sysfs (--e820).
 */
#ifndef KMM_TOOLS_MACHINE_H
#define KMM_TOOLS_MACHINE_H

#include <kmm/param.h>

#include "host.h"

struct machine_options {
	const char *e820;		/* file, directory, "-"; NULL: made up */
	u64 mem;			/* bytes; 0: not said */
	unsigned int nodes, cpus;	/* 0: not said */
	const char *distances;		/* rows or a file; NULL: not said */
	bool threads;
	u64 seed;
	char cmdline[2 * COMMAND_LINE_SIZE];	/* boot parameters, joined by blanks */

	/* Filled in by machine_build(). */
	struct host_machine *machine;
	u8 slit[MAX_NUMNODES * MAX_NUMNODES];
	struct host_config config;
};

/* machine_add_param - append boot parameters; false: too long. */
bool machine_add_param(struct machine_options *o, const char *words) __must_check;

/* machine_check_params - is every quote in them closed? An exit status after one line, or 0. */
int machine_check_params(const struct machine_options *o, const char *command) __must_check;

/* machine_option - take one of the options by its letter, below; an exit status, 0: taken. */
int machine_option(struct machine_options *o, const char *command, int letter, const char *value);
#define MACHINE_OPTIONS \
	{ "e820", required_argument, NULL, 'e' }, \
	{ "mem", required_argument, NULL, 'm' }, \
	{ "nodes", required_argument, NULL, 'n' }, \
	{ "cpus", required_argument, NULL, 'p' }, \
	{ "numa-distance", required_argument, NULL, 'd' }, \
	{ "threads", no_argument, NULL, 't' }, \
	{ "seed", required_argument, NULL, 's' }, \
	{ "cmdline", required_argument, NULL, 'C' }

/* machine_build - check, read the map, fill in config; an exit status after one line, or 0. */
int machine_build(struct machine_options *o, const char *command) __must_check;
void machine_release(struct machine_options *o);

/* machine_last_words - why a machine does not boot (err): the kernel log's last line, without its
 * time stamp, if there is one. Returns buf. */
const char *machine_last_words(int err, char *buf, size_t size);

/* machine_other_arch - note the architecture asked for; if it is another build's, run that with the
 * same words. Returns (0) when the running build is right, else an exit status after one line. */
int machine_other_arch(struct machine_options *o, const char *command, const char *arch,
		       char **argv) __must_check;

#endif
