// SPDX-License-Identifier: MIT
/*
 * screen.c - the terminal, by ncurses. A build without it has no screen, and says so.
 *
 *	summary (5 lines), an empty one, the heading
 *	caches, as many as there are lines for
 *	status (last line)
 */
#include "slabtop.h"

#ifdef HAVE_NCURSESW
#include <curses.h>

#include <stdlib.h>
#include <unistd.h>

static SCREEN *screen;

bool screen_here(void)
{
	return true;
}

const char *screen_open(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "not on a terminal (--once prints once)";
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return "this terminal is not known (is TERM set?)";
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	return NULL;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

int screen_key(unsigned int wait_ms)
{
	int key;

	timeout((int)wait_ms);
	key = getch();
	if (key == KEY_RESIZE)
		return 'L' - '@';
	return key == ERR ? 0 : key;
}

/* One line from its first column on, cut where the terminal ends. */
static void put_line(int y, const char *text, attr_t how)
{
	attrset(how);
	mvaddnstr(y, 0, text, COLS);
	attrset(A_NORMAL);
}

void screen_draw(const struct slabs *t, const char *status, bool anew)
{
	char summary[SLABS_SUMMARY][SLABS_WIDTH], line[SLABS_WIDTH];
	int y = 0;

	if (anew)
		clear();
	else
		erase();
	slabs_summary(t, summary);
	for (; y < SLABS_SUMMARY; y++)
		put_line(y, summary[y], A_NORMAL);
	slabs_heading(line);
	put_line(++y, line, A_REVERSE);
	for (unsigned int i = 0; i < t->nr && ++y < LINES - 1; i++) {
		slabs_text(&t->line[i], line);
		put_line(y, line, A_NORMAL);
	}
	put_line(LINES - 1, status, A_BOLD);
	refresh();
}

#else

bool screen_here(void)
{
	return false;
}

const char *screen_open(void)
{
	return "this build has no terminal library (--once prints once)";
}

void screen_close(void) { }

int screen_key(unsigned int wait_ms)
{
	(void)wait_ms;
	return 'q';
}

void screen_draw(const struct slabs *t, const char *status, bool anew)
{
	(void)t, (void)status, (void)anew;
}

#endif
