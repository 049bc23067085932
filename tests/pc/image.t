#!/bin/sh
# SPDX-License-Identifier: MIT
# From power-on to the image's first C function: every way in, every format, every place.
. tests/pc/boot.sh
need pc-amd64/bzImage pc-ia32/bzImage pc-amd64/bzImage-chain
image=bzImage
exit_port="-device isa-debug-exit,iobase=0xf4,iosize=4"

# image_at: what the log says of the image: START VIRTUAL
image_at() {
	sed -n 's/.*image: \[mem \(0x[0-9a-f]*\)-0x[0-9a-f]*\], runs at \(0x[0-9a-f]*\).*/\1 \2/p' "$dir/log"
}
# qemu_log SECONDS OPTION...: QEMU without a kernel of its own
qemu_log() {
	seconds=$1
	shift
	: >"$dir/raw"
	timeout "$seconds" "$qemu" -cpu $cpu -nodefaults -nic none -display none -monitor none -no-reboot \
		-serial "file:$dir/raw" $exit_port "$@" </dev/null >"$dir/qemu" 2>&1
	rc=$?
	tr -d '\r' <"$dir/raw" >"$dir/log"
}
# halts NAME "CPU" "OPTIONS" PATTERN: one line on the serial port and on the screen, then nothing
halts() {
	: >"$dir/raw"
	# shellcheck disable=SC2086
	{
		i=0
		while [ $((i += 1)) -lt 1200 ] && ! grep -q 'system halted' "$dir/raw"; do sleep 0.1; done
		echo "pmemsave 0xb8000 4000 \"$dir/screen\""
		echo quit
	} | timeout 180 "$qemu" -cpu "$2" -nodefaults -vga std -nic none -display none -no-reboot \
		-monitor stdio -serial "file:$dir/raw" $3 -kernel "$B/$flavour/$image" >"$dir/qemu" 2>&1
	tr -d '\r' <"$dir/raw" >"$dir/log"
	verdict=
	[ "$(grep -c . "$dir/log")" = 1 ] || verdict="not one line"
	grep -Eq -e "$4" "$dir/log" || verdict="it does not say: $4"
	tr -d '\007\000' <"$dir/screen" | grep -Eaq -e "$4" || verdict="not on the screen: $4"
	report "$1"
}

# ---- straight by QEMU: the setup code asks the BIOS ----
for f in amd64 la57 pae ia32; do
	on $f
	case $f in
	amd64)	levels='four levels' at='0xffffffff81000000' ;;
	la57)	levels='five levels' at='0xffffffff81000000' ;;
	pae)	levels='PAE, three levels' at='0xc1000000' ;;
	ia32)	levels='two levels' at='0xc1000000' ;;
	esac
	boot_pc 200 "-m 512" "nokaslr" "true"
	check "QEMU's -kernel, nokaslr" 'loaded by QEMU; memory map: [0-9]+ entries from BIOS-e820' \
		"$levels" "image: \[mem 0x0*1000000-.*runs at $at" 'KASLR: off' 'The program'
	boot_pc 200 "-m 2048" "" "true"
	check "a place is drawn" 'KASLR: place drawn' "$levels" 'The program'
	first=$(image_at)
	for try in 2 3 4; do	# of 400 places and more
		boot_pc 200 "-m 2048" "" "true"
		[ "$first" = "$(image_at)" ] || break
	done
	verdict=
	[ -n "$first" ] && [ "$first" != "$(image_at)" ] || verdict="always at $first"
	report "another one the next time"
	boot_pc 200 "-m 1024" "image=apart heap=1M" "true"
	verdict=$(image_at | awk '{
		if ($1 "" == $2 "") next; gsub(/^0x0*/, "", $1); gsub(/^0x0*/, "", $2)
		if ($1 != $2) print "physical " $1 ", runs at " $2 }')
	grep -q 'image: \[mem 0x0*3f' "$dir/log" || verdict="not at the end of 1 GiB: $(image_at)"
	report "image=apart: at its physical address, as high as can be"
done

# ---- what the firmware does not say ----
for f in la57 pae; do
	on $f
	boot_pc 200 "-m 256" "memdetect=e801" "true"
	check "E801h" '2 entries from BIOS-e801' 'usable' 'The program'
	boot_pc 200 "-m 256" "memdetect=88" "true"
	check "88h" '2 entries from BIOS-88' '0x0*100000-0x0*3ffffff\] usable' 'The program'
	head -c 3000000 /dev/zero >"$dir/initrd"
	boot_pc 200 "-m 128 -initrd $dir/initrd" "mem=96M memmap=1M\$20M" "true"
	check "mem= and memmap= are kept to" 'KASLR: off' 'image: \[mem 0x0*[1-5]......-0x0*[1-5]......\]' \
		'The program'
done

on la57
boot_pc 200 "-m 128" "acpi_rsdp=f000" "true"
check "acpi_rsdp= is believed" '\] ACPI: RSDP: there is something else in its place' 'The program'

