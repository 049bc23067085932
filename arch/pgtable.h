/* SPDX-License-Identifier: MIT */
/* arch/pgtable.h - the page tables of the architecture this core is compiled for. */
#ifndef ARCH_PGTABLE_H
#define ARCH_PGTABLE_H

#include "arch/x86/pgtable.h"

#endif
