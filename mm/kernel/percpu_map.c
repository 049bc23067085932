// SPDX-License-Identifier: MIT
/*
 * percpu_map.c - which granules of a chunk are taken.
 *
 * Per-CPU memory costs as many bytes as there are CPUs for each byte, so it is packed as tightly as
 * alignment allows: any size in steps of four bytes, first fit, no size classes. Nothing of the map
 * lies in the memory it describes. Two bits tell all about a granule:
 *
 *	taken   0 0 1 1 1 1 0 1 1 1 1 0       an allocation begins where `begin` is set; it ends
 *	begin   0 0 1 0 0 0 0 1 0 1 0 0       before the next one, or the next free: 4, 2 and 2
 *
 * A word of each lies beside one of the other: who looks at a granule needs both.
 *
 * Searching. A chunk has up to 64 pages of 1,024 granules. Each page has a *bound*: no run of free
 * granules in it is longer. The word fit[k] has a bit for each page whose bound is at least 2^k,
 * so one count of trailing zeroes leads to the first page that may do. In the page, a request of
 * up to a word's bits is looked for a word at a time: halving steps of AND and shift leave a bit
 * wherever a long enough run begins,
 *
 *	free 01110110   AND free >> 1 = 00110010   two or more begin here   ... n in log2(n) steps
 *
 * with the next word's bits shifted in. Such small ones never cross pages, so that they need one
 * populated page only. Larger ones do if no page has room for all of it.
 *
 * Bounds are upper bounds: taking granules does not touch them, freeing raises them to the length
 * of the run that has come about. Nobody needs that before the next search. So what is freed can be
 * *entered* later, and only once if many areas have become one run, as they do when they are given
 * back in the order in which they were taken. Only a search that fails in a page computes its bound
 * exactly. So a page is searched in vain at most once for each time something was taken from it:
 * what finding a place costs is constant in the long run, however the requests are mixed, and no
 * operation scans a page to keep figures true (Linux, which keeps exact hints, does). What fails on
 * alignment in spite of a long enough run is remembered as a *miss* until something is freed in
 * that page. The map as a whole has a bound and a miss, too: the lists of chunks live on them.
 *
 * Source: bitmaps with borders marked, hints by block: Linux's percpu.c (T. Heo, D. Zhou); finding
 * runs by AND and shift: H. Warren, "Hacker's Delight", 6-2; lazy upper bounds: the summaries of
 * M. Knyszek's page allocator for Go, made lazy.
 */
#include "mm/kernel/percpu_map_fast.h"

#define WORD		BITS_PER_LONG

/* --- bounds and misses --- */

static inline unsigned int fls32(unsigned int x)
{
	return x ? 32 - (unsigned int)__builtin_clz(x) : 0;
}

static void set_bound(struct pcpu_map *map, unsigned int p, unsigned int bound)
{
	unsigned int k = fls32(map->page[p].bound), to = fls32(bound);

	map->page[p].bound = bound;
	for (; k < to; k++)
		map->fit[k] |= (u64)1 << p;
	while (k > to)
		map->fit[--k] &= ~((u64)1 << p);
}

static inline bool is_missed(const struct pcpu_miss *m, unsigned int nr, unsigned int align)
{
	return nr >= m->nr && align >= m->align;
}

static inline const struct pcpu_word *page_words(const struct pcpu_map *map, unsigned int p)
{
	return map->word + p * PCPU_PAGE_WORDS;
}

/* The longest run of free granules in words[0 ... nr), exactly. */
static unsigned int longest_run(const struct pcpu_word *words, unsigned int nr)
{
	unsigned int i, inner, most = 0, run = 0;
	unsigned long taken, free;

	for (i = 0; i < nr; i++) {
		taken = words[i].taken;
		if (!taken) {
			run += WORD;
			continue;
		}
		most = max(most, run + __ffs(taken));
		for (free = ~taken, inner = 0; free; inner++)
			free &= free >> 1;
		run = WORD - 1 - __fls(taken);
		most = max(most, inner);
	}
	return max(most, run);
}

