// SPDX-License-Identifier: MIT
/*
 * mm/boot/params.c - the options of this room. Each handler only records; who
 * it concerns reads boot_options. (mem= and memmap= edit the map at once.)
 *
 *	mem= memmap=			e820_params.c
 *	numa=off|noacpi|fake=		numa.c
 *	bootmem=1			the bitmap allocator instead of memblock
 *	memblock=debug			say every step
 *	kernelcore=nn|nn%|mirror	memory that is not movable, spread over the nodes
 *	movablecore=nn|nn%		memory that is
 *	movable_node			hotpluggable memory is movable
 *	memory_model=flat|discontig|sparse
 *	highmem=nn			how much high memory to use (IA-32); highmem=0 also
 *					takes the zone away, as a kernel built without it
 *	vmalloc=nn			size of the vmalloc area (IA-32)
 *	nogbpages, gbpages		no 1G pages in the direct map (AMD64)
 *	noexec=on|off			off: pages are not marked as not executable
 *	early_ioremap_debug		a line for each early_ioremap() and early_iounmap()
 *	nokaslr				the kernel's areas where the manual has them (AMD64)
 *	nozonedma			no ZONE_DMA, as a kernel built without it
 */
#include <lib/parse.h>

#include "internal.h"

__kmm_state struct boot_options boot_options = {
	.highmem_size = ~(u64)0,
	.memory_model = -1,
};

static int setup_bootmem(char *val)
{
	if (!val) {
		boot_options.bootmem = true;
		return 0;
	}
	return parse_bool(val, &boot_options.bootmem);
}

static int setup_memblock(char *val)
{
	if (!val || strcmp(val, "debug"))
		return -EINVAL;
	boot_options.memblock_debug = true;
	memblock_debug = true;
	return 0;
}

static int parse_core(char *val, unsigned long *pages, unsigned long *percent)
{
	const char *end;
	u64 number;
	char *rest;

	if (!val)
		return -EINVAL;
	if (!parse_u64(val, &end, 0, &number) && end[0] == '%' && !end[1]) {
		if (!number || number > 100)
			return -EINVAL;
		*percent = (unsigned long)number;
		return 0;
	}
	number = memparse(val, &rest) >> PAGE_SHIFT;
	if (rest == val || *rest)
		return -EINVAL;
	*pages = number > ~0UL ? ~0UL : (unsigned long)number;
	*percent = 0;
	return 0;
}

static int setup_kernelcore(char *val)
{
	if (val && !strcmp(val, "mirror")) {
		boot_options.kernelcore_mirror = true;
		return 0;
	}
	return parse_core(val, &boot_options.kernelcore, &boot_options.kernelcore_percent);
}

static int setup_movablecore(char *val)
{
	return parse_core(val, &boot_options.movablecore, &boot_options.movablecore_percent);
}

static int setup_movable_node(char *val)
{
	if (val)
		return -EINVAL;
	boot_options.movable_node = true;
	movable_node_enabled = true;
	return 0;
}

static int setup_memory_model(char *val)
{
	static const char *const names[] = { "flat", "discontig", "sparse" };

	for (int i = 0; val && i < (int)ARRAY_SIZE(names); i++)
		if (!strcmp(val, names[i])) {
			boot_options.memory_model = i;
			return 0;
		}
	return -EINVAL;
}

static int parse_size(char *val, u64 *size)
{
	char *rest;
	u64 number;

	if (!val)
		return -EINVAL;
	number = memparse(val, &rest);
	if (rest == val || *rest)
		return -EINVAL;
	*size = number;
	return 0;
}

static int setup_highmem(char *val)
{
	int err = parse_size(val, &boot_options.highmem_size);

	if (!err)
		boot_options.nohighmem = !boot_options.highmem_size;
	return err;
}

static int setup_vmalloc(char *val)
{
	return parse_size(val, &boot_options.vmalloc_size);
}

static int setup_nogbpages(char *val)
{
	boot_options.nogbpages = true;
	return val ? -EINVAL : 0;
}

static int setup_gbpages(char *val)
{
	boot_options.nogbpages = false;
	return val ? -EINVAL : 0;
}

static int setup_noexec(char *val)
{
	if (!val)
		return -EINVAL;
	if (!strncmp(val, "on", 2))
		boot_options.noexec_off = false;
	else if (!strncmp(val, "off", 3))
		boot_options.noexec_off = true;
	return 0;
}

static int setup_early_ioremap_debug(char *val)
{
	if (val)
		return -EINVAL;
	boot_options.early_ioremap_debug = true;
	return 0;
}

static int setup_nokaslr(char *val)
{
	if (val)
		return -EINVAL;
	boot_options.nokaslr = true;
	return 0;
}

static int setup_nozonedma(char *val)
{
	if (val)
		return -EINVAL;
	boot_options.nozonedma = true;
	return 0;
}

const struct kernel_param boot_params[] = {
	{ "mem", parse_memopt },
	{ "memmap", parse_memmap_opt },
	{ "numa", numa_setup },
	{ "bootmem", setup_bootmem },
	{ "memblock", setup_memblock },
	{ "kernelcore", setup_kernelcore },
	{ "movablecore", setup_movablecore },
	{ "movable_node", setup_movable_node },
	{ "memory_model", setup_memory_model },
	{ "highmem", setup_highmem },
	{ "vmalloc", setup_vmalloc },
	{ "nogbpages", setup_nogbpages },
	{ "gbpages", setup_gbpages },
	{ "noexec", setup_noexec },
	{ "early_ioremap_debug", setup_early_ioremap_debug },
	{ "nokaslr", setup_nokaslr },
	{ "nozonedma", setup_nozonedma },
	{ }
};
