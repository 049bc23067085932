// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32 tsan
/* boot_test.c - machines of all sizes boot, power off and boot again, the same each time. */
#include <stdlib.h>
#include <string.h>

#include <kmm/gfp.h>
#include <kmm/mm.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define MIB ((u64)1 << 20)

static int boot(u64 mem, unsigned int nodes, unsigned int cpus, bool threads, const char *cmdline)
{
	struct host_machine *m = host_machine_simple(mem, nodes, cpus);
	struct host_config c = { .quiet = true, .threads = threads, .cmdline = cmdline };
	int err;

	if (!m)
		return -1;
	host_machine_config(m, &c);
	err = host_boot(&c);
	host_machine_free(m);
	return err;
}

static void test_sizes(void)
{
	static const struct { u64 mib; unsigned int nodes, cpus; } size[] = {
		{ 64, 1, 1 }, { 512, 2, 4 }, { 4096, 2, 2 }, { 16384, 64, 64 },
		{ 1 << 20, 8, 16 }, { 8 << 20, 64, 64 },
	};
	/* ThreadSanitizer leaves little address space; a 32-bit machine has 64 GiB at most. */
	unsigned int i, nr = sizeof(void *) == 4 ? 4 : ARRAY_SIZE(size);

#ifdef __SANITIZE_THREAD__
	nr -= 2;
#endif
	for (i = 0; i < nr; i++) {
		struct page *p = NULL;
		int err = boot(size[i].mib * MIB, size[i].nodes, size[i].cpus, false, NULL);

		if (!is_int(err, 0, "%llu MiB, %u nodes, %u CPUs: boots",
			    (unsigned long long)size[i].mib, size[i].nodes, size[i].cpus))
			diag("%s", host_dmesg());
		if (!err)
			p = alloc_pages(GFP_KERNEL, 0);
		ok(p != NULL, "  and has a page");
		if (p) {
			memset(page_address(p), 0xa5, PAGE_SIZE);
			__free_pages(p, 0);
		}
		ok(host_ram_used() < size[i].mib * MIB, "  of sparse RAM: %llu KiB used",
		   (unsigned long long)host_ram_used() >> 10);
		host_power_off();
	}
}

static void test_again_and_again(void)
{
	char *first = NULL;
	int i, same = 0, booted = 0;

	for (i = 0; i < 200; i++) {
		booted += boot(64 * MIB, 2, 2, false, "shuffle=1") == 0;
		if (!first)
			first = strdup(host_dmesg());
		same += !strcmp(first, host_dmesg());
		host_power_off();
	}
	is_int(booted, 200, "200 boots in one process");
	is_int(same, 200, "all with the same log");
	free(first);
}

static void test_threads_again(void)
{
	int i, booted = 0;

	for (i = 0; i < 50; i++) {
		booted += boot(64 * MIB, 2, 4, true, NULL) == 0;
		host_power_off();
	}
	is_int(booted, 50, "50 boots with threads");
}

static void test_refusals(void)
{
	struct host_config none = { .quiet = true };

	ok(host_boot(&none) < 0, "a machine without a map does not boot");
	ok(strstr(host_dmesg(), "no RAM") != NULL, "and says why");
	ok(!host_is_on(), "it is off");
	host_power_off();
	is_int(boot(64 * MIB, 1, 1, false, NULL), 0, "the next one boots");
	ok(boot(64 * MIB, 1, 1, false, NULL) < 0, "one machine at a time");
	host_power_off();
	ok(!host_machine_simple(1, 1, 1), "no machine of one byte");
	ok(!host_machine_simple(1024 * MIB, 65, 1), "none of 65 nodes");
}

int main(void)
{
	test_sizes();
	test_again_and_again();
	test_threads_again();
	test_refusals();
	return done_testing();
}
