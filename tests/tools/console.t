#!/bin/sh
# SPDX-License-Identifier: MIT
# The console: every command, every way to use it wrongly.
. tests/tools/cli.sh

# says NAME PATTERN COMMANDS: all is well; fails NAME PATTERN COMMANDS: status 1 and one reason.
says() { console "$1" 0 "$2" "$3"; }
fails() { console "$1" 1 "$2" "$3"; }

# ---- files ----
says "cat" '^Node 0, zone +DMA ' 'cat /proc/buddyinfo'
says "cat of several" '^nr_free_pages ' 'cat /proc/buddyinfo /proc/vmstat'
says "cat of a cache's files" '^==> /sys/kernel/slab/kmalloc-8/order <==$' 'cat /sys/kernel/slab/kmalloc-8/*'
says "cat of a pattern" '==> /proc/sys/vm/min_free_kbytes <==' 'cat /proc/sys/vm/m*'
fails "cat of nothing" 'usage: cat PATH' cat
fails "cat of no such file" 'cat: /nosuch: No such file' 'cat /nosuch'
fails "cat of a pattern without a file" 'no file matches' 'cat /x*'
fails "cat of what can only be written" 'compact_memory: Permission denied' \
	'cat /proc/sys/vm/compact_memory'
run "$KMM" boot --quiet --mem 64M -c 'ls /'
cp "$dir/out" "$dir/paths"
while read -r path; do
	case $path in
	*/compact_memory | */drop_caches | */stat_refresh)	continue ;;
	/sys/kernel/slab/kmalloc-64/*)	;;
	/sys/kernel/slab/*)	continue ;;	# the others have the same
	esac
	says "cat $path" '' "cat $path"
done <"$dir/paths"
says "echo" '^a  b c$' 'echo "a  b" c'
says "echo to a file" '^5555$' 'echo 5555 > /proc/sys/vm/min_free_kbytes; cat /proc/sys/vm/min_free_kbytes'
says "echo to a file, without blanks" '^5555$' \
	'echo 5555>/proc/sys/vm/min_free_kbytes; cat /proc/sys/vm/min_free_kbytes'
fails "a value that is not one" 'min_free_kbytes: Invalid argument' 'echo x > /proc/sys/vm/min_free_kbytes'
fails "a file that can only be read" 'Permission denied' 'echo 1 > /proc/buddyinfo'
fails "a file that is not there" 'No such file' 'echo 1 > /proc/nosuch'
fails "nowhere" 'a path is wanted after >' 'echo 1 >'
fails "two files" 'one word is wanted after >' 'echo 1 > /a /b'
fails "another command sent to a file" 'only echo can be sent' 'mem > /proc/x'
fails "nothing sent to a file" 'a command is wanted' '> /proc/x'
says "ls" '^/proc/buddyinfo$' 'ls'
says "ls of a part" '^/sys/kernel/debug/extfrag/extfrag_index$' 'ls /sys/kernel'
says "ls -l" '^rw /proc/sys/vm/min_free_kbytes$' 'ls -l /proc'
fails "ls of nothing" 'nothing begins with' 'ls /nosuch'
fails "ls of too much" 'usage: ls' 'ls /a /b'
says "dmesg" 'BIOS-provided physical RAM map' dmesg
says "dmesg -n" '^#1' 'dmesg -n 0; alloc'
fails "dmesg -n too much" 'levels are' 'dmesg -n 9'
fails "dmesg wrong" 'usage: dmesg' 'dmesg x'

# ---- pages ----
says "alloc" '^#1: pfn 0x[0-9a-f]+, Node 0 DMA32, 0xffff8880[0-9a-f]{8}, order 0 \(1 page\)$' alloc
says "alloc of an order" 'order 3 \(8 pages\)' 'alloc 3'
says "alloc with a mask" 'Node 0 DMA,' 'alloc 0 GFP_KERNEL|__GFP_DMA'
says "alloc of several" '^#1: 5 blocks, 20 pages' 'alloc 2 count=5'
says "alloc of every order" '^#11: ' "$(for i in $(seq 0 10); do echo "alloc $i GFP_ATOMIC"; done)"
says "alloc on another CPU and node" 'Node 1 ' 'reboot numa=fake=2; alloc 0 node=1 cpu=0'
fails "order 11" 'order 11: orders are 0 to 10' 'alloc 11'
fails "two orders" "'2' is a second order" 'alloc 1 2'
fails "two orders to fill with" "'2' is a second order" 'fill 5 1 2'
fails "an order of letters" "order: 'x' is not a number" 'alloc x'
fails "a negative order" 'is not a number' 'alloc -1'
fails "no such mask" 'is not a gfp mask' 'alloc 0 GFP_NOSUCH'
fails "no such node" 'no node 5' 'alloc node=5'
fails "no such node at all" 'no node 99999999999' 'alloc node=99999999999'
fails "no such CPU" 'no CPU 3' 'alloc cpu=3'
fails "count=0" 'at least 1' 'alloc count=0'
fails "out of memory" 'page allocation failure: order:10' 'alloc 10 count=100'
fails "out of memory, silently" 'alloc: no memory after' 'alloc 10 GFP_KERNEL|__GFP_NOWARN count=100'
says "bulk" '^#1: 1000 blocks, 1000 pages' 'bulk 1000'
fails "bulk of nothing" 'usage: bulk' 'bulk'
fails "bulk 0" 'at least 1' 'bulk 0'
fails "bulk with an order" 'single pages only' 'bulk 5 3'
says "free" '^8 pages freed$' 'alloc 3; free #1'
says "free without #" '^1 page freed$' 'alloc; free 1'
says "free of a range" '^3 pages freed$' 'alloc; alloc; alloc; alloc; free 2-4'
says "free last" '^2 pages freed$' 'alloc; alloc 1; free last'
says "free all" '^3 pages freed$' 'alloc; alloc 1; free all'
says "free every" '^50 pages freed$' 'bulk 100; free #1 every 2'
fails "free of nothing" 'usage: free' 'free'
fails "free twice" 'no handle #1' 'alloc; free #1; free #1'
fails "free last of none" 'nothing is held' 'free last'
fails "free every 0" 'at least 1' 'bulk 2; free #1 every 0'
fails "free of a word" 'is not a number' 'free x'
says "a double free is caught" 'Bad page state' 'free pfn=0x2900'
says "a free with another order is caught" 'Bad page state' 'alloc 3; free pfn=#1 order=1'
says "free of a frame that is held" '0 handles' 'alloc 2; free pfn=#1; list'
fails "free of no frame" 'no memory there' 'free pfn=0xfffff'
says "list" '^#2 +7 pages +7 blocks .*bulk +GFP_ATOMIC$' 'alloc; bulk 7 GFP_ATOMIC; list'
says "list of nothing" '^0 handles, 0 pages$' list
says "fill" '^[0-9]+ of [0-9]+ pages in use \(50 %\)$' 'fill 50; free all; check'
says "fill with an order" ' blocks, ' 'fill 30 9 GFP_KERNEL; free all; check'
fails "fill beyond the watermark" 'no more blocks' 'fill 100'
fails "fill wrong" 'usage: fill' 'fill'
fails "fill too much" 'at most 100' 'fill 101'
says "churn" '^[0-9]+ allocations, [0-9]+ frees, 0 failures$' 'churn 50000 live=500 order=4 seed=3; check; free all; drain; check'
fails "churn wrong" 'usage: churn' 'churn'
fails "churn with a word" 'neither live=' 'churn 5 x=1'
fails "churn live=0" 'live: 1 to' 'churn 5 live=0'
fails "churn order=11" 'orders are 0 to 10' 'churn 5 order=11'
MEM=64M
fails "fragmented: the report and the index" 'page allocation failure: order:9' \
	'fill 98; free #1 every 2; drain; alloc 9'
says "nothing is lost" '^machine .* 0B ' 'churn 30000; free all; drain; mem | grep machine'
MEM=

# ---- looking ----
says "page" '^  state +allocated, part of #1$' 'alloc 2; page #1'
says "page by number" 'state +free, in a block of order' 'page 0x4000'
says "page by address" '^pfn 0x4000 ' 'page 0xffff888004000000'
pfn=$("$KMM" boot --quiet --mem 256M -c alloc -- nokaslr | sed 's/.*pfn \(0x[0-9a-f]*\),.*/\1/')
says "page on a per-CPU list" "free, on CPU 0's list of order 0, Unmovable" "alloc; expect pfn page #1; free #1; page $pfn"
says "page of the kernel" 'state +reserved' 'page 0x1000'
fails "page of no memory" 'no memory there' 'page 0x1000000'
fails "page of an absurd number" 'neither a frame nor an address' 'page 0xfffffffffffffff0'
fails "page of no handle" 'no handle #7' 'page #7'
fails "page wrong" 'usage: page' page
says "block" '^  0x[0-9a-f]+ #4{0}' 'alloc 4; block #1'
says "block shows types" 'pageblock 0x2800-0x29ff: Node 0 DMA32, Unmovable' 'alloc; block 0x2800'
fails "block of nothing" 'no memory there' 'block 0x1000000'
fails "block wrong" 'usage: block' block
says "zones" '^ +0 DMA32 +0x1000 ' zones
says "mem" '^machine +256M' mem
says "check" 'all zones are in order' check
says "drain" '' drain
for c in mem zones check drain list; do
	fails "$c with a word" "usage: $c" "$c x"
