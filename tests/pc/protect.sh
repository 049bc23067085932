# SPDX-License-Identifier: MIT
# protect.sh - each protection of the booted machine, tried for real: one boot, one forbidden act
# (tests/pc/protect.c), which must stop the machine with the report that names it. On the first CPU
# or, for half of them, on another. protect_on FORMAT...: all of it on each of these.
. tests/pc/boot.sh

# stops NAME CPU PATTERN...: the machine stops, and its log has all that
stops() {
	act=$1 on_cpu=$2
	shift 2
	boot_pc 200 "-m $memory -smp 2" "" "protect $act $on_cpu"
	if [ $rc != 70 ]; then
		verdict="status $rc, not 70"
		report "$act"
		return
	fi
	check "$act" "^\[.*CPU: $on_cpu " "Call Trace:" "Kernel panic - not syncing: " "!nothing happened" "$@"
}
survives() {
	boot_pc 200 "-m $memory -smp 2" "" "protect $1 0"
	check "$1: $2" "protect: $1: nothing happened" '!BUG:'
}
impossible() {
	boot_pc 200 "-m $memory -smp 2" "" "protect $1 0"
	check "$1: $2" "protect: not on this machine: "
}

unable='BUG: unable to handle page fault for address: '
null='BUG: kernel NULL pointer dereference, address: 0*'
read='#PF: supervisor read access in kernel mode'
write='#PF: supervisor write access in kernel mode'
fetch='#PF: supervisor instruction fetch in kernel mode'
absent='not-present page'
denied='error_code\(0x0003\) - permissions violation'
nx='kernel tried to execute NX-protected page - exploit attempt'
ip='(RIP: 0010:|EIP: )'

# What nothing but the image itself can show: where its parts lie.
image() {
	stops text 0 "$unable" "$write" "$denied" 'Kernel code; read-only, executable' "${ip}poke"
	stops rodata 1 "$unable" "$write" "$denied" 'Kernel rodata; read-only' "${ip}poke"
	if [ "$flavour" = pc-amd64 ]; then
		stops text_alias 0 "$unable" "$denied" 'in the direct map: .*Kernel code; read-only, not executable'
		stops rodata_alias 1 "$unable" "$denied" 'in the direct map: .*Kernel rodata; read-only, not executable'
		stops nx_alias 0 "$nx" "$fetch" 'in the direct map: .*Kernel code'
		stops init_gone 0 "$unable" "$read" "$absent" 'in the kernel text mapping: .*; not mapped'
	fi
}

data() {
	for act in nx_data nx_bss nx_rodata nx_stack nx_heap nx_vmalloc; do
		if [ $format = ia32 ]; then
			survives $act 'two-level tables know no NX'
		else
			other=$((1 - ${other:-1}))
			stops $act $other "$nx" "$unable" "$fetch" 'error_code\(0x0011\) - permissions violation'
		fi
	done
}

pointers() {
	stops null_read 0 "$null" "$read" "$absent" '0 bytes behind NULL' "${ip}peek"
	stops null_write 1 "${null}18" "$write" "$absent" '24 bytes behind NULL' "${ip}poke"
	stops null_call 0 "$null" "$fetch"
	stops identity 0 "$unable" "$read" "$absent" 'is a user address'
}

memory_of_all_kinds() {
	stops vmalloc_overrun 1 "$unable" "$write" "$absent" \
		' is 0 bytes past the end of vmalloc area .* of vmalloc_overrun.*, in its guard page' "${ip}poke"
	stops vfreed 0 "$unable" "$read" "$absent" 'freed vmalloc area .* of vfreed'
	stops vmalloc_ro 0 "$unable" "$write" "$denied" 'vmalloc area .* of vmalloc_ro'
	stops ro 1 "$unable" "$write" "$denied" 'in the direct map: .*System RAM; read-only'
	stops np 0 "$unable" "$read" "$absent" 'in the direct map: .*System RAM; not mapped'
	stops freed 1 "$unable" "$write" "$absent" 'in the direct map: .*System RAM; not mapped'
	stops ro_stale 1 "$unable" "$write" "$denied" 'System RAM; read-only'
	stops vfree_stale 1 "$unable" "$read" "$absent" 'vmalloc'
}

high() {
	if [ "$flavour" = pc-amd64 ]; then
		impossible high_kmap '64 bits have no high memory'
		return
	fi
	stops high_never 0 "$null" "$write" "$absent"
	stops high_kmap 1 "$unable" "$write" "$absent" 'kmap place [0-9]+, not mapped \(last: pfn 0x'
	stops high_local 0 "$unable" "$write" "$absent" 'kmap_local slot [0-9]+ of CPU 0, not mapped'
}

stacks() {
	for c in 0 1; do
		stops stack $c 'BUG: TASK stack guard page was hit at [0-9a-f]+ \(stack is [0-9a-f]+\.\.[0-9a-f]+\)' \
			'is in the guard page below the TASK stack' 'stack guard page: 0000 \[#1\] SMP' \
			"${ip}deeper" 'Kernel panic - not syncing: TASK stack guard hit'
	done
	if [ "$flavour" = pc-amd64 ]; then
		stops df 1 'double fault: 0000 \[#1\] SMP' "${ip}df" 'R?SP: .*8000000000000008'
	else
		stops df 1 "${null}3c" "$write" "${ip}df"
	fi
}

users() {
	stops smep 0 "$fetch" "${ip}(0x)?0*40000000" '40000000 is a user address'
	stops smap 1 "$read" '40000000 is a user address' "${ip}peek"
}

exceptions() {
	if [ "$flavour" = pc-amd64 ]; then
		stops gp 0 'general protection fault: 0000 \[#1\] SMP' 'RDI: 6b6b6b6b6b6b6b6b' "${ip}peek"
	else
		stops gp 0 'general protection fault: fff0' "${ip}gp"
	fi
	stops ud 1 'invalid opcode: 0000 \[#1\] SMP' "${ip}ud"
	stops divide 0 'divide error: 0000 \[#1\] SMP' "${ip}divide"
}

cpus() {
	boot_pc 200 "-m $memory -smp 3" "" "protect cpus"
	case $format in
	amd64)	bits='WP NX PSE PAE PGE( UMIP)?( PCID)? SMEP SMAP' ;;
	la57)	bits='WP NX PSE PAE PGE( UMIP)? LA57( PCID)? SMEP SMAP' ;;
	pae)	bits='WP NX PSE PAE PGE( UMIP)? SMEP SMAP' ;;
	ia32)	bits='WP PSE PGE( UMIP)? SMEP SMAP' ;;
	esac
	check "protections are on, on every CPU" "^CPU 0: $bits$" "^CPU 1: $bits$" "^CPU 2: $bits$"
}

protect_on() {
	for f in ${FORMATS:-"$@"}; do
		on "$f"
		need "$flavour/bzImage-tests"
		memory=128
		[ $flavour = pc-ia32 ] && memory=1024
		cpus
		image
		data
		pointers
		memory_of_all_kinds
		high
		stacks
		users
		exceptions
	done
	finish
}
