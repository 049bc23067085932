#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line: help, version, and what is said of a wrong one.
. tests/tools/cli.sh

version=$(sed -n 's/.*KMM_VERSION "\(.*\)".*/\1/p' include/kmm/kmm.h)
t "--version" 0 "^kmm $version\$" "$KMM" --version
t "-V" 0 "^kmm $version\$" "$KMM" -V
t "--help lists boot" 0 '^  boot +[a-z]' "$KMM" --help
t "help is help too" 0 '^  boot +[a-z]' "$KMM" help
t "no command: the usage" 2 '^usage: kmm COMMAND' "$KMM"
for c in $("$KMM" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	t "kmm $c --help" 0 "^usage: kmm $c" "$KMM" "$c" --help
	wrong "kmm $c --nosuch" 2 "$KMM" "$c" --nosuch
done
t "boot -h" 0 '^usage: kmm boot' "$KMM" boot -h
wrong "an unknown command" 2 "$KMM" bot
wrong "an option for a command" 2 "$KMM" --frob

boot() { wrong "boot $*" 2 "$KMM" boot "$@"; }
boot --nosuch
boot -x
boot --mem
boot --mem 4Q
boot --mem 0
boot --mem -4G
boot --mem 99999999999999999999
boot --mem 16000000T
boot --mem 4Gx
boot --mem 1234567
boot --mem 17T
boot --mem 16T
boot --mem 8M
boot --mem 64M --nodes 64
boot --nodes 0
boot --nodes 65
boot --nodes two
boot --nodes 1.5
boot --cpus 0
boot --cpus 65
boot --cpus ''
boot --seed x
boot --threads=yes
boot --kernel 2G
boot --kernel x
boot --arch sparc
boot -c
boot -c mem --script x
boot mem=600M
boot --quiet extra
boot --e820 map --mem 4G
boot --e820 map --nodes 2
boot --numa-distance '10,20;20' --nodes 2
boot --numa-distance '10,20' --nodes 2
boot --numa-distance '10,20;20,300' --nodes 2
boot --numa-distance 'ten' --nodes 2
boot --numa-distance '' --nodes 2
boot --numa-distance '10 20;20 10' --nodes 4
long=$(printf 'x%.0s' $(seq 2100))
boot --cmdline "$long"
boot -- "$long"
boot -- 'a="b c' mem=512M
boot --cmdline 'a="b'
t "a quote closed in another word" 0 '^a="b c"$' "$KMM" boot --quiet -c 'cat /proc/cmdline' -- 'a="b' 'c"'
wrong "slabtop: a quote that is not closed" 2 "$KMM" slabtop -o --cmdline 'a="b'
wrong "boot --script of a directory" 1 "$KMM" boot --quiet --script /
wrong "boot --e820 of nothing" 1 "$KMM" boot --e820 "$dir/none"
wrong "boot --script of nothing" 1 "$KMM" boot --quiet --script "$dir/none"
t "an abbreviated option" 0 machine "$KMM" boot --qui --me 64M -c mem
t "an ambiguous one" 2 'ambiguous' "$KMM" boot --c mem
t "a full disk is noticed" 1 'cannot write' sh -c '"$0" boot --mem 64M -c dmesg >/dev/full' "$KMM"

t "a zero in front is no octal" 0 '^machine +99' "$KMM" boot --quiet --mem 0100M -c mem
t "nor on the console" 0 'order 10 ' "$KMM" boot --quiet -c 'alloc 010'
t "hexadecimal" 0 'order 10 ' "$KMM" boot --quiet --mem 0x40M -c 'alloc 0xa'
t "the largest machine boots" 0 machine "$KMM" boot --quiet --mem 16382G -c mem
wrong "slabtop: a machine that does not boot" 1 "$KMM" slabtop -o -- mem=1
t "a machine that does not boot: why" 1 '^kmm boot: this machine does not boot: .*[a-z]' \
	"$KMM" boot --quiet -- memmap=exactmap
for c in replay run slabtop; do
	t "$c -h" 0 "^usage: kmm $c" "$KMM" "$c" -h
done
for closed in '>&-' '>/dev/full'; do
	for c in --version help 'boot -c mem' 'boot --quiet -c "list; mem"' 'replay data/boot/trace.kmt.zst' \
		'replay --json - data/boot/trace.kmt.zst' 'slabtop -o --limit 100'; do
		wrong "$c $closed" 1 sh -c "\"\$0\" $c $closed" "$KMM"
	done
done
t "commands from a standard input that is closed" 1 '^stdin: Bad file' sh -c '"$0" boot --quiet <&-' "$KMM"
t "complaints to nowhere" 1 '' sh -c '"$0" boot --quiet -c "alloc x; fill 90; check" 2>&-' "$KMM"
t "a reader that ends early" 0 '' sh -c '"$0" boot | true' "$KMM"
t "a home that cannot be written" 0 machine env HOME=/proc "$KMM" boot --quiet -c mem

# The manual: well formed, and nothing left out.
page=man/kmm.1
if command -v mandoc >/dev/null; then
	mandoc -T lint $page 2>/dev/null | grep -v 'referenced manual not found' >"$dir/lint"
	t "mandoc finds nothing" 1 '' grep . "$dir/lint"
fi
run groff -mandoc -Tutf8 -ww -z $page
verdict=
[ $rc = 0 ] && [ ! -s "$dir/err" ] || verdict="groff complains"
command -v groff >/dev/null || verdict=
report "groff finds nothing"
for c in $("$KMM" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	for o in $("$KMM" "$c" --help | grep -o -- '--[a-z][a-z0-9-]*' | sort -u); do
		[ "$o" = --help ] && continue
		word=$(echo "$o" | sed 's/^--//')
		t "the manual has $c $o" 0 . grep -E -e "^\.(It|Op|Xo).* Fl Fl $word( |\$)" $page
	done
done
for c in $("$KMM" boot --quiet --mem 64M -c help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	t "the manual has the console's $c" 0 . grep -E "^\.It (Ic|Xo Ic) $c( |\$)" $page
done
finish
