// SPDX-License-Identifier: MIT
/*
 * report.c - what is said about a damaged object, slab or free; Linux's format, line for line.
 *
 *	=============================================================================
 *	BUG kmalloc-64 (Not tainted): Right Redzone overwritten
 *	-----------------------------------------------------------------------------
 *
 *	0x... - 0x... @offset=...        which bytes (report_bytes())
 *	Allocated in ... / Freed in ...  who had it (slub_debug=U)
 *	Slab 0x... objects=...           the slab
 *	Object 0x... @offset=...         the object, its red zones and padding, in hex
 *	(the call trace)
 *	FIX kmalloc-64: ...              what was done so that the machine can go on
 *
 * Everything may be printed under list_lock, or of a slab that other CPUs work with: nothing is
 * followed that is not known to lie in the slab, and nothing is trusted.
 */
#include <kmm/platform.h>

#include "debug.h"
#include "lib/div64.h"
#include "lib/seq_buf.h"
#include "lib/vsprintf.h"

#define NS_PER_JIFFY	4000000u	/* HZ=250 */

/* --- bytes --- */

#define ROW 16u

static char printable(u8 c)
{
	return c >= 0x20 && c < 0x7f ? (char)c : '.';
}

/* One row: the bytes in hex, padded, and as characters. */
static RACY void print_row(int level, const char *text, const u8 *p, unsigned int n)
{
	char line[ROW * 4 + 2], *at = line;
	unsigned int i;

	for (i = 0; i < ROW; i++, at += 3)
		scnprintf(at, 4, i < n ? "%02x " : "   ", i < n ? p[i] : 0u);
	*at++ = ' ';
	for (i = 0; i < n; i++)
		*at++ = printable(p[i]);
	*at = '\0';
	printk(level, "%s%p: %s", text, (const void *)p, line);
}

void print_section(int level, const char *text, const void *addr, size_t length)
{
	const u8 *p = addr;
	size_t i;

	for (i = 0; i < length; i += ROW)
		print_row(level, text, p + i, (unsigned int)min(length - i, (size_t)ROW));
}

/* --- who had it --- */

static RACY void print_track(const char *what, const struct track *t)
{
	char name[128];

	if (!t->addr)
		return;
	pr_err("%s in %s age=%llu cpu=%u pid=%d", what, symbol_text(t->addr, name, sizeof(name)),
	       (unsigned long long)div_u64(kmm_clock_ns() - t->when, NS_PER_JIFFY), t->cpu, t->pid);
}

void print_tracking(const struct kmem_cache *s, struct slab *slab, const void *object)
{
	(void)slab;
	if (!(s->flags & SLAB_STORE_USER))
		return;
	print_track("Allocated", get_track(s, object, TRACK_ALLOC));
	print_track("Freed", get_track(s, object, TRACK_FREE));
}

/* --- the slab, the object --- */

static const void *object_address(const struct slab *slab, unsigned long off)
{
	return off < slab_span(slab) ? (char *)slab_address(slab) + off : NULL;
}

static RACY void print_slab_info(const struct kmem_cache *s, const struct slab *slab)
{
	const struct page *page = slab_page(slab);

	if (s->ops != &slub_ops) {
		pr_err("Slab 0x%p flags=0x%x(slab|node=%d|zone=%d)", (const void *)slab,
		       slab->flags, page_to_nid(page), page_zonenum(page));
		return;
	}
	pr_err("Slab 0x%p objects=%u used=%u fp=0x%p flags=0x%x(slab|node=%d|zone=%d)",
	       (const void *)slab, slab->objects, slab->inuse,
	       object_address(slab, slab->freelist), slab->flags, page_to_nid(page),
	       page_zonenum(page));
}

static RACY const void *next_of(const struct kmem_cache *s, const struct slab *slab,
				const void *object)
{
	return object_address(slab, link_at(s, slab, slab_offset(slab, object)));
}

