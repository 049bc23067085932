# SPDX-License-Identifier: MIT
# cli.sh - for tests of the command: run it, look at its status and what it says.
#
#	t NAME STATUS PATTERN COMMAND...	status and an extended regular expression (of all
#						it prints, with newlines as they are)
#	wrong NAME STATUS COMMAND...		it says one line, "kmm ...: ...", nothing else
#	console NAME STATUS PATTERN COMMANDS	the same as t, of a script on a small machine whose
#						addresses are not at random
#	typed COMMAND [PATTERN KEYS]...		runs it on a terminal (for t, say): waits until it writes
#						PATTERN, types KEYS, waits for the next; prints what was
#						seen. How fast the machine is does not matter
#	finish					at the end
KMM=${KMM:-build/release/kmm}
LC_ALL=C
export LC_ALL
case $KMM in
/*)	;;
*)	KMM=$PWD/$KMM ;;
esac
[ -x "$KMM" ] || { echo "1..0 # SKIP $KMM is not built"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

report() {	# NAME: of the last run, judged by $verdict
	n=$((n + 1))
	if [ -z "$verdict" ]; then
		echo "ok $n - $1"
		return
	fi
	echo "not ok $n - $1"
	echo "# $verdict" | sed '2,$s/^/# /'
	head -n 12 "$dir/out" "$dir/err" 2>/dev/null | sed 's/^/# /'
	bad=1
}
run() {
	"$@" >"$dir/out" 2>"$dir/err"
	rc=$?
}
t() {
	name=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	verdict=
	[ $rc = "$want" ] || verdict="status $rc, not $want"
	if [ -z "$verdict" ] && [ "$pattern" ] && ! cat "$dir/out" "$dir/err" | grep -Eq -e "$pattern"; then
		verdict="nothing matches: $pattern"
	fi
	report "$name"
}
wrong() {
	name=$1 want=$2
	shift 2
	run "$@"
	verdict=
	[ $rc = "$want" ] || verdict="status $rc, not $want"
	[ -s "$dir/out" ] && verdict="it prints to standard output"
	[ "$(wc -l <"$dir/err")" = 1 ] || verdict="not one line"
	grep -q '^kmm.*: ' "$dir/err" || verdict="it does not say who complains"
	report "$name"
}
console() {
	name=$1 want=$2 pattern=$3
	printf '%s\n' "$4" >"$dir/script"
	t "$name" "$want" "$pattern" "$KMM" boot --quiet --mem "${MEM:-256M}" --script "$dir/script" \
		-- nokaslr
}
have_terminal() {	# there is none in a bare chroot, in some containers
	script -qec true /dev/null >/dev/null 2>&1
}
typed() {
	command=$1
	shift
	: >"$dir/typescript"
	(from=1
	while [ $# -gt 0 ]; do
		await "$1"
		printf "$2"
		shift 2
	done
	await '^Script done') | SHELL=/bin/sh timeout 200 script -qefc "$command" "$dir/typescript" >/dev/null
	status=$?
	tr -d '\r' <"$dir/typescript"
	return $status
}
await() {	# PATTERN: in what was written since the last; for two minutes
	i=0
	while [ $((i += 1)) -lt 1200 ] && ! tail -c "+$from" "$dir/typescript" | grep -Eq -e "$1"; do
		sleep 0.1
	done
	from=$(($(wc -c <"$dir/typescript") + 1))
}
finish() {
	echo "1..$n"
	exit $bad
}
