// SPDX-License-Identifier: MIT
/*
 * engine.c - a replay from power-on to power-off.
 *
 *	derive.c	which machine                         -> host_boot()
 *	initial.c	what was in use when the trace began
 *	script.c	with objects: the whole trace, read ahead
 *	objects.c	with objects: what lived in caches; then event by event
 *	place.c		each page event, in the trace's order, on its CPU
 *	failures.c	what did not succeed, and why
 *	timeline.c, dump.c	what was asked to be written meanwhile
 *	recorded.c	the recorded end, for comparison
 *
 * The core must never be stopped by what a trace says; if it is, that is a bug,
 * and the replay ends with the machine's last words as its one line.
 *
 * Speed: an event that is not about pages costs its decoding and one comparison;
 * everything that is due only now and then (samples, the progress bar, the
 * limit) hides behind one comparison with next_stop.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <kmm/introspect.h>
#include <kmm/mm.h>
#include <kmm/sysctl.h>

#include "tools/kmm/trace/alloc.h"

#include "engine.h"
#include "progress.h"

int replay_fail(struct replay *rp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(rp->err, REPLAY_ERROR, fmt, args);
	va_end(args);
	return -1;
}

void replay_defaults(struct replay_config *c)
{
	memset(c, 0, sizeof(*c));
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* ---- the hooks where reclaim would stand: it is counted, and finds nothing ---- */

static struct replay_counts *pressure;

static void note_kswapd(struct zone *zone, gfp_t gfp, unsigned int order, int highest)
{
	(void)zone, (void)gfp, (void)order, (void)highest;
	pressure->kswapd_wakes++;
}

static unsigned long note_reclaim(struct zonelist *zl, unsigned int order, gfp_t gfp)
{
	(void)zl, (void)order, (void)gfp;
	pressure->reclaim_calls++;
	return 0;
}

static bool note_compaction(struct zonelist *zl, unsigned int order, gfp_t gfp, int highest)
{
	(void)zl, (void)order, (void)gfp, (void)highest;
	pressure->compact_calls++;
	return false;
}

static bool note_oom(gfp_t gfp, unsigned int order)
{
	(void)gfp, (void)order;
	pressure->oom_calls++;
	return false;
}

static const struct page_pressure_ops counting = {
	.wakeup_kswapd = note_kswapd,
	.try_to_free_pages = note_reclaim,
	.try_to_compact_pages = note_compaction,
	.out_of_memory = note_oom,
};

/* ---- power-on ---- */

static int boot(struct replay *rp)
{
	struct host_config *c = &rp->config->machine.config;

	int err;

	c->quiet = true;
	c->on_line = rp->config->on_line;
	c->on_line_arg = rp->config->on_line_arg;
	err = host_boot(c);
	if (err) {
		char last[256];

		return replay_fail(rp, "this machine does not boot: %s",
				   machine_last_words(err, last, sizeof(last)));
	}
	rp->nr_cpus = nr_cpu_ids;
	rp->result->log_boot_len = strlen(host_dmesg());
	return 0;
}

/*
 * The reserve that the recorded machine kept (somebody may have set it) is part of that
 * machine, as long as ours has about as much memory.
 */
static void set_recorded_reserve(struct replay *rp)
{
	u64 recorded = rp->recorded_managed, here = totalram_pages;
	char text[24];

	if (!rp->as_recorded || !rp->recorded_min || here > recorded + recorded / 8 ||
	    here < recorded - recorded / 8)
		return;
	rp->result->recorded_reserve = rp->recorded_min << (PAGE_SHIFT - 10);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)rp->result->recorded_reserve);
	if (sysctl_vm_write("min_free_kbytes", text))
		rp->result->recorded_reserve = 0;
}

