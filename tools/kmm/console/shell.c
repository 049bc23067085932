// SPDX-License-Identifier: MIT
/*
 * shell.c - from a line to commands that have run.
 *
 *	[-|!] WORD... [> PATH] [| HOST COMMAND] [; ...]		# and a comment line
 *
 * Words are divided by blanks; "..." and '...' keep them together. A '|' inside a word
 * that begins as a mask belongs to it: GFP_KERNEL|__GFP_ZERO, SLAB_POISON|SLAB_RED_ZONE. What
 * follows any other '|' is the host's: its shell gets the output.
 * '-' before a command: its failure does not matter. '!': it must fail.
 *
 * A machine that stops (panic, BUG) jumps here, out of whatever command was running. The
 * console goes on without a machine until it is rebooted; what a command had allocated
 * on the host for itself is therefore kept in struct console, never in locals.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "../machine.h"
#include "../trace/gfp_text.h"
#include "console.h"

#define MAX_DEPTH	8
#define TICK_NS		1000000		/* a command takes a millisecond of the machine's time */

struct parsed {
	int argc;
	char *argv[CONSOLE_WORDS + 1];
	char *path;		/* > PATH */
	char *pipe;		/* | HOST COMMAND */
	bool may_fail, must_fail;
};

int console_error(struct console *c, const char *fmt, ...)
{
	va_list ap;

	fflush(c->out);
	if (c->source && c->line)
		fprintf(c->err, "%s:%lu: ", c->source, c->line);
	else if (!c->interactive)
		fprintf(c->err, "%s: ", c->source ? c->source : "kmm boot");
	va_start(ap, fmt);
	vfprintf(c->err, fmt, ap);
	va_end(ap);
	fputc('\n', c->err);
	return -1;
}

int console_usage(struct console *c, const char *name)
{
	const char *usage = console_find(name)->usage;

	return console_error(c, "usage: %s%s%s", name, usage[0] ? " " : "", usage);
}

/* ---- words ---- */

/* In masks of either kind a '|' is part of the word. */
static bool is_mask(const char *word)
{
	return console_is_gfp(word) || !strncmp(word, "SLAB_", 5);
}

static bool ends_word(char ch, const char *word)
{
	return isspace((unsigned char)ch) || ch == ';' || ch == '>' ||
	       (ch == '|' && !is_mask(word));
}

/* Does this character open or close a quote? *quote: the one that is open, or 0. */
static bool is_quote(char ch, char *quote)
{
	bool is = *quote ? ch == *quote : ch == '"' || ch == '\'';

	if (is)
		*quote = *quote ? 0 : ch;
	return is;
}

/* Where the word ends; NULL: a quote is not closed. */
static char *word_end(char *word)
{
	char *p = word, quote = 0;

	while (*p && (is_quote(*p, &quote) || quote || !ends_word(*p, word)))
		p++;
	return quote ? NULL : p;
}

/*
 * Cut the next word off *p, its quotes taken away in place; NULL: a quote is not closed.
 * *p is left at the character that ended it, which the caller overwrites.
 */
static char *cut_word(char **p)
{
	char *word = *p, *to = word, *from = word, *end = word_end(word), quote = 0;

	if (!end)
		return NULL;
	for (; from < end; from++)
		if (!is_quote(*from, &quote))
			*to++ = *from;
	if (to < end)
		*to = '\0';
	*p = end;
	return word;
}

/* The host's command line, up to a ';' outside quotes. */
static char *cut_pipe(char **p)
{
	char *from = *p, quote = 0;

	for (; **p && (is_quote(**p, &quote) || quote || **p != ';'); ++*p)
		continue;
	if (**p)
		*(*p)++ = '\0';
	return from;
}

