/* SPDX-License-Identifier: MIT */
/*
 * kmm/printk.h - what the machine says. One call prints one line; the text
 * goes to kmm_console_write() of the platform, which adds time stamps and
 * decides what to show.
 *
 * Context: any, interrupts included; never sleeps, never allocates. A line is
 * cut at PRINTK_MAX bytes.
 */
#ifndef KMM_PRINTK_H
#define KMM_PRINTK_H

#include <kmm/types.h>

#define PRINTK_MAX	1024

enum {
	LOGLEVEL_EMERG = 0,
	LOGLEVEL_ERR = 3,
	LOGLEVEL_WARNING = 4,
	LOGLEVEL_INFO = 6,
	LOGLEVEL_DEBUG = 7
};

void printk(int level, const char *fmt, ...) __printf(2, 3);

#define pr_emerg(...)	printk(LOGLEVEL_EMERG, __VA_ARGS__)
#define pr_err(...)	printk(LOGLEVEL_ERR, __VA_ARGS__)
#define pr_warn(...)	printk(LOGLEVEL_WARNING, __VA_ARGS__)
#define pr_info(...)	printk(LOGLEVEL_INFO, __VA_ARGS__)
#define pr_debug(...)	printk(LOGLEVEL_DEBUG, __VA_ARGS__)

/*
 * symbol_text - a code address in words, "function+0x12/0x80", if the machine can tell
 * (kmm_machine.symbol); else its number. Returns buf. Any context.
 * set_symbol_source - who can tell; by kmm_boot().
 */
const char *symbol_text(uintptr_t addr, char *buf, size_t size);
void set_symbol_source(bool (*symbol)(uintptr_t addr, char *buf, size_t size));

/*
 * panic - a broken invariant or a state the machine cannot go on from: print
 * "Kernel panic - not syncing: ...", then kmm_stop(). Never returns.
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;

/* KMM_BUG_ON - an invariant of the core; always compiled in, stops the machine naming it. */
void kmm_bug(const char *file, int line, const char *what) __noreturn __cold;
#define KMM_BUG_ON(cond) \
	do { if (unlikely(cond)) kmm_bug(__FILE__, __LINE__, #cond); } while (0)

/* VM_BUG_ON - an invariant too dear for every build: compiled in with KMM_DEBUG_VM=1. */
#if defined(KMM_DEBUG_VM) && KMM_DEBUG_VM
#define VM_BUG_ON(cond)	KMM_BUG_ON(cond)
#else
#define VM_BUG_ON(cond)	do { (void)sizeof(!(cond)); } while (0)
#endif

#endif