static int set_sysctls(struct replay *rp)
{
	char name[64];

	set_recorded_reserve(rp);
	for (unsigned int i = 0; i < rp->config->nr_sysctls; i++) {
		const char *s = rp->config->sysctls[i], *eq = strchr(s, '=');
		int rc;

		if (!strncmp(s, "vm.", 3))
			s += 3;
		if (!eq || eq - s >= (ptrdiff_t)sizeof(name))
			return replay_fail(rp, "--sysctl %s: NAME=VALUE is wanted", s);
		snprintf(name, sizeof(name), "%.*s", (int)(eq - s), s);
		rc = sysctl_vm_write(name, eq + 1);
		if (rc == -ENOENT)
			return replay_fail(rp, "--sysctl: no tunable %s", name);
		if (rc)
			return replay_fail(rp, "--sysctl %s: it does not take \"%s\"", name,
					   eq + 1);
	}
	return 0;
}

static char *proc_text(const char *path)
{
	char *text = trace_alloc(INTROSPECT_MAX);

	if (introspect_read_text(path, text, INTROSPECT_MAX) < 0)
		text[0] = '\0';
	return text;
}

static void take_before(struct replay *rp)
{
	struct replay_result *r = rp->result;

	drain_all_pages(NULL);
	state_take(&r->before);
	holders_scan_all(&r->holders_before);
	r->buddyinfo_before = proc_text("/proc/buddyinfo");
	memcpy(r->vm_before, vm_events, sizeof(r->vm_before));
	r->nr_cpus = rp->nr_cpus;
	r->nr_nodes = num_online_nodes();
	snprintf(r->cmdline, sizeof(r->cmdline), "%.*s", COMMAND_LINE_SIZE - 1,
		 rp->config->machine.cmdline);
}

/* ---- the loop ---- */

void replay_cpu(struct replay *rp, unsigned int cpu, u64 ns, char context)
{
	if (unlikely(cpu >= rp->nr_cpus))
		cpu %= rp->nr_cpus;
	if (unlikely(cpu != rp->cpu)) {
		host_set_cpu(cpu);
		rp->cpu = cpu;
	}
	host_clock_set(ns);
	if (unlikely(rp->dump != NULL))
		dump_stamp(rp, ns, context);
}

void replay_end_mark(struct replay *rp)
{
	state_take(&rp->result->at_end_mark);
	rp->result->has_end_mark = true;
	if (rp->player)
		object_state_take(rp, &rp->result->objects.mark);
}

static void note_fallback(struct replay_result *r, const struct trace_event *ev)
{
	r->recorded_fallbacks++;
	r->recorded_claims += ev->extfrag.change_ownership;
}

static inline void one_event(struct replay *rp, const struct trace_event *ev)
{
	switch (ev->code) {
	case TRACE_PAGE_ALLOC:
		replay_cpu(rp, ev->cpu, ev->ts_ns, (char)ev->context);
		replay_alloc(rp, ev);
		break;
	case TRACE_PAGE_FREE:
		replay_cpu(rp, ev->cpu, ev->ts_ns, (char)ev->context);
		replay_free(rp, ev);
		break;
	case TRACE_EXTFRAG:
		note_fallback(rp->result, ev);
		break;
	case TRACE_MARKER:
		if (!strcmp(ev->marker.text, "snap1 begin"))
			replay_end_mark(rp);
		break;
	}
}

/* Whoever watches looks. False: it is enough. */
static bool watched(struct replay *rp, u64 ns)
{
	const struct replay_config *c = rp->config;

	if (!c->watch || rp->event < rp->watch_next)
		return true;
	rp->watch_next = rp->event + max(c->watch_events, (u64)1);
	return c->watch(c->watch_arg, rp->event, ns);
}

/* A script has as many events as were asked for. */
bool replay_stop_over(struct replay *rp, u64 ns)
{
	u64 next = rp->config->limit && !rp->script ? rp->config->limit : ~(u64)0;

	if (rp->broken)
		return false;
	if (rp->event >= next || !watched(rp, ns)) {
		rp->result->stopped_by_limit = true;
		return false;
	}
	if (rp->config->watch)
		next = min(next, rp->watch_next);
	next = min(next, timeline_due(rp, ns));
	if (rp->bar)
		next = min(next, progress_show(rp->bar, rp->event, ns));
	KMM_BUG_ON(next <= rp->event);
	rp->next_stop = next;
	return true;
}