/* Nothing was found in a page: make its bound exact, and remember if that is not enough. */
static void page_missed(struct pcpu_map *map, unsigned int p, unsigned int nr, unsigned int align)
{
	struct pcpu_page *page = &map->page[p];

	set_bound(map, p, longest_run(page_words(map, p), PCPU_PAGE_WORDS));
	if (page->bound >= nr)
		page->miss = (struct pcpu_miss){ (u16)nr, (u16)align };
}

/*
 * Nothing was found in all of the map: no run is nr + align - 1 long, or it would do. Small
 * requests are not looked for across pages: the end of a page and the beginning of the next may
 * together be twice that.
 */
static void map_missed(struct pcpu_map *map, unsigned int nr, unsigned int align)
{
	u32 most = nr + align - 2;

	if (nr <= WORD)
		most *= 2;
	map->bound = min(map->bound, most);
	map->miss = (struct pcpu_miss){ (u16)nr, (u16)align };
}

/* --- finding --- */

/* The first granule in [from, end) whose bit, turned by `flip`, is set; end: none. */
static inline unsigned int next_bit(const struct pcpu_map *map, unsigned int end, unsigned int from,
				    unsigned long flip)
{
	unsigned long bits;

	for (; from < end; from = ALIGN_DOWN(from, WORD) + WORD) {
		bits = (map->word[from / WORD].taken ^ flip) >> from % WORD;
		if (bits)
			return min(from + __ffs(bits), end);
	}
	return end;
}

unsigned int pcpu_map_next_taken(const struct pcpu_map *map, unsigned int end, unsigned int from)
{
	return next_bit(map, end, from, 0);
}

unsigned int pcpu_map_next_free(const struct pcpu_map *map, unsigned int end, unsigned int from)
{
	return next_bit(map, end, from, ~0ul);
}

/* Bits of x where a run of nr set bits begins; nr <= BITS_PER_LONG. */
static inline unsigned long run_starts(unsigned long x, unsigned int nr)
{
	unsigned int have;

	for (have = 1; 2 * have <= nr; have *= 2)
		x &= x >> have;
	return x & x >> (nr - have);
}

/* As run_starts(), where a run may go on into the bits of `next`. */
static unsigned long run_starts_across(unsigned long x, unsigned long next, unsigned int nr)
{
	unsigned int have, more;

	for (have = 1; have < nr; have += more) {
		more = min(have, nr - have);
		x &= x >> more | next << (WORD - more);
		next &= next >> more;
	}
	return x;
}

/* At most a word's granules, in one page. */
static int find_small(const struct pcpu_map *map, unsigned int p, unsigned int nr,
		      unsigned int align)
{
	const unsigned long mask = pcpu_aligned_bits(align);
	unsigned int step = align > WORD ? align / WORD : 1, end = (p + 1) * PCPU_PAGE_WORDS;
	unsigned int w = ALIGN(map->page[p].first, step);
	unsigned long free, starts;

	for (; w < end; w += step) {
		free = ~map->word[w].taken;
		if (!free)
			continue;
		starts = mask & run_starts(free, nr);
		if (!starts && w + 1 < end)
			starts = mask & run_starts_across(free, ~map->word[w + 1].taken, nr);
		if (starts)
			return (int)(w * WORD + __ffs(starts));
	}
	return -1;
}

/* Any number of granules in [from, to). */
static int find_run(const struct pcpu_map *map, unsigned int from, unsigned int to,
		    unsigned int nr, unsigned int align)
{
	unsigned int end;

	for (;;) {
		from = ALIGN(pcpu_map_next_free(map, to, from), align);
		if (from + nr > to)
			return -1;
		end = pcpu_map_next_taken(map, from + nr, from);
		if (end >= from + nr)
			return (int)from;
		from = end + 1;
	}
}

