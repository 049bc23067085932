#!/bin/sh
# SPDX-License-Identifier: MIT
# kmm replay of objects: levels, what is left out and why, caches, call sites, three allocators.
. tests/tools/cli.sh

numa=data/numa/trace.kmt.zst
native=data/native/trace-cmd-report.txt.xz
trace=$dir/t.kmt

same() {	# NAME FILE FILE
	verdict=
	cmp "$2" "$3" >"$dir/out" 2>&1 || verdict="they differ"
	report "$1"
}
key() {	# KEY: the first number of that name in $dir/j
	sed -n "s/^ *\"$1\": *\([0-9-]*\).*/\1/p" "$dir/j" | head -n 1
}
are() {	# NAME KEY=NUMBER...: figures of the replay of $trace with $options
	name=$1
	shift
	run "$KMM" replay --mem 256M --no-timing --json "$dir/j" $options "$trace"
	verdict=
	[ $rc = 0 ] || verdict="status $rc"
	for figure; do
		got=$(key "${figure%=*}")
		[ "$got" = "${figure#*=}" ] || verdict="$verdict ${figure%=*} is $got, not ${figure#*=};"
	done
	report "$name"
}
says() {	# NAME PATTERN: in what the last `are` printed
	verdict=
	grep -Eq -e "$2" "$dir/out" || verdict="nothing matches: $2"
	report "$1"
}
write() {	# stdin: events with blanks for tabs, into $trace
	{
		printf '#kmt1\ttest\n#T\t1\tW\ttest\n#G\t0\tcc0\tGFP_KERNEL\n'
		printf '#G\t1\tcd0\tGFP_KERNEL|__GFP_RECLAIMABLE\n#G\t2\t4cc0\tGFP_KERNEL|__GFP_RETRY_MAYFAIL\n'
		printf '#S\t0\tmake_it+0x1\n#S\t1\tdrop_it+0x2\n#S\t2\tmake_other+0x3\n'
		printf '#C\t0\twidget\n#C\t1\t?\n#C\t2\tgadget\n'
		sed 's/  */	/g'
	} >"$trace"
	printf '#end\tevents %d\tduration_ns 1\n' "$(grep -c '^[0-9]' "$trace")" >>"$trace"
}

# ---- levels ----
t "pages are the default" 0 'not replayed +338,496 object events' "$KMM" replay $numa
t "objects" 0 'objects +16[0-9],[0-9,]+ allocations, 16[0-9],[0-9,]+ frees, by slub' "$KMM" replay --level objects $numa
t "objects: pages are told not to be replayed" 0 'not replayed +391,[0-9,]+ page events' \
	"$KMM" replay --level objects $numa
t "both" 0 'Left out: 2,066 allocations .2,237 pages. and 2,020 frees' "$KMM" replay --level both $numa
for section in 'Objects' 'Memory of objects' 'The largest caches' 'proc/slabinfo beside ours' \
	'live at the end, by call site' 'All slabs: Linux 6,979 pages' 'million object events a second'; do
	t "the report has: $section" 0 "$section" "$KMM" replay --level both $numa
done
t "the population of before" 0 '151,[0-9]+ objects from before the trace' "$KMM" replay --level objects $numa
"$KMM" replay --level objects --no-timing --initial none $numa >"$dir/out"
verdict=
grep -q 'objects from before the trace, as' "$dir/out" && verdict="there is a population"
report "--initial none: no population"
for level in objects both; do
	"$KMM" replay --no-timing --level $level --json "$dir/a.json" $numa >"$dir/a"
	"$KMM" replay --no-timing --level $level --json "$dir/b.json" $numa >"$dir/b"
	same "the same report twice: $level" "$dir/a" "$dir/b"
	same "the same figures twice: $level" "$dir/a.json" "$dir/b.json"
done
pages=$(sed -n 's/.*All slabs: Linux [0-9,]* pages, kmm \([0-9,]*\),.*/\1/p' "$dir/a" | tr -d ,)
verdict=
[ "${pages:-0}" -ge 6500 ] && [ "${pages:-0}" -le 7400 ] || verdict="${pages:-no} pages, Linux 6979"
report "about as many slab pages as Linux had"

