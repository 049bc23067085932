#!/bin/sh
# SPDX-License-Identifier: MIT
# kmm boot, run and replay --machine pc with QEMU and the image: each kind of PC, the console as in a
# process, statuses, nodes and CPUs, places drawn, the same replays as in a process, docs/boot.md.
. tests/tools/cli.sh

qemu=${KMM_QEMU:-qemu-system-x86_64}
command -v "$qemu" >/dev/null || { echo "1..0 # SKIP no $qemu"; exit 0; }
for flavour in pc-amd64 pc-ia32; do
	[ -f "${KMM%/*/kmm}/$flavour/bzImage" ] || { echo "1..0 # SKIP $flavour/bzImage is not built"; exit 0; }
done
pc() {	# OPTION...: kmm boot on a small PC
	timeout 180 "$KMM" boot --machine pc --mem "${MEM:-128M}" "$@"
}
on_pc() {	# NAME STATUS PATTERN OPTION...
	name=$1 want=$2 pattern=$3
	shift 3
	t "$name" "$want" "$pattern" pc "$@"
}

# ---- every kind ----
for arch in amd64 amd64-la57 ia32 ia32-pae; do
	on_pc "$arch: boots, allocates, is in order" 0 'in order' --arch $arch --cpus 2 --quiet \
		-c 'alloc 3; kmalloc 100; vmalloc 64K; churn 2000; free all; kfree all; vfree all; check'
	on_pc "$arch: tells its chapters" 0 '^\[ .* --- 8\. The program ---' --arch $arch -c exit
	on_pc "$arch: two nodes by SRAT" 0 '^Node 1, zone' --arch $arch --nodes 2 --quiet -c 'cat /proc/buddyinfo'
done
MEM=1G on_pc "ia32: high memory" 0 'HighMem' --arch ia32 --quiet -c 'zones'
MEM=6G on_pc "ia32-pae: memory above 4 GiB" 0 'high memory' --arch ia32-pae --quiet \
	-c 'mem; expect "high memory" alloc 0 GFP_HIGHUSER; alloc 0 GFP_HIGHUSER; check'
MEM=6G on_pc "amd64: memory above 4 GiB" 0 'Node 0 Normal' --quiet -c 'alloc 0; check'
MEM=16M on_pc "ia32: 16 MiB" 0 'in order' --arch ia32 --quiet -c 'alloc 0; check'
MEM=32M on_pc "amd64: 32 MiB" 0 'in order' --quiet -c 'alloc 0; check'
on_pc "8 CPUs" 0 'CPU 0 of 8' --cpus 8 --quiet -c 'cpu; alloc cpu=7; churn 2000; free all; check'
on_pc "distances by SLIT" 0 '^10 42$' --nodes 2 --numa-distance '10,42;42,10' --quiet \
	-c 'cat /sys/devices/system/node/node0/distance'

# ---- the console and its status ----
on_pc "a status" 7 '' --quiet -c 'exit 7'
on_pc "one that QEMU's own could not tell" 128 '' --quiet -c 'exit 128'
on_pc "a failure is status 1, and says where" 1 '^-c:1: no command' --quiet -c nosuch
on_pc "boot parameters" 0 '^mem=64M nokaslr$' --cmdline mem=64M --quiet -c 'cat /proc/cmdline' -- nokaslr
on_pc "reboot" 0 'mem=64M' --quiet -c 'reboot mem=64M; cat /proc/cmdline; check'
printf 'mem\nalloc 3\n' >"$dir/script"
on_pc "a script" 0 '^machine ' --quiet --script "$dir/script"
t "standard input" 0 '^machine ' sh -c 'timeout 180 "$0" boot --machine pc --mem 128M --quiet <"$1"' "$KMM" "$dir/script"
run pc --quiet -c 'echo out; nosuch'
verdict=
[ "$(cat "$dir/out")" = out ] || verdict="standard output is not the command's alone"
grep -q '^-c:1: no command' "$dir/err" || verdict="the complaint is not on standard error"
report "output and complaints are kept apart"
run pc --quiet -c exit
verdict=
[ -s "$dir/out" ] || [ -s "$dir/err" ] && verdict="it prints something"
report "--quiet is quiet"
if have_terminal; then
	t "on a terminal" 5 '^kmm# nosuch' typed "$KMM boot --machine pc --mem 128M --quiet" \
		'kmm# $' 'mem\n' 'kmm# $' 'nosuch\n' 'kmm# $' 'exit 5\n'
