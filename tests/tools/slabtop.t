#!/bin/sh
# SPDX-License-Identifier: MIT
# kmm slabtop: the table once, its options, and the live one on a pseudo-terminal.
. tests/tools/cli.sh

top() { "$KMM" slabtop --mem 256M "$@"; }
# column N: the figures of one column of a table, a line each
column() { sed '1,7d' "$dir/table" | awk "{ print \$$1 }"; }

# ---- once ----
t "once" 0 '^ Active / Total Objects \(% used\)    : [0-9]+ / [0-9]+ \([0-9.]+%\)$' top -o
t "the heading" 0 '^  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME' top --once
t "a cache" 0 '^ *[0-9]+ +[0-9]+ +[0-9]+% +0\.19K +[0-9]+ +21 +[0-9]+K dentry +$' top -o
t "the same each time" 0 '' sh -c "'$KMM' slabtop -o --mem 256M >'$dir/1'; '$KMM' slabtop -o --mem 256M | cmp - '$dir/1'"
t "another seed, another walk" 1 '' sh -c "'$KMM' slabtop -o --mem 256M --seed 5 | cmp -s - '$dir/1'"
t "a short walk" 0 ' dentry ' top -o --limit 2000
t "two nodes and CPUs" 0 ' dentry ' top -o --nodes 2 --cpus 4
t "with threads" 0 ' dentry ' top -o --cpus 2 --threads --limit 50000
t "boot parameters" 0 ' dentry ' top -o --limit 50000 -- mem=100M slab_nomerge
t "a small machine" 0 ' dentry ' "$KMM" slabtop -o --mem 16M
for s in slab slob; do
	t "$s" 0 ' kmalloc-64 ' top -o --limit 100000 -- slab=$s
done

# Each letter sorts its column, downwards but for the name.
sorted() {	# letter column sort's options
	top -o -s "$1" >"$dir/table"
	column "$2" | sed 's/[K%]$//' >"$dir/got"
	t "sorted by $1" 0 '' sort -c $3 "$dir/got"
}
sorted o 1 -nr
sorted a 2 -nr
sorted u 3 -nr
sorted s 4 -nr
sorted l 5 -nr
sorted v 5 -nr
sorted b 6 -nr
sorted c 7 -nr
sorted n 8
t "sorted by p" 0 ' kmalloc-8k ' top -o --sort p

# ---- traces ----
t "a trace" 0 ' kmalloc-32 ' "$KMM" slabtop -o data/numa/trace.kmt.zst --limit 300000
t "options behind a trace" 0 ' kmalloc-64 ' "$KMM" slabtop data/numa/trace.kmt.zst -o --limit 20000 -- quiet
wrong "a trace that is none" 1 "$KMM" slabtop -o README.md
wrong "a trace that is not there" 1 "$KMM" slabtop -o /nosuch
wrong "two traces" 2 "$KMM" slabtop -o a b
wrong "a trace on threads" 2 "$KMM" slabtop -o --threads data/numa/trace.kmt.zst

# ---- wrong ----
t "--help" 0 '^usage: kmm slabtop' "$KMM" slabtop --help
wrong "an unknown option" 2 "$KMM" slabtop -x
wrong "an unknown letter" 2 "$KMM" slabtop -o -s z
wrong "two letters" 2 "$KMM" slabtop -o -s co
wrong "no delay" 2 "$KMM" slabtop -d 0
wrong "a delay of a word" 2 "$KMM" slabtop -d x
wrong "no speed" 2 "$KMM" slabtop --speed 0
wrong "no events" 2 "$KMM" slabtop --limit 0
wrong "an option without its value" 2 "$KMM" slabtop -s
wrong "no such machine" 2 "$KMM" slabtop -o --mem 1M
wrong "a machine that does not boot" 1 "$KMM" slabtop -o --mem 256M -- memmap=exactmap
wrong "no terminal" 1 sh -c "'$KMM' slabtop </dev/null"

# ---- live ----
live() {	# NAME PATTERN KEY OPTION...: KEY typed at the table (if one is given) makes PATTERN be seen
	name=$1 pattern=$2 key=$3
	shift 3
	t "$name" 0 "$pattern" typed "stty rows 24 cols 100; $KMM slabtop --mem 256M -d 0.1 $*" \
		${key:+'by [a-z]' "$key"} "$pattern" q
}
export TERM=xterm
if have_terminal && ldd "$KMM" 2>/dev/null | grep -q ncurses; then
	live "live" 'random walk [0-9.]+ s x1  by objects' ''
	live "its table" 'OBJS ACTIVE  USE OBJ SIZE' ''
	live "keys sort" 'by cache size' c
	live "keys change speed" 'x2  by' +
	live "and back" 'x0.5  by' -
	live "space pauses" '\(paused\) x1' '\040'
	live "the letter of -s" 'by name' '' -s n
	live "--speed" 'x8  by' '' --speed 8
	live "a walk that ends stays" '\(the end\)' a --limit 4000
	live "a trace, live" 'numa/trace.kmt.zst ' '' --limit 20000 data/numa/trace.kmt.zst
else
	echo "# no pseudo-terminal or no ncurses: the live table is not looked at"
fi
finish
