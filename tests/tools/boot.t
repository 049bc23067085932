#!/bin/sh
# SPDX-License-Identifier: MIT
# kmm boot: every map, every size, broken ones; where commands come from.
. tests/tools/cli.sh

# ---- maps ----
bits32=$("$KMM" boot --quiet --mem 64M --arch ia32 -c exit >/dev/null 2>&1 && echo yes)
for map in tests/data/e820/[0-9]*.txt tests/data/e820/qemu/*.txt; do
	case $map in
	*/18-* | */20-*)	# affinity only
		wrong "$map: no map" 1 "$KMM" boot --quiet --e820 "$map" -c check
		continue ;;
	esac
	t "$map" 0 'in order' "$KMM" boot --e820 "$map" -c 'alloc 3; alloc 0 GFP_DMA32; free all; check'
	case $map in
	*i386*)	[ "$bits32" ] && t "$map, 32 bits" 0 'in order' "$KMM" boot --arch ia32 --e820 "$map" \
			-c 'alloc 3; alloc 0 GFP_HIGHUSER; free all; check' ;;
	esac
done
t "a map on standard input" 0 '^node 1 ' sh -c \
	'"$0" boot --quiet --e820 - -c mem <tests/data/e820/qemu/q35-4g-2node.txt' "$KMM"
t "--cpus with a map" 0 'CPU 0 of 5' "$KMM" boot --quiet --cpus 5 \
	--e820 tests/data/e820/qemu/q35-4g-2node.txt -c cpu

tree() {	# DIR I START END TYPE
	mkdir -p "$1/$2"
	echo "$3" >"$1/$2/start"
	echo "$4" >"$1/$2/end"
	echo "$5" >"$1/$2/type"
}
tree "$dir/map" 0 0x0 0x9fbff "System RAM"
tree "$dir/map" 1 0x9fc00 0x9ffff Reserved
tree "$dir/map" 2 0x100000 0x1fffffff "System RAM"
t "a tree like /sys/firmware/memmap" 0 '^00100000-1fffffff : System RAM' \
	"$KMM" boot --quiet --e820 "$dir/map" -c 'cat /proc/iomem'
if [ -r /sys/firmware/memmap/0/start ]; then
	t "this machine's own map" 0 'in order' "$KMM" boot --quiet --e820 /sys/firmware/memmap -c check
fi

# ---- broken ones: one line, status 1 ----
broken() {
	printf '%b' "$2" >"$dir/broken"
	wrong "broken: $1" 1 "$KMM" boot --quiet --e820 "$dir/broken" -c mem
}
entry='BIOS-e820: [mem 0x0000000000100000-0x000000001fffffff]'
broken empty ''
broken "not a log" 'hello\nworld\n'
broken "bytes" '\0\0\0\377\376\n\1\2'
broken "the end before the start" 'BIOS-e820: [mem 0x2000-0x1000] usable\n'
broken "a number too long" 'BIOS-e820: [mem 0x123456789abcdef012345-0x2] usable\n'
broken "cut in the middle" 'BIOS-e820: [mem 0x0000\n'
broken "no type" "$entry\n"
broken "an unknown type" "$entry cheese\n"
yes "$entry usable" | head -n 5000 >"$dir/many"
wrong "broken: 5000 entries" 1 "$KMM" boot --quiet --e820 "$dir/many" -c mem
mkdir "$dir/empty"
wrong "broken: an empty directory" 1 "$KMM" boot --quiet --e820 "$dir/empty" -c mem
tree "$dir/odd" 0 0x0 zebra "System RAM"
wrong "broken: a tree with words for numbers" 1 "$KMM" boot --quiet --e820 "$dir/odd" -c mem
printf 'BIOS-e820: [mem 0x0-0xfffffff] reserved\n' >"$dir/broken"
printf 'BIOS-e820: [mem 0x%x-0x%x] usable\n' 0 0x9fbff 0x100000 0x3fffffff 0x80000000000 0x80000000fff >"$dir/far"
t "1 GiB, and a page at 8 TiB" 0 '^all zones are in order' \
	timeout 180 "$KMM" boot --quiet --e820 "$dir/far" -c 'cat /proc/pagetypeinfo; kmalloc 64; check'
t "no RAM: the log says why" 1 'does not boot' "$KMM" boot --e820 "$dir/broken" -c mem
printf 'BIOS-e820: [mem 0x0-0x2ffff] usable\n' >"$dir/broken"
run "$KMM" boot --quiet --e820 "$dir/broken" -c mem
verdict=
[ $rc -le 1 ] || verdict="status $rc"
report "192 KiB of RAM: no crash"
printf 'BIOS-e820: [mem 0x100000-0xffffffffffffffff] usable\n' >"$dir/broken"
run "$KMM" boot --quiet --e820 "$dir/broken" -c mem
verdict=
[ $rc -le 1 ] || verdict="status $rc"
report "RAM to the end of 64 bits: no crash"

# ---- sizes ----
t "64 MiB" 0 '^machine +63.6M' "$KMM" boot --quiet --kernel 0 --mem 64M -c 'mem; alloc 10; free all; check'
t "16 MiB" 0 'in order' "$KMM" boot --quiet --mem 16M -c 'alloc 0; check'
t "8 TiB, 64 nodes, 64 CPUs" 0 '^machine +8\.0T' "$KMM" boot --quiet --mem 8T --nodes 64 --cpus 64 \
	-c 'alloc 10 node=63 cpu=63; mem; expect "Node 63" page #1; check'
