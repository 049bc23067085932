// SPDX-License-Identifier: MIT
/*
 * vmap_area.c - ranges of addresses: which are free, which are busy.
 *
 *	VMALLOC_START                                                   VMALLOC_END
 *	|busy|g|busy    |g|  free  |busy|g|lazy|g|            free                |
 *	                                                       (g: guard page)
 *
 * Two trees, both ordered by address. In the *free tree* each node also knows the size of
 * the largest area below it, so the lowest area that is large enough is found by going
 * down once: left whenever the left subtree has one, else here, else right. Free areas
 * that touch are one: whoever frees goes down to the place, and meets both neighbours on the way.
 * The *busy tree* finds an area by an address in it.
 *
 * Alignments above a page. An area of at least size + align - PAGE_SIZE always has a
 * place; a smaller one may. The exactly lowest place is looked for among the first
 * TRIES areas of sufficient size; then only among those that surely have one (O(log n) again); and
 * before giving up, among all.
 *
 * Allocating takes from an area its beginning (nothing but va_start changes), its end, all
 * of it - then its object goes over to the busy tree - or a piece in the middle, which makes two
 * of one. Objects must not be allocated under the lock: some are kept in a *pool*, filled by areas
 * that merge and, before the lock is taken, with what vmap_purge.c has left over, or new ones.
 *
 * Short cuts, for areas that are freed soon, or in the order in which they lie: the last BUSY_HINTS
 * areas that became busy are found without the tree, and come into it only when another takes their
 * hint, or when somebody looks into the tree (settle_busy()); and who frees a list looks first
 * whether the next one belongs just before the last.
 *
 * Source of the idea: Linux 5.2 and later (U. Rezki); augmented trees: Cormen et al., chapter 14.
 */
#include <kmm/errno.h>

#include "lib/bitops.h"
#include "mm/kernel/vmap_area.h"

#define TRIES	16

__kmm_state spinlock_t vmap_free_lock, vmap_busy_lock;
static __kmm_state struct rb_root free_root;		/* F */
static __kmm_state struct vmap_area *lowest_free;	/* F: the leftmost; NULL: there is none */
static __kmm_state struct rb_root busy_root;		/* B */
static __kmm_state struct kmem_cache *area_cache;
static __kmm_state uintptr_t space_total, space_start;	/* bytes; lowest: constant after boot */

/* F: objects without a range, linked by `next`. */
#define POOL_MIN	2	/* an allocation's own, and one for what lies before it */
#define POOL_FILL	16	/* objects that come at a time, if memory allows */
#define POOL_MOST	64
static __kmm_state struct vmap_area *pool;
static __kmm_state unsigned int pool_count;

/* B: the areas that became busy last, by address; or NULL. Bit n: that one is in no tree yet. */
#define BUSY_HINTS	BITS_PER_LONG
static __kmm_state struct vmap_area *busy_hints[BUSY_HINTS];
static __kmm_state unsigned long busy_fresh;

static inline uintptr_t area_size(const struct vmap_area *va)
{
	return va->va_end - va->va_start;
}

RB_DECLARE_CALLBACKS_MAX(static, free_augment, struct vmap_area, rb_node, uintptr_t,
			 subtree_max_size, area_size);

static inline uintptr_t largest_below(const struct rb_node *node)
{
	return node ? to_vmap_area(node)->subtree_max_size : 0;
}

/* Objects are metadata: from low memory, unmovable, not zeroed. */
#define METADATA_GFP	(__GFP_RECLAIM | __GFP_HIGH | __GFP_ATOMIC | __GFP_IO | __GFP_FS | \
			 __GFP_NOWARN | __GFP_RETRY_MAYFAIL | __GFP_NOFAIL | __GFP_NORETRY | \
			 __GFP_MEMALLOC | __GFP_NOMEMALLOC)

static struct vmap_area *new_vmap_area(int node, gfp_t gfp)
{
	return kmem_cache_alloc_node(area_cache, gfp & METADATA_GFP, node);
}

