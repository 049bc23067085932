// SPDX-License-Identifier: MIT
/*
 * mm/boot/firmware_text.c - tables of the firmware, read back from text.
 *
 * What a line is is known by a key in it: "BIOS-e820: [mem " for one entry of a
 * map, "SRAT: Node " for one of affinity. The key is looked for at the start of
 * every word, which skips time stamps, log levels and host names without
 * knowing their forms; lines that merely mention a range ("e820: update [mem
 * ...", "Zone ranges:") do not have such a key. What follows a key is then
 * taken strictly, and a mistake there is reported, not passed over.
 */
#include <kmm/firmware_text.h>
#include <lib/parse.h>

/* Who prints maps, in the kernels there are and were. */
static const char *const writers[] = {
	"BIOS-e820", "BIOS-e801", "BIOS-88", "user", "modified", "reserve setup_data", "efi",
	"Xen", "xen", "kexec", "OFW",
};

static bool at_end(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return !*s || *s == '\n' || *s == '\r';
}

static bool word_begins(const char *line, const char *s)
{
	return s == line || s[-1] == ' ' || s[-1] == '\t' || s[-1] == ']' || s[-1] == '>';
}

/* Behind the first word-aligned @key in the line, or NULL. */
static const char *find_key(const char *line, const char *key)
{
	for (const char *s = line; *s && *s != '\n'; s++) {
		const char *after = word_begins(line, s) ? match_prefix(s, key) : NULL;

		if (after)
			return after;
	}
	return NULL;
}