t "1 TiB, 8 nodes, threads" 0 'Node 7 ' "$KMM" boot --quiet --mem 1T --nodes 8 --cpus 8 --threads \
	-c 'alloc 9 cpu=7; free all; check'
t "64 CPUs as threads" 0 'in order' "$KMM" boot --quiet --mem 1G --cpus 64 --threads \
	-c 'alloc cpu=63; cpu 62; churn 20000; free all; check'
t "more nodes than CPUs" 0 'CPU 0 of 2' "$KMM" boot --quiet --mem 2G --nodes 8 --cpus 2 -c 'cpu; check'
for flag in numa=fake=4 numa=off memory_model=flat memory_model=discontig memory_model=sparse bootmem=1 \
		mem=600M kernelcore=512M movablecore=200M shuffle=1 init_on_alloc=1 init_on_free=1 \
		page_poison=1 deferred_init=off page_group_by_mobility=0 nozonedma; do
	t "-- $flag" 0 'in order' "$KMM" boot --quiet --mem 2G --nodes 2 \
		-c 'alloc 3; churn 20000; free all; check' -- $flag
done
t "--cmdline and --" 0 '^mem=1G numa=off x=1$' "$KMM" boot --quiet --cmdline 'mem=1G numa=off' \
	-c 'cat /proc/cmdline' -- x=1
t "an unknown parameter is named" 0 'Unknown kernel command line parameters "frob=1"' \
	"$KMM" boot --mem 64M -c exit -- frob=1
t "a malformed one too" 0 "Malformed early option 'mem'" "$KMM" boot --mem 64M -c exit -- mem=x

t "distances" 0 '^10 42$' "$KMM" boot --quiet --nodes 2 --numa-distance '10,42;42,10' \
	-c 'cat /sys/devices/system/node/node0/distance'
printf 'node   0   1\n  0:  10  17\n  1:  17  10\n' >"$dir/distances"
t "distances from a file" 0 '^17 10$' "$KMM" boot --quiet --nodes 2 --numa-distance "$dir/distances" \
	-c 'cat /sys/devices/system/node/node1/distance'

# ---- the log, and where commands come from ----
t "the boot log is shown" 0 '^\[    0\.000000\] BIOS-e820: \[mem ' "$KMM" boot --mem 64M -c exit
run "$KMM" boot --quiet --mem 64M -c exit
verdict=
[ -s "$dir/out" ] || [ -s "$dir/err" ] && verdict="it prints something"
report "--quiet is quiet"
t "a script on standard input" 0 '^machine ' sh -c 'echo mem | "$0" boot --quiet --mem 64M' "$KMM"
t "no commands" 0 'Memory: ' sh -c '"$0" boot --mem 64M </dev/null' "$KMM"
t "a script without its last newline" 0 '^machine ' sh -c 'printf mem | "$0" boot --quiet --mem 64M' "$KMM"
t "several -c" 0 '^b$' "$KMM" boot --quiet --mem 64M -c 'echo a' -c 'echo b'
t "-c of nothing" 0 '' "$KMM" boot --quiet --mem 64M -c ''
t "a failure is the status" 1 '-c:2: no command' "$KMM" boot --quiet --mem 64M -c 'mem
nosuch
mem'
t "exit's own status" 7 '' "$KMM" boot --quiet --mem 64M -c 'exit 7; nosuch'

# ---- the same input, the same output ----
work='churn 50000; alloc 5; page #1; cat /proc/buddyinfo /proc/zoneinfo; dmesg'
for try in 1 2; do
	"$KMM" boot --mem 1G --nodes 2 --cpus 4 -c "$work" -- shuffle=1 >"$dir/try$try" 2>&1
done
t "deterministic, byte for byte" 0 '' cmp "$dir/try1" "$dir/try2"
"$KMM" boot --mem 1G --nodes 2 --cpus 4 --seed 5 -c "$work" -- shuffle=1 >"$dir/try2" 2>&1
t "--seed changes what shuffle=1 does" 1 differ cmp "$dir/try1" "$dir/try2"

script=
for i in $(seq 50); do
	script="$script
reboot mem=$((100 + i))M
alloc 3
alloc 0 GFP_DMA
free #1
check"
done
printf '%s\n' "$script" >"$dir/script"
t "50 reboots" 0 'mem=150M' "$KMM" boot --mem 1G --nodes 2 --script "$dir/script"
t "50 reboots with threads" 0 'mem=150M' "$KMM" boot --mem 1G --nodes 2 --cpus 4 --threads \
	--script "$dir/script"

if [ "$bits32" ]; then
	t "--arch ia32: a HighMem zone" 0 ' HighMem ' "$KMM" boot --quiet --arch ia32 --mem 4G \
		-c 'zones; alloc 0 GFP_HIGHUSER; expect "high memory" alloc 0 GFP_HIGHUSER; check'
	t "--arch ia32: the layout's addresses" 0 '0xc[0-9a-f]{7}' "$KMM" boot --quiet --arch ia32 \
		--mem 512M -c 'alloc 0'
else
	cp "$KMM" "$dir/kmm"
	wrong "--arch ia32 without that build" 1 "$dir/kmm" boot --arch ia32
fi
cp "$KMM" "$dir/alone"
wrong "--arch ia32 away from that build" 1 "$dir/alone" boot --arch ia32
finish
