// SPDX-License-Identifier: MIT
/*
 * slub_debug.c - what slub_debug= asks for: known bytes around and in each object, owners,
 * and a look at all of it each time an object leaves or comes back.
 *
 *	|<------------------------------- size ---------------------------------->|
 *	| left red | object         | right red | link | alloc | free | asked | padding |
 *	| zone     |<- object_size >|           |      | track | track| for   |         |
 *	           |<--------- inuse ---------->|
 *	           ^ what the user gets
 *
 *	letter  flag                      what it adds
 *	F       SLAB_CONSISTENCY_CHECKS   everything below is looked at with each alloc and free
 *	Z       SLAB_RED_ZONE             red zones: 0xbb (object free) or 0xcc (in use)
 *	P       SLAB_POISON               0x6b ... 0x6b 0xa5 in free objects, 0x5a in padding
 *	U       SLAB_STORE_USER           tracks; of kmalloc()'s also the bytes asked for
 *	T       SLAB_TRACE                a line for each alloc and free
 *	A       SLAB_FAILSLAB             failslab may hit it
 *	O                                 not for caches that would need slabs of a higher order
 *	-                                 nothing
 *
 * The link is outside the object where the object's bytes must stay (P, constructors). In an object
 * in use it is 0. What is asked for less than object_size is red zone too.
 *
 * Damage is reported, then mended, so that it is not reported again: bytes are restored. A
 * damaged object that was to be handed out is not: its slab is isolated, all objects count as in
 * use (what its list held is lost; red zones and links tell such objects from those in use). A
 * damaged object that comes back is not freed, and so lost: whatever overwrote its surroundings
 * may do so again.
 *
 * Locking: slabs of such caches are the node's, everything happens under its list_lock.
 * The layout and the bytes are Linux's (C. Lameter); so are the texts of the reports.
 */
#include <kmm/param.h>
#include <kmm/platform.h>

#include "debug.h"
#include "lib/string.h"

#define DEBUG_DEFAULT_FLAGS \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static __kmm_state struct {
	char text[COMMAND_LINE_SIZE];	/* blocks with lists of caches; "": none has one */
	slab_flags_t flags;		/* for caches that no list names */
	bool keep_order;		/* the letter O */
} slub_debug;

/* --- slub_debug= --- */

static slab_flags_t letter_flag(char letter)
{
	switch (letter | 0x20) {
	case 'f': return SLAB_CONSISTENCY_CHECKS;
	case 'z': return SLAB_RED_ZONE;
	case 'p': return SLAB_POISON;
	case 'u': return SLAB_STORE_USER;
	case 't': return SLAB_TRACE;
	case 'a': return SLAB_FAILSLAB;
	default: return 0;
	}
}

/* One block: its letters, then perhaps a list of caches. */
struct block {
	slab_flags_t flags;
	bool keep_order;
	const char *list, *end;		/* list NULL: for all caches */
};

static void read_letter(struct block *b, char letter, bool loud)
{
	slab_flags_t flag = letter_flag(letter);

	b->flags |= flag;
	if (letter == '-')
		b->flags = 0;
	else if (letter == 'o' || letter == 'O')
		b->keep_order = true;
	else if (!flag && loud)
		pr_err("slub_debug option '%c' unknown. skipped", letter);
}

/* Cut the next block off *s; false: there is none. */
static bool next_block(const char **s, struct block *b, bool loud)
{
	const char *at = *s;

	while (*at == ';')
		at++;
	*b = (struct block){ .flags = 0 };
	if (!*at)
		return false;
	if (*at == ',')
		b->flags = DEBUG_DEFAULT_FLAGS;
	for (; *at && *at != ',' && *at != ';'; at++)
		read_letter(b, *at, loud);
	if (*at == ',')
		b->list = ++at;
	while (*at && *at != ';')
		at++;
	b->end = *s = at;
	return true;
}

/* Without any list, what a block says is for all; else only if it says so without a list. */
int setup_slub_debug(char *val)
{
	bool lists = false, all = false;
	const char *at = val;
	struct block b;

	slub_debug.flags = DEBUG_DEFAULT_FLAGS;
	if (!val || !*val)
		return 0;
	if (strlen(val) >= sizeof(slub_debug.text))
		return -EINVAL;
	while (next_block(&at, &b, true)) {
		slub_debug.keep_order |= b.keep_order;
		lists |= b.list != NULL;
		if (!b.list) {
			slub_debug.flags = b.flags;
			all = true;
		}
	}
	if (!all)
		slub_debug.flags = 0;
	if (lists)
		memcpy(slub_debug.text, val, strlen(val) + 1);
	return 0;
}

