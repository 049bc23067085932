// SPDX-License-Identifier: MIT
/*
 * address.c - vmalloc, vfree, kmap, kunmap, percpu, walk, peek, poke, set_memory, tlb: the kernel's
 * address space by hand.
 *
 * What is allocated gets a handle, "%1", "%2" ...: an area of vmalloc space, a mapped page of
 * high memory, per-CPU memory. An address may be written wherever a handle may; what is done to
 * it is done, right or wrong: peek and poke are plain accesses, and one that the page tables do
 * not allow stops the machine with an oops.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/err.h>
#include <kmm/fault.h>
#include <kmm/highmem.h>
#include <kmm/mm.h>
#include <kmm/percpu.h>
#include <kmm/set_memory.h>
#include <kmm/vmalloc.h>

#include "../command.h"
#include "console.h"

/* ---- handles ---- */

static const char *const kinds[] = {
	[HELD_VMALLOC] = "vmalloc", [HELD_KMAP] = "kmap", [HELD_PERCPU] = "percpu",
};

static struct held_address *address_new(struct console *c, enum held_kind kind, void *addr,
					size_t size)
{
	struct held_address *more = realloc(c->addresses, (c->nr_addresses + 1) * sizeof(*more));

	if (!more) {
		console_error(c, "the host is out of memory");
		return NULL;
	}
	c->addresses = more;
	more += c->nr_addresses++;
	*more = (struct held_address){
		.id = ++c->last_address, .kind = kind, .addr = addr, .size = size,
	};
	return more;
}

static void address_drop(struct console *c, struct held_address *h)
{
	size_t at = (size_t)(h - c->addresses);

	c->nr_addresses--;
	memmove(h, h + 1, (c->nr_addresses - at) * sizeof(*h));
}

void addresses_forget(struct console *c)
{
	free(c->addresses);
	c->addresses = NULL;
	c->nr_addresses = c->last_address = 0;
}

static unsigned long long printed(const void *p)
{
	uintptr_t addr = (uintptr_t)p;

	return addr < PAGE_SIZE ? addr : kernel_address(addr);
}

static void print_address(struct console *c, const struct held_address *h)
{
	if (h->kind == HELD_PERCPU)
		fprintf(c->out, "%%%u: %zu bytes a CPU, CPU %u's at 0x%llx\n", h->id, h->size,
			c->cpu, printed(per_cpu_ptr((void __percpu *)h->addr, c->cpu)));
	else
		fprintf(c->out, "%%%u: 0x%llx, %zu bytes, %s\n", h->id, printed(h->addr), h->size,
			kinds[h->kind]);
}

void console_list_addresses(struct console *c)
{
	for (unsigned int i = 0; i < c->nr_addresses; i++)
		print_address(c, &c->addresses[i]);
}

/* "%3", the handle; NULL after complaining. */
static struct held_address *find_handle(struct console *c, const char *text)
{
	u64 id;

	if (console_number(c, "handle", text + 1, &id))
		return NULL;
	for (unsigned int i = 0; i < c->nr_addresses; i++)
		if (c->addresses[i].id == id)
			return &c->addresses[i];
	console_error(c, "no handle %s; list shows what is held", text);
	return NULL;
}

static int handle_address(struct console *c, const char *text, uintptr_t *addr)
{
	struct held_address *h = find_handle(c, text);

	if (!h)
		return -1;
	*addr = (uintptr_t)(h->kind == HELD_PERCPU ?
			    per_cpu_ptr((void __percpu *)h->addr, c->cpu) : h->addr);
	return 0;
}

/* As it is printed, or a pointer of this program. */
static int plain_address(struct console *c, const char *text, uintptr_t *addr)
{
	u64 n;

	if (console_number(c, "address", text, &n))
		return -1;
	if (n > UINTPTR_MAX)
		return console_error(c, "address: %s has more than %zu bits", text,
				     8 * sizeof(void *));
	*addr = n >= kernel_address(PAGE_OFFSET) ? kernel_pointer(n) : (uintptr_t)n;
	return 0;
}

/* An address in any notation: "%3", "%3+4096", "0xffffc90000000000+1". */
static int any_address(struct console *c, char *text, uintptr_t *addr)
{
	char *plus = strchr(text, '+');
	u64 more = 0;

	if (plus && console_number(c, "offset", plus + 1, &more))
		return -1;
	if (plus)
		*plus = '\0';
	if (text[0] == '%' ? handle_address(c, text, addr) : plain_address(c, text, addr))
		return -1;
	if (more > UINTPTR_MAX - *addr)
		return console_error(c, "offset: %s is beyond the last address", plus + 1);
	*addr += (uintptr_t)more;
	return 0;
}