/* --- the pool --- */

static void put_in_pool(struct vmap_area *va)
{
	va->next = pool;
	pool = va;
	WRITE_ONCE(pool_count, pool_count + 1);
}

struct vmap_area *from_vmap_pool(void)
{
	struct vmap_area *va = pool;

	KMM_BUG_ON(!va);	/* whoever takes has seen that there are enough */
	pool = va->next;
	WRITE_ONCE(pool_count, pool_count - 1);
	return va;
}

bool vmap_pool_has(unsigned int count)
{
	return pool_count >= count;
}

/* All of a list, in O(what the pool has): it is nearly empty. */
static void put_list_in_pool(struct vmap_area *list, unsigned int count)
{
	struct vmap_area *va;
	unsigned long flags;

	spin_lock_irqsave(&vmap_free_lock, flags);
	while (pool) {
		va = pool;
		pool = va->next;
		va->next = list;
		list = va;
	}
	pool = list;
	WRITE_ONCE(pool_count, pool_count + count);
	spin_unlock_irqrestore(&vmap_free_lock, flags);
}

/* So many new objects on a list, or as many as there is memory for. How many. */
static unsigned int add_new_objects(struct vmap_area **list, unsigned int count, int node,
				    gfp_t gfp)
{
	struct vmap_area *va;
	unsigned int n;

	for (n = 0; n < count; n++) {
		va = new_vmap_area(node, gfp);
		if (!va)
			break;
		va->next = *list;
		*list = va;
	}
	return n;
}

bool fill_vmap_pool(unsigned int count, int node, gfp_t gfp)
{
	struct vmap_area *list;
	unsigned int n;

	while (READ_ONCE(pool_count) < count) {
		list = take_spare_vmap_areas(&n);
		if (n < POOL_FILL)
			n += add_new_objects(&list, POOL_FILL - n, node, gfp);
		if (!n)
			return false;
		put_list_in_pool(list, n);
	}
	return true;
}

/* --- the free tree: looking --- */

/* Where in va an allocation would begin; whether it fits is for the caller to say. */
static inline uintptr_t place_in(const struct vmap_area *va, size_t align, uintptr_t vstart)
{
	return ALIGN(max(va->va_start, vstart), align);
}

static inline bool fits_at(const struct vmap_area *va, uintptr_t at, size_t size)
{
	return at >= va->va_start && at < va->va_end && size <= va->va_end - at;
}

/* The parent of the first node on the way up that is a left child. */
static inline struct rb_node *up_from_right(struct rb_node *node)
{
	struct rb_node *parent = rb_parent(node);

	while (parent && node == parent->rb_right) {
		node = parent;
		parent = rb_parent(node);
	}
	return parent;
}

/*
 * first_fit - the lowest free area of at least `prune` bytes that has a place for size bytes;
 * NULL after `tries` areas that were large enough, or when there is none. Pre: F.
 */
static struct vmap_area *first_fit(size_t size, size_t prune, size_t align, uintptr_t vstart,
				   uintptr_t vend, unsigned int tries)
{
	struct rb_node *node = free_root.rb_node;

	while (node) {
		struct vmap_area *va = to_vmap_area(node);

		if (vstart < va->va_start && largest_below(node->rb_left) >= prune) {
			node = node->rb_left;
			continue;
		}
		while (node) {
			va = to_vmap_area(node);
			if (va->va_start >= vend)
				return NULL;
			if (area_size(va) >= size) {
				if (fits_at(va, place_in(va, align, vstart), size))
					return va;
				if (va->va_start >= vstart && !--tries)
					return NULL;
			}
			if (largest_below(node->rb_right) >= prune)
				break;
			node = up_from_right(node);
		}
		node = node ? node->rb_right : NULL;
	}
	return NULL;
}

/* The lowest free area of at least size bytes: where a subtree has one, is known on the way. Pre:
 * F. */
