// SPDX-License-Identifier: MIT
/*
 * boot.c - kmm boot: a machine from the command line, its boot log, a console.
 *
 *	options -> machine_options -> host_config -> console_boot() -> lines -> power off
 *	                          `-> pc_request -> pc_launch(): the same on a PC, by QEMU
 *
 * Lines come from -c, from --script, from standard input when it is not a terminal, or
 * from the terminal. The exit status is that of the script: 1 when a command of it
 * failed, or what its exit command says.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "console/console.h"
#include "machine.h"
#include "pc/pc.h"

static const char me[] = "boot";

static const char help[] =
	"usage: kmm boot [OPTION...] [-- BOOT-PARAMETER...]\n"
	"\n"
	"Boots a machine, prints its boot log and opens a console on it.\n"
	"\n"
	"The machine:\n"
	"  --e820 PATH           a real memory map: a kernel log with e820 (and SRAT) lines,\n"
	"                        - for standard input, or a tree like /sys/firmware/memmap\n"
	"  --mem SIZE            else a PC with this much memory (default 4G)\n"
	"  --nodes N             divided over this many NUMA nodes (default 1)\n"
	"  --cpus N              CPUs (default: one a node)\n"
	"  --numa-distance T     distances, \"10,20;20,10\", or a file with such rows\n"
	"  --arch ARCH           amd64 (default), amd64-la57 (5-level page tables), ia32, or\n"
	"                        ia32-pae: a 32-bit process with IA-32's addresses\n"
	"  --threads             CPUs are threads; else one thread plays them all, and the\n"
	"                        same commands give the same output\n"
	"  --seed N              of the random numbers of the latter\n"
	"  --kernel SIZE         a kernel image of this size lies at 16M (default 24M; 0: none)\n"
	"  --cmdline WORDS       boot parameters, as those after --: mem=600M numa=fake=4 ...\n"
	"  --machine pc          not in this process: kmm by itself on a PC, by QEMU, with\n"
	"                        this --arch, --mem, --nodes, --cpus, --numa-distance\n"
	"  --gdb                 the PC waits for gdb before its first instruction\n"
	"\n"
	"The console:\n"
	"  -c COMMANDS           run these (divided by ; or lines) and end\n"
	"  --script FILE         run the commands of a file and end\n"
	"  --quiet               do not show the boot log (dmesg has it)\n"
	"\n"
	"Without -c and --script commands come from standard input. `help` lists them.\n"
	"Exit status: 0, 1 when the machine did not boot or a command failed, 2 for a\n"
	"wrong option.\n";

struct boot_request {
	struct machine_options machine;
	const char *arch, *script;
	char *commands;
	u64 kernel;		/* bytes */
	bool kernel_said;
	bool pc, gdb;
	bool quiet, help;
};

/*
 * Where a kernel's image would lie, so that /proc/iomem and the Memory: line look like
 * home: at 16 MiB, in the proportions of a distribution's kernel. Only where there is RAM.
 */
#define KERNEL_START	((u64)16 << 20)
#define KERNEL_SIZE	((u64)24 << 20)

static void place_kernel(struct host_config *c, u64 size)
{
	const u64 at = KERNEL_START, part = ALIGN_DOWN(size / 8, (u64)PAGE_SIZE);
	const u64 data = ALIGN_DOWN(part / 2, (u64)PAGE_SIZE);
	unsigned int i;

	for (i = 0; i < c->nr_e820; i++) {
		const struct e820_entry *e = &c->e820[i];

		if (e->type == E820_TYPE_RAM && e->addr <= at && e->size >= 2 * size &&
		    e->addr + e->size >= at + 2 * size)
			break;
	}
	if (i == c->nr_e820 || !part)
		return;
	c->image = (struct kmm_image){
		.text = at, .etext = at + 4 * part,
		.rodata = at + 4 * part, .erodata = at + 6 * part,
		.data = at + 6 * part, .edata = at + 6 * part + data,
		.init = at + 6 * part + data, .einit = at + 7 * part,
		.bss = at + 7 * part, .ebss = at + 8 * part,
	};
}

static int add_commands(struct boot_request *r, const char *text)
{
	size_t len = r->commands ? strlen(r->commands) : 0;
	char *all = realloc(r->commands, len + strlen(text) + 2);

	if (!all)
		return kmm_failed(me, "out of memory");
	if (len)
		all[len++] = '\n';
	strcpy(all + len, text);
	r->commands = all;
	return EXIT_OK;
}

static int take_option(struct boot_request *r, int letter, char **argv)
{
	switch (letter) {
	case 'h':
		r->help = true;
		return EXIT_OK;
	case 'q':
		r->quiet = true;
		return EXIT_OK;
	case 'a':
		r->arch = optarg;
		return EXIT_OK;
	case 'k':
		if (!parse_size(optarg, &r->kernel) || r->kernel > (u64)1 << 30)
			return kmm_misused(me, "--kernel %s: a size up to 1G is wanted", optarg);
		r->kernel_said = true;
		return EXIT_OK;
	case 'M':
		r->pc = !strcmp(optarg, "pc");
		return r->pc ? EXIT_OK : kmm_misused(me, "--machine %s: pc is wanted", optarg);
	case 'g':
		r->gdb = true;
		return EXIT_OK;
	case 'f':
		r->script = optarg;
		return EXIT_OK;
	case 'c':
		return add_commands(r, optarg);
	case ':':
	case '?':
		return kmm_bad_option(me, letter, argv);
	default:
		return machine_option(&r->machine, me, letter, optarg);
	}
}

