// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prometheus text 0.0.4 and OpenMetrics 1.0: the same series, in a file that is replaced at each
 * interval.  Points have no timestamps, as node_exporter ignores files with timestamps.
 */
#include "sinks/escape.h"
#include "files/output_file.h"
#include "metrics_sink.h"
#include "octaves.h"
#include "sinks/sink.h"
#include "model/names.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

/* node_exporter, which runs as another user, must be able to read the file. */
#define METRICS_MODE 0644

struct prometheus_sink {
	struct lp_metrics_sink base;
	struct lp_output_snapshot *snapshot;
};

/* A version of the file, buffered here: stdio is too slow for 100,000 lines of ten pieces. */
struct metrics_page {
	FILE *out;
	char buffer[16 << 10];
	size_t used;
	bool openmetrics;
	const struct lp_metrics *metrics;
	/* Labels of a point, in memory, for each of its lines: a histogram has 30. */
	FILE *labels;
	char *text;
	size_t size;
};

/* clang-format off */
/* 2^-20 to 2^6 seconds, exactly, in the canonical form of OpenMetrics for label values. */
static const char *const edges[LP_OCTAVE_EDGES + 1] = {
	"9.5367431640625e-07", "1.9073486328125e-06", "3.814697265625e-06",
	"7.62939453125e-06", "1.52587890625e-05", "3.0517578125e-05", "6.103515625e-05",
	"0.0001220703125", "0.000244140625", "0.00048828125", "0.0009765625", "0.001953125",
	"0.00390625", "0.0078125", "0.015625", "0.03125", "0.0625", "0.125", "0.25", "0.5",
	"1.0", "2.0", "4.0", "8.0", "16.0", "32.0", "64.0", "+Inf",
};
/* clang-format on */

static void flush(struct metrics_page *page)
{
	fwrite(page->buffer, 1, page->used, page->out);
	page->used = 0;
}

static void put(struct metrics_page *page, const char *text, size_t size)
{
	if (size > sizeof(page->buffer) - page->used)
		flush(page);
	if (size > sizeof(page->buffer)) {
		fwrite(text, 1, size, page->out);
		return;
	}
	memcpy(page->buffer + page->used, text, size);
	page->used += size;
}

static void put_text(struct metrics_page *page, const char *text)
{
	put(page, text, strlen(text));
}

static void write_head(struct metrics_page *page, const struct lp_family *family)
{
	static const char *const types[] = { "counter", "gauge", "histogram", "info" };
	const char *unit = family_unit(family)->name, *type = types[family->type];
	const char *suffix = family->type == LP_FAMILY_COUNTER && !page->openmetrics ? "_total"
										     : "";
	int length = (int)strlen(family->name);

	if (family->type == LP_FAMILY_INFO && page->openmetrics)
		length -= (int)strlen("_info");
	else if (family->type == LP_FAMILY_INFO)
		type = "gauge";
	flush(page);
	fprintf(page->out, "# HELP %.*s%s %s\n", length, family->name, suffix,
		family_help(family, page->metrics));
	fprintf(page->out, "# TYPE %.*s%s %s\n", length, family->name, suffix, type);
	if (page->openmetrics && unit)
		fprintf(page->out, "# UNIT %s %s\n", family->name, unit);
}

/* Adds a label, unless its value is empty, which is equivalent to no label. */
static void add_label(struct metrics_page *page, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (ftello(page->labels))
		putc(',', page->labels);
	fputs(name, page->labels);
	fputs("=\"", page->labels);
	escape_label(page->labels, value);
	putc('"', page->labels);
}

static void set_labels(struct metrics_page *page, const struct lp_point *point)
{
	const struct lp_callback_series *callback = point->callback;

	rewind(page->labels);
	if (point->loop) {
		add_label(page, "loop", point->loop->labels.runtime);
		add_label(page, "service", point->loop->labels.service);
		add_label(page, "unit", point->loop->labels.unit);
		add_label(page, "container", point->loop->labels.container);
		add_label(page, "pod", point->loop->labels.pod);
	}
	if (callback) {
		add_label(page, "callback", callback->name);
		add_label(page, "file", callback->file);
		if (callback->own)
			add_label(page, "kind", callback_kind_name(callback->kind));
	}
	if (point->label)
		add_label(page, point->label, point->value);
	fflush(page->labels);
	page->size = (size_t)ftello(page->labels);
}

/* Writes a line up to its value.  edge: value of the label "le", or NULL. */
static void begin_line(struct metrics_page *page, const struct lp_family *family,
		       const char *suffix, const char *edge)
{
	put_text(page, family->name);
	put_text(page, suffix);
	if (page->size || edge)
		put(page, "{", 1);
	put(page, page->text, page->size);
	if (edge) {
		size_t length = strlen(edge);

		/* text 0.0.4 writes whole numbers without a point */
		if (!page->openmetrics && length > 2 && !strcmp(edge + length - 2, ".0"))
			length -= 2;
		put_text(page, page->size ? ",le=\"" : "le=\"");
		put(page, edge, length);
		put(page, "\"", 1);
	}
	put_text(page, page->size || edge ? "} " : " ");
}

static void put_number(struct metrics_page *page, uint64_t number, unsigned int decimals)
{
	char text[LP_NUMBER_MAX];

	metrics_print_number(text, number, decimals);
	put_text(page, text);
}

static void write_number(struct metrics_page *page, const struct lp_family *family,
			 const char *suffix, uint64_t number, unsigned int decimals)
{
	begin_line(page, family, suffix, NULL);
	put_number(page, number, decimals);
	put(page, "\n", 1);
}

