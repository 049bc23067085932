// SPDX-License-Identifier: MIT
// FLAVOURS: release tsan
/*
 * concurrent_test.c - read every file over and over while the other CPUs
 * allocate and free pages and objects, and make and destroy caches: no file may fail but
 * that of a cache that has just gone, and none may be torn.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/errno.h>
#include <kmm/introspect.h>
#include <kmm/mm.h>
#include <kmm/slab.h>

#include "tests/page/machine.h"

#define CPUS	3
#define ROUNDS	60

static bool done;
static unsigned int failures, reads, gone;

static void reader(void)
{
	char path[INTROSPECT_PATH_MAX], *text = malloc(INTROSPECT_MAX);

	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; introspect_path(i, path, sizeof(path)); i++) {
			int len;

			if (strstr(path, "compact_memory") || strstr(path, "drop_caches") ||
		    strstr(path, "stat_refresh"))
				continue;
			len = introspect_read_text(path, text, INTROSPECT_MAX);
			reads++;
			gone += len == -ENOENT && strstr(path, "/passing/");
			if ((len < 0 && !(len == -ENOENT && strstr(path, "/passing/"))) ||
			    (len > 0 && text[len - 1] != '\n'))
				failures++;
			host_poll();
		}
	}
	free(text);
	WRITE_ONCE(done, true);
}

/* A cache's whole life; its name is not to be found before and after. */
static void pass_by(void)
{
	struct kmem_cache *s = kmem_cache_create("passing", 72, 0, SLAB_NO_MERGE, NULL);
	void *p = s ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;

	host_poll();
	if (p)
		kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void worker(void)
{
	void *object[64] = { NULL };
	struct page *held[64] = { NULL };

	for (unsigned int i = 0; !READ_ONCE(done); i++) {
		struct page **slot = &held[i * 7 % 64];
		unsigned int order = (unsigned int)(slot - held) % 5;

		if (*slot)
			__free_pages(*slot, order);
		*slot = alloc_pages(i & 1 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, order);
		kfree(object[i * 5 % 64]);
		object[i * 5 % 64] = kmalloc(i * 37 % 6000, GFP_KERNEL);
		if (i % 64 == 0 && kmm_cpu() == 1)
			pass_by();
		host_poll();
	}
	for (unsigned int i = 0; i < 64; i++)
		kfree(object[i]);
	for (unsigned int i = 0; i < 64; i++)
		if (held[i])
			__free_pages(held[i], i % 5);
}

static void one_cpu(void *arg)
{
	(void)arg;
	if (kmm_cpu() == 0)
		reader();
	else
		worker();
}

int main(void)
{
	struct host_machine *pc = host_machine_simple(512ULL << 20, 2, CPUS);
	struct host_config c = { .quiet = true, .threads = true };
	int err;

	host_machine_config(pc, &c);
	err = host_boot(&c);
	if (cannot_be(err) || !ok(!err, "boots"))
		return done_testing();
	host_run_on_all(one_cpu, NULL);
	is_int(failures, 0, "%u reads while %d CPUs allocate, %u of a cache that was gone", reads,
	       CPUS - 1, gone);
	slab_check(NULL);
	page_alloc_check();
	host_power_off();
	host_machine_free(pc);
	return done_testing();
}
