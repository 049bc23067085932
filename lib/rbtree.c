// SPDX-License-Identifier: MIT
/*
 * rbtree.c - balancing: see lib/rbtree.h for what a red-black tree is.
 *
 * Inserting puts a red node below a parent that may be red too; erasing may take a black
 * node off one side. Both faults are carried upwards by changing colours until at most
 * three rotations end them:
 *
 *	     (n)                         (r)
 *	    /   \      left(n) -->      /   \
 *	   A    (r)                   (n)    C
 *	       /   \   <-- right(r)  /   \
 *	      B     C               A     B
 *
 * Each function is written once, inline, with the callbacks as an argument; called with
 * none the compiler drops them.
 */
#include "lib/rbtree.h"

#define always_inline inline __attribute__((always_inline))

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->rb_parent_color = (uintptr_t)parent | (n->rb_parent_color & RB_BLACK);
}

static inline void set_red(struct rb_node *n)
{
	n->rb_parent_color &= ~(uintptr_t)RB_BLACK;
}

static inline void set_black(struct rb_node *n)
{
	n->rb_parent_color |= RB_BLACK;
}

static inline bool is_red(const struct rb_node *n)
{
	return n && !rb_is_black(n);
}

/* The link of parent (or root) that leads to old leads to new. */
static inline void change_child(struct rb_root *root, struct rb_node *parent,
				const struct rb_node *old, struct rb_node *new)
{
	if (!parent)
		root->rb_node = new;
	else if (parent->rb_left == old)
		parent->rb_left = new;
	else
		parent->rb_right = new;
}

/* `up` takes the place of its parent n, whose child it ceases to be. Colours stay with the nodes.
 * */
static always_inline void lift(struct rb_node *n, struct rb_node *up, struct rb_root *root,
			       const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent = rb_parent(n);

	set_parent(up, parent);
	change_child(root, parent, n, up);
	set_parent(n, up);
	if (augment)
		augment->rotate(n, up);
}

static always_inline void rotate_left(struct rb_node *n, struct rb_root *root,
				      const struct rb_augment_callbacks *augment)
{
	struct rb_node *up = n->rb_right;

	n->rb_right = up->rb_left;
	if (n->rb_right)
		set_parent(n->rb_right, n);
	up->rb_left = n;
	lift(n, up, root, augment);
}

static always_inline void rotate_right(struct rb_node *n, struct rb_root *root,
				       const struct rb_augment_callbacks *augment)
{
	struct rb_node *up = n->rb_left;

	n->rb_left = up->rb_right;
	if (n->rb_left)
		set_parent(n->rb_left, n);
	up->rb_right = n;
	lift(n, up, root, augment);
}

/* --- insert --- */

/*
 * node is red and so is its parent, whose sibling is black: at most two rotations. First an inner
 * grandchild is made an outer one.
 */
static always_inline void rotate_red(struct rb_node *node, struct rb_node *parent,
				     struct rb_node *grandparent, struct rb_root *root,
				     const struct rb_augment_callbacks *augment)
{
	if (parent == grandparent->rb_left) {
		if (node == parent->rb_right) {
			rotate_left(parent, root, augment);
			parent = node;
		}
		rotate_right(grandparent, root, augment);
	} else {
		if (node == parent->rb_left) {
			rotate_right(parent, root, augment);
			parent = node;
		}
		rotate_left(grandparent, root, augment);
	}
	set_black(parent);
	set_red(grandparent);
}

static always_inline void insert(struct rb_node *node, struct rb_root *root,
				 const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent, *grandparent, *uncle;

	while (is_red(parent = rb_parent(node))) {
		grandparent = rb_parent(parent);	/* a red node is not the root */
		uncle = parent == grandparent->rb_left ? grandparent->rb_right :
							 grandparent->rb_left;
		if (!is_red(uncle)) {
			rotate_red(node, parent, grandparent, root, augment);
			return;
		}
		set_black(parent);
		set_black(uncle);
		set_red(grandparent);
		node = grandparent;
	}
	if (!parent)
		set_black(node);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert(node, root, NULL);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	insert(node, root, augment);
}

/* --- erase --- */

/*
 * The ways through node, a child of parent on the left (or right), lack a black node. Its sibling
 * exists, or the ways through that one would be shorter still. Returns the node whose ways lack
 * one now (parent, when the lack has moved up), or NULL: done.
 */
