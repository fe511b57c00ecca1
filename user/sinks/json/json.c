// SPDX-License-Identifier: BSD-2-Clause
/* JSON lines, version 1.0, which README.md describes. */
#include "base/macros.h"
#include "files/output_file.h"
#include "fields.h"
#include "sinks/sink.h"
#include "model/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JSON_VERSION "1.0"

/* Size limit of the lines of header, loops and stalls, which each version of a file repeats. */
#define BUFFER_BYTES_MAX (8 << 20)

/* Kinds of lines; the footer counts the omitted ones of each kind. */
enum line_kind {
	LINE_OTHER,
	LINE_SLOW_CALLBACK,
	LINE_SLOW_ITERATION,
	LINE_IN_PROGRESS,
	LINE_LOST,
	LINE_PROCESS_END,
	LINE_KINDS,
};

static const char *const omitted_names[LINE_KINDS] = {
	[LINE_OTHER] = "omitted_lines",
	[LINE_SLOW_CALLBACK] = "omitted_slow_callbacks",
	[LINE_SLOW_ITERATION] = "omitted_slow_iterations",
	[LINE_IN_PROGRESS] = "omitted_in_progress",
	[LINE_LOST] = "omitted_lost",
	[LINE_PROCESS_END] = "omitted_process_ends",
};

/* NULL: it has a field of another name. */
static const char *const lost_names[] = {
	[LP_LOST_RING] = NULL,
	[LP_LOST_LOOPS] = "lost_loops",
	[LP_LOST_CALLBACKS] = "lost_callbacks",
	[LP_LOST_READY] = "lost_ready",
	[LP_LOST_IDENTITY] = "lost_identity",
	[LP_LOST_CAUSES] = "lost_causes",
	[LP_LOST_FINDINGS] = "lost_findings",
	[LP_LOST_LIFETIMES] = "lost_lives",
	[LP_LOST_INSTANTS] = "lost_instants",
	[LP_LOST_UNREADABLE] = "unreadable_processes",
};
_Static_assert(ARRAY_SIZE(lost_names) == LP_LOST_KINDS, "a kind of loss has one row");

struct json_sink {
	struct lp_sink sink;
	FILE *out; /* stdout, or the next version of the file; NULL between versions */
	char *path; /* NULL: stdout */
	struct lp_output_snapshot *snapshot; /* the file; NULL: stdout */
	FILE *buffer; /* lines of header, loops, stalls and findings, in memory */
	char *buffer_text;
	size_t buffer_size;
	uint64_t omitted[LINE_KINDS]; /* number of lines over the limit of buffer, by kind */
	/* The line under construction, in memory: it is written in one call. */
	FILE *line;
	struct lp_json_writer writer; /* writes to line */
	char *text;
	size_t size;
	bool queue;
	bool sampled;
	bool no_intervals;
	int err; /* first failed write; nothing is written after it until the next version */
};

static int write_text(struct json_sink *json, enum line_kind kind, size_t size)
{
	if (!json->snapshot)
		return output_write(json->out, json->text, size);
	if (json->out)
		return fwrite(json->text, 1, size, json->out) == size ? 0 : -errno;
	if ((size_t)ftello(json->buffer) + size > BUFFER_BYTES_MAX) {
		json->omitted[kind]++;
		return 0;
	}
	return fwrite(json->text, 1, size, json->buffer) == size ? 0 : -ENOMEM;
}

/* Closes the object of a line, and writes the line. */
static void end_line(struct json_sink *json, enum line_kind kind)
{
	json_end(&json->writer);
	putc('\n', json->line);
	if (!json->err) {
		if (fflush(json->line) || ferror(json->line))
			json->err = -ENOMEM;
		else
			json->err = write_text(json, kind, (size_t)ftello(json->line));
		/* a pipe closed by its reader, as `head` does, needs no warning */
		if (json->err && json->err != -EPIPE)
			output_warn(json->path, json->err);
	}
	rewind(json->line);
}

