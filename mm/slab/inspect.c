// SPDX-License-Identifier: MIT
/*
 * inspect.c - what is known of one address; for people who look, not for the allocator.
 *
 *	slab      first                                             span
 *	| colour,  | object 0 | object 1 |  ...  | object n-1 | rest |
 *	| red zone
 *
 * Where the first object begins is the allocator's business (colour, red zones); here it is
 * found by asking, word by word, which object each lies in. Everything is read without a lock:
 * the machine must stand still.
 */
#include "internal.h"
#include "lib/string.h"

/* The first object of a slab; NULL: it has no fixed places. */
static char *first_object(struct kmem_cache *s, struct slab *slab)
{
	char *p = slab_address(slab), *end = p + slab_span(slab), *object;

	if (s->shared_by_all)
		return NULL;
	for (; p < end; p += sizeof(long)) {
		object = s->ops->object_of(s, slab, p);
		if (object)
			return object;
	}
	return NULL;
}

static unsigned int objects_in(const struct kmem_cache *s, const struct slab *slab)
{
	if (s->shared_by_all)
		return 0;
	return s->ops == &slub_ops ? slab->objects : s->objects;
}

static bool in_use(struct kmem_cache *s, struct slab *slab, void *object)
{
	return s->ops->in_use ? s->ops->in_use(s, slab, object) : true;
}

static bool large_info(const void *addr, struct kmem_obj_info *info)
{
	struct page *page = kmalloc_page(addr);

	if (!page)
		return false;
	info->slab = info->object = page_address(page);
	info->span = info->size = info->object_size = PAGE_SIZE << compound_order(page);
	info->objects = 1;
	info->in_use = true;
	info->node = page_to_nid(page);
	return true;
}

bool kmem_obj_info(const void *addr, struct kmem_obj_info *info)
{
	struct slab *slab = virt_to_slab(addr);
	struct kmem_cache *s;
	char *first;

	memset(info, 0, sizeof(*info));
	info->cpu = -1;
	if (!slab)
		return large_info(addr, info);
	s = slab_cache(slab);
	memcpy(info->cache, s->name, sizeof(info->cache));
	info->slab = slab_address(slab);
	info->span = slab_span(slab);
	info->objects = objects_in(s, slab);
	info->size = s->size;
	info->object_size = s->object_size;
	info->node = slab_nid(slab);
	if (READ_ONCE(slab->c)->cpu != NO_CPU)
		info->cpu = (int)READ_ONCE(slab->c)->cpu;
	info->object = s->ops->object_of(s, slab, addr);
	if (!info->object)
		return true;
	first = first_object(s, slab);
	if (first)
		info->index = (unsigned int)((const char *)info->object - first) / s->size;
	info->in_use = in_use(s, slab, (void *)info->object);
	return true;
}

bool kmem_obj_in_use(const void *addr, unsigned int index)
{
	struct slab *slab = virt_to_slab(addr);
	struct kmem_cache *s;
	char *first;

	if (!slab)
		return index == 0;
	s = slab_cache(slab);
	first = first_object(s, slab);
	return first && index < objects_in(s, slab) &&
	       in_use(s, slab, first + (size_t)index * s->size);
}
