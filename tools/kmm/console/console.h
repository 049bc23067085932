/* SPDX-License-Identifier: MIT */
/*
 * console.h - the console of a hosted machine: a small shell whose commands are
 * the page API, the files of /proc and /sys, and views of what lies behind them.
 *
 *	line.c     where lines come from: a terminal with editing, or a script
 *	shell.c    words, redirection, dispatch, status; the machine's power switch
 *	files.c    cat echo ls dmesg
 *	pages.c    alloc bulk free list: what the user holds
 *	load.c     fill churn: many allocations at once
 *	objects.c  kmalloc kfree kmem_cache: objects the user holds
 *	address.c  vmalloc kmap percpu walk peek poke set_memory tlb: the kernel's address space
 *	look.c     page block zones mem check: what the machine is made of
 *	slabs.c    slabs slabtop object: what its caches are made of
 *	events.c   trace fault
 *
 * One console a process, used by the thread that booted. The CPUs of a threaded
 * machine are idle while it reads a line; they work inside host_run_on_cpu() only.
 */
#ifndef KMM_TOOLS_CONSOLE_H
#define KMM_TOOLS_CONSOLE_H

#include <setjmp.h>
#include <stdio.h>

#include <kmm/gfp.h>
#include <kmm/slabinfo.h>

#include "host.h"

#define CONSOLE_WORDS	64
/* What no script has: */
#define CONSOLE_LINE	65536		/* longer lines */
#define CONSOLE_NONSENSE 100		/* so many words in a row that are no commands */
#define CONSOLE_IDLE	1000000		/* so many lines in a row without any */

/*
 * What the user holds: blocks of pages, chained through page->next (a field of the
 * page's owner) so that a full machine can be held without a byte of ours.
 */
struct held {
	unsigned int id;		/* "#id" */
	unsigned long first, last;	/* frames of the first and the last block; 0: none */
	unsigned long blocks, pages;
	gfp_t gfp;
	const char *how;		/* the command it came from */
};

/* Objects the user holds: "@id". Their addresses are kept on the host; freed ones are NULL. */
struct held_objects {
	unsigned int id;
	struct kmem_cache *cache;	/* NULL: by kmalloc() */
	size_t nr, live;
	gfp_t gfp;
	void **object;
};

/* Addresses the user holds: "%id". */
enum held_kind { HELD_VMALLOC, HELD_KMAP, HELD_PERCPU };
struct held_address {
	unsigned int id;
	enum held_kind kind;
	void *addr;
	size_t size;
	struct page *page;		/* of kmap */
};

/* A cache the user has made. */
struct held_cache {
	struct kmem_cache *cache;
	char name[KMEM_CACHE_NAME_MAX];
};

struct trace_log;

struct console {
	struct host_config *config;	/* what reboot boots */
	char cmdline[2048];
	FILE *out, *err;		/* where commands print: the process's, or memory */
	int loglevel;			/* lines of the log below this level are shown */
	bool interactive;
	bool ending;			/* exit was said, or output cannot be written */
	int exit_status;
	bool failed;			/* a command of the script did */
	u64 commands;			/* found so far, and ... */
	unsigned int nonsense;		/* ... what was none, since the last */
	const char *source;		/* name of the script, NULL on a terminal */
	unsigned long line;
	unsigned int depth;		/* of source commands */
	const char *redirect;		/* of echo: the word after >; NULL: none */
	jmp_buf *env;			/* where a stopped machine jumps to */
	unsigned int cpu;		/* the CPU that allocates and frees */
	u64 now;			/* the deterministic machine's clock, ns */

	struct held *held;
	unsigned int nr_held, room_held, last_id;
	struct page **slots;		/* of churn, while it runs */
	struct held_objects *objects;
	unsigned int nr_objects, last_object;
	struct held_cache *caches;
	unsigned int nr_caches;
	struct held_address *addresses;
	unsigned int nr_addresses, last_address;
	struct trace_log *trace;
};

struct console_command {
	const char *name;
	int (*run)(struct console *c, int argc, char **argv);	/* 0, or -1 after console_error() */
	const char *usage;		/* the words behind the name */
	const char *what;		/* one line */
	const char *more;		/* the rest of its help; may be NULL */
	bool any_time;			/* also when the machine is off or stopped */
};

/* console_error - one line, with the script's name and line in front; returns -1. */
int console_error(struct console *c, const char *fmt, ...) __printf(2, 3) __cold;
/* console_usage - say how the command is used; returns -1. */
int console_usage(struct console *c, const char *name) __cold;

/* console_init - prepare a console for config (borrowed); then boot, run lines or a script, end. */
void console_init(struct console *c, struct host_config *config, int loglevel);
int console_boot(struct console *c, bool quiet);	/* 0 or -1, the log has said why */
int console_run_line(struct console *c, char *line);	/* the line is cut up */
void console_run_file(struct console *c, FILE *f, const char *name);
void console_run_terminal(struct console *c);
void console_end(struct console *c);

/* console_find - a command by its name; console_command - the i-th, NULL after the last. */
const struct console_command *console_find(const char *name);
const struct console_command *console_command(unsigned int i);