static struct vmap_area *lowest_of_all(size_t size)
{
	struct rb_node *node = free_root.rb_node;

	if (likely(node && area_size(lowest_free) >= size))
		return lowest_free;
	if (unlikely(largest_below(node) < size))
		return NULL;
	for (;;) {
		if (largest_below(node->rb_left) >= size)
			node = node->rb_left;
		else if (area_size(to_vmap_area(node)) >= size)
			return to_vmap_area(node);
		else
			node = node->rb_right;
	}
}

/* The lowest free area with a place in [vstart, vend), or nearly the lowest: see above. Pre: F. */
static struct vmap_area *lowest_fit(size_t size, size_t align, uintptr_t vstart, uintptr_t vend)
{
	size_t sure = size + align - PAGE_SIZE;
	struct vmap_area *va;

	if (align <= PAGE_SIZE)
		return vstart <= space_start ? lowest_of_all(size) :
			first_fit(size, size, PAGE_SIZE, vstart, vend, ~0u);
	va = first_fit(size, size, align, vstart, vend, TRIES);
	if (!va && sure > size)
		va = first_fit(size, sure, align, vstart, vend, ~0u);
	if (!va || place_in(va, align, vstart) > vend - size)
		va = first_fit(size, size, align, vstart, vend, ~0u);
	return va;
}

struct vmap_area *highest_free_below(uintptr_t end)
{
	struct rb_node *node = free_root.rb_node, *found = NULL;

	while (node) {
		if (to_vmap_area(node)->va_start < end) {
			found = node;
			node = node->rb_right;
		} else {
			node = node->rb_left;
		}
	}
	return found ? to_vmap_area(found) : NULL;
}

/* --- the free tree: changing --- */

static void link_free(struct vmap_area *va, struct rb_node *parent, struct rb_node **link)
{
	uintptr_t size = area_size(va);
	struct rb_node *up;

	rb_link_node(&va->rb_node, parent, link);
	va->subtree_max_size = size;
	for (up = parent; up && to_vmap_area(up)->subtree_max_size < size; up = rb_parent(up))
		to_vmap_area(up)->subtree_max_size = size;
	rb_insert_augmented(&va->rb_node, &free_root, &free_augment);
	if (!lowest_free || va->va_start < lowest_free->va_start)
		lowest_free = va;
}

static __noinline void unlink_free(struct vmap_area *va)
{
	if (va == lowest_free) {
		struct rb_node *next = rb_next(&va->rb_node);

		lowest_free = next ? to_vmap_area(next) : NULL;
	}
	rb_erase_augmented(&va->rb_node, &free_root, &free_augment);
}

/* Where [start, end) belongs, and the free areas just below and above it. */
struct free_place {
	struct rb_node *parent, **link;
	struct vmap_area *below, *above;
};

static inline void find_free_place(struct free_place *p, uintptr_t start, uintptr_t end)
{
	*p = (struct free_place){ .link = &free_root.rb_node };
	while (*p->link) {
		struct vmap_area *va;

		p->parent = *p->link;
		va = to_vmap_area(p->parent);
		if (end <= va->va_start) {
			p->above = va;
			p->link = &p->parent->rb_left;
		} else {
			KMM_BUG_ON(start < va->va_end);		/* freed twice */
			p->below = va;
			p->link = &p->parent->rb_right;
		}
	}
}

/* An object is left over: for the pool, or to be deleted. Pre: F. */
static inline void left_over(struct vmap_area *va, struct vmap_area **rest)
{
	if (likely(pool_count < POOL_MOST)) {
		put_in_pool(va);
	} else {
		va->next = *rest;
		*rest = va;
	}
}

/*
 * Make va free at its place, merged with the neighbours it touches. p->above is then the free area
 * it is part of, or NULL, if what lies below that is not known. Pre: F.
 */
