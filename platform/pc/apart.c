// SPDX-License-Identifier: MIT
/*
 * apart.c - image=apart: the image stays mapped while the core translates, and the core does not
 * know.
 *
 * The image runs at its physical address, in the lower half of the addresses, which belongs to
 * processes: the core's root tables have nothing there, and tests look that they have not. So a
 * CPU never loads a root of the core's, but its own *shadow* of it:
 *
 *	              upper half      lower half
 *	shadow root:  the root's      the first tables' if they have something, else the root's
 *
 *		AMD64  256 + 256 entries; PAE 1 + 3; two levels 256 + 768
 *
 * So a process's own tables are used where they do not collide with the image's: IA-32's never are.
 *
 * What hangs below is shared, so only entries of the root itself can be old. They are compared
 *	- when the CPU flushes anything: entries that went, or whose rights did, count from then on;
 *	- when it faults: an entry that is new, or allows more now, is found then, and the access
 *	  tried again.
 * That is all that a TLB may rely on too.
 *
 * PAE's processor reads the four entries of its root when CR3 is loaded, and not again: so it is
 * loaded anew after each change. Locking: none, a shadow is its CPU's; interrupts are off.
 */
#include <kmm/page_addr.h>
#include <kmm/pgtable_types.h>

#include "apart.h"
#include "pc.h"
#include "smp.h"
#include "x86.h"

static u64 roots[PC_MAX_CPUS];		/* physical: whose shadow is loaded; 0: none */

static unsigned int nr_entries(void)
{
	if (pc_place.paging == KMM_PAGING_32)
		return 1024;
	return pc_place.paging == KMM_PAGING_PAE ? 4 : 512;
}

static unsigned int first_upper(void)
{
	return sizeof(void *) == 8 ? nr_entries() / 2 : nr_entries() / 4 * 3;
}

/* A root may be any page of RAM. */
static const void *root_pointer(u64 root)
{
	const void *p = pc_phys(root, PAGE_SIZE);

	return p ? p : __va(root);
}

static u64 entry(const void *root, unsigned int i)
{
	return pc_place.paging == KMM_PAGING_32 ? ((const u32 *)root)[i] : ((const u64 *)root)[i];
}

static void set_entry(void *root, unsigned int i, u64 e)
{
	if (pc_place.paging == KMM_PAGING_32)
		*(volatile u32 *)((u32 *)root + i) = (u32)e;
	else
		*(volatile u64 *)((u64 *)root + i) = e;
}

/* A processor marks what it has used in the shadow: no difference. */
static bool differ(u64 a, u64 b)
{
	return (a ^ b) & ~(_PAGE_ACCESSED | _PAGE_DIRTY);
}

/* Make the shadow what it has to be; was it something else? */
static bool renew(void *shadow, u64 root)
{
	const void *of = root_pointer(root), *first = root_pointer(pc_place.first_root);
	unsigned int i, nr = nr_entries(), upper = first_upper();
	bool changed = false;
	u64 e;

	for (i = 0; i < nr; i++) {
		e = i < upper ? entry(first, i) : 0;
		if (!(e & _PAGE_PRESENT))
			e = entry(of, i);
		if (differ(e, entry(shadow, i))) {
			set_entry(shadow, i, e);
			changed = true;
		}
	}
	return changed;
}

u64 apart_root(u64 root)
{
	unsigned int cpu = this_pc_cpu()->hardware;
	void *shadow = cpu_rooms[cpu].tables.shadow;

	roots[cpu] = root;
	renew(shadow, root);
	return (uintptr_t)shadow;	/* apart, pointers to the image are physical */
}

void apart_off(void)
{
	roots[this_pc_cpu()->hardware] = 0;
}

bool apart_renew(void)
{
	unsigned int cpu = this_pc_cpu()->hardware;
	unsigned long flags;
	bool changed = false;

	if (!pc_place.apart || !roots[cpu])
		return false;
	flags = irq_save();
	if (roots[cpu])
		changed = renew(cpu_rooms[cpu].tables.shadow, roots[cpu]);
	if (changed && pc_place.paging == KMM_PAGING_PAE)
		write_cr3(read_cr3());
	irq_restore(flags);
	return changed;
}