/* Begins the next version of a file with the buffered lines; summaries follow. */
static void begin_document(struct json_sink *json)
{
	size_t size;
	int err;

	if (!json->snapshot)
		return;
	/* an error of the last version does not prevent the next one */
	json->err = 0;
	err = output_snapshot_begin(json->snapshot, &json->out);
	if (!err && (fflush(json->buffer) || ferror(json->buffer)))
		err = -ENOMEM;
	size = (size_t)ftello(json->buffer);
	if (!err && fwrite(json->buffer_text, 1, size, json->out) != size)
		err = -errno;
	json->err = err;
}

static void commit_document(struct json_sink *json)
{
	if (!json->snapshot)
		return;
	if (json->err)
		output_snapshot_abandon(json->snapshot);
	else
		json->err = output_snapshot_commit(json->snapshot);
	if (json->err)
		output_warn(json->path, json->err);
	json->out = NULL;
}

static void write_header(void *context, const struct lp_run *run)
{
	struct json_sink *json = context;
	struct lp_json_writer *out = &json->writer;

	json->queue = run->queue;
	json->sampled = run->sampled;
	json->no_intervals = run->no_intervals;
	json_line(out, "header");
	json_text(out, "version", JSON_VERSION);
	json_text(out, "tool", run->tool);
	json_text(out, "mode", run->mode);
	json_number(out, "threshold_ns", run->threshold_ns);
	json_number(out, "start_ns", run->start_ns);
	json_number(out, "start_unix_ns", run->start_unix_ns);
	json_text(out, "host", run->host);
	if (run->inner)
		json_bool(out, "inner", true);
	end_line(json, LINE_OTHER);
}

static void write_loop(void *context, const struct lp_loop_info *loop)
{
	struct json_sink *json = context;
	struct lp_json_writer *out = &json->writer;

	json_loop_line(out, "loop", loop);
	json_signed(out, "pid", loop->pid);
	json_signed(out, "tid", loop->tid);
	json_program(out, loop);
	if (loop->folded)
		json_bool(out, "folded", true);
	end_line(json, LINE_OTHER);
}

static void write_slow(void *context, const struct lp_slow_callback *slow)
{
	struct json_sink *json = context;

	json_slow_callback(&json->writer, slow);
	end_line(json, slow->in_progress ? LINE_IN_PROGRESS : LINE_SLOW_CALLBACK);
}

static void write_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct json_sink *json = context;

	json_slow_iteration(&json->writer, slow);
	end_line(json, slow->in_progress ? LINE_IN_PROGRESS : LINE_SLOW_ITERATION);
}

static void write_finding(void *context, const struct lp_finding *finding)
{
	struct json_sink *json = context;

	json_lost(&json->writer, finding);
	end_line(json, LINE_LOST);
}

static void write_process_end(void *context, const struct lp_process_end *end)
{
	struct json_sink *json = context;

	json_process_end(&json->writer, end);
	end_line(json, LINE_PROCESS_END);
}

static void write_loop_stopped(void *context, const struct lp_loop_stop_report *stop)
{
	struct json_sink *json = context;

	json_loop_end(&json->writer, stop);
	end_line(json, LINE_OTHER);
}

/* Ends a line of a summary.  now_ns: time of an interval; NULL: end of the run. */
static void end_summary_line(struct json_sink *json, const uint64_t *now_ns)
{
	if (now_ns)
		json_number(&json->writer, "now_ns", *now_ns);
	end_line(json, LINE_OTHER);
}

static void write_callback(struct json_sink *json, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *item, const uint64_t *now_ns)
{
	if (!item->lifetimes || histogram_count(&item->run)) {
		json_callback_summary(&json->writer, loop, item, json->queue, json->sampled);
		end_summary_line(json, now_ns);
	}
	if (item->lifetimes) {
		json_task_summary(&json->writer, loop, item);
		end_summary_line(json, now_ns);
	}
}