/* Take the next word to where it belongs. */
static int take_word(struct console *c, char **p, struct parsed *cmd, bool redirect)
{
	const char *before = *p;
	char *word = cut_word(p);

	if (!word)
		return console_error(c, "a quote is not closed: %s", before);
	if (redirect && cmd->path)
		return console_error(c, "one word is wanted after >");
	if (redirect)
		cmd->path = word;
	else if (cmd->argc == CONSOLE_WORDS)
		return console_error(c, "more than %d words", CONSOLE_WORDS);
	else
		cmd->argv[cmd->argc++] = word;
	return 0;
}

/* Read one command from *p up to its ';' or the end. Returns 0, or -1 after complaining. */
static int parse_command(struct console *c, char **p, struct parsed *cmd)
{
	bool redirect = false;
	char end = 0;

	memset(cmd, 0, sizeof(*cmd));
	for (;;) {
		char *at = *p + strspn(*p, " \t\r\n");

		end = *at;
		if (at != *p)
			**p = '\0';	/* ends the word before */
		*p = at;
		if (!end)
			break;
		if (end != ';' && end != '|' && end != '>') {
			if (take_word(c, p, cmd, redirect))
				return -1;
			continue;
		}
		if (end == '>' && redirect)
			return console_error(c, "one > is enough");
		*at = '\0';
		*p = at + 1;
		if (end != '>')
			break;
		redirect = true;
	}
	if (redirect && !cmd->path)
		return console_error(c, "a path is wanted after >");
	if (end == '|')
		cmd->pipe = cut_pipe(p);
	if ((cmd->pipe || cmd->path) && !cmd->argc)
		return console_error(c, "a command is wanted before %c", cmd->pipe ? '|' : '>');
	return 0;
}

/* "-cat" and "! cat": take the sign off the first word. */
static void parse_signs(struct parsed *cmd)
{
	while (cmd->argc && (cmd->argv[0][0] == '-' || cmd->argv[0][0] == '!')) {
		if (cmd->argv[0][0] == '-')
			cmd->may_fail = true;
		else
			cmd->must_fail = !cmd->must_fail;
		if (*++cmd->argv[0])
			continue;
		cmd->argc--;
		memmove(cmd->argv, cmd->argv + 1, (size_t)(cmd->argc + 1) * sizeof(cmd->argv[0]));
	}
}

/* ---- running ---- */

static int machine_stopped(struct console *c)
{
	held_forget(c);
	objects_forget(c);
	addresses_forget(c);
	trace_forget(c);
	c->env = NULL;
	return console_error(c, "the machine stopped: %s (reboot turns it on again)",
			     host_stop_reason());
}

/* Run one command with a place to come back to when the machine stops. */
static int run_guarded(struct console *c, const struct console_command *command, int argc,
		       char **argv)
{
	jmp_buf env, *volatile outer = c->env;
	FILE *volatile out = c->out, *volatile err = c->err;
	int status;

	if (setjmp(env)) {
		c->out = out;
		c->err = err;
		return machine_stopped(c);
	}
	c->env = &env;
	host_catch_stop(&env);
	status = command->run(c, argc, argv);
	c->env = outer;
	host_catch_stop(outer);
	return status;
}

static int run_words(struct console *c, int argc, char **argv)
{
	const struct console_command *command = console_find(argv[0]);

	if (!command) {
		c->nonsense++;
		return console_error(c, "no command '%s'; help lists them", argv[0]);
	}
	c->commands++;
	c->nonsense = 0;
	if (!command->any_time && (!host_is_on() || host_stop_reason()[0]))
		return console_error(c, "%s: the machine is %s; reboot turns it on", argv[0],
				     host_is_on() ? "stopped" : "off");
	return run_guarded(c, command, argc, argv);
}

static int run_parsed(struct console *c, struct parsed *cmd)
{
	const char *name = cmd->argv[0];
	int status;

	if (cmd->path && strcmp(name, "echo") && strcmp(name, "expect"))
		return console_error(c, "%s: only echo can be sent to a file (> %s)", name,
				     cmd->path);
	c->redirect = cmd->path;
	status = run_words(c, cmd->argc, cmd->argv);
	c->redirect = NULL;
	return status;
}