static void copy_name(char *to, const char *from)
{
	size_t i;

	if (!to)
		return;
	for (i = 0; from[i] && i < 31; i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* "[mem 0xA-0xB]", end inclusive. Returns what follows, or NULL and the reason. */
static const char *parse_mem_range(const char *s, u64 *start, u64 *size, const char **reason)
{
	u64 last;

	*reason = "expected [mem 0x...-0x...]";
	s = match_prefix(s, "[mem ");
	if (!s || parse_u64(s, &s, 16, start) || *s++ != '-')
		return NULL;
	if (parse_u64(s, &s, 16, &last) || *s++ != ']')
		return NULL;
	*reason = "the range ends before it begins";
	if (last < *start)
		return NULL;
	*size = last - *start == ~(u64)0 ? ~(u64)0 : last - *start + 1;
	return s;
}

/* "A - B" or "A-B", hexadecimal, end exclusive. */
static const char *parse_old_range(const char *s, u64 *start, u64 *size, const char **reason)
{
	u64 end;

	*reason = "expected two hexadecimal addresses";
	if (parse_u64(s, &s, 16, start))
		return NULL;
	s = skip_spaces(s);
	if (*s++ != '-')
		return NULL;
	s = skip_spaces(s);
	if (parse_u64(s, &s, 16, &end))
		return NULL;
	*reason = "the range ends before it begins";
	if (end < *start)
		return NULL;
	*size = end - *start;
	return s;
}

/* @word, then a ')' if there was a '(', then the end of the line. */
static bool is_rest(const char *s, const char *word, bool paren)
{
	s = match_prefix(s, word);
	if (!s || (paren && *s++ != ')'))
		return false;
	return at_end(s);
}

static u32 numbered_type(const char *s, const char *before, const char *after)
{
	u64 number;

	s = match_prefix(s, before);
	if (!s || parse_u64(s, &s, 10, &number) || !number || number > UINT32_MAX)
		return 0;
	s = match_prefix(s, after);
	return s && at_end(s) ? (u32)number : 0;
}

u32 fw_parse_e820_type(const char *text)
{
	static const struct {
		const char *text;
		u32 type;
	} types[] = {
		{ "usable", E820_TYPE_RAM }, { "System RAM", E820_TYPE_RAM },
		{ "reserved", E820_TYPE_RESERVED }, { "Reserved", E820_TYPE_RESERVED },
		{ "ACPI data", E820_TYPE_ACPI }, { "ACPI Tables", E820_TYPE_ACPI },
		{ "ACPI NVS", E820_TYPE_NVS },
		{ "ACPI Non-volatile Storage", E820_TYPE_NVS },
		{ "unusable", E820_TYPE_UNUSABLE }, { "Unusable memory", E820_TYPE_UNUSABLE },
		{ "soft reserved", E820_TYPE_SOFT_RESERVED },
		{ "Soft Reserved", E820_TYPE_SOFT_RESERVED },
		{ "Persistent Memory (legacy)", E820_TYPE_PRAM },
		{ "Persistent Memory", E820_TYPE_PMEM },
		{ "Unknown E820 type", E820_TYPE_RESERVED },
	};
	bool paren;
	u32 type;

	text = skip_spaces(text);
	paren = *text == '(';
	text += paren;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (is_rest(text, types[i].text, paren))
			return types[i].type;
	type = numbered_type(text, "type ", paren ? ")" : "");
	return type ? type : numbered_type(text, "persistent (type ", paren ? "))" : ")");
}

static enum fw_result parse_e820_rest(const char *s, struct e820_entry *e, const char **reason)
{
	struct e820_entry got;

	if (*s == '[')
		s = parse_mem_range(s, &got.addr, &got.size, reason);
	else
		s = parse_old_range(s, &got.addr, &got.size, reason);
	if (!s)
		return FW_BAD;
	got.type = fw_parse_e820_type(s);
	*reason = "unknown kind of memory";
	if (!got.type)
		return FW_BAD;
	*e = got;
	*reason = NULL;
	return FW_PARSED;
}

enum fw_result fw_parse_e820_line(const char *line, struct e820_entry *e, char *who,
				  const char **reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		const char *s = find_key(line, writers[i]);

		if (!s || *s++ != ':' || (*s != ' ' && *s != '\t'))
			continue;
		while (*s == ' ' || *s == '\t')
			s++;
		/* other messages of these writers have neither a bracket nor a long number */
		if (!match_prefix(s, "[mem ") && (hex_value(s[0]) < 0 || hex_value(s[1]) < 0 ||
						  hex_value(s[2]) < 0 || hex_value(s[3]) < 0))
			continue;
		copy_name(who, writers[i]);
		return parse_e820_rest(s, e, reason);
	}
	return FW_OTHER;
}

static const char *parse_small(const char *s, s32 *value)
{
	u64 number;

	if (parse_u64(s, &s, 10, &number) || number > INT32_MAX)
		return NULL;
	*value = (s32)number;
	return s;
}

/* The words behind an affinity range: hotplug, non-volatile. */
static bool parse_srat_flags(const char *s, bool *hotplug)
{
	*hotplug = false;
	while (!at_end(s)) {
		const char *after;

		s = skip_spaces(s);
		after = match_prefix(s, "hotplug");
		if (after)
			*hotplug = true;
		else
			after = match_prefix(s, "non-volatile");
		if (!after)
			return false;
		s = after;
	}
	return true;
}

enum fw_result fw_parse_srat_line(const char *line, struct srat_mem *mem, const char **reason)
{
	const char *s = find_key(line, "SRAT: Node ");
	struct srat_mem got = { 0 };

	if (!s)
		return FW_OTHER;
	*reason = "expected \"SRAT: Node n PXM n\" and a range";
	s = parse_small(s, &got.node);
	s = s ? match_prefix(s, " PXM ") : NULL;
	s = s ? parse_small(s, &got.pxm) : NULL;
	if (!s || *s++ != ' ')
		return FW_BAD;
	if (*s == '[')
		s = parse_mem_range(s, &got.start, &got.size, reason);
	else
		s = parse_old_range(s, &got.start, &got.size, reason);
	if (!s)
		return FW_BAD;
	*reason = "unknown word behind the range";
	if (!parse_srat_flags(s, &got.hotplug))
		return FW_BAD;
	*mem = got;
	*reason = NULL;
	return FW_PARSED;
}

/* Skip "node  0:" or "0:". */
static const char *skip_row_name(const char *s)
{
	const char *after = match_prefix(s, "node"), *rest;
	u64 number;

	rest = after ? skip_spaces(after) : s;
	if (parse_u64(rest, &rest, 10, &number) || *rest != ':')
		return after ? NULL : s;
	return skip_spaces(rest + 1);
}

enum fw_result fw_parse_distance_line(const char *line, u8 *row, unsigned int max, unsigned int *n,
				      const char **reason)
{
	const char *s = skip_row_name(skip_spaces(line));
	unsigned int count = 0;
	u64 number;

	if (!s || !is_digit(*s))
		return FW_OTHER;
	while (!at_end(s)) {
		s = skip_spaces(s);
		*reason = "a distance is a number of 0 to 255";
		if (parse_u64(s, &s, 10, &number) || number > 255)
			return FW_BAD;
		if (*s && !is_space(*s))
			return FW_BAD;
		*reason = "more distances than nodes";
		if (count == max)
			return FW_BAD;
		row[count++] = (u8)number;
	}
	*n = count;
	*reason = NULL;
	return FW_PARSED;
}

enum fw_result fw_parse_memmap_entry(const char *start, const char *end, const char *type,
				     struct e820_entry *e, const char **reason)
{
	struct e820_entry got;
	u64 last;

	*reason = "start and end are hexadecimal numbers";
	if (kstrtou64(start, 16, &got.addr) || kstrtou64(end, 16, &last))
		return FW_BAD;
	*reason = "the range ends before it begins";
	if (last < got.addr)
		return FW_BAD;
	got.size = last - got.addr == ~(u64)0 ? ~(u64)0 : last - got.addr + 1;
	got.type = fw_parse_e820_type(type);
	*reason = "unknown kind of memory";
	if (!got.type)
		return FW_BAD;
	*e = got;
	*reason = NULL;
	return FW_PARSED;
}
