// SPDX-License-Identifier: MIT
/*
 * tables.c - the page tables that this PC's processor uses, read in its place: host_access() of
 * <host.h> for tests that run booted. The hosted machine's walker (platform/host/walk.c), which
 * shares no code with the core, reads them through pointers to physical memory.
 *
 * It says what the tables say; what the TLB still holds, nobody can see.
 */
#include <kmm/fault.h>
#include <kmm/pgtable_types.h>

#include "platform/host/host_internal.h"
#include "platform/pc/pc.h"

#include "tables.h"

void *host_ram_view(u64 phys, size_t size)
{
	return pc_phys(phys, size);
}

static bool may(const struct host_run *run, unsigned int access)
{
	if (access & X86_PF_WRITE && !(run->bits & _PAGE_RW))
		return false;
	if (access & X86_PF_USER && !(run->bits & _PAGE_USER))
		return false;
	return !(access & X86_PF_INSTR && run->bits & _PAGE_NX);
}

unsigned int host_translate(u64 va, unsigned int access, phys_addr_t *phys)
{
	const struct kmm_paging paging = { .mode = pc_place.paging, .cpu = pc_place.cpu };
	struct host_root root;
	struct host_run run;

	host_walk_on(&paging);
	root = host_root_load(loaded_root[kmm_cpu()]);
	run = host_walk(&root, va);
	if (!run.shift)
		return HOST_FAULT | access | (run.reserved ? X86_PF_RSVD | X86_PF_PROT : 0);
	if (!may(&run, access))
		return HOST_FAULT | access | X86_PF_PROT;
	host_walk_mark(&root, va, access & X86_PF_WRITE);
	*phys = run.phys + (va - run.start);
	return 0;
}

bool host_access(u64 va, unsigned int access, phys_addr_t *phys)
{
	return !host_translate(va, access, phys);
}

/* There is nothing beside the tables that could differ from them. */
const char *host_mmu_check(void)
{
	return NULL;
}
