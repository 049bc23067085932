/* SPDX-License-Identifier: MIT */
// SOURCES: platform/pc/initrd.c
/*
 * fuzz_initrd.c - any bytes as the initrd of a PC.
 *
 * Whatever is found in it lies in it: every byte of every file is read, in a copy that ends where
 * the input does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform/pc/initrd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"", "-", ".words", "/initrd", "a", "data", "data/x", "TRAILER!!!", "before/zoneinfo",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	volatile unsigned int sum = 0;
	const void *content;
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	initrd_set(copy, size);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pc_is_directory(names[i]);
		if (!pc_file(names[i], &content, &len))
			continue;
		if (len > size || (const uint8_t *)content < copy ||
		    (const uint8_t *)content + len > copy + size)
			abort();
		for (size_t k = 0; k < len; k++)
			sum += ((const uint8_t *)content)[k];
	}
	initrd_set("", 0);
	free(copy);
	return 0;
}
