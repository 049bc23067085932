// SPDX-License-Identifier: MIT
/*
 * node.c - /sys/devices/system/node: which nodes there are, and each one's
 * distance, cpulist, numastat and vmstat (its meminfo is in meminfo.c).
 *
 * Sets of numbers are written as ranges: "0-3,6"; the empty set is an empty line.
 */
#include "producers.h"

#include <kmm/kmm.h>

/* Print the members below nr of a set as ranges. */
static void show_ranges(struct seq_buf *m, unsigned int nr, bool (*has)(int i, int arg), int arg)
{
	const char *comma = "";

	for (unsigned int i = 0; i < nr; i++) {
		unsigned int first = i;

		if (!has((int)i, arg))
			continue;
		while (i + 1 < nr && has((int)i + 1, arg))
			i++;
		seq_buf_printf(m, "%s%u", comma, first);
		if (i > first)
			seq_buf_printf(m, "-%u", i);
		comma = ",";
	}
	seq_buf_putc(m, '\n');
}

/* Does the node have memory in any zone up to `highest`? */
static bool node_has_memory(int nid, int highest)
{
	if (!node_online(nid) || !NODE_DATA(nid))
		return false;
	for (int i = 0; i <= highest; i++)
		if (populated_zone(&NODE_DATA(nid)->node_zones[i]))
			return true;
	return false;
}

static bool node_in_list(int nid, int list)
{
	switch ((enum node_list)list) {
	case NODES_ONLINE:
		return node_online(nid);
	case NODES_POSSIBLE:
		return node_possible(nid);
	case NODES_MEMORY:
		return node_has_memory(nid, MAX_NR_ZONES - 1);
	case NODES_NORMAL_MEMORY:
		return node_has_memory(nid, ZONE_NORMAL);
	}
	return false;
}

int show_node_list(struct seq_buf *m, unsigned int list)
{
	show_ranges(m, MAX_NUMNODES, node_in_list, (int)list);
	return 0;
}

static bool cpu_on_node(int cpu, int nid)
{
	return cpu_to_node((unsigned int)cpu) == nid;
}

int show_node_cpulist(struct seq_buf *m, unsigned int nid)
{
	show_ranges(m, nr_cpu_ids, cpu_on_node, (int)nid);
	return 0;
}

int show_node_distance(struct seq_buf *m, unsigned int nid)
{
	const char *space = "";
	int to;

	for_each_online_node(to) {
		seq_buf_printf(m, "%s%d", space, node_distance((int)nid, to));
		space = " ";
	}
	seq_buf_putc(m, '\n');
	return 0;
}

/* The numa_* counters, the last three under their older names. */
int show_node_numastat(struct seq_buf *m, unsigned int nid)
{
	struct zone_events e = zone_events_sum((int)nid);

	emit_plain(m, "numa_hit", e.numa_hit);
	emit_plain(m, "numa_miss", e.numa_miss);
	emit_plain(m, "numa_foreign", e.numa_foreign);
	emit_plain(m, "interleave_hit", 0);
	emit_plain(m, "local_node", e.numa_local);
	emit_plain(m, "other_node", e.numa_other);
	return 0;
}

int show_node_vmstat(struct seq_buf *m, unsigned int nid)
{
	emit_stats(m, STATS_ZONE, (int)nid, NULL, emit_plain);
	emit_stats(m, STATS_NUMA, (int)nid, NULL, emit_plain);
	emit_stats(m, STATS_NODE, (int)nid, NULL, emit_plain);
	return 0;
}
