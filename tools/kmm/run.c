// SPDX-License-Identifier: MIT
/*
 * run.c - kmm run: what kmm does, shown on the real memory map and the real trace
 * shipped in data/.
 *
 *	machines/q35-4g-2node.txt	e820 and SRAT lines from the log of a PC with two nodes
 *	numa/				what a kernel allocated on a smaller such PC, pages and
 *					objects, which frames were free when it began, what
 *					its caches held, and how it ended
 *
 * The trace was recorded with 1.25 GiB in two nodes; boot parameters make the map's
 * machine as small (mem= numa=fake=), so that the trace fills it as it did the
 * recorded one, and the replay begins from the recorded free map.
 *
 * data/ is looked for in the current directory and beside the program (build tree,
 * installed tree); --data names another place. The report is replay's own; around
 * it stand the boot log and what to try next.
 *
 * With --machine pc it is another show: kmm boots by itself on a PC that QEMU plays, twice, so that
 * its places can be seen to differ.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kmm/kmm.h>

#include "command.h"
#include "pc/pc.h"
#include "replay/replay.h"

static const char me[] = "run";

static const char help[] =
	"usage: kmm run [--data DIR] [--quiet]\n"
	"       kmm run --machine pc [--arch ARCH]\n"
	"\n"
	"Boots the two-node machine whose memory map is shipped with kmm, replays the\n"
	"trace shipped with kmm on it, and reports.\n"
	"\n"
	"  --data DIR   where the map and the trace are (default: found beside the program)\n"
	"  --quiet      without the boot log\n"
	"  --machine pc boots kmm on a PC, by QEMU, and shows its memory there\n"
	"  --arch ARCH  what kind of PC: amd64, amd64-la57, ia32, ia32-pae\n";

#define MAP		"machines/q35-4g-2node.txt"
#define TRACE		"numa/trace.kmt.zst"
#define FREE_MAP	"numa/free.before.xz"
#define PAGE_FLAGS	"numa/kpageflags.before.rle.xz"
#define PARAMETERS	"mem=1280M numa=fake=2"
#define TUNABLE		"min_free_kbytes=61292"		/* as on the recorded machine */

#define PATH_SIZE 4096

struct shipped {
	const char *dir;		/* as the user said; NULL: to be found */
	char map[PATH_SIZE], trace[PATH_SIZE], free_map[PATH_SIZE], page_flags[PATH_SIZE];
	const char *arch;
	bool pc, quiet, help;
};

/* ---- finding the data ---- */

static bool is_there(const char *dir, const char *name, char *path)
{
	return snprintf(path, PATH_SIZE, "%s/%s", dir, name) < PATH_SIZE && !access(path, R_OK);
}

static bool is_data(struct shipped *s, const char *dir)
{
	return is_there(dir, MAP, s->map) && is_there(dir, TRACE, s->trace) &&
	       is_there(dir, FREE_MAP, s->free_map) && is_there(dir, PAGE_FLAGS, s->page_flags);
}

/* A directory relative to the program's own. */
static bool is_beside(struct shipped *s, const char *where)
{
	char self[PATH_SIZE], dir[PATH_SIZE + 64], *real;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	snprintf(dir, sizeof(dir), "%s/%s", self, where);
	real = realpath(dir, NULL);
	if (real) {
		snprintf(dir, sizeof(dir), "%s", real);
		free(real);
	}
	return real && is_data(s, dir);
}

static int find_data(struct shipped *s)
{
	if (s->dir)
		return is_data(s, s->dir) ? EXIT_OK :
		       kmm_failed(me, "%s: no " MAP " and " TRACE " there", s->dir);
	if (is_data(s, "data") || is_beside(s, "../../data") || is_beside(s, "../share/kmm/data"))
		return EXIT_OK;
	return kmm_failed(me, "the map and the trace shipped with kmm are not found; "
			  "--data says where");
}

/* ---- the show ---- */