/* ---- for commands ---- */

/* console_on_cpu - run fn(arg) on the console's CPU. */
void console_on_cpu(struct console *c, void (*fn)(void *arg), void *arg);

/*
 * Arguments. console_number - a whole number (hexadecimal with 0x), complaining as "what".
 * console_order - below MAX_ORDER. console_value - the N of "key=N", NULL: another key.
 */
int console_order(struct console *c, const char *text, unsigned int *order) __must_check;
int console_number(struct console *c, const char *what, const char *text, u64 *value) __must_check;
const char *console_value(const char *word, const char *key);

/* console_gfp - a mask in words; complains. */
int console_gfp(struct console *c, const char *text, gfp_t *gfp) __must_check;
bool console_is_gfp(const char *text);

/* What an allocation may be given besides its size: GFP_..., node=N, cpu=N, count=N. */
struct console_request {
	gfp_t gfp;
	int nid;			/* NUMA_NO_NODE: any */
	unsigned int cpu;
	u64 count;
};
/* console_request_word - take one of these words: 1 taken, 0 it is none of them, -1 complained. */
int console_request_word(struct console *c, struct console_request *r,
			 const char *word) __must_check;
/* console_on_cpu_of - run fn(arg) on the CPU the request asks for. */
void console_on_cpu_of(const struct console_request *r, void (*fn)(void *arg), void *arg);

/* held_new - an empty handle, to be filled by held_add(); NULL: out of memory, said so.
 * held_done - print what it got, or throw it away when that is nothing. */
struct held *held_new(struct console *c, const char *how, gfp_t gfp);
void held_add(struct held *h, struct page *page);
struct held *held_find(struct console *c, u64 id);
struct held *held_owner(struct console *c, unsigned long pfn);
void held_print(struct console *c, const struct held *h);
void held_drop(struct console *c, struct held *h);
/* held_forget - the machine is gone, and all pages with it. objects_forget, addresses_forget: all
 * objects, all addresses. */
void held_forget(struct console *c);
void objects_forget(struct console *c);
void addresses_forget(struct console *c);

/* console_frame - a frame number from "PFN", "#HANDLE" or an address; complains. */
int console_frame(struct console *c, const char *text, unsigned long *pfn) __must_check;
/* frame_is_ready - has the frame an initialised page structure? else *why says what it is. */
bool frame_is_ready(unsigned long pfn, struct zone **zone, const char **why);

/* console_physical - where an address of the direct map leads to, with the sign extension or
 * without; false: it is none. */
bool console_physical(u64 address, u64 *phys);
/* console_address - a pointer from an address as it is printed (or without its sign extension),
 * or "@HANDLE" or "@HANDLE.INDEX"; complains. */
int console_address(struct console *c, const char *text, void **p) __must_check;

/* trace_forget - stop tracing, drop the events. */
void trace_forget(struct console *c);

int console_cat(struct console *c, int argc, char **argv);
int console_echo(struct console *c, int argc, char **argv);
int console_ls(struct console *c, int argc, char **argv);
int console_dmesg(struct console *c, int argc, char **argv);
int console_alloc(struct console *c, int argc, char **argv);
int console_bulk(struct console *c, int argc, char **argv);
int console_free(struct console *c, int argc, char **argv);
int console_list(struct console *c, int argc, char **argv);
int console_fill(struct console *c, int argc, char **argv);
int console_churn(struct console *c, int argc, char **argv);
int console_page(struct console *c, int argc, char **argv);
int console_block(struct console *c, int argc, char **argv);
int console_zones(struct console *c, int argc, char **argv);
int console_mem(struct console *c, int argc, char **argv);
int console_check(struct console *c, int argc, char **argv);
int console_drain(struct console *c, int argc, char **argv);
int console_trace(struct console *c, int argc, char **argv);
int console_kmalloc(struct console *c, int argc, char **argv);
int console_kfree(struct console *c, int argc, char **argv);
int console_kmem_cache(struct console *c, int argc, char **argv);
int console_slabs(struct console *c, int argc, char **argv);
int console_slabtop(struct console *c, int argc, char **argv);
int console_object(struct console *c, int argc, char **argv);
/* The flags of caches by name, "SLAB_POISON"; ends with a NULL. */
struct slab_flag_name {
	const char *name;
	slab_flags_t flag;
};
extern const struct slab_flag_name slab_flag_names[];
/* console_list_objects, console_list_addresses - the parts of list that are about them. */
void console_list_objects(struct console *c);
void console_list_addresses(struct console *c);
int console_vmalloc(struct console *c, int argc, char **argv);
int console_vfree(struct console *c, int argc, char **argv);
int console_kmap(struct console *c, int argc, char **argv);
int console_kunmap(struct console *c, int argc, char **argv);
int console_percpu(struct console *c, int argc, char **argv);
int console_walk(struct console *c, int argc, char **argv);
int console_peek(struct console *c, int argc, char **argv);
int console_poke(struct console *c, int argc, char **argv);
int console_set_memory(struct console *c, int argc, char **argv);
int console_tlb(struct console *c, int argc, char **argv);
int console_fault(struct console *c, int argc, char **argv);

#endif