#ifdef KMM_PC
static int run_piped(struct console *c, struct parsed *cmd)
{
	return console_error(c, "%s: a PC has no host whose commands could read this", cmd->pipe);
}
#else
/* A reader that ends early is no signal here: its exit status says what there is to say. */
static int run_piped(struct console *c, struct parsed *cmd)
{
	void (*before)(int);
	FILE *out = c->out, *to;
	bool failed;
	int status;

	fflush(c->out);
	to = popen(cmd->pipe, "w");
	if (!to)
		return console_error(c, "%s: %s", cmd->pipe, strerror(errno));
	before = signal(SIGPIPE, SIG_IGN);
	c->out = to;
	status = run_parsed(c, cmd);
	c->out = out;
	failed = pclose(to) != 0;
	signal(SIGPIPE, before);
	if (failed && !status)
		status = console_error(c, "it failed:%s", cmd->pipe);
	return status;
}
#endif

static int run_one(struct console *c, struct parsed *cmd)
{
	int status;

	parse_signs(cmd);
	if (!cmd->argc)
		return 0;
	if (host_is_on() && !c->config->threads)
		host_clock_set(c->now += TICK_NS);
	status = cmd->pipe ? run_piped(c, cmd) : run_parsed(c, cmd);
	if (cmd->must_fail)
		status = status ? 0 : console_error(c, "%s did not fail", cmd->argv[0]);
	return cmd->may_fail ? 0 : status;
}

int console_run_line(struct console *c, char *line)
{
	struct parsed cmd;
	int status = 0;

	line[strcspn(line, "\r\n")] = '\0';
	line += strspn(line, " \t");
	if (*line == '#')
		return 0;
	while (*line && !c->ending) {
		if (parse_command(c, &line, &cmd)) {
			c->nonsense++;
			status = -1;
			break;
		}
		if (run_one(c, &cmd))
			status = -1;
	}
	if (fflush(c->out) || ferror(c->out))
		c->ending = true;
	if (status) {
		c->failed = true;
		if (!c->interactive && !c->ending)
			c->exit_status = EXIT_FAILED;
	}
	return status;
}

/* ---- the power switch ---- */

static void show_line(void *arg, int level, const char *line, size_t len)
{
	struct console *c = arg;

	if (level < c->loglevel) {
		fwrite(line, 1, len, c->out);
		fputc('\n', c->out);
	}
}

static int boot_guarded(struct console *c)
{
	jmp_buf env, *volatile outer = c->env;
	int err;

	if (setjmp(env)) {
		c->env = outer;
		host_catch_stop(outer);
		return -1;
	}
	c->env = &env;
	host_catch_stop(&env);
	err = host_boot(c->config);
	c->env = outer;
	host_catch_stop(outer);
	return err;
}

int console_boot(struct console *c, bool quiet)
{
	int loglevel = c->loglevel, err;
	char last[256];

	c->now = 0;
	c->cpu = 0;
	if (quiet)
		c->loglevel = 0;
	err = boot_guarded(c);
	c->loglevel = loglevel;
	if (!err)
		return 0;
	if (quiet)
		fputs(host_dmesg(), c->out);
	if (host_stop_reason()[0])
		return console_error(c, "the machine stopped while booting: %s",
				     host_stop_reason());
	return console_error(c, "this machine does not boot: %s",
			     machine_last_words(err, last, sizeof(last)));
}

void console_init(struct console *c, struct host_config *config, int loglevel)
{
	memset(c, 0, sizeof(*c));
	c->config = config;
	c->out = stdout;
	c->err = stderr;
	c->loglevel = loglevel;
	snprintf(c->cmdline, sizeof(c->cmdline), "%s", config->cmdline ? config->cmdline : "");
	config->cmdline = c->cmdline;
	config->quiet = true;
	config->on_line = show_line;
	config->on_line_arg = c;
}