static int find_in_page(struct pcpu_map *map, unsigned int nr, unsigned int align, u64 allowed)
{
	u64 pages = map->fit[fls32(nr) - 1] & allowed;
	int bit;

	for (; pages; pages &= pages - 1) {
		unsigned int p = kmm_ctz64(pages);
		struct pcpu_page *page = &map->page[p];

		if (page->bound < nr || is_missed(&page->miss, nr, align))
			continue;
		if (nr <= WORD)
			bit = find_small(map, p, nr, align);
		else
			bit = find_run(map, p * PCPU_PAGE_BITS, (p + 1) * PCPU_PAGE_BITS, nr,
				       align);
		if (likely(bit >= 0))
			return bit;
		page_missed(map, p, nr, align);
	}
	return -1;
}

/* Across pages, in each sequence of pages that have anything free. */
static int find_across(struct pcpu_map *map, unsigned int nr, unsigned int align, u64 allowed)
{
	u64 pages = map->fit[0] & allowed;

	while (pages) {
		unsigned int p = kmm_ctz64(pages), end = p;
		int bit;

		while (end < 64 && pages >> end & 1)
			end++;
		bit = find_run(map, p * PCPU_PAGE_BITS, end * PCPU_PAGE_BITS, nr, align);
		if (bit >= 0)
			return bit;
		pages &= ~pcpu_pages_mask(p, end - p);
	}
	return -1;
}

/* --- taking --- */

static inline unsigned long word_mask(unsigned int bit, unsigned int nr)
{
	return (nr >= WORD ? ~0ul : (1ul << nr) - 1) << bit % WORD;
}

/* Take or free [bit, bit + nr), which are all free or all taken. */
static inline void flip(struct pcpu_map *map, unsigned int bit, unsigned int nr)
{
	unsigned int n;

	for (; nr; bit += n, nr -= n) {
		n = min(nr, WORD - bit % WORD);
		map->word[bit / WORD].taken ^= word_mask(bit, n);
	}
}

/* An allocation begins there, or does no more. */
static inline void flip_begin(struct pcpu_map *map, unsigned int bit)
{
	map->word[bit / WORD].begin ^= 1ul << bit % WORD;
}

static inline void use_page(struct pcpu_map *map, unsigned int p, unsigned int nr)
{
	struct pcpu_page *page = &map->page[p];

	page->used += nr;
	map->empty &= ~((u64)1 << p);
	while (page->first < (p + 1) * PCPU_PAGE_WORDS && !~map->word[page->first].taken)
		page->first++;
	if (page->used == PCPU_PAGE_BITS)
		set_bound(map, p, 0);
}

static inline void take(struct pcpu_map *map, unsigned int bit, unsigned int nr)
{
	flip(map, bit, nr);
	map->free -= nr;
	if (likely(bit % PCPU_PAGE_BITS + nr <= PCPU_PAGE_BITS)) {
		use_page(map, bit / PCPU_PAGE_BITS, nr);
		return;
	}
	while (nr) {
		unsigned int n = min(nr, PCPU_PAGE_BITS - bit % PCPU_PAGE_BITS);

		use_page(map, bit / PCPU_PAGE_BITS, n);
		bit += n;
		nr -= n;
	}
}

int pcpu_map_alloc_slow(struct pcpu_map *map, unsigned int nr, unsigned int align,
			u64 allowed)
{
	int bit = -1;

	if (nr > map->bound || is_missed(&map->miss, nr, align))
		return -1;
	if (nr <= PCPU_PAGE_BITS)
		bit = find_in_page(map, nr, align, allowed);
	if (unlikely(bit < 0 && nr > WORD))
		bit = find_across(map, nr, align, allowed);
	if (unlikely(bit < 0)) {
		if (!(pcpu_all_pages(map) & ~allowed))
			map_missed(map, nr, align);
		return -1;
	}
	take(map, (unsigned int)bit, nr);
	flip_begin(map, (unsigned int)bit);
	return bit;
}

/* --- freeing --- */

