// SPDX-License-Identifier: MIT
/*
 * launch.c - from kmm's own names to QEMU's.
 *
 *	--mem 4G --nodes 2	-m 4096M -object memory-backend-ram,id=ram0,size=2048M,reserve=off
 *				-numa node,nodeid=0,memdev=ram0,cpus=0-1 ...
 *	--numa-distance		-numa dist,src=0,dst=1,val=21 ...
 *	--arch amd64-la57	qemu-system-x86_64 -cpu max,la57=on, build/pc-amd64/bzImage
 *	--cmdline		-append
 *
 * reserve=off: the host is asked for a page of RAM when the machine touches it, so that the
 * machine may be larger than the host.
 *
 * The machine's last word is its exit status, a byte; then it ends itself by QEMU's
 * isa-debug-exit. QEMU's own status would tell half of that byte's values, and is 1 for the first
 * of them as for a QEMU that could not start. Without a word: QEMU's status 0 is a machine that was
 * reset (a triple fault, as nothing else resets it) or QEMU told to quit; any other is QEMU's
 * failure, and mostly it says why.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kmm/config.h>
#include <kmm/param.h>

#include "../command.h"
#include "pc.h"

#define PATH_SIZE	4096
#define MIB		((u64)1 << 20)
#define DEFAULT_MEM	(4096 * MIB)
#define MIN_NODE	(16 * MIB)
#define MAX_WORDS	(64 + 4 * MAX_NUMNODES + 2 * MAX_NUMNODES * MAX_NUMNODES)
#define DEBUG_EXIT	"isa-debug-exit,iobase=0xf4,iosize=4"
#define GDB_AT		"127.0.0.1:1234"	/* a number: not every system resolves names */

static const struct pc_arch {
	const char *name, *flavour, *program, *cpu;
	u64 most;			/* memory: beyond, the processor has no addresses */
} archs[] = {
	{ "amd64", "pc-amd64", "qemu-system-x86_64", "max,la57=off", 512 * 1024 * MIB },
	{ "amd64-la57", "pc-amd64", "qemu-system-x86_64", "max,la57=on", 512 * 1024 * MIB },
	{ "ia32", "pc-ia32", "qemu-system-i386", "max,pae=off,nx=off", 4096 * MIB },
	{ "ia32-pae", "pc-ia32", "qemu-system-i386", "max", 60 * 1024 * MIB },
};

struct launch {
	struct pc_request *r;
	const struct pc_arch *arch;
	char image[PATH_SIZE], symbols[PATH_SIZE];
	char append[COMMAND_LINE_SIZE];
	char initrd[64];
	bool two_ports;
	int argc;
	char *argv[MAX_WORDS];
};

/* ---- what there is on this host ---- */

static const struct pc_arch *find_arch(const char *name)
{
	if (!name)
		name = sizeof(void *) == 8 ? "amd64" : "ia32-pae";
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (!strcmp(archs[i].name, name))
			return &archs[i];
	return NULL;
}

/* In a build tree, and installed: seen from the program's own directory. */
static int find_image(struct launch *l)
{
	static const char *const places[] = { "..", "../lib/kmm" };
	char self[PATH_SIZE / 2], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return kmm_failed(l->r->command, "cannot find out where this program lies");
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(l->image, sizeof(l->image), "%s/%s/%s/bzImage", self, places[i],
			 l->arch->flavour);
		snprintf(l->symbols, sizeof(l->symbols), "%s/%s/%s/kmm.elf", self, places[i],
			 l->arch->flavour);
		if (!access(l->image, R_OK))
			return EXIT_OK;
	}
	return kmm_failed(l->r->command, "--machine pc: no %s/bzImage beside this program "
			  "(make build-pc)", l->arch->flavour);
}

/* ---- QEMU's words ---- */

static void __printf(2, 3) word(struct launch *l, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0 || l->argc >= MAX_WORDS - 1 - QEMU_PORT_WORDS)
		abort();	/* out of memory; the array is large enough for any request */
	va_end(ap);
	l->argv[l->argc++] = text;
}

/* The nodes' shares, as of host_machine_simple(): whole MiB, the last has the rest. */
static u64 share_of(const struct pc_request *r, unsigned int node)
{
	u64 share = r->mem / MIB / r->nodes;

	return node + 1 < r->nodes ? share : r->mem / MIB - share * node;
}

