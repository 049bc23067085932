// SPDX-License-Identifier: MIT
/*
 * percpu_info.c - looking at per-CPU memory: statistics, addresses in words, the validator.
 *
 * A chunk's map is read as a sequence of *areas*, allocated or free, up to the last allocated one:
 *
 *	|hidden|#### ## ######.....###....##|......
 *	        ^start                      ^last
 *
 * What is free behind that is not fragmentation. The median is found without memory for the sizes,
 * which could not be allocated under the lock: by halving the range it must lie in, counting each
 * time.
 *
 * Format: Linux 6.1, mm/percpu-stats.c.
 */
#include <kmm/vmalloc.h>

#include "lib/vsprintf.h"
#include "mm/kernel/percpu.h"

unsigned long pcpu_nr_pages(void)
{
	return READ_ONCE(pcpu_nr_populated) * nr_cpu_ids;
}

/* --- statistics of a chunk. Pre: P --- */

struct map_area {
	unsigned int start, size;
	bool taken;
};

/* The area behind *a (size 0: the first); false: there is none below `end`. */
static bool next_area(const struct pcpu_map *map, struct map_area *a, unsigned int end)
{
	a->start += a->size;
	if (a->start >= end)
		return false;
	a->taken = pcpu_is_taken(map, a->start);
	if (a->taken)
		a->size = pcpu_map_size(map, a->start);
	else
		a->size = pcpu_map_next_taken(map, end, a->start) - a->start;
	KMM_BUG_ON(!a->size);
	return true;
}

struct chunk_figures {
	unsigned int nr, smallest, largest, median, sum_frag, max_frag;
};

/* How many allocations are not larger than `most`. */
static unsigned int count_up_to(const struct pcpu_chunk *c, unsigned int end, unsigned int most)
{
	struct map_area a = { .start = c->hidden };
	unsigned int n = 0;

	while (next_area(&c->map, &a, end))
		n += a.taken && a.size <= most;
	return n;
}

