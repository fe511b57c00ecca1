// SPDX-License-Identifier: BSD-2-Clause
/*
 * OTLP 1.x in the JSON encoding of its protobuf messages: lowerCamelCase, 64-bit integers as
 * strings, enums as numbers.  A set of loop labels is a resource, with attribute names of
 * OpenTelemetry's semantic conventions; the points of a resource have the labels of Prometheus.
 */
#include "otlp_lines.h"

#include "wire/histogram.h"
#include "base/version.h"
#include "sinks/json/writer.h"
#include "model/names.h"

#include <string.h>

/* A line ends with the point that exceeds this; the Collector reads up to 1 MiB by default. */
#define LINE_BYTES (512 << 10)
#define CUMULATIVE 2 /* enum AggregationTemporality */
/* The slot of the first bucket; slot 0 is none. */
#define FIRST_BUCKET 1

/* The objects around a point, outermost first. */
enum otlp_level { LEVEL_LINE, LEVEL_RESOURCE, LEVEL_FAMILY, LEVELS };

/* Number of JSON objects and arrays that are open at a level. */
static const uint32_t level_depths[LEVELS] = {
	[LEVEL_LINE] = 0,
	[LEVEL_RESOURCE] = 2,
	[LEVEL_FAMILY] = 6,
};

struct writer {
	struct lp_json_writer json;
	const struct lp_metrics *metrics;
	const char *host;
	const struct lp_loop_series *loop; /* loops of the resource; NULL: loopprof itself */
	int open; /* number of open levels */
	off_t start; /* offset of the line in the output */
};

/* ---- attributes --------------------------------------------------------------- */

static void write_attribute(struct lp_json_writer *json, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	json_object(json, NULL);
	json_text(json, "key", key);
	json_object(json, "value");
	json_text(json, "stringValue", value);
	json_end(json);
	json_end(json);
}

static void write_resource(struct writer *writer)
{
	struct lp_json_writer *json = &writer->json;

	json_object(json, "resource");
	json_array(json, "attributes");
	if (writer->loop) {
		const struct lp_loop_labels *labels = &writer->loop->labels;

		write_attribute(json, "service.name", labels->service);
		write_attribute(json, "systemd.unit.name", labels->unit);
		write_attribute(json, "container.id", labels->container);
		write_attribute(json, "k8s.pod.uid", labels->pod);
		write_attribute(json, "host.name", *labels->host ? labels->host : writer->host);
	} else {
		write_attribute(json, "service.name", "loopprof");
		write_attribute(json, "service.version", LP_VERSION);
		write_attribute(json, "host.name", writer->host);
	}
	json_end(json);
	json_end(json);
}

static void write_labels(struct lp_json_writer *json, const struct lp_point *point)
{
	const struct lp_callback_series *callback = point->callback;

	json_array(json, "attributes");
	if (point->loop)
		write_attribute(json, "loop", point->loop->labels.runtime);
	if (callback) {
		write_attribute(json, "callback", callback->name);
		write_attribute(json, "file", callback->file);
		if (callback->own)
			write_attribute(json, "kind", callback_kind_name(callback->kind));
	}
	if (point->label)
		write_attribute(json, point->label, point->value);
	json_end(json);
}

/* ---- the objects around points ------------------------------------------------- */

/* Writes the name: loopprof_callback_queue_delay_seconds is "loopprof.callback.queue_delay". */
static void write_name(struct lp_json_writer *json, const struct lp_family *family)
{
	const char *unit = family_unit(family)->name;
	char name[128], *at;
	int dots = 2;

	snprintf(name, sizeof(name), "%s", family->name);
	if (unit)
		name[strlen(name) - strlen(unit) - 1] = '\0';
	for (at = name; *at && dots; at++)
		if (*at == '_') {
			*at = '.';
			dots--;
		}
	json_text(json, "name", name);
}

static void open_family(struct writer *writer, const struct lp_family *family)
{
	struct lp_json_writer *json = &writer->json;
	const char *ucum = family_unit(family)->ucum;

	json_object(json, NULL);
	write_name(json, family);
	json_text(json, "description", family_help(family, writer->metrics));
	if (*ucum)
		json_text(json, "unit", ucum);
	if (family->type == LP_FAMILY_HISTOGRAM) {
		json_object(json, "exponentialHistogram");
		json_number(json, "aggregationTemporality", CUMULATIVE);
	} else if (family->type == LP_FAMILY_COUNTER) {
		json_object(json, "sum");
		json_number(json, "aggregationTemporality", CUMULATIVE);
		json_bool(json, "isMonotonic", true);
	} else {
		json_object(json, "gauge");
	}
	json_array(json, "dataPoints");
}