/* CPUs are dealt to the nodes in order; a node may have none. */
static void add_node(struct launch *l, unsigned int node)
{
	const struct pc_request *r = l->r;
	unsigned int first = r->cpus, last = 0;
	char cpus[32] = "";

	for (unsigned int cpu = 0; cpu < r->cpus; cpu++)
		if (cpu * r->nodes / r->cpus == node) {
			first = min(first, cpu);
			last = cpu;
		}
	if (first <= last)
		snprintf(cpus, sizeof(cpus), ",cpus=%u-%u", first, last);
	word(l, "-object");
	word(l, "memory-backend-ram,id=ram%u,size=%lluM,reserve=off", node,
	     (unsigned long long)share_of(r, node));
	word(l, "-numa");
	word(l, "node,nodeid=%u,memdev=ram%u%s", node, node, cpus);
}

static void add_distances(struct launch *l)
{
	const struct pc_request *r = l->r;

	for (unsigned int i = 0; i < r->nodes; i++)
		for (unsigned int j = 0; j < r->nodes; j++) {
			if (i == j)
				continue;
			word(l, "-numa");
			word(l, "dist,src=%u,dst=%u,val=%u", i, j, r->slit[i * r->nr_slit + j]);
		}
}

static void add_memory(struct launch *l)
{
	const struct pc_request *r = l->r;

	word(l, "-m");
	word(l, "%lluM", (unsigned long long)(r->mem / MIB));
	word(l, "-smp");
	word(l, "%u", r->cpus);
	word(l, "-machine");
	if (r->nodes == 1) {
		word(l, "pc,memory-backend=ram0");
		word(l, "-object");
		word(l, "memory-backend-ram,id=ram0,size=%lluM,reserve=off",
		     (unsigned long long)(r->mem / MIB));
		return;
	}
	word(l, "pc");
	for (unsigned int i = 0; i < r->nodes; i++)
		add_node(l, i);
	if (r->slit)
		add_distances(l);
}

static void add_words(struct launch *l, const char *program)
{
	word(l, "%s", program);
	word(l, "-accel");
	word(l, "tcg");
	word(l, "-cpu");
	word(l, "%s", l->arch->cpu);
	add_memory(l);
	word(l, "-nodefaults");
	word(l, "-no-user-config");
	word(l, "-no-reboot");
	word(l, "-display");
	word(l, "none");
	word(l, "-device");
	word(l, DEBUG_EXIT);
	if (l->r->gdb) {
		word(l, "-gdb");
		word(l, "tcp:" GDB_AT);
		word(l, "-S");
	}
	word(l, "-kernel");
	word(l, "%s", l->image);
	word(l, "-initrd");
	word(l, "%s", l->initrd);
	word(l, "-append");
	word(l, "%s", l->append);
}

/* ---- the kernel's command line ---- */

/* Both ends in one place: nothing to be kept apart, and one port keeps the order of the lines. */
static bool separate_errors(void)
{
	struct stat out, err;

	return fstat(STDOUT_FILENO, &out) || fstat(STDERR_FILENO, &err) ||
	       out.st_dev != err.st_dev || out.st_ino != err.st_ino;
}

/* The kernel copies the files to the end of the heap, and wants as much again to be left. */
static u64 heap_for(const struct pc_request *r)
{
	u64 heap = clamp(r->mem / 64, MIB, 4 * MIB);

	return r->heap ? r->heap : ALIGN(heap + 3 * (u64)r->files.len, MIB / 16);
}

static int make_append(struct launch *l)
{
	const struct pc_request *r = l->r;
	int n = snprintf(l->append, sizeof(l->append), "console=ttyS0%s%s%s%s heap=%lluK%s%s%s",
			 l->two_ports ? " stderr=ttyS1" : "", r->quiet ? " quiet" : "",
			 isatty(STDOUT_FILENO) ? " TERM=kmm" : "", r->apart ? " image=apart" : "",
			 (unsigned long long)(heap_for(r) >> 10), r->gdb ? " nokaslr" : "",
			 r->cmdline && r->cmdline[0] ? " " : "", r->cmdline ? r->cmdline : "");

	if (n >= (int)sizeof(l->append))
		return kmm_misused(r->command, "more than %d bytes of boot parameters",
				   COMMAND_LINE_SIZE - 1);
	return EXIT_OK;
}

/* ---- the initrd ---- */

