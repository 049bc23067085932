// SPDX-License-Identifier: MIT
/*
 * events.c - trace and fault: what the allocator does, and making it fail.
 *
 * Trace events are kept as they come, with their stamps, in one growing array; it
 * stops at LOG_MAX events and counts what it lost. Names of caches are copied, for a cache
 * may be gone when its events are shown. The sink runs on the CPU of the
 * event, maybe under a zone's lock: it takes log->lock, which nests inside every
 * other, and calls nothing of the core.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <kmm/introspect.h>
#include <kmm/trace.h>
#include <kmm/trace_text.h>

#include "lib/seq_buf.h"

#include "console.h"

#define LOG_MAX		(1u << 22)

struct logged {
	struct kmm_trace_event event;
	u64 ns;
	u32 cpu;
};

struct trace_log {
	pthread_mutex_t lock;
	struct logged *events;
	size_t nr, room;
	char **names;			/* of caches */
	unsigned int nr_names;
	unsigned long lost;
	bool on;
};

/* ---- recording ---- */

/* Pre: log->lock. */
static bool log_room(struct trace_log *log)
{
	size_t room = log->room ? 2 * log->room : 4096;
	struct logged *more;

	if (log->nr < log->room)
		return true;
	if (room > LOG_MAX)
		return false;
	more = realloc(log->events, room * sizeof(*more));
	if (!more)
		return false;
	log->events = more;
	log->room = room;
	return true;
}

static bool is_object(const struct kmm_trace_event *e)
{
	return e->code >= TRACE_KMEM_KMALLOC;
}

/* Our own copy of a cache's name; the one it had before is most often the next one's too. */
static const char *keep_name(struct trace_log *log, const char *name)
{
	char **more;

	for (unsigned int i = log->nr_names; i-- > 0;)
		if (!strcmp(log->names[i], name))
			return log->names[i];
	more = realloc(log->names, (log->nr_names + 1) * sizeof(*more));
	if (!more)
		return NULL;
	log->names = more;
	more[log->nr_names] = strdup(name);
	return more[log->nr_names] ? more[log->nr_names++] : NULL;
}

static void record(const struct kmm_trace_event *event, void *arg)
{
	struct trace_log *log = arg;
	struct logged *l;

	pthread_mutex_lock(&log->lock);
	if (log_room(log)) {
		l = &log->events[log->nr++];
		*l = (struct logged){ *event, kmm_clock_ns(), kmm_cpu() };
		if (is_object(event) && event->cache)
			l->event.cache = keep_name(log, event->cache);
	} else {
		log->lost++;
	}
	pthread_mutex_unlock(&log->lock);
}

static int trace_on(struct console *c)
{
	if (!c->trace) {
		c->trace = calloc(1, sizeof(*c->trace));
		if (!c->trace)
			return console_error(c, "trace: the host is out of memory");
		pthread_mutex_init(&c->trace->lock, NULL);
	}
	c->trace->on = true;
	set_trace_sink(record, c->trace);
	return 0;
}

void trace_forget(struct console *c)
{
	if (!c->trace)
		return;
	if (c->trace->on && host_is_on())
		set_trace_sink(NULL, NULL);
	free(c->trace->events);
	for (unsigned int i = 0; i < c->trace->nr_names; i++)
		free(c->trace->names[i]);
	free(c->trace->names);
	free(c->trace);
	c->trace = NULL;
}

/* ---- showing and saving ---- */

static struct trace_stamp stamp_of(const struct logged *l)
{
	return (struct trace_stamp){ .ns = l->ns, .cpu = l->cpu, .comm = "kmm",
				    .symbol = host_symbol };
}

/* One event as it is shown: with addresses as everything else here prints them. */
static bool show_event(struct console *c, const struct logged *l)
{
	struct trace_stamp stamp = stamp_of(l);
	struct kmm_trace_event e = l->event;
	char text[2 * TRACE_TEXT_MAX];
	struct seq_buf s;

	if (is_object(&e) && !e.failed)
		e.ptr = (uintptr_t)host_kernel_address((void *)e.ptr);
	seq_buf_init(&s, text, sizeof(text));
	if (ftrace_event(&s, &e, &stamp))
		return false;
	fwrite(text, 1, s.len, c->out);
	return true;
}

static int show(struct console *c, size_t nr)
{
	const struct trace_log *log = c->trace;
	size_t i, first;
	char text[2 * TRACE_TEXT_MAX];
	struct seq_buf s;

	if (!log || !log->nr) {
		fputs("no events\n", c->out);
		return 0;
	}
	first = log->nr > nr ? log->nr - nr : 0;
	seq_buf_init(&s, text, sizeof(text));
	ftrace_header(&s, nr_cpu_ids, log->nr);
	fwrite(text, 1, s.len, c->out);
	for (i = first; i < log->nr; i++)
		if (!show_event(c, &log->events[i]))
			break;
	if (log->lost)
		fprintf(c->out, "# %lu events were lost: the log was full\n", log->lost);
	return 0;
}

