// SPDX-License-Identifier: MIT
/*
 * objects.c - kmalloc, kfree, kmem_cache: objects by hand.
 *
 * Each allocation gets a handle, "@1", "@2" ...; one of several objects (count=N) is
 * "@1.0", "@1.1" ... Unlike a page, an object has no room to be chained by, so their addresses
 * are kept in an array of the host's. An address can be freed as well, whatever
 * is there: that is how a double free is tried out.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>

#include "console.h"

#define MOST_OBJECTS	(1u << 24)

/* ---- handles ---- */

/* A handle with room for nr objects, none there yet; NULL: complained. */
static struct held_objects *objects_new(struct console *c, u64 nr, struct kmem_cache *cache,
					gfp_t gfp)
{
	struct held_objects *more, *h;

	if (nr > MOST_OBJECTS) {
		console_error(c, "count: at most %u", MOST_OBJECTS);
		return NULL;
	}
	more = realloc(c->objects, (c->nr_objects + 1) * sizeof(*more));
	if (more)
		c->objects = more;
	h = more ? &more[c->nr_objects] : NULL;
	if (h)
		*h = (struct held_objects){ .cache = cache, .gfp = gfp, .nr = nr,
					    .object = calloc(nr, sizeof(void *)) };
	if (!h || !h->object) {
		console_error(c, "the host is out of memory");
		return NULL;
	}
	h->id = ++c->last_object;
	c->nr_objects++;
	return h;
}

static void objects_drop(struct console *c, struct held_objects *h)
{
	size_t at = (size_t)(h - c->objects);

	free(h->object);
	c->nr_objects--;
	memmove(h, h + 1, (c->nr_objects - at) * sizeof(*h));
}

void objects_forget(struct console *c)
{
	while (c->nr_objects)
		objects_drop(c, &c->objects[c->nr_objects - 1]);
	free(c->objects);
	c->objects = NULL;
	c->last_object = 0;
	free(c->caches);
	c->caches = NULL;
	c->nr_caches = 0;
}

static struct held_objects *objects_find(struct console *c, u64 id)
{
	for (unsigned int i = 0; i < c->nr_objects; i++)
		if (c->objects[i].id == id)
			return &c->objects[i];
	return NULL;
}

/* "@3" or "@3.5": the handle, and the index (~0: all of it). -1 after complaining. */
static int parse_handle(struct console *c, const char *text, struct held_objects **h, u64 *index)
{
	char id[24];
	const char *dot = strchr(text, '.');
	u64 n;

	snprintf(id, sizeof(id), "%.*s", dot ? (int)(dot - text - 1) : 20, text + 1);
	if (console_number(c, "handle", id, &n))
		return -1;
	*h = objects_find(c, n);
	if (!*h)
		return console_error(c, "no handle %s; list shows what is held", text);
	*index = ~(u64)0;
	if (!dot)
		return 0;
	if (console_number(c, "index", dot + 1, index))
		return -1;
	if (*index >= (*h)->nr)
		return console_error(c, "%s: @%u has objects 0 to %zu", text, (*h)->id,
				     (*h)->nr - 1);
	return 0;
}

/* The object itself; of several the first there still is. */
static void *handle_object(const struct held_objects *h, u64 index)
{
	if (index != ~(u64)0)
		return h->object[index];
	for (size_t i = 0; i < h->nr; i++)
		if (h->object[i])
			return h->object[i];
	return NULL;
}

int console_address(struct console *c, const char *text, void **p)
{
	struct held_objects *h;
	u64 n, index, phys;

	if (text[0] == '@') {
		if (parse_handle(c, text, &h, &index))
			return -1;
		*p = handle_object(h, index);
		return *p ? 0 : console_error(c, "%s: it has been freed", text);
	}
	if (console_number(c, "address", text, &n))
		return -1;
	if (!console_physical(n, &phys))
		return console_error(c, "%s: no address of the direct map", text);
	*p = (void *)(page_offset_base + (uintptr_t)phys);
	return 0;
}

static const char *cache_name(const struct held_objects *h)
{
	return h->cache ? kmem_cache_name(h->cache) : "kmalloc";
}

