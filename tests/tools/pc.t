#!/bin/sh
# SPDX-License-Identifier: MIT
# --machine pc: how QEMU is asked (a script plays it here), what the program is handed, all that can
# go wrong before and after. What the booted program then does, tests/pc/ and pc_boot.t try.
. tests/tools/cli.sh

# ---- a QEMU that writes down what it was asked ----
mkdir "$dir/release" "$dir/pc-amd64" "$dir/pc-ia32" "$dir/path"
cp "$KMM" "$dir/release/kmm"
KMM=$dir/release/kmm
: >"$dir/pc-amd64/bzImage"
: >"$dir/pc-ia32/bzImage"
cat >"$dir/qemu" <<'END'
#!/bin/sh
# Asked for by FAKE: status, the machine's last word (none: not one), what to say on standard error,
# whether to read the console, whether to write more than a pipe holds and be deaf meanwhile.
[ -z "$FAKE_MUCH" ] || trap "" TERM
here=$(dirname "$(realpath "$0")")
before=
: >"$here/words"
for word; do
	case $before in
	-initrd) cat "$word" >"$here/initrd" ;;
	-chardev) case $word in
		file,id=word,*)	[ "$FAKE_WORD" = none ] ||
			printf "\\$(printf %03o "${FAKE_WORD:-0}")" >"${word##*path=}" ;;
		file,id=errors,*) echo "by the second port" >"${word##*path=}" ;;
		file,*)	echo "by the first port" >"${word##*path=}" ;;
		*)	echo "by the first port" ;;
		esac
		[ -z "$FAKE_MUCH" ] || head -c 300000 /dev/zero >"${word##*path=}" ;;
	esac
	echo "$word" >>"$here/words"
	before=$word
done
[ -z "$FAKE_SAYS" ] || echo "$FAKE_SAYS" >&2
[ -z "$FAKE_READS" ] || cat
[ -z "$FAKE_SIGNAL" ] || kill -s "$FAKE_SIGNAL" $$
exit "${FAKE_STATUS:-1}"
END
chmod +x "$dir/qemu"
ln -s ../qemu "$dir/path/qemu-system-x86_64"
ln -s ../qemu "$dir/path/qemu-system-i386"
KMM_QEMU=$dir/qemu
export KMM_QEMU

asks() {	# NAME PATTERN OPTION...: among QEMU's words, joined by blanks
	name=$1 pattern=$2
	shift 2
	run "$KMM" boot --machine pc "$@" </dev/null
	tr '\n' ' ' <"$dir/words" >"$dir/line"
	verdict=
	[ $rc = 0 ] || verdict="status $rc"
	grep -Eq -e "$pattern" "$dir/line" || verdict="nothing matches: $pattern: $(cat "$dir/line")"
	report "$name"
}
# The archive's files, each as "NAME SIZE", and its words, one a line.
members() {
	perl -e 'local $/; $_ = <STDIN>; while (/\G070701(.{104})/gs) { my @n = map hex, $1 =~ /(.{8})/g;
		my $name = substr($_, pos, $n[11] - 1); last if $name eq "TRAILER!!!";
		my $at = pos() + $n[11]; $at += -$at & 3; my $content = substr($_, $at, $n[6]);
		print $name eq ".words" ? map("word $_\n", split /\0/, $content) : "$name $n[6]\n";
		pos() = ($at + $n[6]) + (-($at + $n[6]) & 3) }' <"$dir/initrd"
}
hands() {	# NAME PATTERN: among the members, joined by blanks
	verdict=
	members | tr '\n' ' ' >"$dir/line"
	grep -Eq -e "$2" "$dir/line" || verdict="nothing matches: $2: $(cat "$dir/line")"
	report "$1"
}

# ---- QEMU's options ----
asks "memory by default" ' -m 4096M ' -c mem
asks "memory is the host's only when touched" ' memory-backend-ram,id=ram0,size=512M,reserve=off ' --mem 512M -c mem
asks "nodes: memory" 'id=ram0,size=341M,.*id=ram1,size=341M,.*id=ram2,size=342M,' --mem 1G --nodes 3 -c mem
asks "nodes: CPUs dealt to them" 'nodeid=0,memdev=ram0,cpus=0-1 .*nodeid=1,memdev=ram1,cpus=2-2 ' --nodes 2 --cpus 3 -c mem
asks "more nodes than CPUs" '-smp 1 .*memdev=ram0,cpus=0-0 .*memdev=ram1 ' --nodes 2 --cpus 1 -c mem
asks "a CPU a node" ' -smp 4 ' --nodes 4 -c mem
asks "distances" 'dist,src=0,dst=1,val=42 -numa dist,src=1,dst=0,val=17 ' \
	--nodes 2 --numa-distance '10,42;17,10' -c mem
asks "distances of more nodes than there are" 'src=0,dst=1,val=21 -numa dist,src=1,dst=0,val=23 ' \
	--nodes 2 --numa-distance '10,21,22;23,10,24;25,26,10' -c mem