fi
pc --quiet -c 'ls' 2>&1 | grep -v '^/sys/firmware/memmap/' >"$dir/pc"
"$KMM" boot --mem 128M --quiet -c 'ls' 2>&1 | grep -v '^/sys/firmware/memmap/' >"$dir/here"
t "the same files in /proc and /sys" 0 '' diff "$dir/here" "$dir/pc"
pc --quiet -c 'cat /proc/meminfo /proc/vmstat' | sed 's/[ 0-9]*\( kB\)*$//' >"$dir/pc"
"$KMM" boot --mem 128M --quiet -c 'cat /proc/meminfo /proc/vmstat' | sed 's/[ 0-9]*\( kB\)*$//' >"$dir/here"
t "the same lines in them" 0 '' diff "$dir/here" "$dir/pc"
on_pc "an access that nothing allows: Linux's oops, and the machine stops" 1 \
	'BUG: unable to handle page fault for address' --quiet -c 'vmalloc 64K; poke %1+65536 1'
on_pc "a stopped machine can be turned on again" 0 'in order' --quiet -c '-peek 16; reboot; check'

# ---- places ----
# Of fifty places two boots draw the same one now and then, six do not.
place() {	# FILE OPTION...
	file=$1
	shift
	pc --quiet -c 'cat /proc/iomem' -- "$@" >"$dir/$file" 2>&1
}
place place1
for try in 2 3 4 5 6; do
	place place2
	cmp -s "$dir/place1" "$dir/place2" || break
done
place fixed1 nokaslr
place fixed2 nokaslr
t "boots differ" 1 'Kernel code' diff "$dir/place1" "$dir/place2"
t "nokaslr: they do not" 0 '' diff "$dir/fixed1" "$dir/fixed2"
t "nokaslr: at 16 MiB" 0 '^ +01000000-.*Kernel code' cat "$dir/fixed1"

# ---- gdb ----
if command -v gdb >/dev/null && perl -MIO::Socket::INET -e '
		exit !IO::Socket::INET->new(LocalAddr => "127.0.0.1:1234", Listen => 1, ReuseAddr => 1)'; then
	pc --gdb --quiet -c exit >/dev/null 2>"$dir/hint" &
	i=0
	while [ $((i += 1)) -lt 1200 ] && ! grep -q . "$dir/hint"; do sleep 0.1; done
	elf=$(sed -n 's/.* gdb \(.*\) -ex .*/\1/p' "$dir/hint") at=$(sed -n "s/.* -ex '\(.*\)'/\1/p" "$dir/hint")
	t "gdb attaches as it is told to, and has symbols" 0 'Breakpoint 1, .*pc_start' timeout 180 gdb -q -batch -nx \
		"$elf" -ex 'set tcp connect-timeout 120' -ex "$at" -ex 'hbreak pc_start' -ex continue -ex 'delete' -ex 'detach'
	wait
fi

# ---- replays: as in a process ----
same() {	# OPTION... TRACE
	run timeout 300 "$KMM" replay --machine pc --no-timing "$@"
	cp "$dir/out" "$dir/pc"
	"$KMM" replay --no-timing "$@" >"$dir/here" 2>/dev/null
	verdict=
	[ $rc = 0 ] || verdict="status $rc"
	[ "$verdict" ] || verdict=$(diff "$dir/here" "$dir/pc" | head -n 20)
	report "the same replay: $*"
}
for trace in tests/data/trace/boot.kmt.xz tests/data/trace/fork.kmt.zst tests/data/trace/numa.kmt.gz \
		tests/data/trace/ftrace.txt.gz tests/data/trace/perf-script.txt.xz \
		tests/data/trace/trace-cmd.txt.zst; do
	same --mem 256M $trace
done
same data/boot/trace.kmt.zst
same data/numa/trace.kmt.zst
same --level both data/numa/trace.kmt.zst
same --slab slub,slab,slob data/numa/trace.kmt.zst
if [ -x "${KMM%/*/kmm}/m32/kmm" ] && zstd -dcq tests/data/trace/fork.kmt.zst >"$dir/fork.kmt"; then
	same --arch ia32 --mem 256M "$dir/fork.kmt"
	same --arch ia32-pae --mem 256M "$dir/fork.kmt"
fi
same --compare "" "--cmdline movablecore=64M" --limit 20000 data/numa/trace.kmt.zst
wrong "an error there is one line here" 1 timeout 180 "$KMM" replay --machine pc --mem 64M --sysctl frob=1 \
	tests/data/trace/fork.kmt.zst

# ---- the show, and the document ----
run timeout 300 "$KMM" run --machine pc
verdict=
[ $rc = 0 ] || verdict="status $rc"
[ "$(wc -l <"$dir/out")" -le 66 ] || verdict="$(wc -l <"$dir/out") lines are more than a screenful"
for words in '--- 5. Memory' '^Node 1, zone' 'vmalloc' 'Kernel code'; do
	grep -q -e "$words" "$dir/out" || verdict="nothing says: $words"
done
report "kmm run --machine pc shows it all in one screenful"
t "docs/boot.md quotes what is logged" 0 '' scripts/boot-log --check
finish
