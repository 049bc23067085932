// SPDX-License-Identifier: MIT
/*
 * replay_cmd.c - the command kmm replay: options in, report out.
 *
 * --slab with several names plays one trace with each slab allocator; it is read once.
 *
 * --machine pc runs the same words on kmm booted on a PC.
 *
 * --compare runs the same trace twice. Each of its two texts is a list of words
 * for one run: options of this command (beginning with --), tunables (vm.x=y),
 * and boot parameters (everything else).
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kmm/sysctl.h>

#include "tools/kmm/command.h"
#include "tools/kmm/pc/pc.h"

#include "replay.h"

#ifndef KMM_PC
#pragma weak replay_on_pc	/* tests do without */
#endif

#define NAME		"replay"
#define MAX_WORDS	64

enum {
	OPT_SYSCTL = 256, OPT_INITIAL, OPT_PAGEFLAGS, OPT_FOLLOW, OPT_STRICT, OPT_LIMIT, OPT_JSON,
	OPT_TIMELINE, OPT_INTERVAL, OPT_DUMP, OPT_COMPARE, OPT_SNAPSHOTS, OPT_NO_TIMING, OPT_QUIET,
	OPT_LOG, OPT_LEVEL, OPT_SLAB, OPT_MACHINE, OPT_ARCH,
};

static const struct option options[] = {
	MACHINE_OPTIONS,
	{ "machine", required_argument, NULL, OPT_MACHINE },
	{ "arch", required_argument, NULL, OPT_ARCH },
	{ "sysctl", required_argument, NULL, OPT_SYSCTL },
	{ "initial", required_argument, NULL, OPT_INITIAL },
	{ "pageflags", required_argument, NULL, OPT_PAGEFLAGS },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "slab", required_argument, NULL, OPT_SLAB },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "timeline", required_argument, NULL, OPT_TIMELINE },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "dump-trace", required_argument, NULL, OPT_DUMP },
	{ "compare", required_argument, NULL, OPT_COMPARE },
	{ "snapshots", required_argument, NULL, OPT_SNAPSHOTS },
	{ "no-timing", no_argument, NULL, OPT_NO_TIMING },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "log", no_argument, NULL, OPT_LOG },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

#define MAX_SLABS	3

struct replay_options {
	struct replay_config config;
	const char *level, *slab;		/* as said */
	char slabs[MAX_SLABS][8];
	unsigned int nr_slabs;
	const char *json;
	const char *compare[2];
	const char *arch;
	bool pc;
	const char *pc_words[2];	/* of argv, that asked for it; the second may be NULL */
	bool timing, quiet, log, help;
};

static void print_help(FILE *out)
{
	fputs("usage: kmm replay [OPTION...] TRACE\n"
	      "       kmm replay [OPTION...] --compare \"A\" \"B\" TRACE\n\n"
	      "Makes a recorded kernel's allocations again, on a machine of kmm's, and\n"
	      "reports. TRACE: kmt1, or the text of perf script, trace-cmd report or ftrace;\n"
	      "compressed or not; - is standard input.\n\n"
	      "The machine (default: the recorded one, or a PC large enough for the trace)\n"
	      "  --machine FILE      from a kernel log with e820 (and SRAT) lines, or sysfs\n"
	      "  --mem SIZE --nodes N --cpus N\n"
	      "  --arch ARCH         amd64 (default), amd64-la57, ia32, ia32-pae\n"
	      "  --machine pc        whichever it is: replayed by kmm booted on a PC, by QEMU\n"
	      "  --cmdline WORDS     Linux's boot parameters\n"
	      "  --sysctl NAME=VALUE a tunable of /proc/sys/vm\n\n"
	      "The replay\n"
	      "  --level LEVEL       pages (the default), objects, or both\n"
	      "  --slab NAME,...     slub, slab, slob: with this allocator (then objects is the\n"
	      "                      default level); several: one after the other, and a table\n"
	      "  --initial FILE      begin with this free map, buddyinfo or pagetypeinfo; none: "
	      "empty\n"
	      "                      (default: what lies beside the trace)\n"
	      "  --pageflags FILE    what the pages in use held; none\n"
	      "  --snapshots DIR     where before/ and after/ are; none\n"
	      "  --follow            put pages where they were, not where kmm would\n"
	      "  --limit N           stop after N events\n"
	      "  --strict            a malformed line is an error\n\n"
	      "The results\n"
	      "  --json FILE         the report's figures; - is standard output\n"
	      "  --timeline FILE     free blocks and fragmentation over time, as CSV\n"
	      "  --interval N        a sample every N events (default: some hundreds in all)\n"
	      "  --dump-trace FILE   what kmm itself did, as a trace\n"
	      "  --compare A B       two runs side by side; A and B hold options of this list,\n"
	      "                      boot parameters, and tunables written vm.NAME=VALUE\n"
	      "  --log               the machine's kernel log before the report\n"
	      "  --no-timing         leave out what differs from run to run\n"
	      "  --quiet             no report\n",
	      out);
}

