// SPDX-License-Identifier: MIT
/*
 * pages.c - alloc, bulk, free, list: pages by hand.
 *
 * Each allocation gets a handle, "#1", "#2" ... A handle is a chain of blocks through
 * page->next, in the order they were allocated; the order of each block is
 * the one its page remembers. Frame 0 is never allocated, so 0 ends a chain.
 */
#include <stdlib.h>
#include <string.h>

#include <kmm/mm.h>

#include "console.h"

/* ---- handles ---- */

struct held *held_new(struct console *c, const char *how, gfp_t gfp)
{
	struct held *h;

	if (c->nr_held == c->room_held) {
		unsigned int room = c->room_held ? 2 * c->room_held : 64;

		h = realloc(c->held, room * sizeof(*h));
		if (!h) {
			console_error(c, "%s: the host is out of memory", how);
			return NULL;
		}
		c->held = h;
		c->room_held = room;
	}
	h = &c->held[c->nr_held++];
	*h = (struct held){ .id = ++c->last_id, .gfp = gfp, .how = how };
	return h;
}

void held_add(struct held *h, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	page->next = 0;
	if (h->last)
		pfn_to_page(h->last)->next = (u32)pfn;
	else
		h->first = pfn;
	h->last = pfn;
	h->blocks++;
	h->pages += 1UL << page_alloc_order(page);
}

struct held *held_find(struct console *c, u64 id)
{
	for (unsigned int i = 0; i < c->nr_held; i++)
		if (c->held[i].id == id)
			return &c->held[i];
	return NULL;
}

void held_drop(struct console *c, struct held *h)
{
	size_t at = (size_t)(h - c->held);

	c->nr_held--;
	memmove(h, h + 1, (c->nr_held - at) * sizeof(*h));
}

void held_forget(struct console *c)
{
	c->nr_held = 0;
	c->last_id = 0;
}

static bool covers(unsigned long first, unsigned long pfn)
{
	return pfn - first < 1UL << page_alloc_order(pfn_to_page(first));
}

struct held *held_owner(struct console *c, unsigned long pfn)
{
	for (unsigned int i = 0; i < c->nr_held; i++)
		for (unsigned long p = c->held[i].first; p; p = pfn_to_page(p)->next)
			if (covers(p, pfn))
				return &c->held[i];
	return NULL;
}

static void print_block(struct console *c, const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	void *address = page_address(page);

	fprintf(c->out, "pfn 0x%05lx, Node %d %s, ", pfn, page_to_nid(page), page_zone(page)->name);
	if (address)
		fprintf(c->out, "0x%llx", (unsigned long long)host_kernel_address(address));
	else
		fputs("no address (high memory)", c->out);
}

void held_print(struct console *c, const struct held *h)
{
	const struct page *page = pfn_to_page(h->first);
	unsigned int order = page_alloc_order(page);

	fprintf(c->out, "#%u: ", h->id);
	if (h->blocks > 1)
		fprintf(c->out, "%lu blocks, %lu pages, the first: ", h->blocks, h->pages);
	print_block(c, page);
	if (h->blocks == 1)
		fprintf(c->out, ", order %u (%lu page%s)", order, h->pages,
			h->pages == 1 ? "" : "s");
	fputc('\n', c->out);
}

/* ---- allocating ---- */

struct request {
	struct console_request what;
	unsigned int order;
	bool order_said;
	struct held *h;
	struct page *array[512];
};

/* Runs on the chosen CPU. */
static void do_alloc(void *arg)
{
	struct request *r = arg;

	while (r->h->blocks < r->what.count) {
		struct page *page;

		page = r->what.nid == NUMA_NO_NODE ? alloc_pages(r->what.gfp, r->order) :
		       alloc_pages_node(r->what.nid, r->what.gfp, r->order);
		if (!page)
			return;
		held_add(r->h, page);
	}
}

