// SPDX-License-Identifier: MIT
/*
 * state.c - all mutable state of the core in one piece.
 *
 * Every mutable global is in the section kmm_state (__kmm_state), whose borders
 * the linker knows. A copy made before the first boot, put back, is power-off.
 */
#include <kmm/kmm.h>

#include "lib/string.h"

extern char __start_kmm_state[], __stop_kmm_state[];

size_t kmm_state_size(void)
{
	return (size_t)(__stop_kmm_state - __start_kmm_state);
}

void kmm_state_save(void *image)
{
	memcpy(image, __start_kmm_state, kmm_state_size());
}

void kmm_state_restore(const void *image)
{
	memcpy(__start_kmm_state, image, kmm_state_size());
}
