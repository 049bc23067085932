// SPDX-License-Identifier: MIT
/* fake_core.c - see fake_core.h. */
#include "fake_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/e820.h>
#include <kmm/errno.h>
#include <kmm/fault_inject.h>
#include <kmm/ioport.h>
#include <kmm/kmm.h>
#include <kmm/memblock.h>
#include <kmm/mm.h>
#include <kmm/param.h>
#include <kmm/percpu.h>
#include <kmm/set_memory.h>
#include <kmm/setup.h>
#include <kmm/stack.h>
#include <kmm/sysctl.h>
#include <kmm/tlbflush.h>
#include <kmm/vmalloc.h>

#include "mm/kernel/internal.h"

#include "mm/kernel/pageattr.h"

struct fake_core fake;

pg_data_t *node_data[MAX_NUMNODES];
struct zone *zone_table[MAX_NUMNODES * MAX_NR_ZONES];
struct page *vmemmap, *high_pages;
unsigned long max_pfn;
nodemask_t node_online_map, node_possible_map;
unsigned int nr_cpu_ids;
unsigned long totalram_pages, totalreserve_pages;
phys_addr_t direct_map_end;
u64 vm_events[NR_VM_EVENTS];
struct fail_page_alloc fail_page_alloc;
struct failslab failslab;
unsigned long tlb_single_page_flush_ceiling = 33;
struct e820_table e820_table_firmware;
struct memblock memblock;
struct resource iomem_resource;
char boot_command_line[COMMAND_LINE_SIZE] = "console=ttyS0 mem=1G";
const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
};
static const char *const names[MAX_NR_ZONES] = { "DMA", "DMA32", "Normal", "HighMem", "Movable" };

static void fake_clear(void)
{
	for (int n = 0; n < MAX_NUMNODES; n++) {
		for (int i = 0; node_data[n] && i < MAX_NR_ZONES; i++) {
			free(node_data[n]->node_zones[i].blocks);
			free(node_data[n]->node_zones[i].pcp);
		}
		free(node_data[n]);
		node_data[n] = NULL;
	}
	free(vmemmap);
	vmemmap = NULL;
}

void fake_reset(bool ia32, unsigned int nodes, unsigned int cpus, unsigned long last_pfn)
{
	memset(&fake, 0, sizeof(fake));
	memset(zone_table, 0, sizeof(zone_table));
	memset(vm_events, 0, sizeof(vm_events));
	memset(&fail_page_alloc, 0, sizeof(fail_page_alloc));
	memset(&failslab, 0, sizeof(failslab));
	fake.ia32 = ia32;
	nr_cpu_ids = cpus;
	max_pfn = last_pfn;
	node_online_map = node_possible_map = NODE_MASK_NONE;
	fake_clear();
	vmemmap = calloc(last_pfn, sizeof(*vmemmap));
	for (unsigned int n = 0; n < nodes; n++) {
		pg_data_t *pgdat = node_data[n] = aligned_alloc(64, ALIGN(sizeof(*pgdat), 64));

		memset(pgdat, 0, sizeof(*pgdat));
		pgdat->node_id = (int)n;
		node_set((int)n, &node_online_map);
		node_set((int)n, &node_possible_map);
		for (int i = 0; i < MAX_NR_ZONES; i++) {
			pgdat->node_zones[i].node = (int)n;
			pgdat->node_zones[i].idx = (u8)i;
			pgdat->node_zones[i].name = names[i];
			zone_table[n * MAX_NR_ZONES + (unsigned int)i] = &pgdat->node_zones[i];
		}
	}
}

struct zone *fake_zone(int nid, int type, unsigned long start, unsigned long spanned)
{
	struct zone *z = &node_data[nid]->node_zones[type];
	unsigned long first = start >> pageblock_order;
	unsigned long nr = ((start + spanned - 1) >> pageblock_order) - first + 1;
	unsigned int index = (unsigned int)(nid * MAX_NR_ZONES + type);

	z->zone_start_pfn = start;
	z->spanned_pages = spanned;
	z->first_block = first - 1;
	z->blocks = aligned_alloc(64, (nr + 1) * sizeof(*z->blocks));
	memset(z->blocks, 0, (nr + 1) * sizeof(*z->blocks));
	z->deferred_pfn = ~0ul;		/* all initialised */
	z->pcp = aligned_alloc(64, nr_cpu_ids * sizeof(*z->pcp));
	memset(z->pcp, 0, nr_cpu_ids * sizeof(*z->pcp));
	for (unsigned long pfn = start; pfn < start + spanned; pfn += pageblock_nr_pages)
		vmemmap[pfn].flags = index << PAGE_ZONE_SHIFT;
	return z;
}

bool machine_is_ia32(void) { return fake.ia32; }
bool zone_possible(enum zone_type z)
{
	if (z == ZONE_DMA && fake.no_dma)
		return false;
	return z != (fake.ia32 ? ZONE_DMA32 : ZONE_HIGHMEM);
}

struct zone *next_zone(struct zone *zone)
{
	unsigned int i = 0;

	if (zone)
		i = (unsigned int)(zone->node * MAX_NR_ZONES + zone->idx + 1);
	return i < ARRAY_SIZE(zone_table) ? zone_table[i] : NULL;
}

/* --- slabs --- */

const char *slab_allocator_name(void) { return fake.allocator ? fake.allocator : "slub"; }

bool kmem_cache_info(unsigned int i, struct kmem_cache_info *info)
{
	if (i >= fake.nr_caches)
		return false;
	*info = fake.caches[i];
	return true;
}

