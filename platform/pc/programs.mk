# SPDX-License-Identifier: MIT
#
# What the images of the booted machine hold: the C library, <host.h>, the names of functions; and
#	kmm	the kmm command, the measurements
#	tests	every test that can run booted, and the programs under tests/pc
#
# A test that runs booted is linked with what its first lines name and a scaffold of its own to one
# object (ld -r), whose only global symbol is its main(), renamed. One that brings its own platform
# also gets a core of its own, compiled for it to call that.

pc_libc_include := -isystem platform/pc/libc/include
pc_libc_src := $(sort $(wildcard platform/pc/libc/*.c))
pc_libc_asm := $(sort $(wildcard platform/pc/libc/*.S))
$(foreach s,$(pc_libc_src) platform/pc/host.c platform/pc/program.c,\
	$(eval cflags.$s := $(pc_libc_include)))
# bytes.c and string.c are what the compiler would call instead of their own loops.
pc_no_calls := -fno-tree-loop-distribute-patterns -fno-builtin
cflags.platform/pc/libc/bytes.c += $(pc_no_calls)
cflags.platform/pc/libc/string.c += $(pc_no_calls)

# ---- the lists ------------------------------------------------------------------

pc_kmm_src := $(filter-out tools/kmm/run.c,$(sort $(wildcard tools/kmm/*.c \
	tools/kmm/console/*.c tools/kmm/replay/*.c tools/kmm/trace/*.c))) tools/kmm/slabtop/slabs.c
pc_bench_src := $(sort $(wildcard bench/pc/*.c))
# What the core asks of a TLB is counted, for host_tlb_stats(): tests/pc/tlb_count.c.
pc_counted := kmm_mmu_load kmm_tlb_flush_one kmm_tlb_flush_user_one kmm_tlb_flush_pcid \
	kmm_tlb_flush_all kmm_tlb_shootdown
pc_ldflags.tests := $(pc_counted:%=--wrap=%)
pc_extra_src := $(filter-out %_test.c,$(sort $(wildcard tests/pc/*.c))) tests/tap.c

# Left out, and why:
#	host/*, tools/*		the hosted machine itself; the command's processes, pipes and signals
#	kernel/tlb_*, kernel/direct_map, kernel/vmalloc_odd
#				they look at a TLB or at tables through the hosted model
#	kernel/stack		makecontext(); booted, tests/pc tries overflows for real
#	page/odd		machines of a TiB, and what they cost the host
#	slab/odd_ram		it boots a machine of its own
pc_left_out := tests/host/% tests/tools/% tests/pc/% tests/kernel/tlb_% \
	tests/kernel/direct_map_test.c tests/kernel/stack_test.c tests/page/odd_test.c \
	tests/kernel/vmalloc_odd_test.c tests/slab/odd_ram_test.c
pc_test_src := $(filter-out $(pc_left_out),$(test_src)) \
	$(foreach t,$(filter tests/pc/%,$(test_src)),$(if $(findstring pc-,$(flavours.$t)),$t))

# ---- one flavour ------------------------------------------------------------------

pc_test_name = $(patsubst tests/%_test.c,%,$1)
pc_test_symbol = test_main_$(subst /,_,$(call pc_test_name,$1))

# $1 flavour, $2 test
define pc_test
$B/$1/booted/$(call pc_test_name,$2).o: $B/$1/$(2:.c=.o) \
		$(patsubst %.c,$B/$1/%.o,$(sources.$2) tests/tap.c) \
		$(if $(findstring fake_,$(sources.$2)),$B/$1/libkmm.a)
	$$(call say,LD,$$@)
	$$Q mkdir -p $$(@D); ld $(pc_emulation.$1) -r -o $$@.new $$^
	$$Q objcopy --redefine-sym main=$(call pc_test_symbol,$2) \
		--keep-global-symbol=$(call pc_test_symbol,$2) $$@.new $$@; rm $$@.new
endef

pc_emulation.pc-amd64 := -melf_x86_64
pc_emulation.pc-ia32 := -melf_i386
# A test's machine has so much RAM below 4 GiB, the rest above: the image has the PC's next 512 MiB.
pc_low_end := -DLOW_END='(2560 * MIB)'
pc_narrow.pc-amd64 := %_32.S
pc_narrow.pc-ia32 := %_64.S

# $1 flavour
define pc_programs
pc_other.$1 := $(pc_libc_include) $(core.$1) -Iplatform/host
$B/$1/tools/%.o: tools/%.c Makefile platform/pc/pc.mk platform/pc/programs.mk
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(pc_other.$1),$$<)
	$$Q $$(if $$(filter %/main.o,$$@),objcopy --redefine-sym main=kmm_main $$@)
$B/$1/tests/%.o: tests/%.c Makefile platform/pc/pc.mk platform/pc/programs.mk
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(pc_other.$1),$$<)
$B/$1/bench/%.o: bench/%.c Makefile platform/pc/pc.mk platform/pc/programs.mk
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(pc_other.$1),$$<)
$B/$1/platform/host/%.o: platform/host/%.c Makefile platform/pc/pc.mk platform/pc/programs.mk
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $$(call compile,$1,$$(pc_other.$1) $$(pc_low_end),$$<)
$(foreach t,$(pc_test_src),$(eval $(call pc_test,$1,$t)))
$B/$1/booted/table.c: platform/pc/programs.mk $(pc_test_src)
	$$Q mkdir -p $$(@D); { echo '#include "tests/tap_pc.h"'; \
		$(foreach t,$(pc_test_src),echo 'int $(call pc_test_symbol,$t)(int, char **);';) \
		echo 'const struct pc_test pc_tests[] = {'; \
		$(foreach t,$(pc_test_src),echo '{ "$(call pc_test_name,$t)", $(call pc_test_symbol,$t) },';) \
		echo '{ 0, 0 } };'; } > $$@
$B/$1/booted/table.o: $B/$1/booted/table.c
	$$Q $$(call compile,$1,$$(pc_other.$1),$$<)
pc_world.$1 := $(patsubst %,$B/$1/%.o,$(basename $(pc_libc_src) \
	$(filter-out $(pc_narrow.$1),$(pc_libc_asm)) platform/host/machine.c))
pc_objs.$1.kmm := $$(pc_world.$1) $(patsubst %.c,$B/$1/%.o,$(pc_kmm_src) $(pc_bench_src))
pc_objs.$1.tests := $$(pc_world.$1) $B/$1/tests/tap_pc.o $B/$1/booted/table.o \
	$(patsubst %.c,$B/$1/%.o,$(pc_extra_src) platform/host/walk.c) \
	$(foreach t,$(pc_test_src),$B/$1/booted/$(call pc_test_name,$t).o)
endef
$(foreach f,$(PC_FLAVOURS),$(eval $(call pc_programs,$f)))

# What tests read, as the loader hands it over.
pc_data := $(sort $(shell find tests/data/e820 tests/data/proc -type f))
$B/booted.cpio: $(pc_data) scripts/pc-cpio
	$(call say,CPIO,$@)
	$Q mkdir -p $(@D); scripts/pc-cpio $@ $(pc_data)
