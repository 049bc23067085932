// SPDX-License-Identifier: MIT
// FLAVOURS: release debug m32
/*
 * attack_test.c - what careless or hostile users of objects do, with the defences that are
 * always on and with slub_debug=FZPU. Whatever it is: it is reported, or does no
 * harm; afterwards all structures are sound and no object is handed out twice.
 */
#include "mm/slab/slub.h"
#include "objects.h"

#define SIZE	96
#define MANY	400

static const char *const modes[] = { "", "slub_debug=FZPU" };
static bool debugging;

static bool boot(void)
{
	return MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .cmdline = modes[debugging]);
}

/* run_both - run_case() once for each mode. */
static void run_both_named(void (*fn)(void), const char *name)
{
	char what[80];
	int i;

	for (i = 0; i < 2; i++) {
		debugging = i;
		snprintf(what, sizeof(what), "%s, %s", name, debugging ? modes[1] : "default");
		run_case_named(fn, what);
	}
}
#define run_both(fn) run_both_named(fn, #fn)

static struct kmem_cache *new_cache(const char *name)
{
	struct kmem_cache *s = kmem_cache_create(name, SIZE, 0, SLAB_NO_MERGE, NULL);

	ok(s != NULL, "%s is created", name);
	return s;
}

static void *get(struct kmem_cache *s)
{
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	KMM_BUG_ON(!p);
	return p;
}

/* --- did it do harm? --- */

static u8 *held[MANY];

/* Every CPU gets many objects; none overlaps another, or the one that is still in use. */
static void all_different(struct kmem_cache *s, u8 *in_use)
{
	unsigned int i, wrong = 0;

	if (in_use)
		memset(in_use, 0xee, SIZE);
	for (i = 0; i < MANY; i++) {
		host_set_cpu(i & 1);
		held[i] = get(s);
		memset(held[i], (int)(i % 200), SIZE);
	}
	for (i = 0; i < MANY; i++)
		wrong += !is_filled(held[i], (u8)(i % 200), SIZE);
	is_int(wrong, 0, "no two objects overlap");
	ok(!in_use || is_filled(in_use, 0xee, SIZE), "nor does the one in use");
	for (i = 0; i < MANY; i++) {
		host_set_cpu(i / 2 & 1);
		kmem_cache_free(s, held[i]);
	}
	host_set_cpu(0);
}

static void goes_on(struct kmem_cache *s, u8 *in_use)
{
	check_all();
	all_different(s, in_use);
	check_all();
	slab_drain();
	check_all();
}

static unsigned int bugs_before, texts_before;

static void expect(const char *text)
{
	bugs_before = log_counts("BUG ");
	texts_before = log_counts(text);
}

static void reported(const char *text, const char *what)
{
	ok(log_counts(text) > texts_before && log_counts("BUG ") > bugs_before,
	   "%s is reported: %s", what, text);
}

/* The free does nothing but to be reported. */
static void refused(struct kmem_cache *s, const void *p, const char *text, const char *what)
{
	expect(text);
	if (s)
		kmem_cache_free(s, (void *)p);
	else
		kfree(p);
	reported(text, what);
	is_int(log_counts("BUG "), bugs_before + 1, "%s: once", what);
	check_all();
}

/* --- lists --- */

static unsigned long *link_of(const struct kmem_cache *s, void *p)
{
	return (unsigned long *)((char *)p + s->offset);
}

static void overwritten_link(void *value)
{
	struct kmem_cache *s;
	void *p, *q;

	if (!boot())
		return;
	s = new_cache("victim");
	q = get(s);
	p = get(s);
	kmem_cache_free(s, p);
	memcpy(link_of(s, p), &value, sizeof(value));
	expect("Freechain corrupt");
	(void)!get(s);
	(void)!get(s);
	reported("Freechain corrupt", "a list that was written to");
	goes_on(s, q);
}

static void test_link_text(void)
{
	overwritten_link((void *)(uintptr_t)0x41414141);
}

