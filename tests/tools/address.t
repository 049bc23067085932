#!/bin/sh
# SPDX-License-Identifier: MIT
# The console on the kernel's address space: vmalloc vfree kmap kunmap percpu walk peek poke set_memory
# tlb, every way to use them wrongly; then the same on machines with other page tables.
. tests/tools/cli.sh

MACHINE='--mem 256M' PARAMETERS=nokaslr
# judge STATUS STOPPED NAME PATTERN COMMANDS: a script on $MACHINE. STOPPED: "" or how many
# times the machine stops, each with one line.
judge() {
	printf '%s\n' "$5" >"$dir/script"
	run "$KMM" boot --quiet $MACHINE --script "$dir/script" -- $PARAMETERS
	verdict=
	[ $rc = "$1" ] || verdict="status $rc, not $1"
	[ -z "$4" ] || cat "$dir/out" "$dir/err" | grep -Eq -e "$4" || verdict="nothing matches: $4"
	[ -z "$2" ] || [ "$(grep -c ' the machine stopped: .*(reboot turns it on again)$' "$dir/err")" = "$2" ] ||
		verdict="it did not stop $2 times"
	report "$3"
}
# says: all is well; fails: status 1 and a reason, the machine goes on; stops: it does not.
says() { judge 0 '' "$@"; }
fails() { judge 1 0 "$@"; }
stops() { judge 1 1 "$@"; }
# first COMMANDS: the first address they print.
first() {
	"$KMM" boot --quiet $MACHINE -c "$1" -- $PARAMETERS 2>&1 |
		sed -n 's/^%1: .*\(0x[0-9a-f]*\).*/\1/p' | head -n1
}

# ---- vmalloc, vfree ----
says "vmalloc" '^%1: 0xffffc9000[0-9a-f]{7}, 65536 bytes, vmalloc$' 'vmalloc 64K'
says "vmalloc of several" '^\.\.\. to %100$' 'vmalloc 64K count=100; vfree all; list; check'
says "vmalloc with a mask" '^0x[0-9a-f]*:( 00){16}$' 'vmalloc 64K GFP_KERNEL|__GFP_ZERO; peek %1'
says "vmalloc on another CPU and node" ' N1=1$' \
	'reboot numa=fake=2 nokaslr; vmalloc 4K node=1 cpu=0; cat /proc/vmallocinfo'
says "vmalloc huge" '^PGD [0-9a-f]+ P4D [0-9a-f]+ PUD [0-9a-f]+ PMD 80000000[0-9a-f]+1e3$' \
	'vmalloc 4M huge; walk %1+2097152; vfree %1'
says "vmallocinfo names the command" ' console_vmalloc\+.* pages=16 vmalloc N0=16$' \
	'vmalloc 64K; cat /proc/vmallocinfo'
says "list" '^%2: 0xffffc9.*, 8192 bytes, vmalloc$' 'vmalloc 4K; vmalloc 8K; list'
says "what is written is read" '^0x[0-9a-f]*fff: 41 42$' \
	'vmalloc 8K; poke %1+4095 65; poke %1+4096 0x42; peek %1+4095 2'
says "used memory is told" '^VmallocUsed: +10[0-9]{2} kB$' 'vmalloc 1M; cat /proc/meminfo'
says "and its addresses" '^VmallocTotal: +34359738367 kB$' 'cat /proc/meminfo'
says "vfree" '^0 handles' 'vmalloc 4K; vfree %1; ! vfree %1; list'
says "vfree of NULL" '' 'vfree 0'
says "vfree in the middle is reported" 'Trying to vfree\(\) nonexistent vm area' 'vmalloc 64K; vfree %1+4096; peek %1'
says "vfree off a page's border is reported" 'Trying to vfree\(\) bad address' 'vmalloc 64K; vfree %1+1; peek %1'
says "vfree of the direct map is reported" 'nonexistent vm area \(ffff888000000000\)' 'vfree 0xffff888000000000'
says "100 areas are purged by one flush" '^ +0 +[0-9]+ +0 +[0-9] ' \
	'vmalloc 4K count=100; tlb reset; vfree all; tlb'
