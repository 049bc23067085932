/* SPDX-License-Identifier: MIT */
/*
 * kmm/percpu.h - variables of which every CPU has its own.
 *
 *	DEFINE_PER_CPU(unsigned long, hits);            p = alloc_percpu(struct counts);
 *	this_cpu_inc(hits);                             this_cpu_add(p->bytes, n);
 *	sum += per_cpu(hits, cpu);                      sum += per_cpu_ptr(p, cpu)->bytes;
 *	                                                free_percpu(p);
 *
 * A *unit* is one CPU's copy of all static variables (and some room behind them), made at boot
 * from a template in the program's section kmm_percpu. A *per-CPU pointer* is the address of a
 * variable in the template, or what alloc_percpu() returned; it leads nowhere by itself. Adding
 * __per_cpu_offset[cpu] makes it that CPU's address, the same number for static and for allocated
 * memory:
 *
 *	template    |hits ...|
 *	            |<--- __per_cpu_offset[1] --------->|
 *	            |<-- [0] -->|                       |
 *	RAM                     |hits ...|......|       |hits ...|......|
 *	                        unit of CPU 0           unit of CPU 1
 *
 * The template is read-only where the toolchain allows. Before setup_per_cpu_areas() (<kmm/kmm.h>:
 * in kmm_boot()) there are no copies; nothing here may be used.
 *
 * Names: Linux 6.1. this_cpu_...() are whole with regard to everything on this CPU (local section);
 * __this_cpu_...() and raw_cpu_...() only if the caller is in a local section or cannot be
 * interrupted. They work on integers, enums and pointers of 1, 2, 4 and 8 bytes. None is atomic
 * towards other CPUs: those may read (READ_ONCE(), per_cpu()), not write.
 */
#ifndef KMM_PERCPU_H
#define KMM_PERCPU_H

#include <kmm/gfp.h>
#include <kmm/platform.h>

/* ---- static variables ---- */

/*
 * The section's flags can be made "read-only" only behind the compiler's back: GNU as takes what
 * follows '#' for a comment. Initialisers that hold addresses then need text relocations in
 * programs linked to run anywhere (PIE): define KMM_PERCPU_SECTION as "kmm_percpu" in these.
 */
#ifndef KMM_PERCPU_SECTION
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__i386__))
#define KMM_PERCPU_SECTION "kmm_percpu,\"a\",@progbits #"
#else
#define KMM_PERCPU_SECTION "kmm_percpu"
#endif
#endif
#define __percpu_section	__attribute__((section(KMM_PERCPU_SECTION)))
#define __percpu		/* marks per-CPU pointers, for the reader */

/*
 * DEFINE_PER_CPU - may be static, may have an initialiser: every CPU's copy starts with it.
 * _ALIGNED, _SHARED_ALIGNED: to a cache line. _PAGE_ALIGNED: to a page. _READ_MOSTLY: as Linux has
 * it.
 */
#define DEFINE_PER_CPU(type, name)		__percpu_section __typeof__(type) name
#define DECLARE_PER_CPU(type, name)		extern __percpu_section __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name) \
	__percpu_section __typeof__(type) name ____cacheline_aligned
#define DECLARE_PER_CPU_ALIGNED(type, name) \
	extern __percpu_section __typeof__(type) name ____cacheline_aligned
#define DEFINE_PER_CPU_PAGE_ALIGNED(type, name) \
	__percpu_section __typeof__(type) name __attribute__((aligned(PAGE_SIZE)))
#define DECLARE_PER_CPU_PAGE_ALIGNED(type, name) \
	extern __percpu_section __typeof__(type) name __attribute__((aligned(PAGE_SIZE)))
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name)	DEFINE_PER_CPU_ALIGNED(type, name)
#define DECLARE_PER_CPU_SHARED_ALIGNED(type, name)	DECLARE_PER_CPU_ALIGNED(type, name)
#define DEFINE_PER_CPU_READ_MOSTLY(type, name)		DEFINE_PER_CPU(type, name)
#define DECLARE_PER_CPU_READ_MOSTLY(type, name)		DECLARE_PER_CPU(type, name)