static void test_link_zero(void)
{
	overwritten_link(NULL);
}

/* Where an attacker wants it to lead. */
static void test_link_pointer(void)
{
	overwritten_link(&debugging);
}

static void test_links_encoded(void)
{
	struct kmem_cache *a, *b;
	unsigned int i, plain = 0;
	void *p[16];

	if (!boot())
		return;
	a = new_cache("a");
	b = new_cache("b");
	ok(a->random != b->random && a->random && b->random, "each cache has its secret");
	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = get(a);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(a, p[i]);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		unsigned long word = *link_of(a, p[i]);

		plain += word <= PAGE_SIZE << a->order;
		plain += virt_to_slab((void *)word) != NULL;
		plain += i && word == *link_of(a, p[i - 1]);
	}
	is_int(plain, 0, "no link is an offset, an address, or like the one before");
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[0] = get(a);
		plain += *link_of(a, p[0]) != 0;
	}
	is_int(plain, 0, "an object handed out has none");
}

/* The order of a slab's first n objects, as one number. */
static u64 order_of_slab(struct kmem_cache *s)
{
	u64 hash = 1;
	unsigned int i;

	for (i = 0; i < s->objects; i++)
		hash = hash_word(hash, slab_offset(virt_to_slab(held[i]), held[i]));
	return hash;
}

static u64 first_order(u64 seed, u64 *second)
{
	struct kmem_cache *s;
	unsigned int i;
	u64 first;

	if (!MACHINE_ON(.mem = 64 * MIB, .seed = seed, .cmdline = modes[debugging]))
		return 0;
	s = new_cache("ordered");
	for (i = 0; i < s->objects; i++)
		held[i] = get(s);
	first = order_of_slab(s);
	for (i = 0; i < s->objects; i++)
		held[i] = get(s);
	*second = order_of_slab(s);
	host_power_off();
	return first;
}

static void test_random_order(void)
{
	u64 second, other_second, first = first_order(1, &second), other;

	ok(first != second, "two slabs list their objects in different orders");
	other = first_order(2, &other_second);
	ok(first != other && second != other_second, "another boot does it otherwise");
	ok(first_order(1, &other_second) == first && second == other_second,
	   "the same seed does it again");
}

/* --- writing beyond --- */

static void beyond(long where, const char *text)
{
	struct kmem_cache *s;
	u8 *p, *q;

	if (!boot())
		return;
	s = new_cache("victim");
	q = get(s);
	p = get(s);
	memset(p, 1, SIZE);
	expect(text);
	p[where] ^= 0xff;
	kmem_cache_free(s, p);
	if (debugging)
		reported(text, "a byte beyond");
	goes_on(s, q);
	if (debugging)
		is_int(validate_slab_cache(s), 0, "all that was damaged is mended");
}

static void test_byte_behind(void) { beyond(SIZE, "Right Redzone overwritten"); }
static void test_byte_before(void) { beyond(-1, "Left Redzone overwritten"); }

static void test_byte_behind_request(void)
{
	u8 *p;

	if (!boot())
		return;
	p = kmalloc(33, GFP_KERNEL);
	expect("kmalloc Redzone overwritten");
	p[33] = 1;
	kfree(p);
	if (debugging)
		reported("kmalloc Redzone overwritten", "one byte more than asked for");
	else
		is_int(log_counts("BUG "), 0, "without debugging it is within the class");
	check_all();
}

/* --- after the free --- */

static void test_read_after_free(void)
{
	struct kmem_cache *s;
	u8 *p;

	if (!boot())
		return;
	s = new_cache("victim");
	p = get(s);
	memset(p, 0x11, SIZE);
	kmem_cache_free(s, p);
	if (debugging)
		ok(is_filled(p, 0x6b, SIZE - 1) && p[SIZE - 1] == 0xa5, "what is free is poison");
	goes_on(s, NULL);
}