void console_end(struct console *c)
{
	held_forget(c);
	objects_forget(c);
	addresses_forget(c);
	trace_forget(c);
	host_power_off();
	free(c->held);
	c->held = NULL;
	free(c->slots);
	fflush(c->out);
}

static int power_reboot(struct console *c, int argc, char **argv)
{
	size_t len = 0;
	int i;

	for (i = 1; i < argc; i++)
		len += strlen(argv[i]) + 1;
	if (len > sizeof(c->cmdline))
		return console_error(c, "reboot: more than %zu bytes of boot parameters",
				     sizeof(c->cmdline) - 1);
	for (i = 1; i < argc; i++)
		if (!quotes_closed(argv[i]))
			return console_error(c, "reboot: a quote is not closed: %s", argv[i]);
	if (argc > 1)
		c->cmdline[0] = '\0';
	for (i = 1; i < argc; i++) {
		strcat(c->cmdline, argv[i]);
		if (i + 1 < argc)
			strcat(c->cmdline, " ");
	}
	held_forget(c);
	objects_forget(c);
	addresses_forget(c);
	trace_forget(c);
	host_power_off();
	return console_boot(c, c->loglevel == 0);
}

static int say_exit(struct console *c, int argc, char **argv)
{
	u64 status = 0;

	if (argc > 2)
		return console_error(c, "exit: at most one number");
	if (argc == 2 && (console_number(c, "exit", argv[1], &status) || status > 255))
		return status > 255 ? console_error(c, "exit: a number up to 255 is wanted") : -1;
	c->ending = true;
	if (argc == 2)
		c->exit_status = (int)status;
	return 0;
}

/* ---- commands about commands ---- */

static int help(struct console *c, int argc, char **argv)
{
	const struct console_command *command;
	unsigned int i;

	if (argc < 2) {
		for (i = 0; (command = console_command(i)); i++)
			fprintf(c->out, "  %-10s %s\n", command->name, command->what);
		fputs("\nhelp COMMAND says more. A line may hold several commands divided by ';'.\n"
		      "-COMMAND may fail, ! COMMAND must; COMMAND | HOST COMMAND pipes its\n"
		      "output.\n",
		      c->out);
		return 0;
	}
	command = console_find(argv[1]);
	if (!command)
		return console_error(c, "help: no command '%s'", argv[1]);
	fprintf(c->out, "%s%s%s\n  %s.\n", command->name, command->usage[0] ? " " : "",
		command->usage, command->what);
	if (command->more)
		fprintf(c->out, "%s", command->more);
	return 0;
}

/* Run the rest of the words with everything they print kept; to be freed by the caller. */
static int run_captured(struct console *c, int argc, char **argv, char **text)
{
	FILE *out = c->out, *err = c->err, *memory;
	size_t size;
	int status;

	*text = NULL;
	memory = open_memstream(text, &size);
	if (!memory)
		return console_error(c, "expect: %s", strerror(errno));
	c->out = memory;
	c->err = memory;
	status = run_words(c, argc, argv);
	c->out = out;
	c->err = err;
	fclose(memory);
	return status;
}

static int expect(struct console *c, int argc, char **argv)
{
	char *text;
	int status = 0;

	if (argc < 3)
		return console_usage(c, "expect");
	run_captured(c, argc - 2, argv + 2, &text);
	if (!text || !strstr(text, argv[1])) {
		status = console_error(c, "expect: '%s' is not in what %s says:", argv[1], argv[2]);
		fprintf(c->err, "%s", text ? text : "");
	}
	free(text);
	return status;
}

static int source(struct console *c, int argc, char **argv)
{
	const char *name = c->source;
	unsigned long line = c->line;
	FILE *f;

	if (argc != 2)
		return console_usage(c, "source");
	if (c->depth == MAX_DEPTH)
		return console_error(c, "source: files nest deeper than %d", MAX_DEPTH);
	f = fopen(argv[1], "r");
	if (!f)
		return console_error(c, "source: %s: %s", argv[1], strerror(errno));
	c->depth++;
	console_run_file(c, f, argv[1]);
	c->depth--;
	fclose(f);
	c->source = name;
	c->line = line;
	return 0;
}