static void print_handle(struct console *c, const struct held_objects *h)
{
	const void *p = handle_object(h, ~(u64)0);
	struct kmem_obj_info info;

	fprintf(c->out, "@%u: ", h->id);
	if (h->nr > 1)
		fprintf(c->out, "%zu objects, the first: ", h->live);
	fprintf(c->out, "0x%llx", (unsigned long long)host_kernel_address(p));
	if (p == ZERO_SIZE_PTR)
		fputs(", no bytes", c->out);
	else if (kmem_obj_info(p, &info))
		fprintf(c->out, ", %zu bytes, %s", h->cache ? info.object_size : ksize(p),
			info.cache[0] ? info.cache : "whole pages");
	fputc('\n', c->out);
}

void console_list_objects(struct console *c)
{
	for (unsigned int i = 0; i < c->nr_objects; i++) {
		const struct held_objects *h = &c->objects[i];

		fprintf(c->out, "@%-4u %9zu object%s  %s\n", h->id, h->live,
			h->live == 1 ? " " : "s", cache_name(h));
	}
	for (unsigned int i = 0; i < c->nr_caches; i++)
		fprintf(c->out, "cache %s\n", c->caches[i].name);
}

/* ---- allocating ---- */

struct object_request {
	struct console_request what;
	struct held_objects *h;
	size_t size;			/* of kmalloc */
};

/* Runs on the chosen CPU. */
static void do_allocate(void *arg)
{
	struct object_request *r = arg;
	struct held_objects *h = r->h;

	for (; h->live < h->nr; h->live++) {
		void *p = h->cache ? kmem_cache_alloc_node(h->cache, r->what.gfp, r->what.nid) :
			  kmalloc_node(r->size, r->what.gfp, r->what.nid);

		if (!p)
			return;
		h->object[h->live] = p;
		if (!(h->live & 1023))
			host_poll();
	}
}

/* Words from argv[i] on, then do it. */
static int allocate(struct console *c, int i, int argc, char **argv, struct kmem_cache *cache,
		    size_t size)
{
	struct object_request r = { .what = { GFP_KERNEL, NUMA_NO_NODE, c->cpu, 1 },
				    .size = size };
	size_t wanted;

	for (; i < argc; i++) {
		int taken = console_request_word(c, &r.what, argv[i]);

		if (taken < 0)
			return -1;
		if (!taken)
			return console_usage(c, argv[0]);
	}
	r.h = objects_new(c, r.what.count, cache, r.what.gfp);
	if (!r.h)
		return -1;
	console_on_cpu_of(&r.what, do_allocate, &r);
	wanted = r.h->nr;
	r.h->nr = r.h->live;
	if (r.h->live)
		print_handle(c, r.h);
	if (r.h->live == wanted)
		return 0;
	console_error(c, "%s: no memory after %zu of %zu", argv[0], r.h->live, wanted);
	if (!r.h->live)
		objects_drop(c, r.h), c->last_object--;
	return -1;
}

int console_kmalloc(struct console *c, int argc, char **argv)
{
	u64 size;

	if (argc < 2)
		return console_usage(c, "kmalloc");
	if (console_number(c, "kmalloc", argv[1], &size))
		return -1;
	if (size > SIZE_MAX)
		return console_error(c, "kmalloc: %s bytes are more than there are addresses",
				     argv[1]);
	return allocate(c, 2, argc, argv, NULL, (size_t)size);
}

/* ---- freeing ---- */

struct object_release {
	struct kmem_cache *cache;	/* NULL: kfree() */
	struct held_objects *h;		/* NULL: only ... */
	void *object;			/* ... this one */
};

static void free_one(struct kmem_cache *cache, void *p)
{
	if (cache)
		kmem_cache_free(cache, p);
	else
		kfree(p);
}

static void do_release(void *arg)
{
	struct object_release *r = arg;

	if (!r->h) {
		free_one(r->cache, r->object);
		return;
	}
	for (size_t i = 0; i < r->h->nr; i++) {
		if (!r->h->object[i])
			continue;
		free_one(r->cache, r->h->object[i]);
		r->h->object[i] = NULL;
		r->h->live--;
		if (!(i & 1023))
			host_poll();
	}
}