# ---- whose a page is ----
write <<'E'
1 A0 1 1000 0 0 0
1 c0 1 1000000 0 100 104 0 0
1 c1 1 1000068 0 100 104 0 0
1 A0 1 1001 0 0 0
1 A0 1 2000 2 0 0
1 m0 1 2000000 16000 16384 0 2
1 A0 1 3000 1 0 0
1 m0 1 3001f00 64 64 0 2
1 f1 1 2000000 1
1 F0 1 2000 2
1 d0 1 1000000 0 1
1 d0 1 1000068 0 1
1 F0 1 1000 0
E
options="--level both"
are "slab pages and large objects are recognised" page_allocs_left_out=3 pages_left_out=7 \
	page_frees_left_out=2 alloc_pages=1 free_pages=0 allocs=4 frees=3 in_old_pages=0
says "who holds what lives: the call site" ' 1 +64 +make_other\+0x3 +kmalloc-64'
options="--level objects"
are "objects alone: no page is allocated for an event" alloc_pages=0 allocs=4 frees=3

# ---- gaps ----
write <<'E'
1 A0 1 1000 0 0 0
1 c0 1 1000000 0 100 104 0 0
1 c0 1 1000000 0 100 104 0 0
1 c0 1 1000068 0 100 104 0 0
1 F0 1 1000 0
1 A0 1 1000 0 0 0
1 F0 1 1000 0
1 d0 1 5000000 0 1
1 f0 1 5001000 1
1 c0 1 6000000 0 100 104 0 0
1 d0 1 6000000 0 1
1 d0 1 6000000 0 1
1 m0 1 0 64 64 0 2
1 F0 1 6000 0
1 d0 1 7000000 2 1
1 F0 1 7000 0
E
options="--level both"
are "untraced frees are made up for" replaced=1 swept=2 alloc_pages=1 free_pages=1 \
	page_allocs_left_out=1 page_frees_left_out=3 in_old_pages=1 free_untraced=1 \
	free_homeless=3 free_old=0 recorded_object_failures=1 allocs=4 frees=4

# ---- names ----
write <<'E'
1 c0 1 1000000 1 100 104 0 0
1 c0 1 2000000 1 100 104 0 0
1 c0 1 3000000 1 40 40 0 2
1 d0 1 1000000 2 1
1 c0 1 4000000 1 192 256 0 1
1 d0 1 4000000 0 1
E
options="--level objects"
are "names that only frees give" allocs=4 frees=2
says "an allocation has the name its call site's frees give" '  gadget +100 +104 +1 '
says "a size no free names" '  size-40 +40 +40 +1 '
says "the link behind the object: as far apart as they were" '  widget +192 +256 +0 '

# ---- from before the trace ----
mkdir "$dir/before" "$dir/after"
cat >"$dir/before/slabinfo" <<'E'
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ...
widget               117    156    104   39    1 : tunables    0    0    0 : slabdata      4      4      0
kmalloc-64           128    128     64   64    1 : tunables    0    0    0 : slabdata      2      2      0
E
cp "$dir/before/slabinfo" "$dir/after/slabinfo"
write <<'E'
1 d0 1 5000000 0 1
1 d0 1 5000068 0 1
1 c0 1 5000068 0 100 104 0 0
1 m0 1 7000000 64 64 0 2
1 f0 1 7000040 1
1 c0 1 50000d0 0 100 104 0 0
E
are "objects from before the trace" population=244 free_old=3 free_old_missing=0 free_homeless=0
says "they have as many slabs as they had" '  widget +117 +156 +4 +117 +156 +4 +0$'
printf 'widget 9 5 0\n' >"$dir/before/slabinfo"
are "a slabinfo that is none is none" free_homeless=3 population=0
rm -r "$dir/before" "$dir/after"

# ---- other forms ----
t "addresses of the kernel's map: the map's base is found" 0 'Left out: [1-9]' \
	"$KMM" replay --level both $native
wrong "hidden addresses: slab pages cannot be told" 1 \
	"$KMM" replay --level both --mem 256M tests/data/trace/ftrace.txt.gz
