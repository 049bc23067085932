#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/options.md lists the boot parameters the core knows: all of them, and no other.
n=0
bad=0
has() {	# NAME LIST WHAT
	n=$((n + 1))
	if echo "$2" | grep -qx -e "$1"; then
		echo "ok $n - $1 $3"
	else
		echo "not ok $n - $1 $3"
		bad=1
	fi
}
known=$(sed -n 's/^	{ "\([a-z_.]*\)", [a-z_]* },$/\1/p' $(grep -l '^const struct kernel_param ' mm/*/*.c))
told=$(sed -n 's/^| `\([a-z_.]*\)[^`]*`.*/\1/p' docs/options.md | sort -u)
[ "$known" ] || { echo "1..1"; echo "not ok 1 - the tables are found"; exit 1; }
for o in $known; do
	has "$o" "$told" "is documented"
done
for o in $told; do
	has "$o" "$known" "is a parameter"
done
echo "1..$n"
exit $bad
