/* SPDX-License-Identifier: MIT */
/* arch/layout.h - the kernel address space of the architecture this core is compiled for. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include "arch/x86/layout.h"

#endif