/* Is the name that of one entry, or does it begin as one that ends in a star? */
static bool entry_matches(const char *entry, size_t len, const char *name)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (entry[i] == '*')
			return true;
		if (entry[i] != name[i])
			return false;
	}
	return !name[len];
}

static bool list_names(const struct block *b, const char *name)
{
	const char *entry = b->list, *at;

	while (entry && entry < b->end) {
		for (at = entry; at < b->end && *at != ','; at++)
			;
		if (at > entry && entry_matches(entry, (size_t)(at - entry), name))
			return true;
		entry = at + 1;
	}
	return false;
}

slab_flags_t kmem_cache_flags(slab_flags_t flags, const char *name)
{
	const char *at = slub_debug.text;
	slab_flags_t all = slub_debug.flags;
	struct block b;

	while (next_block(&at, &b, false))
		if (list_names(&b, name))
			return flags | b.flags;
	if (flags & SLAB_NOLEAKTRACE)
		all &= ~SLAB_STORE_USER;
	return flags | all;
}

bool debug_grows_order(const struct kmem_cache *s)
{
	return slub_debug.keep_order && s->flags & DEBUG_METADATA_FLAGS &&
	       size_order(s->size) > size_order(s->object_size);
}

/* --- what is written into an object --- */

unsigned int debug_metadata_size(const struct kmem_cache *s)
{
	unsigned int bytes = 0;

	if (s->flags & SLAB_STORE_USER)
		bytes += NR_TRACKS * (unsigned int)sizeof(struct track);
	if (slub_debug_orig_size(s))
		bytes += (unsigned int)sizeof(unsigned int);
	return bytes;
}

/* May a free object's bytes be overwritten? */
static bool poisons_objects(const struct kmem_cache *s)
{
	return s->flags & SLAB_POISON && !s->ctor && !(s->flags & SLAB_TYPESAFE_BY_RCU);
}

static void init_object(const struct kmem_cache *s, void *object, u8 red)
{
	u8 *p = object;

	if (s->flags & SLAB_RED_ZONE)
		memset(p - s->red_left_pad, red, s->red_left_pad);
	if (poisons_objects(s)) {
		memset(p, POISON_FREE, s->object_size - 1);
		p[s->object_size - 1] = POISON_END;
	}
	if (s->flags & SLAB_RED_ZONE)
		memset(p + s->object_size, red, s->inuse - s->object_size);
}

static void set_track(const struct kmem_cache *s, void *object, enum track_item item,
		      uintptr_t addr)
{
	*get_track(s, object, item) = (struct track){
		.addr = addr, .cpu = kmm_cpu(), .when = kmm_clock_ns() };
}

/* What kmalloc() was asked for; what is beyond is red zone. */
static void set_orig_size(const struct kmem_cache *s, void *object, size_t size)
{
	if (!slub_debug_orig_size(s))
		return;
	if (!size || size > s->object_size)
		size = s->object_size;
	*orig_size_at(s, object) = (unsigned int)size;
	if (s->flags & SLAB_RED_ZONE)
		memset((char *)object + size, SLUB_RED_ACTIVE, s->object_size - size);
}

static unsigned int get_orig_size(const struct kmem_cache *s, const void *object)
{
	return slub_debug_orig_size(s) ? min(*orig_size_at(s, object), s->object_size)
				       : s->object_size;
}

/* Zeroes, as behind any kzalloc(): krealloc() may hand them out as such. */
void skip_orig_size_check(const struct kmem_cache *s, const void *object)
{
	unsigned int size = get_orig_size(s, object);

	if (size == s->object_size)
		return;
	memset((char *)object + size, 0, s->object_size - size);
	*orig_size_at(s, object) = s->object_size;
}

void slub_init_slab(struct kmem_cache *s, struct slab *slab)
{
	if (s->flags & SLAB_POISON)
		memset(slab_address(slab), POISON_INUSE, slab_span(slab));
}

void slub_init_object(struct kmem_cache *s, struct slab *slab, void *object)
{
	(void)slab;
	init_object(s, object, SLUB_RED_INACTIVE);
	if (s->flags & SLAB_STORE_USER)
		memset(get_track(s, object, TRACK_ALLOC), 0, debug_metadata_size(s));
}

/* --- what is looked at --- */

static const u8 *first_other(const u8 *p, const u8 *end, u8 value)
{
	while (p < end && *p == value)
		p++;
	return p;
}

/* [start, start + bytes) is all `value`, or it is reported and restored. */
static bool check_bytes(struct kmem_cache *s, struct slab *slab, void *object, const char *what,
			u8 *start, size_t bytes, u8 value)
{
	const u8 *end = start + bytes, *fault = first_other(start, end, value);

	if (fault == end)
		return true;
	while (end[-1] == value)
		end--;
	report_bytes(s, slab, object, what, fault, end, value);
	slab_fix(s, "Restoring %s 0x%p-0x%p=0x%x", what, (const void *)fault,
		 (const void *)(end - 1), value);
	memset((u8 *)fault, value, (size_t)(end - fault));
	return false;
}

