// SPDX-License-Identifier: MIT
/*
 * param_tables.c - the boot parameters of all rooms. A file of its own, so that a test of one room
 * can be linked with a list of its own instead.
 */
#include <kmm/param.h>

extern const struct kernel_param page_params[], slab_params[], vmalloc_params[], rodata_params[],
				percpu_params[];

const struct kernel_param *const kernel_param_tables[] = {
	boot_params, page_params, slab_params, vmalloc_params, rodata_params, percpu_params,
	NULL
};
