/* SPDX-License-Identifier: MIT */
/* machine.h - what boot.c asks machine.c to find out, and core.c to do with it. */
#ifndef KMM_PC_MACHINE_H
#define KMM_PC_MACHINE_H

#include "pc.h"

extern struct acpi_info pc_acpi;

/* machine_words - loader, command line, memory map, initrd: out of the zero page. Says nothing. */
void machine_words(void);
/* machine_tell_lost - says what of the map could not be taken, if anything. */
void machine_tell_lost(void);
/* machine_firmware - ACPI's tables: CPUs, nodes. Says what it found. */
void machine_firmware(void);
/* machine_has_ram - is [start, end) usable RAM that neither the firmware nor, apart, the image
 * needs? */
bool machine_has_ram(u64 start, u64 end);
/* machine_image_end - physical: behind the image, its heap, and the copy of the initrd. */
u64 machine_image_end(void);

/* core_save - once, before the first pc_boot_core(): the state to which powering off returns. */
void core_save(void);
/* The two halves of pc_boot_core(): the core boots; the stacks in the image get their guards,
 * where the core maps it. */
int core_boot(struct kmm_machine *m) __must_check;
void core_set_guards(void);

/* pc_guard_hit - is addr in the guard page below one of the image's stacks? */
struct pc_guard {
	const char *whose;
	uintptr_t begin, end;		/* of the stack */
};
bool pc_guard_hit(uintptr_t addr, struct pc_guard *g);

#endif
