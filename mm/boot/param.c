// SPDX-License-Identifier: MIT
/*
 * mm/boot/param.c - taking the command line apart.
 *
 * A word ends at a space that is not inside double quotes. The first '=' in it
 * divides name and value; quotes around the value, or around the whole word,
 * are taken off. The handlers get pieces of a scratch copy and may cut them
 * further; the report of unknown words takes the line apart once more.
 */
#include <lib/parse.h>
#include <lib/seq_buf.h>

#include "internal.h"

__kmm_state char boot_command_line[COMMAND_LINE_SIZE];
static __kmm_state char scratch[COMMAND_LINE_SIZE];
static __kmm_state char unknown_text[COMMAND_LINE_SIZE];

static char dash_to_underscore(char c)
{
	return c == '-' ? '_' : c;
}

bool parameq(const char *a, const char *b)
{
	for (; dash_to_underscore(*a) == dash_to_underscore(*b); a++, b++)
		if (!*a)
			return true;
	return false;
}

int parse_bool(const char *s, bool *res)
{
	if (!s)
		return -EINVAL;
	switch (s[0]) {
	case 'y': case 'Y': case 't': case 'T': case '1':
		*res = true;
		return 0;
	case 'n': case 'N': case 'f': case 'F': case '0':
		*res = false;
		return 0;
	case 'o': case 'O':
		if (s[1] != 'n' && s[1] != 'N' && s[1] != 'f' && s[1] != 'F')
			return -EINVAL;
		*res = s[1] == 'n' || s[1] == 'N';
		return 0;
	default:
		return -EINVAL;
	}
}

/* Length of the word at @s; *@equals: place of its first '=', or 0. */
static size_t word_length(const char *s, size_t *equals)
{
	bool quoted = false;
	size_t i;

	*equals = 0;
	for (i = 0; s[i] && (quoted || !is_space(s[i])); i++) {
		if (s[i] == '=' && !*equals)
			*equals = i;
		if (s[i] == '"')
			quoted = !quoted;
	}
	return i;
}

char *next_arg(char *args, char **param, char **val)
{
	size_t len, equals;
	bool quoted = *args == '"';
	char *rest;

	args += quoted;
	len = word_length(args, &equals);
	if (quoted)	/* the closing quote is inside the word, or missing */
		for (len = 0, equals = 0; args[len] && args[len] != '"'; len++)
			if (args[len] == '=' && !equals)
				equals = len;
	rest = args + len + (args[len] ? 1 : 0);
	args[len] = '\0';
	KMM_BUG_ON(equals && equals >= len);
	*param = args;
	*val = NULL;
	if (equals) {
		args[equals] = '\0';
		*val = args + equals + 1;
		if (**val == '"') {
			++*val;
			if (len > equals + 2 && args[len - 1] == '"')
				args[len - 1] = '\0';
		}
	}
	while (is_space(*rest))
		rest++;
	return rest;
}

static const struct kernel_param *find_param(const char *name)
{
	for (const struct kernel_param *const *table = kernel_param_tables; *table; table++)
		for (const struct kernel_param *p = *table; p->name; p++)
			if (parameq(name, p->name))
				return p;
	return NULL;
}

/* A fresh copy of the command line to cut up, at its first word. */
static char *scratch_copy(void)
{
	char *args = scratch;

	KMM_BUG_ON(boot_command_line[COMMAND_LINE_SIZE - 1]);
	memcpy(scratch, boot_command_line, sizeof(scratch));
	while (is_space(*args))
		args++;
	return args;
}

/* Two passes over all tables may not nest: there is one scratch copy. */
void parse_early_params(const char *cmdline)
{
	char *args, *param, *val;
	size_t len = cmdline ? strlen(cmdline) : 0;

	if (len >= COMMAND_LINE_SIZE) {
		pr_warn("Command line of %zu bytes cut to %d", len, COMMAND_LINE_SIZE - 1);
		len = COMMAND_LINE_SIZE - 1;
	}
	memset(boot_command_line, 0, sizeof(boot_command_line));
	if (len)
		memcpy(boot_command_line, cmdline, len);
	args = scratch_copy();
	while (*args) {
		const struct kernel_param *p;

		args = next_arg(args, &param, &val);
		if (!val && !strcmp(param, "--"))
			break;
		p = find_param(param);
		if (p && p->setup(val))
			pr_warn("Malformed early option '%s'", param);
	}
}

/* Parameters of modules have a dot before the '='. */
static bool is_module_param(const char *name)
{
	while (*name && *name != '.')
		name++;
	return *name;
}

/* Append the unknown words with (@with_val) or without a value. */
static void collect_unknown(struct seq_buf *s, bool with_val)
{
	char *args = scratch_copy(), *param, *val;

	while (*args) {
		args = next_arg(args, &param, &val);
		if (!val && !strcmp(param, "--"))
			break;
		if (!*param || !val == with_val || find_param(param) || is_module_param(param))
			continue;
		if (val)
			seq_buf_printf(s, " %s=%s", param, val);
		else
			seq_buf_printf(s, " %s", param);
	}
}

void print_unknown_bootoptions(void)
{
	struct seq_buf s;

	seq_buf_init(&s, unknown_text, sizeof(unknown_text));
	collect_unknown(&s, false);
	collect_unknown(&s, true);
	if (s.len)
		pr_info("Unknown kernel command line parameters \"%s\", will be passed to user "
			"space.",
			unknown_text + 1);
}