static bool check_red_zones(struct kmem_cache *s, struct slab *slab, u8 *p, u8 red)
{
	unsigned int asked = red == SLUB_RED_ACTIVE ? get_orig_size(s, p) : s->object_size;
	bool sound;

	sound = check_bytes(s, slab, p, "Left Redzone", p - s->red_left_pad, s->red_left_pad, red);
	sound &= check_bytes(s, slab, p, "Right Redzone", p + s->object_size,
			     s->inuse - s->object_size, red);
	return check_bytes(s, slab, p, "kmalloc Redzone", p + asked, s->object_size - asked, red) &&
	       sound;
}

static bool check_poison(struct kmem_cache *s, struct slab *slab, u8 *p, u8 red)
{
	bool sound = true;

	if (red == SLUB_RED_INACTIVE && poisons_objects(s)) {
		sound = check_bytes(s, slab, p, "Poison", p, s->object_size - 1, POISON_FREE);
		sound &= check_bytes(s, slab, p, "End Poison", p + s->object_size - 1, 1,
				     POISON_END);
	}
	if (!(s->flags & SLAB_RED_ZONE))
		sound &= check_bytes(s, slab, p, "Alignment padding", p + s->object_size,
				     s->inuse - s->object_size, POISON_INUSE);
	return check_bytes(s, slab, p, "Object padding", p + padding_offset(s),
			   size_from_object(s) - padding_offset(s), POISON_INUSE) && sound;
}

/* A link outside an object in use is 0: whoever wrote there wrote beyond the red zone. */
static bool check_idle_link(struct kmem_cache *s, struct slab *slab, void *object)
{
	unsigned long *link = slab_link(s, slab, slab_offset(slab, object));

	if (!freeptr_outside_object(s) || !*link)
		return true;
	slab_bug(s, slab, object, "Freepointer corrupt");
	slab_fix(s, "Restoring Freepointer 0x%p=0x0", (void *)link);
	*link = 0;
	return false;
}

/* Everything about one object, which is free (SLUB_RED_INACTIVE) or in use (SLUB_RED_ACTIVE). */
static bool check_object(struct kmem_cache *s, struct slab *slab, void *object, u8 red)
{
	bool sound = true;

	if (s->flags & SLAB_RED_ZONE)
		sound = check_red_zones(s, slab, object, red);
	if (s->flags & SLAB_POISON)
		sound &= check_poison(s, slab, object, red);
	if (red == SLUB_RED_ACTIVE)
		sound &= check_idle_link(s, slab, object);
	return sound;
}

/* What is left of a slab behind its last object. */
static bool check_slab_padding(struct kmem_cache *s, struct slab *slab)
{
	u8 *start = slab_address(slab);
	size_t used = (size_t)slab->objects * s->size;

	if (!(s->flags & SLAB_POISON))
		return true;
	return check_bytes(s, slab, NULL, "Padding", start + used, slab_span(slab) - used,
			   POISON_INUSE);
}

static bool check_slab(struct kmem_cache *s, struct slab *slab)
{
	unsigned long most = min(slab_span(slab) / s->size, (unsigned long)MAX_OBJS_PER_SLAB);

	if (slab->objects > most) {
		slab_err(s, slab, "objects %u > max %lu", slab->objects, most);
		return false;
	}
	if (slab->inuse > slab->objects) {
		slab_err(s, slab, "inuse %u > max %u", slab->inuse, slab->objects);
		return false;
	}
	(void)check_slab_padding(s, slab);	/* mended: nobody's objects */
	return true;
}

/* A list of free objects leads astray: it ends with the last one that can be told from noise. */
static void cut_freelist(struct kmem_cache *s, struct slab *slab)
{
	unsigned long off = slab->freelist, next = link_at(s, slab, off);
	unsigned int nr;

	for (nr = 1; nr < slab->objects && object_offset(s, slab, next); nr++) {
		off = next;
		next = link_at(s, slab, off);
	}
	slab_bug(s, slab, (char *)slab_address(slab) + off, "Freechain corrupt");
	set_link_at(s, slab, off, slab_span(slab));
	slab_fix(s, "Freelist cut off behind 0x%p", (void *)((char *)slab_address(slab) + off));
}

/*
 * Follow the list of free objects. If it leads astray it is cut: what was behind is lost, and
 * counts as in use. False: something was wrong.
 */