fails "vmalloc of nothing" 'no bytes are no area' 'vmalloc 0'
fails "vmalloc of more than there is" 'exceeds total pages' 'vmalloc 1G'
fails "vmalloc of absurd sizes" 'after 0 of 1' 'vmalloc 0xffffffffffffffff'
fails "vmalloc until nothing is left" 'after 2[0-9][0-9] of 1000' 'vmalloc 1M GFP_KERNEL|__GFP_NOWARN count=1000'
fails "vmalloc of a word" "'x' is not a size" 'vmalloc x'
fails "vmalloc of less than nothing" "'-1' is not a size" 'vmalloc -1'
fails "vmalloc without a size" 'usage: vmalloc' vmalloc
fails "vmalloc with a word" 'usage: vmalloc' 'vmalloc 4K frob'
fails "vmalloc count=0" 'at least 1' 'vmalloc 4K count=0'
fails "vmalloc on no node" 'no node 7' 'vmalloc 4K node=7'
fails "vmalloc on no CPU" 'no CPU 5' 'vmalloc 4K cpu=5'
fails "vmalloc, injected" 'vmalloc: no memory' 'fault next 99; vmalloc 64K'
fails "vfree of no handle" 'no handle %1' 'vfree %1'
fails "vfree of a word" 'is not a number' 'vfree x'
fails "vfree of a handle without a number" 'is not a number' 'vfree %'
for c in vfree 'vfree 1 2' kmap 'kmap 1 2' kunmap 'kunmap 5' percpu 'percpu 64 8 8' 'percpu free 5' walk \
		'walk 1 2' peek 'peek 1 2 3' poke 'poke 0' 'poke 0 1 2' set_memory 'set_memory ro' \
		'set_memory frob 0' 'set_memory ro 0 1 2' 'tlb x' 'tlb reset x'; do
	fails "$c" "usage: ${c%% *}" "$c"
done

# ---- where nothing may be touched ----
past='0 bytes past the end of vmalloc area \[0x[0-9a-f]+, 0x[0-9a-f]+\) of console_vmalloc\+'
stops "one byte past an area: area and caller are named" "$past" 'vmalloc 64K; poke %1+65536 1'
stops "reading there" 'supervisor read access' 'vmalloc 64K; peek %1+65536'
stops "reading across the end" "$past" 'vmalloc 4K; peek %1+4090 16'
stops "an area of odd size ends with its page" "$past" 'vmalloc 5000; poke %1+8191 1; poke %1+8192 1'
area=$(first 'vmalloc 64K')
stops "an area that is freed" 'BUG: unable to handle page fault' "vmalloc 64K; poke %1 1; vfree %1; peek $area"
stops "freed by another CPU" 'BUG: unable to handle page fault' \
	"vmalloc 64K; cpu 0; vfree %1; poke $area 1"
stops "and purged" 'BUG: unable to handle page fault' \
	"vmalloc 64K; vfree %1; vmalloc 200M; vfree all; peek $area"
stops "NULL" 'kernel NULL pointer dereference, address: 0{16}$' 'peek 0'
stops "NULL and something" 'NULL pointer dereference, address: 0{14}40$' 'poke 0x40 1'
stops "a hole between areas" "between the kernel's areas|in the KASAN shadow" 'peek 0xffffec0000000000'
stops "beyond the end of RAM" 'in the direct map' 'peek 0xffff888010000000'
stops "the page array beyond its end" 'in the page array: of page frame 0x80000' 'poke 0xffffea0001000000 1'
text=$("$KMM" boot $MACHINE -c exit -- nokaslr | sed -n 's/.* \.text : \(0x[0-9a-f]*\) .*/\1/p')
rodata=$("$KMM" boot $MACHINE -c exit -- nokaslr | sed -n 's/.* \.text : .* - \(0x[0-9a-f]*\) .*/\1/p')
init=$("$KMM" boot $MACHINE -c exit -- nokaslr | sed -n 's/.* \.init : \(0x[0-9a-f]*\) .*/\1/p')
stops "writing to text" 'in the kernel text mapping: physical 0x1000000, Kernel code; read-only, executable' \
	"peek $text; poke $text 1"
stops "to rodata" 'Kernel rodata; read-only, not executable' "peek $rodata; poke $rodata 1"
stops "to text through the direct map" 'in the direct map: physical 0x1000000, Kernel code; read-only' \
	'poke 0xffff888001000000 1'