/* ---- addresses ---- */

extern uintptr_t __per_cpu_offset[NR_CPUS];
#define per_cpu_offset(cpu)	(__per_cpu_offset[cpu])

/*
 * This CPU's offset. A platform that has it at hand (a PC: in %gs) defines kmm_this_cpu_offset()
 * in its inline header, and may define any of the this_cpu_...() macros below as it knows better.
 * It finds the values in __per_cpu_offset[], constant from kmm_boot()'s end on.
 */
#ifndef kmm_this_cpu_offset
#define kmm_this_cpu_offset()	(__per_cpu_offset[kmm_cpu()])
#endif

/* The compiler must not conclude anything from which variable an address began with. */
static __always_inline void *kmm_percpu_add(const volatile void *p, uintptr_t offset)
{
	uintptr_t address = (uintptr_t)p;

	__asm__("" : "+r"(address));
	return (void *)(address + offset);
}

/*
 * per_cpu_ptr - CPU cpu's address of a per-CPU pointer. this_cpu_ptr - this CPU's; the caller sees
 * to it that it stays on the CPU. per_cpu - that CPU's variable, an lvalue. Any context; cpu <
 * nr_cpu_ids.
 */
#define per_cpu_ptr(ptr, cpu)	((__typeof__(ptr))kmm_percpu_add((ptr), per_cpu_offset(cpu)))
#define raw_cpu_ptr(ptr)	((__typeof__(ptr))kmm_percpu_add((ptr), kmm_this_cpu_offset()))
#define this_cpu_ptr(ptr)	raw_cpu_ptr(ptr)
#define per_cpu(var, cpu)	(*per_cpu_ptr(&(var), cpu))
#define __get_cpu_var(var)	(*this_cpu_ptr(&(var)))

/*
 * get_cpu_var, get_cpu_ptr - this CPU's variable, and stay on the CPU until put_cpu_var(),
 * put_cpu_ptr(). They nest, and with local sections. (Linux turns preemption off; here it is a
 * local section: no sleeping.)
 */
void kmm_get_cpu(void);
void kmm_put_cpu(void);
#define get_cpu_ptr(ptr)	(kmm_get_cpu(), this_cpu_ptr(ptr))
#define put_cpu_ptr(ptr)	((void)(ptr), kmm_put_cpu())
#define get_cpu_var(var)	(*get_cpu_ptr(&(var)))
#define put_cpu_var(var)	((void)&(var), kmm_put_cpu())

/* ---- operations on this CPU's variable ---- */

enum kmm_percpu_op {
	KMM_PCPU_SET, KMM_PCPU_ADD, KMM_PCPU_AND, KMM_PCPU_OR
};

static __always_inline u64 kmm_percpu_load(const void *p, size_t size)
{
	switch (size) {
	case 1: return READ_ONCE(*(const u8 *)p);
	case 2: return READ_ONCE(*(const u16 *)p);
	case 4: return READ_ONCE(*(const u32 *)p);
	}
#if UINTPTR_MAX > 0xffffffffu
	return READ_ONCE(*(const u64 *)p);
#else
	return *(const volatile u64 *)p;	/* two halves: whole for this CPU only */
#endif
}

static __always_inline void kmm_percpu_store(void *p, size_t size, u64 v)
{
	switch (size) {
	case 1: WRITE_ONCE(*(u8 *)p, (u8)v); return;
	case 2: WRITE_ONCE(*(u16 *)p, (u16)v); return;
	case 4: WRITE_ONCE(*(u32 *)p, (u32)v); return;
	}
#if UINTPTR_MAX > 0xffffffffu
	WRITE_ONCE(*(u64 *)p, v);
#else
	*(volatile u64 *)p = v;
#endif
}

static __always_inline u64 kmm_percpu_apply(enum kmm_percpu_op op, u64 old, u64 v)
{
	return op == KMM_PCPU_ADD ? old + v : op == KMM_PCPU_AND ? (old & v) :
	       op == KMM_PCPU_OR ? (old | v) : v;
}

