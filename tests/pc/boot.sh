# SPDX-License-Identifier: MIT
# boot.sh - for tests that start the booted machine in QEMU and read what it says. Prints TAP.
#
#	need IMAGE...			skip the whole test unless these images and QEMU are there
#	on FORMAT			amd64 (4 levels), la57 (5), pae, ia32 (2): for all that follows
#	boot_pc SECONDS "QEMU OPTIONS" "PARAMETERS" "WORDS"	one run of $image; $dir/log is all
#					it said, $rc the machine's exit status (124: too long)
#	check NAME PATTERN...		one check: extended regular expressions, all of which must be
#					found in the log; "!PATTERN": must not
#	status NAME WANT		one check of $rc
#	finish				at the end
B=${B:-build}
LC_ALL=C
export LC_ALL
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0
image=bzImage-tests

need() {
	for q in qemu-system-x86_64 qemu-system-i386; do
		command -v $q >/dev/null 2>&1 || { echo "1..0 # SKIP no $q"; exit 0; }
	done
	for i in "$@"; do
		[ -f "$B/$i" ] || { echo "1..0 # SKIP $B/$i is not built"; exit 0; }
	done
}

on() {
	format=$1 qemu=qemu-system-x86_64 flavour=pc-amd64 cpu=max paging=
	case $1 in
	amd64)	cpu=max,-la57 ;;
	la57)	;;
	pae)	qemu=qemu-system-i386 flavour=pc-ia32 ;;
	ia32)	qemu=qemu-system-i386 flavour=pc-ia32 paging=nopae ;;
	esac
}

boot_pc() {
	# shellcheck disable=SC2086
	timeout "$1" $qemu -machine pc -accel tcg -cpu $cpu $2 -nodefaults -nic none -display none \
		-monitor none -serial "file:$dir/raw" -no-reboot \
		-device isa-debug-exit,iobase=0xf4,iosize=4 \
		-kernel "$B/$flavour/$image" -append "console=ttyS0 $paging $3 -- $4" \
		</dev/null >"$dir/qemu" 2>&1
	rc=$?
	[ $rc = 124 ] || rc=$((rc / 2))
	tr -d '\r' <"$dir/raw" >"$dir/log"
}

report() {	# NAME, judged by $verdict
	n=$((n + 1))
	if [ -z "$verdict" ]; then
		echo "ok $n - $format: $1"
		return
	fi
	echo "not ok $n - $format: $1"
	echo "# $verdict"
	tail -n 25 "$dir/log" | sed 's/^/# /'
	head -n 3 "$dir/qemu" | sed 's/^/# qemu: /'
	bad=1
}

check() {
	name=$1
	shift
	verdict=
	for p in "$@"; do
		case $p in
		!*)	grep -Eq -e "${p#!}" "$dir/log" && verdict="it says: ${p#!}" ;;
		*)	grep -Eq -e "$p" "$dir/log" || verdict="it does not say: $p" ;;
		esac
		[ -z "$verdict" ] || break
	done
	report "$name"
}

status() {
	verdict=
	[ "$rc" = "$2" ] || verdict="status $rc, not $2"
	report "$1"
}

finish() {
	echo "1..$n"
	exit $bad
}
