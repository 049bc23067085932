/* SPDX-License-Identifier: MIT */
/*
 * kmm/param.h - boot parameters, under Linux's names and rules.
 *
 *	name            a flag: its handler gets NULL
 *	name=value      a value
 *	name="a b"      a value with spaces; "name=a b" is the same
 *	--              the end: what follows is not ours
 * In names '-' and '_' are the same letter.
 *
 * Each room keeps a constant table of the parameters it knows:
 *
 *	const struct kernel_param page_params[] = {
 *		{ "shuffle", setup_shuffle },
 *		{ }
 *	};
 *
 * and the embedding joins them (mm/init.c; tests join their own):
 *
 *	const struct kernel_param *const kernel_param_tables[] = {
 *		boot_params, page_params, NULL
 *	};
 *
 * parse_early_params() calls the handlers in the order of the command line. A
 * handler returns 0, or non-zero for a value it cannot use: one line is
 * printed ("Malformed early option 'mem'") and the boot goes on.
 * A name no table has is reported by print_unknown_bootoptions().
 */
#ifndef KMM_PARAM_H
#define KMM_PARAM_H

#include <kmm/types.h>

struct kernel_param {
	const char *name;
	int (*setup)(char *val);	/* val may be cut up; NULL: no '=' */
};

#define COMMAND_LINE_SIZE 2048

extern const struct kernel_param *const kernel_param_tables[];
extern const struct kernel_param boot_params[];		/* this room's: mm/boot/params.c */
extern char boot_command_line[COMMAND_LINE_SIZE];	/* as given, cut with a line if too long */

/* parse_early_params - keep a copy of @cmdline (NULL: empty) and run the handlers. Boot, once. */
void parse_early_params(const char *cmdline);

/*
 * print_unknown_bootoptions - one line when there were unknown ones:
 * Unknown kernel command line parameters "foo bar=1", will be passed to user space.
 * Names with a dot are some module's and not reported.
 */
void print_unknown_bootoptions(void);

/* next_arg - cut the next "param" or "param=val" off @args (changed); returns the rest. */
char *next_arg(char *args, char **param, char **val);

/* parameq - equal names, '-' and '_' alike. */
bool parameq(const char *a, const char *b);

/* parse_bool - 0/1 n/y off/on as Linux's kstrtobool; 0 or -EINVAL. */
int parse_bool(const char *s, bool *res) __must_check;

/* What this room's options said. Written while parsing, read by who it concerns. */
struct boot_options {
	bool bootmem;			/* bootmem=1 */
	bool memblock_debug;		/* memblock=debug */
	bool nozonedma;			/* no ZONE_DMA, as a kernel built without it */
	bool nohighmem; /* highmem=0: no ZONE_HIGHMEM, as a kernel built without it */
	bool movable_node;
	bool nogbpages;			/* no 1G pages in the direct map; gbpages: with them */
	bool noexec_off;		/* noexec=off: every page may be executed */
	bool early_ioremap_debug;	/* tell of each early_ioremap() */
	bool nokaslr;			/* AMD64's bases are not randomised */
	bool kernelcore_mirror;		/* kernelcore=mirror */
	u64 highmem_size;		/* highmem=nn, bytes; ~0: not given */
	u64 vmalloc_size;		/* vmalloc=nn, bytes; 0: not given */
	unsigned long kernelcore, movablecore;			/* pages */
	unsigned long kernelcore_percent, movablecore_percent;	/* 1 ... 100; 0: not given */
	int memory_model;		/* enum memory_model; -1: not given */
};
extern struct boot_options boot_options;

#endif