done
says "cpu" '^CPU 0 of 1, node 0$' cpu
fails "cpu of no CPU" 'CPUs 0 to 0' 'cpu 1'
fails "cpu of a word" 'is not a number' 'cpu x'
fails "cpu of two" 'usage: cpu' 'cpu 0 0'

# ---- objects ----
says "kmalloc" '^@1: 0xffff8880[0-9a-f]{8}, 64 bytes, kmalloc-64$' 'kmalloc 50'
says "kmalloc of several" '^@1: 100 objects, the first: .*, 256 bytes, kmalloc-256$' 'kmalloc 200 count=100'
says "kmalloc with a mask" ', dma-kmalloc-64$' 'kmalloc 64 GFP_KERNEL|__GFP_DMA'
says "kmalloc of whole pages" ', 131072 bytes, whole pages$' 'kmalloc 100000'
says "kmalloc of nothing" 'no bytes' 'kmalloc 0; kfree @1'
says "kmalloc on another CPU and node" '^@1' 'reboot numa=fake=2; kmalloc 64 node=1 cpu=0; expect "node 1" object @1'
fails "kmalloc of too much" 'no memory after 0 of 1' 'kmalloc 100000000'
fails "kmalloc of more than there is" 'no memory after [1-9]' 'kmalloc 4194304 count=100'
fails "kmalloc of a word" 'is not a number' 'kmalloc x'
fails "kmalloc without a size" 'usage: kmalloc' kmalloc
fails "kmalloc with a word" 'usage: kmalloc' 'kmalloc 5 x'
fails "kmalloc of no node" 'no node 7' 'kmalloc 5 node=7'
fails "kmalloc count=0" 'at least 1' 'kmalloc 5 count=0'
says "list shows objects" '^@2 +7 objects +kmalloc$' 'kmalloc 5; kmalloc 5 count=7; list'
says "kfree" '' 'kmalloc 5; kfree @1; ! kfree @1'
says "kfree of one of several" '^@1 +2 objects' 'kmalloc 5 count=3; kfree @1.1; list'
fails "kfree of one twice" '@1.1: it has been freed' 'kmalloc 5 count=3; kfree @1.1; kfree @1.1'
fails "kfree of one there is not" '@1 has objects 0 to 2' 'kmalloc 5 count=3; kfree @1.3'
says "kfree last and all" '^0 handles' 'kmalloc 5; kmalloc 6; kmalloc 7; kfree last; kfree all; ! kfree last; list'
fails "kfree of no handle" 'no handle @7' 'kfree @7'
fails "kfree of no address" 'no address of the direct map' 'kfree 0x5'
fails "kfree wrong" 'usage: kfree' kfree
says "object" '^  state +in use$' 'kmalloc 50; object @1'
says "object by address" '^0xffff888002[0-9a-f]*: kmalloc-|in no slab' 'object 0xffff888002800008'
says "object of several" '^ +0 .*O' 'kmalloc 64 count=10; object @1.3'
says "object of whole pages" 'whole pages, by kmalloc' 'kmalloc 100000; object @1'
says "object in no slab" 'in no slab' 'alloc; object 0xffff888002800000'
fails "object of nothing" 'no handle' 'object @1'
fails "object wrong" 'usage: object' object
says "kmem_cache" '^@1: 10 objects, the first: .*, 100 bytes, mine$' \
	'kmem_cache create mine 100 SLAB_NO_MERGE; kmem_cache alloc mine count=10; kmem_cache free @1.4; kmem_cache free @1; kmem_cache shrink mine; kmem_cache destroy mine; ! kmem_cache alloc mine'
