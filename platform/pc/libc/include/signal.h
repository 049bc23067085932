/* SPDX-License-Identifier: MIT */
/* signal.h - there are none. */
#ifndef KMM_LIBC_SIGNAL_H
#define KMM_LIBC_SIGNAL_H

#define SIGPIPE	13
#define SIGXFSZ	25
#define SIG_IGN	((void (*)(int))1)
#define SIG_DFL	((void (*)(int))0)

typedef void (*sighandler_t)(int);

static inline sighandler_t signal(int sig, sighandler_t handler)
{
	(void)sig, (void)handler;
	return SIG_DFL;
}

#endif