static int take_number(const char *option, const char *value, u64 *n)
{
	if (!parse_number(value, n) || !*n)
		return kmm_misused(NAME, "--%s %s: a number from 1 is wanted", option, value);
	return EXIT_OK;
}

static int add_sysctl(struct replay_config *c, const char *text)
{
	if (!strchr(text, '='))
		return kmm_misused(NAME, "--sysctl %s: NAME=VALUE is wanted", text);
	if (c->nr_sysctls == REPLAY_SYSCTLS)
		return kmm_misused(NAME, "more than %d tunables", REPLAY_SYSCTLS);
	c->sysctls[c->nr_sysctls++] = text;
	return EXIT_OK;
}

/* --snapshots: a directory, or none. */
static int take_snapshots(struct replay_config *c, const char *value)
{
	struct stat st;

	c->no_snapshots = !strcmp(value, "none");
	if (!c->no_snapshots && (stat(value, &st) || !S_ISDIR(st.st_mode)))
		return kmm_misused(NAME, "--snapshots %s: not a directory", value);
	c->snapshots = c->no_snapshots ? NULL : value;
	return EXIT_OK;
}

static int take_level(struct replay_options *o, const char *value)
{
	static const char *const names[] = {
		[REPLAY_PAGES] = "pages", [REPLAY_OBJECTS] = "objects", [REPLAY_BOTH] = "both",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(value, names[i])) {
			o->level = value;
			o->config.level = (enum replay_level)i;
			return EXIT_OK;
		}
	return kmm_misused(NAME, "--level %s: pages, objects or both", value);
}

static bool is_allocator(const char *name, size_t len)
{
	return len == 4 && (!strncmp(name, "slub", len) || !strncmp(name, "slab", len) ||
			    !strncmp(name, "slob", len));
}

static int take_slab(struct replay_options *o, const char *value)
{
	const char *word = value;

	o->slab = value;
	for (o->nr_slabs = 0; *word; o->nr_slabs++) {
		size_t len = strcspn(word, ",");

		if (!is_allocator(word, len) || o->nr_slabs == MAX_SLABS)
			break;
		snprintf(o->slabs[o->nr_slabs], sizeof(o->slabs[0]), "%.*s", (int)len, word);
		word += len + (word[len] == ',' && word[len + 1]);
	}
	if (*word || !o->nr_slabs)
		return kmm_misused(NAME, "--slab %s: slub, slab, slob, or a list of them", value);
	return EXIT_OK;
}

/* What the options mean together. */
static int settle_options(struct replay_options *o)
{
	if (o->nr_slabs && !o->level)
		o->config.level = REPLAY_OBJECTS;
	if (o->nr_slabs && o->config.level == REPLAY_PAGES)
		return kmm_misused(NAME, "--slab %s: no objects are replayed at --level pages",
				   o->slab);
	if (o->config.follow && o->config.level != REPLAY_PAGES)
		return kmm_misused(NAME, "--follow puts pages where they were; objects "
				   "(--level %s) lie where kmm puts them",
				   o->level ? o->level : "objects");
	if (o->nr_slabs == 1) {
		char word[16];

		snprintf(word, sizeof(word), "slab=%s", o->slabs[0]);
		if (!machine_add_param(&o->config.machine, word))
			return kmm_misused(NAME, "too many boot parameters");
	}
	if (o->config.interval && !o->config.timeline)
		return kmm_misused(NAME, "--interval: no samples are taken without --timeline");
	if (o->nr_slabs > 1 && (o->config.timeline || o->config.dump || o->log))
		return kmm_misused(NAME, "--slab with several allocators prints one table: no "
				   "--timeline, --dump-trace, --log");
	return EXIT_OK;
}

