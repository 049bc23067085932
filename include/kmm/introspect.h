/* SPDX-License-Identifier: MIT */
/*
 * kmm/introspect.h - the machine's state as the text files of /proc and /sys.
 *
 * A file is a path and a function that prints it; the bytes are those Linux
 * 6.1 prints for the same state, so that free(1), vmstat(8) and everybody's
 * scripts read them. Where a line has no source in kmm yet it is there and
 * says 0; docs/fidelity.md lists these.
 *
 *	/proc			iomem buddyinfo pagetypeinfo zoneinfo meminfo vmstat cmdline version
 *				slabinfo				(written too if slab=slab)
 *				vmallocinfo
 *	/proc/sys/vm		the tunables of <kmm/sysctl.h>		(also written)
 *	/sys/devices/system/node	online possible has_memory has_normal_memory
 *	  node<N>		meminfo distance cpulist numastat vmstat
 *	/sys/firmware/memmap/<i>	start end type
 *	/sys/kernel/debug	extfrag/extfrag_index extfrag/unusable_index
 *				memblock/memory memblock/reserved
 *	  fail_page_alloc	probability interval times space min-order
 *				ignore-gfp-highmem ignore-gfp-wait	(also written)
 *	  failslab		probability interval times space cache-filter
 *				ignore-gfp-wait				(also written)
 *	  slab/<cache>		alloc_traces free_traces
 *	  page_tables		kernel current_kernel
 *	  x86			tlb_single_page_flush_ceiling		(also written)
 *				percpu_stats
 *	/sys/kernel/slab/<cache>	slab_size objects partial ...		(some also written)
 *
 * Reading changes nothing and allocates nothing; while other CPUs allocate, the
 * figures of one file may be from slightly different moments. The files about caches,
 * vmalloc areas, per-CPU memory and page tables take those parts' own locks.
 *
 * Context: after kmm_boot(); reading: any, but for the latter, which like writing are for process
 * context.
 */
#ifndef KMM_INTROSPECT_H
#define KMM_INTROSPECT_H

#include <kmm/types.h>

struct seq_buf;

/*
 * introspect_read - append the content of a file to *out.
 * Errors: -ENOENT no such file; -EACCES it can only be written; -E2BIG it does not fit
 * (out->overflow is then set and what did fit is there; a buffer must be larger by two
 * bytes than its text).
 */
int introspect_read(const char *path, struct seq_buf *out) __must_check;

/*
 * introspect_read_text - the same into buf[size], terminated; returns the length.
 * For callers who have no seq_buf. INTROSPECT_MAX bytes hold any file of a machine
 * with up to 8 nodes and 64 CPUs.
 */
int introspect_read_text(const char *path, char *buf, size_t size) __must_check;
#define INTROSPECT_MAX	(1u << 18)

/*
 * introspect_write - write text[len] (a newline at its end is ignored) to a file.
 * Errors: -ENOENT; -EACCES it can only be read; -EINVAL the file does not take this text.
 */
int introspect_write(const char *path, const char *text, size_t len) __must_check;

/*
 * introspect_path - the path of the i-th file that exists on this machine, put into
 * buf[size] (INTROSPECT_PATH_MAX is enough); NULL after the last.
 * introspect_writable - can introspect_write() go there?
 */
const char *introspect_path(unsigned int i, char *buf, size_t size) __must_check;
bool introspect_writable(const char *path);
#define INTROSPECT_PATH_MAX	128

#endif