/* All of a handle, or one of its objects. */
static int free_handle(struct console *c, struct held_objects *h, u64 index)
{
	struct object_release r = { .cache = h->cache, .h = h };

	if (index != ~(u64)0) {
		if (!h->object[index])
			return console_error(c, "@%u.%llu: it has been freed", h->id,
					     (unsigned long long)index);
		r.h = NULL;
		r.object = h->object[index];
		h->object[index] = NULL;
		h->live--;
	}
	console_on_cpu(c, do_release, &r);
	if (!h->live)
		objects_drop(c, h);
	return 0;
}

/* Something freed by its address is no longer held, if it was. */
static void objects_unlink(struct console *c, const void *p)
{
	for (unsigned int i = 0; i < c->nr_objects; i++) {
		struct held_objects *h = &c->objects[i];

		for (size_t n = 0; n < h->nr; n++) {
			if (h->object[n] != p)
				continue;
			h->object[n] = NULL;
			if (!--h->live)
				objects_drop(c, h);
			return;
		}
	}
}

static int free_address(struct console *c, struct kmem_cache *cache, const char *text)
{
	struct object_release r = { .cache = cache };

	if (console_address(c, text, &r.object))
		return -1;
	objects_unlink(c, r.object);
	console_on_cpu(c, do_release, &r);
	return 0;
}

int console_kfree(struct console *c, int argc, char **argv)
{
	struct held_objects *h;
	u64 index;

	if (argc != 2)
		return console_usage(c, "kfree");
	if (!strcmp(argv[1], "all")) {
		while (c->nr_objects)
			free_handle(c, &c->objects[c->nr_objects - 1], ~(u64)0);
		return 0;
	}
	if (!strcmp(argv[1], "last")) {
		if (!c->nr_objects)
			return console_error(c, "kfree: nothing is held");
		return free_handle(c, &c->objects[c->nr_objects - 1], ~(u64)0);
	}
	if (argv[1][0] != '@')
		return free_address(c, NULL, argv[1]);
	if (parse_handle(c, argv[1], &h, &index))
		return -1;
	return free_handle(c, h, index);
}

/* ---- caches ---- */

static struct held_cache *cache_find(struct console *c, const char *name)
{
	for (unsigned int i = 0; i < c->nr_caches; i++)
		if (!strcmp(c->caches[i].name, name))
			return &c->caches[i];
	console_error(c, "no cache '%s' was made here; kmem_cache create makes one", name);
	return NULL;
}

