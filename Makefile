# SPDX-License-Identifier: MIT
#
# kmm's whole build: one makefile for the tree, nothing written outside build/.
#
# A *flavour* is one way to compile everything; its products lie in build/FLAVOUR/:
#	release       -O2, what is shipped and measured
#	debug         -O1, all invariants checked, AddressSanitizer and UBSan
#	tsan          ThreadSanitizer
#	m32           32 bits: the IA-32 machine (static and not PIE: keeps 0xC0000000 free)
# and three that hold the library alone, compiled for a foreign platform:
#	freestanding  as an embedder gets it; examples/ and `make install` use it
#	freestanding32
#	renamed       the same with KMM_PREFIX=my_
# Sources are found by wildcard: a new file in a room needs no line here.
# What a test, a fuzzer or a benchmark is linked with is written in its own first
# lines (tests/tap.h tells how). `make help` lists what can be asked for.

B := build
V := 0
CC := gcc
CFLAGS :=
LDFLAGS :=
PREFIX := /usr/local
DESTDIR :=
NPROC := $(shell nproc)
T :=
F := release debug tsan m32
RUNARGS :=
MACHINE :=
BENCHARGS :=
FUZZ_SECONDS := 60
VERSION := $(shell sed -n 's/.*KMM_VERSION "\(.*\)".*/\1/p' include/kmm/kmm.h)

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -r --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(NPROC)
endif
Q := $(if $(filter 1,$V),,@)
say = $(if $(filter 1,$V),,@printf '  %-4s %s\n' $1 $(patsubst $B/%,%,$2)$(if $3, $3))

all: build-release check-rules
.PHONY: all

# ---- what there is ----------------------------------------------------------

