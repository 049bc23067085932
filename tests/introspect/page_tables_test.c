// SPDX-License-Identifier: MIT
/*
 * page_tables_test.c - debug/page_tables/kernel of booted machines: each line is held against
 * what the hosted machine's own page walker says of its first and last page, the lines against
 * each other, and their sum against the page-table counters of meminfo.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/fault.h>
#include <kmm/introspect.h>
#include <kmm/vmalloc.h>

#include "tests/page/machine.h"

#define PATH "/sys/kernel/debug/page_tables/kernel"

static char text[4 << 20];

struct line {
	unsigned long long start, end;
	char bits[32];		/* "    RW " ...; blank: a hole */
	char level[4];
};

static bool parse(const char *s, struct line *l)
{
	int at = 0;
	char unit;
	unsigned long long size;

	memset(l, 0, sizeof(*l));
	if (sscanf(s, "0x%llx-0x%llx%llu%c %n", &l->start, &l->end, &size, &unit, &at) != 4 || !at)
		return false;
	at = (int)(strchr(strchr(s, '-'), unit) - s) + 2;	/* %n has eaten blanks */
	snprintf(l->bits, sizeof(l->bits), "%.30s", s + at);
	return sscanf(s + at + 30, "%3s", l->level) == 1;
}

/* May a page at this address be read, written, executed, as the line says? */
static bool walker_agrees(const struct line *l, u64 va)
{
	bool there = l->bits[strspn(l->bits, " ")] != '\0';
	phys_addr_t phys;

	if (!there)
		return !host_access(va, 0, &phys);
	return host_access(va, 0, &phys) &&
	       host_access(va, X86_PF_WRITE, &phys) == !!strstr(l->bits, "RW") &&
	       host_access(va, X86_PF_INSTR, &phys) == !strstr(l->bits, "NX");
}

struct sums {
	unsigned long lines, marks;
	u64 direct;		/* bytes mapped in the direct map */
	bool in_order, form, agrees;
};

static void one_line(const char *s, struct sums *sum, u64 *at)
{
	struct line l;

	if (!strncmp(s, "---[ ", 5)) {
		sum->marks++;
		return;
	}
	sum->form &= parse(s, &l);
	sum->in_order &= *at == l.start || (*at == (u64)1 << 47 && l.start == ~(u64)0 << 47) ||
			 (*at == (u64)1 << 56 && l.start == ~(u64)0 << 56);
	sum->agrees &= walker_agrees(&l, l.start) && walker_agrees(&l, l.end - 1);
	if (l.bits[strspn(l.bits, " ")] && kernel_pointer(l.start) >= page_offset_base &&
	    kernel_pointer(l.start) - page_offset_base < direct_map_end)
		sum->direct += l.end - l.start;
	sum->lines++;
	*at = l.end;
}

static u64 direct_map_of_meminfo(void)
{
	static char info[8192];
	u64 sum = 0;

	if (introspect_read_text("/proc/meminfo", info, sizeof(info)) < 0)
		return 0;
	for (const char *s = info; (s = strstr(s, "DirectMap")); s++)
		sum += strtoull(strchr(s, ':') + 1, NULL, 10) << 10;
	return sum;
}

static struct { const struct machine *m; const char *name; } now;

static void dump(void)
{
	struct sums sum = { .in_order = true, .form = true, .agrees = true };
	char *save, *s;
	void *area;
	u64 at = 0;

	if (!machine_on(now.m))
		return;
	area = vmalloc(5 * PAGE_SIZE);
	ok(introspect_read_text(PATH, text, sizeof(text)) > 0, "%s: the file is there", now.name);
	for (s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		one_line(s, &sum, &at);
	ok(sum.lines > 10 && sum.marks >= 6, "%lu lines, %lu areas", sum.lines, sum.marks);
	ok(sum.form, "of Linux's form");
	ok(sum.in_order && (at == 0 || at == (u64)1 << 32), "without a gap, to the end");
	ok(sum.agrees, "what they say is what a processor finds");
	is_int((long long)sum.direct, (long long)direct_map_of_meminfo(),
	       "meminfo's DirectMap sums up");
	vfree(area);
	host_power_off();
}

int main(void)
{
	const struct machine plain = { .mem = 1 * GIB }, high = { .mem = 512 * MIB,
					.direct_map_max = 100 * MIB };
	const struct machine bases = { .mem = 256 * MIB, .cmdline = "nokaslr nogbpages" };
	const struct machine *const machines[] = { &plain, &high, &bases };
	const char *const names[] = { "1 GiB", "with high memory", "nokaslr" };

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		now.m = machines[i];
		now.name = names[i];
		run_case(dump);
	}
	return done_testing();
}
