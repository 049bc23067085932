// SPDX-License-Identifier: MIT
/*
 * block_test.c - the bit tree of a pageblock is the tree it says it is, lookups agree with
 * a search by hand over random trees, and block_check() finds every kind of damage.
 */
#include "machine.h"

#define LEAVES 512u

/* --- positions, counted by hand --- */

static unsigned int position[10][LEAVES];	/* [order][index in its order] */

static void count_positions(void)
{
	unsigned int order, i, pos = 0;

	for (order = 0; order < 10; order++)
		for (i = 0; i < LEAVES >> order; i++)
			position[order][i] = pos++;
}

static void test_positions(void)
{
	unsigned int order, i, wrong = 0, buddies = 0, parents = 0, children = 0, offsets = 0;

	for (order = 0; order < 10; order++)
		for (i = 0; i < LEAVES >> order; i++) {
			unsigned int pos = position[order][i];
			unsigned long pfn = 7 * LEAVES + ((unsigned long)i << order);

			wrong += block_pos(pfn, order) != pos;
			wrong += block_pos(pfn + (1u << order) - 1, order) != pos;
			offsets += block_pos_offset(pos, order) != (unsigned long)i << order;
			if (order == 9)
				continue;
			buddies += (pos ^ 1) != position[order][i ^ 1];
			parents += block_parent(pos) != position[order + 1][i / 2];
			children += block_child(position[order + 1][i / 2]) != (pos & ~1u);
		}
	is_int(wrong, 0, "block_pos() of every block of every order");
	is_int(offsets, 0, "block_pos_offset() is its reverse");
	is_int(buddies, 0, "p ^ 1 is the buddy");
	is_int(parents, 0, "block_parent()");
	is_int(children, 0, "block_child()");
	is_int(position[9][0], BLOCK_ROOT, "the root is where it is said to be");
	is_int(BLOCK_ROOT ^ 1, 1023, "its buddy is the bit that is never set");
}

/* --- lookups over random trees --- */

static struct pageblock block;
static int free_order[LEAVES];		/* of the free block a leaf is in; -1: not free */

/* Cut [at, at + 2^order) at random; each part is free or not; equal buddies are avoided. */
static bool grow(struct prng *r, unsigned int at, unsigned int order, bool may_be_free)
{
	unsigned int choice = prng_below(r, order ? 4 : 2), i;

	if (choice == 0 && may_be_free) {
		block_set(&block, block_pos(at, order));
		block.nr_free[order]++;
		block.free_pages += (u16)(1u << order);
		for (i = 0; i < 1u << order; i++)
			free_order[at + i] = (int)order;
		return true;
	}
	if (choice <= 1 || !order)
		return false;
	may_be_free = !grow(r, at, order - 1, true);
	grow(r, at + (1u << (order - 1)), order - 1, may_be_free);
	return false;
}

static void random_block(struct prng *r)
{
	unsigned int i;

	memset(&block, 0, sizeof(block));
	for (i = 0; i < LEAVES; i++)
		free_order[i] = -1;
	grow(r, 0, 8, true);
	grow(r, 256, 8, !block.nr_free[8]);
}

static unsigned int find_faults(void)
{
	unsigned int i, order, faults = 0;

	for (i = 0; i < LEAVES; i++) {
		int pos = block_find(&block, 3 * LEAVES + i, &order);

		if (free_order[i] < 0)
			faults += pos != -1;
		else
			faults += (int)order != free_order[i] || pos != (int)block_pos(i, order);
	}
	return faults;
}

static unsigned int first_faults(void)
{
	unsigned int i, order, faults = 0;

	for (order = 0; order < 10; order++) {
		if (!block.nr_free[order])
			continue;
		for (i = 0; free_order[i] != (int)order; i++)
			continue;
		faults += block_first(&block, order) != block_pos(i, order);
	}
	return faults;
}

static void test_lookups(void)
{
	struct prng r;
	unsigned int i, find = 0, first = 0;

	prng_seed(&r, 1);
	for (i = 0; i < 3000; i++) {
		random_block(&r);
		find += find_faults();
		first += first_faults();
		block_check(&block);
	}
	is_int(find, 0, "block_find() of every frame of 3000 random trees");
	is_int(first, 0, "block_first() finds the lowest of each order");
	pass("block_check() has nothing against them");
}

/* --- damage --- */

static void check_it(void *arg)
{
	block_check(arg);
}

/* A sound block: [0, 2) and [4, 8) and page 9 free. */
static void sound_block(void)
{
	memset(&block, 0, sizeof(block));
	block_set(&block, block_pos(0, 1));
	block_set(&block, block_pos(4, 2));
	block_set(&block, block_pos(9, 0));
	block.nr_free[0] = block.nr_free[1] = block.nr_free[2] = 1;
	block.free_pages = 7;
}

static void damage_bit_1023(void) { block_set(&block, 1023); }
static void damage_lost_bit(void) { block_clear(&block, block_pos(9, 0)); }
static void damage_new_bit(void) { block_set(&block, block_pos(100, 0)); }
static void damage_nr_free(void) { block.nr_free[2]++; }
static void damage_free_pages(void) { block.free_pages--; }
static void damage_type(void) { block.migratetype = MIGRATE_TYPES; }
static void damage_max_order(void) { block.flags |= PB_IN_MAX_ORDER; }

static void damage_child(void)
{
	block_set(&block, block_pos(5, 0));	/* inside the free block [4, 8) */
	block.nr_free[0]++;
	block.free_pages++;
}

static void damage_deep_parent(void)
{
	block_set(&block, BLOCK_ROOT);
	block.nr_free[9]++;
	block.free_pages += LEAVES;
}

static void damage_buddies(void)
{
	block_set(&block, block_pos(8, 0));	/* its buddy 9 is free: they should be one */
	block.nr_free[0]++;
	block.free_pages++;
}

static void test_damage(void)
{
	static const struct { const char *what; void (*damage)(void); } kind[] = {
		{ "the bit that does not exist", damage_bit_1023 },
		{ "a bit lost", damage_lost_bit },
		{ "a bit too many", damage_new_bit },
		{ "a wrong count of blocks", damage_nr_free },
		{ "a wrong count of pages", damage_free_pages },
		{ "a type that does not exist", damage_type },
		{ "part of an order-10 block, and has small ones", damage_max_order },
		{ "a free block in a free block", damage_child },
		{ "the same, nine orders apart", damage_deep_parent },
		{ "free buddies not merged", damage_buddies },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kind); i++) {
		if (!MACHINE_ON(.mem = 16 * MIB))
			return;
		sound_block();
		block_check(&block);
		kind[i].damage();
		ok(stops(check_it, &block), "found: %s", kind[i].what);
		ok(strstr(host_stop_reason(), "block.c"), "  and named: %s", host_stop_reason());
		host_power_off();
	}
}

int main(void)
{
	count_positions();
	test_positions();
	run_case(test_lookups);
	run_case(test_damage);
	return done_testing();
}