/* Apply op to the variable; returns what it was (want_old) or is. safe: in a local section. */
static __always_inline u64 kmm_percpu_rmw(void *var, size_t size, enum kmm_percpu_op op, u64 v,
					  bool safe, bool want_old)
{
	unsigned long flags = safe ? kmm_local_irq_save() : 0;
	void *p = kmm_percpu_add(var, kmm_this_cpu_offset());
	u64 old = op == KMM_PCPU_SET && !want_old ? 0 : kmm_percpu_load(p, size);
	u64 new = kmm_percpu_apply(op, old, v);

	kmm_percpu_store(p, size, new);
	if (safe)
		kmm_local_irq_restore(flags);
	return want_old ? old : new;
}

static __always_inline u64 kmm_percpu_get(const void *var, size_t size, bool safe)
{
	unsigned long flags = safe ? kmm_local_irq_save() : 0;
	u64 v = kmm_percpu_load(kmm_percpu_add(var, kmm_this_cpu_offset()), size);

	if (safe)
		kmm_local_irq_restore(flags);
	return v;
}

static __always_inline u64 kmm_percpu_cmpxchg(void *var, size_t size, u64 want, u64 new, bool safe)
{
	unsigned long flags = safe ? kmm_local_irq_save() : 0;
	void *p = kmm_percpu_add(var, kmm_this_cpu_offset());
	u64 mask = ~(u64)0 >> (64 - 8 * size), old = kmm_percpu_load(p, size);

	if (((old ^ want) & mask) == 0)
		kmm_percpu_store(p, size, new);
	if (safe)
		kmm_local_irq_restore(flags);
	return old;
}

static __always_inline bool kmm_percpu_cmpxchg_double(unsigned long *var1, unsigned long *var2,
						      unsigned long old1, unsigned long old2,
						      unsigned long new1, unsigned long new2)
{
	unsigned long flags = kmm_local_irq_save();
	unsigned long *a = kmm_percpu_add(var1, kmm_this_cpu_offset());
	unsigned long *b = kmm_percpu_add(var2, kmm_this_cpu_offset());
	bool equal = READ_ONCE(*a) == old1 && READ_ONCE(*b) == old2;

	if (equal) {
		WRITE_ONCE(*a, new1);
		WRITE_ONCE(*b, new2);
	}
	kmm_local_irq_restore(flags);
	return equal;
}

/* Integers and pointers as one word and back, without a warning about their width. */
#define KMM_PCPU_IS_PTR(x)	(__builtin_classify_type(x) == 5)
#define KMM_PCPU_WORD(x) \
	((u64)__builtin_choose_expr(KMM_PCPU_IS_PTR(x), (uintptr_t)(x), (x)))
#define KMM_PCPU_VALUE(pcp, word) \
	((__typeof__(pcp))__builtin_choose_expr(KMM_PCPU_IS_PTR(pcp), (uintptr_t)(word), (word)))
/* sizeof, for what can be operated on; else the build fails here. */
#define KMM_PCPU_SIZE(pcp) \
	(sizeof(pcp) + 0 * sizeof(char[__builtin_classify_type(pcp) <= 5 && sizeof(pcp) <= 8 && \
				       (sizeof(pcp) & (sizeof(pcp) - 1)) == 0 ? 1 : -1]))

#define KMM_PCPU_RMW(pcp, op, val, safe, old) \
	KMM_PCPU_VALUE(pcp, kmm_percpu_rmw(&(pcp), KMM_PCPU_SIZE(pcp), op, KMM_PCPU_WORD(val), \
					   safe, old))

#ifndef this_cpu_read
#define this_cpu_read(pcp) \
	KMM_PCPU_VALUE(pcp, kmm_percpu_get(&(pcp), KMM_PCPU_SIZE(pcp), true))
