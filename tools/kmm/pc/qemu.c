// SPDX-License-Identifier: MIT
/*
 * qemu.c - QEMU as a child of ours.
 *
 *	QEMU ttyS0 ----------------------> standard output   (and our standard input, if the
 *	     ttyS1 --pipe--> us ---------> standard error     program is to read it)
 *	     its own messages --pipe--> us: kept, should it fail
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

#define SAID_MAX 4096

struct pipes {
	int port[2];			/* ttyS1; -1: there is none */
	int said[2];			/* QEMU's standard error */
	int failed[2];			/* the errno of an exec that failed */
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_one(&p->port[i]);
		close_one(&p->said[i]);
		close_one(&p->failed[i]);
	}
}

static int open_pipes(struct pipes *p, bool two_ports)
{
	int err = 0;

	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if ((two_ports && pipe2(p->port, O_CLOEXEC)) || pipe2(p->said, O_CLOEXEC) ||
	    pipe2(p->failed, O_CLOEXEC))
		err = -errno;
	if (err)
		close_pipes(p);
	return err;
}

/* The serial ports, as words behind those there are. */
static void add_ports(struct qemu_process *q, const struct pipes *p, char *path, size_t size)
{
	static const char console[] = "stdio,id=console,signal=on";
	int n = 0;

	while (q->argv[n])
		n++;
	q->argv[n++] = (char *)"-chardev";
	q->argv[n++] = (char *)console;
	q->argv[n++] = (char *)"-serial";
	q->argv[n++] = (char *)"chardev:console";
	if (q->two_ports) {
		snprintf(path, size, "file,id=errors,path=/proc/self/fd/%d", p->port[1]);
		q->argv[n++] = (char *)"-chardev";
		q->argv[n++] = path;
		q->argv[n++] = (char *)"-serial";
		q->argv[n++] = (char *)"chardev:errors";
	}
	q->argv[n] = NULL;
}

static void __noreturn become_qemu(struct qemu_process *q, struct pipes *p, pid_t parent)
{
	char path[64];
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
	dup2(p->said[1], STDERR_FILENO);
	if (q->two_ports)
		fcntl(p->port[1], F_SETFD, 0);
	add_ports(q, p, path, sizeof(path));
	execvp(q->program, q->argv);
	err = errno;
	if (write(p->failed[1], &err, sizeof(err)) < 0)
		_exit(2);
	_exit(1);
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Take what there is: passed on, or kept. False: the other end is closed. */
static bool take(int fd, bool pass_on, char *said, size_t *len)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (pass_on) {
		write_all(STDERR_FILENO, buf, (size_t)n);
	} else {
		size_t fits = min((size_t)n, SAID_MAX - 1 - *len);

		memcpy(said + *len, buf, fits);
		*len += fits;
		said[*len] = '\0';
	}
	return n > 0;
}

/* Until both pipes are closed, which QEMU does by ending. */
static void listen_to(struct pipes *p, char *said)
{
	struct pollfd fds[2] = {
		{ .fd = p->port[0], .events = POLLIN }, { .fd = p->said[0], .events = POLLIN },
	};
	size_t len = 0;

	said[0] = '\0';
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents &&
			    !take(fds[i].fd, i == 0, said, &len))
				fds[i].fd = -1;
	}
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

static int wait_for(struct pipes *p, pid_t pid, int *status, char *complaint, size_t size)
{
	char said[SAID_MAX];
	int err = 0;

	close_one(&p->port[1]);
	close_one(&p->said[1]);
	close_one(&p->failed[1]);
	listen_to(p, said);
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (read(p->failed[0], &err, sizeof(err)) == sizeof(err))
		return -err;
	find_complaint(said, complaint, size);
	return 0;
}

int qemu_run(struct qemu_process *q, int *status, char *complaint, size_t size)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	struct termios terminal;
	bool is_terminal = q->interactive && !tcgetattr(STDIN_FILENO, &terminal);
	int flags = fcntl(STDIN_FILENO, F_GETFL), rc;
	struct pipes p;
	pid_t pid, parent = getpid();

	rc = open_pipes(&p, q->two_ports);
	if (rc)
		return rc;
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (!pid)
		become_qemu(q, &p, parent);
	rc = pid < 0 ? -errno : wait_for(&p, pid, status, complaint, size);
	close_pipes(&p);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
		fcntl(STDIN_FILENO, F_SETFL, flags);
	}
	return rc;
}