static int set_cpu(struct console *c, int argc, char **argv)
{
	u64 cpu;

	if (argc == 1) {
		fprintf(c->out, "CPU %u of %u, node %d\n", c->cpu, nr_cpu_ids, cpu_to_node(c->cpu));
		return 0;
	}
	if (argc > 2)
		return console_usage(c, "cpu");
	if (console_number(c, "cpu", argv[1], &cpu))
		return -1;
	if (cpu >= nr_cpu_ids)
		return console_error(c, "cpu: this machine has CPUs 0 to %u", nr_cpu_ids - 1);
	c->cpu = (unsigned int)cpu;
	return 0;
}

/* ---- arguments ---- */

void console_on_cpu(struct console *c, void (*fn)(void *arg), void *arg)
{
	host_run_on_cpu(c->cpu, fn, arg);
}

void console_on_cpu_of(const struct console_request *r, void (*fn)(void *arg), void *arg)
{
	host_run_on_cpu(r->cpu, fn, arg);
}

int console_request_word(struct console *c, struct console_request *r, const char *word)
{
	const char *value;
	u64 n = 0;

	if (console_is_gfp(word))
		return console_gfp(c, word, &r->gfp) ? -1 : 1;
	if ((value = console_value(word, "node"))) {
		if (console_number(c, "node", value, &n))
			return -1;
		if (n >= MAX_NUMNODES || !node_online((int)n))
			return console_error(c, "no node %s on this machine", value);
		r->nid = (int)n;
	} else if ((value = console_value(word, "cpu"))) {
		if (console_number(c, "cpu", value, &n))
			return -1;
		if (n >= nr_cpu_ids)
			return console_error(c, "no CPU %s on this machine", value);
		r->cpu = (unsigned int)n;
	} else if ((value = console_value(word, "count"))) {
		if (console_number(c, "count", value, &r->count))
			return -1;
		if (!r->count)
			return console_error(c, "count: at least 1");
	} else {
		return 0;
	}
	return 1;
}

int console_order(struct console *c, const char *text, unsigned int *order)
{
	u64 n;

	if (console_number(c, "order", text, &n))
		return -1;
	if (n >= MAX_ORDER)
		return console_error(c, "order %s: orders are 0 to %d", text, MAX_ORDER - 1);
	*order = (unsigned int)n;
	return 0;
}

int console_number(struct console *c, const char *what, const char *text, u64 *value)
{
	if (parse_number(text, value))
		return 0;
	return console_error(c, "%s: '%s' is not a number", what, text);
}

