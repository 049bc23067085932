/* SPDX-License-Identifier: MIT */
/*
 * kmm/numa.h - nodes: which memory and which CPUs are near each other.
 *
 * A *node* is a number below MAX_NUMNODES. It is *possible* when the firmware
 * (or numa=fake=) names it with memory, *online* when it has RAM now.
 * Distances are ACPI's: 10 to itself, 20 to others unless told otherwise.
 * All is set by numa_init() and constant afterwards; readers need no lock.
 * Names: Linux (nodemask.h, arch/x86/mm/numa.c).
 */
#ifndef KMM_NUMA_H
#define KMM_NUMA_H

#include <kmm/config.h>
#include <kmm/types.h>

struct kmm_machine;

/* One entry of the firmware's memory affinity table: bytes, any alignment. */
struct srat_mem {
	u64 start, size;
	s32 node;
	bool hotplug;		/* may be empty now, may be taken away */
	s32 pxm;		/* proximity domain, only ever printed */
};

typedef struct { u64 bits; } nodemask_t;

#define NODE_MASK_NONE		((nodemask_t){ 0 })
#define nodemask_bit(n)		((u64)1 << (n))

static inline void node_set(int node, nodemask_t *m)
{
	m->bits |= nodemask_bit(node);
}

static inline void node_clear(int node, nodemask_t *m)
{
	m->bits &= ~nodemask_bit(node);
}

static inline bool node_isset(int node, nodemask_t m)
{
	return m.bits >> node & 1;
}

static inline unsigned int nodes_weight(nodemask_t m)
{
	unsigned int n = 0;

	for (; m.bits; m.bits &= m.bits - 1)
		n++;
	return n;
}

static inline bool nodes_empty(nodemask_t m)
{
	return !m.bits;
}

/* next_node - first member after @n (which may be -1); MAX_NUMNODES: none. */
static inline int next_node(int n, nodemask_t m)
{
	u64 rest = n + 1 >= MAX_NUMNODES ? 0 : m.bits >> (n + 1);

	return rest ? n + 1 + (int)kmm_ctz64(rest) : MAX_NUMNODES;
}

#define first_node(m)		next_node(-1, (m))
#define for_each_node_mask(n, m) \
	for ((n) = first_node(m); (n) < MAX_NUMNODES; (n) = next_node((n), (m)))

extern nodemask_t node_possible_map, node_online_map;
extern unsigned int nr_node_ids;		/* highest possible node + 1 */

#define node_online(n)		node_isset((n), node_online_map)
#define node_possible(n)	node_isset((n), node_possible_map)
#define num_online_nodes()	nodes_weight(node_online_map)
#define num_possible_nodes()	nodes_weight(node_possible_map)
#define first_online_node	first_node(node_online_map)
#define for_each_node(n)	for_each_node_mask(n, node_possible_map)
#define for_each_online_node(n)	for_each_node_mask(n, node_online_map)

#define LOCAL_DISTANCE	10
#define REMOTE_DISTANCE	20

/*
 * node_distance - from node @from to node @to; numbers out of range count as remote. Any context.
 */
int node_distance(int from, int to);

/* cpu_to_node - node of a CPU; always an online one. Any context. */
int cpu_to_node(unsigned int cpu);

/*
 * numa_init - give every region of memblock.memory its node, bring the nodes
 * online, fill distances and CPUs. A table that contradicts itself or leaves
 * more than 1 MiB of RAM out is dropped with a line, and one node is faked.
 * Memory no node claims is taken out of memblock.
 * Pre: memblock.memory is complete, max_pfn is known, options are parsed.
 * Returns 0, or -EINVAL when there is no memory at all.
 * Context: boot, one CPU. Source: Linux's x86_numa_init().
 */
int numa_init(const struct kmm_machine *m) __must_check;

/* numa_setup - handler of numa=off | noacpi | fake=<N> | fake=<size> | fake=<N>U. */
int numa_setup(char *opt);

extern bool numa_off;

#endif
