/* SPDX-License-Identifier: MIT */
/*
 * kmm/firmware_text.h - the firmware's tables, read back from text: a kernel
 * log, /sys/firmware/memmap, numactl's distance table.
 *
 * Pure functions of their arguments: any context, no state, nothing printed.
 * A line ends at NUL, newline or carriage return. Time stamps ("[    0.000000] "),
 * syslog levels ("<6>") and syslog or journal prefixes before a message are skipped.
 */
#ifndef KMM_FIRMWARE_TEXT_H
#define KMM_FIRMWARE_TEXT_H

#include <kmm/e820.h>
#include <kmm/numa.h>

enum fw_result {
	FW_PARSED,	/* the result is filled in */
	FW_OTHER,	/* not such a line; results untouched */
	FW_BAD,		/* such a line, but wrong: *reason says what (constant text) */
};

/*
 * fw_parse_e820_line - one entry of a map, new or old style:
 *	BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable	  end inclusive
 *	 BIOS-e820: 0000000000000000 - 000000000009d800 (usable)	  end exclusive
 * @who (may be NULL, else 32 bytes) gets the word before the colon: "BIOS-e820",
 * "user", "reserve setup_data" ... "modified physical RAM map" sections too.
 */
enum fw_result fw_parse_e820_line(const char *line, struct e820_entry *e, char *who,
				  const char **reason);

/*
 * fw_parse_srat_line - one memory affinity entry:
 *	ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff] hotplug	  end inclusive
 *	SRAT: Node 0 PXM 0 0-a0000					  end exclusive
 */
enum fw_result fw_parse_srat_line(const char *line, struct srat_mem *mem, const char **reason);

/*
 * fw_parse_distance_line - one row of distances, "10 20 30"; a "node   0:" or
 * "0:" in front is skipped. At most @max numbers of 0 ... 255; *@n gets how many.
 */
enum fw_result fw_parse_distance_line(const char *line, u8 *row, unsigned int max, unsigned int *n,
				      const char **reason);

/*
 * fw_parse_memmap_entry - one directory of /sys/firmware/memmap: the text of
 * its files start, end (both hexadecimal, end inclusive) and type ("System RAM",
 * "Reserved", "ACPI Tables", ...).
 */
enum fw_result fw_parse_memmap_entry(const char *start, const char *end, const char *type,
				     struct e820_entry *e, const char **reason);

/* fw_parse_e820_type - "usable", "(reserved)", "type 20", "persistent (type 12)"...; 0: unknown. */
u32 fw_parse_e820_type(const char *text);

#endif
