// SPDX-License-Identifier: MIT
/*
 * ram.c - the hosted machine's RAM, and the addresses it is reached at.
 *
 * RAM is one sparse memfd in which the offset is the physical address; a page
 * costs the host nothing until it is touched. Three windows show it:
 *
 *	direct map   [base, base + direct_end)   all of it reserved without access,
 *	             then the RAM of the map laid over it: holes fault
 *	page array   [vmemmap, vmemmap_end)      reserved; kmm_memmap_back() lays the
 *	             frames the core chose for struct page over it (64 bits only)
 *	frame        one page anywhere, for as long as kmm_map_frame() lasts
 *
 * What counts as RAM: every e820 range that is not plainly reserved (usable,
 * ACPI, NVS, persistent ...), rounded outwards to pages, and what memmap=nn@ss
 * on the command line declares usable on top of the firmware's map.
 *
 * Where: 64-bit builds use AMD64's own layout without the sign extension,
 *
 *	0x0880_0000_0000 ... 0x4880_0000_0000   direct map, up to 64 TiB
 *	0x6a00_0000_0000 ... 0x6b00_0000_0000   page array, up to 1 TiB
 *
 * which Linux leaves to whoever asks. The sanitizers keep their shadow there, so
 * under them mmap() chooses. In 32 bits the direct map begins at 0xc0000000 if
 * the process can have the space there, else lower.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_internal.h"
#include "lib/parse.h"

#define KERNEL_BASE64		0xffff888000000000ULL
#define KERNEL_VMEMMAP64	0xffffea0000000000ULL
#define KERNEL_BASE32		0xc0000000ULL
#define SIGN_EXTENSION		0xffff800000000000ULL

#define RAM_LIMIT		(64ULL << 40)	/* AMD64's direct map, 4-level paging */
#define FRAME_DESCRIPTION	64		/* most bytes of page array for one frame */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLACE_IS_TAKEN		1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLACE_IS_TAKEN		1
#endif
#endif
#ifndef PLACE_IS_TAKEN
#define PLACE_IS_TAKEN		0
#endif

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif
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
	char *base;		/* direct map */
	u64 direct_end;		/* bytes of it there are */
	u64 direct_most;	/* bytes of it there could be: RAM from here on is high memory */
	char *vmemmap;		/* page array; NULL: none */
	size_t vmemmap_size;
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

static bool is_ram(u64 phys)
{
	unsigned int i;

	for (i = 0; i < ram.nr; i++)
		if (phys >= ram.range[i].start && phys < ram.range[i].end)
			return true;
	return false;
}

/* ---- address space ---- */

