// SPDX-License-Identifier: MIT
/*
 * slabtop.c - kmm slabtop: a machine, a workload on it, and its caches as they change.
 *
 *	kmm slabtop			objects that come and go at random (walk.c)
 *	kmm slabtop TRACE		those a recorded kernel allocated, at its own pace
 *
 * --once lets the workload run as fast as it can and prints the table at its end. A machine
 * that stops ends the command; the terminal is put in order before that is said.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "tools/kmm/command.h"
#include "tools/kmm/machine.h"
#include "tools/kmm/replay/replay.h"

#include "slabtop.h"

#define NAME		"slabtop"
#define FRAME_STEPS	2048		/* steps or events between two looks at the clock */
#define ONCE_STEPS	1000000u

enum { OPT_ONCE = 256, OPT_SPEED, OPT_LIMIT };

static const struct option options[] = {
	MACHINE_OPTIONS,
	{ "once", no_argument, NULL, 'o' },
	{ "sort", required_argument, NULL, 'S' },
	{ "delay", required_argument, NULL, 'D' },
	{ "speed", required_argument, NULL, OPT_SPEED },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char help[] =
	"usage: kmm slabtop [OPTION...] [TRACE] [-- BOOT-PARAMETER...]\n"
	"\n"
	"Boots a machine, lets objects be allocated and freed on it - at random, or as in a\n"
	"recorded TRACE - and shows its caches as slabtop(1) does.\n"
	"\n"
	"  -d, --delay SECONDS   from picture to picture (default 1)\n"
	"  -s LETTER, --sort     a active objects, b objects per slab, c cache size, l slabs,\n"
	"                        v active slabs, n name, o objects (default), p pages per slab,\n"
	"                        s object size, u use; the keys do the same\n"
	"  -o, --once            print the table once, when the workload is over\n"
	"  --speed X             times as fast as recorded (default 1); keys + and - change it\n"
	"  --limit N             end after N events of the trace, or steps\n"
	"\n"
	"Space pauses, q quits. The machine is described as for kmm boot (--mem, --nodes, --cpus,\n"
	"--e820, --threads, --seed, --cmdline); boot parameters such as slab=slab go after --.\n";

struct slabtop_request {
	struct replay_config replay;	/* its machine is the walk's too */
	struct view view;
	const char *trace;
	u64 limit;
	bool once, help;
};

/* ---- options ---- */

static bool parse_seconds(const char *text, double least, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= least && *value <= 1e6;
}

static int take_option(struct slabtop_request *r, int letter, const char *value, char **argv)
{
	switch (letter) {
	case 'h':
		r->help = true;
		return EXIT_OK;
	case 'o':
		r->once = true;
		return EXIT_OK;
	case 'S':
		if (strlen(value) != 1 || !slabs_criterion(value[0]))
			return kmm_misused(NAME, "--sort %s: one of the letters "
					   SLABS_CRITERIA " is wanted", value);
		r->view.letter = value[0];
		return EXIT_OK;
	case 'D':
		if (!parse_seconds(value, 0.05, &r->view.delay))
			return kmm_misused(NAME, "--delay %s: seconds from 0.05 to "
					   "1000000 are wanted", value);
		return EXIT_OK;
	case OPT_SPEED:
		if (!parse_seconds(value, 0.001, &r->view.speed))
			return kmm_misused(NAME, "--speed %s: a number from 0.001 to "
					   "1000000 is wanted", value);
		return EXIT_OK;
	case OPT_LIMIT:
		if (!parse_number(value, &r->limit) || !r->limit)
			return kmm_misused(NAME, "--limit %s: a number from 1 is wanted", value);
		return EXIT_OK;
	case ':':
	case '?':
		return kmm_bad_option(NAME, letter, argv);
	default:
		return machine_option(&r->replay.machine, NAME, letter, value);
	}
}

/* How many words stand behind "--"; getopt puts the others before them. */
static int words_behind(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return argc - i - 1;
	return 0;
}

static int take_words(struct slabtop_request *r, int argc, char **argv, int params)
{
	if (optind < argc - params)
		r->trace = argv[optind++];
	if (optind < argc - params)
		return kmm_misused(NAME, "one trace at a time (boot parameters go after --)");
	for (; optind < argc; optind++)
		if (!machine_add_param(&r->replay.machine, argv[optind]))
			return kmm_misused(NAME, "more than %d bytes of boot parameters",
					   COMMAND_LINE_SIZE - 1);
	return EXIT_OK;
}

static int parse(struct slabtop_request *r, int argc, char **argv)
{
	int letter, index, params = words_behind(argc, argv), status;

	opterr = 0;
	optind = 0;
	for (;;) {
		index = -1;
		letter = getopt_long(argc, argv, ":s:d:oh", options, &index);
		if (letter == -1)
			break;
		/* Of one letter: -s and -d are not the machine's --seed and --numa-distance. */
		if (index < 0 && (letter == 's' || letter == 'd'))
			letter = letter == 's' ? 'S' : 'D';
		status = take_option(r, letter, optarg, argv);
		if (status)
			return status;
	}
	return r->help ? EXIT_OK : take_words(r, argc, argv, params);
}

/* ---- the end ---- */

static int print_once(struct view *v)
{
	if (!slabs_read(&v->slabs))
		return kmm_failed(NAME, "out of memory");
	slabs_sort(&v->slabs, v->letter);
	slabs_print(&v->slabs, stdout);
	return EXIT_OK;
}

/* The workload is over, and the machine still on. */
static int show_end(struct slabtop_request *r, u64 ns)
{
	if (r->once)
		return print_once(&r->view);
	if (!r->view.quit)
		view_stay(&r->view, ns);
	return EXIT_OK;
}

/* ---- a trace ---- */

static bool watch(void *arg, u64 event, u64 ns)
{
	(void)event;
	return view_turn(arg, ns);
}

static int run_trace(struct slabtop_request *r)
{
	struct replay_result *result = calloc(1, sizeof(*result));
	char err[REPLAY_ERROR] = "";
	int status;

	if (!result)
		return kmm_failed(NAME, "out of memory");
	r->replay.trace = r->trace;
	r->replay.level = REPLAY_OBJECTS;
	r->replay.limit = r->limit;
	r->replay.keep_machine = true;
	if (!r->once) {
		r->replay.watch = watch;
		r->replay.watch_arg = &r->view;
		r->replay.watch_events = FRAME_STEPS;
	}
	if (replay_run(&r->replay, result, err)) {
		screen_close();
		status = err[0] ? kmm_failed(NAME, "%s", err) : EXIT_FAILED;
	} else {
		status = show_end(r, result->duration_ns);
		replay_result_free(result);
	}
	free(result);
	return status;
}

/* ---- the walk ---- */

static int walk(struct slabtop_request *r)
{
	u64 steps = r->limit ? r->limit : r->once ? ONCE_STEPS : ~(u64)0, done = 0, now = 0;
	struct walk *w = walk_new(r->replay.machine.seed);
	int status;

	if (!w)
		return kmm_failed(NAME, "the machine has no memory for the workload");
	while (done < steps) {
		now = walk_on(w, FRAME_STEPS);
		if (!r->replay.machine.threads)
			host_clock_set(now);
		done += FRAME_STEPS;
		if (!r->once && !view_turn(&r->view, now))
			break;
	}
	status = show_end(r, now);
	walk_free(w);
	return status;
}

static int run_walk(struct slabtop_request *r)
{
	struct machine_options *m = &r->replay.machine;
	int status = machine_build(m, NAME), err;
	jmp_buf env;

	if (status)
		return status;
	m->config.quiet = true;
	if (setjmp(env)) {
		screen_close();
		return kmm_failed(NAME, "the machine stopped: %s", host_stop_reason());
	}
	host_catch_stop(&env);
	err = host_boot(&m->config);
	if (err) {
		char last[256];

		screen_close();
		return kmm_failed(NAME, "this machine does not boot: %s",
				  machine_last_words(err, last, sizeof(last)));
	}
	status = walk(r);
	host_catch_stop(NULL);
	return status;
}

/* ---- */

/* A file and the directory it lies in: traces are often all called the same. */
static const char *short_name(const char *path)
{
	const char *at = path + strlen(path);
	int slashes = 0;

	while (at > path && (slashes += at[-1] == '/') < 2)
		at--;
	return at;
}

static int run(struct slabtop_request *r)
{
	const char *why;
	int status;

	if (r->trace && r->replay.machine.threads)
		return kmm_misused(NAME, "a trace is played on one thread");
	why = r->once ? NULL : screen_open();
	if (why)
		return kmm_failed(NAME, "%s", why);
	r->view.what = r->trace ? short_name(r->trace) : "random walk";
	view_begin(&r->view);
	status = r->trace ? run_trace(r) : run_walk(r);
	screen_close();
	host_power_off();
	return status;
}

int cmd_slabtop(int argc, char **argv)
{
	struct slabtop_request *r = calloc(1, sizeof(*r));
	int status;

	if (!r)
		return kmm_failed(NAME, "out of memory");
	replay_defaults(&r->replay);
	r->view.letter = 'o';
	r->view.delay = r->view.speed = 1;
	status = parse(r, argc, argv);
	if (!status && r->help)
		fputs(help, stdout);
	else if (!status)
		status = run(r);
	slabs_free(&r->view.slabs);
	machine_release(&r->replay.machine);
	free(r);
	return status;
}