static bool add_program_words(struct pc_request *r)
{
	size_t len = 0, at = 0;
	char *text;

	for (int i = 0; i < r->argc; i++)
		len += strlen(r->argv[i]) + 1;
	text = malloc(len + sizeof("kmm"));
	if (!text)
		return false;
	memcpy(text, "kmm", sizeof("kmm"));
	at = sizeof("kmm");
	for (int i = 0; i < r->argc; i++) {
		memcpy(text + at, r->argv[i], strlen(r->argv[i]) + 1);
		at += strlen(r->argv[i]) + 1;
	}
	pc_archive_add(&r->files, ".words", text, at);
	free(text);
	return pc_archive_end(&r->files);
}

/* A file without a name, which QEMU opens by our descriptor; -1 after one line. */
static int make_initrd(struct launch *l)
{
	struct pc_request *r = l->r;
	size_t done = 0;
	int fd;

	if (!add_program_words(r))
		return kmm_failed(r->command, "more than a PC's initrd can hold"), -1;
	fd = memfd_create("initrd", 0);
	while (fd >= 0 && done < r->files.len) {
		ssize_t n = write(fd, r->files.data + done, r->files.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			fd = -1;
		}
		done += (size_t)n;
	}
	if (fd < 0)
		return kmm_failed(r->command, "initrd: %s", strerror(errno)), -1;
	snprintf(l->initrd, sizeof(l->initrd), "/proc/self/fd/%d", fd);
	return fd;
}

/* ---- ---- */

static int check(struct launch *l)
{
	struct pc_request *r = l->r;

	l->arch = find_arch(r->arch);
	if (!l->arch)
		return kmm_misused(r->command, "--arch %s: amd64, amd64-la57, ia32 or ia32-pae "
				   "is wanted", r->arch);
	r->nodes = r->nodes ? r->nodes : 1;
	r->cpus = r->cpus ? r->cpus : r->nodes;
	r->mem = r->mem ? r->mem : min(DEFAULT_MEM, l->arch->most);
	if (r->mem % MIB)
		return kmm_misused(r->command, "--mem: whole MiB are wanted");
	if (r->mem / r->nodes < MIN_NODE)
		return kmm_misused(r->command, "--mem: a node needs at least 16M");
	if (r->mem > l->arch->most)
		return kmm_misused(r->command, "--mem: at most %lluG on a PC of this --arch",
				   (unsigned long long)(l->arch->most >> 30));
	return find_image(l);
}

static int decode(const struct launch *l, const struct qemu_process *q, int status)
{
	const char *me = l->r->command, *program = q->program, *complaint = q->complaint;

	if (q->unwritten)
		return kmm_failed(me, "cannot write to standard output: %s",
				  strerror(-q->unwritten));
	if (WIFSIGNALED(status))
		return kmm_failed(me, "%s was ended by signal %d", program, WTERMSIG(status));
	if (q->word >= 0)
		return q->word;
	if (complaint[0])
		return kmm_failed(me, "%s", complaint);
	if (WEXITSTATUS(status))
		return kmm_failed(me, "%s ended with status %d before the PC told its own",
				  program, WEXITSTATUS(status));
	return kmm_failed(me, "the PC ended without a status: it was reset or turned off");
}

static int run(struct launch *l)
{
	const char *named = getenv("KMM_QEMU");
	const char *program = named && named[0] ? named : l->arch->program;
	struct qemu_process q = {
		.program = program, .argv = l->argv, .interactive = l->r->interactive,
		.two_ports = l->two_ports,
	};
	int status, err;

	add_words(l, program);
	if (l->r->gdb)
		fprintf(stderr, "waiting for: gdb %s -ex 'target remote " GDB_AT "'\n",
			l->symbols);
	fflush(stdout);
	err = qemu_run(&q, &status);
	if (err == -ENOENT)
		return kmm_failed(l->r->command, "--machine pc needs QEMU, and there is no %s "
				  "(Debian: qemu-system-x86; KMM_QEMU names another)", program);
	if (err)
		return kmm_failed(l->r->command, "%s: %s", program, strerror(-err));
	return decode(l, &q, status);
}

int pc_launch(struct pc_request *r)
{
	struct launch *l = calloc(1, sizeof(*l));
	int status = l ? EXIT_OK : kmm_failed(r->command, "out of memory"), initrd = -1;

	if (!status) {
		l->r = r;
		l->two_ports = separate_errors();
		status = check(l);
	}
	if (!status) {
		initrd = make_initrd(l);
		status = initrd < 0 ? EXIT_FAILED : make_append(l);
	}
	if (!status)
		status = run(l);
	if (initrd >= 0)
		close(initrd);
	for (int i = 0; l && i < l->argc; i++)
		free(l->argv[i]);
	free(l);
	pc_archive_free(&r->files);
	return status;
}
