// SPDX-License-Identifier: MIT
/*
 * registry.c - which paths there are, and who prints them.
 *
 * One table. An entry is a path; in some a '#' stands for a number (a node, an
 * entry of the firmware's map) or a '*' for a sysctl's name. Such an entry is
 * many files, its instances: next(i) is the number of the first one after i.
 *
 *	"/sys/devices/system/node/node#/meminfo"   next_online_node
 *	"/proc/sys/vm/" "*"                        next_sysctl
 *
 * The producer is called with the instance, or for an entry without '#' or '*'
 * with the entry's own id. Files that cannot be read have no show(), files
 * that cannot be written no store().
 *
 * A second table is of directories of which there are many, one for each name of some
 * kind, all with the same files:
 *
 *	"/sys/kernel/slab/" <name of a cache> "/" slab_files
 *
 * Their producers get the name, not a number: caches come and go. Both tables are
 * constant; this room has no state.
 */
#include "producers.h"

#include <kmm/introspect.h>
#include <kmm/kmm.h>
#include <kmm/param.h>
#include <kmm/sysctl.h>
#include <lib/parse.h>
#include <lib/string.h>

struct entry {
	const char *path;
	int (*show)(struct seq_buf *m, unsigned int id);
	int (*store)(unsigned int id, const char *text);
	unsigned int id;		/* of an entry that is one file */
	int (*next)(int i);		/* of an entry that is many */
};

static int show_cmdline(struct seq_buf *m, unsigned int id)
{
	(void)id;
	seq_buf_printf(m, "%s\n", boot_command_line);
	return 0;
}

static int show_version(struct seq_buf *m, unsigned int id)
{
	(void)id;
	seq_buf_puts(m, "kmm version " KMM_VERSION "\n");
	return 0;
}

static int next_sysctl(int i)
{
	return sysctl_vm_name((unsigned int)(i + 1)) ? i + 1 : -1;
}

#define NODE "/sys/devices/system/node/"
#define DEBUG "/sys/kernel/debug/"
#define FAIL(file, id) { DEBUG "fail_page_alloc/" file, show_fail_page, store_fail_page, id, NULL }
#define FAILSLAB(file, id) { DEBUG "failslab/" file, show_failslab, store_failslab, id, NULL }
#define ONE(path, show) { path, show, NULL, 0, NULL }

