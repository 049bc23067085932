#!/bin/sh
# SPDX-License-Identifier: MIT
# The checks themselves: each finds what it is there to find, in samples made for it.
echo 1..7
n=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
root=$PWD

# finds NAME COMMAND... : the command must fail.
finds() {
	n=$((n + 1))
	name=$1
	shift
	if out=$(cd "$dir" && "$@" 2>&1); then echo "not ok $n - $name"; else echo "ok $n - $name"; fi
	echo "$out" | sed 's/^/# /'
}

mkdir -p "$dir/lib" "$dir/mm/page" "$dir/platform/host"
echo '#include "../mm/page/x.h"' > "$dir/lib/up.c"
: > "$dir/mm/page/x.h"
finds "lib including mm" "$root/scripts/check-includes" lib/up.c
echo '#include <stdio.h>' > "$dir/mm/page/libc.c"
finds "mm including libc" "$root/scripts/check-includes" mm/page/libc.c
echo '#include "mm/page/x.h"' > "$dir/platform/host/private.c"
finds "platform including mm's private headers" "$root/scripts/check-includes" platform/host/private.c

{ echo 'static int f(const char *s) /* { */'; echo '{'; yes 'char c = 0x7b, *t = "}{";' | head -n 80; echo '}'; } > "$dir/long.c"
finds "a function of 83 lines" "$root/scripts/check-functions" long.c

echo 'int here; static int there = 1; int *f(void); int *f(void) { here++; return &there; }' > "$dir/state.c"
(cd "$dir" && ${CC:-gcc} -c state.c -o state.o && ar rc state.a state.o)
finds "hidden state" "$root/scripts/check-state" state.a
echo 'void *malloc(unsigned long); void *g(void); void *g(void) { return malloc(3); }' > "$dir/libc.c"
(cd "$dir" && ${CC:-gcc} -ffreestanding -c libc.c -o libc.o && ar rc libc.a libc.o)
mkdir -p "$dir/include/kmm"
cp include/kmm/platform.h "$dir/include/kmm/"
finds "a call of the C library" "$root/scripts/check-freestanding" libc.a
finds "a symbol that cannot be renamed" "$root/scripts/check-symbols" libc.a libc.a