const char *console_value(const char *word, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

bool console_is_gfp(const char *text)
{
	return !strncmp(text, "GFP_", 4) || !strncmp(text, "__GFP_", 6);
}

int console_gfp(struct console *c, const char *text, gfp_t *gfp)
{
	u32 bits;

	if (gfp_from_text(text, strlen(text), &bits) != GFP_TEXT_OK)
		return console_error(c, "'%s' is not a gfp mask (as GFP_KERNEL|__GFP_ZERO)", text);
	*gfp = bits;
	return 0;
}

/* ---- the table ---- */

static const struct console_command commands[] = {
	{ "alloc", console_alloc, "[ORDER] [GFP_...|...] [node=N] [cpu=N] [count=N]",
	  "allocate 2^ORDER pages (0), with a gfp mask (GFP_KERNEL)",
	  "  node=N  prefers this node\n"
	  "  cpu=N   on this CPU instead of the console's\n"
	  "  count=N so many blocks, as one handle\n"
	  "  Prints a handle, #1, for free, page and list. A failure prints Linux's report.\n",
	  false },
	{ "bulk", console_bulk, "N [GFP_...|...] [node=N]",
	  "allocate N single pages with alloc_pages_bulk()", NULL, false },
	{ "block", console_block, "PFN|#HANDLE", "draw a frame's pageblock: what of it is free",
	  "  One character a frame: a digit is the order of the free block it lies in (A: 10),\n"
	  "  '#' a frame in use or on a per-CPU list, ' ' none of this zone.\n", false },
	{ "cat", console_cat, "PATH...", "print files of /proc and /sys",
	  "  Patterns work: cat /proc/sys/vm/*\n", false },
	{ "check", console_check, "", "verify every structure of the page and the slab allocator",
	  NULL, false },
	{ "churn", console_churn, "COUNT [live=N] [order=N] [seed=N]",
	  "allocate and free at random, COUNT times",
	  "  live=N  blocks alive at a time (1000); order=N the largest order (3); kernel, user\n"
	  "  and reclaimable pages in turn. What is alive at the end is kept as a handle.\n",
	  false },
	{ "cpu", set_cpu, "[N]", "show or choose the CPU that allocates and frees", NULL, false },
	{ "dmesg", console_dmesg, "[-n LEVEL]",
	  "print the machine's log; -n: show lines below LEVEL (0-8) from now on", NULL, true },
	{ "drain", console_drain, "", "give the pages of all per-CPU lists back to their zones",
	  NULL, false },
	{ "echo", console_echo, "WORD... [> PATH]", "print words, or write them to a file",
	  "  echo 65536 > /proc/sys/vm/min_free_kbytes\n", true },
	{ "exit", say_exit, "[STATUS]", "turn the machine off and leave", NULL, true },
	{ "expect", expect, "TEXT COMMAND...",
	  "run a command silently; fail unless what it says contains TEXT", NULL, true },
	{ "fault", console_fault, "[objects] [off | next [N] | KEY=VALUE...]",
	  "make allocations fail on purpose, of pages or of objects",
	  "  next N: the next N (1) allocations fail, of any order and mask. Keys are the files\n"
	  "  in /sys/kernel/debug/fail_page_alloc, or in failslab. Without words: print them.\n",
	  false },
	{ "fill", console_fill, "PERCENT [ORDER] [GFP_...|...]",
	  "allocate until PERCENT of memory is in use, as one handle", NULL, false },
	{ "free", console_free, "#HANDLE|N-M|last|all [every N] | pfn=PFN [order=N]",
	  "free what is held",
	  "  every N  only each N-th block of the handle: a way to fragment memory\n"
	  "  pfn=PFN  a bare __free_pages(), right or wrong: a double free is reported\n",
	  false },
	{ "help", help, "[COMMAND]", "say what can be done here", NULL, true },
	{ "kfree", console_kfree, "@HANDLE[.INDEX]|ADDRESS|last|all", "free objects with kfree()",
	  "  An address is a bare kfree(), right or wrong: a double free is reported.\n", false },
	{ "kmalloc", console_kmalloc, "SIZE [GFP_...|...] [node=N] [cpu=N] [count=N]",
	  "allocate an object, as a handle @1",
	  "  Freed by kfree; `object @1` shows what lies there, @1.5 is the sixth of several.\n",
	  false },
	{ "kmap", console_kmap, "PFN|#HANDLE", "give a page an address, as a handle %1",
	  "  A page of low memory has one already. kunmap takes it back; kmap of more pages than\n"
	  "  there is room for stops the machine, as nobody else could give one back.\n", false },
	{ "kmem_cache", console_kmem_cache,
	  "create NAME SIZE [align=N] [SLAB_...|...] | alloc NAME [GFP_...|...] [count=N] ...|\n"
	  "           free @HANDLE[.INDEX] | free NAME ADDRESS | shrink NAME | destroy NAME | list",
	  "make caches, take objects from them",
	  "  alloc gives a handle as kmalloc does, and takes its words. free NAME ADDRESS is a\n"
	  "  bare kmem_cache_free(), right or wrong. destroy reports objects still in use.\n",
	  false },
	{ "kunmap", console_kunmap, "%HANDLE", "take the address of a page back", NULL, false },
	{ "list", console_list, "", "list what is held", NULL, false },
	{ "ls", console_ls, "[-l] [PREFIX]",
	  "list files of /proc and /sys; -l: which can be written", NULL, false },
	{ "mem", console_mem, "", "memory by node, as free(1) does", NULL, false },
	{ "object", console_object, "ADDRESS|@HANDLE[.INDEX]",
	  "what is known of an address: its cache, its slab, a map of it",
	  "  One character an object of its slab: '#' in use, '.' free; a capital O or F is the\n"
	  "  object itself, in use or free.\n", false },
	{ "page", console_page, "PFN|#HANDLE|ADDRESS", "everything known about a page frame", NULL,
	  false },
	{ "peek", console_peek, "ADDRESS|%HANDLE[+OFFSET] [N]", "read N (16) bytes at an address",
	  "  A plain access: where the page tables do not allow it, the machine stops.\n", false },
	{ "percpu", console_percpu, "SIZE [ALIGN] | free %HANDLE",
	  "allocate memory of which every CPU has its own, as a handle %1",
	  "  As an address the handle means the part of the console's CPU.\n", false },
	{ "poke", console_poke, "ADDRESS|%HANDLE[+OFFSET] BYTE", "write a byte at an address",
	  "  As peek: try one past an area, a freed one, or text.\n", false },
	{ "reboot", power_reboot, "[BOOT-PARAMETER...]",
	  "turn the machine off and on, with these boot parameters (else the same)",
	  "  reboot \"\" boots with none. All that was held is gone.\n", true },
	{ "set_memory", console_set_memory,
	  "ro|rw|x|nx|np|p|uc|wc|wb ADDRESS|%HANDLE[+OFFSET] [PAGES]",
	  "change what may be done with mapped pages",
	  "  np: not present, p: present again; uc, wc, wb: how they are cached. Large pages are\n"
	  "  split where they must be; walk shows it.\n", false },
	{ "slabs", console_slabs, "[CACHE]", "all caches by name, or everything about one", NULL,
	  false },
	{ "slabtop", console_slabtop, "[a|b|c|l|v|n|o|p|s|u]",
	  "the table of slabtop(1), sorted by objects or as its letters say",
	  "  kmm slabtop shows it while a workload runs.\n", false },
	{ "source", source, "FILE", "run the commands of a file of the host", NULL, true },
	{ "tlb", console_tlb, "[reset]", "what the CPUs' TLBs have missed and forgotten",
	  "  Since power-on or tlb reset: misses, flushes of one page, of everything and of one\n"
	  "  tag, interrupts by other CPUs' flushes.\n", false },
	{ "trace", console_trace, "on|off|show [N]|clear|save FILE",
	  "record the allocators' events (mm_page_alloc, kmalloc ...)",
	  "  show prints the last N (20) as Linux's ftrace does; save writes all for kmm replay.\n",
	  false },
	{ "vfree", console_vfree, "%HANDLE|ADDRESS|all", "free areas with vfree()",
	  "  An address is a bare vfree(), right or wrong: what is no area is reported.\n", false },
	{ "vmalloc", console_vmalloc, "SIZE [huge] [GFP_...|...] [node=N] [cpu=N] [count=N]",
	  "allocate an area of vmalloc space, as a handle %1",
	  "  huge: with large pages where they fit. cat /proc/vmallocinfo shows the area, walk %1\n"
	  "  how it is mapped, poke tries it out.\n", false },
	{ "walk", console_walk, "ADDRESS|%HANDLE[+OFFSET]",
	  "the page-table entries an address is translated by", NULL, false },
	{ "zones", console_zones, "", "zones with their sizes, watermarks and per-CPU lists", NULL,
	  false },
};

const struct console_command *console_command(unsigned int i)
{
	return i < ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

const struct console_command *console_find(const char *name)
{
	if (!strcmp(name, "reset"))
		name = "reboot";
	if (!strcmp(name, "quit") || !strcmp(name, "poweroff"))
		name = "exit";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}