static int play(struct replay *rp)
{
	struct trace_event ev = { 0 };
	struct progress bar;
	int rc;

	progress_begin(&bar, rp->config->progress, rp->config->trace);
	rp->bar = &bar;
	while ((rc = trace_next(rp->reader, &ev)) > 0) {
		rp->event++;
		one_event(rp, &ev);
		rp->last_ns = ev.ts_ns;
		if (unlikely(rp->event >= rp->next_stop) && !replay_stop_over(rp, ev.ts_ns))
			break;
	}
	progress_end(&bar);
	rp->bar = NULL;
	if (rp->broken)
		return -1;
	if (rc < 0)
		return replay_fail(rp, "%s", trace_error(rp->reader));
	return timeline_end(rp, rp->last_ns);
}

/* ---- the end ---- */

#define MAX_THREADS	(1u << 20)

/* The names of the workload's threads, each once, as far as they fit. */
static void name_workload(struct replay *rp)
{
	struct replay_result *r = rp->result;
	u32 names = trace_nr_names(rp->reader, TRACE_NAME_COMM), tid, unknown = 0;
	bool *seen = trace_alloc(names + 1);
	size_t len = 0;

	for (tid = 0; tid < MAX_THREADS && unknown < 4096; tid++) {
		const struct trace_thread *t = trace_thread(rp->reader, tid);
		const char *name;

		unknown = t ? 0 : unknown + 1;
		if (!t || t->class != 'W' || t->comm_id >= names || seen[t->comm_id])
			continue;
		seen[t->comm_id] = true;
		name = trace_name(rp->reader, TRACE_NAME_COMM, t->comm_id);
		if (len + strlen(name) + 6 >= sizeof(r->workload)) {
			snprintf(r->workload + len, sizeof(r->workload) - len, " ...");
			break;
		}
		len += (size_t)snprintf(r->workload + len, sizeof(r->workload) - len, "%s%s",
					len ? " " : "", name);
	}
	free(seen);
}

static char *problems(struct replay *rp)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		trace_out_of_memory();
	if (!rp->result->stopped_by_limit)
		trace_print_problems(rp->reader, f);
	fclose(f);
	return text;
}

static void finish(struct replay *rp)
{
	struct replay_result *r = rp->result;
	const char *title = trace_title(rp->reader);

	r->events = rp->event;
	r->stats = *trace_statistics(rp->reader);
	r->format = trace_format(rp->reader);
	r->page_events = r->stats.by_code[TRACE_PAGE_ALLOC] + r->stats.by_code[TRACE_PAGE_FREE];
	r->duration_ns = rp->last_ns;
	r->follow = rp->config->follow;
	r->level = rp->config->level;
	snprintf(r->title, sizeof(r->title), "%s", *title ? title : trace_file_name(rp->reader));
	name_workload(rp);
	r->problems = problems(rp);
	r->map_peak_bytes = frame_map_peak_bytes(rp->map);
	state_take(&r->after);
	holders_scan_all(&r->holders_after);
	r->buddyinfo_after = proc_text("/proc/buddyinfo");
	memcpy(r->vm_events, vm_events, sizeof(r->vm_events));
	for (int i = 0; i < NR_VM_EVENTS; i++)
		r->vm_events[i] -= r->vm_before[i];
	recorded_read(rp);
	recorded_compare_frames(rp);
	if (rp->player)
		objects_end(rp);
	page_alloc_check();
	r->log = strdup(host_dmesg());
}

/* ---- */

