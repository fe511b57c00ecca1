// SPDX-License-Identifier: BSD-2-Clause
/* JSON lines, version 1.0: fields may be added, never changed or removed. */
#include "escape.h"
#include "file.h"
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_VERSION "1.0"
#define FIRST_BUCKET_SLOT 1
#define LAST_BUCKET_SLOT (LP_HISTOGRAM_SLOTS - 1)

/* What a file keeps of header, loops and stalls, to be written anew with each summary. */
#define KEPT_BYTES_MAX (8 << 20)

struct json_sink {
	struct lp_sink sink;
	FILE *out; /* stdout, or a file's next version while it is written */
	char *path; /* NULL: stdout */
	struct lp_snapshot *snapshot; /* of a file */
	FILE *kept;
	char *kept_text;
	size_t kept_size;
	uint64_t left_out; /* stalls that did not fit */
	/* The line that is being made: its reader gets it in one piece. */
	FILE *line;
	char *text;
	size_t size;
	bool queue;
	int err; /* first failed write; nothing is written after it */
};

static int write_text(struct json_sink *json, size_t size)
{
	if (!json->snapshot)
		return output_write(json->out, json->text, size);
	if (json->out)
		return fwrite(json->text, 1, size, json->out) == size ? 0 : -EIO;
	if ((size_t)ftello(json->kept) + size > KEPT_BYTES_MAX) {
		json->left_out++;
		return 0;
	}
	return fwrite(json->text, 1, size, json->kept) == size ? 0 : -ENOMEM;
}

static void end_line(struct json_sink *json)
{
	putc('\n', json->line);
	if (!json->err) {
		if (fflush(json->line) || ferror(json->line))
			json->err = -ENOMEM;
		else
			json->err = write_text(json, (size_t)ftello(json->line));
		/* a pipe closed by its reader, as `head` does, is nothing to warn of */
		if (json->err && json->err != -EPIPE)
			output_warn(json->path, json->err);
	}
	rewind(json->line);
}

/* A file's next version begins with everything but the summaries. */
static void begin_document(struct json_sink *json)
{
	size_t size;
	int err;

	if (!json->snapshot)
		return;
	/* the next version may go well where this one did not */
	json->err = 0;
	err = snapshot_begin(json->snapshot, &json->out);
	if (!err && (fflush(json->kept) || ferror(json->kept)))
		err = -ENOMEM;
	size = (size_t)ftello(json->kept);
	if (!err && fwrite(json->kept_text, 1, size, json->out) != size)
		err = -EIO;
	json->err = err;
}

static void commit_document(struct json_sink *json)
{
	if (!json->snapshot)
		return;
	if (json->err)
		snapshot_abandon(json->snapshot);
	else
		json->err = snapshot_commit(json->snapshot);
	if (json->err)
		output_warn(json->path, json->err);
	json->out = NULL;
}

static void write_string(FILE *out, const char *text)
{
	escape_json(out, text ? text : "");
}

static void write_string_or_null(FILE *out, const char *text)
{
	if (text && *text)
		escape_json(out, text);
	else
		fputs("null", out);
}

static uint32_t loop_id(const struct lp_loop_info *loop)
{
	return loop ? loop->id : 0;
}

static const char *kind_name(enum lp_model_kind kind)
{
	return kind == LP_MODEL_TASK ? "task" : "callback";
}

static void write_buckets(FILE *out, const struct lp_histogram *histogram)
{
	size_t first = FIRST_BUCKET_SLOT, last = LAST_BUCKET_SLOT, slot;

	while (last >= FIRST_BUCKET_SLOT && !histogram->slots[last])
		last--;
	while (first < last && !histogram->slots[first])
		first++;
	if (last < FIRST_BUCKET_SLOT) {
		fputs("\"offset\":0,\"buckets\":[]", out);
		return;
	}
	/* the overflow slot takes the index behind the last bucket, where it begins */
	fprintf(out, "\"offset\":%d,\"buckets\":[",
		LP_HISTOGRAM_OFFSET + (int)(first - FIRST_BUCKET_SLOT));
	for (slot = first; slot <= last; slot++)
		fprintf(out, "%s%" PRIu64, slot > first ? "," : "",
			(uint64_t)histogram->slots[slot]);
	putc(']', out);
}