/* Everything around one object of SLUB's, in hex. */
static void print_around(const struct kmem_cache *s, const struct slab *slab, const char *object)
{
	unsigned int off = padding_offset(s);

	if (s->red_left_pad)
		print_section(LOGLEVEL_ERR, "Redzone  ", object - s->red_left_pad, s->red_left_pad);
	else if (object >= (char *)slab_address(slab) + ROW)
		print_section(LOGLEVEL_ERR, "Bytes b4 ", object - ROW, ROW);
	print_section(LOGLEVEL_ERR, "Object   ", object, min(s->object_size, (u32)PAGE_SIZE));
	if (s->flags & SLAB_RED_ZONE)
		print_section(LOGLEVEL_ERR, "Redzone  ", object + s->object_size,
			      s->inuse - s->object_size);
	if (off < size_from_object(s) && kmem_cache_debug(s))
		print_section(LOGLEVEL_ERR, "Padding  ", object + off, size_from_object(s) - off);
}

/* An address in a slab of an allocator whose objects have no place of their own here. */
static void print_plain(const struct kmem_cache *s, const struct slab *slab, const void *ptr)
{
	unsigned long off = slab_offset(slab, ptr);
	size_t n = min((unsigned long)(s->object_size ? s->object_size : 64u),
		       slab_span(slab) - off);

	pr_err("Object 0x%p @offset=%lu", ptr, off);
	pr_err("%s", "");
	print_section(LOGLEVEL_ERR, "Object   ", ptr, min(n, (size_t)PAGE_SIZE));
}

/* The object ptr points into; NULL: between objects. */
static const char *object_around(const struct kmem_cache *s, const struct slab *slab,
				 const void *ptr)
{
	unsigned long off = slab_offset(slab, ptr);

	off = off / s->size * s->size + s->red_left_pad;
	return object_offset(s, slab, off) ? (char *)slab_address(slab) + off : NULL;
}

static void print_object(const struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	const char *object;

	if (slab_offset(slab, ptr) >= slab_span(slab)) {
		print_slab_info(s, slab);
		return;
	}
	object = s->ops == &slub_ops ? object_around(s, slab, ptr) : NULL;
	if (object)
		print_tracking(s, slab, object);
	print_slab_info(s, slab);
	if (!object) {
		print_plain(s, slab, ptr);
		return;
	}
	pr_err("Object 0x%p @offset=%lu fp=0x%p", (const void *)object, slab_offset(slab, object),
	       next_of(s, slab, object));
	pr_err("%s", "");
	print_around(s, slab, object);
}

static void print_trailer(const struct kmem_cache *s, struct slab *slab, const void *ptr)
{
	if (slab && ptr)
		print_object(s, slab, ptr);
	else if (slab)
		print_slab_info(s, slab);
	kmm_dump_stack();
}

/* --- reports --- */

static void print_headline(const struct kmem_cache *s, const char *text)
{
	pr_err("=============================================================================");
	pr_err("BUG %s (Not tainted): %s", s ? s->name : "kmalloc", text);
	pr_err("-----------------------------------------------------------------------------");
	pr_err("%s", "");
}

void slab_bug(const struct kmem_cache *s, struct slab *slab, const void *object, const char *fmt,
	      ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_headline(s, text);
	print_trailer(slab ? slab_cache(slab) : s, slab, object);
}

void slab_fix(const struct kmem_cache *s, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err("FIX %s: %s", s->name, text);
}

void report_bytes(const struct kmem_cache *s, struct slab *slab, const void *object,
		  const char *what, const u8 *fault, const u8 *end, u8 value)
{
	char text[64];

	scnprintf(text, sizeof(text), "%s overwritten", what);
	print_headline(s, text);
	pr_err("0x%p-0x%p @offset=%lu. First byte 0x%x instead of 0x%x", (const void *)fault,
	       (const void *)(end - 1), slab_offset(slab, fault), fault[0], value);
	if (!object)
		print_section(LOGLEVEL_ERR, "Padding  ", fault, (size_t)(end - fault));
	print_trailer(s, slab, object);
}

void print_trace(const struct kmem_cache *s, const struct slab *slab, const void *object,
		 bool alloc)
{
	pr_info("TRACE %s %s 0x%p inuse=%u fp=0x%p", s->name, alloc ? "alloc" : "free", object,
		slab->inuse, object_address(slab, slab->freelist));
	if (!alloc)
		print_section(LOGLEVEL_INFO, "Object   ", object,
			      min(s->object_size, (u32)PAGE_SIZE));
	kmm_dump_stack();
}
