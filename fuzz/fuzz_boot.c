// SPDX-License-Identifier: MIT
/*
 * fuzz_boot.c - any map and any options: the machine boots, or refuses with a line in its
 * log. It never stops on an invariant and never touches what is not RAM.
 *
 * Input: one line of boot parameters, then e820 and SRAT lines as in a kernel log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/firmware_text.h>
#include <kmm/gfp.h>

#include "platform/host/host.h"

#define MAX_ENTRIES 256
/* Larger machines are another test's: they take seconds here. */
#define LARGEST_END (1ULL << 36)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct e820_entry e820[MAX_ENTRIES];
static struct srat_mem srat[MAX_ENTRIES];

static void read_lines(const char *s, struct host_config *c)
{
	const char *why;

	for (; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		if (c->nr_e820 < MAX_ENTRIES &&
		    fw_parse_e820_line(s, &e820[c->nr_e820], NULL, &why) == FW_PARSED)
			c->nr_e820++;
		if (c->nr_srat < MAX_ENTRIES &&
		    fw_parse_srat_line(s, &srat[c->nr_srat], &why) == FW_PARSED)
			c->nr_srat++;
	}
}

static bool too_large(const struct host_config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_e820; i++)
		if (e820[i].type != E820_TYPE_RESERVED &&
		    (e820[i].addr > LARGEST_END || e820[i].size > LARGEST_END))
			return true;
	return false;
}

static void use_it(void)
{
	struct page *p = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 0);
	struct page *q = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, 4);

	if (p)
		__free_pages(p, 0);
	if (q)
		__free_pages(q, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct host_config c = { .quiet = true, .e820 = e820, .srat = srat, .nr_cpus = 2 };
	char *rest = strchr(text, '\n');

	if (rest) {
		*rest++ = '\0';
		c.cmdline = text;
		read_lines(rest, &c);
	}
	if (too_large(&c))
		c.nr_e820 = 0;
	if (!host_boot(&c))
		use_it();
	else if (!strstr(host_dmesg(), "\n"))
		abort();	/* refused without a word */
	host_power_off();
	free(text);
	return 0;
}
