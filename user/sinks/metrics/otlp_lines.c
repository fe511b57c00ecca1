// SPDX-License-Identifier: BSD-2-Clause
/*
 * OTLP 1.x in the JSON encoding of its protobuf messages: lowerCamelCase, 64-bit integers as
 * strings, enums as numbers.  A set of loop labels is a resource, with attribute names of
 * OpenTelemetry's semantic conventions; the points of a resource have the labels of Prometheus.
 */
#include "otlp_lines.h"

#include "wire/histogram.h"
#include "base/version.h"
#include "sinks/escape.h"
#include "model/names.h"

#include <inttypes.h>
#include <string.h>

/* A line ends with the point that exceeds this; the Collector reads up to 1 MiB by default. */
#define LINE_BYTES (512 << 10)
#define CUMULATIVE "2" /* enum AggregationTemporality */
#define FIRST_BUCKET 1
#define LAST_BUCKET (LP_HISTOGRAM_SLOTS - 1)

/* The objects around a point, outermost first. */
enum otlp_level { LEVEL_LINE, LEVEL_RESOURCE, LEVEL_FAMILY, LEVELS };

struct writer {
	FILE *out;
	const struct lp_metrics *metrics;
	const char *host;
	bool open[LEVELS];
	bool filled[LEVELS]; /* not empty: a comma precedes the next element */
	const struct lp_loop_series *loop; /* loops of the resource; NULL: loopprof itself */
	off_t start; /* offset of the line in out */
	bool more; /* the list of attributes is not empty */
};

/* ---- attributes --------------------------------------------------------------- */

static void begin_attributes(struct writer *writer, const char *name)
{
	fprintf(writer->out, "\"%s\":[", name);
	writer->more = false;
}

static void write_attribute(struct writer *writer, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(writer->out,
		"%s{\"key\":\"%s\",\"value\":{\"stringValue\":", writer->more ? "," : "", key);
	escape_json(writer->out, value);
	fputs("}}", writer->out);
	writer->more = true;
}

static void write_resource(struct writer *writer)
{
	begin_attributes(writer, "attributes");
	if (writer->loop) {
		const struct lp_loop_labels *labels = &writer->loop->labels;

		write_attribute(writer, "service.name", labels->service);
		write_attribute(writer, "systemd.unit.name", labels->unit);
		write_attribute(writer, "container.id", labels->container);
		write_attribute(writer, "k8s.pod.uid", labels->pod);
		write_attribute(writer, "host.name", *labels->host ? labels->host : writer->host);
	} else {
		write_attribute(writer, "service.name", "loopprof");
		write_attribute(writer, "service.version", LP_VERSION);
		write_attribute(writer, "host.name", writer->host);
	}
	putc(']', writer->out);
}

static void write_labels(struct writer *writer, const struct lp_point *point)
{
	const struct lp_callback_series *callback = point->callback;

	begin_attributes(writer, "attributes");
	if (point->loop)
		write_attribute(writer, "loop", point->loop->labels.runtime);
	if (callback) {
		write_attribute(writer, "callback", callback->name);
		write_attribute(writer, "file", callback->file);
		if (callback->own)
			write_attribute(writer, "kind", callback_kind_name(callback->kind));
	}
	if (point->label)
		write_attribute(writer, point->label, point->value);
	putc(']', writer->out);
}

/* ---- the objects around points ------------------------------------------------- */

/* Writes the name: loopprof_callback_queue_delay_seconds is "loopprof.callback.queue_delay". */
static void write_name(struct writer *writer, const struct lp_family *family)
{
	const char *unit = family_unit(family)->name, *at = family->name;
	size_t length = strlen(at) - (unit ? strlen(unit) + 1 : 0), i;
	int dots = 2;

	for (i = 0; i < length; i++)
		putc(at[i] == '_' && dots-- > 0 ? '.' : at[i], writer->out);
}