/* The words after "--" are boot parameters; a word before it is a mistake. */
static int take_params(struct boot_request *r, int argc, char **argv)
{
	if (optind < argc && strcmp(argv[optind - 1], "--"))
		return kmm_misused(me, "unexpected word '%s' (boot parameters go after --)",
				   argv[optind]);
	for (; optind < argc; optind++)
		if (!machine_add_param(&r->machine, argv[optind]))
			return kmm_misused(me, "more than %d bytes of boot parameters",
					   COMMAND_LINE_SIZE - 1);
	return EXIT_OK;
}

static int parse(struct boot_request *r, int argc, char **argv)
{
	static const struct option options[] = {
		MACHINE_OPTIONS,
		{ "arch", required_argument, NULL, 'a' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "script", required_argument, NULL, 'f' },
		{ "machine", required_argument, NULL, 'M' },
		{ "gdb", no_argument, NULL, 'g' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int letter, status = EXIT_OK;

	opterr = 0;
	optind = 1;
	while (!status && (letter = getopt_long(argc, argv, "+:c:hq", options, NULL)) != -1)
		status = take_option(r, letter, argv);
	if (!status && !r->help)
		status = take_params(r, argc, argv);
	if (!status && r->script && r->commands)
		status = kmm_misused(me, "-c and --script exclude each other");
	if (!status && r->gdb && !r->pc)
		status = kmm_misused(me, "--gdb: a machine in this process has gdb already; "
				     "--machine pc is wanted");
	return status;
}

/* ---- on a PC ---- */

/* What only a machine in this process can be told. */
static const char *not_for_pc(const struct boot_request *r)
{
	return r->machine.e820 ? "--e820 (a PC has its firmware's map)" :
	       r->kernel_said ? "--kernel (a PC runs a real one)" :
	       r->machine.seed ? "--seed" : NULL;
}

/* The words for the booted program: what the PC's options have not used up. */
static int pc_words(const struct boot_request *r, char **argv)
{
	int n = 0;

	argv[n++] = (char *)me;
	if (r->quiet)
		argv[n++] = (char *)"--quiet";
	if (r->machine.cmdline[0]) {
		argv[n++] = (char *)"--cmdline";
		argv[n++] = (char *)r->machine.cmdline;
	}
	if (r->commands || r->script) {
		argv[n++] = (char *)(r->commands ? "-c" : "--script");
		argv[n++] = r->commands ? r->commands : (char *)r->script;
	}
	return n;
}

static int boot_pc(struct boot_request *r)
{
	char *argv[8];
	struct pc_request q = {
		.command = me, .arch = r->arch, .mem = r->machine.mem, .nodes = r->machine.nodes,
		.cpus = r->machine.cpus, .cmdline = r->machine.cmdline, .quiet = r->quiet,
		.gdb = r->gdb, .argv = argv, .argc = pc_words(r, argv),
	};
	const char *script = r->script ? r->script :
			     r->commands || isatty(STDIN_FILENO) ? NULL : "-";
	int status;

	if (not_for_pc(r))
		return kmm_misused(me, "--machine pc: no %s", not_for_pc(r));
	status = machine_build(&r->machine, me);
	if (status)
		return status;
	q.slit = r->machine.config.slit;
	q.nr_slit = r->machine.config.nr_slit;
	q.interactive = !r->commands && !script;
	status = script ? pc_archive_file(&q.files, me, script) : EXIT_OK;
	return status ? status : pc_launch(&q);
}

static int run_commands(struct console *c, char *text)
{
	FILE *f = fmemopen(text, strlen(text), "r");

	if (!f)
		return text[0] ? kmm_failed(me, "%s", strerror(errno)) : EXIT_OK;
	console_run_file(c, f, "-c");
	fclose(f);
	return c->exit_status;
}

static int run_script(struct console *c, const char *name)
{
	bool from_stdin = !strcmp(name, "-");
	struct stat st;
	FILE *f;

	if (!from_stdin && !stat(name, &st) && S_ISDIR(st.st_mode))
		return kmm_failed(me, "%s: is a directory", name);
	f = from_stdin ? stdin : fopen(name, "r");
	if (!f)
		return kmm_failed(me, "%s: %s", name, strerror(errno));
	console_run_file(c, f, f == stdin ? "stdin" : name);
	if (f != stdin)
		fclose(f);
	return c->exit_status;
}

static int run_console(struct boot_request *r)
{
	struct console c;
	int status;

	console_init(&c, &r->machine.config, LOGLEVEL_DEBUG);
	if (console_boot(&c, r->quiet))
		status = EXIT_FAILED;
	else if (r->commands)
		status = run_commands(&c, r->commands);
	else if (r->script)
		status = run_script(&c, r->script);
	else if (isatty(STDIN_FILENO))
		status = (console_run_terminal(&c), c.exit_status);
	else
		status = run_script(&c, "-");
	console_end(&c);
	return status;
}

/* ---- in this process ---- */

static int boot_here(struct boot_request *r, char **argv)
{
	int status = r->arch ? machine_other_arch(&r->machine, me, r->arch, argv) : EXIT_OK;

	if (!status)
		status = machine_build(&r->machine, me);
	if (status)
		return status;
	place_kernel(&r->machine.config, r->kernel);
	return run_console(r);
}

int cmd_boot(int argc, char **argv)
{
	struct boot_request *r = calloc(1, sizeof(*r));
	int status;

	if (!r)
		return kmm_failed(me, "out of memory");
	r->kernel = KERNEL_SIZE;
	status = parse(r, argc, argv);
	if (!status && r->help)
		fputs(help, stdout);
	else if (!status)
		status = r->pc ? boot_pc(r) : boot_here(r, argv);
	machine_release(&r->machine);
	free(r->commands);
	free(r);
	return status;
}