stops "reading .init that was given back" 'in the kernel text mapping.*; not mapped' "peek $init"
says "with rodata=off they can be written" '' "reboot rodata=off nokaslr; poke $text 1; poke $rodata 1"
for a in 4096 0x400000 0x7fff00000000 0x800000000000 0xffff800000000000 0xffff887fffffffff \
		0xfffffd0000000000 0xffffffff81000000 0xffffffffff600000 0xffffffffffffffff; do
	fails "$a is no address of the kernel's" "address: the kernel has none like $a" "peek $a"
	fails "it is not written to either" "address: the kernel has none like $a" "poke $a 1"
done
fails "an offset that wraps" 'beyond the last address' 'peek 0xffff888000000000+0xffffffffffffffff'
fails "an offset of letters" "offset: 'x' is not a number" 'vmalloc 4K; peek %1+x'
fails "an address of letters" 'is not a number' 'peek x'
fails "more digits than a number has" 'is not a number' 'peek 0xfffffffffffffffff'
fails "peek of too much" 'at most 65536' 'peek 0xffff888000000000 65537'
fails "peek of a word" "count: 'x'" 'peek 0xffff888000000000 x'
fails "poke of more than a byte" '300 is above 255' 'poke 0xffff888004000000 300'
fails "poke of a word" "byte: 'x'" 'poke 0xffff888004000000 x'
says "peek of nothing" '' 'peek 0xffff888004000000 0'
run "$KMM" boot --quiet $MACHINE -c 'vmalloc 4K; peek %1+4080 32' -- nokaslr
verdict=
grep -Eq '^0x[0-9a-f]*ff0:( [0-9a-f]{2}){16}$' "$dir/out" || verdict="the line before the fault is not whole"
report "a fault does not cut a line"

# ---- walk ----
says "walk" '^PGD [0-9a-f]+ P4D [0-9a-f]+ PUD [0-9a-f]+ PMD [0-9a-f]+ PTE 8000[0-9a-f]+163$' 'vmalloc 4K; walk %1'
says "walk of a large page" ' PMD 80000000040001e3$' 'walk 0xffff888004000000'
says "walk of the guard" ' PTE 0$' 'vmalloc 4K; walk %1+4096'
says "walk of nothing" '^PGD 0 P4D 0$' 'walk 0'
says "walk of the last address" '^PGD 0 P4D 0$' 'walk 0xffffffffffffffff'

# ---- set_memory ----
low=0xffff888004000000
stops "set_memory ro" '4096 bytes inside vmalloc area.* of console_vmalloc' \
	'vmalloc 8K; set_memory ro %1+4096; poke %1 1; peek %1+4096; poke %1+4096 1'
says "set_memory rw" ' 07$' 'vmalloc 8K; set_memory ro %1 2; set_memory rw %1; poke %1 7; peek %1 1'
stops "set_memory np" 'not-present page' "set_memory np $low; peek $low"
says "set_memory p" ' 00$' "set_memory np $low; set_memory p $low; peek $low 1"
says "what np hides of an area is hidden in the direct map" ' PTE 8000[0-9a-f]+162$' \
	'vmalloc 4K; set_memory np %1; walk %1; set_memory p %1'
says "a large page is split" '^direct_map_level2_splits 1$' "set_memory ro $low; cat /proc/vmstat"
says "and comes back" ' PMD 80000000040001e3$' "set_memory ro $low; set_memory rw $low; walk $low"
says "set_memory x" ' PTE 4000163$' "set_memory x $low; walk $low; set_memory nx $low"
says "W+X is warned of" 'CPA detected W\^X violation' "set_memory x $low"
says "set_memory uc" ' PMD 80000000040001f3$' "set_memory uc $low 512; walk $low; set_memory wb $low 512"
says "set_memory wc" ' PTE 800000000400016b$' "set_memory wc $low; walk $low"
fails "set_memory where nothing is" 'set_memory: Bad address' 'set_memory ro 0xffffc80000000000'
fails "set_memory behind NULL" 'set_memory: Bad address' 'set_memory ro 0'
fails "set_memory of no address of the kernel's" 'the kernel has none like 0x400000' 'set_memory ro 0x400000'
fails "set_memory beyond an area" 'set_memory: Bad address' 'vmalloc 4K; set_memory ro %1 2'
fails "set_memory of no pages" 'whole pages' "set_memory ro $low 0"
fails "set_memory of half a page" 'whole pages' "set_memory ro $low+1"
fails "set_memory of too many pages" 'set_memory: ' "set_memory ro $low 2147483647"
fails "set_memory of far too many pages" 'whole pages' "set_memory ro $low 99999999999"
fails "set_memory without memory to split" 'set_memory: Cannot allocate memory' \
	"fault next 9; set_memory ro $low"