static int take_flag(struct replay_options *o, int letter)
{
	switch (letter) {
	case OPT_FOLLOW:
		o->config.follow = true;
		return EXIT_OK;
	case OPT_STRICT:
		o->config.strict = true;
		return EXIT_OK;
	case OPT_NO_TIMING:
		o->timing = false;
		return EXIT_OK;
	case OPT_QUIET:
		o->quiet = true;
		return EXIT_OK;
	case OPT_LOG:
		o->log = true;
		return EXIT_OK;
	case 'h':
		o->help = true;
		return EXIT_OK;
	}
	return EXIT_USAGE;
}

static int take_option(struct replay_options *o, int letter, const char *value, char **argv)
{
	struct replay_config *c = &o->config;

	switch (letter) {
	case OPT_MACHINE:
		o->pc |= !strcmp(value, "pc");
		return strcmp(value, "pc") ? machine_option(&c->machine, NAME, 'e', value)
					   : EXIT_OK;
	case OPT_ARCH:
		o->arch = value;
		return EXIT_OK;
	case OPT_SYSCTL:
		return add_sysctl(c, value);
	case OPT_INITIAL:
		c->initial = value;
		return EXIT_OK;
	case OPT_PAGEFLAGS:
		c->pageflags = value;
		return EXIT_OK;
	case OPT_SNAPSHOTS:
		return take_snapshots(c, value);
	case OPT_LEVEL:
		return take_level(o, value);
	case OPT_SLAB:
		return take_slab(o, value);
	case OPT_LIMIT:
		return take_number("limit", value, &c->limit);
	case OPT_INTERVAL:
		return take_number("interval", value, &c->interval);
	case OPT_JSON:
		o->json = value;
		return EXIT_OK;
	case OPT_TIMELINE:
		c->timeline = value;
		return EXIT_OK;
	case OPT_DUMP:
		c->dump = value;
		return EXIT_OK;
	case '?':
	case ':':
		return kmm_bad_option(NAME, letter, argv);
	}
	if (letter > 255 || letter == 'h')
		return take_flag(o, letter);
	if (letter == 't')
		return kmm_misused(NAME,
				   "a replay runs on one thread, or it could not repeat itself");
	return machine_option(&c->machine, NAME, letter, value);
}

/* --compare has two values, and the second may begin with a dash like any option. */
static int take_compare(struct replay_options *o, const char *value, int argc, char **argv)
{
	if (optind >= argc)
		return kmm_misused(NAME, "--compare wants two texts, one for each run");
	o->compare[0] = value;
	o->compare[1] = argv[optind++];
	return EXIT_OK;
}

/* The words at hand said --machine pc, in one word or in two. */
static void note_pc_words(struct replay_options *o, char **argv)
{
	o->pc_words[0] = argv[optind - 1];
	o->pc_words[1] = optarg == argv[optind - 1] ? argv[optind - 2] : NULL;
}

/* Options from a list of words; *rest is the first that is none. */
static int take_options(struct replay_options *o, int argc, char **argv, int *rest)
{
	int letter, status;

	optind = 0;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		status = letter == OPT_COMPARE ? take_compare(o, optarg, argc, argv) :
			 take_option(o, letter, optarg, argv);
		if (status)
			return status;
		if (letter == OPT_MACHINE && !strcmp(optarg, "pc"))
			note_pc_words(o, argv);
	}
	*rest = optind;
	return EXIT_OK;
}

/* ---- two runs ---- */

/*
 * The next word of *text, cut off in place; NULL: there is none. Blanks between quotes do not
 * end it; quotes around a whole word go, others stay, as on the kernel's command line.
 */
static char *next_word(char **text, bool *open)
{
	char *word = *text + strspn(*text, " \t"), *p = word, quote = '\0';

	if (!*word)
		return NULL;
	for (; *p && (quote || (*p != ' ' && *p != '\t')); p++)
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
	*open = quote != '\0';
	*text = *p ? p + 1 : p;
	*p = '\0';
	if (!*open && p - word > 1 && (*word == '"' || *word == '\'') && p[-1] == *word) {
		p[-1] = '\0';
		word++;
	}
	return word;
}

