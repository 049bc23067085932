// SPDX-License-Identifier: MIT
/*
 * info.c - what there is to know about caches; see <kmm/slabinfo.h>.
 *
 * A cache is found by its number or name under slab_lock, and held by
 * `looked_at` while it is, so that it is not destroyed meanwhile.
 */
#include "internal.h"
#include "lib/string.h"

static struct kmem_cache *nth_cache(unsigned int i, slab_flags_t flags)
{
	struct kmem_cache *s;

	list_for_each_entry(s, &slab_caches, list)
		if ((!flags || s->flags & flags) && i-- == 0)
			return s;
	return NULL;
}

struct kmem_cache *get_cache(unsigned int i, const char *name)
{
	struct kmem_cache *s = NULL;
	unsigned long flags;

	if (slab_state == DOWN)
		return NULL;
	spin_lock_irqsave(&slab_lock, flags);
	s = name ? find_cache(name) : nth_cache(i, 0);
	if (s)
		__atomic_fetch_add(&s->looked_at, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&slab_lock, flags);
	return s;
}

void put_cache(struct kmem_cache *s)
{
	__atomic_fetch_sub(&s->looked_at, 1, __ATOMIC_RELEASE);
}

bool kmem_cache_name_at(unsigned int i, slab_flags_t flags, char name[KMEM_CACHE_NAME_MAX])
{
	struct kmem_cache *s = NULL;
	unsigned long irq;

	if (slab_state == DOWN)
		return false;
	spin_lock_irqsave(&slab_lock, irq);
	s = nth_cache(i, flags);
	if (s)
		memcpy(name, s->name, KMEM_CACHE_NAME_MAX);
	spin_unlock_irqrestore(&slab_lock, irq);
	return s != NULL;
}

static void describe(struct kmem_cache *s, struct kmem_cache_info *info)
{
	memset(info, 0, sizeof(*info));
	memcpy(info->name, s->name, sizeof(info->name));
	info->object_size = object_size(s);
	info->size = s->size;
	info->align = s->align;
	info->objects_per_slab = s->objects;
	info->order = s->order;
	info->min_partial = READ_ONCE(s->min_partial);
	info->cpu_partial = READ_ONCE(s->cpu_partial);
	info->cpu_partial_slabs = READ_ONCE(s->cpu_partial_slabs);
	info->remote_node_defrag_ratio = READ_ONCE(s->remote_node_defrag_ratio) / 10;
	info->useroffset = s->useroffset;
	info->usersize = s->usersize;
	info->flags = s->flags;
	info->aliases = (unsigned int)READ_ONCE(s->refcount) - 1;
	info->ctor = s->ctor;
	s->ops->info(s, info);
}

static bool info_of(unsigned int i, const char *name, struct kmem_cache_info *info)
{
	struct kmem_cache *s = get_cache(i, name);

	if (!s)
		return false;
	describe(s, info);
	put_cache(s);
	return true;
}

bool kmem_cache_info(unsigned int i, struct kmem_cache_info *info)
{
	return info_of(i, NULL, info);
}

bool kmem_cache_info_by_name(const char *name, struct kmem_cache_info *info)
{
	return info_of(0, name, info);
}

static int tune(struct kmem_cache *s, enum kmem_cache_attr attr, unsigned long value)
{
	switch (attr) {
	case SLAB_ATTR_SHRINK:
		if (value != 1)
			return -EINVAL;
		kmem_cache_shrink(s);
		return 0;
	case SLAB_ATTR_VALIDATE:
		if (value != 1)
			return -EINVAL;
		validate_slab_cache(s);
		return 0;
	case SLAB_ATTR_FAILSLAB:
		if (value > 1)
			return -EINVAL;
		s->flags = value ? s->flags | SLAB_FAILSLAB : s->flags & ~SLAB_FAILSLAB;
		return 0;
	default:
		return s->ops->tune(s, attr, value);
	}
}

int kmem_cache_tune(const char *name, enum kmem_cache_attr attr, unsigned long value)
{
	struct kmem_cache *s = get_cache(0, name);
	int err;

	if (!s)
		return -ENOENT;
	while (__atomic_exchange_n(&s->tuning, true, __ATOMIC_ACQUIRE))
		kmm_cpu_poll();
	err = tune(s, attr, value);
	__atomic_store_n(&s->tuning, false, __ATOMIC_RELEASE);
	put_cache(s);
	return err;
}

unsigned long validate_slab_cache(struct kmem_cache *s)
{
	return s->ops->validate(s);
}

void slab_drain(void)
{
	struct kmem_cache *s;
	unsigned int i;

	for (i = 0; (s = get_cache(i, NULL)); i++) {
		s->ops->drain(s);
		put_cache(s);
	}
}

void slab_reap(void)
{
	struct kmem_cache *s;
	unsigned int i;

	for (i = 0; slab_allocator->reap && (s = get_cache(i, NULL)); i++) {
		s->ops->reap(s);
		put_cache(s);
	}
}

void slab_check(struct kmem_cache *s)
{
	if (s) {
		s->ops->check(s);
		return;
	}
	list_for_each_entry(s, &slab_caches, list)
		s->ops->check(s);
}
