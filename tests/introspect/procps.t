#!/bin/sh
# SPDX-License-Identifier: MIT
#
# procps.t - the tools people use must read kmm's files.
#
# A booted machine writes its /proc and /sys into a directory; free, vmstat and
# numastat are shown that directory in place of their own (proc_redirect.c), and
# what they print is compared with the numbers the core itself has.
cd "$(dirname "$0")/../.." || exit 1
LC_ALL=C
export LC_ALL
B=${B:-build}
dump=$B/release/tests/introspect/booted.t
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count=0
failed=0

check() {	# name got want
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "#   got:  $2"
		echo "#   want: $3"
		failed=1
	fi
}
finish() { echo "1..$count"; exit $failed; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }

[ -x "$dump" ] || make -s "$dump" >&2 || exit 1
command -v free >/dev/null && command -v vmstat >/dev/null || skip_all "no procps"
${CC:-gcc} -shared -fPIC -O1 -o "$dir/redirect.so" tests/introspect/proc_redirect.c -ldl || exit 1

machine() {	# name [i386]: boot it; from now on tools see its files
	PROC_REDIRECT=$dir/$1
	export PROC_REDIRECT
	"$dump" "$PROC_REDIRECT" $2 || { echo "Bail out! $1 does not boot"; exit 1; }
}
core() { sed -n "s/^$1 //p" "$PROC_REDIRECT/core"; }
shown() { LD_PRELOAD="$dir/redirect.so" "$@"; }
looked_at() {	# did a tool open the file? Without that the comparison means nothing.
	check "$1 read $2" "$(grep -c -x -F "$2" "$PROC_REDIRECT.log" | sed 's/^[1-9].*/yes/')" yes
	rm -f "$PROC_REDIRECT.log"
}
kib() { echo $(($(core "$1") * 4)); }
word() { sed -n "$1p" | awk "{ print \$$2 }"; }
mib() { awk "BEGIN { printf \"%.2f\", $1 * 4 / 1024 }"; }

check_machine() {
	total=$(kib total); free=$(kib free); low_marks=$(sed -n 's/^ *low  *//p' "$PROC_REDIRECT/proc/zoneinfo" | awk '{ n += $1 } END { print n * 4 }')
	slab=$(kib reclaimable); kept=$((slab / 8 * 4)); [ $kept -gt $low_marks ] && kept=$low_marks
	available=$((free - $(kib reserve) + slab - kept))
	out=$(shown free -k)
	looked_at "free ($1)" /proc/meminfo
	check "free: total" "$(echo "$out" | word 2 2)" "$total"
	check "free: used" "$(echo "$out" | word 2 3)" $((total - available))
	check "free: free" "$(echo "$out" | word 2 4)" "$free"
	check "free: buffers and cache" "$(echo "$out" | word 2 6)" "$(kib reclaimable)"
	check "free: available" "$(echo "$out" | word 2 7)" $available
	check "free: swap" "$(echo "$out" | word 3 2)" 0

	# the table's columns move when a number is wide; the fourth word is "free" always
	check "vmstat" "$(shown vmstat | word 3 4)" "$free"
	looked_at "vmstat ($1)" /proc/meminfo
	check "vmstat -w" "$(shown vmstat -w | word 3 4)" "$free"
	out=$(shown vmstat -s)
	looked_at "vmstat -s ($1)" /proc/vmstat
	check "vmstat -s: total" "$(echo "$out" | sed -n 's/ *\([0-9]*\) K total memory/\1/p')" "$total"
	check "vmstat -s: used" "$(echo "$out" | sed -n 's/ *\([0-9]*\) K used memory/\1/p')" \
		$((total - available))
	check "vmstat -s: free" "$(echo "$out" | sed -n 's/ *\([0-9]*\) K free memory/\1/p')" "$free"
	check "vmstat -s: swapped" "$(echo "$out" | sed -n 's/ *\([0-9]*\) pages swapped in/\1/p')" 0
	check "vmstat -a" "$(shown vmstat -a | word 3 4)" "$free"
	check "free -l: low" "$(shown free -l -k | awk '$1 == "Low:" { print $2 }')" "$(kib low)"
}

# The slab tools: every cache with the figures the core has of it.
check_slabs() {
	shown vmstat -m >"$dir/vmstat-m"
	looked_at "vmstat -m ($1)" /proc/slabinfo
	check "vmstat -m: every cache" "$(awk '$2 != "Num" { print $1, $2, $3, $4, $5 }' "$dir/vmstat-m" | sort)" \
		"$(sed -n 's/^cache_//p' "$PROC_REDIRECT/core" | sort)"
	shown slabtop -o -s n >"$dir/slabtop"
	looked_at "slabtop ($1)" /proc/slabinfo
	check "slabtop: every cache" "$(sed '1,7d' "$dir/slabtop" | awk '{ print $8, $2, $1, $6 }' | sort)" \
		"$(sed -n 's/^cache_//p' "$PROC_REDIRECT/core" | awk '{ print $1, $2, $3, $5 }' | sort)"
	check "slabtop: objects" "$(sed -n 's/.*Objects (% used) *: \(.*\) (.*/\1/p' "$dir/slabtop")" \
		"$(core objects)"
	check "slabtop: bytes" "$(sed -n 's/.*Size (% used) *: .* \/ \(.*\)K (.*/\1/p' "$dir/slabtop")" \
		"$(core bytes)"
	check "slabtop's own table is ours" "$(cmp "$dir/slabtop" "$PROC_REDIRECT/slabtop" 2>&1)" ""
}

# What numastat prints of a node, by the label of a line and the node's number.
of_node() { awk -v l="$1" -v n="$2" '$1 == l { print $(n + 2) }'; }

check_nodes() {
	out=$(shown numastat)
	looked_at numastat /sys/devices/system/node/node1/numastat
	for n in 0 1; do
		check "numastat: hits of node $n" "$(echo "$out" | of_node numa_hit $n)" "$(core node${n}_hit)"
		check "numastat: local, node $n" "$(echo "$out" | of_node local_node $n)" \
			"$(core node${n}_local)"
		check "numastat: other, node $n" "$(echo "$out" | of_node other_node $n)" \
			"$(core node${n}_other)"
	done
	out=$(shown numastat -m)
	looked_at "numastat -m" /sys/devices/system/node/node1/meminfo
	for n in 0 1; do
		check "numastat -m: total of node $n" "$(echo "$out" | of_node MemTotal $n)" \
			"$(mib "$(core node${n}_total)")"
		check "numastat -m: free in node $n" "$(echo "$out" | of_node MemFree $n)" \
			"$(mib "$(core node${n}_free)")"
	done
	check "numastat -m knows a total" "$(echo "$out" | of_node MemTotal 2)" \
		"$(mib "$(core total)")"
}

machine amd64
check_machine "64 bits"
if command -v numastat >/dev/null; then
	check_nodes
else
	echo "# no numastat (package numactl): its reading of the node files is not checked"
fi
command -v slabtop >/dev/null && check_slabs "64 bits"
machine i386 i386
check_machine "high memory"
command -v slabtop >/dev/null && check_slabs "high memory"
finish
