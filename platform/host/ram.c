// SPDX-License-Identifier: MIT
/*
 * ram.c - the hosted machine's physical memory.
 *
 * It is one sparse memfd in which the offset is the physical address; a page costs the host
 * nothing until it is touched. Two ways lead to it:
 *
 *	view      RAM (32 bits: as much as may be low memory), for the hardware: page tables are
 *	          walked through it, tests look at raw RAM through it. The core never learns of it
 *	          but for the early memory, which the first page tables are made in.
 *	window    the kernel's addresses (window.c). mmu.c shows in it what the core's page tables
 *	          say.
 *
 * What counts as RAM: every e820 range that is not plainly reserved (usable,
 * ACPI, NVS, persistent ...), rounded outwards to pages, and what memmap=nn@ss
 * on the command line declares usable on top of the firmware's map. Where there is no RAM there are
 * devices: memory that remembers what is written, and does nothing else, up to the
 * last physical address.
 *
 * Mappings of the window are made by bare system calls. The sanitizers' own mmap() would clear
 * shadow memory for each, which takes longer than all the rest, and is not needed: it is
 * the same memory that comes and goes at different addresses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kmm/page_addr.h>

#include "host_internal.h"
#include "lib/parse.h"

#define RAM_LIMIT		(64ULL << 40)	/* AMD64's direct map, 4-level paging */
#define PHYS_END64		(1ULL << 52)
#define PHYS_END32		(1ULL << 36)
#define EARLY_SIZE	(256UL << 10)	/* of early memory, where there is so much */
#define EARLY_LEAST	(64UL << 10)
#define VIEW_MOST32	(1UL << 30)	/* 32 bits: the most of RAM that the view shows */
#define VIEW_LEAST32	(64UL << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

_Static_assert(sizeof(off_t) == 8, "offsets of RAM need 64 bits: _FILE_OFFSET_BITS=64");

struct range {
	u64 start, end;
};

static struct {
	int fd;
	struct range *range;	/* where there is RAM: sorted, apart, page aligned */
	unsigned int nr;
	u64 end;		/* of the highest range */
	char *view;
	u64 view_end;		/* bytes of RAM in it */
	bool populate;
} ram = { .fd = -1 };

/* ---- which physical addresses are RAM ---- */

static void add_range(u64 start, u64 size)
{
	u64 end = start + size;

	if (end < start || end > RAM_LIMIT)
		end = RAM_LIMIT;
	start = ALIGN_DOWN(start, (u64)PAGE_SIZE);
	end = ALIGN(end, (u64)PAGE_SIZE);
	if (start < end)
		ram.range[ram.nr++] = (struct range){ start, end };
}

/* Each "size@start" of every memmap= option. nr counts them when add is false. */
static unsigned int user_ranges(const char *cmdline, bool add)
{
	unsigned int nr = 0;
	const char *s = cmdline ? cmdline : "";

	while ((s = strstr(s, "memmap="))) {
		s += strlen("memmap=");
		for (;;) {
			char *at, *end;
			u64 size = memparse(s, &at);
			u64 start = *at == '@' ? memparse(at + 1, &end) : 0;

			if (*at == '@') {
				nr++;
				if (add)
					add_range(start, size);
			}
			s += strcspn(s, ", ");
			if (*s != ',')
				break;
			s++;
		}
	}
	return nr;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void merge_ranges(void)
{
	unsigned int i, n = 0;

	qsort(ram.range, ram.nr, sizeof(*ram.range), by_start);
	for (i = 0; i < ram.nr; i++) {
		if (n && ram.range[i].start <= ram.range[n - 1].end)
			ram.range[n - 1].end = max(ram.range[n - 1].end, ram.range[i].end);
		else
			ram.range[n++] = ram.range[i];
	}
	ram.nr = n;
	ram.end = n ? ram.range[n - 1].end : 0;
}

static int find_ranges(const struct host_config *c)
{
	unsigned int i;

	ram.nr = 0;
	ram.range = calloc(c->nr_e820 + user_ranges(c->cmdline, false) + 1, sizeof(*ram.range));
	if (!ram.range)
		return -ENOMEM;
	for (i = 0; i < c->nr_e820; i++)
		if ((int)c->e820[i].type != E820_TYPE_RESERVED)
			add_range(c->e820[i].addr, c->e820[i].size);
	user_ranges(c->cmdline, true);
	merge_ranges();
	return 0;
}

/* ---- the memfd, the view ---- */

static u64 phys_end(void)
{
	return sizeof(void *) == 8 ? PHYS_END64 : PHYS_END32;
}

static bool is_ram(u64 phys)
{
	unsigned int i;

	for (i = 0; i < ram.nr; i++)
		if (phys >= ram.range[i].start && phys < ram.range[i].end)
			return true;
	return false;
}

/* The view; where the process has no room for it all, as much as there is. */
static bool make_view(void)
{
	u64 size = sizeof(void *) == 4 ? min(ram.end, (u64)VIEW_MOST32) : ram.end;
	void *p = MAP_FAILED;

	for (; p == MAP_FAILED; size = ALIGN_DOWN(size / 4 * 3, (u64)PAGE_SIZE)) {
		p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			 ram.fd, 0);
		if (p == MAP_FAILED && (sizeof(void *) == 8 || size < VIEW_LEAST32))
			return false;
		ram.view_end = size;
	}
	ram.view = p;
	return true;
}

