#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/options.md lists the boot parameters that the core and a PC know: all of them, and no other.
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
# A PC's own words; BOOT_IMAGE is the loader's.
pc=$(sed -n '/^static bool is_platform_word/,/^}/p' platform/pc/machine.c |
	grep -o '"[A-Za-z_0-9]*"' | tr -d '"' | grep -v BOOT_IMAGE)
told=$(sed -n 's/^| `\([A-Za-z_.0-9]*\)[^`]*`.*/\1/p' docs/options.md | sort -u)
[ "$known" ] && [ "$pc" ] || { echo "1..1"; echo "not ok 1 - the tables are found"; exit 1; }
known="$known
$pc"
for o in $known; do
	has "$o" "$told" "is documented"
done
for o in $told; do
	has "$o" "$known" "is a parameter"
done
echo "1..$n"
exit $bad
