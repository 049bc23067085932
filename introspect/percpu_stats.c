// SPDX-License-Identifier: MIT
/*
 * percpu_stats.c - /sys/kernel/debug/percpu_stats, as Linux 6.1 prints it:
 *
 *	Percpu Memory Statistics
 *	Allocation Info:
 *	----------------------------------------
 *	  unit_size           :      2097152
 */
#include "producers.h"

#include <kmm/percpu.h>

static void show_line(void *m, const struct pcpu_line *line)
{
	if (line->heading)
		seq_buf_puts(m, line->text);
	else
		seq_buf_printf(m, "  %-20s: %12lld\n", line->text, (long long)line->value);
}

int show_percpu_stats(struct seq_buf *m, unsigned int id)
{
	(void)id;
	pcpu_for_each_line(show_line, m);
	return 0;
}