static unsigned int median(const struct pcpu_chunk *c, unsigned int end,
			   const struct chunk_figures *f)
{
	unsigned int low = f->smallest, high = f->largest;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (count_up_to(c, end, middle) > (f->nr - 1) / 2)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct chunk_figures collect(const struct pcpu_chunk *c)
{
	struct chunk_figures f = { .smallest = ~0u };
	struct map_area a = { .start = c->hidden };
	unsigned int end = pcpu_map_end(&c->map);

	if (c == pcpu_reserved_chunk)
		end = min(end, c->hidden + c->usable);
	while (next_area(&c->map, &a, end)) {
		if (!a.taken) {
			f.sum_frag += a.size;
			f.max_frag = max(f.max_frag, a.size);
			continue;
		}
		f.nr++;
		f.smallest = min(f.smallest, a.size);
		f.largest = max(f.largest, a.size);
	}
	if (!f.nr)
		return (struct chunk_figures){ 0 };
	f.median = median(c, end, &f);
	return f;
}

/* --- percpu_stats --- */

struct printer {
	void (*fn)(void *arg, const struct pcpu_line *line);
	void *arg;
};

static void heading(const struct printer *p, const char *text)
{
	p->fn(p->arg, &(struct pcpu_line){ .text = text, .heading = true });
}

static void figure(const struct printer *p, const char *name, u64 value)
{
	p->fn(p->arg, &(struct pcpu_line){ .text = name, .value = (s64)value });
}

#define RULE "----------------------------------------\n"

static void print_chunk(const struct printer *p, const struct pcpu_chunk *c)
{
	unsigned int bits = c->map.nr_pages * PCPU_PAGE_BITS;
	struct chunk_figures f = collect(c);

	figure(p, "nr_alloc", c->nr_alloc);
	figure(p, "max_alloc_size", c->max_alloc_size);
	figure(p, "empty_pop_pages", (u64)pcpu_empty_populated(&c->map));
	figure(p, "first_bit", pcpu_map_next_free(&c->map, bits, 0));
	figure(p, "free_bytes", (u64)c->map.free * PCPU_MIN_ALLOC_SIZE);
	figure(p, "contig_bytes", (u64)pcpu_map_longest(&c->map) * PCPU_MIN_ALLOC_SIZE);
	figure(p, "sum_frag", f.sum_frag * PCPU_MIN_ALLOC_SIZE);
	figure(p, "max_frag", f.max_frag * PCPU_MIN_ALLOC_SIZE);
	figure(p, "cur_min_alloc", f.smallest * PCPU_MIN_ALLOC_SIZE);
	figure(p, "cur_med_alloc", f.median * PCPU_MIN_ALLOC_SIZE);
	figure(p, "cur_max_alloc", f.largest * PCPU_MIN_ALLOC_SIZE);
	heading(p, "\n");
}

static void print_layout(const struct printer *p)
{
	heading(p, "Percpu Memory Statistics\nAllocation Info:\n" RULE);
	figure(p, "unit_size", pcpu_layout.unit_size);
	figure(p, "static_size", pcpu_layout.static_size);
	figure(p, "reserved_size", pcpu_layout.reserved_size);
	figure(p, "dyn_size", pcpu_layout.dyn_size);
	figure(p, "atom_size", pcpu_layout.atom_size);
	figure(p, "alloc_size", pcpu_layout.alloc_size);
	heading(p, "\n");
}

static void print_globals(const struct printer *p)
{
	heading(p, "Global Stats:\n" RULE);
	figure(p, "nr_alloc", pcpu_stats.nr_alloc);
	figure(p, "nr_dealloc", pcpu_stats.nr_alloc - pcpu_stats.nr_cur_alloc);
	figure(p, "nr_cur_alloc", pcpu_stats.nr_cur_alloc);
	figure(p, "nr_max_alloc", pcpu_stats.nr_max_alloc);
	figure(p, "nr_chunks", pcpu_stats.nr_chunks);
	figure(p, "nr_max_chunks", pcpu_stats.nr_max_chunks);
	figure(p, "min_alloc_size", pcpu_stats.min_alloc_size);
	figure(p, "max_alloc_size", pcpu_stats.max_alloc_size);
	figure(p, "empty_pop_pages", (u64)pcpu_nr_empty_populated);
	heading(p, "\n");
}

void pcpu_for_each_line(void (*fn)(void *arg, const struct pcpu_line *line), void *arg)
{
	const struct printer p = { fn, arg };
	struct pcpu_chunk *c;
	unsigned long flags;
	unsigned int slot;

	spin_lock_irqsave(&pcpu_lock, flags);
	pcpu_settle();
	print_layout(&p);
	print_globals(&p);
	heading(&p, "Per Chunk Stats:\n" RULE);
	if (pcpu_reserved_chunk) {
		heading(&p, "Chunk: <- Reserved Chunk\n");
		print_chunk(&p, pcpu_reserved_chunk);
	}
	for (slot = 0; slot < PCPU_SLOTS; slot++)
		list_for_each_entry(c, &pcpu_slots[slot], list) {
			heading(&p, c == pcpu_first_chunk ? "Chunk: <- First Chunk\n" : "Chunk:\n");
			print_chunk(&p, c);
		}
	spin_unlock_irqrestore(&pcpu_lock, flags);
}

/* --- addresses --- */

bool is_kernel_percpu_address(uintptr_t addr)
{
	unsigned int cpu;

	for (cpu = 0; pcpu_layout.base && cpu < nr_cpu_ids; cpu++)
		if (addr - pcpu_layout.base - pcpu_unit_offset(cpu) < pcpu_layout.static_size)
			return true;
	return false;
}

phys_addr_t per_cpu_ptr_to_phys(void *addr)
{
	if (!is_vmalloc_addr(addr))
		return __pa(addr);
	return PFN_PHYS(vmalloc_to_pfn(addr)) + ((uintptr_t)addr & ~PAGE_MASK);
}

/* What a chunk has at an offset. */
static const char *state_at(const struct pcpu_chunk *c, uintptr_t offset)
{
	if (!(c->map.populated >> (offset >> PAGE_SHIFT) & 1))
		return "not populated";
	return pcpu_is_taken(&c->map, (unsigned int)(offset >> PCPU_GRANULE_SHIFT)) ?
	       "allocated" : "free";
}

static bool describe_in_chunk(const struct pcpu_chunk *c, uintptr_t addr, char *buf, size_t size)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		uintptr_t offset = addr - c->base - pcpu_unit_offset(cpu);

		if (offset >= (uintptr_t)c->map.nr_pages << PAGE_SHIFT)
			continue;
		scnprintf(buf, size, "per-CPU memory of CPU %u, %s, offset 0x%lx, %s", cpu,
			  c == pcpu_first_chunk ? "first chunk" : "chunk", (unsigned long)offset,
			  state_at(c, offset));
		return true;
	}
	return false;
}

