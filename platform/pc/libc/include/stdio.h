/* SPDX-License-Identifier: MIT */
/* stdio.h - streams (../file.c, ../memory_file.c) and formatted text (../printf.c, ../scanf.c). */
#ifndef KMM_LIBC_STDIO_H
#define KMM_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF	(-1)
#define BUFSIZ	1024
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

typedef struct libc_file FILE;
extern FILE *const stdin, *const stdout, *const stderr;

/* Formats: see ../printf.c. Without floating point. */
int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
int fprintf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int vfprintf(FILE *f, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int sprintf(char *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int sscanf(const char *text, const char *fmt, ...) __attribute__((format(scanf, 2, 3)));

int fputc(int c, FILE *f);
int putc(int c, FILE *f);
int putchar(int c);
int fputs(const char *s, FILE *f);
int puts(const char *s);
size_t fwrite(const void *p, size_t size, size_t n, FILE *f);

int fgetc(FILE *f);
char *fgets(char *buf, int size, FILE *f);
size_t fread(void *p, size_t size, size_t n, FILE *f);
ssize_t getline(char **line, size_t *size, FILE *f);

FILE *fopen(const char *path, const char *mode);
FILE *fmemopen(void *buf, size_t size, const char *mode);
FILE *open_memstream(char **text, size_t *len);
int fclose(FILE *f);
int fflush(FILE *f);
int ferror(FILE *f);
int feof(FILE *f);
void rewind(FILE *f);

/* There is no shell: NULL, ENOSYS. */
FILE *popen(const char *command, const char *mode);
int pclose(FILE *f);

void perror(const char *what);

#endif
