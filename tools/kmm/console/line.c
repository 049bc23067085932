// SPDX-License-Identifier: MIT
/*
 * line.c - where the console's lines come from.
 *
 * A script is read line by line, silently, and given up when it shows to be none. On a terminal
 * libedit edits the line, completes commands, paths, flags and names of caches, and keeps a
 * history in $XDG_STATE_HOME/kmm/history (~/.local/state/kmm/history). A build without libedit
 * (the 32-bit one) reads plain lines with the same prompt.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kmm/introspect.h>

#include "tools/kmm/command.h"

#include "console.h"

static const char prompt[] = "kmm# ";

/* ---- scripts ---- */

enum { LINE, LINE_NONE, LINE_NO_TEXT };

/* The next line into line[CONSOLE_LINE], with its newline. */
static int read_line(FILE *f, char *line)
{
	size_t n = 0;
	int ch = 0;

	while (n < CONSOLE_LINE - 1 && ch != '\n' && (ch = fgetc(f)) != EOF) {
		if (ch < ' ' && !isspace(ch))
			return LINE_NO_TEXT;
		line[n++] = (char)ch;
	}
	line[n] = '\0';
	return n == CONSOLE_LINE - 1 && ch != '\n' ? LINE_NO_TEXT : n ? LINE : LINE_NONE;
}

static void script_fails(struct console *c, const char *why)
{
	console_error(c, "%s", why);
	c->failed = true;
	c->exit_status = EXIT_FAILED;
}

/* A script that goes on and on without a command is a mistake, and may have no end. */
void console_run_file(struct console *c, FILE *f, const char *name)
{
	char *line = malloc(CONSOLE_LINE);
	const char *why = line ? NULL : "out of memory";
	unsigned long useful = 0;	/* the last line with a command in it */
	int got = LINE;

	c->source = name;
	c->line = 0;
	while (!why && !c->ending && (got = read_line(f, line)) == LINE) {
		u64 before = c->commands;

		c->line++;
		console_run_line(c, line);
		if (c->commands != before)
			useful = c->line;
		if (c->nonsense >= CONSOLE_NONSENSE || c->line - useful >= CONSOLE_IDLE)
			why = "so many lines without a command: this is no script";
	}
	if (got == LINE_NO_TEXT)
		why = "a line that is too long, or no text: this is no script";
	if (got == LINE_NONE && ferror(f))
		why = strerror(errno);
	if (why)
		script_fails(c, why);
	c->nonsense = 0;
	c->source = NULL;
	free(line);
}

/* ---- a terminal ---- */

static void greet(struct console *c)
{
	c->interactive = true;
#ifdef HAVE_LIBEDIT
	fputs("help lists the commands, Tab completes, ^D turns the machine off.\n", c->out);
#else
	fputs("help lists the commands, ^D turns the machine off.\n", c->out);
#endif
	fflush(c->out);
}

#ifdef HAVE_LIBEDIT
#include <editline/readline.h>

#define HISTORY_LINES 1000

/* ---- history ---- */

/* Make every directory of the path; what fails shows when the file is written. */
static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

static const char *history_file(void)
{
	static char path[4096];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && state[0] == '/')
		n = snprintf(path, sizeof(path), "%s/kmm/history", state);
	else if (home && home[0])
		n = snprintf(path, sizeof(path), "%s/.local/state/kmm/history", home);
	else
		return NULL;
	if (n >= (int)sizeof(path))
		return NULL;
	make_parents(path);
	return path;
}

/* Remember a line unless it is empty or the one before once more. */
static void remember(const char *line)
{
	HIST_ENTRY *last = NULL;

	if (history_length > 0)
		last = history_get(history_base + history_length - 1);
	if (line[strspn(line, " \t")] && (!last || strcmp(last->line, line)))
		add_history(line);
}

/* ---- completion ---- */

static const char *const gfp_words[] = {
	"GFP_KERNEL", "GFP_ATOMIC", "GFP_NOWAIT", "GFP_NOIO", "GFP_NOFS", "GFP_USER", "GFP_DMA",
	"GFP_DMA32", "GFP_HIGHUSER", "GFP_HIGHUSER_MOVABLE", "GFP_TRANSHUGE", "GFP_TRANSHUGE_LIGHT",
	"__GFP_ZERO", "__GFP_COMP", "__GFP_NOWARN", "__GFP_NORETRY", "__GFP_NOFAIL",
	"__GFP_THISNODE", "__GFP_MOVABLE", "__GFP_RECLAIMABLE", "__GFP_HIGH", "__GFP_MEMALLOC",
};

static char *next_command(const char *text, int state)
{
	const struct console_command *command;
	static unsigned int i;

	if (!state)
		i = 0;
	while ((command = console_command(i++)))
		if (!strncmp(command->name, text, strlen(text)))
			return strdup(command->name);
	return NULL;
}