#endif
#ifndef this_cpu_write
#define this_cpu_write(pcp, val)	((void)KMM_PCPU_RMW(pcp, KMM_PCPU_SET, val, true, false))
#endif
#ifndef this_cpu_add
#define this_cpu_add(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_ADD, val, true, false))
#endif
#ifndef this_cpu_and
#define this_cpu_and(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_AND, val, true, false))
#endif
#ifndef this_cpu_or
#define this_cpu_or(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_OR, val, true, false))
#endif
#ifndef this_cpu_add_return
#define this_cpu_add_return(pcp, val)	KMM_PCPU_RMW(pcp, KMM_PCPU_ADD, val, true, false)
#endif
#ifndef this_cpu_xchg
#define this_cpu_xchg(pcp, val)		KMM_PCPU_RMW(pcp, KMM_PCPU_SET, val, true, true)
#endif
#ifndef this_cpu_cmpxchg
#define this_cpu_cmpxchg(pcp, old, new) \
	KMM_PCPU_VALUE(pcp, kmm_percpu_cmpxchg(&(pcp), KMM_PCPU_SIZE(pcp), KMM_PCPU_WORD(old), \
					       KMM_PCPU_WORD(new), true))
#endif
#ifndef this_cpu_cmpxchg_double		/* two words, anywhere: true, both were changed */
#define this_cpu_cmpxchg_double(pcp1, pcp2, old1, old2, new1, new2) \
	kmm_percpu_cmpxchg_double((unsigned long *)&(pcp1), (unsigned long *)&(pcp2), \
				  (unsigned long)(old1), (unsigned long)(old2), \
				  (unsigned long)(new1), (unsigned long)(new2))
#endif
#define this_cpu_sub(pcp, val)		this_cpu_add(pcp, -(__typeof__(pcp))(val))
#define this_cpu_inc(pcp)		this_cpu_add(pcp, 1)
#define this_cpu_dec(pcp)		this_cpu_add(pcp, -1)
#define this_cpu_sub_return(pcp, val)	this_cpu_add_return(pcp, -(__typeof__(pcp))(val))
#define this_cpu_inc_return(pcp)	this_cpu_add_return(pcp, 1)
#define this_cpu_dec_return(pcp)	this_cpu_add_return(pcp, -1)

#define raw_cpu_read(pcp) \
	KMM_PCPU_VALUE(pcp, kmm_percpu_get(&(pcp), KMM_PCPU_SIZE(pcp), false))
#define raw_cpu_write(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_SET, val, false, false))
#define raw_cpu_add(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_ADD, val, false, false))
#define raw_cpu_and(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_AND, val, false, false))
#define raw_cpu_or(pcp, val)		((void)KMM_PCPU_RMW(pcp, KMM_PCPU_OR, val, false, false))
#define raw_cpu_add_return(pcp, val)	KMM_PCPU_RMW(pcp, KMM_PCPU_ADD, val, false, false)
#define raw_cpu_xchg(pcp, val)		KMM_PCPU_RMW(pcp, KMM_PCPU_SET, val, false, true)
#define raw_cpu_cmpxchg(pcp, old, new) \
	KMM_PCPU_VALUE(pcp, kmm_percpu_cmpxchg(&(pcp), KMM_PCPU_SIZE(pcp), KMM_PCPU_WORD(old), \
					       KMM_PCPU_WORD(new), false))
#define raw_cpu_sub(pcp, val)		raw_cpu_add(pcp, -(__typeof__(pcp))(val))
#define raw_cpu_inc(pcp)		raw_cpu_add(pcp, 1)
#define raw_cpu_dec(pcp)		raw_cpu_add(pcp, -1)
#define raw_cpu_sub_return(pcp, val)	raw_cpu_add_return(pcp, -(__typeof__(pcp))(val))
#define raw_cpu_inc_return(pcp)		raw_cpu_add_return(pcp, 1)
#define raw_cpu_dec_return(pcp)		raw_cpu_add_return(pcp, -1)