/* Called from faults: it must not wait for a lock that the faulting code may hold. */
bool percpu_describe(uintptr_t addr, char *buf, size_t size)
{
	unsigned long flags = kmm_local_irq_save();
	bool found = false;
	struct rb_node *n;

	if (spin_trylock(&pcpu_lock)) {
		if (is_kernel_percpu_address(addr)) {
			scnprintf(buf, size, "per-CPU static variables");
			found = true;
		}
		for (n = rb_first(&pcpu_chunks); n && !found; n = rb_next(n))
			found = describe_in_chunk(rb_entry(n, struct pcpu_chunk, node), addr, buf,
						  size);
		spin_unlock(&pcpu_lock);
	}
	kmm_local_irq_restore(flags);
	return found;
}

/* --- the validator --- */

static void check_chunk(const struct pcpu_chunk *c)
{
	struct map_area a = { .start = c->hidden };
	unsigned int end = min(pcpu_map_end(&c->map), c->hidden + c->usable), nr = 0;

	pcpu_map_check(&c->map);
	while (next_area(&c->map, &a, end))
		nr += a.taken;
	KMM_BUG_ON(nr != c->nr_alloc);
	if (c->immutable)
		KMM_BUG_ON(c->map.populated != pcpu_all_pages(&c->map));
	else
		KMM_BUG_ON(c->map.nr_pages != pcpu_layout.chunk_pages || c->hidden);
}

/* Every populated page is mapped, no other is: for all CPUs. */
static void check_mapped(const struct pcpu_chunk *c)
{
	unsigned int cpu, p;

	if (!c->vms)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (p = 0; p < c->map.nr_pages; p++)
			KMM_BUG_ON(!vmalloc_to_page((void *)pcpu_page_addr(c, cpu, p)) !=
				   !(c->map.populated >> p & 1));
}

struct totals {
	unsigned int chunks, areas;
	unsigned long populated;
	long empty;
};

static void check_list(unsigned int slot, struct totals *t)
{
	struct pcpu_chunk *c;

	list_for_each_entry(c, &pcpu_slots[slot], list) {
		check_chunk(c);
		check_mapped(c);
		KMM_BUG_ON(c->slot != slot);
		t->chunks++;
		t->areas += c->nr_alloc;
		t->empty += pcpu_empty_populated(&c->map);
		if (c->immutable)
			continue;
		for (u64 pages = c->map.populated; pages; pages &= pages - 1)
			t->populated++;
	}
}

static void check_tree(unsigned int chunks)
{
	struct rb_node *n, *next;

	for (n = rb_first(&pcpu_chunks); n; n = next, chunks--) {
		struct pcpu_chunk *c = rb_entry(n, struct pcpu_chunk, node);

		next = rb_next(n);
		KMM_BUG_ON(next && rb_entry(next, struct pcpu_chunk, node)->base <
					   c->base + ((uintptr_t)c->map.nr_pages << PAGE_SHIFT));
	}
	KMM_BUG_ON(chunks);
}

void percpu_check(void)
{
	struct totals t = { 0 };
	unsigned long flags;
	unsigned int slot;

	while (!spin_trylock(&pcpu_mutex))
		kmm_cpu_poll();
	spin_lock_irqsave(&pcpu_lock, flags);
	pcpu_settle();
	for (slot = 0; slot < PCPU_SLOTS; slot++)
		check_list(slot, &t);
	check_tree(t.chunks);
	if (pcpu_reserved_chunk) {
		check_chunk(pcpu_reserved_chunk);
		t.areas += pcpu_reserved_chunk->nr_alloc;
	}
	if (pcpu_layout.base)
		t.populated += (pcpu_layout.static_size + pcpu_layout.reserved_size +
				pcpu_layout.dyn_size) >> PAGE_SHIFT;
	KMM_BUG_ON(t.chunks != pcpu_stats.nr_chunks || t.areas != pcpu_stats.nr_cur_alloc);
	KMM_BUG_ON(t.empty != pcpu_nr_empty_populated || t.populated != pcpu_nr_populated);
	spin_unlock_irqrestore(&pcpu_lock, flags);
	spin_unlock(&pcpu_mutex);
}
