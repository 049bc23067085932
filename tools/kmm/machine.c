// SPDX-License-Identifier: MIT
/*
 * machine.c - from options to a machine that can be booted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kmm/firmware_text.h>

#include "command.h"
#include "machine.h"

#define MIB		((u64)1 << 20)
#define DEFAULT_MEM	(4096 * MIB)
#define MIN_NODE	(16 * MIB)
#define MAX_MEM		(((u64)16 << 40) - 2048 * MIB)	/* ends below 16 TiB */

bool machine_add_param(struct machine_options *o, const char *words)
{
	size_t len = strlen(o->cmdline), more = strlen(words);

	if (len + more + 2 > COMMAND_LINE_SIZE)
		return false;
	if (len)
		o->cmdline[len++] = ' ';
	memcpy(o->cmdline + len, words, more + 1);
	return true;
}

int machine_check_params(const struct machine_options *o, const char *command)
{
	return quotes_closed(o->cmdline) ? EXIT_OK :
	       kmm_misused(command, "boot parameters: a quote is not closed: %s", o->cmdline);
}

static int take_count(const char *command, const char *option, const char *value,
		      unsigned int most, unsigned int *count)
{
	u64 n;

	if (!parse_number(value, &n) || n < 1 || n > most)
		return kmm_misused(command, "--%s %s: a number from 1 to %u is wanted",
				   option, value, most);
	*count = (unsigned int)n;
	return EXIT_OK;
}

int machine_option(struct machine_options *o, const char *command, int letter, const char *value)
{
	switch (letter) {
	case 'e':
		o->e820 = value;
		return EXIT_OK;
	case 'm':
		if (!parse_size(value, &o->mem) || !o->mem)
			return kmm_misused(command, "--mem %s: a size like 512M or 4G is wanted",
					   value);
		return EXIT_OK;
	case 'n':
		return take_count(command, "nodes", value, MAX_NUMNODES, &o->nodes);
	case 'p':
		return take_count(command, "cpus", value, NR_CPUS, &o->cpus);
	case 'd':
		o->distances = value;
		return EXIT_OK;
	case 't':
		o->threads = true;
		return EXIT_OK;
	case 's':
		if (!parse_number(value, &o->seed))
			return kmm_misused(command, "--seed %s: a number is wanted", value);
		return EXIT_OK;
	case 'C':
		if (!machine_add_param(o, value))
			return kmm_misused(command, "more than %d bytes of boot parameters",
					   COMMAND_LINE_SIZE - 1);
		return EXIT_OK;
	}
	return EXIT_USAGE;
}

/* ---- distances ---- */