/* Free granules right below `bit`. */
static unsigned int free_below(const struct pcpu_map *map, unsigned int bit)
{
	unsigned int w = bit / WORD;
	unsigned long word = bit % WORD ? map->word[w].taken << (WORD - bit % WORD) : 0;

	if (word)
		return WORD - 1 - __fls(word);
	while (w && !map->word[w - 1].taken)
		w--;
	return bit - (w ? (w - 1) * WORD + __fls(map->word[w - 1].taken) + 1 : 0);
}

static void unuse_pages(struct pcpu_map *map, unsigned int bit, unsigned int nr)
{
	unsigned int n, p;

	for (; nr; bit += n, nr -= n) {
		n = min(nr, PCPU_PAGE_BITS - bit % PCPU_PAGE_BITS);
		p = bit / PCPU_PAGE_BITS;
		map->page[p].used -= n;
		if (!map->page[p].used)
			map->empty |= (u64)1 << p;
	}
}

/* Granules of page p have been freed, from word `first` on: look for anything there, once more. */
static inline void forget_miss(struct pcpu_map *map, unsigned int p, unsigned int first)
{
	struct pcpu_page *page = &map->page[p];

	page->first = min(page->first, first);
	page->miss.nr = PCPU_NO_MISS;
}

/* Could there be a longer run than the bounds say, in the page or in all of the map? */
static inline bool is_low(const struct pcpu_map *map, const struct pcpu_page *page)
{
	return page->bound + page->used < PCPU_PAGE_BITS || map->bound < map->free;
}

/*
 * What page p has of the run [from, to) may be more than its bound. A page that was full is often
 * given back as a whole: it counts as empty, until something is looked for in vain.
 */
static inline void raise_page(struct pcpu_map *map, unsigned int p, unsigned int from,
			      unsigned int to)
{
	u32 run = min(to, (p + 1) * PCPU_PAGE_BITS) - max(from, p * PCPU_PAGE_BITS);
	u32 bound = map->page[p].bound;

	if (run > bound)
		set_bound(map, p, bound ? run : PCPU_PAGE_BITS);
}

/* Granules of pages [first, last] are free now, [from, to): find the run they are part of. */
static bool raise_bounds(struct pcpu_map *map, unsigned int from, unsigned int to)
{
	unsigned int p = from / PCPU_PAGE_BITS, last = (to - 1) / PCPU_PAGE_BITS;
	u32 bound = map->bound;

	from -= free_below(map, from);
	to = pcpu_map_next_taken(map, map->nr_pages * PCPU_PAGE_BITS, to);
	map->bound = max(bound, to - from);
	for (; p <= last; p++)
		raise_page(map, p, from, to);
	return (bound ^ map->bound) > bound;
}

bool pcpu_map_enter(struct pcpu_map *map, unsigned int from, unsigned int to)
{
	unsigned int p = from / PCPU_PAGE_BITS, last = (to - 1) / PCPU_PAGE_BITS;

	map->miss.nr = PCPU_NO_MISS;
	forget_miss(map, p, from / WORD);
	if (likely(p == last) && !is_low(map, &map->page[p]))
		return false;
	while (++p <= last)
		forget_miss(map, p, p * PCPU_PAGE_WORDS);
	return raise_bounds(map, from, to);
}

unsigned int pcpu_map_size(const struct pcpu_map *map, unsigned int bit)
{
	unsigned int end = map->nr_pages * PCPU_PAGE_BITS, at = bit + 1;
	const struct pcpu_word *word;
	unsigned long borders;

	if (bit >= end || !(map->word[bit / WORD].begin >> bit % WORD & 1))
		return 0;
	for (; at < end; at = ALIGN_DOWN(at, WORD) + WORD) {
		word = &map->word[at / WORD];
		borders = (word->begin | ~word->taken) >> at % WORD;
		if (borders)
			return at + __ffs(borders) - bit;
	}
	return end - bit;
}