static bool write_events(const struct trace_log *log, FILE *f)
{
	struct kmt1_writer *w = calloc(1, sizeof(*w));
	char text[2 * TRACE_TEXT_MAX];
	struct seq_buf s;
	size_t i;

	if (!w)
		return false;
	seq_buf_init(&s, text, sizeof(text));
	kmt1_begin(w, &s, "kmm console");
	for (i = 0; i < log->nr; i++) {
		struct trace_stamp stamp = stamp_of(&log->events[i]);

		fwrite(text, 1, s.len, f);
		seq_buf_init(&s, text, sizeof(text));
		if (kmt1_event(w, &s, &log->events[i].event, &stamp))
			break;
	}
	fwrite(text, 1, s.len, f);
	seq_buf_init(&s, text, sizeof(text));
	kmt1_end(w, &s);
	fwrite(text, 1, s.len, f);
	free(w);
	return i == log->nr && !ferror(f);
}

static int save(struct console *c, const char *name)
{
	FILE *f;
	bool written;

	if (!c->trace || !c->trace->nr)
		return console_error(c, "trace: no events");
	f = fopen(name, "w");
	if (!f)
		return console_error(c, "trace: %s: %s", name, strerror(errno));
	written = write_events(c->trace, f);
	if (fclose(f) || !written)
		return console_error(c, "trace: %s could not be written", name);
	fprintf(c->out, "%zu events in %s\n", c->trace->nr, name);
	return 0;
}

int console_trace(struct console *c, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	u64 nr = 20;

	if (argc == 2 && !strcmp(what, "on"))
		return trace_on(c);
	if (argc == 2 && !strcmp(what, "off")) {
		set_trace_sink(NULL, NULL);
		if (c->trace)
			c->trace->on = false;
		return 0;
	}
	if (argc == 2 && !strcmp(what, "clear")) {
		if (c->trace)
			c->trace->nr = c->trace->lost = 0;
		return 0;
	}
	if (argc == 3 && !strcmp(what, "save"))
		return save(c, argv[2]);
	if ((argc == 2 || argc == 3) && !strcmp(what, "show")) {
		if (argc == 3 && console_number(c, "trace", argv[2], &nr))
			return -1;
		return show(c, (size_t)nr);
	}
	return console_usage(c, "trace");
}

/* ---- faults ---- */

/* Two sets of files of one kind: what pages are failed by, and what objects are. */
struct faults {
	const char *dir;
	const char *const *keys;	/* all of them */
	const char *const *spare;	/* switches that spare some allocations */
};

static const char *const page_keys[] = {
	"probability", "interval", "times", "space", "min-order", "ignore-gfp-wait",
	"ignore-gfp-highmem", NULL,
};
static const char *const page_spare[] = { "ignore-gfp-wait", "ignore-gfp-highmem", NULL };
static const char *const object_keys[] = {
	"probability", "interval", "times", "space", "cache-filter", "ignore-gfp-wait", NULL,
};
static const char *const object_spare[] = { "cache-filter", "ignore-gfp-wait", NULL };

static const struct faults
	page_faults = { "/sys/kernel/debug/fail_page_alloc/", page_keys, page_spare },
	object_faults = { "/sys/kernel/debug/failslab/", object_keys, object_spare };

static int set_fail(struct console *c, const struct faults *f, const char *key, const char *value)
{
	char path[INTROSPECT_PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s%.40s", f->dir, key);
	for (char *p = path + strlen(f->dir); *p; p++)
		if (*p == '_')
			*p = '-';
	err = introspect_write(path, value, strlen(value));
	if (err == -ENOENT)
		return console_error(c, "fault: no such key '%s'", key);
	if (err)
		return console_error(c, "fault: %s=%s: %s", key, value, strerror(-err));
	return 0;
}

static int print_fails(struct console *c, const struct faults *f)
{
	char path[INTROSPECT_PATH_MAX], text[64];

	for (const char *const *key = f->keys; *key; key++) {
		snprintf(path, sizeof(path), "%s%s", f->dir, *key);
		if (introspect_read_text(path, text, sizeof(text)) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		fprintf(c->out, "%s=%s\n", *key, text);
	}
	return 0;
}

/* Each of the next n allocations, whatever it is. */
static int fail_next(struct console *c, const struct faults *f, const char *n)
{
	u64 times;

	if (console_number(c, "fault", n, &times))
		return -1;
	for (const char *const *key = f->spare; *key; key++)
		if (set_fail(c, f, *key, "N"))
			return -1;
	if (f == &page_faults && set_fail(c, f, "min-order", "0"))
		return -1;
	return set_fail(c, f, "interval", "1") || set_fail(c, f, "space", "0") ||
	       set_fail(c, f, "times", n) || set_fail(c, f, "probability", "100") ? -1 : 0;
}

int console_fault(struct console *c, int argc, char **argv)
{
	const struct faults *f = &page_faults;
	int i;

	if (argc > 1 && !strcmp(argv[1], "objects")) {
		f = &object_faults;
		argc--, argv++;
	}
	if (argc == 1)
		return print_fails(c, f);
	if (argc == 2 && !strcmp(argv[1], "off"))
		return set_fail(c, f, "probability", "0");
	if (argc <= 3 && !strcmp(argv[1], "next"))
		return fail_next(c, f, argc == 3 ? argv[2] : "1");
	for (i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			return console_usage(c, "fault");
		*equals = '\0';
		if (set_fail(c, f, argv[i], equals + 1))
			return -1;
	}
	return 0;
}