static void test_write_after_free(void)
{
	struct kmem_cache *s;
	u8 *p, *q;

	if (!boot())
		return;
	s = new_cache("victim");
	q = get(s);
	p = get(s);
	kmem_cache_free(s, p);
	p[1] = 0x11;
	expect("Poison overwritten");
	ok(get(s) != p || !debugging, "what was written to is not handed out");
	if (debugging)
		reported("Poison overwritten", "a write into a free object");
	goes_on(s, q);
}

/* --- freeing twice --- */

static void test_double_free(void)
{
	struct kmem_cache *s;
	void *p, *q;

	if (!boot())
		return;
	s = new_cache("victim");
	p = get(s);
	q = get(s);
	kmem_cache_free(s, p);
	refused(s, p, "Object already free", "a second free");
	kmem_cache_free(s, q);
	refused(s, p, "Object already free", "a second free, after another");
	refused(NULL, p, "Object already free", "a second one by kfree()");
	goes_on(s, NULL);
}

/* First free by one CPU, then by another; `prepare` decides whose the slab is. */
static void double_free_by(unsigned int first, unsigned int second,
			   void (*prepare)(struct kmem_cache *s), const char *what)
{
	struct kmem_cache *s;
	void *p, *q;

	if (!boot())
		return;
	s = new_cache("victim");
	q = get(s);
	p = get(s);
	if (prepare)
		prepare(s);
	host_set_cpu(first);
	kmem_cache_free(s, p);
	host_set_cpu(second);
	refused(s, p, "Object already free", what);
	host_set_cpu(0);
	goes_on(s, q);
}

static void fill_slab(struct kmem_cache *s)
{
	unsigned int i;

	for (i = 2; i < s->objects; i++)
		(void)!get(s);
	(void)!get(s);			/* of the next one */
}

static void drain(struct kmem_cache *s)
{
	(void)s;
	slab_drain();
}

static void test_double_own_then_other(void)
{
	double_free_by(0, 1, NULL, "free on its CPU, then on another");
}

static void test_double_other_then_own(void)
{
	double_free_by(1, 0, NULL, "free on another CPU, then on its own");
}

static void test_double_other_twice(void)
{
	double_free_by(1, 1, NULL, "free on another CPU, twice");
}

static void test_double_full(void)
{
	double_free_by(0, 0, fill_slab, "full slab, own CPU twice");
}

static void test_double_full_other(void)
{
	double_free_by(1, 0, fill_slab, "full slab, two CPUs");
}

static void test_double_full_twice(void)
{
	double_free_by(1, 1, fill_slab, "full slab, another CPU twice");
}

static void test_double_node(void)
{
	double_free_by(0, 1, drain, "the node's slab, two CPUs");
}

/* --- pointers that are no objects --- */

static void test_interior(void)
{
	struct kmem_cache *s;
	char *p;

	if (!boot())
		return;
	s = new_cache("victim");
	p = get(s);
	refused(s, p + 8, "Invalid object pointer", "the middle of an object");
	refused(s, p + 1, "Invalid object pointer", "a misaligned one");
	refused(NULL, p + SIZE - 1, "Invalid object pointer", "its last byte, kfree()");
	refused(NULL, (char *)slab_address(virt_to_slab(p)) + slab_span(virt_to_slab(p)) - 1,
		"Invalid object pointer", "the slab's last byte");
	goes_on(s, (u8 *)p);
}

/* Where the next object would lie, were the slab longer: a multiple of the size all the same. */
static void *behind_last(const struct kmem_cache *s, void *p)
{
	struct slab *slab = virt_to_slab(p);

	return (char *)slab_address(slab) + slab->objects * s->size + s->red_left_pad;
}

static void behind_all(struct kmem_cache *s)
{
	void *first = get(s), *p = first;

	refused(s, behind_last(s, first), "Invalid object pointer", "behind the last");
	refused(NULL, behind_last(s, first), "Invalid object pointer", "the same by kfree()");
	while (virt_to_slab(p) == virt_to_slab(first))
		p = get(s);
	kmem_cache_free(s, first);		/* its slab is not the current one any more */
	refused(s, behind_last(s, first), "Invalid object pointer", "behind an owned slab's last");
	refused(NULL, behind_last(s, first), "Invalid object pointer", "the same by kfree()");
	slab_drain();
	check_all();
}