stops "set_memory np of everything" 'BUG' 'set_memory np 0xffff888000000000 65536; check'

# ---- per-CPU memory ----
says "percpu" "^%1: 64 bytes a CPU, CPU 0's at 0xffff8880" 'percpu 64; poke %1 3; expect " 03" peek %1 1; percpu free %1; ! peek %1'
MACHINE='--mem 256M --cpus 2'
says "each CPU has its own" ' 00$' 'percpu 64; poke %1 3; cpu 1; peek %1 1; cpu 0; expect " 03" peek %1 1'
says "more than a chunk" "^... |^%3: 32768 bytes a CPU, CPU 0's at 0xffffc9|^%3: 32768 bytes a CPU" \
	'percpu 32K; percpu 32K; percpu 32K; poke %3+32767 1; cpu 1; poke %3+32767 1; percpu free %3; percpu free %1; percpu free %2; check'
says "Percpu in meminfo" '^Percpu: +[1-9][0-9]* kB$' 'cat /proc/meminfo'
MACHINE='--mem 256M'
fails "percpu of nothing" 'illegal size \(0\)' 'percpu 0'
fails "percpu of too much" 'impossible size' 'percpu 1G'
fails "percpu of an odd alignment" 'illegal size \(64\) or align \(3\)' 'percpu 64 3'
fails "percpu of a large alignment" 'impossible size or alignment' 'percpu 64 1M'
fails "percpu of a word" "'x' is not a size" 'percpu x'
fails "percpu, aligned to a word" "'x' is not a size" 'percpu 64 x'
fails "percpu free twice" 'no handle %1' 'percpu 64; percpu free %1; percpu free %1'
fails "percpu free of an area" '%1 is no per-CPU memory' 'vmalloc 4K; percpu free %1'
says "vfree of it is reported" 'Trying to vfree' 'percpu 64; vfree %1'

# ---- kmap, without high memory ----
says "kmap of low memory" '^%1: 0xffff888004000000, 4096 bytes, kmap$' 'kmap 0x4000; kunmap %1'
says "kmap of a handle" '^%1: 0xffff8880[0-9a-f]*, 4096 bytes, kmap$' 'alloc; kmap #1; poke %1 1; kunmap %1; free #1'
fails "kmap of no frame" 'no memory there' 'kmap 0xfffff'
fails "kmap of no handle" 'no handle #3' 'kmap #3'
fails "kmap of a word" 'is not a number' 'kmap x'
fails "kunmap twice" 'no handle %1' 'kmap 0x4000; kunmap %1; kunmap %1'
fails "kunmap of an area" '%1 is no mapped page' 'vmalloc 4K; kunmap %1'

# ---- TLBs, stops, reboots ----
says "tlb" '^CPU +misses +one page +all +by tag +interrupts$' tlb
says "tlb reset" '^ +0 +0 +0 +0 +0 +0$' 'vmalloc 4K count=10; vfree all; tlb reset; tlb'
says "nothing is held after a reboot" '^%1: ' 'vmalloc 4K; percpu 64; kmap 1; reboot nokaslr; ! peek %1; vmalloc 4K'
says "nor after a stop" '^%1: ' 'vmalloc 4K; percpu 64
-peek 0
! peek %1
reboot nokaslr
! peek %1
vmalloc 4K
check'
says "ten stops" 'all zones are in order' "$(for i in 0 1 2 3 4 5 6 7 8 9; do
	printf 'vmalloc 64K\n-poke %%1+65536 %s\nreboot nokaslr\n' $i; done)