/* With objects, the trace is read ahead (once, however often it is played). */
static int read_trace_ahead(struct replay *rp)
{
	struct replay_result *r = rp->result;
	struct script *s = rp->script = rp->config->script;

	if (!s)
		s = rp->script = rp->own_script = trace_alloc(sizeof(*s));
	if (!s->reader && script_read(rp, s))
		return -1;
	rp->reader = s->reader;
	rp->event = 0;
	r->stopped_by_limit = s->stopped_by_limit;
	r->recorded_fallbacks = s->counts.fallbacks;
	r->recorded_claims = s->counts.claims;
	rp->counts->impossible = s->counts.impossible;
	r->objects.read = s->counts;
	if (objects_begin(rp))
		return -1;
	if (r->initial.source)
		r->initial.got_free = nr_free_pages();
	return 0;
}

static int open_trace(struct replay *rp)
{
	struct trace_options opt = { .strict = rp->config->strict };

	if (rp->config->level != REPLAY_PAGES)
		return replay_initial(rp) ? -1 : read_trace_ahead(rp);
	rp->reader = trace_open(rp->config->trace, &opt, rp->err, REPLAY_ERROR);
	return rp->reader && !replay_initial(rp) ? 0 : -1;
}

static int run_machine(struct replay *rp)
{
	struct replay_result *r = rp->result;
	u64 start = now();

	if (boot(rp) || set_sysctls(rp) || open_trace(rp))
		return -1;
	take_before(rp);
	pressure = rp->counts;
	set_page_pressure_ops(&counting);
	if (timeline_begin(rp) || dump_begin(rp))
		return -1;
	r->objects.read_ns = rp->script ? rp->script->ns : 0;
	r->setup_ns = now() - start - (rp->own_script ? r->objects.read_ns : 0);
	start = now();
	if (rp->script ? objects_play(rp) : play(rp))
		return -1;
	r->objects.loop_ns = now() - start;
	r->ns = r->objects.loop_ns + r->objects.read_ns;
	if (dump_end(rp))
		return -1;
	finish(rp);
	return 0;
}

/* The trace is looked at before the machine: a wrong name should not cost a boot. */
static int check_trace(struct replay *rp)
{
	struct trace_reader *r;

	if (replay_reads_once(rp->config->trace))
		return 0;
	r = trace_open(rp->config->trace, NULL, rp->err, REPLAY_ERROR);
	trace_close(r);
	return r ? 0 : -1;
}

static void clean_up(struct replay *rp, bool failed)
{
	struct rusage usage;

	if (failed || !rp->config->keep_machine)
		host_power_off();
	timeline_free(rp);
	dump_free(rp);
	replay_machine_release(rp);
	objects_free(rp);
	if (rp->own_script)
		script_free(rp->own_script);
	else if (!rp->script)
		trace_close(rp->reader);
	free(rp->own_script);
	free(rp->slab_frames.runs);
	frame_map_free(rp->map);
	getrusage(RUSAGE_SELF, &usage);
	rp->result->peak_rss_kb = usage.ru_maxrss;
	if (failed)
		replay_result_free(rp->result);
}

int replay_run(struct replay_config *c, struct replay_result *r, char *err)
{
	struct replay *rp = trace_alloc(sizeof(*rp));
	jmp_buf env;
	int rc;

	memset(r, 0, sizeof(*r));
	*rp = (struct replay){ .config = c, .result = r, .counts = &r->counts, .err = err };
	rp->map = frame_map_new();
	if (setjmp(env)) {
		rc = replay_fail(rp, "the machine stopped at event %llu: %s",
				 (unsigned long long)rp->event, host_stop_reason());
	} else {
		host_catch_stop(&env);
		rc = check_trace(rp) || replay_machine(rp) ? -1 : run_machine(rp);
	}
	host_catch_stop(NULL);
	clean_up(rp, rc != 0);
	free(rp);
	return rc;
}

void replay_result_free(struct replay_result *r)
{
	recorded_free(&r->recorded);
	free(r->log);
	free(r->buddyinfo_before);
	free(r->buddyinfo_after);
	free(r->problems);
	object_result_free(&r->objects);
	memset(r, 0, sizeof(*r));
}
