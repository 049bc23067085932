/* SPDX-License-Identifier: MIT */
/*
 * boot_map.h - the zero page read: the memory map, the command line, the initrd. Used twice, by
 * start/ to find a place and by boot.c for the core. Physical addresses are pointers here: what the
 * zero page names must be mapped at its own address.
 */
#ifndef KMM_PC_BOOT_MAP_H
#define KMM_PC_BOOT_MAP_H

#include <kmm/e820.h>

#include "bootparam.h"

/*
 * boot_map - the map as the zero page has it: its entries and those of the setup_data list; if it
 * has none, what E801h or 88h said. Unsorted and unchecked. At most room entries; how many.
 */
unsigned int boot_map(const struct boot_params *bp, struct e820_entry *e, unsigned int room);

/*
 * boot_clean - before anything is read: a loader older than a field cannot have written it. One
 * that left the sentinel as it is in the file has not cleared the page either; then only what
 * loaders of all ages write is believed: the header, the map, the screen, the sizes of memory.
 * Not the RSDP's address, as Linux does not believe it either: the field is from 2018, such loaders
 * are mostly older, and rubbish there would hide the true RSDP, which is searched for if there is
 * no address. Where searching cannot find it (UEFI), acpi_rsdp= on the command line, which every
 * loader writes, gives it.
 */
void boot_clean(struct boot_params *bp);

/* boot_map_source - "BIOS-e820", "BIOS-e801", "BIOS-88" or "boot_params", by who made it. */
const char *boot_map_source(const struct boot_params *bp);

/* boot_initrd, boot_cmdline - physical; 0: none. */
u64 boot_initrd(const struct boot_params *bp, u64 *size);
u64 boot_cmdline(const struct boot_params *bp);

/*
 * boot_setup_data - the n-th link of the setup_data list; NULL: there are not so many. It ends at
 * one above boot_reach: what the first tables have at its own address. What a 64-bit loader put
 * higher has been brought down (start64/); a 32-bit one cannot write there.
 * boot_setup_data_lost - where it ends so, none the less; 0: it does not.
 */
#define BOOT_MAX_LINKS	64		/* a list that is longer goes in circles */
extern u64 boot_reach;
const struct setup_data *boot_setup_data(const struct boot_params *bp, unsigned int n);
u64 boot_setup_data_lost(const struct boot_params *bp);

#endif