static void test_behind_last(void)
{
	static const unsigned int sizes[] = { 104, 96, 192, 696, 24 };
	unsigned int i;

	if (!boot())
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		behind_all(kmem_cache_create("rest", sizes[i], 0, SLAB_NO_MERGE, NULL));
}

static void test_foreign(void)
{
	struct kmem_cache *a, *b;
	struct page *page;
	char local[64];
	void *p;

	if (!boot())
		return;
	a = new_cache("a");
	b = new_cache("b");
	p = get(b);
	page = alloc_pages(GFP_KERNEL, 0);
	refused(a, p, "Wrong slab cache", "another cache's object");
	refused(a, local, "Invalid object pointer", "an address on the stack");
	refused(NULL, local, "Invalid object pointer", "an address on the stack, kfree()");
	refused(NULL, page_address(page), "Invalid object pointer", "a page");
	refused(a, page_address(page), "Invalid object pointer", "a page, as an object");
	refused(NULL, (void *)(uintptr_t)4096, "Invalid object pointer", "a small number");
	refused(NULL, (void *)~(uintptr_t)4095, "Invalid object pointer", "a large one");
	bugs_before = log_counts("BUG ");
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
	kmem_cache_free(a, NULL);
	is_int(log_counts("BUG "), bugs_before, "NULL and ZERO_SIZE_PTR are fine");
	__free_pages(page, 0);
	goes_on(a, NULL);
	goes_on(b, p);
}

/*
 * A bulk of objects of one slab, not all of them good: one is there twice, one points into an
 * object, one is another cache's.
 */
static void bad_in_bulk(unsigned int n)
{
	struct kmem_cache *a, *b;
	unsigned int i;
	void *p[8], *q;

	if (!boot())
		return;
	a = new_cache("a");
	b = new_cache("b");
	q = get(b);
	for (i = 0; i < n; i++)
		held[i] = get(a);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = held[i];
	p[2] = held[1];
	p[4] = held[4] + sizeof(long);
	p[6] = q;
	kmem_cache_free(a, held[8]);
	expect("Object already free");
	kmem_cache_free_bulk(a, ARRAY_SIZE(p), p);
	reported("Object already free", "an object twice in a bulk");
	is_int(log_counts("BUG "), bugs_before + 3, "and the other two that are wrong, once each");
	check_all();
	for (i = 2; i < n; i++)
		if (i > 8 || i == 2 || i == 4 || i == 6)
			kmem_cache_free(a, held[i]);
	is_int(log_counts("BUG "), bugs_before + 3, "all others are back, these three are not");
	goes_on(b, q);
	is_int(kmem_cache_shrink(a), 0, "nothing is left");
}

static void test_bulk_of_current(void) { bad_in_bulk(12); }
static void test_bulk_of_other(void) { bad_in_bulk(MANY); }

/* --- lists that others have made --- */

/* A slab's objects, each in held[]; it is the CPU's current one. */
static void take_slab(struct kmem_cache *s, u8 **from)
{
	for (unsigned int i = 0; i < s->objects; i++)
		from[i] = get(s);
}

/*
 * What another CPU has freed of the current slab is written over, and found when that is used up.
 * The CPU goes on with the next slab, which is whole, and so it stays.
 */