static void do_bulk(void *arg)
{
	struct request *r = arg;

	while (r->h->blocks < r->what.count) {
		unsigned long want = r->what.count - r->h->blocks, got, i;

		want = min(want, (unsigned long)ARRAY_SIZE(r->array));
		memset(r->array, 0, sizeof(r->array));
		got = r->what.nid == NUMA_NO_NODE ? alloc_pages_bulk(r->what.gfp, want, r->array) :
		      alloc_pages_bulk_node(r->what.gfp, r->what.nid, want, r->array);
		for (i = 0; i < want; i++)
			if (r->array[i])
				held_add(r->h, r->array[i]);
		if (!got)
			return;
	}
}

/* The words that are not an order. */
static int take_word(struct console *c, struct request *r, const char *word)
{
	int taken = console_request_word(c, &r->what, word);

	if (taken)
		return taken < 0 ? -1 : 0;
	if (r->order_said)
		return console_error(c, "'%s' is a second order", word);
	r->order_said = true;
	return console_order(c, word, &r->order);
}

/* Run it, say what came of it. */
static int run_request(struct console *c, struct request *r, const char *how, void (*fn)(void *))
{
	unsigned long got;

	r->h = held_new(c, how, r->what.gfp);
	if (!r->h)
		return -1;
	console_on_cpu_of(&r->what, fn, r);
	got = r->h->blocks;
	if (got)
		held_print(c, r->h);
	else
		held_drop(c, r->h), c->last_id--;
	if (got == r->what.count)
		return 0;
	if (r->what.count == 1)
		return console_error(c, "%s: no memory", how);
	return console_error(c, "%s: no memory after %lu of %llu", how, got,
			     (unsigned long long)r->what.count);
}

int console_alloc(struct console *c, int argc, char **argv)
{
	static struct request r;
	int i;

	memset(&r, 0, sizeof(r));
	r.what = (struct console_request){ GFP_KERNEL, NUMA_NO_NODE, c->cpu, 1 };
	for (i = 1; i < argc; i++)
		if (take_word(c, &r, argv[i]))
			return -1;
	return run_request(c, &r, "alloc", do_alloc);
}

int console_bulk(struct console *c, int argc, char **argv)
{
	static struct request r;
	u64 count;
	int i;

	memset(&r, 0, sizeof(r));
	r.what = (struct console_request){ GFP_KERNEL, NUMA_NO_NODE, c->cpu, 0 };
	if (argc < 2)
		return console_usage(c, "bulk");
	if (console_number(c, "bulk", argv[1], &count))
		return -1;
	if (!count)
		return console_error(c, "bulk: at least 1");
	for (i = 2; i < argc; i++)
		if (take_word(c, &r, argv[i]))
			return -1;
	if (r.order || r.what.count)
		return console_error(c, "bulk: single pages only, and N is their number");
	r.what.count = count;
	return run_request(c, &r, "bulk", do_bulk);
}

/* ---- freeing ---- */

struct release {
	struct held *h;
	u64 every;		/* each every-th block only */
	struct page *page;	/* instead of a handle: this one ... */
	unsigned int order;	/* ... and with this order */
	unsigned long freed;	/* pages */
};

/* Runs on the console's CPU: walk the chain, free some, link the rest anew. */
static void do_free(void *arg)
{
	struct release *r = arg;
	struct held rest = { .id = r->h->id, .gfp = r->h->gfp, .how = r->h->how };
	unsigned long pfn, next, n = 0;

	for (pfn = r->h->first; pfn; pfn = next) {
		struct page *page = pfn_to_page(pfn);
		unsigned int order = page_alloc_order(page);

		next = page->next;
		if (++n % r->every) {
			held_add(&rest, page);
			continue;
		}
		r->freed += 1UL << order;
		__free_pages(page, order);
	}
	*r->h = rest;
}

static void free_held(struct console *c, struct held *h, u64 every, unsigned long *freed)
{
	struct release r = { .h = h, .every = every };

	console_on_cpu(c, do_free, &r);
	*freed += r.freed;
	if (!h->blocks)
		held_drop(c, h);
}

