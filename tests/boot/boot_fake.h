/* SPDX-License-Identifier: MIT */
/*
 * boot_fake.h - the smallest machine the boot room can be tested on: it
 * remembers what was printed, and has some RAM at a fixed virtual distance.
 */
#ifndef BOOT_FAKE_H
#define BOOT_FAKE_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/printk.h>
#include <kmm/setup.h>

/* Power off: all of the core's state as at the start, nothing printed yet. */
void fake_reset(void);

/* What was printed since fake_reset(), lines ended by newlines. */
extern char fake_log[1 << 20];
bool fake_log_has(const char *line);

/* Back @bytes of physical memory from 0 on; returns what to use as page_offset. Once. */
uintptr_t fake_ram(size_t bytes);

/* kmm_stop() jumps here when set, and leaves its reason. */
extern jmp_buf *fake_stop;
extern char fake_stop_reason[256];

#define EXPECT_STOP(statement) ({				\
	jmp_buf _env;						\
	volatile bool _stopped = true;				\
	fake_stop = &_env;					\
	if (!setjmp(_env)) {					\
		statement;					\
		_stopped = false;				\
	}							\
	fake_stop = NULL;					\
	_stopped;						\
})

#endif
