/* SPDX-License-Identifier: MIT */
/*
 * pc.h - --machine pc: the same words, run by kmm booted on a PC that QEMU plays.
 *
 *	kmm boot --machine pc --mem 1G --nodes 2 -c 'mem; exit 3' -- nokaslr
 *	   |                   `---- QEMU's options ----'
 *	   |                     bzImage   kernel command line: nokaslr -- (nothing)
 *	   `- words for the program and all files it may read: an archive, the initrd
 *
 *	launch.c	the PC's options, the image, what the exit status means
 *	archive.c	the initrd: a cpio archive (newc), the form Linux's own has
 *	replay.c	how large a PC a replay needs, which files
 *	qemu.c		the process: terminal, standard error, how it ended
 *
 * The booted program gets its words as the file ".words" of the archive, each ended by a NUL, so
 * that no length and no quote of the kernel's command line limits them. Other files have the names
 * the words give them; their contents have been decompressed here, where the libraries are.
 * A file "-" is standard input.
 */
#ifndef KMM_TOOLS_PC_H
#define KMM_TOOLS_PC_H

#include <stddef.h>

#include <kmm/types.h>

#include "../command.h"

/* ---- archive.c ---- */

struct pc_archive {
	char *data;
	size_t len, room;
	unsigned int files;
	bool broken;			/* out of memory, or larger than PC_ARCHIVE_MAX */
};
#define PC_ARCHIVE_MAX	((size_t)1 << 30)

/* pc_archive_add - a file. pc_archive_end - nothing more comes; false: it is broken. */
void pc_archive_add(struct pc_archive *a, const char *name, const void *data, size_t len);
bool pc_archive_end(struct pc_archive *a) __must_check;
void pc_archive_free(struct pc_archive *a);

/*
 * pc_archive_file - add a file of this host ("-": standard input), decompressed, under its own
 * name; once, if it is named twice. 0, or an exit status after one line.
 */
int pc_archive_file(struct pc_archive *a, const char *command, const char *name) __must_check;

/* ---- launch.c ---- */

/* What is asked for. All but command and the words may be 0. */
struct pc_request {
	const char *command;		/* the subcommand, for complaints */
	const char *arch;		/* as of --arch; NULL: amd64, in 32 bits ia32-pae */
	u64 mem;			/* bytes; whole MiB */
	unsigned int nodes, cpus;	/* 0: one node; as many CPUs as nodes */
	const u8 *slit;			/* nr_slit x nr_slit distances; NULL: QEMU's */
	unsigned int nr_slit;		/* at least nodes */
	const char *cmdline;		/* boot parameters */
	bool apart;			/* the core boots on parts of the PC, beside the image */
	u64 heap;			/* bytes for the program; 0: as its files ask for */
	bool quiet;			/* no boot log */
	bool interactive;		/* the program talks to our standard input */
	bool gdb;			/* wait for gdb before the first instruction */
	int argc;			/* words of the program, the subcommand first */
	char **argv;
	struct pc_archive files;
};

/* pc_launch - boot it, wait for it. The program's exit status; EXIT_FAILED after one line when
 * there is no QEMU, no image, or it did not end by itself. The archive is freed. */
int pc_launch(struct pc_request *r) __must_check;

/* ---- replay.c ---- */

struct replay_config;

/* replay_on_pc - launch q's words, which replay runs[nr] one after the other, on a PC that has the
 * RAM and the files they need. The program's exit status, or EXIT_... after one line. */
int replay_on_pc(struct pc_request *q, const struct replay_config *runs,
		 unsigned int nr) __must_check;

/* The build that runs on the PC itself has none of these files, and starts no other PC. */
#ifdef KMM_PC
static inline int on_one_already(const char *command)
{
	return kmm_failed(command, "--machine pc: this is one already");
}
#define pc_archive_file(a, command, name)	on_one_already(command)
#define pc_launch(r)				on_one_already((r)->command)
#define replay_on_pc(q, runs, nr)		on_one_already((q)->command)
#endif

/* ---- qemu.c ---- */

struct qemu_process {
	const char *program;		/* a path, or a name to be looked for in PATH */
	char **argv;			/* without options about serial ports; ends with NULL */
	bool interactive;		/* our standard input is the console's */
	bool two_ports;			/* ttyS1 is our standard error; else there is one port */
	/* What is known at the end: */
	int word;			/* the exit status that the machine told; -1: none */
	int unwritten;			/* -errno: standard output took no more, QEMU was ended */
	char complaint[512];		/* what QEMU itself said, its warnings left out, one line */
};

/* Room that qemu_run() needs in argv behind the NULL. */
#define QEMU_PORT_WORDS	12

/* qemu_run - start it and wait. *status as of waitpid(). Returns 0, or -errno when it cannot be
 * started. */
int qemu_run(struct qemu_process *q, int *status) __must_check;

#endif