says "kmem_cache with an alignment" 'aligned to 256' 'kmem_cache create mine 100 align=256 SLAB_NO_MERGE; slabs mine'
says "kmem_cache list" '^cache mine$' 'kmem_cache create mine 100; kmem_cache list'
says "a cache that shares" '^shares the slabs of first$' 'kmem_cache create first 968; kmem_cache create mine 964'
says "and its end" '^first \(slub\)$' \
	'kmem_cache create first 968; kmem_cache create mine 964; kmem_cache alloc mine; kmem_cache destroy mine; slabs first; kmem_cache free first @1'
says "destroyed with objects in it" 'Objects remaining in mine|objects remaining' \
	'kmem_cache create mine 100 SLAB_NO_MERGE; kmem_cache alloc mine; kmem_cache destroy mine; dmesg'
says "an object of another cache" 'but object is from' \
	'kmem_cache create a 100 SLAB_NO_MERGE; kmem_cache create b 100 SLAB_NO_MERGE; kmem_cache alloc a; kmem_cache free b @1.0; dmesg'
fails "kfree of kmalloc's by kmem_cache" 'kfree frees it' 'kmalloc 5; kmem_cache free @1'
fails "the same cache twice" 'already' 'kmem_cache create a 100; kmem_cache create a 100'
fails "an impossible cache" 'cannot be made' 'kmem_cache create a 100 align=3'
fails "a cache of no size" 'cannot be made' 'kmem_cache create a 0'
fails "a flag there is not" "'SLAB_X' is no flag" 'kmem_cache create a 100 SLAB_POISON|SLAB_X'
fails "a cache nobody made" "no cache 'b' was made" 'kmem_cache alloc b'
for c in '' create 'create a' alloc 'free x' 'frob a' 'shrink' 'destroy a b'; do
	fails "kmem_cache $c" 'usage: kmem_cache' "kmem_cache $c"