bool kmem_cache_name_at(unsigned int i, slab_flags_t flags, char name[KMEM_CACHE_NAME_MAX])
{
	for (unsigned int n = 0; n < fake.nr_caches; n++) {
		if ((flags && !(fake.caches[n].flags & flags)) || i--)
			continue;
		strcpy(name, fake.caches[n].name);
		return true;
	}
	return false;
}

bool kmem_cache_info_by_name(const char *name, struct kmem_cache_info *info)
{
	for (unsigned int n = 0; n < fake.nr_caches; n++)
		if (strcmp(fake.caches[n].name, name) == 0)
			return kmem_cache_info(n, info);
	return false;
}

/* Each call is written down: "name:attr=value ". */
int kmem_cache_tune(const char *name, enum kmem_cache_attr attr, unsigned long value)
{
	size_t len = strlen(fake.tuned);

	snprintf(fake.tuned + len, sizeof(fake.tuned) - len, "%s:%d=%lu ", name, (int)attr, value);
	return fake.tune_error;
}

int slab_tracks(const char *name, bool alloc,
		void (*show)(void *arg, const struct slab_track_sum *sum), void *arg)
{
	(void)name;
	for (int i = 0; alloc && i < fake.nr_tracks; i++)
		show(arg, &fake.tracks[i]);
	return alloc ? fake.nr_tracks : 0;
}

u64 direct_map_kb(enum pg_level level)
{
	(void)level;
	return 0;
}

unsigned int direct_map_shift(enum pg_level level)
{
	(void)level;
	return 0;
}

unsigned long kernel_stack_kb(int nid)
{
	(void)nid;
	return 0;
}

unsigned long pcpu_nr_pages(void)
{
	return 0;
}

void pcpu_for_each_line(void (*fn)(void *arg, const struct pcpu_line *line), void *arg)
{
	(void)fn, (void)arg;
}

/* mm/kernel: no page tables here */
struct kernel_areas kernel_areas;
struct kernel_layout kernel_layout;
struct pgtable kernel_pgtable;
enum paging_mode kernel_paging;
u64 kernel_address_bias;
uintptr_t page_offset_base;

void kernel_tables_lock(void)
{
}

void kernel_tables_unlock(void)
{
}

const char *symbol_text(uintptr_t addr, char *buf, size_t size)
{
	(void)addr, (void)size;
	*buf = '\0';
	return buf;
}

unsigned long vmalloc_nr_pages(void)
{
	return 0;
}

void vmalloc_for_each(void (*fn)(void *arg, const struct vmalloc_info *info), void *arg)
{
	(void)fn, (void)arg;
}

bool is_vmalloc_addr(const void *addr)
{
	(void)addr;
	return false;
}

bool tlb_counted(void)
{
	return false;
}

unsigned long slab_pages(int nid, bool reclaimable)
{
	unsigned long sum = 0;

	for (int n = 0; n < MAX_NUMNODES; n++)
		if (nid == NUMA_NO_NODE || n == nid)
			sum += fake.slab_pages[n][reclaimable];
	return sum;
}

/* --- */

bool pfn_valid(unsigned long pfn) { return pfn < max_pfn; }
unsigned long nr_free_pages(void) { return fake.free_pages; }
int cpu_to_node(unsigned int cpu) { return (int)(cpu % nodes_weight(node_online_map)); }
int node_distance(int from, int to) { return from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE; }
void fail_page_alloc_changed(void) { fake.fail_changed++; }
void failslab_changed(void) { fake.failslab_changed++; }

void zone_events(const struct zone *z, struct zone_events *out)
{
	*out = fake.events[z->node][z->idx];
}

int extfrag_index(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
	return fake.extfrag;
}

int unusable_index(struct zone *zone, unsigned int order)
{
	(void)zone, (void)order;
	return fake.unusable;
}

struct resource *resource_next(const struct resource *r)
{
	if (r->child)
		return r->child;
	while (r && !r->sibling)
		r = r->parent;
	return r ? r->sibling : NULL;
}

int resource_depth(const struct resource *r)
{
	int depth = -1;

	while ((r = r->parent) != NULL)
		depth++;
	return depth;
}

const char *e820__type_name(u32 type) { return type == E820_TYPE_RAM ? "System RAM" : "Reserved"; }

const char *sysctl_vm_name(unsigned int i)
{
	return i == 0 ? "min_free_kbytes" : i == 1 ? "compact_memory" : NULL;
}

int sysctl_vm_read(const char *name, char *buf, size_t size)
{
	if (strcmp(name, "min_free_kbytes") || size < sizeof(fake.sysctl))
		return -EACCES;
	strcpy(buf, fake.sysctl);
	return (int)strlen(buf);
}

int sysctl_vm_write(const char *name, const char *text)
{
	if (strcmp(name, "min_free_kbytes") || strlen(text) + 2 > sizeof(fake.sysctl))
		return -EINVAL;
	strcpy(fake.sysctl, text);
	strcat(fake.sysctl, "\n");
	return 0;
}

int parse_bool(const char *s, bool *res)
{
	if (!*s || !strchr("YyNn01", *s))
		return -EINVAL;
	*res = strchr("Yy1", *s) != NULL;
	return 0;
}

size_t format_gfp_flags(char *buf, size_t size, gfp_t gfp)
{
	const char *text = gfp == GFP_KERNEL ? "GFP_KERNEL" :
			   gfp == (GFP_KERNEL | __GFP_ZERO) ? "GFP_KERNEL|__GFP_ZERO" : "none";

	if (strlen(text) >= size)
		abort();
	strcpy(buf, text);
	return strlen(text);
}
