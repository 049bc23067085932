// SPDX-License-Identifier: MIT
/* cpu_id.c - what host_inline.h refers to, and nothing else: see there why. */
#include <stdlib.h>

#include "host_inline.h"

HOST_TLS unsigned int host_cpu_id;
HOST_TLS unsigned int host_irq_depth;

void host_irq_unbalanced(void)
{
	abort();
}
