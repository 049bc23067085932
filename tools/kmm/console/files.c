// SPDX-License-Identifier: MIT
/*
 * files.c - cat, echo, ls, dmesg: the machine's own files.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/introspect.h>

#include "console.h"

#define FILE_MAX	(64UL << 20)

/* Print one file; its text is read into memory that grows until it fits. */
static int cat_file(struct console *c, const char *path)
{
	size_t size = INTROSPECT_MAX;
	char *text = NULL, *more;
	int len;

	do {
		more = realloc(text, size);
		if (!more) {
			free(text);
			return console_error(c, "cat: out of memory");
		}
		text = more;
		len = introspect_read_text(path, text, size);
		size *= 2;
	} while (len == -E2BIG && size <= FILE_MAX);
	if (len >= 0)
		fwrite(text, 1, (size_t)len, c->out);
	free(text);
	if (len < 0)
		return console_error(c, "cat: %s: %s", path, strerror(-len));
	return 0;
}

/* Files whose path matches a pattern, each with a line above that names it. */
static int cat_pattern(struct console *c, const char *pattern)
{
	char path[INTROSPECT_PATH_MAX];
	unsigned int i, found = 0;
	int status = 0;

	for (i = 0; introspect_path(i, path, sizeof(path)); i++) {
		if (fnmatch(pattern, path, FNM_PATHNAME))
			continue;
		fprintf(c->out, "%s==> %s <==\n", found++ ? "\n" : "", path);
		if (cat_file(c, path))
			status = -1;
	}
	if (!found)
		return console_error(c, "cat: no file matches %s", pattern);
	return status;
}

int console_cat(struct console *c, int argc, char **argv)
{
	int i, status = 0;

	if (argc < 2)
		return console_usage(c, "cat");
	for (i = 1; i < argc; i++)
		if (strpbrk(argv[i], "*?[") ? cat_pattern(c, argv[i]) : cat_file(c, argv[i]))
			status = -1;
	return status;
}

int console_echo(struct console *c, int argc, char **argv)
{
	char text[4096];
	size_t len = 0;
	int i, err;

	for (i = 1; i < argc && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", argv[i],
					i + 1 < argc ? " " : "");
	if (len >= sizeof(text))
		return console_error(c, "echo: longer than %zu bytes", sizeof(text) - 1);
	text[len] = '\0';
	if (!c->redirect) {
		fprintf(c->out, "%s\n", text);
		return 0;
	}
	if (!host_is_on() || host_stop_reason()[0])
		return console_error(c, "echo: the machine is not running; reboot turns it on");
	err = introspect_write(c->redirect, text, len);
	if (err)
		return console_error(c, "echo: %s: %s", c->redirect, strerror(-err));
	return 0;
}

int console_ls(struct console *c, int argc, char **argv)
{
	bool detail = argc > 1 && !strcmp(argv[1], "-l");
	const char *prefix = argc > 1 + detail ? argv[1 + detail] : "/";
	char path[INTROSPECT_PATH_MAX];
	unsigned int i, found = 0;

	if (argc > 2 + detail)
		return console_usage(c, "ls");
	for (i = 0; introspect_path(i, path, sizeof(path)); i++) {
		if (strncmp(path, prefix, strlen(prefix)))
			continue;
		if (detail)
			fprintf(c->out, "%s ", introspect_writable(path) ? "rw" : "r-");
		fprintf(c->out, "%s\n", path);
		found++;
	}
	return found ? 0 : console_error(c, "ls: nothing begins with %s", prefix);
}

int console_dmesg(struct console *c, int argc, char **argv)
{
	u64 level;

	if (argc == 1) {
		fputs(host_dmesg(), c->out);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "-n"))
		return console_usage(c, "dmesg");
	if (console_number(c, "dmesg", argv[2], &level))
		return -1;
	if (level > 8)
		return console_error(c, "dmesg: levels are 0 (nothing) to 8 (all)");
	c->loglevel = (int)level;
	return 0;
}