asks "amd64" ' -cpu [a-z]+,la57=off .*/pc-amd64/bzImage ' -c mem
asks "amd64-la57" ' -cpu [a-z]+,la57=on .*/pc-amd64/bzImage ' --arch amd64-la57 -c mem
asks "ia32: no PAE" ' -cpu [a-z]+,pae=off,.*/pc-ia32/bzImage ' --arch ia32 -c mem
asks "ia32-pae" ' -cpu [a-z]+ .*/pc-ia32/bzImage ' --arch ia32-pae -c mem
asks "boot parameters: --cmdline and --" ' -append console=ttyS0 stderr=ttyS1 heap=4160K mem=1G nokaslr ' \
	--cmdline mem=1G -c mem -- nokaslr
asks "--quiet" ' -append console=ttyS0 stderr=ttyS1 quiet heap=4160K ' --quiet -c mem
asks "--gdb: waits, and at known addresses" ' -gdb tcp:127.0.0.1:1234 -S .*-append .* nokaslr' --gdb -c mem
t "--gdb says how" 0 'gdb .*/pc-amd64/kmm.elf -ex .target remote 127.0.0.1:1234' "$KMM" boot --machine pc --gdb -c mem
hint=$(sed -n 's|^waiting for: gdb .*/\(pc-amd64/.*\)|\1|p' "$dir/err")
t "docs/boot.md says the same" 0 '' grep -F -e "${hint:-no hint}" docs/boot.md
asks "nothing but what is asked for" ' -nodefaults -no-user-config -no-reboot -display none -device isa-debug-exit,' -c mem
asks "a small machine's program has a small heap" ' heap=1088K ' --mem 32M -c mem
unset KMM_QEMU
PATH=$dir/path:$PATH
asks "QEMU is found in PATH" ' -cpu max,la57=off ' -c mem
asks "the other QEMU, too" ' -cpu max ' --arch ia32-pae -c mem
KMM_QEMU=$dir/qemu

# ---- what the program is handed ----
run "$KMM" boot --machine pc --mem 1G -c 'mem; echo "a  b"' -c list -- nokaslr
hands "its words, without the PC's" '^word kmm word boot word --cmdline word nokaslr word -c word mem; echo "a  b" list $'
echo mem >"$dir/script"
run "$KMM" boot --machine pc --quiet --script "$dir/script"
hands "a script" "^$dir/script 4 word kmm word boot word --quiet word --script word $dir/script \$"
echo mem | "$KMM" boot --machine pc >/dev/null 2>&1
hands "standard input" '^- 4 word kmm word boot $'
run "$KMM" replay --level both --machine pc data/numa/trace.kmt.zst
hands "a replay's words" 'word kmm word replay word --level word both word data/numa/trace.kmt.zst $'
hands "a trace, decompressed" '^data/numa/trace.kmt.zst 18442246 '
hands "what lies beside it" ' data/numa/before/zoneinfo [0-9]+ .* data/numa/free.before.xz [0-9]+ .*data/numa/kpageflags.before.rle.xz '
tr '\n' ' ' <"$dir/words" >"$dir/line"
verdict=
grep -Eq -e ' quiet image=apart heap=[0-9]+K ' "$dir/line" || verdict=$(cat "$dir/line")
report "a replay's parameters"
verdict=
mem=$(sed -n '/^-m$/{n;s/M$//p;}' "$dir/words") heap=$(sed -n 's/.* heap=\([0-9]*\)K.*/\1/p' "$dir/words")
[ "${mem:-0}" -gt $((1280 + ${heap:-0} / 1024 + 17)) ] || verdict="$mem MiB, heap $heap KiB"
report "a replay's PC has room for the recorded machine, the heap and the files"
run "$KMM" replay --machine=pc --compare "--initial tests/data/trace/buddyinfo" "" data/numa/trace.kmt.zst
hands "both sides' files" ' tests/data/trace/buddyinfo 300 .*word --compare word --initial tests/data/trace/buddyinfo word +word data'
run "$KMM" replay --machine pc --mem 64M - <tests/data/trace/fork.kmt.zst
hands "a trace on standard input" '^- [0-9]{5,} word kmm word replay word --mem word 64M word - $'
run "$KMM" replay --machine pc --mem 256M --machine data/machines/q35-4g-2node.txt tests/data/trace/fork.kmt.zst
verdict=
[ $rc = 1 ] || verdict="status $rc"
report "the rules of hosted replays hold"

# ---- what comes back ----
for closed in '>&-' '>/dev/full'; do
	t "a standard output that takes nothing: $closed" 1 'kmm boot: cannot write to standard output: ' \
		sh -c "FAKE_MUCH=1 timeout 180 \"\$0\" boot --machine pc -c x $closed" "$KMM"