/*
 * What an access may be tried at: the kernel's addresses, from the direct map to the fixmap (but
 * for its two highest pages, which are holes, and the host's on IA-32), and what lies behind NULL.
 * A process's address is refused, for there are no processes; in this one kmm itself lies there.
 */
static bool is_kernels(uintptr_t addr)
{
	return addr < PAGE_SIZE || (addr >= PAGE_OFFSET && addr < FIXADDR_TOP - PAGE_SIZE);
}

static int kernels_address(struct console *c, char *text, uintptr_t *addr)
{
	if (any_address(c, text, addr))
		return -1;
	return is_kernels(*addr) ? 0 :
	       console_error(c, "address: the kernel has none like %s", text);
}

/* ---- vmalloc ---- */

struct area_request {
	struct console_request what;
	unsigned long size;
	bool huge;
	void *area;
};

static void do_vmalloc(void *arg)
{
	struct area_request *r = arg;

	/* /proc/vmallocinfo is to name the command. */
	const void *me = (const char *)(uintptr_t)console_vmalloc + 1;

	r->area = __vmalloc_node_range(r->size, 1, VMALLOC_START, VMALLOC_END, r->what.gfp,
				       PAGE_KERNEL, r->huge ? VM_ALLOW_HUGE_VMAP : 0,
				       r->what.nid, me);
}

static int vmalloc_many(struct console *c, struct area_request *r)
{
	struct held_address *h = NULL;

	for (u64 i = 0; i < r->what.count; i++) {
		console_on_cpu_of(&r->what, do_vmalloc, r);
		if (!r->area)
			return console_error(c, "vmalloc: no memory, or room, after %llu of %llu",
					     (unsigned long long)i,
					     (unsigned long long)r->what.count);
		h = address_new(c, HELD_VMALLOC, r->area, r->size);
		if (!h)
			return -1;
		if (!i)
			print_address(c, h);
	}
	if (r->what.count > 1)
		fprintf(c->out, "... to %%%u\n", h->id);
	return 0;
}

int console_vmalloc(struct console *c, int argc, char **argv)
{
	struct area_request r = { .what = { GFP_KERNEL, NUMA_NO_NODE, c->cpu, 1 } };
	u64 size;

	if (argc < 2)
		return console_usage(c, "vmalloc");
	if (!parse_size(argv[1], &size))
		return console_error(c, "vmalloc: '%s' is not a size (as 64K)", argv[1]);
	if (!size)
		return console_error(c, "vmalloc: no bytes are no area");
	r.size = (unsigned long)size;
	if (r.size != size)
		return console_error(c, "vmalloc: %s bytes are more than there are addresses",
				     argv[1]);
	for (int i = 2; i < argc; i++) {
		int taken;

		if (!strcmp(argv[i], "huge")) {
			r.huge = true;
			continue;
		}
		taken = console_request_word(c, &r.what, argv[i]);
		if (taken < 0)
			return -1;
		if (!taken)
			return console_usage(c, "vmalloc");
	}
	return vmalloc_many(c, &r);
}

static void do_vfree(void *area)
{
	vfree(area);
}

int console_vfree(struct console *c, int argc, char **argv)
{
	struct held_address *h;
	uintptr_t addr;

	if (argc != 2)
		return console_usage(c, "vfree");
	if (!strcmp(argv[1], "all")) {
		for (unsigned int i = c->nr_addresses; i-- > 0;)
			if (c->addresses[i].kind == HELD_VMALLOC) {
				console_on_cpu(c, do_vfree, c->addresses[i].addr);
				address_drop(c, &c->addresses[i]);
			}
		return 0;
	}
	if (any_address(c, argv[1], &addr))
		return -1;
	console_on_cpu(c, do_vfree, (void *)addr);
	for (h = c->addresses; h < c->addresses + c->nr_addresses; h++)
		if (h->kind == HELD_VMALLOC && h->addr == (void *)addr) {
			address_drop(c, h);
			break;
		}
	return 0;
}

/* ---- high memory ---- */

struct kmap_request {
	struct page *page;
	void *addr;
};

static void do_kmap(void *arg)
{
	struct kmap_request *r = arg;

	r->addr = kmap(r->page);
}

