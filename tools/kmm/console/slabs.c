// SPDX-License-Identifier: MIT
/*
 * slabs.c - slabs, slabtop, object: what the machine's caches are made of.
 *
 * Figures are <kmm/slabinfo.h>'s. The CPUs are idle meanwhile.
 */
#include <string.h>

#include <kmm/mm.h>

#include "tools/kmm/slabtop/slabs.h"

#include "../command.h"
#include "console.h"

/* ---- slabtop, slabs ---- */

static int print_table(struct console *c, char letter)
{
	struct slabs t = { .line = NULL };
	bool read = slabs_read(&t);

	if (read) {
		slabs_sort(&t, letter);
		slabs_print(&t, c->out);
	}
	slabs_free(&t);
	return read ? 0 : console_error(c, "slabtop: the host is out of memory");
}

int console_slabtop(struct console *c, int argc, char **argv)
{
	const char *letter = argc > 1 ? argv[1] : "o";

	if (argc > 2 || strlen(letter) != 1 || !slabs_criterion(letter[0]))
		return console_usage(c, "slabtop");
	return print_table(c, letter[0]);
}

/* "RECLAIM_ACCOUNT|PANIC" */
static void print_flags(struct console *c, slab_flags_t flags)
{
	const char *between = "";

	for (const struct slab_flag_name *f = slab_flag_names; f->name; f++) {
		if (!(flags & f->flag))
			continue;
		fprintf(c->out, "%s%s", between, f->name + strlen("SLAB_"));
		between = "|";
	}
}

static int list_caches(struct console *c)
{
	struct kmem_cache_info info;
	char size[16];

	fprintf(c->out, "%-28s %9s %9s %7s %6s %5s %8s %8s %7s  %s\n", "Cache", "in use", "objects",
		"size", "stride", "order", "slabs", "partial", "memory", "flags");
	for (unsigned int i = 0; kmem_cache_info(i, &info); i++) {
		size_text((u64)info.num_slabs << (PAGE_SHIFT + info.order), size);
		fprintf(c->out, "%-28s %9lu %9lu %7u %6u %5u %8lu %8lu %7s  ", info.name,
			info.active_objs, info.num_objs, info.object_size, info.size, info.order,
			info.num_slabs, info.partial + info.slabs_cpu_partial, size);
		print_flags(c, info.flags);
		fputc('\n', c->out);
	}
	return 0;
}

static void print_nodes(struct console *c, const struct kmem_cache_info *info)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (info->node_slabs[nid])
			fprintf(c->out, "  node %-6d %u slabs, %u objects, %u in use; %u partial\n",
				nid, info->node_slabs[nid], info->node_objects[nid],
				info->node_active[nid], info->node_partial[nid]);
}

static int print_cache(struct console *c, const char *name)
{
	struct kmem_cache_info info;

	if (!kmem_cache_info_by_name(name, &info))
		return console_error(c, "slabs: no cache '%s'", name);
	fprintf(c->out, "%s%s%s (%s)\n", name, strcmp(name, info.name) ? ", shares the slabs of " :
		"", strcmp(name, info.name) ? info.name : "", slab_allocator_name());
	fprintf(c->out, "  object     %u bytes, one every %u, aligned to %u", info.object_size,
		info.size, info.align);
	if (info.usersize)
		fprintf(c->out, "; [%u, %u) may go to user space", info.useroffset,
			info.useroffset + info.usersize);
	fprintf(c->out, "\n  slab       order %u, %u objects, %llu bytes left over\n", info.order,
		info.objects_per_slab, ((unsigned long long)PAGE_SIZE << info.order) -
		(unsigned long long)info.objects_per_slab * info.size);
	fputs("  flags      ", c->out);
	print_flags(c, info.flags);
	fprintf(c->out, "\n  objects    %lu, %lu in use\n", info.num_objs, info.active_objs);
	fprintf(c->out, "  slabs      %lu: %lu current, %lu in CPUs' lists, %lu in nodes' lists\n",
		info.num_slabs, info.cpu_slabs, info.slabs_cpu_partial, info.partial);
	fprintf(c->out, "  keeps      a node %u empty slabs; a CPU %u objects in partial slabs\n",
		info.min_partial, info.cpu_partial);
	if (info.limit)
		fprintf(c->out, "  arrays     limit %u, batch %u, shared %u\n", info.limit,
			info.batchcount, info.shared);
	if (info.aliases)
		fprintf(c->out, "  shared by  %u more\n", info.aliases);
	print_nodes(c, &info);
	return 0;
}

int console_slabs(struct console *c, int argc, char **argv)
{
	if (argc > 2)
		return console_usage(c, "slabs");
	return argc == 2 ? print_cache(c, argv[1]) : list_caches(c);
}

/* ---- object ---- */

#define MAP_WIDTH 64

/* Every object of a slab; the one that was asked for stands out. */
static void draw_slab(struct console *c, const void *addr, const struct kmem_obj_info *o)
{
	for (unsigned int i = 0; i < o->objects; i++) {
		bool used = kmem_obj_in_use(addr, i), it = o->object && i == o->index;

		if (i % MAP_WIDTH == 0)
			fprintf(c->out, "\n  %5u ", i);
		fputc(it ? (used ? 'O' : 'F') : used ? '#' : '.', c->out);
	}
	fputc('\n', c->out);
}

static void print_place(struct console *c, const void *addr, const struct kmem_obj_info *o)
{
	if (!o->object) {
		fputs("  object     none: it lies between objects\n", c->out);
		return;
	}
	fprintf(c->out, "  object     0x%llx",
		(unsigned long long)host_kernel_address(o->object));
	if (addr != o->object)
		fprintf(c->out, ", and %zu bytes",
			(size_t)((const char *)addr - (const char *)o->object));
	if (o->objects)
		fprintf(c->out, ", number %u of %u", o->index, o->objects);
	fprintf(c->out, "\n  state      %s\n", o->in_use ? "in use" : "free");
}

int console_object(struct console *c, int argc, char **argv)
{
	struct kmem_obj_info o;
	void *addr;

	if (argc != 2)
		return console_usage(c, "object");
	if (console_address(c, argv[1], &addr))
		return -1;
	fprintf(c->out, "0x%llx: ", (unsigned long long)host_kernel_address(addr));
	if (!kmem_obj_info(addr, &o)) {
		fputs("in no slab; page says more\n", c->out);
		return 0;
	}
	if (!o.cache[0]) {
		fprintf(c->out, "%lu bytes in whole pages, by kmalloc()\n", o.span);
		print_place(c, addr, &o);
		return 0;
	}
	fputs(o.cache, c->out);
	if (o.objects)
		fprintf(c->out, ", %u bytes", o.object_size);
	fputc('\n', c->out);
	print_place(c, addr, &o);
	fprintf(c->out, "  slab       0x%llx, %lu bytes, node %d",
		(unsigned long long)host_kernel_address(o.slab), o.span, o.node);
	if (o.cpu >= 0)
		fprintf(c->out, ", the current one of CPU %d", o.cpu);
	if (o.objects)
		draw_slab(c, addr, &o);
	else
		fputc('\n', c->out);
	return 0;
}
