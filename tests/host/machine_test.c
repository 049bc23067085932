// SPDX-License-Identifier: MIT
/* machine_test.c - descriptions of machines: made up, from logs, from a sysfs tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)

static char dir[] = "/tmp/kmm-machine-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f && fputs(text, f) >= 0)
		fclose(f);
}

static struct host_machine *read_file(const char *name, const char **why)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return host_machine_read(path, why);
}

static u64 sum_ram(const struct host_config *c)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < c->nr_e820; i++)
		if (c->e820[i].type == E820_TYPE_RAM)
			sum += c->e820[i].size;
	return sum;
}

static void test_simple(u64 mem, unsigned int nodes)
{
	struct host_machine *m = host_machine_simple(mem, nodes, nodes);
	struct host_config c = { .quiet = true };
	u64 affine = 0, last = 0;
	unsigned int i, apart = 1;

	if (!ok(m != NULL, "%llu MiB on %u nodes", (unsigned long long)(mem / MIB), nodes))
		return;
	host_machine_config(m, &c);
	ok(mem - sum_ram(&c) < MIB, "  all RAM but the ISA hole is in the map");
	for (i = 0; i < c.nr_srat; i++) {
		affine += c.srat[i].size;
		apart &= c.srat[i].start >= last;
		last = c.srat[i].start + c.srat[i].size;
	}
	ok(affine == mem, "  all RAM has a node");
	ok(apart, "  in %u ranges that do not overlap", c.nr_srat);
	host_machine_free(m);
}

static void test_log(void)
{
	struct host_config c = { .quiet = true };
	const char *why;
	struct host_machine *m;

	write_file("log",
		   "[    0.000000] Linux version 6.1\n"
		   "[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
		   "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n"
		   "[    0.000000] BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] usable\n"
		   "[    0.000000] user: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
		   "[    0.010000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]\n"
		   "[    0.010000] ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x17fffffff]\n"
		   "node distances:\nnode   0   1\n  0:  10  21\n  1:  21  10\n");
	m = read_file("log", &why);
	if (!ok(m != NULL, "a log is read")) {
		diag("%s", why);
		return;
	}
	host_machine_config(m, &c);
	is_int(c.nr_e820, 3, "the firmware's map, not the user's");
	is_int(c.nr_srat, 2, "two affinities");
	is_int(c.nr_cpus, 2, "a CPU for each node");
	if (is_int(c.nr_slit, 2, "distances of two nodes"))
		is_int(c.slit[1] * 1000 + c.slit[2], 21021, "as written");
	is_int(host_boot(&c), 0, "it boots");
	host_power_off();
	host_machine_free(m);
}

static void test_tree(void)
{
	static const char *const entry[][3] = {
		{ "0x0", "0x9fbff", "System RAM" }, { "0x100000", "0x3fffffff", "System RAM" },
		{ "0x40000000", "0x40000fff", "Reserved" },
	};
	static const char *const file[] = { "start", "end", "type" };
	struct host_config c = { .quiet = true };
	struct host_machine *m;
	char path[64];
	const char *why;
	unsigned int i, j;

	snprintf(path, sizeof(path), "%s/memmap", dir);
	mkdir(path, 0777);
	for (i = 0; i < ARRAY_SIZE(entry); i++) {
		snprintf(path, sizeof(path), "%s/memmap/%u", dir, i);
		mkdir(path, 0777);
		for (j = 0; j < 3; j++) {
			snprintf(path, sizeof(path), "memmap/%u/%s", i, file[j]);
			write_file(path, entry[i][j]);
		}
	}
	m = read_file("memmap", &why);
	if (!ok(m != NULL, "a tree is read")) {
		diag("%s", why);
		return;
	}
	host_machine_config(m, &c);
	is_int(c.nr_e820, 3, "all its entries");
	ok(sum_ram(&c) == 0x9fc00 + GIB - MIB, "all its RAM");
	host_machine_free(m);
}

static void test_bad(void)
{
	const char *why = NULL;

	ok(!read_file("none", &why), "no file: %s", why ? why : "?");
	write_file("empty", "nothing of the kind\n");
	ok(!read_file("empty", &why), "no map: %s", why ? why : "?");
	write_file("bad", "\n[    0.000000] BIOS-e820: [mem 0x00000000000x0000-0x9fbff] usable\n");
	ok(!read_file("bad", &why) && why && strstr(why, "line 2"),
	   "a bad line: %s", why ? why : "?");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(dir))
		return 1;
	test_simple(64 * MIB, 1);
	test_simple(4 * GIB, 2);
	test_simple(6 * GIB, 7);
	test_simple(8192 * GIB, 64);
	test_log();
	test_tree();
	test_bad();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return done_testing() | (system(command) != 0);
}