#define __this_cpu_read(pcp)			raw_cpu_read(pcp)
#define __this_cpu_write(pcp, val)		raw_cpu_write(pcp, val)
#define __this_cpu_add(pcp, val)		raw_cpu_add(pcp, val)
#define __this_cpu_sub(pcp, val)		raw_cpu_sub(pcp, val)
#define __this_cpu_inc(pcp)			raw_cpu_inc(pcp)
#define __this_cpu_dec(pcp)			raw_cpu_dec(pcp)
#define __this_cpu_and(pcp, val)		raw_cpu_and(pcp, val)
#define __this_cpu_or(pcp, val)			raw_cpu_or(pcp, val)
#define __this_cpu_add_return(pcp, val)		raw_cpu_add_return(pcp, val)
#define __this_cpu_sub_return(pcp, val)		raw_cpu_sub_return(pcp, val)
#define __this_cpu_inc_return(pcp)		raw_cpu_inc_return(pcp)
#define __this_cpu_dec_return(pcp)		raw_cpu_dec_return(pcp)
#define __this_cpu_xchg(pcp, val)		raw_cpu_xchg(pcp, val)
#define __this_cpu_cmpxchg(pcp, old, new)	raw_cpu_cmpxchg(pcp, old, new)

/* ---- allocated memory ---- */

/*
 * alloc_percpu - memory for one `type` on each CPU. __alloc_percpu - size bytes at a multiple of
 * align: up to 32 KiB, align a power of two up to a page. All zeroes on every CPU. NULL: no memory
 * (up to ten are reported, unless __GFP_NOWARN), or an impossible size or alignment.
 * _gfp: a mask that has not all of GFP_KERNEL is *atomic*: any context, but only memory that is
 * mapped already can be given; a small reserve of it is kept.
 * __alloc_reserved_percpu - from the room set apart at boot for modules' static variables; where
 * there is none, as __alloc_percpu().
 * Context: process context, no lock held, unless atomic. Not before setup_per_cpu_areas(); before
 * the caches of objects exist only what the first chunk has.
 * Ownership: the caller's until free_percpu(). Source: Linux; J. Bonwick's vmem for the idea of a
 * map apart.
 */
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp) __must_check;
void *__alloc_percpu(size_t size, size_t align) __must_check;
void *__alloc_reserved_percpu(size_t size, size_t align) __must_check;
#define alloc_percpu_gfp(type, gfp) \
	((__typeof__(type) *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
#define alloc_percpu(type) \
	((__typeof__(type) *)__alloc_percpu(sizeof(type), __alignof__(type)))

/*
 * free_percpu - NULL is ignored. What is no allocation's beginning is reported and ignored. Any
 * context.
 */
void free_percpu(void *ptr);

/*
 * percpu_balance - make the reserve of mapped memory up, unmap what is far above it: the
 * work that alloc_percpu() does by the way when it is called. percpu_reap - give all back that can
 * be, but for the reserve. Context: may sleep, no lock held.
 */
void percpu_balance(void);
void percpu_reap(void);

/*
 * per_cpu_ptr_to_phys - physical address of one CPU's address (not of a per-CPU pointer).
 * is_kernel_percpu_address - does it lie in some CPU's static variables? Any context.
 */
phys_addr_t per_cpu_ptr_to_phys(void *addr);
bool is_kernel_percpu_address(uintptr_t addr);

/* ---- looking ---- */

/* pcpu_nr_pages - pages of memory, all CPUs together: "Percpu:" in /proc/meminfo. */
unsigned long pcpu_nr_pages(void);

/*
 * pcpu_for_each_line - /sys/kernel/debug/percpu_stats, as Linux prints it, line by line: name and
 * value; a heading has no value. Context: any. May call fn with a lock held: it must not allocate.
 */
struct pcpu_line {
	const char *text;
	bool heading;
	s64 value;
};
void pcpu_for_each_line(void (*fn)(void *arg, const struct pcpu_line *line), void *arg);

/* percpu_check - validate all maps, lists and counters; stops the machine naming what is broken. */
void percpu_check(void);

#endif
