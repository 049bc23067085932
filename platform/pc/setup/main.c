// SPDX-License-Identifier: MIT
/*
 * main.c - the setup code's order of things: fill in the zero page from the BIOS, then leave real
 * mode for good. Loaders that bring the zero page along (GRUB's linux, kexec) jump over all this.
 *
 * memdetect=e801 or memdetect=88 on the command line: do not ask for more than that.
 */
#include "setup.h"

void setup_main(void);

extern const struct setup_header setup_header;	/* setup.ld: where the loader filled it in */
static struct boot_params boot_params;

/* A byte of low memory by its linear address. */
static u8 peek(u32 at)
{
	u8 byte;

	__asm__ volatile("movw %w1, %%fs\n\tmovb %%fs:(%2), %0"
			 : "=q"(byte) : "r"(at >> 4), "r"(at & 15));
	return byte;
}

/* Does the command line hold this word, up to " -- "? */
static bool option(const char *word)
{
	u32 at = boot_params.hdr.cmd_line_ptr;
	bool begin = true;

	if (!at || at >= 0x100000 - BOOT_CMDLINE_SIZE)
		return false;
	for (; peek(at); at++) {
		unsigned int n = 0;

		while (begin && word[n] && peek(at + n) == (u8)word[n])
			n++;
		if (n && !word[n] && (peek(at + n) == ' ' || !peek(at + n)))
			return true;
		begin = peek(at) == ' ';
		if (begin && peek(at + 1) == '-' && peek(at + 2) == '-' && peek(at + 3) == ' ')
			return false;
	}
	return false;
}

static void print(const char *text)
{
	for (; *text; text++) {
		struct bios_regs r = { .eax = 0x0e00 | (u8)*text, .ebx = 7 };

		bios_10(&r);
	}
}

/* Where the text on the screen ends: messages of start/ go below. */
static void ask_cursor(void)
{
	struct bios_regs r = { .eax = 0x0300 };

	bios_10(&r);
	boot_params.orig_x = (u8)r.edx;
	boot_params.orig_y = (u8)(r.edx >> 8);
}

void setup_main(void)
{
	u32 segment;

	boot_params.hdr = setup_header;
	ask_cursor();
	memory_detect(&boot_params, option("memdetect=88") ? 2 : option("memdetect=e801") ? 1 : 0);
	if (!a20_open()) {
		print("kmm: address line 20 cannot be switched on: "
		      "half of the memory is out of reach\r\n");
		return;
	}
	__asm__("movl $0, %0\n\tmovw %%ds, %w0" : "=r"(segment));
	protected_mode(boot_params.hdr.code32_start,
		       (segment << 4) + (u32)(uintptr_t)&boot_params);
}