done
addr=$("$KMM" boot --quiet --mem 256M -c 'kmalloc 64' -- nokaslr | sed 's/@1: \(0x[0-9a-f]*\),.*/\1/')
says "a double free by address is reported" 'BUG kmalloc-64' "kmalloc 64; kfree @1; kfree $addr; dmesg"
says "so is a pointer into the middle" 'BUG kmalloc-64' "kmalloc 64; kfree ${addr%?}8; dmesg"
says "page of a slab" 'state +in a slab of kmalloc-64;' "kmalloc 64; page $addr"
says "object that is free" 'state +free' "kmalloc 64; kfree @1; object $addr"
says "object from its middle" ', and 8 bytes, number' "kmalloc 64; object ${addr%?}8"
says "slabs" '^kmalloc-64 +[0-9]+ +[0-9]+ +64 ' slabs
says "slabs of one" '^kmalloc-64 \(slub\)$' 'slabs kmalloc-64'
fails "slabs of none" "no cache 'x'" 'slabs x'
fails "slabs wrong" 'usage: slabs' 'slabs a b'
says "slabtop" '^ Active / Total Objects \(% used\) ' slabtop
says "slabtop by name" ' kmalloc-8 ' 'slabtop n'
fails "slabtop by nothing" 'usage: slabtop' 'slabtop z'
says "a cache's file" '^128$' 'cat /sys/kernel/slab/kmalloc-128/object_size'
says "a cache's file, written" '^7$' \
	'echo 7 > /sys/kernel/slab/kmalloc-128/min_partial; cat /sys/kernel/slab/kmalloc-128/min_partial'