static void write_histogram(FILE *out, const struct lp_histogram *histogram)
{
	fprintf(out,
		"{\"count\":%" PRIu64 ",\"sum_ns\":%" PRIu64 ",\"min_ns\":%" PRIu64
		",\"max_ns\":%" PRIu64 ",",
		histogram_count(histogram), (uint64_t)histogram->sum_ns, histogram_min(histogram),
		histogram_max(histogram));
	fprintf(out,
		"\"p50_ns\":%" PRIu64 ",\"p90_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64
		",\"scale\":%d,\"zero_count\":%" PRIu64 ",",
		histogram_quantile(histogram, 0.5), histogram_quantile(histogram, 0.9),
		histogram_quantile(histogram, 0.99), LP_HISTOGRAM_SCALE,
		(uint64_t)histogram->slots[0]);
	write_buckets(out, histogram);
	putc('}', out);
}

static void write_header(void *context, const struct lp_run *run)
{
	struct json_sink *json = context;
	FILE *out = json->line;

	json->queue = run->queue;
	fputs("{\"type\":\"header\",\"version\":\"" JSON_VERSION "\",\"tool\":", out);
	write_string(out, run->tool);
	fputs(",\"mode\":", out);
	write_string(out, run->mode);
	fprintf(out,
		",\"threshold_ns\":%" PRIu64 ",\"start_ns\":%" PRIu64 ",\"start_unix_ns\":%" PRIu64
		",\"host\":",
		run->threshold_ns, run->start_ns, run->start_unix_ns);
	write_string(out, run->host);
	putc('}', out);
	end_line(json);
}

static void write_loop(void *context, const struct lp_loop_info *loop)
{
	struct json_sink *json = context;
	FILE *out = json->line;

	fprintf(out, "{\"type\":\"loop\",\"loop_id\":%" PRIu32 ",\"pid\":%d,\"tid\":%d,\"comm\":",
		loop->id, loop->pid, loop->tid);
	write_string(out, loop->comm);
	fputs(",\"runtime\":", out);
	write_string(out, loop->runtime);
	fputs(",\"runtime_version\":", out);
	write_string(out, loop->version);
	fputs(",\"exe\":", out);
	write_string(out, loop->exe);
	fputs(",\"container\":", out);
	write_string_or_null(out, loop->container);
	putc('}', out);
	end_line(json);
}

static void write_frames(FILE *out, const struct lp_sample *sample)
{
	uint32_t i;

	for (i = 0; i < sample->depth; i++) {
		const struct lp_shown_frame *frame = &sample->frames[i];

		fputs(i ? ",{\"function\":" : "{\"function\":", out);
		write_string(out, frame->function);
		fputs(",\"file\":", out);
		write_string(out, frame->file);
		fprintf(out, ",\"line\":%" PRIu32 ",\"kind\":\"python\"}", frame->line);
	}
}

static void write_samples(FILE *out, const struct lp_slow *slow)
{
	size_t i;

	for (i = 0; i < slow->sample_count; i++) {
		fprintf(out, "%s{\"count\":%" PRIu32 ",\"stack\":[", i ? "," : "",
			slow->samples[i].count);
		write_frames(out, &slow->samples[i]);
		fputs("]}", out);
	}
}

/* "kind" up to "line", as slow_callback and callback_summary both have it, less the kind. */
static void write_place(FILE *out, const struct lp_callback_info *callback)
{
	fputs("\"name\":", out);
	write_string(out, callback->name);
	fputs(",\"file\":", out);
	write_string(out, callback->file);
	fprintf(out, ",\"line\":%" PRIu32, callback->line);
}

static void write_slow(void *context, const struct lp_slow *slow)
{
	struct json_sink *json = context;
	FILE *out = json->line;

	fprintf(out,
		"{\"type\":\"slow_callback\",\"loop_id\":%" PRIu32 ",\"start_ns\":%" PRIu64
		",\"duration_ns\":%" PRIu64 ",\"in_progress\":false,\"callback\":{\"kind\":\"%s\",",
		loop_id(slow->loop), slow->start_ns, slow->duration_ns,
		kind_name(slow->callback->kind));
	write_place(out, slow->callback);
	fputs(",\"task\":", out);
	write_string_or_null(out, slow->task ? slow->task_name : NULL);
	if (slow->task)
		fprintf(out, ",\"task_id\":\"0x%" PRIx64 "\"}", slow->task);
	else
		fputs(",\"task_id\":null}", out);
	/* not measured by this version: the parts of the time, system calls, the GIL, awaits */
	fputs(",\"time\":null,\"blocked\":[],\"samples\":[", out);
	write_samples(out, slow);
	fputs("],\"gil\":null,\"delayed\":", out);
	if (slow->delayed_known)
		fprintf(out, "{\"callbacks\":%" PRIu32 ",\"events\":%" PRIu32 "}",
			slow->delayed_callbacks, slow->delayed_events);
	else
		fputs("null", out);
	fputs(",\"await_chain\":[]}", out);
	end_line(json);
}

