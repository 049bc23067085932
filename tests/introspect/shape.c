// SPDX-License-Identifier: MIT
/* shape.c - see shape.h. */
#include "shape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/introspect.h>

#include "../tap.h"

char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t len = 0, cap = 1 << 16;
	char *text = malloc(cap);

	if (!f || !text) {
		diag("cannot read %s", path);
		free(text);
		if (f)
			fclose(f);
		return NULL;
	}
	for (size_t n; (n = fread(text + len, 1, cap - len - 1, f)) > 0;) {
		len += n;
		if (cap - len < 4096)
			text = realloc(text, cap *= 2);
	}
	fclose(f);
	text[len] = '\0';
	return text;
}

char *kmm_file(const char *path)
{
	char *text = malloc(INTROSPECT_MAX);
	int ret = introspect_read_text(path, text, INTROSPECT_MAX);

	if (ret >= 0)
		return text;
	diag("%s: error %d", path, ret);
	free(text);
	return NULL;
}

static size_t digits_at(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* The shape of one line into out[size]. */
static void shape_of(const char *line, size_t len, enum shape how, char *out, size_t size)
{
	size_t o = 0;

	for (size_t i = 0; i < len && o + 16 < size;) {
		size_t blanks = 0, digits;
		char before = i ? line[i - 1] : ' ';

		if (how == SHAPE_RIGHT)
			while (i + blanks < len && line[i + blanks] == ' ')
				blanks++;
		if (blanks)
			before = ' ';
		digits = digits_at(line + i + blanks, len - i - blanks);
		if (!digits || isalnum((unsigned char)before) || how == SHAPE_EXACT) {
			out[o++] = line[i++];
			continue;
		}
		if (how == SHAPE_LEFT)
			out[o++] = 'N';
		else
			o += (size_t)sprintf(out + o, "{%zu}", blanks + (digits > 8 ? 8 : digits));
		i += blanks + digits;
	}
	out[o] = '\0';
}

void same_shape(const char *got, const char *want, enum shape how, const char *what)
{
	char a[512], b[512];
	int line = 1;

	while (got && want && (*got || *want)) {
		size_t g = strcspn(got, "\n"), w = strcspn(want, "\n");

		shape_of(got, g, how, a, sizeof(a));
		shape_of(want, w, how, b, sizeof(b));
		if (strcmp(a, b) || !got[g] != !want[w] || !*got != !*want) {
			diag("%s, line %d", what, line);
			diag(" got:  \"%.*s\"", (int)g, got);
			diag(" want: \"%.*s\"", (int)w, want);
			fail("%s: same as Linux's", what);
			return;
		}
		got += g + !!got[g];
		want += w + !!want[w];
		line++;
	}
	ok(got && want, "%s: same as Linux's, %d lines", what, line - 1);
}

long long number_after(const char *text, const char *label)
{
	size_t n = strlen(label);

	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, label, n) == 0)
			return strtoll(p + n, NULL, 10);
	return -1;
}
