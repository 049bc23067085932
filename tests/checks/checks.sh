# SPDX-License-Identifier: MIT
# checks.sh - for tests that are one command: check NAME COMMAND... prints TAP.
check() {
	name=$1
	shift
	echo 1..1
	if out=$("$@" 2>&1); then
		echo "ok 1 - $name"
	else
		echo "not ok 1 - $name"
	fi
	[ -n "$out" ] && echo "$out" | sed 's/^/# /'
	exit 0
}