static void open_family(struct writer *writer, const struct lp_family *family)
{
	fputs("{\"name\":\"", writer->out);
	write_name(writer, family);
	fputs("\",\"description\":", writer->out);
	escape_json(writer->out, family_help(family, writer->metrics));
	putc(',', writer->out);
	if (*family_unit(family)->ucum)
		fprintf(writer->out, "\"unit\":\"%s\",", family_unit(family)->ucum);
	if (family->type == LP_FAMILY_HISTOGRAM)
		fputs("\"exponentialHistogram\":{\"aggregationTemporality\":" CUMULATIVE,
		      writer->out);
	else if (family->type == LP_FAMILY_COUNTER)
		fputs("\"sum\":{\"aggregationTemporality\":" CUMULATIVE ",\"isMonotonic\":true",
		      writer->out);
	else
		fputs("\"gauge\":{", writer->out);
	fputs(family->type == LP_FAMILY_GAUGE || family->type == LP_FAMILY_INFO
		      ? "\"dataPoints\":["
		      : ",\"dataPoints\":[",
	      writer->out);
}

static void open_level(struct writer *writer, enum otlp_level level, const struct lp_family *family)
{
	if (level != LEVEL_LINE) {
		if (writer->filled[level - 1])
			putc(',', writer->out);
		writer->filled[level - 1] = true;
	}
	writer->open[level] = true;
	writer->filled[level] = false;
	switch (level) {
	case LEVEL_LINE:
		writer->start = ftello(writer->out);
		fputs("{\"resourceMetrics\":[", writer->out);
		break;
	case LEVEL_RESOURCE:
		fputs("{\"resource\":{", writer->out);
		write_resource(writer);
		fputs("},\"scopeMetrics\":[{\"scope\":{\"name\":\"loopprof\",\"version\":\"" LP_VERSION
		      "\"},\"metrics\":[",
		      writer->out);
		break;
	default:
		open_family(writer, family);
	}
}

/* Closes a level and the open levels in it. */
static void close_level(struct writer *writer, enum otlp_level level)
{
	static const char *const ends[LEVELS] = {
		[LEVEL_LINE] = "]}\n",
		[LEVEL_RESOURCE] = "]}]}",
		[LEVEL_FAMILY] = "]}}",
	};
	int at;

	for (at = LEVELS - 1; at >= (int)level; at--) {
		if (writer->open[at])
			fputs(ends[at], writer->out);
		writer->open[at] = false;
	}
}

/* ---- points --------------------------------------------------------------------- */

static void write_number(struct writer *writer, const char *name, uint64_t number,
			 unsigned int decimals)
{
	char text[LP_NUMBER_MAX];

	fputs(",\"", writer->out);
	fputs(name, writer->out);
	fputs("\":", writer->out);
	metrics_print_number(text, number, decimals);
	fputs(text, writer->out);
}

static void write_count(struct writer *writer, const char *name, uint64_t count)
{
	fprintf(writer->out, ",\"%s\":\"%" PRIu64 "\"", name, count);
}

static void write_buckets(struct writer *writer, const struct lp_histogram *histogram)
{
	size_t first = FIRST_BUCKET, last = LAST_BUCKET, slot;
	char text[LP_NUMBER_MAX];

	while (last >= FIRST_BUCKET && !histogram->slots[last])
		last--;
	if (last < FIRST_BUCKET)
		return;
	while (!histogram->slots[first])
		first++;
	/* the overflow slot becomes the bucket after the last one, which has its lower edge */
	fprintf(writer->out, ",\"positive\":{\"offset\":%d,\"bucketCounts\":[",
		LP_HISTOGRAM_OFFSET + (int)(first - FIRST_BUCKET));
	for (slot = first; slot <= last; slot++) {
		fputs(slot > first ? ",\"" : "\"", writer->out);
		metrics_print_number(text, histogram->slots[slot], 0);
		fputs(text, writer->out);
		putc('"', writer->out);
	}
	fputs("]}", writer->out);
}