static void write_loop_summary(struct json_sink *json, const struct lp_loop_summary *summary,
			       const char *tail)
{
	/* not with %f, whose decimal point is the locale's */
	unsigned int utilization = (unsigned int)(loop_utilization(summary) * 1e6 + 0.5);
	FILE *out = json->line;

	fprintf(out,
		"{\"type\":\"loop_summary\",\"loop_id\":%" PRIu32 ",\"wall_ns\":%" PRIu64
		",\"busy_ns\":%" PRIu64 ",\"idle_ns\":%" PRIu64 ",\"utilization\":%u.%06u"
		",\"iterations\":%" PRIu64 ",\"callbacks\":%" PRIu64 ",\"slow_callbacks\":%" PRIu64
		",\"iteration\":",
		loop_id(summary->loop), summary->wall_ns, summary->busy_ns, summary->idle_ns,
		utilization / 1000000, utilization % 1000000, summary->iterations,
		summary->callbacks, summary->slow_callbacks);
	write_histogram(out, &summary->iteration);
	fputs(tail, out);
	end_line(json);
}

static void write_callback_summary(struct json_sink *json, const struct lp_loop_info *loop,
				   const struct lp_callback_summary *summary, const char *tail)
{
	FILE *out = json->line;

	fprintf(out, "{\"type\":\"callback_summary\",\"loop_id\":%" PRIu32 ",\"kind\":\"%s\",",
		loop_id(loop), kind_name(summary->callback->kind));
	write_place(out, summary->callback);
	fprintf(out, ",\"count\":%" PRIu64 ",\"slow\":%" PRIu64 ",\"run\":",
		histogram_count(&summary->run), summary->slow);
	write_histogram(out, &summary->run);
	fputs(",\"queue\":", out);
	if (json->queue)
		write_histogram(out, &summary->queue);
	else
		fputs("null", out);
	fputs(tail, out);
	end_line(json);
}

static void write_summary(struct json_sink *json, const struct lp_summary *total, const char *tail)
{
	size_t loop, item;

	for (loop = 0; loop < total->loop_count; loop++) {
		const struct lp_loop_summary *summary = &total->loops[loop];

		/* without a loop there are only callbacks that found no slot of their own */
		if (summary->loop)
			write_loop_summary(json, summary, tail);
		for (item = 0; item < summary->callback_count; item++)
			write_callback_summary(json, summary->loop, &summary->items[item], tail);
	}
}

static void write_interval(void *context, const struct lp_summary *interval,
			   const struct lp_summary *total)
{
	char tail[48];

	(void)interval;
	snprintf(tail, sizeof(tail), ",\"now_ns\":%" PRIu64 "}", total->now_ns);
	begin_document(context);
	write_summary(context, total, tail);
	commit_document(context);
}

static void write_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	static const char *const reasons[LP_END_REASONS] = {
		[LP_END_INTERRUPT] = "interrupt",
		[LP_END_DURATION] = "duration",
		[LP_END_TARGET_EXITED] = "target_exited",
	};
	struct json_sink *json = context;

	begin_document(json);
	write_summary(json, total, "}");
	fprintf(json->line,
		"{\"type\":\"footer\",\"end_ns\":%" PRIu64
		",\"reason\":\"%s\",\"lost_events\":%" PRIu64,
		end->end_ns, reasons[end->reason], end->lost_events);
	if (json->left_out)
		fprintf(json->line, ",\"omitted_slow_callbacks\":%" PRIu64, json->left_out);
	putc('}', json->line);
	end_line(json);
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
	if (json->kept)
		fclose(json->kept);
	snapshot_free(json->snapshot);
	free(json->kept_text);
	free(json->text);
	free(json->path);
	free(json);
	return err;
}

static int json_open(const char *path, const struct lp_look *look, struct lp_sink **sink,
		     struct lp_error *error)
{
	struct json_sink *json = calloc(1, sizeof(*json));
	int err;

	(void)look;
	*sink = NULL;
	if (json) {
		json->line = open_memstream(&json->text, &json->size);
		json->kept = open_memstream(&json->kept_text, &json->kept_size);
		json->path = path ? strdup(path) : NULL;
	}
	if (!json || !json->line || !json->kept || (path && !json->path)) {
		if (json)
			json_close(&json->sink);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	json->sink.observer = (struct lp_observer){
		.run = write_header,
		.loop = write_loop,
		.slow = write_slow,
		.interval = write_interval,
		.end = write_end,
	};
	json->sink.close = json_close;
	err = path ? snapshot_new(path, 0600, &json->snapshot, error)
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
	.snapshot = false, /* stdout will do as well */
	.open = json_open,
};