# ---- GRUB: linux goes past the setup code, linux16 through it; CD and disk ----
if command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null; then
	for f in la57 pae; do
		on $f
		scripts/pc-grub -i "$dir/initrd" "$dir/grub.iso" "$B/$flavour/$image" \
			console=ttyS0 nokaslr -- true
		qemu_log 200 -m 512 -boot d -drive "file=$dir/grub.iso,format=raw,media=cdrom"
		check "GRUB's linux from a CD" \
			'loaded by GRUB.*memory map: [0-9]+ entries from boot_params' \
			'image: \[mem 0x0*1000000-' 'The program'
		qemu_log 200 -m 512 -drive "file=$dir/grub.iso,format=raw"
		check "the same from a disk" 'loaded by GRUB.*from boot_params' 'The program'
		scripts/pc-grub -16 "$dir/grub.iso" "$B/$flavour/$image" console=ttyS0 -- true
		qemu_log 200 -m 512 -drive "file=$dir/grub.iso,format=raw"
		check "GRUB's linux16" 'loaded by GRUB.*from BIOS-e820' 'KASLR: place drawn' 'The program'
	done
else
	n=$((n + 1))
	echo "ok $n # SKIP no GRUB"
fi

# ---- as kexec starts it: in long mode, by the 64-bit entry ----
chained() {	# NAME "QEMU OPTIONS" "WHERE" [FLAVOUR]
	# shellcheck disable=SC2086
	qemu_log 200 $2 -kernel "$B/pc-amd64/bzImage-chain" -initrd "$B/${4:-pc-amd64}/bzImage" \
		-append "nokaslr $3 -- console=ttyS0 nokaslr"
	check "$1" 'chain: off it goes' 'loaded by kexec; memory map: [0-9]+ entries from boot_params' \
		"$levels" "runs at $at" 'KASLR: off' 'The program'
}
at=0xffffffff81000000
for f in amd64 la57; do
	on $f
	levels='four levels'
	[ $f = amd64 ] || levels='five levels'
	chained "kexec" "-m 1024" ""
	chained "kexec with a zero page that it has not cleared" "-m 1024" "dirty"
	check "in which it has not written where the RSDP is" '!ACPI:.*RSDP' 'ACPI: MADT: 1 CPUs'
	chained "kexec above 4 GiB" "-m 6144" "load=13ffff000 params=17ffff000"
	chained "kexec with its zero page above 4 GiB" "-m 6144" "params=17fffe000"
	chained "kexec with its initrd above 4 GiB" "-m 6144" "initrd=140000c00"
	check "which comes down" 'initrd: \[mem 0x0*b[0-9a-f]{7}-'
	chained "kexec with links of setup_data above 4 GiB" "-m 6144" "links=140000c00"
	check "with half of the map" 'memory map: 8 entries' \
		'BIOS-e820: \[mem 0x0*100000000-0x0*1bfffffff\] usable' '!setup_data from'
done

on la57
chained "a map that is full" "-m 6144" "load=13ffff000 params=17fffe000 links=140000c00 extra=190"
check "is cut, and that is said" 'memory map: 318 entries' 'pc: memory map: entries from 318 on are left out' \
	'BIOS-e820: \[mem 0x0*100000000-0x0*1bfffffff\] usable'

# ---- and in protected mode, by the 32-bit entry, which reaches 4 GiB or 3 ----
for f in pc-amd64 pc-ia32; do
	[ $f = pc-amd64 ] || levels='PAE, three levels' at='0xc[0-9a-f]{7}'
	chained "$f: kexec by the 32-bit entry, a zero page not cleared" "-m 6144" \
		"entry32 dirty links=140000c00" $f
	check "with setup_data out of reach" 'memory map: 4 entries' \
		'pc: setup_data from 0x140000c00 on is out of reach'
done

# ---- machines it cannot run on, and the smallest ----
on la57
halts "no 64-bit processor" pentium3 "-m 64" 'needs a processor with 64-bit mode'
halts "too little memory" max "-m 4M" 'too little usable memory'
on ia32
halts "no Pentium Pro" 486 "-m 64" 'needs a processor with a time stamp counter'
halts "too little memory" pentium3 "-m 3M" 'too little usable memory'
cpu=pentium3
boot_pc 200 "-m 16" "" "true"
check "16 MiB" 'two levels' 'The program'
cpu=max,-pse
boot_pc 200 "-m 64" "" "true"
check "no PSE: nopae cannot be" 'PAE, three levels' 'The program'

# ---- gdb, as docs/boot.md says ----
if command -v gdb >/dev/null; then
	for f in la57 pae; do
		on $f
		timeout 180 gdb -q -batch "$B/$flavour/kmm.elf" -ex "target remote | exec $qemu -gdb stdio \
			-S -cpu max -m 512 -display none -serial file:$dir/raw -monitor none \
			-kernel $B/$flavour/bzImage -append nokaslr" -ex 'hbreak pc_start' -ex continue \
			-ex backtrace -ex kill >"$dir/log" 2>&1
		check "gdb stops at pc_start" 'Breakpoint 1, pc_start \(' '#1 .* image_entry \(\)'
	done
fi
finish