/* All of a file, or the text itself when there is no such file; to be freed. */
static char *distance_text(const char *arg)
{
	struct stat st;
	char *text;
	size_t len;
	FILE *f;

	if (stat(arg, &st) || S_ISDIR(st.st_mode))
		return strdup(arg);
	f = fopen(arg, "r");
	text = f ? malloc(65536) : NULL;
	if (!text) {
		if (f)
			fclose(f);
		return NULL;
	}
	len = fread(text, 1, 65535, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* Rows end at ';' or a line's end; numbers are divided by blanks or commas. */
static void blanks_for_commas(char *s)
{
	for (; *s; s++) {
		if (*s == ',' || *s == '\t')
			*s = ' ';
		else if (*s == ';')
			*s = '\n';
	}
}

static const char *parse_distances(struct machine_options *o, char *text)
{
	unsigned int rows = 0, columns = 0, n;
	const char *why = NULL;
	char *save, *line;
	u8 row[MAX_NUMNODES];

	blanks_for_commas(text);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		switch (fw_parse_distance_line(line, row, MAX_NUMNODES, &n, &why)) {
		case FW_BAD:
			return why;
		case FW_OTHER:
			if (line[strspn(line, " ")] && !strstr(line, "node"))
				return "a row of numbers from 10 to 255 is wanted";
			continue;
		case FW_PARSED:
			break;
		}
		if (!rows)
			columns = n;
		if (n != columns || rows == columns)
			return "the table must be as wide as it is long";
		memcpy(o->slit + rows++ * columns, row, n);
	}
	o->config.slit = o->slit;
	o->config.nr_slit = rows;
	return rows && rows == columns ? NULL : "the table must be as wide as it is long";
}

static int read_distances(struct machine_options *o, const char *command)
{
	char *text = distance_text(o->distances);
	const char *why = text ? parse_distances(o, text) : strerror(errno);

	free(text);
	if (!why && !o->e820 && o->config.nr_slit < (o->nodes ? o->nodes : 1))
		why = "fewer rows than nodes";
	if (why)
		return kmm_misused(command, "--numa-distance %s: %s", o->distances, why);
	return EXIT_OK;
}

/* ---- the two kinds of machines ---- */

static int read_machine(struct machine_options *o, const char *command)
{
	const char *name = strcmp(o->e820, "-") ? o->e820 : "/dev/stdin", *why;

	if (o->mem || o->nodes)
		return kmm_misused(command,
				   "--mem and --nodes describe another machine than --e820; "
				   "boot parameters (mem= numa=fake=) change it");
	o->machine = host_machine_read(name, &why);
	if (!o->machine)
		return kmm_failed(command, "%s: %s", o->e820, why);
	return EXIT_OK;
}

static int make_machine(struct machine_options *o, const char *command)
{
	u64 mem = o->mem ? o->mem : DEFAULT_MEM;
	unsigned int nodes = o->nodes ? o->nodes : 1;

	if (mem % MIB)
		return kmm_misused(command, "--mem: whole MiB are wanted");
	if (mem / nodes < MIN_NODE)
		return kmm_misused(command, "--mem: a node needs at least 16M");
	if (mem > MAX_MEM)
		return kmm_misused(command, "--mem: at most 16382G");
	o->machine = host_machine_simple(mem, nodes, o->cpus ? o->cpus : nodes);
	if (!o->machine)
		return kmm_failed(command, "such a machine cannot be made");
	return EXIT_OK;
}

/* A PC is a machine by itself, if no other is asked for. */
static bool is_this_pc(const struct machine_options *o)
{
#ifdef KMM_PC
	return !o->e820 && !o->mem && !o->nodes && !o->cpus;
#else
	(void)o;
	return false;
#endif
}

int machine_build(struct machine_options *o, const char *command)
{
	bool this_pc = is_this_pc(o);
	int status = machine_check_params(o, command);

	if (status)
		return status;
	status = this_pc ? EXIT_OK :
		 o->e820 ? read_machine(o, command) : make_machine(o, command);

	if (status)
		return status;
	if (!this_pc)
		host_machine_config(o->machine, &o->config);
	if (o->e820 && o->cpus) {
		o->config.nr_cpus = o->cpus;
		o->config.cpu_node = NULL;
	}
	if (o->distances)
		status = read_distances(o, command);
	o->config.cmdline = o->cmdline;
	o->config.threads = o->threads || this_pc;
	o->config.seed = o->seed;
	return status;
}

const char *machine_last_words(int err, char *buf, size_t size)
{
	const char *line = host_dmesg(), *next, *stamp;

	while ((next = strchr(line, '\n')) && next[1])
		line = next + 1;
	stamp = line[0] == '[' ? strstr(line, "] ") : NULL;
	line = stamp ? stamp + 2 : line;
	snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (!buf[0])
		snprintf(buf, size, "%s", strerror(-err));
	return buf;
}

void machine_release(struct machine_options *o)
{
	host_machine_free(o->machine);
	o->machine = NULL;
}

/* ---- the other architecture ---- */

#if UINTPTR_MAX > 0xffffffffu && !defined(KMM_PC)
/* Where the 32-bit build lies, seen from this program: installed, and in a build tree. */
static const char *const ia32_places[] = {
	"kmm-ia32", "../libexec/kmm/kmm-ia32", "../m32/kmm",
};

static int run_ia32(const char *command, char **argv)
{
	char self[4096], path[4096 + 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return kmm_failed(command, "cannot find out where this program lies");
	slash[1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(ia32_places); i++) {
		snprintf(path, sizeof(path), "%s%s", self, ia32_places[i]);
		if (access(path, X_OK))
			continue;
		/* argv begins with the subcommand; the program's own name stands before it. */
		execv(path, argv - 1);
		return kmm_failed(command, "%s: %s", path, strerror(errno));
	}
	return kmm_failed(command, "--arch ia32 needs kmm's 32-bit build, which is not beside "
			  "this one (make build-m32)");
}
#endif

static const struct arch {
	const char *name;
	enum host_arch arch;
	bool narrow;			/* the 32-bit build's */
} archs[] = {
	{ "amd64", HOST_AMD64, false }, { "amd64-la57", HOST_AMD64_LA57, false },
	{ "ia32", HOST_IA32, true }, { "ia32-pae", HOST_IA32_PAE, true },
};

int machine_other_arch(struct machine_options *o, const char *command, const char *arch,
		       char **argv)
{
	const struct arch *a = archs, *end = archs + ARRAY_SIZE(archs);
	bool narrow = sizeof(void *) == 4;

	while (a < end && strcmp(a->name, arch))
		a++;
	if (a == end)
		return kmm_misused(command,
				   "--arch %s: amd64, amd64-la57, ia32 or ia32-pae is wanted",
				   arch);
	o->config.arch = a->arch;
	if (a->narrow == narrow)
		return EXIT_OK;
#if UINTPTR_MAX > 0xffffffffu && !defined(KMM_PC)
	return run_ia32(command, argv);
#else
	(void)argv;
	return kmm_failed(command, "--arch %s: this is the %d-bit build", arch, narrow ? 32 : 64);
#endif
}
