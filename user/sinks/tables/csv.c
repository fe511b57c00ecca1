// SPDX-License-Identifier: BSD-2-Clause
/* CSV (RFC 4180): a row for each callback of a loop, or in csv-stalls for each stall. */
#include "sinks/profiles/document.h"
#include "sinks/escape.h"
#include "sinks/profiles/stall_sink.h"
#include "base/macros.h"
#include "model/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct csv_sink {
	struct lp_stall_sink stalls;
	bool queue; /* queue delays are measured */
};

#define END_OF_LINE "\r\n"

static const char callback_columns[] =
	"host,service,unit,container,pod,runtime,runtime_version,pid,tid,loop_id,kind,name,file,"
	"line,count,slow,total_s,min_s,p50_s,p90_s,p99_s,max_s,queue_p50_s,queue_p99_s,queue_max_s";
static const char stall_columns[] =
	"host,service,unit,container,pod,runtime,runtime_version,pid,tid,loop_id,start_unix_s,kind,"
	"name,file,line,task,duration_s,in_progress,on_cpu_s,blocked_s,gil_s,run_queue_s,gc_s,"
	"worst_cause,worst_cause_s,worst_function,worst_file,worst_line,worst_syscall,worst_target,"
	"delayed_callbacks,delayed_events,handler,handler_file,handler_line,end_unix_s";

static void write_text(FILE *out, const char *text)
{
	escape_csv(out, text);
	putc(',', out);
}

static void write_number(FILE *out, uint64_t number)
{
	fprintf(out, "%" PRIu64 ",", number);
}

/* Seconds with nine decimals, and a point in any locale. */
#define SECONDS "%" PRIu64 ".%09" PRIu64

static void write_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, SECONDS ",", ns / NS_PER_S, ns % NS_PER_S);
}

static void write_unknown(FILE *out)
{
	putc(',', out);
}

/* Writes the last field, which no comma follows, and ends the row. */
static void end_row(FILE *out, const char *last)
{
	fputs(last, out);
	fputs(END_OF_LINE, out);
}

static void write_loop(FILE *out, const struct lp_loop_info *loop)
{
	static const struct lp_loop_info none;

	loop = loop ? loop : &none;
	write_text(out, loop->host);
	write_text(out, loop->comm);
	write_text(out, loop->unit);
	write_text(out, loop->container);
	write_text(out, loop->pod);
	write_text(out, loop->runtime);
	write_text(out, loop->version);
	fprintf(out, "%d,%d,", loop->pid, loop->tid);
	write_number(out, loop->id);
}

static void write_queue(FILE *out, const struct csv_sink *csv, const struct lp_histogram *queue)
{
	if (!csv->queue || !histogram_count(queue)) {
		end_row(out, ",,");
		return;
	}
	write_seconds(out, histogram_quantile(queue, 0.5));
	write_seconds(out, histogram_quantile(queue, 0.99));
	fprintf(out, "%" PRIu64 ".%09" PRIu64, histogram_max(queue) / NS_PER_S,
		histogram_max(queue) % NS_PER_S);
	end_row(out, "");
}

static void write_callback(FILE *out, const struct csv_sink *csv, const struct lp_loop_info *loop,
			   const struct lp_callback_summary *item)
{
	const struct lp_histogram *run = &item->run;

	write_loop(out, loop);
	write_text(out, callback_kind_name(item->callback->kind));
	write_text(out, item->callback->name);
	write_text(out, item->callback->file);
	write_number(out, item->callback->line);
	write_number(out, histogram_count(run));
	write_number(out, item->slow);
	write_seconds(out, run->sum_ns);
	write_seconds(out, histogram_min(run));
	write_seconds(out, histogram_quantile(run, 0.5));
	write_seconds(out, histogram_quantile(run, 0.9));
	write_seconds(out, histogram_quantile(run, 0.99));
	write_seconds(out, histogram_max(run));
	write_queue(out, csv, &item->queue);
}

static void on_run(void *context, const struct lp_run *run)
{
	struct csv_sink *csv = context;

	csv->queue = run->queue;
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct csv_sink *csv = context;
	FILE *out = csv->stalls.document.out;
	size_t loop, item;

	(void)end;
	end_row(out, callback_columns);
	for (loop = 0; loop < total->loop_count; loop++)
		for (item = 0; item < total->loops[loop].callback_count; item++)
			if (histogram_count(&total->loops[loop].items[item].run))
				write_callback(out, csv, total->loops[loop].loop,
					       &total->loops[loop].items[item]);
	document_end(&csv->stalls.document);
}

static void write_times(FILE *out, const struct lp_times *time)
{
	const uint64_t parts[] = { time->on_cpu_ns, time->blocked_ns, time->gil_ns,
				   time->run_queue_ns };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (time->known)
			write_seconds(out, parts[i]);
		else
			write_unknown(out);
	}
	if (time->known && time->gc_known)
		write_seconds(out, time->gc_ns);
	else
		write_unknown(out);
}

