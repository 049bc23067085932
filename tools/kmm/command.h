/* SPDX-License-Identifier: MIT */
/*
 * command.h - what the subcommands of kmm share: their entries, how they
 * complain, and how they end.
 *
 * Every complaint is one line on standard error, "kmm boot: what is wrong", and
 * the exit status says whose fault it was.
 */
#ifndef KMM_TOOLS_COMMAND_H
#define KMM_TOOLS_COMMAND_H

#include <kmm/types.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* an input was wrong, a machine did not boot, a command failed */
	EXIT_USAGE = 2,		/* the command line was wrong */
};

/* The subcommands: argv[0] is the subcommand's own name; each returns the exit status. */
int cmd_boot(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_slabtop(int argc, char **argv);

/* kmm_failed / kmm_misused - say why in one line; return EXIT_FAILED / EXIT_USAGE. */
int kmm_failed(const char *command, const char *fmt, ...) __printf(2, 3) __cold;
int kmm_misused(const char *command, const char *fmt, ...) __printf(2, 3) __cold;

/* kmm_bad_option - the one line for what getopt_long() (leading ':', opterr 0) did not take. */
int kmm_bad_option(const char *command, int c, char **argv) __cold;

/* parse_size - all of a text like "4G", "640K", "0x1000". parse_number - without a suffix. */
bool parse_size(const char *text, u64 *value) __must_check;
bool parse_number(const char *text, u64 *value) __must_check;

/* quotes_closed - is every double quote in boot parameters closed? */
bool quotes_closed(const char *words) __must_check;

/* size_text - a number of bytes for people, "3.9G"; buf of at least 16 bytes; returns buf. */
const char *size_text(u64 bytes, char *buf);

#endif