static void write_summary(struct json_sink *json, const struct lp_summary *total,
			  const uint64_t *now_ns)
{
	struct lp_json_writer *out = &json->writer;
	size_t loop, item, cause, finding;

	for (loop = 0; loop < total->loop_count; loop++) {
		const struct lp_loop_summary *summary = &total->loops[loop];

		/* without a loop there are only callbacks that had no slot of their own */
		if (summary->loop) {
			json_loop_summary(out, summary);
			end_summary_line(json, now_ns);
		}
		for (item = 0; item < summary->callback_count; item++)
			write_callback(json, summary->loop, &summary->items[item], now_ns);
		for (cause = 0; cause < summary->cause_count; cause++) {
			json_cause_summary(out, summary->loop, &summary->causes[cause]);
			end_summary_line(json, now_ns);
		}
	}
	for (finding = 0; finding < total->finding_count; finding++) {
		json_lost_summary(out, &total->findings[finding]);
		end_summary_line(json, now_ns);
	}
	for (item = 0; item < total->end_count; item++) {
		json_process_end_summary(out, &total->ends[item]);
		end_summary_line(json, now_ns);
	}
	for (item = 0; item < total->limited_count; item++) {
		json_limited(out, &total->limited[item]);
		end_summary_line(json, now_ns);
	}
	if (total->self_known) {
		json_self(out, &total->self);
		end_summary_line(json, now_ns);
	}
}

static void write_interval(void *context, const struct lp_summary *interval,
			   const struct lp_summary *total)
{
	const struct json_sink *json = context;

	(void)interval;
	/* a file is updated at each interval even without -i */
	if (json->no_intervals && !json->snapshot)
		return;
	begin_document(context);
	write_summary(context, total, &total->now_ns);
	commit_document(context);
}

static void write_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct json_sink *json = context;
	struct lp_json_writer *out = &json->writer;
	size_t kind;

	begin_document(json);
	write_summary(json, total, NULL);
	json_line(out, "footer");
	json_number(out, "end_ns", end->end_ns);
	json_text(out, "reason", end_reason_name(end->reason));
	json_number(out, "lost_events", end->lost_events);
	for (kind = 0; kind < LINE_KINDS; kind++)
		if (json->omitted[kind])
			json_number(out, omitted_names[kind], json->omitted[kind]);
	for (kind = 0; kind < LP_LOST_KINDS; kind++)
		if (lost_names[kind] && total->lost[kind])
			json_number(out, lost_names[kind], total->lost[kind]);
	/* findings at places over the limit of the summary's list, which have no line */
	if (total->findings_dropped)
		json_number(out, "lost_beyond", total->findings_dropped);
	end_line(json, LINE_OTHER);
	commit_document(json);
}

static int json_close(struct lp_sink *sink)
{
	struct json_sink *json = (struct json_sink *)sink;
	int err = json->err;

	if (json->out && !json->snapshot) {
		int closed = output_close(json->out);

		err = err ? err : closed;
	}
	if (json->line)
		fclose(json->line);
	if (json->buffer)
		fclose(json->buffer);
	output_snapshot_free(json->snapshot);
	free(json->buffer_text);
	free(json->text);
	free(json->path);
	free(json);
	return err;
}

static int json_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	struct json_sink *json = calloc(1, sizeof(*json));
	int err;

	(void)terminal;
	*sink = NULL;
	if (json) {
		json->line = open_memstream(&json->text, &json->size);
		json->writer = json_writer(json->line);
		json->buffer = open_memstream(&json->buffer_text, &json->buffer_size);
		json->path = path ? strdup(path) : NULL;
	}
	if (!json || !json->line || !json->buffer || (path && !json->path)) {
		if (json)
			json_close(&json->sink);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	json->sink.observer = (struct lp_observer){
		.run = write_header,
		.loop = write_loop,
		.slow = write_slow,
		.slow_iteration = write_slow_iteration,
		.finding = write_finding,
		.process_end = write_process_end,
		.loop_stopped = write_loop_stopped,
		.interval = write_interval,
		.end = write_end,
	};
	json->sink.close = json_close;
	err = path ? output_snapshot_new(path, 0600, &json->snapshot, error)
		   : output_open(NULL, &json->out, error);
	if (err) {
		json_close(&json->sink);
		return err;
	}
	*sink = &json->sink;
	return 0;
}

const struct lp_format json_format = {
	.name = "json",
	.suffix = ".json",
	.snapshot = false, /* stdout is possible, too */
	.open = json_open,
};
