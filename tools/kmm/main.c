// SPDX-License-Identifier: MIT
/*
 * main.c - the command kmm: which subcommands there are.
 *
 * A subcommand is one line of the table below. One declared weak may be left out of
 * a build; it is then neither listed nor known.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kmm/kmm.h>

#include "command.h"

#pragma weak cmd_bench
#pragma weak cmd_run
#pragma weak cmd_slabtop

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} subcommands[] = {
	{ "boot", cmd_boot, "boot a machine and open a console on it" },
	{ "replay", cmd_replay, "replay a recorded kernel trace on a machine" },
	{ "slabtop", cmd_slabtop, "watch the caches of a machine at work" },
	{ "run", cmd_run, "boot the machine shipped with kmm, replay its trace, report" },
	{ "bench", cmd_bench, "measure the allocator" },
};

static int print_help(FILE *out)
{
	fputs("usage: kmm COMMAND [OPTION...]\n\n"
	      "kmm is Linux's memory management, written anew, on a machine simulated\n"
	      "in this process: real memory maps, real traces, real pointers.\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (subcommands[i].run)
			fprintf(out, "  %-8s  %s\n", subcommands[i].name, subcommands[i].what);
	fputs("\nkmm COMMAND --help says what each takes, kmm(1) everything.\n"
	      "kmm --version prints the version.\n", out);
	return EXIT_OK;
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (subcommands[i].run && !strcmp(subcommands[i].name, name))
			return &subcommands[i];
	return NULL;
}

/* A standard stream that is closed stays so: no RAM of a machine, no script gets its number. */
static void keep_streams(void)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return;
}

int main(int argc, char **argv)
{
	const struct subcommand *s;
	int status;

	keep_streams();
	signal(SIGXFSZ, SIG_IGN);	/* a limit of file size is an error of write() */
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		status = print_help(stdout);
	} else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("kmm " KMM_VERSION);
		status = EXIT_OK;
	} else {
		s = find(argv[1]);
		if (!s)
			return kmm_misused("", "no command '%s'; kmm --help lists them", argv[1]);
		status = s->run(argc - 1, argv + 1);
	}
	if (fflush(stdout) || ferror(stdout))
		status = status ? status : kmm_failed("", "cannot write to standard output");
	return status;
}
