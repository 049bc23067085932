/* SPDX-License-Identifier: MIT */
/*
 * kmm/fault.h - what the platform tells the core about a page fault in the kernel.
 */
#ifndef KMM_FAULT_H
#define KMM_FAULT_H

#include <kmm/types.h>

/* x86's error code of a page fault. */
#define X86_PF_PROT	(1u << 0)	/* 0: no translation; 1: it forbids the access */
#define X86_PF_WRITE	(1u << 1)
#define X86_PF_USER	(1u << 2)
#define X86_PF_RSVD	(1u << 3)
#define X86_PF_INSTR	(1u << 4)

struct kmm_fault {
	uintptr_t addr;			/* pointer that was accessed */
	unsigned int error_code;	/* X86_PF_* */
	uintptr_t ip, sp;		/* of the code that did it; 0: not known */
};

/*
 * kmm_page_fault - the kernel touched addr and the processor would not. Returns only if the
 * tables allow the access by now (a spurious fault: the TLB was behind): try again. Else prints
 * a report in the form of Linux's oops, which names what lies there - a vmalloc area and who
 * asked for it, a guard page, a stack that overflowed, read-only text - and stops the machine.
 * Context: any; needs a stack that is not the one that overflowed. Takes no lock that an
 * allocator holds while it may fault.
 */
void kmm_page_fault(const struct kmm_fault *fault);

/*
 * page_table_text - the entries that translate a pointer, root first, as the report has them:
 *	PGD 1001067 P4D 1001067 PUD 1002063 PMD 80000000f00001e3
 *	*pdpt = 0000000001234001 *pde = 0000000001235063 *pte = 8000000000fff163
 * down to the one that maps memory or maps nothing. Kernel addresses by the kernel's tables,
 * user addresses by those this CPU has loaded. Returns the length, 0 without paging by kmm; cut at
 * size, always terminated. Context: any; the tables must stay.
 */
size_t page_table_text(uintptr_t addr, char *buf, size_t size);

#endif