/* Paths complete one directory at a time; a directory repeats until it has been passed. */
static char *next_path(const char *text, int state)
{
	static char last[INTROSPECT_PATH_MAX];
	static unsigned int i;
	char path[INTROSPECT_PATH_MAX], *slash;
	size_t len = strlen(text);

	if (!state) {
		i = 0;
		last[0] = '\0';
	}
	while (host_is_on() && introspect_path(i++, path, sizeof(path))) {
		if (strncmp(path, text, len))
			continue;
		slash = strchr(path + len, '/');
		if (slash)
			slash[1] = '\0';
		if (!strcmp(path, last))
			continue;
		strcpy(last, path);
		return strdup(path);
	}
	return NULL;
}

static char *next_gfp(const char *text, int state)
{
	static size_t i;

	if (!state)
		i = 0;
	while (i < ARRAY_SIZE(gfp_words))
		if (!strncmp(gfp_words[i++], text, strlen(text)))
			return strdup(gfp_words[i - 1]);
	return NULL;
}

static char *next_slab_flag(const char *text, int state)
{
	static const struct slab_flag_name *f;

	if (!state)
		f = slab_flag_names;
	while (f->name)
		if (!strncmp((f++)->name, text, strlen(text)))
			return strdup(f[-1].name);
	return NULL;
}

static char *next_cache(const char *text, int state)
{
	static unsigned int i;
	char name[KMEM_CACHE_NAME_MAX];

	if (!state)
		i = 0;
	while (host_is_on() && kmem_cache_name_at(i++, 0, name))
		if (!strncmp(name, text, strlen(text)))
			return strdup(name);
	return NULL;
}

/* Words that a command begins with. */
static const struct command_words {
	const char *command;
	const char *words[12];
} command_words[] = {
	{ "fault", { "objects", "off", "next" } },
	{ "kmem_cache", { "create", "alloc", "free", "shrink", "destroy", "list" } },
	{ "percpu", { "free" } },
	{ "set_memory", { "ro", "rw", "x", "nx", "np", "p", "uc", "wc", "wb" } },
	{ "tlb", { "reset" } },
	{ "trace", { "on", "off", "show", "clear", "save" } },
	{ "vfree", { "all" } },
	{ "vmalloc", { "huge" } },
};
static const struct command_words *words_of;	/* the command that next_word() is about */

static char *next_word(const char *text, int state)
{
	static size_t i;
	const char *word;

	if (!state)
		i = 0;
	while (i < ARRAY_SIZE(words_of->words) && (word = words_of->words[i++]))
		if (!strncmp(word, text, strlen(text)))
			return strdup(word);
	return NULL;
}

/* Is the line's first word this? */
static bool says(const char *line, const char *command)
{
	size_t len = strlen(command);

	return !strncmp(line, command, len) && line[len] == ' ';
}

/* Is the word at start the second of the line? vmalloc takes its own behind a size, too. */
static bool is_second(const char *line, size_t start)
{
	size_t first = strcspn(line, " ");

	return first + strspn(line + first, " ") >= start;
}

/* By the command in front of it. */
static rl_compentry_func_t *completer_of(const char *line, const char *text, int start)
{
	bool second = is_second(line, (size_t)start);

	if (!strncmp(text, "SLAB_", 5))
		return next_slab_flag;
	if (says(line, "slabs") || (says(line, "kmem_cache") && !second && text[0] != '_' &&
				    text[0] != 'G'))
		return next_cache;
	for (words_of = command_words; words_of < command_words + ARRAY_SIZE(command_words);
	     words_of++)
		if (says(line, words_of->command) && text[0] != '_' && text[0] != 'G' &&
		    (second || !strcmp(words_of->command, "vmalloc")))
			return next_word;
	return next_gfp;
}

static char **complete(const char *text, int start, int end)
{
	int blanks = (int)strspn(rl_line_buffer, " \t-!");

	(void)end;
	rl_attempted_completion_over = 1;
	rl_completion_append_character = ' ';
	if (start <= blanks || !strncmp(rl_line_buffer, "help ", 5))
		return rl_completion_matches(text, next_command);
	if (text[0] == '/') {
		rl_completion_append_character = '\0';
		return rl_completion_matches(text, next_path);
	}
	return rl_completion_matches(text, completer_of(rl_line_buffer + blanks, text,
							start - blanks));
}

/* ---- the terminal ---- */

void console_run_terminal(struct console *c)
{
	const char *file = history_file();
	char *line;

	rl_readline_name = "kmm";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t|>;";
	using_history();
	stifle_history(HISTORY_LINES);
	if (file)
		read_history(file);
	greet(c);
	while (!c->ending && (line = readline(prompt)) != NULL) {
		remember(line);
		console_run_line(c, line);
		free(line);
	}
	if (!c->ending)
		fputc('\n', c->out);
	if (file)
		write_history(file);
}

#else

void console_run_terminal(struct console *c)
{
	char *line = NULL;
	size_t size = 0;

	greet(c);
	while (!c->ending) {
		fputs(prompt, c->out);
		fflush(c->out);
		if (getline(&line, &size, stdin) == -1)
			break;
		console_run_line(c, line);
	}
	if (!c->ending)
		fputc('\n', c->out);
	free(line);
}

#endif
