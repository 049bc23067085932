#!/bin/sh
# SPDX-License-Identifier: MIT
# kmm replay: what it prints and writes, for the traces shipped, what-ifs, and wrong input.
. tests/tools/cli.sh

numa=data/numa/trace.kmt.zst
boot=data/boot/trace.kmt.zst
native=data/native/trace-cmd-report.txt.xz

same() {	# NAME FILE FILE
	verdict=
	cmp "$2" "$3" >"$dir/out" 2>&1 || verdict="they differ"
	report "$1"
}
says() {	# NAME WANT GOT
	verdict=
	[ "$2" = "$3" ] || verdict="got $3, not $2"
	report "$1"
}
key() {	# FILE KEY: the first number of that name
	sed -n "s/^ *\"$2\": *\([0-9-]*\).*/\1/p" "$1" | head -n 1
}

# ---- the report ----
t "a trace on the machine it was recorded on" 0 'the recorded one: 1.2 GiB managed, 2 nodes, 2 CPUs' \
	"$KMM" replay $numa
for section in 'Allocations' 'Failures' 'The state it began in' 'Fragmentation' 'buddyinfo before' \
	'buddyinfo after' 'The recorded end state' 'speed +[0-9.]+ million'; do
	t "the report has: $section" 0 "$section" "$KMM" replay $numa
done
t "no initial state is invented" 0 'replayed +15,857 allocations' "$KMM" replay $boot
says "--quiet" "" "$("$KMM" replay --quiet $boot 2>&1)"
t "--log" 0 'BIOS-e820' "$KMM" replay --log $boot
t "--limit" 0 '1,000 events .stopped by --limit' "$KMM" replay --limit 1000 $numa

t "the recorded machine's reserve" 0 'min_free_kbytes +61292' "$KMM" replay $numa
t "another reserve" 0 'Pressure' "$KMM" replay --sysctl min_free_kbytes=4096 $numa
"$KMM" replay --quiet --no-timing --json "$dir/n.json" $numa
verdict=
[ "$(key "$dir/n.json" failed)" -lt 100 ] || verdict="$(key "$dir/n.json" failed) failures"
report "what the recorded kernel managed, kmm nearly does: few failures"

# ---- the same twice ----
for options in "" "--follow" "--cpus 1" "--mem 64M --nodes 2"; do
	"$KMM" replay --no-timing --json "$dir/a.json" --timeline "$dir/a.csv" $options $numa >"$dir/a"
	"$KMM" replay --no-timing --json "$dir/b.json" --timeline "$dir/b.csv" $options $numa >"$dir/b"
	same "the same report twice: $options" "$dir/a" "$dir/b"
	same "the same figures twice: $options" "$dir/a.json" "$dir/b.json"
	same "the same time line twice: $options" "$dir/a.csv" "$dir/b.csv"
done

# ---- forms of input ----
zstd -dcq $numa >"$dir/plain" 2>/dev/null
if [ -s "$dir/plain" ]; then
	gzip -c "$dir/plain" >"$dir/t.gz"
	"$KMM" replay --no-timing --snapshots none --mem 1G --cpus 2 "$dir/plain" >"$dir/a"
	"$KMM" replay --no-timing --snapshots none --mem 1G --cpus 2 "$dir/t.gz" >"$dir/b"
	same "compressed by gzip" "$dir/a" "$dir/b"
	"$KMM" replay --no-timing --mem 1G --cpus 2 - <"$dir/plain" >"$dir/b"
	same "from standard input" "$dir/a" "$dir/b"
	mkfifo "$dir/fifo"
	cat "$dir/plain" >"$dir/fifo" &
	"$KMM" replay --no-timing --mem 1G --cpus 2 "$dir/fifo" >"$dir/b"
	wait
	same "from a pipe with a name" "$dir/a" "$dir/b"
	head -n 2000 "$dir/plain" >"$dir/cut"
	t "a trace cut short: said" 0 'no #end|ends early|truncated|cut' "$KMM" replay --mem 1G "$dir/cut"
	printf 'rubbish\n' >>"$dir/cut"
	t "a malformed line: said, with its number" 0 '2001' "$KMM" replay --mem 1G "$dir/cut"
	wrong "a malformed line: --strict" 1 "$KMM" replay --mem 1G --strict "$dir/cut"