unsigned int pcpu_map_free_slow(struct pcpu_map *map, unsigned int bit)
{
	unsigned int nr = pcpu_map_size(map, bit);

	if (unlikely(!nr))
		return 0;
	flip_begin(map, bit);
	flip(map, bit, nr);
	map->free += nr;
	unuse_pages(map, bit, nr);
	(void)pcpu_map_enter(map, bit, bit + nr);
	return nr;
}

/* --- a map's life --- */

void pcpu_map_init(struct pcpu_map *map, struct pcpu_word *words, unsigned int nr_pages,
		   u64 populated)
{
	unsigned int p;

	KMM_BUG_ON(nr_pages < 1 || nr_pages > PCPU_MAP_PAGES);
	*map = (struct pcpu_map){
		.word = words, .nr_pages = nr_pages,
		.populated = populated, .empty = pcpu_pages_mask(0, nr_pages),
		.free = nr_pages * PCPU_PAGE_BITS, .bound = nr_pages * PCPU_PAGE_BITS,
		.miss = { PCPU_NO_MISS, 0 },
	};
	for (p = 0; p < nr_pages; p++) {
		map->page[p].miss.nr = PCPU_NO_MISS;
		map->page[p].first = p * PCPU_PAGE_WORDS;
		set_bound(map, p, PCPU_PAGE_BITS);
	}
}

/* It looks like an allocation, which is where the one below it ends; but nobody can free it. */
void pcpu_map_hide(struct pcpu_map *map, unsigned int bit, unsigned int nr)
{
	if (!nr)
		return;
	take(map, bit, nr);
	if (bit)
		flip_begin(map, bit);
}

unsigned int pcpu_map_longest(const struct pcpu_map *map)
{
	return longest_run(map->word, map->nr_pages * PCPU_PAGE_WORDS);
}

unsigned int pcpu_map_end(const struct pcpu_map *map)
{
	unsigned int end = map->nr_pages * PCPU_PAGE_BITS;

	return end - free_below(map, end);
}

static void check_page(const struct pcpu_map *map, unsigned int p)
{
	const struct pcpu_page *page = &map->page[p];
	const struct pcpu_word *words = page_words(map, p);
	unsigned int w, k, used = 0;

	for (w = 0; w < PCPU_PAGE_WORDS; w++)
		used += hweight_long(words[w].taken);
	KMM_BUG_ON(page->used != used);
	KMM_BUG_ON((map->empty >> p & 1) != !used);
	KMM_BUG_ON(page->bound < longest_run(words, PCPU_PAGE_WORDS));
	for (k = 0; k < PCPU_CLASSES; k++)
		KMM_BUG_ON((map->fit[k] >> p & 1) != (page->bound >= 1u << k));
	KMM_BUG_ON(page->first < p * PCPU_PAGE_WORDS || page->first > (p + 1) * PCPU_PAGE_WORDS);
	for (w = p * PCPU_PAGE_WORDS; w < page->first; w++)
		KMM_BUG_ON(~map->word[w].taken);
	if (page->miss.nr == PCPU_NO_MISS)
		return;
	KMM_BUG_ON(find_run(map, p * PCPU_PAGE_BITS, (p + 1) * PCPU_PAGE_BITS, page->miss.nr,
			    page->miss.align) >= 0);
}

void pcpu_map_check(const struct pcpu_map *map)
{
	unsigned long words = (unsigned long)map->nr_pages * PCPU_PAGE_WORDS, w;
	unsigned int p, used = 0;

	KMM_BUG_ON((map->populated | map->empty) & ~pcpu_all_pages(map));
	for (p = 0; p < map->nr_pages; p++) {
		check_page(map, p);
		used += map->page[p].used;
	}
	for (w = 0; w < words; w++)
		KMM_BUG_ON(map->word[w].begin & ~map->word[w].taken);
	KMM_BUG_ON(map->free != map->nr_pages * PCPU_PAGE_BITS - used);
	KMM_BUG_ON(map->bound < min(pcpu_map_longest(map), PCPU_LARGEST));
}
