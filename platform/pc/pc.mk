# SPDX-License-Identifier: MIT
#
# The booted machine: an image for each of two flavours, started by QEMU, GRUB and kexec.
#
#	build/pc-amd64/bzImage, kmm.elf		the kmm command; the ELF file is for gdb
#	build/pc-amd64/bzImage-tests, tests.elf	the tests that can run booted
#	build/pc-ia32/...			the same in 32 bits
#
# An image is three programs one behind the other: setup/ (real mode), start/ (32 bits, at any
# address) and what they start, linked by pc.ld. scripts/pc-image puts them together.
# platform/pc/programs.mk says what the two images hold: pc_objs.FLAVOUR.kmm and .tests.

PC_FLAVOURS := pc-amd64 pc-ia32

pc_src := $(sort $(wildcard platform/pc/*.c))
pc_asm.pc-amd64 := $(filter-out %_32.S,$(sort $(wildcard platform/pc/*.S)))
pc_asm.pc-ia32 := $(filter-out %_64.S,$(sort $(wildcard platform/pc/*.S)))
pc_setup_src := $(sort $(wildcard platform/pc/setup/*.[cS]))
pc_start_src := $(sort $(wildcard platform/pc/start/*.[cS]))

pc_bare := -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-mgeneral-regs-only -fvisibility=hidden
# Nothing here is linked with code of others, and nothing wants 16 bytes' alignment: so the stack is
# aligned to words, and IA-32's arguments go in registers, both as in Linux.
flags.pc-amd64 := -O2 -m64 -mno-red-zone -mpreferred-stack-boundary=3 \
	-fpie -mcmodel=small $(pc_bare)
flags.pc-ia32 := -O2 -m32 -march=i686 -mtune=generic -mregparm=3 -mpreferred-stack-boundary=2 \
	-fno-pie -Wno-type-limits $(pc_bare)
pc_define.pc-amd64 := -DPC_AMD64
pc_define.pc-ia32 :=
$(foreach f,$(PC_FLAVOURS),$(eval core.$f := $(FREE) \
	-DKMM_PLATFORM_INLINE='"pc_inline.h"' -Iplatform/pc -DKMM_PC $(pc_define.$f)))
cflags.platform/pc/image.S := -DPC_EARLY_SIZE=262144

# Where nokaslr runs the image.
pc_phys := 0x1000000
pc_virt.pc-amd64 := 0xffffffff81000000
pc_virt.pc-ia32 := 0xc1000000
pc_ld.pc-amd64 := -m elf_x86_64
pc_ld.pc-ia32 := -m elf_i386 -z notext
# $1 flavour, $2 objects and libraries
pc_link = ld $(pc_ld.$1) -pie --no-dynamic-linker -z max-page-size=0x1000 -z noexecstack -z norelro \
	--build-id=none --no-warn-rwx-segments -T platform/pc/pc.ld \
	--defsym=PC_PHYS=$(pc_phys) --defsym=PC_VIRT=$(pc_virt.$1) \
	-o $@ $(filter %.o,$2) --start-group $(filter %.a,$2) --end-group

# setup/ and start/ must run on any 386, so that they can say what is missing.
pc_386 := $(FREE) -march=i386 -Os -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -mgeneral-regs-only -fvisibility=hidden
pc_setup_flags := -m16 -fno-pie $(pc_386)
pc_start_flags := -m32 -fpie $(pc_386)
cflags.platform/pc/setup/header.S := -DPC_VERSION='"$(VERSION) (kmm)"'

# $1 where objects go, $2 where sources are, $3 flags; of C and of assembly files
define pc_rules
$1/%.o: $2/%.c Makefile platform/pc/pc.mk
	$$(call say,CC,$$@)
	$$Q mkdir -p $$(@D); $(CC) $(BASE) $3 $$(cflags.$$<) $$(CFLAGS) -c -o $$@ $$<
$1/%.o: $2/%.S Makefile platform/pc/pc.mk
	$$(call say,AS,$$@)
	$$Q mkdir -p $$(@D); $(CC) $(BASE) $3 $$(cflags.$$<) $$(CFLAGS) -c -o $$@ $$<
endef

# $1 flavour
define pc_flavour
$(call library,$1,platform/pc/pc.mk)
$(call pc_rules,$B/$1/platform/pc,platform/pc,$(flags.$1) $(core.$1))
$(call pc_rules,$B/$1/platform/pc/setup,platform/pc/setup,$(pc_setup_flags) $(pc_define.$1))
$(call pc_rules,$B/$1/platform/pc/start,platform/pc/start,$(pc_start_flags) $(pc_define.$1) \
	-DPC_HIGH='"$B/$1/high.bin"')
$B/$1/setup.elf: $(patsubst %,$B/$1/%.o,$(basename $(pc_setup_src))) platform/pc/setup/setup.ld
	$$(call say,LD,$$@)
	$$Q ld -m elf_i386 -z noexecstack --no-warn-rwx-segments \
		-T platform/pc/setup/setup.ld -o $$@ $$(filter %.o,$$^)
$B/$1/start.elf: $(patsubst %,$B/$1/%.o,$(basename $(pc_start_src))) platform/pc/start/start.ld
	$$(call say,LD,$$@)
	$$Q ld -m elf_i386 -pie --no-dynamic-linker -z noexecstack --no-warn-rwx-segments \
		-T platform/pc/start/start.ld -o $$@ $$(filter %.o,$$^)

# what start/ and the image have in common, compiled for the image
$(call pc_rules,$B/$1/platform/pc/image,platform/pc/start,$(flags.$1) $(core.$1))
pc_objs.$1 := $(patsubst %,$B/$1/%.o,$(basename $(pc_src) $(pc_asm.$1)) \
		$(addprefix platform/pc/image/,boot_map place)) \
	$B/$1/libkmm.a $B/$1/libkmm-string.a
endef
$(foreach f,$(PC_FLAVOURS),$(eval $(call pc_flavour,$f)))

# $1 flavour, $2 kmm or tests, $3 the image's name
define pc_image
$B/$1/$2.elf: $$(pc_objs.$1) $$(pc_objs.$1.$2) platform/pc/pc.ld scripts/pc-symbols
	$$(call say,LD,$$@)
	$$Q $$(call pc_link,$1,$$^) $$(pc_ldflags.$2)
	$$Q scripts/pc-symbols $$@ > $$@.names.S && $(CC) $$(filter -m32 -m64,$$(flags.$1)) \
		-c -o $$@.names.o $$@.names.S
	$$Q $$(call pc_link,$1,$$^ $$@.names.o) $$(pc_ldflags.$2)
	$$Q scripts/pc-symbols $$@ | cmp -s - $$@.names.S || \
		{ echo '$$@: the table of names moved the code'; rm -f $$@; false; }
$B/$1/$3: $B/$1/setup.elf $B/$1/start.elf $B/$1/$2.elf scripts/pc-image
	$$(call say,IMG,$$@)
	$$Q scripts/pc-image $$@ $$(filter %.elf,$$^)
endef
-include platform/pc/programs.mk
$(foreach f,$(PC_FLAVOURS),$(eval $(call pc_image,$f,kmm,bzImage)))
$(foreach f,$(PC_FLAVOURS),$(eval $(call pc_image,$f,tests,bzImage-tests)))

# What the 64-bit entry needs, as a flat file inside start/.
pc_high_flags := $(filter-out -march=i386,$(pc_386)) -m64 -mno-red-zone -fpie -DPC_AMD64
$(eval $(call pc_rules,$B/pc-amd64/platform/pc/start64,platform/pc/start64,$(pc_high_flags)))
$(eval $(call pc_rules,$B/pc-amd64/platform/pc/start64/start,platform/pc/start,$(pc_high_flags)))
$B/pc-amd64/high.elf: $(addprefix $B/pc-amd64/platform/pc/start64/,high.o start/place.o \
		start/boot_map.o start/message.o) platform/pc/start64/high.ld
	$(call say,LD,$@)
	$Q ld -m elf_x86_64 -pie --no-dynamic-linker -z noexecstack --no-warn-rwx-segments \
		--build-id=none -T platform/pc/start64/high.ld -o $@ $(filter %.o,$^)
$B/pc-amd64/high.bin: $B/pc-amd64/high.elf
	$Q objcopy -O binary $< $@
$B/pc-amd64/platform/pc/start/head.o: $B/pc-amd64/high.bin

# A program that starts another image as kexec does, for tests/pc/image.t.
$B/pc-amd64/tests/pc/chain/chain.o: tests/pc/chain/chain.c Makefile platform/pc/pc.mk
	$(call say,CC,$@)
	$Q mkdir -p $(@D); $(call compile,pc-amd64,$(core.pc-amd64),$<)
$B/pc-amd64/chain.elf: $(addprefix $B/pc-amd64/,tests/pc/chain/chain.o platform/pc/image.o \
		platform/pc/image/boot_map.o libkmm-string.a) platform/pc/pc.ld
	$(call say,LD,$@)
	$Q $(call pc_link,pc-amd64,$^)
$B/pc-amd64/bzImage-chain: $(addprefix $B/pc-amd64/,setup.elf start.elf chain.elf) scripts/pc-image
	$(call say,IMG,$@)
	$Q scripts/pc-image $@ $(filter %.elf,$^)

build-pc: $(foreach f,$(PC_FLAVOURS),$B/$f/bzImage)
build-pc-tests: $(foreach f,$(PC_FLAVOURS),$B/$f/bzImage-tests) $B/booted.cpio $B/pc-amd64/bzImage-chain
.PHONY: build-pc build-pc-tests
