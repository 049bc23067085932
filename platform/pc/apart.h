/* SPDX-License-Identifier: MIT */
/* apart.h - root tables with the image in them, image=apart; see apart.c. This CPU's each. */
#ifndef KMM_PC_APART_H
#define KMM_PC_APART_H

#include <kmm/types.h>

/* apart_root - what to load instead of the core's root. apart_off - the first tables are loaded. */
u64 apart_root(u64 root);
void apart_off(void);
/* apart_renew - the core's root may have changed: true if it had, in what this CPU has of it. */
bool apart_renew(void);

#endif
