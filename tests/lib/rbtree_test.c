// SPDX-License-Identifier: MIT
/*
 * rbtree_test.c - lib/rbtree.c keeps its three rules, its order and its augmented values.
 *
 * A validator looks at the whole tree after each step: every order of inserting up to 7 keys
 * followed by every order of erasing some of them, then long random sequences, sequences that
 * rise and fall, and nodes replaced.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/prng.h"
#include "lib/rbtree.h"
#include "tests/tap.h"

struct item {
	struct rb_node node;
	unsigned int key;
	unsigned long own, most;	/* most: the largest own of the subtree */
};

static unsigned long item_own(const struct item *i)
{
	return i->own;
}
RB_DECLARE_CALLBACKS_MAX(static, augment, struct item, node, unsigned long, most, item_own);

#define ITEM(n) rb_entry(n, struct item, node)

/* --- the validator --- */

static unsigned int broken;

static void rule(bool holds, const char *what)
{
	if (holds)
		return;
	if (!broken++)
		diag("broken: %s", what);
}

/* Black nodes on every way down from n; 0 when they differ. */
static unsigned int black_height(const struct rb_node *n, bool augmented)
{
	unsigned int left, right;
	unsigned long most;

	if (!n)
		return 1;
	left = black_height(n->rb_left, augmented);
	right = black_height(n->rb_right, augmented);
	rule(left && left == right, "as many black nodes on every way");
	most = ITEM(n)->own;
	if (n->rb_left) {
		rule(rb_parent(n->rb_left) == n, "left child's parent");
		rule(ITEM(n->rb_left)->key < ITEM(n)->key, "order on the left");
		rule(rb_is_black(n) || rb_is_black(n->rb_left), "no red child of a red node");
		most = ITEM(n->rb_left)->most > most ? ITEM(n->rb_left)->most : most;
	}
	if (n->rb_right) {
		rule(rb_parent(n->rb_right) == n, "right child's parent");
		rule(ITEM(n->rb_right)->key > ITEM(n)->key, "order on the right");
		rule(rb_is_black(n) || rb_is_black(n->rb_right), "no red child of a red node");
		most = ITEM(n->rb_right)->most > most ? ITEM(n->rb_right)->most : most;
	}
	rule(!augmented || ITEM(n)->most == most, "the largest of the subtree");
	return left + rb_is_black(n);
}

static void validate(const struct rb_root *root, unsigned int count, bool augmented)
{
	unsigned int forwards = 0, backwards = 0, last = 0;
	struct rb_node *n;

	if (root->rb_node) {
		rule(rb_is_black(root->rb_node), "a black root");
		rule(!rb_parent(root->rb_node), "a root without parent");
	}
	black_height(root->rb_node, augmented);
	for (n = rb_first(root); n; n = rb_next(n)) {
		rule(!forwards || ITEM(n)->key > last, "rb_next in order");
		last = ITEM(n)->key;
		forwards++;
	}
	for (n = rb_last(root); n; n = rb_prev(n)) {
		rule(!backwards || ITEM(n)->key < last, "rb_prev in order");
		last = ITEM(n)->key;
		backwards++;
	}
	rule(forwards == count && backwards == count, "all nodes, none twice");
}

/* --- as a user does it --- */

static void insert(struct rb_root *root, struct item *new, bool augmented)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = new->key < ITEM(parent)->key ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	if (!augmented) {
		rb_insert_color(&new->node, root);
		return;
	}
	new->most = 0;
	augment.propagate(&new->node, NULL);
	rb_insert_augmented(&new->node, root, &augment);
}

static void erase(struct rb_root *root, struct item *item, bool augmented)
{
	if (augmented)
		rb_erase_augmented(&item->node, root, &augment);
	else
		rb_erase(&item->node, root);
}

/* --- exhaustive --- */

#define SMALL 7

static struct item items[SMALL];
static unsigned long trees;