static void test_remote_list(void)
{
	unsigned int i, n, bugs;
	u8 **x = held, **y;
	struct kmem_cache *s;

	if (!MACHINE_ON(.mem = 64 * MIB, .cpus = 2))
		return;
	s = kmem_cache_create("victim", 128, 0, SLAB_NO_MERGE, NULL);
	n = s->objects;
	y = held + n;
	take_slab(s, y);
	take_slab(s, x);
	kmem_cache_free(s, y[0]);	/* a slab of the CPU's to go on with */
	host_set_cpu(1);
	for (i = 0; i < 2; i++) {
		kmem_cache_free(s, x[i]);
		memset(link_of(s, x[i]), 0xa5, sizeof(long));
	}
	host_set_cpu(0);
	expect("Freechain corrupt");
	y[0] = get(s);
	reported("Freechain corrupt", "a list of another CPU's that was written over");
	bugs = log_counts("BUG ");
	check_all();
	for (i = 2; i < n; i++)
		kfree(x[i]);
	for (i = 0; i < n; i++)
		kfree(y[i]);
	check_all();
	all_different(s, NULL);
	is_int(log_counts("BUG "), bugs, "no other slab suffers");
	check_all();
}

/* --- no attack --- */

#define RING	64
static void *ring[RING];
static unsigned long passed;

static void put_in_ring(void **at, void *p)
{
	while (__atomic_load_n(at, __ATOMIC_ACQUIRE))
		host_poll();
	__atomic_store_n(at, p, __ATOMIC_RELEASE);
}

static u8 *take_from_ring(void **at)
{
	u8 *p;

	while (!(p = __atomic_exchange_n(at, NULL, __ATOMIC_ACQ_REL)))
		host_poll();
	return p;
}

/* A second long; the ring itself is the last thing passed. */
static void pass_objects(struct kmem_cache *s)
{
	u64 stop_at = kmm_clock_ns() + 1000000000;

	for (passed = 0; passed % RING || kmm_clock_ns() < stop_at; passed++)
		put_in_ring(&ring[passed % RING], get(s));
	put_in_ring(&ring[passed % RING], ring);
}

/* What is left in an object looks like a free object's link. */
static void free_objects(struct kmem_cache *s)
{
	unsigned int i;
	u8 *p;

	for (i = 0; (p = take_from_ring(&ring[i % RING])) != (u8 *)ring; i++) {
		link_set((unsigned long *)(p + s->offset), s->random, slab_span(virt_to_slab(p)));
		kmem_cache_free(s, p);
	}
}

static void pass_to_cpu_1(void *arg)
{
	if (kmm_cpu() == 0)
		pass_objects(arg);
	else
		free_objects(arg);
}

/*
 * On 32 bits contents look like that by chance, so a slab's lists are looked through before a free
 * is refused; also while their owner works with them. (On 64 bits they are no chance: refused.)
 */
static void test_looks_free(void)
{
	struct kmem_cache *s;

	if (sizeof(long) == 8 || !MACHINE_ON(.mem = 64 * MIB, .cpus = 2, .threads = true))
		return;
	s = kmem_cache_create("unlucky", 64, 0, SLAB_NO_MERGE, NULL);
	host_run_on_all(pass_to_cpu_1, s);
	is_int(log_counts("BUG "), 0, "%lu objects that look free: none is refused",
	       passed);
	is_int(kmem_cache_shrink(s), 0, "nothing is left");
	check_all();
}

int main(void)
{
	run_both(test_link_text);
	run_both(test_link_zero);
	run_both(test_link_pointer);
	run_both(test_links_encoded);
	run_both(test_random_order);
	run_both(test_byte_behind);
	run_both(test_byte_before);
	run_both(test_byte_behind_request);
	run_both(test_read_after_free);
	run_both(test_write_after_free);
	run_both(test_double_free);
	run_both(test_double_own_then_other);
	run_both(test_double_other_then_own);
	run_both(test_double_other_twice);
	run_case(test_remote_list);
	run_both(test_bulk_of_current);
	run_both(test_bulk_of_other);
	run_both(test_double_full);
	run_both(test_double_full_other);
	run_both(test_double_full_twice);
	run_both(test_double_node);
	run_both(test_interior);
	run_both(test_behind_last);
	run_both(test_foreign);
	run_case(test_looks_free);
	return done_testing();
}