static void merge_free(struct vmap_area *va, struct free_place *p, struct vmap_area **rest)
{
	struct vmap_area *below = p->below, *above = p->above;
	uintptr_t start = va->va_start, end = va->va_end;

	if (below && below->va_end != start)
		below = NULL;
	if (above && above->va_start != end)
		above = NULL;
	p->above = below ? NULL : above ? above : va;
	if (!below && !above) {
		link_free(va, p->parent, p->link);
		return;
	}
	left_over(va, rest);
	if (!above) {
		below->va_end = end;
		free_augment_propagate(&below->rb_node, NULL);
		return;
	}
	if (below) {
		start = below->va_start;
		unlink_free(below);
		left_over(below, rest);
	}
	above->va_start = start;
	free_augment_propagate(&above->rb_node, NULL);
}

/* clip_free_area - see vmap_area.h. Pre: F. */
void clip_free_area(struct vmap_area *va, uintptr_t start, size_t size)
{
	uintptr_t end = start + size;
	struct free_place p;
	struct vmap_area *low;

	if (start == va->va_start && end == va->va_end) {
		unlink_free(va);
		put_in_pool(va);
	} else if (start == va->va_start) {
		va->va_start = end;
		free_augment_propagate(&va->rb_node, NULL);
	} else if (end == va->va_end) {
		va->va_end = start;
		free_augment_propagate(&va->rb_node, NULL);
	} else {
		low = from_vmap_pool();
		low->va_start = va->va_start;
		low->va_end = start;
		va->va_start = end;
		free_augment_propagate(&va->rb_node, NULL);
		find_free_place(&p, low->va_start, low->va_end);
		link_free(low, p.parent, p.link);
	}
}

/* --- freeing --- */

/*
 * The place just before the free area made last, p->above, if [start, end) belongs there.
 * p->below is still the one below it, unless that one has become part of it. Pre: F.
 */
static inline bool place_before_last(struct free_place *p, uintptr_t start, uintptr_t end)
{
	if (!p->above || end > p->above->va_start || (p->below && p->below->va_end > start))
		return false;
	p->parent = &p->above->rb_node;
	p->link = &p->parent->rb_left;
	if (*p->link) {		/* the lower one is the last in there */
		p->parent = &p->below->rb_node;
		p->link = &p->parent->rb_right;
	}
	return true;
}

/* The first areas of a list are free; the rest of it is returned. Objects left over in *rest. */
static struct vmap_area *free_some(struct vmap_area *list, unsigned int count,
				   struct vmap_area **rest)
{
	struct free_place p = { 0 };
	struct vmap_area *next;
	unsigned long flags;

	spin_lock_irqsave(&vmap_free_lock, flags);
	for (; list && count--; list = next) {
		next = list->next;
		if (!place_before_last(&p, list->va_start, list->va_end))
			find_free_place(&p, list->va_start, list->va_end);
		merge_free(list, &p, rest);
	}
	spin_unlock_irqrestore(&vmap_free_lock, flags);
	return list;
}

void delete_vmap_areas(struct vmap_area *list)
{
	while (list) {
		struct vmap_area *next = list->next;

		kmem_cache_free(area_cache, list);
		list = next;
	}
}

/* A few at a time under the lock: nobody waits for all of a list. */
#define FREE_BATCH	16

void free_vmap_areas(struct vmap_area *list)
{
	struct vmap_area *rest;

	while (list) {
		rest = NULL;
		list = free_some(list, FREE_BATCH, &rest);
		delete_vmap_areas(rest);
	}
}

void free_vmap_area(struct vmap_area *va)
{
	va->next = NULL;
	free_vmap_areas(va);
}

/* --- the busy tree. Pre: B --- */

static inline unsigned int busy_hint(uintptr_t addr)
{
	return (unsigned int)(addr >> PAGE_SHIFT) % BUSY_HINTS;
}

/* The empty place for an address; *parent: the node it is below. */
static inline struct rb_node **busy_place(uintptr_t start, struct rb_node **parent)
{
	struct rb_node **link = &busy_root.rb_node;

	*parent = NULL;
	while (*link) {
		*parent = *link;
		link = start < to_vmap_area(*parent)->va_start ? &(*parent)->rb_left :
								 &(*parent)->rb_right;
	}
	return link;
}