/* Every order of erasing what `in` still has: the tree is rebuilt for each, from its inserts. */
static void erase_orders(const unsigned int *order, unsigned int n, bool augmented)
{
	unsigned int erased[SMALL], depth;
	unsigned long code, codes = 1;

	for (depth = 0; depth < n; depth++)
		codes *= n - depth;
	for (code = 0; code < codes; code++) {
		struct rb_root root = RB_ROOT;
		unsigned int left = n, i, k;
		unsigned long rest = code;

		for (i = 0; i < n; i++) {
			insert(&root, &items[order[i]], augmented);
			erased[i] = i;
		}
		validate(&root, n, augmented);
		for (i = 0; i < n; i++) {
			k = (unsigned int)(rest % left);
			rest /= left;
			erase(&root, &items[erased[k]], augmented);
			erased[k] = erased[--left];
			validate(&root, left, augmented);
		}
		trees++;
	}
}

static void insert_orders(unsigned int *order, unsigned int at, unsigned int n, bool augmented)
{
	unsigned int i, t;

	if (at == n) {
		erase_orders(order, n, augmented);
		return;
	}
	for (i = at; i < n; i++) {
		t = order[at], order[at] = order[i], order[i] = t;
		insert_orders(order, at + 1, n, augmented);
		t = order[at], order[at] = order[i], order[i] = t;
	}
}

static void test_exhaustive(void)
{
	unsigned int order[SMALL], n, i;

	for (i = 0; i < SMALL; i++)
		items[i] = (struct item){ .key = i, .own = i * 5 % SMALL + 1 };
	for (n = 0; n <= 6; n++)
		for (i = 0; i < 2; i++) {
			for (unsigned int k = 0; k < n; k++)
				order[k] = k;
			insert_orders(order, 0, n, i);
		}
	is_int(broken, 0, "every order of inserts and erases up to 6 nodes: %lu trees", trees);
}

/* --- random --- */

#define MANY 3000
#define STEPS BOOTED(60000u, 12000u)

static struct item many[MANY];
static bool in[MANY];

static void test_random(bool augmented)
{
	struct prng rng = { 7 + augmented };
	struct rb_root root = RB_ROOT;
	unsigned int i, k, count = 0, depth = 0, step;
	struct rb_node *n;

	memset(in, 0, sizeof(in));
	for (step = 0; step < STEPS; step++) {
		k = (unsigned int)(prng_next(&rng) % (step < STEPS / 2 ? MANY : 200));
		if (in[k]) {
			erase(&root, &many[k], augmented);
			count--;
		} else {
			many[k] = (struct item){ .key = k, .own = prng_next(&rng) % 1000 };
			insert(&root, &many[k], augmented);
			count++;
		}
		in[k] = !in[k];
		if (augmented && count && step % 3 == 0) {	/* a value of its own changes */
			n = root.rb_node;
			while (n->rb_left && prng_next(&rng) % 4)
				n = n->rb_left;
			ITEM(n)->own = prng_next(&rng) % 1000;
			augment.propagate(n, NULL);
		}
		if (step % 64 == 0)
			validate(&root, count, augmented);
	}
	for (n = root.rb_node; n; n = n->rb_left)
		depth++;
	for (i = 0; i < MANY; i++)
		if (in[i]) {
			erase(&root, &many[i], augmented);
			validate(&root, --count, augmented);
		}
	is_int(broken, 0, "random, %s: every rule held", augmented ? "augmented" : "plain");
	ok(RB_EMPTY_ROOT(&root) && depth <= 24, "and no way was longer than allowed");
}

static void test_rising(void)
{
	struct rb_root root = RB_ROOT;
	struct item other;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		many[i] = (struct item){ .key = 2 * i, .own = i };
		insert(&root, &many[i], true);
	}
	validate(&root, MANY, true);
	other = many[1234];
	rb_replace_node(&many[1234].node, &other.node, &root);
	validate(&root, MANY, true);
	rb_replace_node(&other.node, &many[1234].node, &root);
	other = *ITEM(root.rb_node);
	rb_replace_node(root.rb_node, &other.node, &root);
	validate(&root, MANY, true);
	ok(root.rb_node == &other.node, "rb_replace_node: the root, too");
	erase(&root, &other, true);
	validate(&root, MANY - 1, true);
	for (i = MANY; i--;)
		if (many[i].key != other.key)
			erase(&root, &many[i], true);
	is_int(broken, 0, "rising keys, falling erases, replaced nodes");
	ok(!rb_first(&root) && !rb_last(&root), "an empty tree has no first and no last node");
}

int main(void)
{
	test_exhaustive();
	test_random(false);
	test_random(true);
	test_rising();
	return done_testing();
}
