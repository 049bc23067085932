// SPDX-License-Identifier: MIT
/*
 * qemu.c - QEMU as a child of ours.
 *
 *	QEMU ttyS0 --pipe--> us ---------> standard output
 *	     ttyS1 --pipe--> us ---------> standard error
 *	     port 0xe9 --pipe--> us: the machine's last word, its exit status
 *	     its own messages --pipe--> us: kept, should it fail
 *
 * If the program is to read our standard input, ttyS0 is QEMU's own, both ways. Else output that
 * cannot be written is noticed here, and ends the machine.
 *
 * It is told to end with us, whatever becomes of us. At ^C the terminal tells both; we wait, as
 * a shell does, until it has put the terminal in order again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <kmm/types.h>

#include "pc.h"

#define SAID_MAX	4096
#define PATH_SIZE	64

enum pipe_use {
	OUT,		/* ttyS0; none if it is QEMU's own */
	ERRORS,		/* ttyS1, if it is wanted */
	WORD,		/* the machine's exit status, a byte */
	SAID,		/* QEMU's standard error */
	FAILED,		/* the errno of an exec that failed */
	NR_PIPES
};

struct pipes {
	int end[NR_PIPES][2];	/* to read, to write; -1: there is none */
};

static void close_end(struct pipes *p, enum pipe_use use, int end)
{
	int *fd = &p->end[use][end];

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_ends(struct pipes *p, int end)
{
	for (int use = 0; use < NR_PIPES; use++)
		close_end(p, use, end);
}

static int open_pipes(struct pipes *p, const struct qemu_process *q)
{
	int err = 0;

	memset(p, -1, sizeof(*p));
	for (int use = 0; use < NR_PIPES && !err; use++)
		if ((use != OUT || !q->interactive) && (use != ERRORS || q->two_ports) &&
		    pipe2(p->end[use], O_CLOEXEC))
			err = -errno;
	if (err) {
		close_ends(p, 0);
		close_ends(p, 1);
	}
	return err;
}

/* A port whose bytes go into a pipe, or is QEMU's own standard input and output: four words. */
static int add_port(struct qemu_process *q, int n, enum pipe_use use, int fd, char *path)
{
	static const struct {
		const char *id, *option, *value;
	} ports[] = {
		[OUT] = { "out", "-serial", "chardev:out" },
		[ERRORS] = { "errors", "-serial", "chardev:errors" },
		[WORD] = { "word", "-device", "isa-debugcon,iobase=0xe9,chardev=word" },
	};

	if (fd < 0)
		snprintf(path, PATH_SIZE, "stdio,id=%s,signal=on", ports[use].id);
	else
		snprintf(path, PATH_SIZE, "file,id=%s,path=/proc/self/fd/%d", ports[use].id, fd);
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	q->argv[n++] = (char *)"-chardev";
	q->argv[n++] = path;
	q->argv[n++] = (char *)ports[use].option;
	q->argv[n++] = (char *)ports[use].value;
	return n;
}

/* The machine's ports, as words behind those there are. paths: room for words of argv. */
static void add_ports(struct qemu_process *q, const struct pipes *p,
		      char paths[NR_PIPES][PATH_SIZE])
{
	int n = 0;

	while (q->argv[n])
		n++;
	for (enum pipe_use use = OUT; use <= WORD; use++)
		if (use != ERRORS || q->two_ports)
			n = add_port(q, n, use, p->end[use][1], paths[use]);
	q->argv[n] = NULL;
}

static void __noreturn become_qemu(struct qemu_process *q, struct pipes *p, pid_t parent)
{
	char paths[NR_PIPES][PATH_SIZE];
	int null, err;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	null = q->interactive ? -1 : open("/dev/null", O_RDONLY);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		if (null != STDIN_FILENO)
			close(null);
	}
	dup2(p->end[SAID][1], STDERR_FILENO);
	add_ports(q, p, paths);
	execvp(q->program, q->argv);
	err = errno;
	if (write(p->end[FAILED][1], &err, sizeof(err)) < 0)
		_exit(2);
	_exit(1);
}

/* 0, or -errno. */
static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static void keep(char *said, const char *text, size_t len)
{
	size_t have = strlen(said), fits = min(len, SAID_MAX - 1 - have);

	memcpy(said + have, text, fits);
	said[have + fits] = '\0';
}

/* Take what there is: passed on, or kept; at the other end's end close. 0, or -errno. */
static int take(struct qemu_process *q, struct pipes *p, enum pipe_use use, char *said)
{
	char buf[4096];
	ssize_t n = read(p->end[use][0], buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		close_end(p, use, 0);
	else if (use == OUT)
		return write_all(STDOUT_FILENO, buf, (size_t)n);
	else if (use == ERRORS)
		write_all(STDERR_FILENO, buf, (size_t)n);
	else if (use == WORD)
		q->word = (unsigned char)buf[n - 1];
	else
		keep(said, buf, (size_t)n);
	return 0;
}

/* Until all pipes are closed, which QEMU does by ending; or output cannot be written: -errno. */
static int listen_to(struct qemu_process *q, struct pipes *p, char *said)
{
	struct pollfd fds[FAILED];
	int err = 0;

	said[0] = '\0';
	q->word = -1;
	while (!err) {
		bool any = false;

		for (int use = 0; use < FAILED; use++) {
			fds[use] = (struct pollfd){ .fd = p->end[use][0], .events = POLLIN };
			any |= p->end[use][0] >= 0;
		}
		if (!any || (poll(fds, FAILED, -1) < 0 && errno != EINTR))
			break;
		for (int use = 0; use < FAILED && !err; use++)
			if (fds[use].fd >= 0 && fds[use].revents)
				err = take(q, p, use, said);
	}
	return err;
}

/* The first line that is no warning. */
static void find_complaint(char *said, char *complaint, size_t size)
{
	char *save, *line;

	complaint[0] = '\0';
	for (line = strtok_r(said, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strstr(line, "warning: ")) {
			snprintf(complaint, size, "%s", line);
			return;
		}
}

static int wait_for(struct qemu_process *q, struct pipes *p, pid_t pid, int *status)
{
	char said[SAID_MAX];
	int err = 0;

	close_ends(p, 1);
	q->unwritten = listen_to(q, p, said);
	if (q->unwritten) {	/* nobody listens any more: its writes must not wait for that */
		for (int use = 0; use < FAILED; use++)
			close_end(p, use, 0);
		kill(pid, SIGTERM);
	}
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (read(p->end[FAILED][0], &err, sizeof(err)) == sizeof(err))
		return -err;
	find_complaint(said, q->complaint, sizeof(q->complaint));
	return 0;
}

int qemu_run(struct qemu_process *q, int *status)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	struct termios terminal;
	bool is_terminal = q->interactive && !tcgetattr(STDIN_FILENO, &terminal);
	int flags = fcntl(STDIN_FILENO, F_GETFL), rc;
	struct pipes p;
	pid_t pid, parent = getpid();

	rc = open_pipes(&p, q);
	if (rc)
		return rc;
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (!pid)
		become_qemu(q, &p, parent);
	rc = pid < 0 ? -errno : wait_for(q, &p, pid, status);
	close_ends(&p, 0);
	close_ends(&p, 1);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
		fcntl(STDIN_FILENO, F_SETFL, flags);
	}
	return rc;
}