t "hidden addresses: objects can be replayed" 0 'Objects' \
	"$KMM" replay --level objects --mem 256M tests/data/trace/ftrace.txt.gz
for f in tests/data/trace/*.txt.* tests/data/trace/*.kmt*; do
	run "$KMM" replay --level objects --mem 256M --strict "$f"
	verdict=
	[ $rc -le 1 ] || verdict="status $rc"
	report "$f does no harm"
done
zstd -dcq $numa >"$dir/plain" 2>/dev/null
if [ -s "$dir/plain" ]; then
	"$KMM" replay --level both --no-timing --snapshots none --mem 1G --cpus 2 "$dir/plain" >"$dir/a"
	"$KMM" replay --level both --no-timing --mem 1G --cpus 2 - <"$dir/plain" >"$dir/b"
	same "from standard input" "$dir/a" "$dir/b"
fi
t "--limit" 0 '1,000 events .stopped by --limit' "$KMM" replay --level both --limit 1000 $numa

# ---- too little memory ----
i=0
while [ $i -lt 8 ]; do
	echo "1 m0 1 ${i}0000000 4194304 4194304 0 2"
	i=$((i + 1))
done | sed 's/ 00000000 / 80000000 /' | write
t "objects that find no memory: said, and how large" 0 '^  [5-8] x kmalloc.4194304., at least order 10, ' \
	"$KMM" replay --level objects --mem 16M "$trace"
options="--level objects --mem 16M"
are "their frees would be known" recorded_object_failures=0 free_untraced=0
verdict=
[ "$(key object_failures)" -ge 5 ] || verdict="$(key object_failures) failures"
report "failures of objects: JSON"

# ---- three allocators ----
t "--slab implies --level objects" 0 'frees, by slob' "$KMM" replay --slab slob $numa
t "--slab with a level" 0 'and objects where kmm' "$KMM" replay --slab slab --level both $numa
t "--slab, several: a table" 0 'slub +slab +slob' "$KMM" replay --slab slub,slab,slob $numa
for row in 'seconds of playing' 'a second' 'failed allocations of objects' 'at most' \
	'waste at the end, KiB' "Linux's then, by /proc/slabinfo"; do
	t "the table has: $row" 0 "$row +[0-9]" "$KMM" replay --slab slub,slab,slob $numa
done
"$KMM" replay --slab slub,slab,slob --no-timing --json "$dir/a.json" $numa >"$dir/a"
"$KMM" replay --slab slub,slab,slob --no-timing --json "$dir/b.json" $numa >"$dir/b"
same "the same table twice" "$dir/a" "$dir/b"
same "the same JSON twice" "$dir/a.json" "$dir/b.json"
if command -v jq >/dev/null; then
	t "JSON: one result for each" 0 '^"slub slab slob"$' sh -c \
		'jq "[.allocators[].objects.allocator] | join(\" \")" "$0"' "$dir/a.json"
	t "JSON: the same objects in each" 0 '^1$' sh -c \
		'jq "[.allocators[].objects.end.bytes.requested] | unique | length" "$0"' "$dir/a.json"
fi
t "--compare: two allocators" 0 'slab pages at most +[0-9]' \
	"$KMM" replay --compare "--slab slub" "--slab slob" $numa
t "--compare: levels" 0 'objects allocated +0 +168' "$KMM" replay --compare "" "--level both" $numa

# ---- wrong ----
wrong "no such level" 2 "$KMM" replay --level some $numa
wrong "no such allocator" 2 "$KMM" replay --slab slub,slib $numa
wrong "no allocator" 2 "$KMM" replay --slab "" $numa
wrong "an allocator too many" 2 "$KMM" replay --slab slub,slab,slob,slub $numa
wrong "an allocator for pages" 2 "$KMM" replay --slab slub --level pages $numa
wrong "objects do not follow" 2 "$KMM" replay --level both --follow $numa
wrong "a time line of three" 2 "$KMM" replay --slab slub,slab --timeline "$dir/t.csv" $numa
wrong "lists in --compare" 2 "$KMM" replay --compare "--slab slub,slab" "" $numa
finish
