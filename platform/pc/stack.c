// SPDX-License-Identifier: MIT
/*
 * stack.c - registers and call traces, in words.
 *
 * The compiler keeps no frame pointers, so a stack is searched for what looks like return
 * addresses: words that lead into the text, behind an instruction that calls. Old ones lie around
 * too. One is certain if the call in front of it goes to the very beginning of the function that
 * the trace has come from; others get Linux's "? ":
 *
 *	stack		text
 *	  ...		a:  ...  call b   <- the word behind this is on the stack;
 *	  word ---->	         next          we come from b, so a called us
 *
 * (A function called through a pointer, or that was jumped to at another's end, is so marked
 * without need.)
 *
 * All is read by pc_probe(), since the stack may be what is broken.
 */
#include <kmm/printk.h>

#include "lib/string.h"
#include "lib/vsprintf.h"
#include "pc.h"
#include "trap.h"
#include "x86.h"

#define MAX_FRAMES	24
#define MAX_WORDS	(32768 / sizeof(uintptr_t))
#define NAME_SIZE	128
#define CODE_BEFORE	42	/* bytes shown before the one that faulted, from it on */
#define CODE_BEHIND	22
#define LONGEST_CALL	7
#define OP_CALL		0xe8	/* CALL rel32 */
#define OP_GROUP5	0xff	/* CALL r/m is /2 */

/* ---- call traces ---- */

static bool in_text(uintptr_t addr)
{
	return addr >= (uintptr_t)_text && addr < (uintptr_t)_etext;
}

static bool probe_byte(uintptr_t addr, u8 *byte)
{
	uintptr_t word;

	if (!pc_probe(addr, &word))
		return false;
	*byte = (u8)word;
	return true;
}

/* What a direct call in front of this address calls; 0: there is none. */
static uintptr_t direct_callee(uintptr_t ip)
{
	const u8 *p = (const u8 *)ip;
	s32 distance;

	if (p[-5] != OP_CALL)
		return 0;
	memcpy(&distance, p - 4, sizeof(distance));
	return ip + (uintptr_t)(intptr_t)distance;
}

/* FF /2 with registers, memory and displacements of 0, 1 and 4 bytes: 2, 3, 6 and 7 bytes. */
static bool is_indirect_call(uintptr_t ip)
{
	static const u8 lengths[] = { 2, 3, 4, 6, 7 };
	const u8 *p = (const u8 *)ip;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		if (p[-lengths[i]] == OP_GROUP5 && (p[1 - lengths[i]] >> 3 & 7) == 2)
			return true;
	return false;
}

/* A name without its "+0x12/0x80", and without what the compiler adds to a part split off. */
static size_t base_length(const char *name)
{
	size_t n = 0;

	while (name[n] && name[n] != '+' && strncmp(name + n, ".cold", 5))
		n++;
	return n;
}

/* Do the two addresses lie in the same function? */
static bool same_function(uintptr_t a, uintptr_t b)
{
	char name[2][NAME_SIZE];
	size_t len;

	if (!pc_symbol(a, name[0], NAME_SIZE) || !pc_symbol(b, name[1], NAME_SIZE))
		return false;
	len = base_length(name[0]);
	return len == base_length(name[1]) && !strncmp(name[0], name[1], len);
}

/* The core's symbol_text() knows nothing while the core is off. */
static const char *name_of(uintptr_t ip, char *name)
{
	if (!pc_symbol(ip, name, NAME_SIZE))
		scnprintf(name, NAME_SIZE, "0x%lx", (unsigned long)ip);
	return name;
}

static void show_frame(int level, uintptr_t ip, bool certain)
{
	char name[NAME_SIZE];

	printk(level, " %s%s", certain ? "" : "? ", name_of(ip, name));
}

/* Where the search ends: at the end of a stack that somebody knows, or far enough. */
static uintptr_t end_of_stack(uintptr_t sp)
{
	uintptr_t begin, end;

	if (sched_stack(sp, &begin, &end))
		return end;
	return sp + MAX_WORDS * sizeof(uintptr_t);
}