static void open_level(struct writer *writer, const struct lp_family *family)
{
	struct lp_json_writer *json = &writer->json;

	switch (writer->open++) {
	case LEVEL_LINE:
		writer->start = ftello(json->out);
		json_object(json, NULL);
		json_array(json, "resourceMetrics");
		break;
	case LEVEL_RESOURCE:
		json_object(json, NULL);
		write_resource(writer);
		json_array(json, "scopeMetrics");
		json_object(json, NULL);
		json_object(json, "scope");
		json_text(json, "name", "loopprof");
		json_text(json, "version", LP_VERSION);
		json_end(json);
		json_array(json, "metrics");
		break;
	default:
		open_family(writer, family);
	}
}

/* Closes a level and the open levels in it. */
static void close_level(struct writer *writer, enum otlp_level level)
{
	struct lp_json_writer *json = &writer->json;

	if (writer->open <= (int)level)
		return;
	writer->open = level;
	while (json->depth > level_depths[level])
		json_end(json);
	if (level == LEVEL_LINE)
		putc('\n', json->out);
}

/* ---- points --------------------------------------------------------------------- */

static void write_decimal(struct lp_json_writer *json, const char *name, uint64_t number,
			  unsigned int decimals)
{
	char text[LP_NUMBER_MAX];

	metrics_print_number(text, number, decimals);
	json_formatted(json, name, text);
}

static void write_buckets(struct lp_json_writer *json, const struct lp_histogram *histogram)
{
	struct lp_slot_range used = histogram_used(histogram, FIRST_BUCKET);
	size_t slot;

	if (used.first == used.end)
		return;
	/* the overflow slot becomes the bucket after the last one, which has its lower edge */
	json_object(json, "positive");
	json_signed(json, "offset", LP_HISTOGRAM_OFFSET + (int)(used.first - FIRST_BUCKET));
	json_array(json, "bucketCounts");
	for (slot = used.first; slot < used.end; slot++)
		json_quoted_number(json, NULL, histogram->slots[slot]);
	json_end(json);
	json_end(json);
}

static void write_exemplar(struct lp_json_writer *json, const struct lp_exemplar *exemplar)
{
	json_object(json, NULL);
	json_array(json, "filteredAttributes");
	write_attribute(json, "stall", exemplar->stall);
	write_attribute(json, "line", exemplar->line);
	if (*exemplar->handler)
		write_attribute(json, "handler", exemplar->handler);
	write_attribute(json, "cause", exemplar->cause);
	json_end(json);
	json_quoted_number(json, "timeUnixNano", exemplar->unix_ns);
	write_decimal(json, "asDouble", exemplar->duration_ns, 9);
	json_end(json);
}

/* Writes the exemplars that no earlier interval has reported. */
static void write_exemplars(struct writer *writer, const struct lp_exemplar *exemplar)
{
	bool open = false;

	for (; exemplar; exemplar = exemplar->next) {
		if (!exemplar_is_new(writer->metrics, exemplar))
			continue;
		if (!open)
			json_array(&writer->json, "exemplars");
		open = true;
		write_exemplar(&writer->json, exemplar);
	}
	if (open)
		json_end(&writer->json);
}

static void write_histogram(struct writer *writer, const struct lp_point *point)
{
	const struct lp_histogram *histogram = point->histogram;
	struct lp_json_writer *json = &writer->json;
	uint64_t count = histogram_count(histogram);

	json_quoted_number(json, "count", count);
	write_decimal(json, "sum", histogram->sum_ns, 9);
	json_number(json, "scale", LP_HISTOGRAM_SCALE);
	/* slot 0 has the times of at most 2^-20 s */
	json_quoted_number(json, "zeroCount", histogram->slots[0]);
	json_formatted(json, "zeroThreshold", "9.5367431640625e-07");
	write_buckets(json, histogram);
	if (count) {
		write_decimal(json, "min", histogram_min(histogram), 9);
		write_decimal(json, "max", histogram_max(histogram), 9);
	}
	write_exemplars(writer, point->exemplars);
}

static void write_point(void *context, const struct lp_family *family, const struct lp_point *point)
{
	struct writer *writer = context;
	struct lp_json_writer *json = &writer->json;
	unsigned int decimals = family_unit(family)->decimals;

	if (writer->open && ftello(json->out) - writer->start > LINE_BYTES)
		close_level(writer, LEVEL_LINE);
	while (writer->open < LEVELS)
		open_level(writer, family);
	json_object(json, NULL);
	write_labels(json, point);
	if (family->type == LP_FAMILY_COUNTER || family->type == LP_FAMILY_HISTOGRAM)
		json_quoted_number(json, "startTimeUnixNano",
				   writer->metrics->numbers.start_unix_ns);
	json_quoted_number(json, "timeUnixNano", writer->metrics->now_unix_ns);
	if (point->histogram)
		write_histogram(writer, point);
	else if (decimals)
		write_decimal(json, "asDouble", point->number, decimals);
	else
		json_quoted_number(json, "asInt", point->number);
	json_end(json);
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
	struct writer writer = { .json = json_writer(out), .metrics = metrics, .host = host };
	const struct lp_loop_series *loop;

	for (loop = metrics->series.loops; loop; loop = loop->next)
		write_families(&writer, loop);
	write_families(&writer, NULL);
	close_level(&writer, LEVEL_LINE);
}