/* "#3", "3", "2-5", "last", "all": the range of handles; -1 after complaining. */
static int handle_range(struct console *c, const char *text, u64 *from, u64 *to)
{
	char first[24];
	const char *dash = strchr(text, '-');

	if (!strcmp(text, "all")) {
		*from = 0;
		*to = ~(u64)0;
		return 0;
	}
	if (!strcmp(text, "last")) {
		if (!c->nr_held)
			return console_error(c, "free: nothing is held");
		*from = *to = c->held[c->nr_held - 1].id;
		return 0;
	}
	text += *text == '#';
	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : 20, text);
	if (console_number(c, "free", first, from))
		return -1;
	*to = *from;
	if (dash && console_number(c, "free", dash + 1 + (dash[1] == '#'), to))
		return -1;
	if (!dash && !held_find(c, *from))
		return console_error(c, "free: no handle #%llu; list shows what is held",
				     (unsigned long long)*from);
	return 0;
}

static void do_free_page(void *arg)
{
	struct release *r = arg;

	__free_pages(r->page, r->order);
}

/* Take one block out of the chain it is in, if it is in one. */
static void held_unlink(struct console *c, unsigned long pfn)
{
	struct held *h = held_owner(c, pfn), rest;
	unsigned long p, next;

	if (!h)
		return;
	rest = (struct held){ .id = h->id, .gfp = h->gfp, .how = h->how };
	for (p = h->first; p; p = next) {
		next = pfn_to_page(p)->next;
		if (!covers(p, pfn))
			held_add(&rest, pfn_to_page(p));
	}
	*h = rest;
	if (!h->blocks)
		held_drop(c, h);
}

static int free_frame(struct console *c, int argc, char **argv)
{
	const char *pfn_text = console_value(argv[1], "pfn"), *order_text = NULL, *why;
	struct release r = { .order = 0 };
	struct zone *zone;
	unsigned long pfn;

	if (argc > 2)
		order_text = console_value(argv[2], "order");
	if (argc > 3 || (argc == 3 && !order_text))
		return console_usage(c, "free");
	if (console_frame(c, pfn_text, &pfn))
		return -1;
	if (!frame_is_ready(pfn, &zone, &why))
		return console_error(c, "free: pfn 0x%lx: %s", pfn, why);
	r.page = pfn_to_page(pfn);
	r.order = held_owner(c, pfn) ? page_alloc_order(r.page) : 0;
	if (order_text && console_order(c, order_text, &r.order))
		return -1;
	held_unlink(c, pfn);
	console_on_cpu(c, do_free_page, &r);
	return 0;
}

int console_free(struct console *c, int argc, char **argv)
{
	unsigned long freed = 0;
	u64 from, to, every = 1;
	unsigned int i;

	if (argc > 1 && console_value(argv[1], "pfn"))
		return free_frame(c, argc, argv);
	if (argc != 2 && !(argc == 4 && !strcmp(argv[2], "every")))
		return console_usage(c, "free");
	if (argc == 4 && console_number(c, "every", argv[3], &every))
		return -1;
	if (!every)
		return console_error(c, "every: at least 1");
	if (handle_range(c, argv[1], &from, &to))
		return -1;
	for (i = c->nr_held; i-- > 0;)
		if (c->held[i].id >= from && c->held[i].id <= to)
			free_held(c, &c->held[i], every, &freed);
	fprintf(c->out, "%lu page%s freed\n", freed, freed == 1 ? "" : "s");
	return 0;
}

int console_list(struct console *c, int argc, char **argv)
{
	unsigned long pages = 0;
	char gfp[256];
	unsigned int i;

	(void)argv;
	if (argc > 1)
		return console_usage(c, "list");
	for (i = 0; i < c->nr_held; i++) {
		const struct held *h = &c->held[i];

		if (h->gfp)
			format_gfp_flags(gfp, sizeof(gfp), h->gfp);
		else
			strcpy(gfp, "(many masks)");
		fprintf(c->out, "#%-4u %9lu pages %8lu block%s  pfn 0x%-9lx %-5s %s\n", h->id,
			h->pages, h->blocks, h->blocks == 1 ? " " : "s", h->first, h->how, gfp);
		pages += h->pages;
	}
	fprintf(c->out, "%u handle%s, %lu pages\n", c->nr_held, c->nr_held == 1 ? "" : "s", pages);
	console_list_objects(c);
	console_list_addresses(c);
	return 0;
}