static void do_kunmap(void *arg)
{
	struct kmap_request *r = arg;

	kunmap(r->page);
}

int console_kmap(struct console *c, int argc, char **argv)
{
	struct kmap_request r;
	struct held_address *h;
	struct zone *zone;
	unsigned long pfn;
	const char *why;

	if (argc != 2)
		return console_usage(c, "kmap");
	if (console_frame(c, argv[1], &pfn))
		return -1;
	if (!frame_is_ready(pfn, &zone, &why))
		return console_error(c, "kmap: frame 0x%lx: %s", pfn, why);
	r.page = pfn_to_page(pfn);
	console_on_cpu(c, do_kmap, &r);
	h = address_new(c, HELD_KMAP, r.addr, PAGE_SIZE);
	if (!h)
		return -1;
	h->page = r.page;
	print_address(c, h);
	return 0;
}

int console_kunmap(struct console *c, int argc, char **argv)
{
	struct kmap_request r;
	struct held_address *h;

	if (argc != 2 || argv[1][0] != '%')
		return console_usage(c, "kunmap");
	h = find_handle(c, argv[1]);
	if (!h)
		return -1;
	if (h->kind != HELD_KMAP)
		return console_error(c, "%s is no mapped page", argv[1]);
	r.page = h->page;
	console_on_cpu(c, do_kunmap, &r);
	address_drop(c, h);
	return 0;
}

/* ---- per-CPU memory ---- */

struct percpu_request {
	size_t size, align;
	void __percpu *p;
};

static void do_percpu(void *arg)
{
	struct percpu_request *r = arg;

	r->p = __alloc_percpu(r->size, r->align);
}

static void do_free_percpu(void *p)
{
	free_percpu((void __percpu *)p);
}

static int percpu_free(struct console *c, const char *text)
{
	struct held_address *h = text[0] == '%' ? find_handle(c, text) : NULL;

	if (!h)
		return text[0] == '%' ? -1 : console_usage(c, "percpu");
	if (h->kind != HELD_PERCPU)
		return console_error(c, "%s is no per-CPU memory", text);
	console_on_cpu(c, do_free_percpu, h->addr);
	address_drop(c, h);
	return 0;
}

int console_percpu(struct console *c, int argc, char **argv)
{
	u64 size, align = sizeof(u64);
	struct percpu_request r;
	struct held_address *h;

	if (argc == 3 && !strcmp(argv[1], "free"))
		return percpu_free(c, argv[2]);
	if (argc < 2 || argc > 3)
		return console_usage(c, "percpu");
	if (!parse_size(argv[1], &size) || (argc == 3 && !parse_size(argv[2], &align)))
		return console_error(c, "percpu: '%s' is not a size (as 64 or 4K)",
				     argv[parse_size(argv[1], &size) ? 2 : 1]);
	r.size = (size_t)min(size, (u64)SIZE_MAX);
	r.align = (size_t)min(align, (u64)SIZE_MAX);
	console_on_cpu(c, do_percpu, &r);
	if (!r.p)
		return console_error(c, "percpu: no memory, or an impossible size or alignment");
	h = address_new(c, HELD_PERCPU, (void *)r.p, r.size);
	if (!h)
		return -1;
	print_address(c, h);
	return 0;
}

/* ---- what lies there ---- */

int console_walk(struct console *c, int argc, char **argv)
{
	uintptr_t addr;
	char text[512];
	size_t len;

	if (argc != 2)
		return console_usage(c, "walk");
	if (any_address(c, argv[1], &addr))
		return -1;
	len = page_table_text(addr, text, sizeof(text));
	while (len && text[len - 1] == ' ')
		len--;
	fprintf(c->out, "%.*s\n", (int)len, text);
	return 0;
}

#define PEEK_LINE	16u
#define PEEK_MAX	65536u

struct access {
	uintptr_t addr;
	unsigned int nr;
	unsigned char byte[PEEK_LINE];
};

/* NULL too is tried, and the sanitizers are not asked. */
#define as_it_is __attribute__((no_sanitize("undefined", "address")))

static as_it_is void do_peek(void *arg)
{
	struct access *a = arg;

	for (unsigned int i = 0; i < a->nr; i++)
		a->byte[i] = ((volatile unsigned char *)a->addr)[i];
}

static as_it_is void do_poke(void *arg)
{
	struct access *a = arg;

	*(volatile unsigned char *)a->addr = a->byte[0];
}

