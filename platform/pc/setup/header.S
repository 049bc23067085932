/* SPDX-License-Identifier: MIT */
/*
 * header.S - the first sectors of the image: a boot sector that only says it is none, the header
 * at 0x1f1 that every loader of the Linux/x86 boot protocol reads and fills in, and behind it the
 * entry in real mode. Fields that depend on sizes are written by scripts/pc-image.
 */
	.code16
	.section .header, "ax"
sector:
	ljmp	$0x07c0, $(1f - sector)
1:	movw	%cs, %ax
	movw	%ax, %ds
	cld
	movw	$(not_bootable - sector), %si
2:	lodsb
	testb	%al, %al
	jz	3f
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	jmp	2b
3:	hlt
	jmp	3b
not_bootable:
	.asciz	"kmm is started by a boot loader, not from a boot sector.\r\n"

	.org	0x1ef
	.byte	0xff		/* sentinel: a loader that clears the zero page leaves 0 there */
	.byte	0
	.byte	0		/* setup_sects: pc-image */
	.word	1		/* root_flags */
	.long	0		/* syssize: pc-image */
	.word	0		/* ram_size */
	.word	0xffff		/* vid_mode: as it is */
	.word	0		/* root_dev */
	.word	0xaa55		/* boot_flag */
	/* 0x200: the entry in real mode, and the offset of the header's end. */
	.byte	0xeb, setup_entry - 1f
1:	.ascii	"HdrS"
	.word	0x020f		/* version 2.15 */
	.long	0		/* realmode_swtch */
	.word	0		/* start_sys_seg */
	.word	version_text - 512	/* kernel_version */
	.byte	0		/* type_of_loader */
	.byte	0x01		/* loadflags: LOADED_HIGH */
	.word	0x8000		/* setup_move_size */
	.long	0x100000	/* code32_start */
	.long	0, 0		/* ramdisk_image, ramdisk_size */
	.long	0		/* bootsect_kludge */
	.word	_setup_end + 0x400	/* heap_end_ptr: there is a stack, no heap */
	.byte	0, 0		/* ext_loader_ver, ext_loader_type */
	.long	0		/* cmd_line_ptr */
#ifdef PC_AMD64
	.long	0xffffffff	/* initrd_addr_max: the first tables reach 4 GiB */
#else
	.long	0xbfffffff	/* 3 GiB */
#endif
	.long	0x1000		/* kernel_alignment: of what is loaded, not of where it will run */
	.byte	1		/* relocatable_kernel */
	.byte	12		/* min_alignment: 2^12 */
#ifdef PC_AMD64
	.word	0x63		/* xloadflags: a 64-bit entry at 0x200, loaded anywhere, 5 levels on or off */
#else
	.word	0
#endif
	.long	2047		/* cmdline_size */
	.long	0		/* hardware_subarch: a PC */
	.quad	0
	.long	0, 0		/* payload_offset, payload_length: nothing is packed */
	.quad	0		/* setup_data */
	.quad	0x100000	/* pref_address: start/ finds the better place by itself */
	.long	0		/* init_size: pc-image */
	.long	0		/* handover_offset */
	.long	0		/* kernel_info_offset: pc-image */

	.globl	setup_entry
setup_entry:
	cld
	movw	%ds, %ax
	movw	%ax, %es
	movw	%ss, %dx
	cmpw	%ax, %dx	/* the loader's stack, if it is in this segment and above .bss */
	jne	1f
	movw	%sp, %dx
	andw	$~3, %dx
	cmpw	$_setup_end + 0x400, %dx
	jae	2f
1:	movw	$_setup_end + 0x800, %dx
2:	movw	%ax, %ss
	movzwl	%dx, %esp
	pushw	%ds		/* the loader's cs is 0x20 more: let offsets mean the same in it */
	pushw	$3f
	lretw
3:	movw	$_setup_bss, %di
	movw	$_setup_end + 3, %cx
	subw	%di, %cx
	shrw	$2, %cx
	xorl	%eax, %eax
	rep stosl
	calll	setup_main
4:	hlt
	jmp	4b

	.section .rodata
version_text:
	.asciz	PC_VERSION

	.section .note.GNU-stack, "", @progbits