static int make_ram(void)
{
	ram.fd = memfd_create("kmm-ram", MFD_CLOEXEC);
	if (ram.fd >= 0 && !ftruncate(ram.fd, (off_t)phys_end()) && make_view())
		return 0;
	host_log(LOGLEVEL_ERR, "host: no RAM of %llu MiB: %s",
		 (unsigned long long)(ram.end >> 20), strerror(errno));
	return -ENOMEM;
}

void *host_ram_view(u64 phys, size_t size)
{
	return ram.view && phys + size <= ram.view_end ? ram.view + phys : NULL;
}

bool host_ram_read(u64 phys, void *buf, size_t size)
{
	return phys + size <= phys_end() && pread(ram.fd, buf, size, (off_t)phys) == (ssize_t)size;
}

bool host_ram_write(u64 phys, const void *buf, size_t size)
{
	return phys + size <= phys_end() &&
	       pwrite(ram.fd, buf, size, (off_t)phys) == (ssize_t)size;
}

/* ---- in the window ---- */

static bool map_fixed(void *where, size_t size, int prot, int flags, int fd, u64 offset)
{
#ifdef SYS_mmap2
	long r = syscall(SYS_mmap2, where, size, prot, flags | MAP_FIXED | MAP_NORESERVE, fd,
			 (long)(offset >> PAGE_SHIFT));
#else
	long r = syscall(SYS_mmap, where, size, prot, flags | MAP_FIXED | MAP_NORESERVE, fd,
			 offset);
#endif
	return r != -1;
}

/* The page array, of a machine that is for measuring, is there when the boot ends. */
static bool shall_be_present(const void *where)
{
	uintptr_t at = (uintptr_t)where;

	return ram.populate && at >= VMEMMAP_START && at < VMEMMAP_END;
}

bool host_ram_show(void *where, u64 phys, size_t size, bool write)
{
	if (phys + size > phys_end() ||
	    !map_fixed(where, size, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, ram.fd, phys))
		return false;
	if (shall_be_present(where))
		madvise(where, size, MADV_POPULATE_WRITE);
	return true;
}