/* A line is read before any of it is printed: an oops does not stand in its middle. */
static void peek_line(struct console *c, struct access *a)
{
	console_on_cpu(c, do_peek, a);
	fprintf(c->out, "0x%llx:", printed((void *)a->addr));
	for (unsigned int i = 0; i < a->nr; i++)
		fprintf(c->out, " %02x", a->byte[i]);
	fputc('\n', c->out);
}

int console_peek(struct console *c, int argc, char **argv)
{
	struct access a;
	u64 nr = PEEK_LINE;

	if (argc < 2 || argc > 3)
		return console_usage(c, "peek");
	if (kernels_address(c, argv[1], &a.addr) ||
	    (argc == 3 && console_number(c, "count", argv[2], &nr)))
		return -1;
	if (nr > PEEK_MAX)
		return console_error(c, "count: at most %u", PEEK_MAX);
	for (; nr; nr -= a.nr, a.addr += a.nr) {
		a.nr = (unsigned int)min(nr, (u64)PEEK_LINE);
		if (!is_kernels(a.addr + a.nr - 1))
			return console_error(c, "peek: there the kernel's addresses end");
		peek_line(c, &a);
	}
	return 0;
}

int console_poke(struct console *c, int argc, char **argv)
{
	struct access a;
	u64 byte;

	if (argc != 3)
		return console_usage(c, "poke");
	if (kernels_address(c, argv[1], &a.addr) || console_number(c, "byte", argv[2], &byte))
		return -1;
	if (byte > 255)
		return console_error(c, "byte: %s is above 255", argv[2]);
	a.byte[0] = (unsigned char)byte;
	console_on_cpu(c, do_poke, &a);
	return 0;
}

/* ---- protections ---- */

struct protection {
	const char *name;
	int (*set)(unsigned long addr, int numpages);
};

static const struct protection protections[] = {
	{ "ro", set_memory_ro }, { "rw", set_memory_rw }, { "x", set_memory_x },
	{ "nx", set_memory_nx }, { "np", set_memory_np }, { "p", set_memory_p },
	{ "uc", set_memory_uc }, { "wc", set_memory_wc }, { "wb", set_memory_wb },
};

struct protect_request {
	const struct protection *how;
	uintptr_t addr;
	int pages, err;
};

static void do_protect(void *arg)
{
	struct protect_request *r = arg;

	r->err = r->how->set(r->addr, r->pages);
}

int console_set_memory(struct console *c, int argc, char **argv)
{
	struct protect_request r = { .how = NULL };
	u64 pages = 1;

	if (argc < 3 || argc > 4)
		return console_usage(c, "set_memory");
	for (size_t i = 0; i < ARRAY_SIZE(protections); i++)
		if (!strcmp(argv[1], protections[i].name))
			r.how = &protections[i];
	if (!r.how)
		return console_usage(c, "set_memory");
	if (kernels_address(c, argv[2], &r.addr) ||
	    (argc == 4 && console_number(c, "pages", argv[3], &pages)))
		return -1;
	if (!pages || pages > INT32_MAX || r.addr % PAGE_SIZE)
		return console_error(c, "set_memory: whole pages are wanted, 1 to %d", INT32_MAX);
	r.pages = (int)pages;
	console_on_cpu(c, do_protect, &r);
	return r.err ? console_error(c, "set_memory: %s", strerror(-r.err)) : 0;
}

/* ---- TLBs ---- */

#ifdef KMM_PC
int console_tlb(struct console *c, int argc, char **argv)
{
	(void)argc;
	return console_error(c, "%s: a real processor keeps that to itself; /proc/vmstat counts "
			     "what was asked of it (nr_tlb_...)", argv[0]);
}
#else
int console_tlb(struct console *c, int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "reset")) {
		for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
			host_tlb_stats_reset(cpu);
		return 0;
	}
	if (argc != 1)
		return console_usage(c, "tlb");
	fprintf(c->out, "CPU     misses  one page       all  by tag  interrupts\n");
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct host_tlb_stats s = host_tlb_stats(cpu);

		fprintf(c->out, "%3u %10llu %9llu %9llu %7llu %11llu\n", cpu,
			(unsigned long long)s.misses, (unsigned long long)s.flush_one,
			(unsigned long long)s.flush_all, (unsigned long long)s.flush_pcid,
			(unsigned long long)s.interrupts);
	}
	return 0;
}
#endif