says "caches' files by a pattern" '^==> /sys/kernel/slab/kmalloc-64/order <==$' 'cat /sys/kernel/slab/kmalloc-*/order'
says "slabinfo" '^kmalloc-64 +[0-9]+ +[0-9]+ +64 +64 +1 : tunables +0 +0 +0 : slabdata' 'cat /proc/slabinfo'
says "nothing is held after a reboot" '^0 handles' 'kmalloc 5; kmem_cache create a 9; reboot; ! kfree @1; kmem_cache create a 9; list'

# ---- events ----
says "trace" ' mm_page_alloc: .*order=3 .*gfp_flags=GFP_ATOMIC' 'trace on; alloc 3 GFP_ATOMIC; trace off; trace show'
says "trace of objects" 'kmalloc: call_site=do_allocate.* bytes_req=50 bytes_alloc=64' \
	'trace on; kmalloc 50; trace off; trace show'
says "trace of caches that are gone" 'kmem_cache_free: .* name=mine' \
	'kmem_cache create mine 100 SLAB_NO_MERGE; trace on; kmem_cache alloc mine; kmem_cache free @1; kmem_cache destroy mine; trace off; trace show'
says "trace show of nothing" 'no events' 'trace show'
says "trace clear" 'no events' 'trace on; alloc; trace clear; trace show'
says "trace save" 'events in' "trace on; churn 500; trace save $dir/kmm.kmt"
t "what was saved can be replayed" 0 'Replay of kmm console' "$KMM" replay "$dir/kmm.kmt"
fails "trace save of nothing" 'no events' "trace save $dir/none"
fails "trace save to nowhere" 'No such file' "trace on; alloc; trace save $dir/no/where"
fails "trace wrong" 'usage: trace' 'trace maybe'
fails "fault next" 'alloc: no memory' 'fault next; alloc'
says "fault next, once" '^#1' 'fault next; ! alloc; alloc'
says "fault shows" '^probability=0$' 'fault'
says "fault sets" '^min-order=2$' 'fault min-order=2; fault'
says "fault off" '^#1' 'fault next 5; fault off; alloc'
fails "fault of no key" "no such key" 'fault x=1'
fails "fault with a bad value" 'Invalid argument' 'fault probability=x'
fails "fault wrong" 'usage: fault' 'fault x'
fails "fault objects next" 'kmalloc: no memory' 'fault objects next; kmalloc 50'
says "fault objects next, once" '^@1' 'fault objects next; ! kmalloc 50; kmalloc 50'
says "fault objects spares pages" '^#1' 'fault objects next 9; alloc'
says "fault objects shows" '^cache-filter=Y$' 'fault objects cache-filter=Y; fault objects'
says "fault objects filtered" '^@1' 'fault objects next 9; fault objects cache-filter=Y; kmalloc 50'
fails "fault objects of one cache" 'kmalloc: no memory' 'fault objects next 9; fault objects cache-filter=Y; echo 1 > /sys/kernel/slab/kmalloc-64/failslab; kmalloc 50'
fails "fault objects of no key" "no such key" 'fault objects min-order=1'