static bool check_freelist(struct kmem_cache *s, struct slab *slab)
{
	unsigned long last;
	bool sound;
	int nr;

	if (!slab_list_empty(slab) && !object_offset(s, slab, slab->freelist)) {
		slab_err(s, slab, "Freepointer corrupt");
		return false;
	}
	nr = list_length(s, slab, slab->freelist, &last);
	sound = nr >= 0;
	if (!sound) {
		cut_freelist(s, slab);
		nr = list_length(s, slab, slab->freelist, &last);
	}
	if (nr < 0 || slab->inuse + nr == slab->objects)
		return sound;
	slab_err(s, slab, "Wrong object count. Counter is %u but counted were %d", slab->inuse,
		 slab->objects - nr);
	slab->inuse = (u16)(slab->objects - nr);
	slab_fix(s, "Object count adjusted");
	return false;
}

/* --- an object leaves --- */

static bool alloc_consistency_checks(struct kmem_cache *s, struct slab *slab, void *object)
{
	return check_slab(s, slab) && check_object(s, slab, object, SLUB_RED_INACTIVE);
}

bool alloc_debug_processing(struct kmem_cache *s, struct slab *slab, void *object, gfp_t gfp,
			    size_t size, uintptr_t caller)
{
	(void)gfp;
	if (s->flags & SLAB_CONSISTENCY_CHECKS && !alloc_consistency_checks(s, slab, object)) {
		slab_fix(s, "Marking all objects used");
		return false;
	}
	if (s->flags & SLAB_STORE_USER)
		set_track(s, object, TRACK_ALLOC, caller);
	if (s->flags & SLAB_TRACE)
		print_trace(s, slab, object, true);
	init_object(s, object, SLUB_RED_ACTIVE);
	set_orig_size(s, object, size);
	return true;
}

/* --- an object comes back --- */

/*
 * Is an object that is in no list one that was lost with its slab's list? It still has a free
 * object's red zone, or its link. The 0 that objects in use have there is none, whatever it
 * decodes to: there are so many of them that on 32 bits one may well look like an offset.
 */
static bool is_lost(const struct kmem_cache *s, const struct slab *slab, const void *object)
{
	const unsigned long *link = slab_link(s, slab, slab_offset(slab, object));
	const u8 *p = object;

	if (s->flags & SLAB_RED_ZONE && first_other(p - s->red_left_pad, p, SLUB_RED_INACTIVE) == p)
		return true;
	return freeptr_outside_object(s) && *link && link_get(link, s->random) <= slab_span(slab);
}

/* Without F the list is followed only if the link looks like a free object's. */
static bool already_free(struct kmem_cache *s, struct slab *slab, const void *object)
{
	bool suspect = link_at(s, slab, slab_offset(slab, object)) <= slab_span(slab);

	return ((suspect || s->flags & SLAB_CONSISTENCY_CHECKS) && on_freelist(s, slab, object)) ||
	       is_lost(s, slab, object);
}

/* Can this be freed at all? */
static bool free_possible(struct kmem_cache *s, struct slab *slab, void *object)
{
	if (!object_offset(s, slab, slab_offset(slab, object))) {
		slab_bug(s, slab, object, "Invalid object pointer 0x%p", object);
		return false;
	}
	if (already_free(s, slab, object)) {
		slab_bug(s, slab, object, "Object already free");
		return false;
	}
	return true;
}

static bool free_consistency_checks(struct kmem_cache *s, struct slab *slab, void *object)
{
	if (!check_slab(s, slab))
		return false;
	check_freelist(s, slab);
	return free_possible(s, slab, object) && check_object(s, slab, object, SLUB_RED_ACTIVE);
}

bool free_debug_processing(struct kmem_cache *s, struct slab *slab, void *object,
			   uintptr_t caller)
{
	bool sound = s->flags & SLAB_CONSISTENCY_CHECKS ? free_consistency_checks(s, slab, object)
							: free_possible(s, slab, object);

	if (!sound) {
		slab_fix(s, "Object at 0x%p not freed", object);
		return false;
	}
	if (s->flags & SLAB_STORE_USER)
		set_track(s, object, TRACK_FREE, caller);
	if (s->flags & SLAB_TRACE)
		print_trace(s, slab, object, false);
	init_object(s, object, SLUB_RED_INACTIVE);
	return true;
}

/* --- all of a slab --- */

unsigned long validate_slab(struct kmem_cache *s, struct slab *slab)
{
	char *object = (char *)slab_address(slab) + s->red_left_pad;
	unsigned long bad = 0;
	unsigned int i;

	if (!check_slab(s, slab))
		return 1;
	bad += !check_freelist(s, slab);
	if (!(s->flags & DEBUG_METADATA_FLAGS))
		return bad;
	for (i = 0; i < slab->objects; i++, object += s->size) {
		bool in_use = !on_freelist(s, slab, object) && !is_lost(s, slab, object);

		bad += !check_object(s, slab, object, in_use ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE);
	}
	return bad;
}