vmalloc 64K
check"
for c in 'vmalloc 4K' 'vfree 0' 'kmap 1' 'percpu 8' 'walk 0' 'peek 0' 'poke 0 1' "set_memory ro $low" tlb; do
	judge 1 1 "a stopped machine: $c" "${c%% *}: the machine is stopped" "-peek 0
$c"
done

# ---- several CPUs, as threads ----
MACHINE='--mem 256M --cpus 4 --threads'
says "threads: areas of all CPUs" 'in order' \
	'vmalloc 64K cpu=1; vmalloc 64K cpu=2; cpu 3; poke %1 1; peek %2; vfree all; cpu 0; check'
stops "threads: a stop on another CPU" "$past" 'vmalloc 64K cpu=2; cpu 3; poke %1+65536 1'
says "threads: and back" 'in order' 'vmalloc 64K; cpu 3
-poke %1+65536 1
reboot nokaslr
vmalloc 64K cpu=3; vfree all; check'
stops "threads: read-only for all" 'permissions violation' \
	"cpu 1; poke $low 1; cpu 0; set_memory ro $low; cpu 1; poke $low 1"
says "threads: others were interrupted" '^ +1 .* [1-9][0-9]*$' \
	"cpu 1; poke $low 1; cpu 0; set_memory ro $low; tlb"

# ---- addresses at random ----
MACHINE='--mem 256M' PARAMETERS=
says "with KASLR" '^%1: 0xffff[0-9a-f]{12}, 4096 bytes' 'vmalloc 4K; poke %1 1; kmap 0x4000; poke %2 1'
addr=$(first 'vmalloc 4K')
verdict=
case $addr in 0xffffc9000*) verdict="$addr is where it would be without" ;; esac
report "it is elsewhere"
t "it depends on the seed" 1 '' [ "$addr" = \
	"$("$KMM" boot --quiet --mem 256M --seed 5 -c 'vmalloc 4K' | sed 's/%1: \([^,]*\).*/\1/')" ]

# ---- five levels ----
MACHINE='--arch amd64-la57 --mem 8G' PARAMETERS=nokaslr
says "la57: an address" '^%1: 0xff[0-9a-f]{14}, 65536 bytes' 'vmalloc 64K; poke %1 1; vfree %1; check'
says "la57: five entries" '^PGD [1-9a-f][0-9a-f]* P4D [1-9a-f][0-9a-f]* PUD [1-9a-f][0-9a-f]* PMD [1-9a-f][0-9a-f]* PTE 8000' \
	'vmalloc 4K; walk %1'
stops "la57: the guard" "$past" 'vmalloc 64K; poke %1+65536 1'

# ---- IA-32 ----
if ! "$KMM" boot --quiet --mem 64M --arch ia32 -c exit >/dev/null 2>&1; then
	echo "# no 32-bit build beside this one: IA-32 is left out"
	finish