static __noinline void insert_in_tree(struct vmap_area *va)
{
	struct rb_node *parent, **link = busy_place(va->va_start, &parent);

	rb_link_node(&va->rb_node, parent, link);
	rb_insert_color(&va->rb_node, &busy_root);
}

/* All that is busy is in the tree then. */
static void settle_busy(void)
{
	for (; busy_fresh; busy_fresh &= busy_fresh - 1)
		insert_in_tree(busy_hints[__ffs(busy_fresh)]);
}

static struct vmap_area *search_busy(uintptr_t addr)
{
	struct rb_node *node;

	settle_busy();
	node = busy_root.rb_node;
	while (node) {
		struct vmap_area *va = to_vmap_area(node);

		if (addr < va->va_start)
			node = node->rb_left;
		else if (addr >= va->va_end)
			node = node->rb_right;
		else
			return va;
	}
	return NULL;
}

static __always_inline struct vmap_area *find_busy(uintptr_t addr)
{
	struct vmap_area *hint = busy_hints[busy_hint(addr)];

	return likely(hint && hint->va_start == addr) ? hint : search_busy(addr);
}

struct vmap_area *find_vmap_area(uintptr_t addr)
{
	return find_busy(addr);
}

static __always_inline void make_busy(struct vmap_area *va)
{
	unsigned int n = busy_hint(va->va_start);

	if (unlikely(busy_fresh >> n & 1))
		insert_in_tree(busy_hints[n]);
	busy_hints[n] = va;
	busy_fresh |= 1ul << n;
}

void insert_busy_area(struct vmap_area *va)
{
	make_busy(va);
}

static __always_inline void make_idle(struct vmap_area *va)
{
	unsigned int n = busy_hint(va->va_start);
	unsigned long fresh = 0;

	if (likely(busy_hints[n] == va)) {
		busy_hints[n] = NULL;
		fresh = busy_fresh & 1ul << n;
		busy_fresh ^= fresh;
	}
	if (unlikely(!fresh))
		rb_erase(&va->rb_node, &busy_root);
}

void unlink_vmap_area(struct vmap_area *va)
{
	make_idle(va);
}

struct vmap_area *take_busy_area(uintptr_t addr)
{
	struct vmap_area *va;
	unsigned long flags;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = find_busy(addr);
	if (likely(va && !va->flags && va->va_start == addr))
		make_idle(va);
	else
		va = NULL;
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return va;
}

/* --- allocating --- */

/* size bytes from the beginning of a free area that has them; NULL: there is no object. Pre: F. */
static __always_inline struct vmap_area *take_beginning(struct vmap_area *va, size_t size)
{
	struct vmap_area *new;

	if (va->va_end - va->va_start == size) {
		unlink_free(va);
		return va;
	}
	if (unlikely(!vmap_pool_has(1)))
		return NULL;
	new = from_vmap_pool();
	new->va_start = va->va_start;
	new->va_end = va->va_start += size;
	free_augment_propagate(&va->rb_node, NULL);
	return new;
}

/* The common case: any place will do, and the lowest free area has room. NULL: not so simple. */
static __always_inline struct vmap_area *take_from_lowest(size_t size, size_t align,
							  uintptr_t vstart, uintptr_t vend)
{
	struct vmap_area *va, *new = NULL;
	unsigned long flags;

	spin_lock_irqsave(&vmap_free_lock, flags);
	va = lowest_free;
	if (likely(va && va->va_end - va->va_start >= size && va->va_start + size <= vend &&
		   align <= PAGE_SIZE && vstart <= space_start))
		new = take_beginning(va, size);
	spin_unlock_irqrestore(&vmap_free_lock, flags);
	return new;
}

