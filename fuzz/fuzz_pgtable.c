// SPDX-License-Identifier: MIT
/*
 * fuzz_pgtable.c - page tables full of anything: looking an address up, walking and dumping end,
 * stay inside the tables, and agree with each other.
 *
 * Input: a byte that says which format, eight bytes of an address, then entries, eight bytes
 * each, dealt over four tables round and round. What would lead outside leads to one of the four,
 * which may well be its own: a loop ends with the levels.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86/ptdump.h"

#define TABLES	4
#define BASE	0x100000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned char arena[TABLES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct pgtable table;

static void must(bool cond)
{
	if (!cond)
		abort();
}

/* Whatever its bits, an entry that is taken for a table's leads to one of the four. */
static pte_t tamed(u64 raw)
{
	return __pte((raw & ~table.fmt->pfn_mask) | (BASE + (raw >> 12) % TABLES * PAGE_SIZE));
}

static void fill(const uint8_t *data, size_t size)
{
	unsigned int per = (unsigned int)(PAGE_SIZE / table.fmt->entry_size);
	u64 raw = 0;

	for (unsigned int i = 0; i < TABLES * per; i++) {
		if (size >= 8) {
			memcpy(&raw, data, 8);
			data += 8;
			size -= 8;
		} else {
			raw = raw * 6364136223846793005ull + 1442695040888963407ull;
		}
		set_pte(table.fmt, table_slot(&table, BASE + i % TABLES * PAGE_SIZE, i / TABLES),
			tamed(raw));
	}
}

static u64 canonical(u64 va)
{
	unsigned int spare = 64u - table.fmt->va_bits;

	return table.fmt->va_bits == 32 ? (u32)va : (u64)((s64)(va << spare) >> spare);
}

struct tour {
	u64 at;
	unsigned int left;
};

static int visit(void *arg, const struct pgtable_span *s)
{
	struct tour *t = arg;
	enum pg_level level;
	u64 phys = 0;
	bool mapped = pgtable_translate(&table, s->start, &phys, NULL, &level);

	if (t->at == (u64)1 << (table.fmt->va_bits - 1) && table.fmt->va_bits > 32)
		t->at = ~(u64)0 << (table.fmt->va_bits - 1);	/* no addresses in between */
	must(s->start == t->at && s->end - 1 >= s->start);
	must(mapped == pte_present(s->entry) && level == s->level);
	t->at = s->end;
	return !--t->left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[20000];
	struct tour tour = { 0, 2000 };
	struct seq_buf m;
	u64 va, low;

	u8 head[9] = { 0 };

	memcpy(head, data, min(size, sizeof(head)));
	data += min(size, sizeof(head));
	size -= min(size, sizeof(head));
	table = (struct pgtable){ &pgtable_formats[1 + head[0] % (NR_PAGING_MODES - 1)], BASE,
				  (uintptr_t)arena - (uintptr_t)BASE };
	memcpy(&va, head + 1, 8);
	low = canonical(va) & ~(u64)4095;
	fill(data, size);
	tour.at = low;
	pgtable_walk(&table, low, 0, visit, &tour);
	seq_buf_init(&m, text, sizeof(text));
	ptdump_walk(&m, &table, NULL, low, 0);
	return 0;
}