/* The window is reserved as it was: with less of it missing, others would come to lie in it. */
void host_ram_hide(void *where, size_t size)
{
	if (!map_fixed(where, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
		abort();
}

void host_ram_protect(void *where, size_t size, bool write)
{
	if (syscall(SYS_mprotect, where, size, PROT_READ | (write ? PROT_WRITE : 0)))
		abort();
}

/* ---- what the core is told ---- */

/* Does anything that is not usable RAM, or the kernel's image, lie in [start, end)? */
static bool is_disturbed(const struct host_config *c, u64 start, u64 end)
{
	const struct kmm_image *i = &c->image;
	const struct range parts[] = {
		{ i->text, i->etext }, { i->rodata, i->erodata }, { i->data, i->edata },
		{ i->bss, i->ebss }, { i->init, i->einit },
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(parts); n++)
		if (parts[n].start < end && parts[n].end > start)
			return true;
	for (n = 0; n < c->nr_e820; n++)
		if (c->e820[n].type != E820_TYPE_RAM && c->e820[n].addr < end &&
		    c->e820[n].addr + c->e820[n].size > start)
			return true;
	return false;
}

/* The lowest place in a range of RAM, on the largest step up to EARLY_SIZE. */
static void early_in(const struct host_config *c, const struct e820_entry *e, struct kmm_paging *p)
{
	u64 start = ALIGN(max(e->addr, (u64)EARLY_LEAST), (u64)EARLY_LEAST);
	u64 end = min(e->addr + e->size, ram.view_end), size = EARLY_SIZE;

	for (; start + EARLY_LEAST <= end; start += EARLY_LEAST) {
		if (p->early_size && start >= p->early_phys)
			return;
		while (size > EARLY_LEAST &&
		       (start + size > end || is_disturbed(c, start, start + size)))
			size -= EARLY_LEAST;
		if (!is_disturbed(c, start, start + size)) {
			p->early_phys = start;
			p->early_size = (size_t)size;
			return;
		}
	}
}

/*
 * The first tables lie in the first MiB if they can, which the core never gives out; else where
 * there first is usable RAM for them. The first 64 KiB are left alone.
 */
static void find_early(const struct host_config *c, struct kmm_paging *p)
{
	unsigned int i;

	for (i = 0; i < c->nr_e820; i++)
		if (c->e820[i].type == E820_TYPE_RAM)
			early_in(c, &c->e820[i], p);
	p->early_virt = ram.view + p->early_phys;
}

static enum kmm_paging_mode mode_of(const struct host_config *c)
{
	switch (c->arch) {
	case HOST_AMD64_LA57:
		return KMM_PAGING_5LEVEL;
	case HOST_IA32:
		return KMM_PAGING_32;
	case HOST_IA32_PAE:
		return KMM_PAGING_PAE;
	case HOST_AMD64:
		return KMM_PAGING_4LEVEL;
	default:
		return sizeof(void *) == 8 ? KMM_PAGING_4LEVEL : KMM_PAGING_PAE;
	}
}

static void describe_arch(const struct host_config *c, struct kmm_paging *p)
{
	p->mode = mode_of(c);
	p->cpu = KMM_CPU_PSE | KMM_CPU_PGE | KMM_CPU_NX | KMM_CPU_GBPAGES | KMM_CPU_PCID;
	if (p->mode == KMM_PAGING_32)
		p->cpu &= ~(u32)KMM_CPU_NX;
	if (p->mode == KMM_PAGING_32 || p->mode == KMM_PAGING_PAE)
		p->cpu &= ~(u32)(KMM_CPU_GBPAGES | KMM_CPU_PCID);
	p->cpu &= ~c->without;
}

static int on(const struct host_config *c, struct kmm_machine *m)
{
	int err = find_ranges(c);

	if (!err && !ram.end) {
		host_log(LOGLEVEL_ERR, "host: the memory map has no RAM");
		err = -EINVAL;
	}
	if (err)
		return err;
	describe_arch(c, &m->paging);
	err = host_window_on(c, ram.end, &m->paging);
	if (!err)
		err = make_ram();
	if (err)
		return err;
	ram.populate = c->populate;
	m->page_offset = c->page_offset;
	m->direct_map_end = c->direct_map_max;
	find_early(c, &m->paging);
	return 0;
}

int host_ram_on(const struct host_config *c, struct kmm_machine *m)
{
	int err = on(c, m);

	if (err)
		host_ram_off();
	return err;
}

void host_ram_off(void)
{
	host_window_off();
	if (ram.view)
		munmap(ram.view, (size_t)ram.view_end);
	if (ram.fd >= 0)
		close(ram.fd);
	free(ram.range);
	memset(&ram, 0, sizeof(ram));
	ram.fd = -1;
}

/* ---- for tools ---- */

u64 host_kernel_address(const void *p)
{
	return kernel_address((uintptr_t)p);
}

void *host_ram_pointer(phys_addr_t phys)
{
	return is_ram(phys) ? host_ram_view(phys, 1) : NULL;
}

u64 host_ram_used(void)
{
	struct stat st;

	return ram.fd >= 0 && !fstat(ram.fd, &st) ? (u64)st.st_blocks * 512 : 0;
}
