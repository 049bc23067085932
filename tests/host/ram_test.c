// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/* ram_test.c - where RAM lies, what a bad access says, high memory through windows. */
#include <string.h>

#include "platform/host/host.h"
#include "tests/tap.h"

#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_PLACE false
#else
#define OWN_PLACE true
#endif

static jmp_buf stopped;
static struct host_machine *m;
static struct host_config c;

static bool boot(u64 mem)
{
	c = (struct host_config){ .quiet = true };
	m = host_machine_simple(mem, 1, 2);
	host_machine_config(m, &c);
	return host_boot(&c) == 0;
}

static void off(void)
{
	host_power_off();
	host_machine_free(m);
}

static void test_addresses(void)
{
	char *low = host_ram_pointer(MIB);

	ok(low != NULL, "the first MiB has an address");
	if (sizeof(void *) == 8) {
		ok(!OWN_PLACE || (uintptr_t)low == 0x088000100000ULL, "it is AMD64's, stripped");
		ok(host_kernel_address(low) == 0xffff888000100000ULL, "and printed whole");
	} else {
		ok((uintptr_t)low == 0xc0100000UL, "it is IA-32's: %p", (void *)low);
		ok(host_kernel_address(low) == 0xc0100000ULL, "and printed so");
	}
	ok(!host_ram_pointer(0xc0000), "the ISA hole has none");
	low[0] = 1;
	is_int(low[0], 1, "RAM remembers");
}

/* Touch a bad address; the line about it must have these words. */
static void expect_fault(volatile char *p, const char *words)
{
	bool caught = setjmp(stopped);

	if (!caught)
		*p = 1;
	ok(caught, "%s: the machine stops", words);
	is_str(host_stop_reason(), "bad access", "  that is the reason");
	if (!ok(strstr(host_dmesg(), words) != NULL, "  the log says so"))
		diag("%s", host_dmesg());
}

static void test_hole(void)
{
	host_catch_stop(&stopped);
	expect_fault((char *)host_ram_pointer(MIB) - MIB + 0xc0000,
		     sizeof(void *) == 8 ? "bad access at ffff8880000c0000 (a hole in RAM)"
					 : "bad access at c00c0000 (a hole in RAM)");
	ok(strstr(host_dmesg(), "Call Trace:") != NULL, "with a call trace");
	ok(strstr(host_dmesg(), "main+") != NULL, "of names");
	host_catch_stop(NULL);
}

static void test_high_memory(void)
{
	unsigned long flags = kmm_local_irq_save();
	u64 *a, *b;

	ok(!host_ram_pointer(5 * GIB), "memory at 5 GiB has no address here");
	a = kmm_map_frame(5 * GIB);
	*a = 0x123456789abcdefULL;
	b = kmm_map_frame(5 * GIB);
	ok(a != b && *b == *a, "two windows show one frame");
	kmm_unmap_frame(b);
	kmm_unmap_frame(a);
	a = kmm_map_frame(5 * GIB);
	ok(*a == 0x123456789abcdefULL, "it remembers");
	kmm_unmap_frame(a);
	kmm_local_irq_restore(flags);
}

static void test_memmap_option(void)
{
	struct e820_entry e = { 0, 64 * MIB, E820_TYPE_RAM };

	c = (struct host_config){ .quiet = true, .e820 = &e, .nr_e820 = 1,
				  .cmdline = "quiet memmap=16M@256M,1M$32M memmap=4K@0x20000000" };
	ok(host_boot(&c) == 0, "a map with additions boots");
	ok(host_ram_pointer(256 * MIB) && host_ram_pointer(272 * MIB - 1), "memmap= adds RAM");
	ok(!host_ram_pointer(272 * MIB), "so much and no more");
	ok(host_ram_pointer(512 * MIB) != NULL, "a second memmap= too");
	host_power_off();
}

int main(void)
{
	ok(boot(64 * MIB), "boots");
	test_addresses();
	test_hole();
	off();
	ok(boot(8 * GIB), "boots with 8 GiB");
	if (sizeof(void *) == 4)
		test_high_memory();
	off();
	test_memmap_option();
	return done_testing();
}