const struct slab_flag_name slab_flag_names[] = {
	{ "SLAB_CONSISTENCY_CHECKS", SLAB_CONSISTENCY_CHECKS }, { "SLAB_RED_ZONE", SLAB_RED_ZONE },
	{ "SLAB_POISON", SLAB_POISON }, { "SLAB_HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN },
	{ "SLAB_CACHE_DMA", SLAB_CACHE_DMA }, { "SLAB_CACHE_DMA32", SLAB_CACHE_DMA32 },
	{ "SLAB_STORE_USER", SLAB_STORE_USER }, { "SLAB_TRACE", SLAB_TRACE },
	{ "SLAB_RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT }, { "SLAB_PANIC", SLAB_PANIC },
	{ "SLAB_TYPESAFE_BY_RCU", SLAB_TYPESAFE_BY_RCU }, { "SLAB_NO_MERGE", SLAB_NO_MERGE },
	{ "SLAB_FAILSLAB", SLAB_FAILSLAB }, { "SLAB_ACCOUNT", SLAB_ACCOUNT },
	{ NULL, 0 },
};

/* "SLAB_POISON|SLAB_RED_ZONE" */
static int parse_slab_flags(struct console *c, const char *text, slab_flags_t *flags)
{
	while (*text) {
		size_t len = strcspn(text, "|"), i;

		for (i = 0; slab_flag_names[i].name; i++)
			if (strlen(slab_flag_names[i].name) == len &&
			    !strncmp(slab_flag_names[i].name, text, len))
				break;
		if (!slab_flag_names[i].name)
			return console_error(c, "'%.*s' is no flag of a cache", (int)len, text);
		*flags |= slab_flag_names[i].flag;
		text += len + (text[len] == '|');
	}
	return 0;
}

/* What kmem_cache_create() gets; a job of its own, for it may stop the machine. */
struct creation {
	const char *name;
	u64 size, align;
	slab_flags_t flags;
	struct kmem_cache *cache;
};

static void do_create(void *arg)
{
	struct creation *n = arg;

	n->cache = kmem_cache_create(n->name, (unsigned int)n->size, (unsigned int)n->align,
				     n->flags, NULL);
}

static int parse_creation(struct console *c, int argc, char **argv, struct creation *n)
{
	n->name = argv[2];
	if (strlen(n->name) >= KMEM_CACHE_NAME_MAX)
		return console_error(c, "a name has at most %d bytes", KMEM_CACHE_NAME_MAX - 1);
	if (console_number(c, "size", argv[3], &n->size))
		return -1;
	for (int i = 4; i < argc; i++) {
		const char *align = console_value(argv[i], "align");

		if (align ? console_number(c, "align", align, &n->align) :
		    parse_slab_flags(c, argv[i], &n->flags))
			return -1;
	}
	if (n->size > UINT32_MAX || n->align > UINT32_MAX)
		return console_error(c, "kmem_cache: %s bytes are too many", argv[3]);
	return 0;
}

static int cache_create(struct console *c, int argc, char **argv)
{
	struct creation n = { .size = 0 };
	struct held_cache *more;

	if (argc < 4)
		return console_usage(c, "kmem_cache");
	if (parse_creation(c, argc, argv, &n))
		return -1;
	for (unsigned int i = 0; i < c->nr_caches; i++)
		if (!strcmp(c->caches[i].name, n.name))
			return console_error(c, "there is a cache '%s' already", n.name);
	more = realloc(c->caches, (c->nr_caches + 1) * sizeof(*more));
	if (!more)
		return console_error(c, "the host is out of memory");
	c->caches = more;
	console_on_cpu(c, do_create, &n);
	if (!n.cache)
		return console_error(c, "the cache cannot be made: no memory, or an odd size or "
				     "alignment");
	more = &c->caches[c->nr_caches++];
	more->cache = n.cache;
	snprintf(more->name, sizeof(more->name), "%s", n.name);
	if (strcmp(kmem_cache_name(n.cache), n.name))
		fprintf(c->out, "shares the slabs of %s\n", kmem_cache_name(n.cache));
	return 0;
}

static void do_destroy(void *arg)
{
	kmem_cache_destroy(arg);
}

/* Handles on its objects go too: whatever is left in the cache is lost. */
static int cache_destroy(struct console *c, struct held_cache *held)
{
	struct kmem_cache *cache = held->cache;
	unsigned int i, users = 0;

	for (i = 0; i < c->nr_caches; i++)
		users += c->caches[i].cache == cache;
	for (i = c->nr_objects; users == 1 && i-- > 0;)
		if (c->objects[i].cache == cache)
			objects_drop(c, &c->objects[i]);
	*held = c->caches[--c->nr_caches];
	console_on_cpu(c, do_destroy, cache);
	return 0;
}

static void do_shrink(void *arg)
{
	kmem_cache_shrink(arg);
}

static int cache_free(struct console *c, int argc, char **argv)
{
	struct held_cache *held;
	struct held_objects *h;
	u64 index;

	if (argc == 4) {
		held = cache_find(c, argv[2]);
		return held ? free_address(c, held->cache, argv[3]) : -1;
	}
	if (argc != 3 || argv[2][0] != '@')
		return console_usage(c, "kmem_cache");
	if (parse_handle(c, argv[2], &h, &index))
		return -1;
	if (!h->cache)
		return console_error(c, "%s is kmalloc()'s; kfree frees it", argv[2]);
	return free_handle(c, h, index);
}

int console_kmem_cache(struct console *c, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct held_cache *held;

	if (!strcmp(what, "create"))
		return cache_create(c, argc, argv);
	if (!strcmp(what, "free"))
		return cache_free(c, argc, argv);
	if (!strcmp(what, "list") && argc == 2) {
		console_list_objects(c);
		return 0;
	}
	if (argc < 3 || (strcmp(what, "alloc") && argc > 3))
		return console_usage(c, "kmem_cache");
	if (strcmp(what, "alloc") && strcmp(what, "shrink") && strcmp(what, "destroy"))
		return console_usage(c, "kmem_cache");
	held = cache_find(c, argv[2]);
	if (!held)
		return -1;
	if (!strcmp(what, "alloc"))
		return allocate(c, 3, argc, argv, held->cache, 0);
	if (!strcmp(what, "destroy"))
		return cache_destroy(c, held);
	console_on_cpu(c, do_shrink, held->cache);
	return 0;
}