static const struct entry entries[] = {
	ONE("/proc/buddyinfo", show_buddyinfo),
	ONE("/proc/cmdline", show_cmdline),
	ONE("/proc/iomem", show_iomem),
	ONE("/proc/meminfo", show_meminfo),
	ONE("/proc/pagetypeinfo", show_pagetypeinfo),
	{ "/proc/slabinfo", show_slabinfo, store_slabinfo, 0, NULL },
	{ "/proc/sys/vm/*", show_sysctl, store_sysctl, 0, next_sysctl },
	ONE("/proc/version", show_version),
	ONE("/proc/vmallocinfo", show_vmallocinfo),
	ONE("/proc/vmstat", show_vmstat),
	ONE("/proc/zoneinfo", show_zoneinfo),
	{ NODE "has_memory", show_node_list, NULL, NODES_MEMORY, NULL },
	{ NODE "has_normal_memory", show_node_list, NULL, NODES_NORMAL_MEMORY, NULL },
	{ NODE "node#/cpulist", show_node_cpulist, NULL, 0, next_online_node },
	{ NODE "node#/distance", show_node_distance, NULL, 0, next_online_node },
	{ NODE "node#/meminfo", show_node_meminfo, NULL, 0, next_online_node },
	{ NODE "node#/numastat", show_node_numastat, NULL, 0, next_online_node },
	{ NODE "node#/vmstat", show_node_vmstat, NULL, 0, next_online_node },
	{ NODE "online", show_node_list, NULL, NODES_ONLINE, NULL },
	{ NODE "possible", show_node_list, NULL, NODES_POSSIBLE, NULL },
	{ "/sys/firmware/memmap/#/end", show_memmap_end, NULL, 0, next_memmap_entry },
	{ "/sys/firmware/memmap/#/start", show_memmap_start, NULL, 0, next_memmap_entry },
	{ "/sys/firmware/memmap/#/type", show_memmap_type, NULL, 0, next_memmap_entry },
	ONE(DEBUG "extfrag/extfrag_index", show_extfrag_index),
	ONE(DEBUG "extfrag/unusable_index", show_unusable_index),
	FAIL("ignore-gfp-highmem", FAIL_IGNORE_HIGHMEM),
	FAIL("ignore-gfp-wait", FAIL_IGNORE_WAIT),
	FAIL("interval", FAIL_INTERVAL),
	FAIL("min-order", FAIL_MIN_ORDER),
	FAIL("probability", FAIL_PROBABILITY),
	FAIL("space", FAIL_SPACE),
	FAIL("times", FAIL_TIMES),
	FAILSLAB("cache-filter", FAIL_CACHE_FILTER),
	FAILSLAB("ignore-gfp-wait", FAIL_IGNORE_WAIT),
	FAILSLAB("interval", FAIL_INTERVAL),
	FAILSLAB("probability", FAIL_PROBABILITY),
	FAILSLAB("space", FAIL_SPACE),
	FAILSLAB("times", FAIL_TIMES),
	{ DEBUG "memblock/memory", show_memblock, NULL, 0, NULL },
	{ DEBUG "memblock/reserved", show_memblock, NULL, 1, NULL },
	ONE(DEBUG "percpu_stats", show_percpu_stats),
	ONE(DEBUG "page_tables/current_kernel", show_page_tables),
	ONE(DEBUG "page_tables/kernel", show_page_tables),
	{ DEBUG "x86/tlb_single_page_flush_ceiling", show_tlb_ceiling, store_tlb_ceiling, 0, NULL },
};

static const struct directory {
	const char *path;
	bool (*name_at)(unsigned int i, char *name);
	bool (*exists)(const char *name);
	const struct named_file *files;
} directories[] = {
	{ DEBUG "slab/", tracked_cache_name, tracked_cache_exists, slab_trace_files },
	{ "/sys/kernel/slab/", slub_cache_name, slub_cache_exists, slab_files },
};

/* --- from a path to an entry --- */

static bool is_instance(const struct entry *e, u64 i)
{
	return i < INT32_MAX && e->next((int)i - 1) == (int)i;
}

/* A number without leading zeros that is one of the entry's instances. */
static bool match_number(const struct entry *e, const char **path, unsigned int *id)
{
	const char *end;
	uint64_t value;

	if (!is_digit(**path) || (**path == '0' && is_digit((*path)[1])))
		return false;
	if (parse_u64(*path, &end, 10, &value) || !is_instance(e, value))
		return false;
	*path = end;
	*id = (unsigned int)value;
	return true;
}

static bool match_sysctl(const char *name, unsigned int *id)
{
	for (unsigned int i = 0; sysctl_vm_name(i); i++) {
		if (strcmp(sysctl_vm_name(i), name) == 0) {
			*id = i;
			return true;
		}
	}
	return false;
}

static bool match(const struct entry *e, const char *path, unsigned int *id)
{
	*id = e->id;
	for (const char *p = e->path; *p; p++) {
		if (*p == '*')
			return match_sysctl(path, id);
		if (*p == '#') {
			if (!match_number(e, &path, id))
				return false;
		} else if (*path++ != *p) {
			return false;
		}
	}
	return *path == '\0';
}

/* What a path leads to: an entry and an instance of it, or a file in a directory of this name. */
struct target {
	const struct entry *entry;	/* or NULL, and then ... */
	unsigned int id;
	const struct named_file *file;
	char name[NAME_MAX_LEN];
};