fi
t "trace-cmd report; the machine made from its frames" 0 'a PC for the trace' "$KMM" replay $native
for f in tests/data/trace/*; do
	case $f in
	*.xz|*.zst|*.gz|*.txt|*.kmt)
		run "$KMM" replay --mem 256M --strict "$f"
		verdict=
		[ $rc -le 1 ] || verdict="status $rc"
		report "$f does no harm" ;;
	esac
done

# ---- where it begins ----
t "from a free map" 0 'free map and page flags' "$KMM" replay $numa
t "from pagetypeinfo" 0 'from +pagetypeinfo' "$KMM" replay --initial data/numa/before/pagetypeinfo $numa
t "from buddyinfo" 0 'from +buddyinfo' "$KMM" replay --initial data/numa/before/buddyinfo $numa
t "from nothing" 0 'Replay of' "$KMM" replay --initial none $numa
t "without page flags" 0 'from +free map$' "$KMM" replay --pageflags none $numa
"$KMM" replay --no-timing --limit 1 --initial data/numa/before/buddyinfo $numa |
	sed -n '/buddyinfo before/,/buddyinfo after/p' | grep '^Node 0, zone *DMA ' >"$dir/a"
grep '^Node 0, zone *DMA ' data/numa/before/buddyinfo >"$dir/b"
same "a layout with the counts of buddyinfo" "$dir/a" "$dir/b"

# ---- follow ----
"$KMM" replay --no-timing --json "$dir/f.json" --follow $numa >"$dir/out"
agree=$(sed -n 's/.*frames agree (\([0-9]*\)\..*/\1/p' "$dir/out")
verdict=
[ "${agree:-0}" -ge 95 ] || verdict="${agree:-no} % of the frames agree at the end"
report "follow: the recorded end map comes out"

# ---- what-ifs ----
"$KMM" replay --no-timing --initial none --mem 64M --json "$dir/s.json" $numa >"$dir/out"
verdict=
[ "$(key "$dir/s.json" failed)" -gt 1000 ] || verdict="$(key "$dir/s.json" failed) failures"
report "a small machine fails"
for words in 'reason +memory' 'min watermark' 'pageblocks +all +wholly free' 'extfrag_index'; do
	t "a failure's report says: $words" 0 "$words" "$KMM" replay --mem 64M $numa
done
t "Linux's report in the log" 0 'page allocation failure: order:' "$KMM" replay --log --mem 64M $numa
t "boot parameters" 0 'boot parameters +movablecore=64M' "$KMM" replay --cmdline movablecore=64M $numa
t "boot parameters act: zone Movable" 0 'Movable .*->' "$KMM" replay --cmdline movablecore=64M $numa
t "a tunable" 0 'Replay of' "$KMM" replay --sysctl min_free_kbytes=8192 $numa
t "a machine from a log" 0 'as asked for: 4.0 GiB managed, 2 nodes' \
	"$KMM" replay --machine data/machines/q35-4g-2node.txt $numa
t "--compare" 0 'failed allocations.*[1-9]' \
	"$KMM" replay --compare "" "--mem 64M --initial none vm.min_free_kbytes=2048" $numa
t "--compare: tunables change something" 0 'kswapd wakes' \
	"$KMM" replay --compare "" "vm.watermark_scale_factor=500" $numa
t "--compare: alike" 0 'The same in both: .*kswapd wakes' "$KMM" replay --compare "" "--seed 1" $boot

# ---- files ----
if command -v jq >/dev/null; then
	t "JSON is JSON" 0 '^729808$' sh -c '"$0" replay --json - "$1" | jq .trace.events' "$KMM" $numa
fi
"$KMM" replay --quiet --timeline "$dir/t.csv" $numa
says "a time line: every line has as many columns" 1 "$(awk -F, '{ print NF }' "$dir/t.csv" | sort -u | wc -l)"
says "a time line: its header" time_s,event,node,zone,free,pcp,unmovable_0 \
	"$(head -n 1 "$dir/t.csv" | cut -d, -f1-7)"
verdict=
lines=$(wc -l <"$dir/t.csv")
[ "$lines" -gt 700 ] && [ "$lines" -lt 1700 ] || verdict="$lines lines"
report "a time line: some hundred samples of three zones"
"$KMM" replay --quiet --timeline "$dir/t.csv" --interval 100000 $numa
says "--interval" $((1 + 3 * 9)) "$(wc -l <"$dir/t.csv")"
"$KMM" replay --quiet --initial none --mem 1G --dump-trace "$dir/d.kmt" $numa
"$KMM" replay --no-timing --initial none --mem 1G --json "$dir/1.json" $numa >/dev/null
"$KMM" replay --strict --no-timing --snapshots none --mem 1G --json "$dir/2.json" "$dir/d.kmt" >"$dir/out" 2>&1
says "kmm's own trace replays: as many pages live" "$(key "$dir/1.json" live_pages)" \
	"$(key "$dir/2.json" live_pages)"
says "kmm's own trace replays: nothing unknown" 0 "$(key "$dir/2.json" free_unknown_pages)"

# ---- wrong ----
wrong "no trace" 2 "$KMM" replay
wrong "two traces" 2 "$KMM" replay $numa $boot
wrong "an unknown option" 2 "$KMM" replay --frobnicate $numa
wrong "no such file" 1 "$KMM" replay "$dir/none"
wrong "a directory" 1 "$KMM" replay "$dir"
wrong "not a trace" 1 "$KMM" replay data/README.md
: >"$dir/empty"
wrong "endless zeroes" 1 timeout 180 "$KMM" replay --mem 64M /dev/zero
wrong "an endless line in a trace" 1 \
	timeout 180 sh -c '(printf "#kmt1\tx\n"; cat /dev/zero) | "$0" replay --mem 64M -' "$KMM"