/* Writes the exemplars that no earlier interval has reported. */
static void write_exemplars(struct writer *writer, const struct lp_exemplar *exemplar)
{
	const char *separator = ",\"exemplars\":[";

	for (; exemplar; exemplar = exemplar->next) {
		if (!exemplar_is_new(writer->metrics, exemplar))
			continue;
		fprintf(writer->out, "%s{", separator);
		begin_attributes(writer, "filteredAttributes");
		write_attribute(writer, "stall", exemplar->stall);
		write_attribute(writer, "line", exemplar->line);
		write_attribute(writer, "cause", exemplar->cause);
		putc(']', writer->out);
		write_count(writer, "timeUnixNano", exemplar->unix_ns);
		write_number(writer, "asDouble", exemplar->duration_ns, 9);
		putc('}', writer->out);
		separator = ",";
	}
	if (separator[1])
		return;
	putc(']', writer->out);
}

static void write_histogram(struct writer *writer, const struct lp_point *point)
{
	const struct lp_histogram *histogram = point->histogram;
	uint64_t count = histogram_count(histogram);

	write_count(writer, "count", count);
	write_number(writer, "sum", histogram->sum_ns, 9);
	fprintf(writer->out, ",\"scale\":%d", LP_HISTOGRAM_SCALE);
	/* slot 0 has the times of at most 2^-20 s */
	write_count(writer, "zeroCount", histogram->slots[0]);
	fputs(",\"zeroThreshold\":9.5367431640625e-07", writer->out);
	write_buckets(writer, histogram);
	if (count) {
		write_number(writer, "min", histogram_min(histogram), 9);
		write_number(writer, "max", histogram_max(histogram), 9);
	}
	write_exemplars(writer, point->exemplars);
}

static void write_point(void *context, const struct lp_family *family, const struct lp_point *point)
{
	struct writer *writer = context;
	unsigned int decimals = family_unit(family)->decimals;
	size_t level;

	if (writer->open[LEVEL_LINE] && ftello(writer->out) - writer->start > LINE_BYTES)
		close_level(writer, LEVEL_LINE);
	for (level = 0; level < LEVELS; level++)
		if (!writer->open[level])
			open_level(writer, (enum otlp_level)level, family);
	if (writer->filled[LEVEL_FAMILY])
		putc(',', writer->out);
	writer->filled[LEVEL_FAMILY] = true;
	putc('{', writer->out);
	write_labels(writer, point);
	if (family->type == LP_FAMILY_COUNTER || family->type == LP_FAMILY_HISTOGRAM)
		write_count(writer, "startTimeUnixNano", writer->metrics->numbers.start_unix_ns);
	write_count(writer, "timeUnixNano", writer->metrics->now_unix_ns);
	if (point->histogram)
		write_histogram(writer, point);
	else if (decimals)
		write_number(writer, "asDouble", point->number, decimals);
	else
		write_count(writer, "asInt", point->number);
	putc('}', writer->out);
}

/* Writes the families with points of loop; NULL: with points of the run itself. */
static void write_families(struct writer *writer, const struct lp_loop_series *loop)
{
	const struct lp_family *family;
	size_t i;

	writer->loop = loop;
	for (i = 0; (family = family_at(i)); i++) {
		if (!family_is_reported(family, writer->metrics))
			continue;
		family_points(family, writer->metrics, loop, write_point, writer);
		close_level(writer, LEVEL_FAMILY);
	}
	close_level(writer, LEVEL_RESOURCE);
}

void otlp_write(FILE *out, const struct lp_metrics *metrics, const char *host)
{
	struct writer writer = { .out = out, .metrics = metrics, .host = host };
	const struct lp_loop_series *loop;

	for (loop = metrics->series.loops; loop; loop = loop->next)
		write_families(&writer, loop);
	write_families(&writer, NULL);
	close_level(&writer, LEVEL_LINE);
}