static void headline(const char *text)
{
	bool bold = isatty(STDOUT_FILENO);

	printf("\n%s%s%s\n\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

static void try_next(const struct shipped *s, const char *program)
{
	headline("Try next");
	printf("  %s boot --e820 %s\n"
	       "      a console on this machine; there: help, mem, alloc 3 GFP_ATOMIC, block #1\n"
	       "  %s replay --compare \"\" \"--mem 2G --nodes 1\" %s\n"
	       "      the same load on the recorded machine, and on one with more memory\n"
	       "  %s replay --slab slub,slab,slob %s\n"
	       "      its objects with three slab allocators: time, memory, waste\n"
	       "  %s boot --mem 1G -c 'vmalloc 64K; walk %%1; poke %%1+65536 1'\n"
	       "      an area of kernel addresses, its page-table entries, and one byte too far\n"
	       "  %s boot --help; %s replay --help\n",
	       program, s->map, program, s->trace, program, s->trace, program, program, program);
}

static int show(const struct shipped *s, const char *program)
{
	static struct replay_config c;
	static struct replay_result r;
	char err[REPLAY_ERROR];

	replay_defaults(&c);
	c.trace = s->trace;
	c.initial = s->free_map;
	c.pageflags = s->page_flags;
	c.level = REPLAY_BOTH;
	c.machine.e820 = s->map;
	c.sysctls[c.nr_sysctls++] = TUNABLE;
	c.progress = isatty(STDERR_FILENO);
	if (!machine_add_param(&c.machine, PARAMETERS))
		return kmm_failed(me, "too many boot parameters");
	printf("kmm %s: the memory map of a real machine, and a real kernel's trace on it\n"
	       "  map    %s\n  trace  %s\n", KMM_VERSION, s->map, s->trace);
	fflush(stdout);
	if (replay_run(&c, &r, err))
		return kmm_failed(me, "%s", err);
	if (!s->quiet && r.log) {
		headline("Boot log");
		fwrite(r.log, 1, r.log_boot_len, stdout);
	}
	putchar('\n');
	replay_report(&r, stdout, isatty(STDOUT_FILENO), true);
	try_next(s, program);
	replay_result_free(&r);
	return EXIT_OK;
}

/* ---- on a PC ---- */

/* What is done on the booted machine; the second time only the end of it. */
static char on_pc[] =
	"echo; echo == Its memory; mem\n"
	"echo; echo == Free blocks of 4K, 8K ... 4M; cat /proc/buddyinfo\n"
	"echo; echo == Pages, an object, kernel addresses\n"
	"alloc 3; kmalloc 100; vmalloc 64K; walk %1\n"
	"free all; kfree all; vfree all; check\n";

static int boot_pc(const struct shipped *s, bool quiet, char *commands)
{
	char *words[] = { (char *)"boot", (char *)"-c", commands, (char *)"--quiet" };
	struct pc_request q = {
		.command = me, .arch = s->arch, .mem = (u64)512 << 20, .nodes = 2, .cpus = 2,
		.cmdline = quiet ? "" : "loglevel=6", .quiet = quiet,
		.argc = quiet ? 4 : 3, .argv = words,
	};

	return pc_launch(&q);
}

static int show_pc(const struct shipped *s, const char *program)
{
	char place[] = "cat /proc/iomem";
	int status;

	printf("kmm %s: on a PC of 512 MiB, two nodes, two processors, from power-on\n\n",
	       KMM_VERSION);
	fflush(stdout);
	status = boot_pc(s, false, on_pc);
	if (status)
		return status;
	headline("Booted once more, it lies elsewhere");
	fflush(stdout);
	status = boot_pc(s, true, place);
	if (status)
		return status;
	headline("Try next");
	printf("  %s boot --machine pc --mem 1G --nodes 4 --cpus 4\n"
	       "      a console on it\n"
	       "  %s boot --machine pc --gdb\n"
	       "      gdb from the first instruction\n", program, program);
	return EXIT_OK;
}

static int parse(struct shipped *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "data", required_argument, NULL, 'd' },
		{ "machine", required_argument, NULL, 'M' },
		{ "arch", required_argument, NULL, 'a' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int letter;

	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(argc, argv, "+:hq", options, NULL)) != -1) {
		if (letter == 'd')
			s->dir = optarg;
		else if (letter == 'a')
			s->arch = optarg;
		else if (letter == 'M' && !strcmp(optarg, "pc"))
			s->pc = true;
		else if (letter == 'M')
			return kmm_misused(me, "--machine %s: pc is wanted", optarg);
		else if (letter == 'q')
			s->quiet = true;
		else if (letter == 'h')
			s->help = true;
		else
			return kmm_bad_option(me, letter, argv);
	}
	if (optind < argc)
		return kmm_misused(me, "unexpected word '%s'", argv[optind]);
	if (s->pc ? s->dir || s->quiet : s->arch != NULL)
		return kmm_misused(me, "--machine pc goes with --arch only, and --arch with it");
	return EXIT_OK;
}

int cmd_run(int argc, char **argv)
{
	static struct shipped s;
	int status = parse(&s, argc, argv);

	if (status)
		return status;
	if (s.help) {
		fputs(help, stdout);
		return EXIT_OK;
	}
	if (s.pc)
		return show_pc(&s, argv[-1]);
	status = find_data(&s);
	return status ? status : show(&s, argv[-1]);
}