core_src := $(sort $(wildcard lib/*.c arch/*/*.c mm/*.c mm/*/*.c introspect/*.c))
host_src := $(sort $(wildcard platform/host/*.c))
kmm_src := $(sort $(wildcard tools/kmm/*.c tools/kmm/*/*.c))
test_src := $(sort $(wildcard tests/*/*_test.c tests/*/*/*_test.c))
test_scripts := $(sort $(wildcard tests/*/*.t tests/*/*/*.t))
fuzz_src := $(sort $(wildcard fuzz/fuzz_*.c))
bench_src := $(sort $(wildcard bench/*_bench.c))
tap_src := tests/tap.c tests/tap_host.c
has_kmm := $(wildcard tools/kmm/main.c)

FLAVOURS := release debug tsan m32
DEFAULT_FLAVOURS := release debug m32

# ---- flags ------------------------------------------------------------------

gcc_include := $(shell $(CC) -print-file-name=include)
WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror
BASE := -std=gnu11 $(WARN) -g -Iinclude -I. -iquote lib -MMD -MP
HOSTED := -DKMM_PLATFORM_INLINE='"host_inline.h"' -Iplatform/host
FREE := -ffreestanding -nostdinc -isystem $(gcc_include)

# The command's libraries: HAVE_LIBARCHIVE, HAVE_LIBEDIT, HAVE_JANSSON, HAVE_NCURSESW; none in
# 32 bits.
pkg_have := $(shell for p in libarchive libedit jansson ncursesw; do \
	pkg-config --exists $$p 2>/dev/null && echo $$p; done)
have := $(if $(pkg_have),$(shell echo $(pkg_have:%=-DHAVE_%) | tr a-z A-Z))
pkg_cflags := $(if $(pkg_have),$(have) $(shell pkg-config --cflags $(pkg_have)))
pkg_libs := $(if $(pkg_have),$(shell pkg-config --libs $(pkg_have)))

flags.release := -O2 -fno-pie
flags.debug := -O1 -fno-omit-frame-pointer -DKMM_DEBUG_VM=1 \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
flags.tsan := -O1 -fno-omit-frame-pointer -fsanitize=thread
flags.m32 := -O2 -m32 -fno-pie -Wno-type-limits
flags.freestanding := -O2
flags.freestanding32 := $(flags.m32) -mgeneral-regs-only
flags.renamed := -O2 -DKMM_PREFIX=my_
flags.libfuzzer := -O1 -DKMM_DEBUG_VM=1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -Wno-error -Wno-unknown-warning-option
cc.libfuzzer := clang
link.release := -no-pie
link.m32 := -static -no-pie
$(foreach f,release debug tsan m32 libfuzzer,$(eval core.$f := $(FREE) $(HOSTED)))
core.freestanding := $(FREE)
core.freestanding32 := $(FREE)
core.renamed := $(FREE) -include include/kmm/rename.h
$(foreach f,release debug tsan m32 libfuzzer,$(eval other.$f := $(HOSTED) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread))
$(foreach f,release debug tsan libfuzzer,$(eval other.$f += $(pkg_cflags))$(eval libs.$f := $(pkg_libs)))

# string.c is what the compiler would call instead of these very loops.
cflags.lib/string.c := -fno-tree-loop-distribute-patterns -fno-builtin

# ---- what each test is linked with -------------------------------------------

ifeq ($(filter clean help,$(MAKECMDGOALS)),)
-include $B/links.mk
endif
$B/links.mk: $(test_src) $(fuzz_src) $(bench_src) scripts/test-links Makefile
	@mkdir -p $(@D)
	@scripts/test-links $(filter %.c,$^) > $@.new && mv $@.new $@

# ---- one flavour -------------------------------------------------------------

compile = $(or $(cc.$1),$(CC)) $(BASE) $(flags.$1) $2 $(cflags.$3) $(CFLAGS) -c -o $@ $3
link = $(or $(cc.$1),$(CC)) $(flags.$1) $(link.$1) $(LDFLAGS) -o $@ $(filter %.o,$2) \
	-Wl,--start-group $(filter %.a,$2) -Wl,--end-group -Wl,--as-needed $(libs.$1) -pthread
archive = rm -f $@ $@.new && ar rcsD $@.new $(filter %.o,$^) && mv $@.new $@

# $1 flavour; where its flags are from, if not from here
define library
core_obj.$1 := $(core_src:%.c=$B/$1/%.o)
$$(core_obj.$1): $B/$1/%.o: %.c Makefile $2
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(core.$1),$$<)
$B/$1/libkmm.a: $$(filter-out %/lib/string.o,$$(core_obj.$1))
	$$(call say,AR,$$@)
	$$Q mkdir -p $$(@D); $$(archive)
$B/$1/libkmm-string.a: $$(filter %/lib/string.o,$$(core_obj.$1))
	$$(call say,AR,$$@)
	$$Q mkdir -p $$(@D); $$(archive)
endef

define flavour
$(call library,$1)
$B/$1/%.o: %.c Makefile
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(other.$1),$$<)
$B/$1/libkmm-host.a: $(host_src:%.c=$B/$1/%.o)
	$$(call say,AR,$$@)
	$$Q $$(archive)
$B/$1/kmm: $(kmm_src:%.c=$B/$1/%.o) $B/$1/libkmm.a $B/$1/libkmm-host.a
	$$(call say,LD,$$@)
	$$Q $$(call link,$1,$$^)
tests.$1 := $(foreach t,$(test_src),$(if $(filter $1,$(or $(flavours.$t),$(DEFAULT_FLAVOURS))),$t))
build-$1: $B/$1/libkmm.a $B/$1/libkmm-host.a $(if $(has_kmm),$B/$1/kmm)
.PHONY: build-$1
endef

# $1 flavour, $2 source, $3 program, $4 more objects. Files under tools/ bring the command's
# libraries with them; lines of LIBS come last, without what 32 bits does not have.
define program
$B/$1/$3: $B/$1/$(2:.c=.o) $(patsubst %.c,$B/$1/%.o,$(sources.$2) $4) \
		$B/$1/libkmm.a $B/$1/libkmm-host.a
	$$(call say,LD,$$@)
	$$Q $$(call link,$1,$$^) $(if $(filter-out m32,$1),$(libs.$2))
endef

$(foreach f,freestanding freestanding32 renamed,$(eval $(call library,$f)))
$(foreach f,$(FLAVOURS) libfuzzer,$(eval $(call flavour,$f)))
$(foreach f,$(FLAVOURS),$(foreach t,$(tests.$f),\
	$(eval $(call program,$f,$t,$(t:_test.c=.t),$(tap_src)))))
$(foreach b,$(bench_src),$(eval $(call program,release,$b,$(b:.c=))))
$(foreach z,$(fuzz_src),$(eval $(call program,debug,$z,$(z:.c=.t),fuzz/driver.c)))
$(foreach z,$(fuzz_src),$(eval $(call program,libfuzzer,$z,$(z:.c=),)))
$(fuzz_src:%.c=$B/libfuzzer/%): LDFLAGS += -fsanitize=fuzzer

# ---- the booted machine ----------------------------------------------------

include platform/pc/pc.mk

.SECONDARY:
-include $(shell find $B -name '*.d' 2>/dev/null)

# ---- examples ------------------------------------------------------------------

EX := $B/examples
example_flags := $(filter-out -MMD -MP,$(BASE)) -O2
example_bins := $(EX)/embed $(EX)/embed-free $(EX)/renamed

$(EX)/embed: examples/embed/embed.c $B/freestanding/libkmm.a Makefile
	$(call say,LD,$@)
	$Q mkdir -p $(@D); $(CC) $(example_flags) -o $@ $(filter %.c %.a,$^)
$(EX)/embed-free: examples/embed/embed.c examples/embed/start.c $B/freestanding/libkmm.a \
		$B/freestanding/libkmm-string.a Makefile
	$(call say,LD,$@)
	$Q mkdir -p $(@D); $(CC) $(example_flags) $(FREE) -nostdlib -static \
		-fno-pie -no-pie -o $@ $(filter %.c %.a,$^)
$(EX)/renamed: examples/embed/embed.c examples/renamed/theirs.c $B/renamed/libkmm.a Makefile
	$(call say,LD,$@)
	$Q mkdir -p $(@D); $(CC) $(example_flags) $(flags.renamed) -Dmain=embed_main -c \
		-o $@-embed.o examples/embed/embed.c
	$Q $(CC) $(example_flags) -o $@ $@-embed.o examples/renamed/theirs.c $B/renamed/libkmm.a
$(example_bins): $(wildcard include/kmm/*.h)
examples: $(if $(wildcard examples/embed/embed.c),$(example_bins))
.PHONY: examples

# ---- checks ----------------------------------------------------------------------

check-rules:
	$Q scripts/check-includes
check: check-rules $(foreach f,release freestanding freestanding32 renamed,$B/$f/libkmm.a)
	$Q scripts/check-functions
	$Q scripts/check-state $B/release/libkmm.a $B/freestanding/libkmm.a
	$Q scripts/check-symbols $B/freestanding/libkmm.a $B/renamed/libkmm.a
	$Q scripts/check-freestanding $B/freestanding/libkmm.a $B/freestanding32/libkmm.a
	$Q scripts/check-style
rename_list := include/kmm/rename_list.h
write_rename_list = scripts/check-symbols --list $B/freestanding/libkmm.a > $(rename_list).new && \
	mv $(rename_list).new $(rename_list)
rename-list: $B/freestanding/libkmm.a
	$Q $(write_rename_list)
$(rename_list): | $B/freestanding/libkmm.a
	$Q $(write_rename_list)
$(core_obj.renamed): $(rename_list)
.PHONY: check check-rules rename-list

# ---- tests -----------------------------------------------------------------------

# Slow flavours first, so that no processor idles at the end.
run_flavours := $(filter $F,tsan debug m32 release)
selected = $(if $T,$(filter tests/$T% fuzz/$T%,$1),$1)
test_bins := $(foreach f,$(run_flavours),$(patsubst %_test.c,$B/$f/%.t,$(call selected,$(tests.$f))))
fuzz_bins := $(if $(filter debug,$F),$(patsubst %.c,$B/debug/%.t,$(call selected,$(fuzz_src))))
run_scripts := $(call selected,$(test_scripts))

export B
export KMM := $B/release/kmm
export ASAN_OPTIONS := detect_stack_use_after_return=0:allocator_may_return_null=1:use_sigaltstack=0
export UBSAN_OPTIONS := print_stacktrace=1
export TSAN_OPTIONS := halt_on_error=1:second_deadlock_stack=1

tests: $(test_bins) $(fuzz_bins) $(if $T,,$(foreach f,$(run_flavours),build-$f) examples) \
		$(if $(run_scripts),build-release examples $B/freestanding/libkmm-string.a \
		$(foreach f,freestanding freestanding32 renamed,$B/$f/libkmm.a)) \
		$(if $(filter tests/pc/% tests/tools/pc% tests/tools/cli_readme%,$(run_scripts)),\
			build-pc build-pc-tests)
test:
	@scripts/deps test
	@$(MAKE) test-run
test-run: tests
	@prove -j$(NPROC) --timer -e scripts/run-test $(fuzz_bins) $(test_bins) $(run_scripts)
soak:
	@KMM_SOAK=1 $(MAKE) test TEST_TIMEOUT=3600
.PHONY: tests test test-run soak
ifdef TEST_TIMEOUT
export TEST_TIMEOUT
endif

# With clang: its coverage-guided fuzzer, new finds kept in build/. Without: the test's own driver, longer.
fuzz:
	@scripts/deps test
	@$(MAKE) $(if $(shell command -v clang),fuzz-clang,fuzz-driver)
fuzz-clang: $(patsubst %.c,$B/libfuzzer/%,$(call selected,$(fuzz_src)))
	$Q set -e; for f in $^; do n=$${f##*/fuzz_}; mkdir -p $B/fuzz/$$n; echo "== $$n"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$B/fuzz/$$n- $B/fuzz/$$n $$(ls -d fuzz/corpus/$$n 2>/dev/null); done
fuzz-driver: $(fuzz_bins)
	$Q set -e; for f in $^; do $$f --seconds $(FUZZ_SECONDS); done
.PHONY: fuzz fuzz-clang fuzz-driver

# ---- running, measuring, installing ------------------------------------------------

# MACHINE=pc: not in a process, but booted on a PC, by QEMU.
run:
	@scripts/deps $(if $(filter pc,$(MACHINE)),run-pc,run)
	@$(MAKE) -s build-release $(if $(filter pc,$(MACHINE)),$B/pc-amd64/bzImage)
	@$B/release/kmm run $(if $(MACHINE),--machine $(MACHINE)) $(RUNARGS)
bench:
	@scripts/deps bench
	@$(MAKE) bench-run
bench-run: $(bench_src:%.c=$B/release/%) $(if $(has_kmm),$B/release/kmm) build-pc
	$Q scripts/bench $B/release $(BENCHARGS)
.PHONY: run bench bench-run

install: $B/freestanding/libkmm.a $B/freestanding/libkmm-string.a $(if $(has_kmm),$B/release/kmm)
	install -d $(DESTDIR)$(PREFIX)/include/kmm $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 include/kmm/*.h lib/seq_buf.h $(DESTDIR)$(PREFIX)/include/kmm
	install -m 644 $B/freestanding/libkmm.a $B/freestanding/libkmm-string.a $(DESTDIR)$(PREFIX)/lib
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' kmm.pc.in > \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/kmm.pc
ifneq ($(has_kmm),)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $B/release/kmm $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/kmm
	cp -R data $(DESTDIR)$(PREFIX)/share/kmm
	for f in $(PC_FLAVOURS); do if [ -f $B/$$f/bzImage ]; then \
		install -d $(DESTDIR)$(PREFIX)/lib/kmm/$$f && \
		install -m 644 $B/$$f/bzImage $B/$$f/kmm.elf $(DESTDIR)$(PREFIX)/lib/kmm/$$f; fi; done
	if [ -x $B/m32/kmm ]; then install -d $(DESTDIR)$(PREFIX)/libexec/kmm && \
		install -m 755 $B/m32/kmm $(DESTDIR)$(PREFIX)/libexec/kmm/kmm-ia32; fi
endif
ifneq ($(wildcard man/kmm.1),)
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/kmm.1 $(DESTDIR)$(PREFIX)/share/man/man1
endif
clean:
	rm -rf $B
help:
	@echo 'make            the release flavour and the kmm command ($B/release/kmm)'
	@echo 'make run        get what is missing, build, and show kmm at work'
	@echo '                MACHINE=pc: booted on a PC, by QEMU'
	@echo 'make test       get what is missing and run every test; T=page/buddy: those whose'
	@echo '                name begins so; F="release debug tsan m32": in these flavours'
	@echo 'make check      the source rules: includes, lengths, state, symbols, freestanding'
	@echo 'make rename-list  write include/kmm/rename_list.h anew'
	@echo 'make bench      the measurements; writes docs/performance.md (BENCHARGS=FILE: elsewhere)'
	@echo 'make fuzz       fuzz every parser, FUZZ_SECONDS=$(FUZZ_SECONDS) each'
	@echo 'make soak       every test at its longest'
	@echo 'make build-X    one flavour: $(FLAVOURS); pc, pc-tests: the booted images'
	@echo 'make examples   the embeddings; make install PREFIX= DESTDIR=; make clean'
	@echo 'V=1 shows commands, B=DIR builds elsewhere'
.PHONY: install clean help
