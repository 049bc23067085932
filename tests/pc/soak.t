#!/bin/sh
# SPDX-License-Identifier: MIT
# All allocators at once on 8 CPUs of the booted machine (tests/pc/soak.c): some seconds on each
# format, and under each slab allocator; KMM_SOAK (make soak): 10 minutes on the 64-bit machine with
# 4 nodes and on PAE with real high memory, a minute on the others.
. tests/pc/boot.sh
need pc-amd64/bzImage-tests pc-ia32/bzImage-tests

nodes() {	# COUNT MIB: so many nodes with two CPUs and as much memory each
	options="-smp $(($1 * 2)) -m $(($1 * $2))"
	i=0
	while [ $i -lt "$1" ]; do
		options="$options -object memory-backend-ram,id=m$i,size=$2M"
		options="$options -numa node,nodeid=$i,memdev=m$i,cpus=$((i * 2))-$((i * 2 + 1))"
		i=$((i + 1))
	done
}

# soak SECONDS "QEMU OPTIONS" [PARAMETERS]: the checks of the machine's own TAP are the test's
soak() {
	boot_pc $((100 + $1 * 3 / 2)) "$2" "${3-}" "soak $1 ${SEED:-1}"
	sed -n 's/^ok [0-9]* - /# /; s/^not ok [0-9]* - /# FAILED: /; /^#/p' "$dir/log"
	check "8 CPUs, $1 seconds: $2 ${3-}" '^1\.\.[0-9]+' 'on 8 CPUs' '!^not ok' '!^# damaged' '!BUG'
	status "it comes to its end" 0
}

case ${KMM_SOAK:-} in
'')	long=3 short=3 ;;
1)	long=600 short=60 ;;
*)	long=$KMM_SOAK short=$KMM_SOAK ;;
esac
nodes 4 256
for f in ${FORMATS:-amd64 la57 pae ia32}; do
	on "$f"
	case $f in
	amd64)	soak $short "-smp 8 -m 512"
		soak $short "-smp 8 -m 512" slab=slab ;;
	la57)	soak $long "$options" ;;
	pae)	soak $long "-smp 8 -m 8192" ;;
	ia32)	soak $short "-smp 8 -m 3072"
		soak $short "-smp 8 -m 512" slab=slob ;;
	esac
done
finish