/* One attempt: NULL with -ENOMEM: there are too few objects, or -ENOSPC: there is no room. */
static struct vmap_area *take_lowest(size_t size, size_t align, uintptr_t vstart, uintptr_t vend,
				     int *err)
{
	struct vmap_area *va, *new = NULL;
	unsigned long flags;
	uintptr_t at;

	*err = -ENOMEM;
	spin_lock_irqsave(&vmap_free_lock, flags);
	if (likely(vmap_pool_has(POOL_MIN))) {
		*err = -ENOSPC;
		va = lowest_fit(size, align, vstart, vend);
		at = va ? place_in(va, align, vstart) : vend;
		if (likely(at <= vend - size)) {
			clip_free_area(va, at, size);
			new = from_vmap_pool();
			new->va_start = at;
			new->va_end = at + size;
		}
	}
	spin_unlock_irqrestore(&vmap_free_lock, flags);
	return new;
}

void make_room_in_vmap_space(void)
{
	vfree_deferred_work();
	vmap_blocks_purge();
	purge_vmap_areas();
}

static __noinline struct vmap_area *find_room(size_t size, size_t align, uintptr_t vstart,
					      uintptr_t vend, int node, gfp_t gfp, int *err)
{
	struct vmap_area *va = NULL;
	bool purged = false;

	*err = -ENOSPC;
	if (vend <= vstart || vend - vstart < size)
		return NULL;
	do {
		if (!fill_vmap_pool(POOL_MIN, node, gfp)) {
			*err = -ENOMEM;
			return NULL;
		}
		va = take_lowest(size, align, vstart, vend, err);
		if (likely(va))
			return va;
		if (*err == -ENOSPC) {
			if (purged || !(gfp & __GFP_DIRECT_RECLAIM))
				return NULL;
			purged = true;
			make_room_in_vmap_space();
		}
	} while (true);
}

static void __cold report_no_room(size_t size, gfp_t gfp)
{
	if (!(gfp & __GFP_NOWARN))
		pr_warn("vmap allocation for size %zu failed: use vmalloc=<size> to increase size",
			size);
}

struct vmap_area *alloc_vmap_area(size_t size, size_t align, uintptr_t vstart, uintptr_t vend,
				  int node, gfp_t gfp, const struct vmap_use *use)
{
	struct vmap_area *va = take_from_lowest(size, align, vstart, vend);
	unsigned long flags;
	int err;

	if (unlikely(!va)) {
		va = find_room(size, align, vstart, vend, node, gfp, &err);
		if (!va && err == -ENOSPC)
			report_no_room(size, gfp);
		if (!va)
			return NULL;
	}
	if (likely(use->vm)) {
		va->flags = 0;
		va->vm = use->vm;
		va->guard = use->vm->flags & VM_NO_GUARD ? 0 : PAGE_SIZE;
		use->vm->addr = (void *)va->va_start;
	} else {
		va->flags = use->flags;
		va->block = use->block;
		va->guard = 0;
	}
	spin_lock_irqsave(&vmap_busy_lock, flags);
	make_busy(va);
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return va;
}

/* --- boot --- */

static int add_space(uintptr_t start, uintptr_t end)
{
	struct vmap_area *va;

	if (start >= end)
		return 0;
	va = new_vmap_area(NUMA_NO_NODE, GFP_KERNEL);
	if (!va)
		return -ENOMEM;
	va->va_start = start;
	va->va_end = end;
	space_total += end - start;
	space_start = space_start ? min(space_start, start) : start;
	free_vmap_area(va);
	return 0;
}

int vmap_areas_init(void)
{
	int err;

	area_cache = kmem_cache_create("vmap_area", sizeof(struct vmap_area), 0, 0, NULL);
	if (!area_cache)
		return -ENOMEM;
	vmap_purge_init();
	err = add_space(VMALLOC_START, VMALLOC_END);
	if (!err && (MODULES_VADDR >= VMALLOC_END || MODULES_END <= VMALLOC_START))
		err = add_space(MODULES_VADDR, MODULES_END);
	return err;
}

