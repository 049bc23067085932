// SPDX-License-Identifier: MIT
/*
 * theirs.c - somebody's kernel, which has page functions and a printk of its own.
 *
 * It is linked with a kmm built with -DKMM_PREFIX=my_ (and with embed.c, built
 * the same way): kmm's alloc_pages is my_alloc_pages there, and both live side by side.
 */
#include <stdio.h>

int alloc_pages(int how_many);
void printk(const char *text);
int embed_main(void);

int alloc_pages(int how_many)
{
	return 100 * how_many;
}

void printk(const char *text)
{
	printf("theirs: %s\n", text);
}

int main(void)
{
	printk(alloc_pages(3) == 300 ? "my alloc_pages is still mine" : "it is not");
	return embed_main();
}