fi
# area ARCH PARAMETER: where the log says that vmalloc space is, "START END" in hexadecimal.
area() {
	"$KMM" boot --arch "$1" --mem 2G -c exit -- $2 |
		sed -n 's/.* vmalloc : \(0x[0-9a-f]*\) - \(0x[0-9a-f]*\) .*/\1 \2/p'
}
for arch in ia32 ia32-pae; do
	MACHINE="--arch $arch --mem 2G" PARAMETERS=
	says "$arch: PAGE_OFFSET" 'lowmem  : 0xc0000000 - 0xf[0-9a-f]{7} ' 'dmesg'
	says "$arch: low memory's addresses" '^#1: .* Normal, 0xc[0-9a-f]{7}, ' alloc
	for p in '' vmalloc=256M vmalloc=512M; do
		PARAMETERS=$p
		set -- $(area $arch $p)
		addr=$(first 'vmalloc 64K')
		verdict=
		[ $((addr >= $1 && addr + 65536 < $2)) = 1 ] || verdict="$addr is not in $1-$2"
		report "$arch $p: vmalloc lies in its area"
		case $p in
		'')	size=120 ;;
		*)	size=${p#vmalloc=} size=${size%M} ;;
		esac
		verdict=
		[ $(($2 - $1)) = $((size << 20)) ] || verdict="$1-$2 is not $size MiB"
		report "$arch $p: as large as it says"
	done
	PARAMETERS=
	fails "$arch: more than the area" 'use vmalloc=<size> to increase size' 'vmalloc 256M'
	PARAMETERS=vmalloc=512M
	says "$arch: which a larger one holds" '^%1: 0x[de][0-9a-f]{7}, 268435456 bytes' \
		'vmalloc 256M; poke %1+268435455 1; vfree %1'
	PARAMETERS=vmalloc=2G
	says "$arch: one too large is ignored" 'results in <64MB lowmem, ignoring it!' dmesg
	PARAMETERS=
	says "$arch: areas of high memory" '^%1: ' 'vmalloc 1M; poke %1+1048575 1; vfree %1; check'
	stops "$arch: the guard" "$past" 'vmalloc 64K; poke %1+65536 1'
	stops "$arch: text" 'c1000000 is in the direct map: physical 0x1000000, Kernel code; read-only' \
		'poke 0xc1000000 1'
	stops "$arch: NULL" 'NULL pointer dereference, address: 0{8}$' 'peek 0'
	says "$arch: high memory has no address" 'HighMem, no address' 'alloc 0 GFP_HIGHUSER'
	says "$arch: but by kmap" '^%1: 0xf[ef][0-9a-f]{6}, 4096 bytes, kmap$' \
		'alloc 0 GFP_HIGHUSER; kmap #1; poke %1+4095 65; expect " 41" peek %1+4095 1; kunmap %1; kmap #1; expect " 41" peek %2+4095 1; kunmap %2; free #1; check'
	says "$arch: twice the same" '^%2: 0xf' \
		'alloc 0 GFP_HIGHUSER; kmap #1; kmap #1; poke %1 7; kunmap %1; expect " 07" peek %2 1; kunmap %2'
	says "$arch: its entry" '^(\*pdpt = [0-9a-f]{16} \*pde = [0-9a-f]{16} \*pte = [0-9a-f]{13}163|\*pde = [0-9a-f]{8} \*pte = [0-9a-f]{5}163)$' \
		'alloc 0 GFP_HIGHUSER; kmap #1; walk %1'
	stops "$arch: kmap until there is no place" 'deadlock' \
		"$(for i in $(seq 1025); do printf 'alloc 0 GFP_HIGHUSER; kmap #%s;' "$i"; done)"
	for a in 0x8048000 0xbfffffff 0xffffe000 0xfffff000 0xffffffff; do
		fails "$arch: $a is no address of the kernel's" "the kernel has none like $a" "peek $a"
	done
	fails "$arch: an address of 33 bits" 'more than 32 bits' 'peek 0x1c0000000'
	fails "$arch: a size of 33 bits" 'more than there are addresses' 'vmalloc 0x100000001'
	says "$arch: threads" 'in order' 'reboot; vmalloc 64K; vfree all; check'
done
MACHINE='--arch ia32 --mem 4G' PARAMETERS=
says "ia32: 4 GiB" 'in order' 'expect HighMem zones; fill 50 0 GFP_HIGHUSER; expect "no address" alloc 0 GFP_HIGHUSER; kmap #2; poke %1 1; kunmap %1; free all; check'
MACHINE='--arch ia32 --mem 8G'
says "ia32: of 8 GiB what lies below 4 is used" '^machine +3\.0G ' 'mem; check'
MACHINE='--arch ia32-pae --mem 63G'
says "ia32-pae: 64 GiB" 'in order' 'expect HighMem zones; fill 50 9 GFP_HIGHUSER; alloc 0 GFP_HIGHUSER; kmap #2; poke %1 1; kunmap %1; vmalloc 64M; vfree %2; free all; check'
MACHINE='--arch ia32-pae --mem 6G'
says "ia32-pae: a frame above 4 GiB" ' \*pte = 8000000123456163$' \
	'kmap 0x123456; poke %1 5; expect " 05" peek %1 1; walk %1; kunmap %1'
MACHINE='--arch ia32-pae --mem 128G'
says "ia32-pae: of 128 GiB what lies below 64 is used" '^machine +63\.0G ' 'mem'
t "the 32-bit build refuses amd64" 1 'this is the 32-bit build' "$(dirname "$KMM")/../m32/kmm" boot --arch amd64
finish