done
t "the first port is standard output" 0 '' sh -c '"$0" boot --machine pc -c x 2>/dev/null | grep -q "by the first"' "$KMM"
t "the second is standard error" 0 '' sh -c '"$0" boot --machine pc -c x 2>&1 >/dev/null | grep -q "by the second"' "$KMM"
"$KMM" boot --machine pc -c x >"$dir/out" 2>&1
verdict=$(grep second "$dir/out")
report "one place for both: one port, so that the order is kept"
"$KMM" boot --machine pc -c x <"$dir/script" >"$dir/out" 2>"$dir/err"
FAKE_READS=1 "$KMM" boot --machine pc -c x <"$dir/script" >"$dir/out" 2>"$dir/err"
verdict=$(grep mem "$dir/out")
report "with -c standard input is left alone"
for word in 0 1 2 70 127 128 255; do
	FAKE_WORD=$word
	export FAKE_WORD
	t "the machine's last word is the status: $word" $word 'first port' "$KMM" boot --machine pc -c x
done
FAKE_SAYS='qemu: warning: no such thing, never mind'
FAKE_WORD=0
export FAKE_SAYS FAKE_STATUS
t "a warning is none of ours" 0 '' sh -c '! "$0" boot --machine pc -c x 2>&1 | grep warning' "$KMM"
FAKE_SAYS='qemu: cannot set up guest memory'
FAKE_WORD=none
t "QEMU cannot start: it says why" 1 '^kmm boot: qemu: cannot set up guest memory' "$KMM" boot --machine pc -c x
FAKE_SAYS=
for command in 'boot -c x' 'replay --mem 256M tests/data/trace/fork.kmt.zst'; do
	# shellcheck disable=SC2086
	t "QEMU fails without a word of its own or the machine's: kmm ${command%% *}" 1 \
		"^kmm ${command%% *}: .* ended with status 1 before" "$KMM" ${command%% *} --machine pc ${command#* }
done
FAKE_STATUS=0
t "the machine was reset" 1 'kmm boot: the PC ended without a status' "$KMM" boot --machine pc -c x
FAKE_SIGNAL=KILL
export FAKE_SIGNAL
t "QEMU was killed" 1 'kmm boot: .*signal 9' "$KMM" boot --machine pc -c x
unset FAKE_SIGNAL FAKE_STATUS FAKE_SAYS FAKE_WORD

# ---- wrong: one line, and no QEMU ----
cat >"$dir/qemu" <<'END'
#!/bin/sh
echo "QEMU was started"
END
wrong "--machine of another kind" 2 "$KMM" boot --machine mac
wrong "--gdb without a PC" 2 "$KMM" boot --gdb
wrong "a map" 2 "$KMM" boot --machine pc --e820 tests/data/e820/qemu/q35-4g-2node.txt
wrong "a kernel image's size" 2 "$KMM" boot --machine pc --kernel 8M
wrong "a seed" 2 "$KMM" boot --machine pc --seed 7
wrong "no such architecture" 2 "$KMM" boot --machine pc --arch m68k
wrong "parts of MiB" 2 "$KMM" boot --machine pc --mem 17000K -c x
wrong "too little" 2 "$KMM" boot --machine pc --mem 5M -c x
wrong "too little for the nodes" 2 "$KMM" boot --machine pc --mem 64M --nodes 8 -c x
wrong "more than the addresses" 2 "$KMM" boot --machine pc --arch ia32 --mem 8G -c x
wrong "more than any PC" 2 "$KMM" boot --machine pc --mem 8T -c x
wrong "distances of fewer nodes" 2 "$KMM" boot --machine pc --nodes 3 --numa-distance '10,20;20,10' -c x
wrong "too many boot parameters" 2 "$KMM" boot --machine pc --cmdline "$(printf '%2040s' x)" -c x
wrong "no such script" 1 "$KMM" boot --machine pc --script "$dir/none"
wrong "a script that is a directory" 1 "$KMM" boot --machine pc --script "$dir"
wrong "no such trace" 1 "$KMM" replay --machine pc "$dir/none"
wrong "not a trace" 1 "$KMM" replay --machine pc data/README.md
wrong "no such initial state" 1 "$KMM" replay --machine pc --initial "$dir/none" data/numa/trace.kmt.zst
wrong "JSON" 2 "$KMM" replay --machine pc --json - data/numa/trace.kmt.zst
wrong "a file to write: a time line" 2 "$KMM" replay --machine pc --timeline "$dir/x" data/numa/trace.kmt.zst
wrong "a file to write: a trace" 2 "$KMM" replay --machine pc --dump-trace "$dir/x" data/numa/trace.kmt.zst
wrong "a PC in one side of a comparison" 2 "$KMM" replay --machine pc --compare "" "--machine pc" data/boot/trace.kmt.zst
wrong "a machine that leaves no room" 1 "$KMM" replay --machine pc --mem 4G data/numa/trace.kmt.zst
wrong "an endless trace" 1 timeout 180 sh -c '(printf "#kmt1\tx\n"; yes) | "$0" replay --machine pc --mem 64M -' "$KMM"
rm "$dir/qemu"
wrong "no QEMU" 1 "$KMM" boot --machine pc -c x
wrong "a QEMU that is no program" 1 env KMM_QEMU="$dir/script" "$KMM" boot --machine pc -c x
rm "$dir/pc-amd64/bzImage"
wrong "no image" 1 "$KMM" boot --machine pc -c x
finish