static void write_created(struct metrics_page *page, const struct lp_family *family)
{
	if (page->openmetrics)
		write_number(page, family, "_created", page->metrics->numbers.start_unix_ns, 9);
}

static void write_exemplar(struct metrics_page *page, const struct lp_exemplar *exemplar)
{
	flush(page);
	fprintf(page->out, " # {stall=\"%s\"", exemplar->stall);
	if (*exemplar->line) {
		fputs(",line=\"", page->out);
		escape_label(page->out, exemplar->line);
		putc('"', page->out);
	}
	if (*exemplar->handler) {
		fputs(",handler=\"", page->out);
		escape_label(page->out, exemplar->handler);
		putc('"', page->out);
	}
	if (*exemplar->cause)
		fprintf(page->out, ",cause=\"%s\"", exemplar->cause);
	fputs("} ", page->out);
	put_number(page, exemplar->duration_ns, 9);
	put(page, " ", 1);
	put_number(page, exemplar->unix_ns, 9);
}

static void write_histogram(struct metrics_page *page, const struct lp_family *family,
			    const struct lp_point *point)
{
	uint64_t counts[LP_OCTAVE_EDGES + 1] = { 0 }, below = 0;
	const struct lp_exemplar *exemplar;
	size_t slot, edge;

	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		counts[octaves_edge(slot)] += point->histogram->slots[slot];
	for (edge = 0; edge <= LP_OCTAVE_EDGES; edge++) {
		below += counts[edge];
		begin_line(page, family, "_bucket", edges[edge]);
		put_number(page, below, 0);
		exemplar = page->openmetrics ? point->exemplars : NULL;
		while (exemplar && exemplar->edge != edge)
			exemplar = exemplar->next;
		/* a bucket is empty if the callback of its exemplar is not counted yet */
		if (exemplar && counts[edge])
			write_exemplar(page, exemplar);
		put(page, "\n", 1);
	}
	write_number(page, family, "_sum", point->histogram->sum_ns, 9);
	write_number(page, family, "_count", below, 0);
	write_created(page, family);
}

static void write_point(void *context, const struct lp_family *family, const struct lp_point *point)
{
	struct metrics_page *page = context;

	set_labels(page, point);
	if (point->histogram) {
		write_histogram(page, family, point);
	} else if (family->type == LP_FAMILY_COUNTER) {
		write_number(page, family, "_total", point->number, family_unit(family)->decimals);
		write_created(page, family);
	} else {
		write_number(page, family, "", point->number, family_unit(family)->decimals);
	}
}

static void write_families(struct metrics_page *page)
{
	const struct lp_loop_series *loop;
	const struct lp_family *family;
	size_t i;

	for (i = 0; (family = family_at(i)); i++) {
		if (!family_is_reported(family, page->metrics))
			continue;
		write_head(page, family);
		for (loop = page->metrics->series.loops; loop; loop = loop->next)
			family_points(family, page->metrics, loop, write_point, page);
		family_points(family, page->metrics, NULL, write_point, page);
	}
	if (page->openmetrics)
		put_text(page, "# EOF\n");
	flush(page);
}

static int open_file(struct lp_metrics_sink *base, struct lp_error *error)
{
	struct prometheus_sink *sink = (struct prometheus_sink *)base;

	if (!base->path)
		return error_set(error, -EINVAL,
				 "metrics are rewritten as a whole file; name that file with -o");
	return output_snapshot_new(base->path, METRICS_MODE, &sink->snapshot, error);
}

static int write_version(struct lp_metrics_sink *base)
{
	struct prometheus_sink *sink = (struct prometheus_sink *)base;
	struct metrics_page page = {
		.openmetrics = base->output->kind == LP_EXPORT_OPENMETRICS,
		.metrics = &base->metrics,
	};
	int err;

	page.labels = open_memstream(&page.text, &page.size);
	if (!page.labels)
		return -ENOMEM;
	__fsetlocking(page.labels, FSETLOCKING_BYCALLER);
	err = output_snapshot_begin(sink->snapshot, &page.out);
	if (!err) {
		write_families(&page);
		if (ferror(page.labels)) {
			output_snapshot_abandon(sink->snapshot);
			err = -ENOMEM;
		} else {
			err = output_snapshot_commit(sink->snapshot);
		}
	}
	fclose(page.labels);
	free(page.text);
	return err;
}

static int close_file(struct lp_metrics_sink *base)
{
	output_snapshot_free(((struct prometheus_sink *)base)->snapshot);
	return 0;
}

/* Without the host, which is a label that the scraper adds. */
static int prom_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	static const struct lp_metrics_output output = {
		.size = sizeof(struct prometheus_sink),
		.kind = LP_EXPORT_PROM,
		.intervals = true,
		.open = open_file,
		.write = write_version,
		.close = close_file,
	};

	(void)terminal;
	return metrics_sink_open(&output, path, sink, error);
}

static int openmetrics_open(const char *path, const struct lp_terminal *terminal,
			    struct lp_sink **sink, struct lp_error *error)
{
	static const struct lp_metrics_output output = {
		.size = sizeof(struct prometheus_sink),
		.kind = LP_EXPORT_OPENMETRICS,
		.exemplars = true,
		.intervals = true,
		.open = open_file,
		.write = write_version,
		.close = close_file,
	};

	(void)terminal;
	return metrics_sink_open(&output, path, sink, error);
}

const struct lp_format prom_format = {
	.name = "prom",
	.suffix = ".prom",
	.snapshot = true,
	.live = true,
	.open = prom_open,
};

const struct lp_format openmetrics_format = {
	.name = "openmetrics",
	.suffix = ".openmetrics",
	.snapshot = true,
	.live = true,
	.open = openmetrics_open,
};