static char *reserve_at(uintptr_t where, size_t size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *p;

	if (where)
		flags |= MAP_FIXED_NOREPLACE;
	p = mmap((void *)where, size, PROT_NONE, flags, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (where && p != (void *)where) {	/* a kernel older than MAP_FIXED_NOREPLACE */
		munmap(p, size);
		return NULL;
	}
	return p;
}

/* The direct map's own place, or the nearest there is to it. */
static char *reserve_direct_map(size_t size)
{
	static const uintptr_t places32[] = {
		KERNEL_BASE32, 0xbf000000, 0xb8000000, 0xa0000000, 0
	};
	unsigned int i;
	char *p = NULL;

	if (PLACE_IS_TAKEN)
		return reserve_at(0, size);
	if (sizeof(void *) == 8)
		return reserve_at((uintptr_t)(KERNEL_BASE64 & ~SIGN_EXTENSION), size);
	for (i = 0; i < ARRAY_SIZE(places32) && !p; i++)
		p = reserve_at(places32[i], size);
	if (p && (uintptr_t)p != (uintptr_t)KERNEL_BASE32)
		host_log(LOGLEVEL_INFO, "host: 0xc0000000 is taken, direct map at %p", (void *)p);
	return p;
}

static int reserve(const struct host_config *c)
{
	u64 most = c->direct_map_max ? c->direct_map_max :
		   sizeof(void *) == 8 ? RAM_LIMIT : HOST_LOWMEM_MAX;

	most = ALIGN_DOWN(most, (u64)PAGE_SIZE);
	ram.direct_most = most;
	ram.direct_end = min(ram.end, most);
	ram.base = reserve_direct_map(ram.direct_end);
	if (sizeof(void *) == 8 && ram.base) {
		ram.vmemmap_size = ALIGN((ram.end >> PAGE_SHIFT) * FRAME_DESCRIPTION, PAGE_SIZE);
		ram.vmemmap = reserve_at(PLACE_IS_TAKEN ? 0 :
				(uintptr_t)(KERNEL_VMEMMAP64 & ~SIGN_EXTENSION), ram.vmemmap_size);
	}
	if (!ram.base || (sizeof(void *) == 8 && !ram.vmemmap)) {
		host_log(LOGLEVEL_ERR, "host: no address space for %llu MiB of RAM",
			 (unsigned long long)(ram.end >> 20));
		return -ENOMEM;
	}
	return 0;
}

static bool show(void *where, u64 phys, size_t size)
{
	return mmap(where, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
		    ram.fd, (off_t)phys) != MAP_FAILED;
}

static int make_ram(void)
{
	unsigned int i;

	ram.fd = memfd_create("kmm-ram", MFD_CLOEXEC);
	if (ram.fd < 0 || ftruncate(ram.fd, (off_t)ram.end))
		goto fail;
	for (i = 0; i < ram.nr; i++) {
		struct range r = ram.range[i];

		r.end = min(r.end, ram.direct_end);
		if (r.start < r.end && !show(ram.base + r.start, r.start, r.end - r.start))
			goto fail;
	}
	return 0;
fail:
	host_log(LOGLEVEL_ERR, "host: no RAM of %llu MiB: %s",
		 (unsigned long long)(ram.end >> 20), strerror(errno));
	return -ENOMEM;
}

int host_ram_on(const struct host_config *c, struct kmm_machine *m)
{
	int err = find_ranges(c);

	if (!err && !ram.end) {
		host_log(LOGLEVEL_ERR, "host: the memory map has no RAM");
		err = -EINVAL;
	}
	if (!err)
		err = reserve(c);
	if (!err)
		err = make_ram();
	if (err) {
		host_ram_off();
		return err;
	}
	ram.populate = c->populate;
	m->page_offset = (uintptr_t)ram.base;
	m->direct_map_end = ram.direct_most;
	m->vmemmap = (struct page *)(void *)ram.vmemmap;
	m->vmemmap_end = (uintptr_t)ram.vmemmap + ram.vmemmap_size;
	return 0;
}

void host_ram_off(void)
{
	if (ram.vmemmap)
		munmap(ram.vmemmap, ram.vmemmap_size);
	if (ram.base)
		munmap(ram.base, ram.direct_end);
	if (ram.fd >= 0)
		close(ram.fd);
	free(ram.range);
	memset(&ram, 0, sizeof(ram));
	ram.fd = -1;
}

/* ---- the contract ---- */

bool kmm_memmap_back(void *virt, phys_addr_t phys, size_t size)
{
	uintptr_t at = (uintptr_t)virt - (uintptr_t)ram.vmemmap;

	if (!ram.vmemmap || at >= ram.vmemmap_size || size > ram.vmemmap_size - at ||
	    phys > ram.end || size > ram.end - phys)
		return false;
	if (!show(virt, phys, size))
		return false;
	if (ram.populate)
		madvise(virt, size, MADV_POPULATE_WRITE);
	return true;
}

void *kmm_map_frame(phys_addr_t phys)
{
	void *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram.fd, (off_t)phys);

	if (p == MAP_FAILED || !is_ram(phys))
		kmm_stop("host: kmm_map_frame of what is no RAM");
	return p;
}

void kmm_unmap_frame(void *virt)
{
	munmap(virt, PAGE_SIZE);
}

/* ---- for tools ---- */

u64 host_kernel_address(const void *p)
{
	u64 a = (uintptr_t)p;
	bool wide = sizeof(void *) == 8;

	if (ram.base && a - (uintptr_t)ram.base < ram.direct_end)
		return (wide ? KERNEL_BASE64 : KERNEL_BASE32) + (a - (uintptr_t)ram.base);
	if (ram.vmemmap && a - (uintptr_t)ram.vmemmap < ram.vmemmap_size)
		return KERNEL_VMEMMAP64 + (a - (uintptr_t)ram.vmemmap);
	return a;
}

const char *host_ram_describe(uintptr_t addr)
{
	u64 at = addr - (uintptr_t)ram.base;

	if (ram.base && at < ram.direct_end)
		return is_ram(at) ? "no memory left on the host for this RAM" : "a hole in RAM";
	if (ram.vmemmap && addr - (uintptr_t)ram.vmemmap < ram.vmemmap_size)
		return "page array without memory behind it";
	if (sizeof(void *) == 8 && (u64)addr >= SIGN_EXTENSION)
		return "a kernel address that was not translated";
	return NULL;
}

void *host_ram_pointer(phys_addr_t phys)
{
	return phys < ram.direct_end && is_ram(phys) ? ram.base + phys : NULL;
}

u64 host_ram_used(void)
{
	struct stat st;

	return ram.fd >= 0 && !fstat(ram.fd, &st) ? (u64)st.st_blocks * 512 : 0;
}
