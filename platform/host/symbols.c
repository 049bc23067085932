// SPDX-License-Identifier: MIT
/*
 * symbols.c - names for code addresses, from the program's own symbol table.
 *
 * The first question maps /proc/self/exe and notes where its .symtab lies and how
 * far from its link address the program runs; each question then goes through
 * the table once. A stripped program has no names. Not fast: for reports.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_internal.h"

static struct {
	const ElfW(Sym) *sym;
	size_t nr;
	const char *names;
	uintptr_t bias;
} table;

static int find_bias(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(uintptr_t *)arg = info->dlpi_addr;
	return 1;	/* the first object is the program */
}

static void find_symtab(const char *image)
{
	const ElfW(Ehdr) *eh = (const void *)image;
	const ElfW(Shdr) *sh = (const void *)(image + eh->e_shoff);
	unsigned int i;

	for (i = 0; i < eh->e_shnum; i++) {
		if (sh[i].sh_type != SHT_SYMTAB || sh[i].sh_link >= eh->e_shnum)
			continue;
		table.sym = (const void *)(image + sh[i].sh_offset);
		table.nr = sh[i].sh_size / sizeof(*table.sym);
		table.names = image + sh[sh[i].sh_link].sh_offset;
	}
}

static void load_table(void)
{
	struct stat st;
	void *image;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st)) {
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED) {
			dl_iterate_phdr(find_bias, &table.bias);
			find_symtab(image);
		}
	}
	close(fd);
}

bool host_symbol(uintptr_t addr, char *buf, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t i;

	pthread_once(&once, load_table);
	addr -= table.bias;
	for (i = 0; i < table.nr; i++) {
		const ElfW(Sym) *s = &table.sym[i];

		/* The last bits are the type: ELF32_ST_TYPE and ELF64_ST_TYPE are the same. */
		if ((s->st_info & 0xf) != STT_FUNC || addr < s->st_value ||
		    addr - s->st_value >= s->st_size)
			continue;
		snprintf(buf, size, "%s+%#lx/%#lx", table.names + s->st_name,
			 (unsigned long)(addr + 1 - s->st_value), (unsigned long)s->st_size);
		return true;
	}
	return false;
}
