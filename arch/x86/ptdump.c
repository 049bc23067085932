// SPDX-License-Identifier: MIT
/*
 * arch/x86/ptdump.c - see ptdump.h. The walk gives entry after entry; a line is printed when one
 * comes that differs from those before it, or where a named area begins.
 *
 * Source of the form: Linux 6.1's arch/x86/mm/dump_pagetables.c, as read off its output.
 */
#include "arch/x86/ptdump.h"
#include "lib/vsprintf.h"

/* Of a leaf; bit 12 of a 4K entry is part of its address. */
#define SHOWN_BITS (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_PWT | _PAGE_PCD | _PAGE_PSE | \
		    _PAGE_GLOBAL | _PAGE_PAT_LARGE | _PAGE_NX)

static const char *const level_names[PG_LEVEL_NUM] = {
	[PG_LEVEL_4K] = "pte", [PG_LEVEL_2M] = "pmd", [PG_LEVEL_1G] = "pud",
	[PG_LEVEL_512G] = "p4d", [PG_LEVEL_256T] = "pgd",
};

/* Linux calls the root "pgd", however many levels lie below. */
static const char *level_name(const struct pgtable_format *f, enum pg_level level)
{
	return level == f->root ? "pgd" : level_names[level];
}

#define MOST_MARKS 12

struct dump {
	struct seq_buf *m;
	const struct pgtable_format *fmt;
	struct { u64 at; const char *name; } mark[MOST_MARKS];	/* in order of addresses */
	unsigned int nr_marks, next_mark;
	u64 start, end, bits;		/* the line being gathered; start == end: none */
	enum pg_level level;
};

static void put_bits(struct seq_buf *m, u64 bits, enum pg_level level)
{
	bool large = level > PG_LEVEL_4K;
	u64 pat = large ? _PAGE_PAT_LARGE : _PAGE_PAT;

	if (!(bits & _PAGE_PRESENT)) {
		seq_buf_printf(m, "%30s", "");
		return;
	}
	seq_buf_puts(m, bits & _PAGE_USER ? "USR " : "    ");
	seq_buf_puts(m, bits & _PAGE_RW ? "RW " : "ro ");
	seq_buf_puts(m, bits & _PAGE_PWT ? "PWT " : "    ");
	seq_buf_puts(m, bits & _PAGE_PCD ? "PCD " : "    ");
	seq_buf_puts(m, large && (bits & _PAGE_PSE) ? "PSE " : "    ");
	seq_buf_puts(m, bits & pat ? "PAT " : "    ");
	seq_buf_puts(m, bits & _PAGE_GLOBAL ? "GLB " : "    ");
	seq_buf_puts(m, bits & _PAGE_NX ? "NX " : "x  ");
}

const char *ptdump_entry(char *buf, size_t size, pte_t e, enum pg_level level)
{
	struct seq_buf m;

	seq_buf_init(&m, buf, size);
	put_bits(&m, e.pte, level);
	seq_buf_puts(&m, level_names[level]);
	return buf;
}

/* ---- lines ---- */

static void put_line(struct dump *d)
{
	int digits = d->fmt->va_bits == 32 ? 8 : 16;
	u64 size = (d->end - d->start) >> 10;
	const char *unit = "KMGTPE";

	if (d->start == d->end)
		return;
	while (unit[1] && !(size & 1023)) {
		size >>= 10;
		unit++;
	}
	seq_buf_printf(d->m, "0x%0*llx-0x%0*llx   %9llu%c ", digits, (unsigned long long)d->start,
		       digits, (unsigned long long)d->end, (unsigned long long)size, *unit);
	put_bits(d->m, d->bits, d->level);
	seq_buf_printf(d->m, "%s\n", level_name(d->fmt, d->level));
	d->start = d->end;
}

static void put_mark(struct dump *d)
{
	seq_buf_printf(d->m, "---[ %s ]---\n", d->mark[d->next_mark++].name);
}

/* [start, end) joins the line, or begins one. */
static void add(struct dump *d, u64 start, u64 end, enum pg_level level, u64 bits)
{
	if (d->start == d->end || d->level != level || d->bits != bits) {
		put_line(d);
		d->start = start;
		d->level = level;
		d->bits = bits;
	}
	d->end = end;
}

static u64 shown_bits(pte_t e, enum pg_level level)
{
	if (!pte_present(e))
		return 0;
	return e.pte & SHOWN_BITS & (level == PG_LEVEL_4K ? ~_PAGE_PAT_LARGE : ~(u64)0);
}

/* An end of 0 is that of the address space: compared by the last address. */
static int one_span(void *arg, const struct pgtable_span *s)
{
	struct dump *d = arg;
	u64 start = s->start, bits = shown_bits(s->entry, s->level);

	while (d->next_mark < d->nr_marks && d->mark[d->next_mark].at <= s->end - 1) {
		u64 at = d->mark[d->next_mark].at;

		if (at > start) {
			add(d, start, at, s->level, bits);
			start = at;
		}
		put_line(d);
		put_mark(d);
	}
	add(d, start, s->end, s->level, bits);
	return d->m->overflow;
}

/* ---- marks ---- */

static void mark(struct dump *d, u64 at, const char *name)
{
	unsigned int i = d->nr_marks++;

	for (; i && d->mark[i - 1].at > at; i--)
		d->mark[i] = d->mark[i - 1];
	d->mark[i].at = at;
	d->mark[i].name = name;
}

static void mark_area(struct dump *d, const struct area *a, const char *name)
{
	if (a->start != a->end)
		mark(d, a->start, name);
}

static void mark_areas(struct dump *d, const struct kernel_layout *l)
{
	bool ia32 = d->fmt->va_bits == 32;

	mark(d, 0, "User Space");
	if (!ia32)
		mark(d, (u64)1 << 63, "Kernel Space");
	mark_area(d, &l->direct, ia32 ? "Kernel Mapping" : "Low Kernel Mapping");
	mark_area(d, &l->vmalloc, "vmalloc() Area");
	if (ia32)
		mark(d, l->vmalloc.end, "vmalloc() End");
	mark_area(d, &l->pkmap, "Persistent kmap() Area");
	mark_area(d, &l->ldt, "LDT remap");
	mark_area(d, &l->vmemmap, "Vmemmap");
	mark_area(d, &l->cpu_entry, ia32 ? "CPU entry area" : "CPU entry Area");
	mark_area(d, &l->espfix, "ESPfix Area");
	if (!ia32) {
		mark_area(d, &l->text, "High Kernel Mapping");
		mark_area(d, &l->modules, "Modules");
	}
	mark_area(d, &l->fixmap, ia32 ? "Fixmap area" : "Fixmap Area");
}

void ptdump_walk(struct seq_buf *m, const struct pgtable *t, const struct kernel_layout *l,
		 u64 start, u64 end)
{
	struct dump d = { .m = m, .fmt = t->fmt };

	if (l)
		mark_areas(&d, l);
	while (d.next_mark < d.nr_marks && d.mark[d.next_mark].at < start)
		d.next_mark++;
	pgtable_walk(t, start, end, one_span, &d);
	put_line(&d);
}