void show_trace(int level, uintptr_t ip, uintptr_t sp)
{
	uintptr_t from = ip, at = ALIGN_DOWN(sp, sizeof(at)), word, callee, end;
	unsigned int frames = 0;
	bool certain;

	if (!pc_probe(at, &word))	/* in the guard page: what is there begins with the next */
		at = ALIGN(at, PAGE_SIZE);
	end = end_of_stack(at);
	printk(level, "Call Trace:");
	if (in_text(ip) && ip != (uintptr_t)kmm_dump_stack)
		show_frame(level, ip, true);
	for (; at < end && frames < MAX_FRAMES && pc_probe(at, &word); at += sizeof(word)) {
		if (!in_text(word - LONGEST_CALL))
			continue;
		callee = direct_callee(word);
		if (!in_text(callee) && !is_indirect_call(word))
			continue;
		certain = callee && same_function(callee, from);
		show_frame(level, word, certain);
		if (certain || !callee)
			from = word;
		frames++;
	}
}

/*
 * Of the exception that is being reported, if there is one: the core knows no more of it than
 * where it was, the rest comes here.
 */
void kmm_dump_stack(void)
{
	const struct pt_regs *regs = trap_regs();
	uintptr_t here;

	if (regs) {
		show_regs(regs, false);
		show_trace(LOGLEVEL_EMERG, regs->ip, regs_sp(regs));
		return;
	}
	show_trace(LOGLEVEL_WARNING, (uintptr_t)kmm_dump_stack, (uintptr_t)&here);
}

/* ---- registers ---- */

static void show_code(uintptr_t ip)
{
	char line[4 * (CODE_BEFORE + CODE_BEHIND)];
	size_t n = 0;
	uintptr_t at;
	u8 byte;

	for (at = ip - CODE_BEFORE; at < ip + CODE_BEHIND; at++) {
		if (!probe_byte(at, &byte))
			n += scnprintf(line + n, sizeof(line) - n, " ??");
		else
			n += scnprintf(line + n, sizeof(line) - n,
				       at == ip ? " <%02x>" : " %02x", byte);
	}
	pr_emerg("Code:%s", line);
}

#ifdef __x86_64__

void show_regs(const struct pt_regs *r, bool with_ip)
{
	char name[NAME_SIZE];

	if (with_ip)
		pr_emerg("RIP: %04lx:%s", r->cs, name_of(r->ip, name));
	show_code(r->ip);
	if (with_ip)
		pr_emerg("RSP: %04lx:%016lx EFLAGS: %08lx", r->ss, r->sp, r->flags);
	else
		pr_emerg("EFLAGS: %08lx", r->flags);
	pr_emerg("RAX: %016lx RBX: %016lx RCX: %016lx", r->ax, r->bx, r->cx);
	pr_emerg("RDX: %016lx RSI: %016lx RDI: %016lx", r->dx, r->si, r->di);
	pr_emerg("RBP: %016lx R08: %016lx R09: %016lx", r->bp, r->r8, r->r9);
	pr_emerg("R10: %016lx R11: %016lx R12: %016lx", r->r10, r->r11, r->r12);
	pr_emerg("R13: %016lx R14: %016lx R15: %016lx", r->r13, r->r14, r->r15);
	pr_emerg("CS:  %04lx GS: %016lx section: %08x", r->cs, (unsigned long)rdmsr(MSR_GS_BASE),
		 this_pc_cpu()->section);
	pr_emerg("CR0: %016lx CR2: %016lx CR3: %016lx CR4: %016lx", read_cr0(), read_cr2(),
		 read_cr3(), read_cr4());
}

#else

void show_regs(const struct pt_regs *r, bool with_ip)
{
	char name[NAME_SIZE];

	if (with_ip)
		pr_emerg("EIP: %s", name_of(r->ip, name));
	show_code(r->ip);
	pr_emerg("EAX: %08lx EBX: %08lx ECX: %08lx EDX: %08lx", r->ax, r->bx, r->cx, r->dx);
	pr_emerg("ESI: %08lx EDI: %08lx EBP: %08lx ESP: %08lx", r->si, r->di, r->bp,
		 (unsigned long)regs_sp(r));
	pr_emerg("CS: %04lx EFLAGS: %08lx section: %08x", r->cs, r->flags, this_pc_cpu()->section);
	pr_emerg("CR0: %08lx CR2: %08lx CR3: %08lx CR4: %08lx", read_cr0(), read_cr2(), read_cr3(),
		 read_cr4());
}

#endif