struct worst {
	FILE *out;
	bool written;
};

/* Writes the longest part of a stall, with its innermost line; ignores the other parts. */
static void write_worst(void *context, const struct lp_stall *stall,
			const struct lp_stall_part *part)
{
	const struct lp_part_frame *place = NULL;
	struct worst *worst = context;
	FILE *out = worst->out;
	size_t i;

	(void)stall;
	if (!part->longest)
		return;
	for (i = part->cause_at; i > 0 && !place; i--)
		if (part->places[i - 1].kind == LP_PART_FRAME_CODE)
			place = &part->places[i - 1];
	write_text(out, stall_part_cause_name(part->cause));
	write_seconds(out, part->ns);
	write_text(out, place ? place->function : "");
	write_text(out, place ? place->file : "");
	write_number(out, place ? place->line : 0);
	write_text(out, part->syscall);
	write_text(out, part->target);
	worst->written = true;
}

static void write_stall(void *context, const struct lp_stall *stall)
{
	struct csv_sink *csv = context;
	FILE *out = csv->stalls.document.out;
	const struct lp_slow_callback *slow = stall->slow;
	const struct lp_shown_frame *handler = slow ? slow->handler : NULL;
	struct worst worst = { .out = out };
	uint64_t end_ns;

	write_loop(out, stall->loop);
	write_seconds(out,
		      stall->loop ? loop_unix_ns(stall->loop, stall->start_ns) : stall->start_ns);
	write_text(out, slow ? callback_kind_name(slow->callback->kind) : "iteration");
	write_text(out, stall->callback.function);
	write_text(out, stall->callback.file);
	write_number(out, stall->callback.line);
	write_text(out, slow && slow->task ? slow->task_name : "");
	write_seconds(out, stall->duration_ns);
	fputs(stall->in_progress ? "true," : "false,", out);
	write_times(out, &stall->breakdown->time);
	stall_parts_report(stall, write_worst, &worst);
	/* a stall without duration, as in a damaged capture, has no parts */
	if (!worst.written)
		fputs(",,,,,,,", out);
	if (slow && slow->delayed_known)
		fprintf(out, "%" PRIu32 ",%" PRIu32 ",", slow->delayed_callbacks,
			slow->delayed_events);
	else
		fputs(",,", out);
	write_text(out, handler ? handler->function : "");
	write_text(out, handler ? handler->file : "");
	if (handler && handler->line)
		fprintf(out, "%" PRIu32, handler->line);
	putc(',', out);
	end_ns = stall->loop ? loop_unix_ns(stall->loop, stall->end_ns) : stall->end_ns;
	fprintf(out, SECONDS, end_ns / NS_PER_S, end_ns % NS_PER_S);
	end_row(out, "");
}

static void on_stalls_run(void *context, const struct lp_run *run)
{
	struct csv_sink *csv = context;

	(void)run;
	end_row(csv->stalls.document.out, stall_columns);
}

static void on_stalls_end(void *context, const struct lp_summary *total,
			  const struct lp_run_end *end)
{
	struct csv_sink *csv = context;

	(void)total;
	(void)end;
	once_per_stall_end(&csv->stalls.once);
	document_end(&csv->stalls.document);
}

static int csv_close(struct lp_sink *sink)
{
	return stall_sink_free((struct lp_stall_sink *)sink);
}

static int callbacks_open(const char *path, const struct lp_terminal *terminal,
			  struct lp_sink **sink, struct lp_error *error)
{
	struct csv_sink *csv = stall_sink_new(sizeof(*csv), path, "csv", false, NULL, error);

	(void)terminal;
	*sink = NULL;
	if (!csv)
		return error->code;
	csv->stalls.sink.close = csv_close;
	csv->stalls.sink.observer = (struct lp_observer){ .run = on_run, .end = on_end };
	*sink = &csv->stalls.sink;
	return 0;
}

static int stalls_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		       struct lp_error *error)
{
	struct csv_sink *csv =
		stall_sink_new(sizeof(*csv), path, "csv-stalls", false, write_stall, error);

	(void)terminal;
	*sink = NULL;
	if (!csv)
		return error->code;
	csv->stalls.sink.close = csv_close;
	csv->stalls.sink.observer.run = on_stalls_run;
	csv->stalls.sink.observer.end = on_stalls_end;
	*sink = &csv->stalls.sink;
	return 0;
}

const struct lp_format csv_format = {
	.name = "csv",
	.suffix = ".csv",
	.open = callbacks_open,
};

const struct lp_format csv_stalls_format = {
	.name = "csv-stalls",
	.suffix = ".stalls.csv",
	.open = stalls_open,
};