wrong "endless lines that are no trace" 1 timeout 180 sh -c 'yes | "$0" replay --mem 64M -' "$KMM"
wrong "endless lines behind a trace" 1 \
	timeout 180 sh -c '(printf "#kmt1\tx\n"; yes) | "$0" replay --mem 64M -' "$KMM"
wrong "endless empty lines as a state to begin in" 1 \
	timeout 180 sh -c 'yes "" | "$0" replay --mem 64M --initial - "$1"' "$KMM" $boot
wrong "endless zeroes as page flags" 1 \
	timeout 180 "$KMM" replay --mem 64M --initial data/numa/free.before.xz --pageflags /dev/zero $boot
wrong "endless lines as page flags" 1 timeout 180 sh -c \
	'{ echo 0 1 0; yes "1 1 0"; } | "$0" replay --mem 64M --initial data/numa/free.before.xz --pageflags - "$1"' \
	"$KMM" $boot
wrong "an empty file" 1 "$KMM" replay "$dir/empty"
wrong "a number that is none" 2 "$KMM" replay --limit x $numa
wrong "an impossible machine" 1 "$KMM" replay --mem 5M $numa
wrong "a machine too small to boot parameters" 1 "$KMM" replay --cmdline mem=1K $numa
wrong "no such map" 1 "$KMM" replay --machine "$dir/none" $numa
wrong "no such initial state" 1 "$KMM" replay --initial "$dir/none" $numa
wrong "an initial state that is none" 1 "$KMM" replay --initial data/README.md $numa
wrong "page flags that are none" 1 "$KMM" replay --pageflags data/README.md $numa
wrong "no such tunable" 1 "$KMM" replay --sysctl frob=1 $numa
wrong "a tunable without a value" 2 "$KMM" replay --sysctl min_free_kbytes $numa
wrong "a tunable with a bad value" 1 "$KMM" replay --sysctl min_free_kbytes=x $numa
wrong "--compare wants two" 2 "$KMM" replay --compare a
wrong "--compare of what can be read only once" 2 sh -c '"$0" replay --mem 1G --compare "" "" - <"$1"' \
	"$KMM" $boot
wrong "--compare in --compare" 2 "$KMM" replay --compare '--compare a b' "" $boot
wrong "--help in it" 2 "$KMM" replay --compare "" --help $boot
wrong "--compare: no log" 2 "$KMM" replay --log --compare "" "" $boot
wrong "--interval without a time line" 2 "$KMM" replay --interval 5 $boot
wrong "--compare: a quote that is not closed" 2 "$KMM" replay --compare 'a="b' "" $numa
wrong "a quote that is not closed, on the recorded machine" 1 "$KMM" replay --cmdline 'a="b' $numa
wrong "and on another" 1 "$KMM" replay --mem 1G --cmdline 'a="b' $numa
wrong "--compare: nor in an option" 2 "$KMM" replay --compare "" "--cmdline 'a b" $numa
t "--compare: quotes keep words together" 0 'A: .*movablecore=64M kernelcore' \
	"$KMM" replay --compare '--cmdline "movablecore=64M kernelcore=512M"' "" $boot
t "--compare: quotes inside a parameter stay" 0 '; a="b c"' "$KMM" replay --compare 'a="b c"' "" $boot
wrong "a time line that cannot be written" 1 "$KMM" replay --timeline "$dir/no/t.csv" $numa
wrong "JSON that cannot be written" 1 "$KMM" replay --quiet --json "$dir/no/t.json" $boot
wrong "standard input without a machine" 1 sh -c '"$0" replay - <"$1"' "$KMM" $numa
wrong "--follow beyond the machine's memory" 1 "$KMM" replay --follow --mem 64M $numa
far() {		# FRAME: a trace of two pages, one of them there
	printf '#kmt1\tfar\n#G\t0\tcc0\tGFP_KERNEL\n0\tA0\t0\t100\t0\t0\t0\n' >"$dir/far.kmt"
	printf '0\tA0\t0\t%s\t0\t0\t0\n#end\t2\n' "$1" >>"$dir/far.kmt"
}
echo '100 10' >"$dir/free"
far 7fff0000
t "one absurd frame does no harm" 0 'replayed +2 allocations' timeout 180 "$KMM" replay "$dir/far.kmt"
wrong "--follow: it makes no absurd machine" 1 timeout 180 "$KMM" replay --follow "$dir/far.kmt"
wrong "nor does --initial" 1 timeout 180 "$KMM" replay --initial "$dir/free" "$dir/far.kmt"
spare=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
if [ "${spare:-0}" -gt 0 ] && [ "$spare" -lt 60000000 ]; then
	t "--follow on an absurd machine: no room for its page structures" 1 'frame 0x7fff0000 .*to spare$' \
		timeout 180 "$KMM" replay --follow --mem 8T "$dir/far.kmt"
	t "--initial on one" 1 'begins in wants 64 GiB' \
		timeout 180 "$KMM" replay --initial "$dir/free" --mem 8T "$dir/far.kmt"
	t "--follow goes where there is room" 0 'replayed +1 allocations' \
		"$KMM" replay --follow --mem 8T --limit 1 "$dir/far.kmt"
fi
finish