/* "name/file", behind the path of a directory */
static bool match_directory(const struct directory *d, const char *rest, struct target *t)
{
	size_t len = 0;

	while (rest[len] && rest[len] != '/')
		len++;
	if (!rest[len] || !len || len >= sizeof(t->name))
		return false;
	memcpy(t->name, rest, len);
	t->name[len] = '\0';
	for (t->file = d->files; t->file->name; t->file++)
		if (strcmp(rest + len + 1, t->file->name) == 0)
			return d->exists(t->name);
	return false;
}

static bool find(const char *path, struct target *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		t->entry = &entries[i];
		if (match(t->entry, path, &t->id))
			return true;
	}
	t->entry = NULL;
	for (i = 0; i < ARRAY_SIZE(directories); i++) {
		const char *rest = match_prefix(path, directories[i].path);

		if (rest && match_directory(&directories[i], rest, t))
			return true;
	}
	return false;
}

static bool writable(const struct target *t)
{
	return t->entry ? t->entry->store != NULL : t->file->store != NULL;
}

/* --- reading and writing --- */

int introspect_read(const char *path, struct seq_buf *out)
{
	struct target t;
	int ret;

	if (!find(path, &t))
		return -ENOENT;
	ret = t.entry ? t.entry->show(out, t.id) : t.file->show(out, t.name, t.file->id);
	if (ret)
		return ret;
	return out->overflow ? -E2BIG : 0;
}

int introspect_read_text(const char *path, char *buf, size_t size)
{
	struct seq_buf out;
	int ret;

	if (!size)
		return -E2BIG;
	seq_buf_init(&out, buf, size);
	ret = introspect_read(path, &out);
	return ret ? ret : (int)out.len;
}

int introspect_write(const char *path, const char *text, size_t len)
{
	char copy[256];
	struct target t;

	if (!find(path, &t))
		return -ENOENT;
	if (!writable(&t))
		return -EACCES;
	if (len && text[len - 1] == '\n')
		len--;
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return -EINVAL;
	return t.entry ? t.entry->store(t.id, copy) : t.file->store(t.name, t.file->id, copy);
}

bool introspect_writable(const char *path)
{
	struct target t;

	return find(path, &t) && writable(&t);
}

/* --- listing --- */

static const char *print_path(const struct entry *e, int instance, char *buf, size_t size)
{
	struct seq_buf out;

	seq_buf_init(&out, buf, size);
	for (const char *p = e->path; *p; p++) {
		if (*p == '#')
			seq_buf_printf(&out, "%d", instance);
		else if (*p == '*')
			seq_buf_puts(&out, sysctl_vm_name((unsigned int)instance));
		else
			seq_buf_putc(&out, *p);
	}
	return buf;
}

/* The i-th of all files in all directories of one kind; if there are not that many, *i less
 * their number. */
static bool print_named(const struct directory *d, unsigned int *i, char *buf, size_t size)
{
	char name[NAME_MAX_LEN];
	struct seq_buf out;
	unsigned int nr = 0, n;

	while (d->files[nr].name)
		nr++;
	if (d->name_at(*i / nr, name)) {
		seq_buf_init(&out, buf, size);
		seq_buf_printf(&out, "%s%s/%s", d->path, name, d->files[*i % nr].name);
		return true;
	}
	for (n = 0; n < *i / nr && d->name_at(n, name); n++)
		;
	*i -= n * nr;
	return false;
}

const char *introspect_path(unsigned int i, char *buf, size_t size)
{
	for (const struct entry *e = entries; e < entries + ARRAY_SIZE(entries); e++) {
		int instance = e->next ? e->next(-1) : 0;

		while (instance >= 0) {
			if (i-- == 0)
				return print_path(e, instance, buf, size);
			instance = e->next ? e->next(instance) : -1;
		}
	}
	for (unsigned int d = 0; d < ARRAY_SIZE(directories); d++)
		if (print_named(&directories[d], &i, buf, size))
			return buf;
	return NULL;
}