# ---- the shell ----
says "help" '^  alloc +allocate' help
for c in $("$KMM" boot --quiet --mem 64M -c help | sed -n 's/^  \([a-z_]*\) .*/\1/p'); do
	says "help $c" "^$c" "help $c"
done
fails "help of nothing" "no command 'x'" 'help x'
fails "no such command" "no command 'x'" x
fails "a quote left open" 'a quote is not closed' 'echo "a'
fails "too many words" 'more than 64 words' "echo $(seq -s ' ' 100)"
says "comments and empty lines" '^x$' '# nothing

   # nothing
;;  echo x ; '
says "- may fail" '^x$' '-nosuch; echo x'
says "- may fail, with a blank" '^x$' '- nosuch; echo x'
says "! must fail" '^x$' '! nosuch; echo x'
fails "! of a success" 'echo did not fail' '! echo x'
says "a pipe" '^NODE' 'cat /proc/buddyinfo | tr a-z A-Z'
fails "a pipe that fails" 'it failed' 'mem | false'
says "expect" '' 'expect GFP help alloc'
fails "expect in vain" "'xyzzy' is not in what help says" 'expect xyzzy help'
says "expect of a failure" '' 'expect "no memory" alloc 10 GFP_KERNEL count=1000'
fails "expect wrong" 'usage: expect' 'expect x'
printf 'echo from the file\nnosuch\n' >"$dir/sourced"
fails "source" 'sourced:2: no command' "source $dir/sourced"
fails "source of nothing" 'No such file' "source $dir/none"
echo "source $dir/loop" >"$dir/loop"
fails "source of itself" 'nest deeper' "source $dir/loop"
console "exit" 0 '' 'exit; nosuch'
console "exit 3" 3 '' 'exit 3'
console "exit of a word" 1 'is not a number' 'exit x'
console "exit 256" 1 'up to 255' 'exit 256'
console "exit after a failure" 1 '' 'nosuch
exit'
console "exit 0 after a failure" 0 '' 'nosuch
exit 0'
long=$(printf 'y%.0s' $(seq 5000))
fails "a long line" 'longer than' "echo $long"
fails "a long path" 'No such file' "cat /$long"
fails "a long command" 'no command' "$long"
fails "a long parameter" 'more than' "reboot $long"

# ---- the power switch ----
says "reboot" 'mem=100M' 'reboot mem=100M; cat /proc/cmdline'
says "reboot with the same" 'mem=100M' 'reboot mem=100M; reboot; cat /proc/cmdline'
says "reboot with none" '^$' 'reboot mem=100M; reboot ""; cat /proc/cmdline'
says "nothing is held after it" '^0 handles' 'bulk 100; reboot; list'
stop='alloc 0 GFP_DMA|__GFP_HIGHMEM'
fails "a stopped machine" 'the machine stopped: ' "$stop"
fails "is stopped" 'mem: the machine is stopped' "-$stop
mem"
fails "cannot be written to" 'not running' "-$stop
echo 1 > /proc/sys/vm/min_free_kbytes"
says "can be read about" 'kernel BUG' "-$stop
dmesg"
says "and rebooted" 'all zones are in order' "-$stop
reboot
alloc 3
check"
says "in the middle of much" 'all zones are in order' "trace on
-expect nothing $stop
reboot
bulk 100
free all
check"
fails "a map that is gone" 'does not boot' 'reboot memmap=exactmap'
says "a map that is gone, and back" '^machine +256M' '-reboot memmap=exactmap
-mem
reboot ""
mem'
t "with threads: stopped on another CPU" 0 'in order' "$KMM" boot --quiet --mem 256M --cpus 4 --threads \
	-c "-$stop cpu=3" -c 'reboot' -c 'alloc 3 cpu=3' -c check

