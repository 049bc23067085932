// SPDX-License-Identifier: MIT
/*
 * string.c - text: plain loops, the meaning of C and POSIX.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n--; p++)
		if (*p == (unsigned char)c)
			return (void *)p;
	return NULL;
}

void *memrchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		if (p[n] == (unsigned char)c)
			return (void *)(p + n);
	return NULL;
}

void *memmem(const void *hay, size_t len, const void *needle, size_t n)
{
	const char *p = hay;

	for (; len >= n; p++, len--)
		if (!memcmp(p, needle, n))
			return (void *)p;
	return NULL;
}

/* ---- lengths and copies ---- */

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && s[n])
		n++;
	return n;
}

char *stpcpy(char *restrict dst, const char *restrict src)
{
	while ((*dst = *src++))
		dst++;
	return dst;
}

char *strcpy(char *restrict dst, const char *restrict src)
{
	stpcpy(dst, src);
	return dst;
}

char *strcat(char *restrict dst, const char *restrict src)
{
	stpcpy(dst + strlen(dst), src);
	return dst;
}

char *strdup(const char *s)
{
	char *copy = malloc(strlen(s) + 1);

	return copy ? strcpy(copy, s) : NULL;
}

/* ---- comparing and finding ---- */

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--)
		a++, b++;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	return memrchr(s, c, strlen(s) + 1);
}

char *strstr(const char *hay, const char *needle)
{
	size_t n = strlen(needle);

	for (;; hay++) {
		if (!strncmp(hay, needle, n))
			return (char *)hay;
		if (!*hay)
			return NULL;
	}
}

static size_t span(const char *s, const char *set, bool in)
{
	size_t n = 0;

	while (s[n] && (strchr(set, s[n]) != NULL) == in)
		n++;
	return n;
}

size_t strspn(const char *s, const char *set)
{
	return span(s, set, true);
}

size_t strcspn(const char *s, const char *set)
{
	return span(s, set, false);
}

char *strpbrk(const char *s, const char *set)
{
	s += strcspn(s, set);
	return *s ? (char *)s : NULL;
}

char *strtok_r(char *s, const char *delims, char **save)
{
	char *end;

	s = s ? s : *save;
	s += strspn(s, delims);
	end = s + strcspn(s, delims);
	*save = *end ? end + 1 : end;
	*end = '\0';
	return *s ? s : NULL;
}

char *strtok(char *s, const char *delims)
{
	static char *save;

	return strtok_r(s, delims, &save);
}

/* ---- errors ---- */

char *strerror(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ 0, "Success" }, { ENOENT, "No such file or directory" },
		{ EIO, "Input/output error" }, { EBADF, "Bad file descriptor" },
		{ ENOMEM, "Cannot allocate memory" }, { EACCES, "Permission denied" },
		{ ENOTDIR, "Not a directory" }, { EISDIR, "Is a directory" },
		{ EINVAL, "Invalid argument" }, { EMFILE, "Too many open files" },
		{ EROFS, "Read-only file system" }, { ERANGE, "Numerical result out of range" },
		{ ENOSYS, "Function not implemented" }, { ENXIO, "No such device or address" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].error == error)
			return (char *)texts[i].text;
	return (char *)"Unknown error";
}
