// SPDX-License-Identifier: MIT
/*
 * vmallocinfo.c - /proc/vmallocinfo: who has which addresses of vmalloc space, by address.
 *
 *	0xffffc90000000000-0xffffc90000005000   20480 irq_init_percpu_irqstack+0xf0/0x120 vmap
 *	0xffffc90000005000-0xffffc90000007000    8192 acpi_os_map_iomem+0x1b6/0x1d0 phys=0x00000000
 *	0xffffc9000000f000-0xffffc90000110000 1052672 alloc_large_system_hash+0x197/0x27c pages=256
 *		vmalloc N0=128 N1=128
 *
 * Start, end and bytes with the guard page, the caller, then what is known. After the last come
 * the areas that wait to be purged. The nodes are for machines that can have several: 64 bits.
 * A physical address is as wide as the machine's can be: 8 digits with two-level tables.
 */
#include "producers.h"

#include <kmm/page_addr.h>
#include <kmm/printk.h>
#include <kmm/vmalloc.h>
#include <mm/kernel/internal.h>

static void show_range(struct seq_buf *m, uintptr_t start, uintptr_t end)
{
	int digits = 2 * (int)sizeof(void *);

	seq_buf_printf(m, "0x%0*llx-0x%0*llx %7ld", digits,
		       (unsigned long long)kernel_address(start), digits,
		       (unsigned long long)kernel_address(end), (long)(end - start));
}

/* Pages of each node. pages[] may still be in the making. */
static void show_numa_info(struct seq_buf *m, const struct vm_struct *vm, unsigned int nr)
{
	unsigned int counters[MAX_NUMNODES] = { 0 }, i;

	if (sizeof(void *) < 8)
		return;
	for (i = 0; i < nr; i++)
		counters[page_to_nid(vm->pages[i])]++;
	for (i = 0; i < MAX_NUMNODES; i++)
		if (counters[i])
			seq_buf_printf(m, " N%u=%u", i, counters[i]);
}

static void show_flags(struct seq_buf *m, const struct vm_struct *vm, unsigned int flags)
{
	if (flags & VM_IOREMAP)
		seq_buf_puts(m, " ioremap");
	if (flags & VM_ALLOC)
		seq_buf_puts(m, " vmalloc");
	if (flags & VM_MAP)
		seq_buf_puts(m, " vmap");
	if (flags & VM_USERMAP)
		seq_buf_puts(m, " user");
	if (flags & VM_DMA_COHERENT)
		seq_buf_puts(m, " dma-coherent");
	if (is_vmalloc_addr(READ_ONCE(vm->pages)))
		seq_buf_puts(m, " vpages");
}

static void show_vm(struct seq_buf *m, const struct vm_struct *vm)
{
	unsigned int flags = __atomic_load_n(&vm->flags, __ATOMIC_ACQUIRE);
	unsigned int nr = READ_ONCE(vm->nr_pages);
	char who[160];

	show_range(m, (uintptr_t)vm->addr, (uintptr_t)vm->addr + vm->size);
	if (vm->caller)
		seq_buf_printf(m, " %s", symbol_text((uintptr_t)vm->caller, who, sizeof(who)));
	if (nr)
		seq_buf_printf(m, " pages=%u", nr);
	if (vm->phys_addr)
		seq_buf_printf(m, " phys=0x%0*llx", kernel_paging == PAGING_32 ? 8 : 16,
			       (unsigned long long)vm->phys_addr);
	show_flags(m, vm, flags);
	if (!(flags & VM_UNINITIALIZED))
		show_numa_info(m, vm, nr);
}

static void show_area(void *arg, const struct vmalloc_info *info)
{
	struct seq_buf *m = arg;

	if (info->vm) {
		show_vm(m, info->vm);
	} else {
		show_range(m, info->start, info->end);
		seq_buf_puts(m, info->unpurged ? " unpurged vm_area" : " vm_map_ram");
	}
	seq_buf_putc(m, '\n');
}

int show_vmallocinfo(struct seq_buf *m, unsigned int id)
{
	(void)id;
	vmalloc_for_each(show_area, m);
	return 0;
}