# ---- a terminal ----
if have_terminal; then
	export HOME="$dir/home" TERM=dumb
	unset XDG_STATE_HOME
	mkdir -p "$HOME"
	terminal() {	# KEYS...: each at a prompt of its own
		for keys; do
			set -- "$@" 'kmm# $' "$keys"
			shift
		done
		typed "$KMM boot --quiet --mem 256M" "$@"
	}
	t "a prompt" 0 '^kmm# ' terminal 'mem\n' '\004'
	t "completion of commands and paths" 0 '^Node 0, zone' terminal 'ca\t/proc/bu\t\n' 'exit\n'
	t "history in the session" 0 '^#2: ' terminal 'alloc 1\n' '\020\n' 'exit\n'
	t "and in its file" 0 'alloc' cat "$HOME/.local/state/kmm/history"
	t "from the session before" 0 '^#1: .*order 1' terminal '\020\020\n' 'exit\n'
	t "a failure does not end it" 0 '^machine ' terminal 'nosuch\n' 'mem\n' 'exit\n'
fi
# ---- what is no script ----
once() {	# NAME PATTERN COMMAND...: ends soon, and says why in its last line
	name=$1 pattern=$2
	shift 2
	run timeout 180 "$@"
	verdict=
	[ $rc = 1 ] || verdict="status $rc, not 1"
	tail -n 1 "$dir/err" | grep -Eq -e "$pattern" || verdict="nothing matches: $pattern"
	report "$name"
}
once "endless zeroes" '^/dev/zero: .* no text: this is no script$' \
	"$KMM" boot --quiet --mem 64M --script /dev/zero
once "a directory" '^/: Is a directory$' "$KMM" boot --quiet -c 'source /'
fails "a quote that is not closed" "script:1: a quote is not closed: 'a b; mem\$" "echo 'a b; mem"
fails "a quote in a boot parameter" 'reboot: a quote is not closed: x="y$' "reboot 'x=\"y'"
says "quotes that are closed" '^x="y z"$' "reboot 'x=\"y z\"'; cat /proc/cmdline"
says "quotes beside a mask, and a pipe" '^xb;c$' "echo 'a''b;c' | sed 's/a/x/;'"
once "endless zeroes on standard input" '^stdin: .* no text' sh -c '"$0" boot --quiet </dev/zero' "$KMM"
once "endless zeroes as a source" '^/dev/zero: .* no text' "$KMM" boot --quiet -c 'source /dev/zero'
once "an endless line" '^stdin: a line that is too long' sh -c 'tr "\\0" x </dev/zero | "$0" boot --quiet' "$KMM"
once "endless commands, and no output" '^kmm: cannot write to standard output' \
	sh -c 'yes mem | "$0" boot --quiet --mem 64M >/dev/full' "$KMM"
gone() {	# NAME STATUS "COMMAND FIRST": the reader goes after a line; kmm's status
	t "endless commands whose reader goes: $1" 0 '^ +present ' sh -c "$3"'
		{ { yes mem 2>/dev/null; } | timeout 180 "$0" boot --quiet --mem 64M; echo $? >"$1"; } | head -n 1
		grep -qx "$2" "$1"' "$KMM" "$dir/status" "$2"
}
gone "a signal" 141 ''
gone "which may be ignored" 1 'trap "" PIPE'
once "a line that is long enough" "no command 'xxx" sh -c \
	'{ echo mem; head -c 65000 /dev/zero | tr "\\0" x; echo; } | "$0" boot --quiet' "$KMM"
once "endless words that are no commands" '^stdin:100: so many lines' sh -c 'yes | "$0" boot --quiet' "$KMM"
once "endless quotes" '^stdin:100: so many lines' sh -c 'yes "\"" | "$0" boot --quiet' "$KMM"
once "endless comments" 'so many lines' sh -c 'yes "# mem" | "$0" boot --quiet' "$KMM"
once "a binary" 'no script$' "$KMM" boot --quiet --script "$KMM"
seq 1 99 | sed 's/.*/-nosuch/' >"$dir/s"
(cat "$dir/s"; echo echo so; cat "$dir/s"; echo echo fine) >"$dir/script"
t "many wrong words and a command now and then" 0 '^fine$' "$KMM" boot --quiet --script "$dir/script"
finish