/* --- the validator --- */

static unsigned int check_black_height(const struct rb_node *n)
{
	unsigned int left, right;

	if (!n)
		return 1;
	left = check_black_height(n->rb_left);
	right = check_black_height(n->rb_right);
	KMM_BUG_ON(left != right);
	KMM_BUG_ON(n->rb_left && rb_parent(n->rb_left) != n);
	KMM_BUG_ON(n->rb_right && rb_parent(n->rb_right) != n);
	return left + rb_is_black(n);
}

static uintptr_t check_free_tree(void)
{
	uintptr_t total = 0, end = 0;
	struct rb_node *n;

	check_black_height(free_root.rb_node);
	n = rb_first(&free_root);
	KMM_BUG_ON(lowest_free != (n ? to_vmap_area(n) : NULL));
	for (n = rb_first(&free_root); n; n = rb_next(n)) {
		struct vmap_area *va = to_vmap_area(n);

		KMM_BUG_ON(va->va_start >= va->va_end);
		KMM_BUG_ON(va->va_start < end || (end && va->va_start == end &&
						 va->va_start != VMALLOC_END &&
						 va->va_start != MODULES_END));
		KMM_BUG_ON(va->subtree_max_size != free_augment_compute(va));
		KMM_BUG_ON(!IS_ALIGNED(va->va_start | va->va_end, PAGE_SIZE));
		end = va->va_end;
		total += area_size(va);
	}
	return total;
}

/* Does any free area reach into [start, end)? */
static bool is_free_somewhere(uintptr_t start, uintptr_t end)
{
	struct vmap_area *va = highest_free_below(end);

	return va && va->va_end > start;
}

static uintptr_t check_busy_tree(void)
{
	uintptr_t total = 0, end = 0;
	struct rb_node *n;

	settle_busy();
	check_black_height(busy_root.rb_node);
	for (n = rb_first(&busy_root); n; n = rb_next(n)) {
		struct vmap_area *va = to_vmap_area(n);

		KMM_BUG_ON(va->va_start >= va->va_end || va->va_start < end);
		KMM_BUG_ON(is_free_somewhere(va->va_start, va->va_end));
		KMM_BUG_ON(!va->flags && (!va->vm || va->vm->addr != (void *)va->va_start ||
					  va->vm->size != area_size(va)));
		end = va->va_end;
		total += area_size(va);
	}
	return total;
}

void vmap_area_check(void)
{
	KMM_BUG_ON(check_free_tree() + check_busy_tree() + check_lazy_lists() != space_total);
}

/* --- walking --- */

#define WALK_AT_ONCE	32

/* The first area that ends behind addr. */
static struct vmap_area *busy_area_from(uintptr_t addr)
{
	struct vmap_area *found = NULL;
	struct rb_node *node;

	settle_busy();
	for (node = busy_root.rb_node; node;) {
		struct vmap_area *va = to_vmap_area(node);

		if (va->va_end > addr) {
			found = va;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* Some at a time: interrupts need not wait for all. Returns where to go on, 0: that was all. */
static uintptr_t some_busy_areas(uintptr_t from, void (*fn)(void *arg, struct vmap_area *va),
				 void *arg)
{
	struct vmap_area *va;
	struct rb_node *n;
	unsigned long flags;
	unsigned int left = WALK_AT_ONCE;

	spin_lock_irqsave(&vmap_busy_lock, flags);
	va = busy_area_from(from);
	for (n = va ? &va->rb_node : NULL; n && left; n = rb_next(n), left--) {
		fn(arg, to_vmap_area(n));
		from = to_vmap_area(n)->va_end;
	}
	spin_unlock_irqrestore(&vmap_busy_lock, flags);
	return n ? from : 0;
}

void for_each_busy_area(void (*fn)(void *arg, struct vmap_area *va), void *arg)
{
	uintptr_t from = 0;

	do
		from = some_busy_areas(from, fn, arg);
	while (from);
}