static always_inline struct rb_node *refill_left(struct rb_node *parent, struct rb_root *root,
						 const struct rb_augment_callbacks *augment)
{
	struct rb_node *sibling = parent->rb_right;

	if (is_red(sibling)) {
		set_black(sibling);
		set_red(parent);
		rotate_left(parent, root, augment);
		sibling = parent->rb_right;
	}
	if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
		set_red(sibling);
		return parent;
	}
	if (!is_red(sibling->rb_right)) {
		set_black(sibling->rb_left);
		set_red(sibling);
		rotate_right(sibling, root, augment);
		sibling = parent->rb_right;
	}
	sibling->rb_parent_color = (uintptr_t)parent | rb_is_black(parent);
	set_black(parent);
	set_black(sibling->rb_right);
	rotate_left(parent, root, augment);
	return NULL;
}

static always_inline struct rb_node *refill_right(struct rb_node *parent, struct rb_root *root,
						  const struct rb_augment_callbacks *augment)
{
	struct rb_node *sibling = parent->rb_left;

	if (is_red(sibling)) {
		set_black(sibling);
		set_red(parent);
		rotate_right(parent, root, augment);
		sibling = parent->rb_left;
	}
	if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
		set_red(sibling);
		return parent;
	}
	if (!is_red(sibling->rb_left)) {
		set_black(sibling->rb_right);
		set_red(sibling);
		rotate_left(sibling, root, augment);
		sibling = parent->rb_left;
	}
	sibling->rb_parent_color = (uintptr_t)parent | rb_is_black(parent);
	set_black(parent);
	set_black(sibling->rb_left);
	rotate_right(parent, root, augment);
	return NULL;
}

/* A black node has gone from parent's child node (NULL: none is left there). */
static always_inline void refill(struct rb_node *node, struct rb_node *parent,
				 struct rb_root *root, const struct rb_augment_callbacks *augment)
{
	while (parent && !is_red(node)) {
		node = parent->rb_left == node ? refill_left(parent, root, augment) :
						 refill_right(parent, root, augment);
		if (!node)
			return;
		parent = rb_parent(node);
	}
	if (node)
		set_black(node);
}

/*
 * A node with two children changes places with its successor, which has no left child; then the
 * place to take out is the successor's old one. Returns its parent; *child is what was below it.
 */
static always_inline struct rb_node *put_successor(struct rb_node *node, struct rb_root *root,
						   struct rb_node **child, bool *black,
						   const struct rb_augment_callbacks *augment)
{
	struct rb_node *next = node->rb_right, *parent = next;

	while (next->rb_left) {
		parent = next;
		next = next->rb_left;
	}
	*child = next->rb_right;
	*black = rb_is_black(next);
	if (parent != next) {
		parent->rb_left = *child;
		next->rb_right = node->rb_right;
		set_parent(next->rb_right, next);
	}
	next->rb_left = node->rb_left;
	set_parent(next->rb_left, next);
	next->rb_parent_color = node->rb_parent_color;
	change_child(root, rb_parent(node), node, next);
	if (augment) {
		augment->copy(node, next);
		augment->propagate(parent, next);
		augment->propagate(next, NULL);
	}
	return parent;	/* next itself, if it was node's child */
}

static always_inline void erase(struct rb_node *node, struct rb_root *root,
				const struct rb_augment_callbacks *augment)
{
	struct rb_node *child, *parent;
	bool black;

	if (node->rb_left && node->rb_right) {
		parent = put_successor(node, root, &child, &black, augment);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		parent = rb_parent(node);
		black = rb_is_black(node);
		change_child(root, parent, node, child);
		if (augment)
			augment->propagate(parent, NULL);
	}
	if (child)
		set_parent(child, parent);
	if (black)
		refill(child, parent, root, augment);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, NULL);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	erase(node, root, augment);
}

void rb_replace_node(struct rb_node *old, struct rb_node *new, struct rb_root *root)
{
	*new = *old;
	if (new->rb_left)
		set_parent(new->rb_left, new);
	if (new->rb_right)
		set_parent(new->rb_right, new);
	change_child(root, rb_parent(old), old, new);
}

/* --- in order --- */

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *n = node->rb_right;

	if (n) {
		while (n->rb_left)
			n = n->rb_left;
		return n;
	}
	while ((n = rb_parent(node)) && node == n->rb_right)
		node = n;
	return n;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *n = node->rb_left;

	if (n) {
		while (n->rb_right)
			n = n->rb_right;
		return n;
	}
	while ((n = rb_parent(node)) && node == n->rb_left)
		node = n;
	return n;
}