/* The words of one side of --compare, applied to its options; the text is cut up. */
static int apply_side(const struct replay_options *both, struct replay_options *o, char *text)
{
	char *argv[MAX_WORDS + 1] = { (char *)NAME }, *word;
	int argc = 1, rest = 0, status = EXIT_OK;
	bool open = false;

	*o = *both;
	o->pc = false;
	o->arch = NULL;
	while ((word = next_word(&text, &open))) {
		if (open)
			return kmm_misused(NAME, "--compare: a quote is not closed: %s", word);
		if (argc == MAX_WORDS)
			return kmm_misused(NAME, "--compare: more than %d words", MAX_WORDS - 1);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	status = take_options(o, argc, argv, &rest);
	for (; !status && rest < argc; rest++) {
		if (!strncmp(argv[rest], "vm.", 3))
			status = add_sysctl(&o->config, argv[rest]);
		else if (!machine_add_param(&o->config.machine, argv[rest]))
			status = kmm_misused(NAME, "too many boot parameters");
	}
	if (!status)
		status = settle_options(o);
	if (!status && o->nr_slabs > 1)
		status = kmm_misused(NAME, "--compare: one allocator a side");
	if (!status && (o->pc || o->arch))
		status = kmm_misused(NAME, "--compare: --machine pc and --arch are for both sides");
	if (!status && (o->help || o->compare[0] != both->compare[0]))
		status = kmm_misused(NAME, "--compare: options of a replay are wanted, not %s",
				     o->help ? "--help" : "another --compare");
	if (!status && (o->json || o->config.timeline || o->config.dump || o->log))
		status = kmm_misused(NAME, "--compare writes one table: no --json, --timeline, "
				     "--dump-trace, --log");
	return status;
}

static int run_one(struct replay_options *o, struct replay_result *r)
{
	char err[REPLAY_ERROR] = "";

	if (replay_run(&o->config, r, err))
		return err[0] ? kmm_failed(NAME, "%s", err) : EXIT_FAILED;
	return EXIT_OK;
}

static int run_compare(const struct replay_options *o)
{
	struct replay_options *side = calloc(2, sizeof(*side));
	struct replay_result *r = calloc(2, sizeof(*r));
	char *text[2] = { strdup(o->compare[0]), strdup(o->compare[1]) };
	int status = side && r && text[0] && text[1] ? EXIT_OK : kmm_failed(NAME, "out of memory");

	if (!status && replay_reads_once(o->config.trace))
		status = kmm_misused(NAME, "--compare reads the trace twice: a file is wanted");
	for (int i = 0; i < 2 && !status; i++)
		status = apply_side(o, &side[i], text[i]);
	for (int i = 0; i < 2 && !status; i++)
		status = run_one(&side[i], &r[i]);
	if (!status)
		replay_compare(&r[0], &r[1], o->compare[0], o->compare[1], stdout,
			       isatty(STDOUT_FILENO), o->timing);
	for (int i = 0; i < 2; i++) {
		if (r)
			replay_result_free(&r[i]);
		free(text[i]);
	}
	free(side);
	free(r);
	return status;
}

/* ---- several allocators ---- */

/* The same options and the same trace, read once. */
static int run_allocator(const struct replay_options *o, unsigned int i, struct script *script,
			 struct replay_result *r)
{
	struct replay_options *one = malloc(sizeof(*one));
	char word[16];
	int status;

	if (!one)
		return kmm_failed(NAME, "out of memory");
	*one = *o;
	one->config.script = script;
	snprintf(word, sizeof(word), "slab=%s", o->slabs[i]);
	if (!machine_add_param(&one->config.machine, word))
		status = kmm_misused(NAME, "too many boot parameters");
	else
		status = run_one(one, r);
	free(one);
	return status;
}

static int run_slabs(const struct replay_options *o)
{
	struct replay_result *r = calloc(MAX_SLABS, sizeof(*r));
	struct script *script = calloc(1, sizeof(*script));
	bool report = !o->quiet && (!o->json || strcmp(o->json, "-"));
	int status = r && script ? EXIT_OK : kmm_failed(NAME, "out of memory");
	char err[REPLAY_ERROR] = "";

	for (unsigned int i = 0; i < o->nr_slabs && !status; i++)
		status = run_allocator(o, i, script, &r[i]);
	if (!status && report)
		replay_slabs(r, o->nr_slabs, stdout, isatty(STDOUT_FILENO), o->timing);
	if (!status && o->json && replay_slabs_json(r, o->nr_slabs, o->json, o->timing, err))
		status = kmm_failed(NAME, "%s", err);
	for (unsigned int i = 0; r && i < o->nr_slabs; i++)
		replay_result_free(&r[i]);
	if (script)
		script_free(script);
	free(script);
	free(r);
	return status;
}

/* ---- one run ---- */

static int run_single(struct replay_options *o)
{
	struct replay_result *r = calloc(1, sizeof(*r));
	bool report = !o->quiet && (!o->json || strcmp(o->json, "-"));
	char err[REPLAY_ERROR] = "";
	int status = r ? run_one(o, r) : kmm_failed(NAME, "out of memory");

	if (!status && o->log)
		fputs(r->log, stdout);
	if (!status && report)
		replay_report(r, stdout, isatty(STDOUT_FILENO), o->timing);
	if (!status && o->json && replay_json(r, o->json, o->timing, err))
		status = kmm_failed(NAME, "%s", err);
	if (r)
		replay_result_free(r);
	free(r);
	return status;
}

/* ---- on a PC ---- */

/* The booted program has no files to write, and no library for JSON. */
static int check_outputs(const struct replay_options *o)
{
	if (o->json || o->config.timeline || o->config.dump)
		return kmm_misused(NAME, "--machine pc only reports: no --json, --timeline, "
				   "--dump-trace");
	return EXIT_OK;
}

/* The words without those that say --machine pc; in words[argc]. */
static int other_words(const struct replay_options *o, int argc, char **argv, char **words)
{
	int n = 0;

	for (int i = 0; i < argc; i++)
		if (argv[i] != o->pc_words[0] && argv[i] != o->pc_words[1])
			words[n++] = argv[i];
	return n;
}

static int run_on_pc(struct replay_options *o, int argc, char **argv)
{
	struct replay_options *side = calloc(2, sizeof(*side));
	struct replay_config *run = calloc(2, sizeof(*run));
	char **words = calloc((size_t)argc + 1, sizeof(*words)), *text[2] = { NULL, NULL };
	struct pc_request q = { .command = NAME, .arch = o->arch, .argv = words };
	unsigned int nr = o->compare[0] ? 2 : 1;
	int status = side && run && words ? check_outputs(o) : kmm_failed(NAME, "out of memory");

	if (!status && nr == 1)
		status = settle_options(o);
	for (unsigned int i = 0; i < nr && !status; i++) {
		text[i] = strdup(nr == 2 ? o->compare[i] : "");
		status = !text[i] ? kmm_failed(NAME, "out of memory") :
			 nr == 2 ? apply_side(o, &side[i], text[i]) : EXIT_OK;
		run[i] = nr == 2 ? side[i].config : o->config;
	}
	if (!status) {
		q.argc = other_words(o, argc, argv, words);
		status = replay_on_pc(&q, run, nr);
	}
	free(text[0]);
	free(text[1]);
	free(words);
	free(run);
	free(side);
	return status;
}

static int run_settled(struct replay_options *o)
{
	int status = settle_options(o);

	if (status)
		return status;
	return o->nr_slabs > 1 ? run_slabs(o) : run_single(o);
}

static int run_here(struct replay_options *o, char **argv)
{
	int status = EXIT_OK;

	if (o->arch)
		status = machine_other_arch(&o->config.machine, NAME, o->arch, argv);
	if (status)
		return status;
	return o->compare[0] ? run_compare(o) : run_settled(o);
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options *o = calloc(1, sizeof(*o));
	int rest = 0, status;

	if (!o)
		return kmm_failed(NAME, "out of memory");
	replay_defaults(&o->config);
	o->timing = true;
	status = take_options(o, argc, argv, &rest);
	o->config.progress = !o->quiet;
	if (!status && o->help) {
		print_help(stdout);
	} else if (!status) {
		o->config.trace = argc - rest == 1 ? argv[rest] : NULL;
		if (!o->config.trace)
			status = kmm_misused(NAME, argc - rest ? "one trace at a time" :
					     "which trace? kmm replay --help says more");
		else if (o->pc)
			status = run_on_pc(o, argc, argv);
		else
			status = run_here(o, argv);
	}
	free(o);
	return status;
}
