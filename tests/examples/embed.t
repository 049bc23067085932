#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples run, with the C library, without it, and with renamed symbols, and give back every page.
echo 1..10
n=0
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }

for e in embed embed-free renamed; do
	out=$("$B/examples/$e" 2>&1)
	ok $? "$e ends well"
	echo "$out" | sed 's/^/# /'
	# "free: A of B pages" before, "free: C pages" while held, "free: D pages" after.
	set -- $(echo "$out" | sed -n 's/.*free: \([0-9]*\) .*/\1/p')
	[ $# = 3 ] && [ "${2:-0}" -lt "${1:-0}" ]
	ok $? "$e: pages are taken"
	[ "${1:-a}" -ge "${3:-b}" ] && [ "$3" -gt "$2" ]
	ok $? "$e: and come back"
done
[ "$(wc -l < examples/embed/embed.c)" -lt 150 ]
ok $? "embed.c has less than 150 lines"
