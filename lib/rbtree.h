/* SPDX-License-Identifier: MIT */
/*
 * lib/rbtree.h - balanced search trees whose links lie inside the objects.
 *
 * A red-black tree: a binary tree in which each node is red or black, so that
 *	1  the root is black                2  a red node has no red child
 *	3  every way from the root to a missing child meets as many black nodes
 * The longest way is then at most twice the shortest: 2 log2(n + 1) nodes.
 *
 *	           [20 black]
 *	          /          \
 *	    (10 red)        [30 black]
 *	    /      \                \
 *	[5 black][15 black]        (40 red)
 *
 * The tree knows no keys: its user walks down from root->rb_node, finds the empty place,
 * links the node there and has the tree balanced again:
 *
 *	while (*link) { parent = *link; link = less ? &parent->rb_left : &parent->rb_right; }
 *	rb_link_node(&obj->node, parent, link);
 *	rb_insert_color(&obj->node, &root);
 *
 * An *augmented* tree keeps in each node something about all of its subtree (the largest size
 * below, say) which can be computed from the node and its two children. Three callbacks keep it
 * true:
 *	propagate(node, stop)	recompute from node upwards, until stop or until nothing changes
 *	copy(old, new)		new takes old's place and has the same subtree: same value
 *	rotate(old, new)	new has come above old: new gets old's value, old is recomputed
 * Before rb_insert_augmented() the user has propagated from the new node upwards; whoever
 * changes a node's own value propagates too.
 *
 * No locking. Names: Linux. Source: Guibas and Sedgewick 1978; Cormen, Leiserson, Rivest, Stein,
 * "Introduction to Algorithms", chapters 13 and 14.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rb_node {
	uintptr_t rb_parent_color;	/* address of the parent; bit 0: black */
	struct rb_node *rb_right, *rb_left;
} __attribute__((aligned(sizeof(long))));

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root)	((root)->rb_node == NULL)
#define rb_entry(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define RB_RED			0u
#define RB_BLACK		1u

static inline struct rb_node *rb_parent(const struct rb_node *n)
{
	return (struct rb_node *)(n->rb_parent_color & ~(uintptr_t)RB_BLACK);
}

static inline bool rb_is_black(const struct rb_node *n)
{
	return n->rb_parent_color & RB_BLACK;
}

/* rb_link_node - put a new node into the empty place *link of parent; red, not yet balanced. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->rb_parent_color = (uintptr_t)parent;
	node->rb_left = node->rb_right = NULL;
	*link = node;
}

struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new);
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

/*
 * rb_insert_color - balance after rb_link_node(). rb_erase - take a node out; its links are then
 * meaningless. _augmented: the same for a tree that keeps subtree values.
 * rb_replace_node - new takes old's place; nothing else changes.
 */
void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);
void rb_replace_node(struct rb_node *old, struct rb_node *new, struct rb_root *root);

/* rb_first, rb_last - the leftmost and rightmost node. rb_next, rb_prev - in order; NULL: none. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/*
 * RB_DECLARE_CALLBACKS_MAX - callbacks `name` of a tree of `type`s, linked by `field`, that keeps
 * in `value` (of `vtype`) the largest own(object) of the subtree.
 */
#define RB_DECLARE_CALLBACKS_MAX(storage, name, type, field, vtype, value, own)			\
static inline vtype name##_compute(const type *object)						\
{												\
	vtype most = own(object);								\
	struct rb_node *left = object->field.rb_left, *right = object->field.rb_right;		\
												\
	if (left && rb_entry(left, type, field)->value > most)					\
		most = rb_entry(left, type, field)->value;					\
	if (right && rb_entry(right, type, field)->value > most)				\
		most = rb_entry(right, type, field)->value;					\
	return most;										\
}												\
static inline void name##_propagate(struct rb_node *node, struct rb_node *stop)			\
{												\
	while (node != stop) {									\
		type *object = rb_entry(node, type, field);					\
		vtype most = name##_compute(object);						\
												\
		if (object->value == most)							\
			break;									\
		object->value = most;								\
		node = rb_parent(node);								\
	}											\
}												\
static inline void name##_copy(struct rb_node *old, struct rb_node *new)			\
{												\
	rb_entry(new, type, field)->value = rb_entry(old, type, field)->value;			\
}												\
static inline void name##_rotate(struct rb_node *old, struct rb_node *new)			\
{												\
	type *object = rb_entry(old, type, field);						\
												\
	rb_entry(new, type, field)->value = object->value;					\
	object->value = name##_compute(object);							\
}												\
storage const struct rb_augment_callbacks name = {						\
	.propagate = name##_propagate, .copy = name##_copy, .rotate = name##_rotate,		\
}

#endif
