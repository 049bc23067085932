/* SPDX-License-Identifier: MIT */
/* stop.h - how the machine is switched off. */
#ifndef KMM_PC_STOP_H
#define KMM_PC_STOP_H

#include <kmm/types.h>

#define STOP_STATUS	70	/* stopped by itself: <host.h>'s HOST_STOP_STATUS */

/* stop_by_acpi - the register and the value that switch the PC off. */
void stop_by_acpi(u16 pm1a_cnt, u8 s5_typ);
/* smp_stop_others - the other CPUs look at pc_stopping; waits for nobody. smp.c */
void smp_stop_others(void);

#endif
