// SPDX-License-Identifier: BSD-2-Clause
#include "merge.h"

#include "base/array.h"
#include "base/log.h"
#include "segments.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".lpc"
/*
 * Sources that are read at once, each with an open file and buffers.  Of more sources, those
 * that begin last wait until another one ends: their records then come later than their
 * clocks say.
 */
#define ACTIVE_SOURCES 64

/* Device and inode of a file, which identify it under any name. */
struct lp_captured_identity {
	dev_t device;
	ino_t inode;
};

struct lp_captured_file {
	char *path;
	struct lp_capture_header header;
	uint64_t bytes;
	size_t order; /* position in the order in which the captures were given */
	struct lp_captured_identity identity;
	uint64_t records; /* that can be read; 0: they were not counted yet */
};

struct lp_captured_source {
	size_t first, end; /* its files, as a range of indexes */
	size_t at; /* index of the file that is read */
	struct lp_capture_reader *reader;
	struct lp_capture_segments *chain;
	const struct lp_event *record; /* next record; NULL: the source has ended */
	/* wall clock time of that record, never before that of the previous one */
	uint64_t unix_ns;
	bool ended; /* the last record was that of the end of a run */
	bool damaged; /* damage of the current file has been reported */
};

struct lp_merge {
	/* all captures that were given, unreadable ones included */
	struct lp_captured_identity *given;
	size_t given_count, given_capacity;
	struct lp_captured_file *files;
	size_t file_count, file_capacity;
	struct lp_captured_source *sources;
	size_t *heap; /* heap of the sources that are read, by the time of their next record */
	size_t heap_count;
	size_t next; /* first source that has not been opened yet */
	struct lp_merge_totals found;
	int err;
	/* handler of records during merge_read() */
	lp_merge_record_handler take;
	lp_merge_end_handler end;
	void *context;
	size_t current;
};

static bool is_new_enough(const struct lp_capture_header *header)
{
	static const uint8_t none[LP_CAPTURE_ID_BYTES];

	return memcmp(header->run_id, none, sizeof(none)) != 0;
}

static int refuse(struct lp_merge *captures, const struct lp_error *error)
{
	log_error("%s", error->text);
	captures->found.refused++;
	if (!captures->err)
		captures->err = error->code;
	return error->code;
}

static int add_identity(struct lp_merge *captures, const struct stat *status)
{
	if (!ARRAY_RESERVE(captures->given, captures->given_capacity, captures->given_count + 1,
			   64))
		return -ENOMEM;
	captures->given[captures->given_count++] =
		(struct lp_captured_identity){ .device = status->st_dev, .inode = status->st_ino };
	return 0;
}

bool merge_include(const struct lp_merge *captures, const struct stat *file)
{
	size_t i;

	for (i = 0; i < captures->given_count; i++)
		if (captures->given[i].device == file->st_dev &&
		    captures->given[i].inode == file->st_ino)
			return true;
	return false;
}

static int add_file(struct lp_merge *captures, const char *path)
{
	struct lp_captured_file *file;
	struct lp_capture_reader *reader = NULL;
	struct lp_error error;
	struct stat status = { .st_size = 0 };

	if (!stat(path, &status) && add_identity(captures, &status))
		goto failed;
	if (capture_reader_new(path, &reader, &error))
		return refuse(captures, &error);
	if (!ARRAY_RESERVE(captures->files, captures->file_capacity, captures->file_count + 1, 64))
		goto failed;
	file = &captures->files[captures->file_count];
	file->path = strdup(path);
	if (!file->path)
		goto failed;
	file->header = *capture_header(reader);
	file->bytes = (uint64_t)status.st_size;
	file->records = 0;
	file->identity =
		(struct lp_captured_identity){ .device = status.st_dev, .inode = status.st_ino };
	file->order = captures->file_count++;
	capture_reader_free(reader);
	return 0;
failed:
	capture_reader_free(reader);
	error_set(&error, -ENOMEM, "cannot read %s: out of memory", path);
	return refuse(captures, &error);
}

static int has_suffix(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return length > suffix && !strcmp(entry->d_name + length - suffix, SUFFIX);
}

static void add_directory(struct lp_merge *captures, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, has_suffix, alphasort), i;
	struct lp_error error;
	char *name;

	if (count < 0)
		error_set(&error, -errno, "cannot read the directory %s: %s", path,
			  strerror(errno));
	else if (!count)
		error_set(&error, -ENOENT, "there is no capture (*%s) in the directory %s", SUFFIX,
			  path);
	if (count <= 0)
		refuse(captures, &error);
	for (i = 0; i < count; i++) {
		if (asprintf(&name, "%s/%s", path, entries[i]->d_name) >= 0) {
			add_file(captures, name);
			free(name);
		}
		free(entries[i]);
	}
	free(entries);
}

/* Orders headers by run; returns 0 if both are of the same run. */
static int compare_runs(const struct lp_capture_header *left, const struct lp_capture_header *right)
{
	int order = memcmp(left->run_id, right->run_id, sizeof(left->run_id));

	/* versions without run ids: two captures with the same header are of the same run */
	if (!order && !is_new_enough(left))
		order = memcmp(left, right, LP_CAPTURE_HEADER_1_0);
	return order;
}

/* Orders files by run and number; of copies of the same file, the longest one comes first. */
static int by_run(const void *left, const void *right)
{
	const struct lp_captured_file *a = left, *b = right;
	int order = compare_runs(&a->header, &b->header);

	if (order)
		return order;
	if (a->header.segment != b->header.segment)
		return a->header.segment < b->header.segment ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void count_record(void *context, const struct lp_event *record)
{
	uint64_t *count = context;

	(void)record;
	++*count;
}

/* Counts the records of a file that can be read, unless that was done before. */
static uint64_t readable_records(struct lp_captured_file *file)
{
	struct lp_capture_reader *reader;
	struct lp_error error;

	if (!file->records && !capture_reader_new(file->path, &reader, &error)) {
		capture_read(reader, count_record, &file->records, &error);
		capture_reader_free(reader);
	}
	return file->records;
}

/*
 * Retains that copy of a file of which more can be read: one that is as long, or longer, may be
 * damaged. Says which one is left out.
 */
static void choose_copy(struct lp_captured_file *retained, struct lp_captured_file *other)
{
	bool same = retained->identity.device == other->identity.device &&
		    retained->identity.inode == other->identity.inode;
	uint64_t records = same ? 0 : readable_records(retained);
	uint64_t others = same ? 0 : readable_records(other);
	struct lp_captured_file better;

	if (others > records) {
		better = *other;
		*other = *retained;
		*retained = better;
	}
	if (others == records)
		log_warning("%s holds the same as %s: it is read once", other->path,
			    retained->path);
	else
		log_warning("%s is a copy of %s that was cut or damaged: it is left out",
			    other->path, retained->path);
}

static void drop_duplicates(struct lp_merge *captures)
{
	struct lp_captured_file *files = captures->files;
	size_t i, retained = 0;

	for (i = 0; i < captures->file_count; i++) {
		if (retained && files[retained - 1].header.segment == files[i].header.segment &&
		    !compare_runs(&files[retained - 1].header, &files[i].header)) {
			choose_copy(&files[retained - 1], &files[i]);
			captures->found.duplicates++;
			free(files[i].path);
			continue;
		}
		files[retained++] = files[i];
	}
	captures->file_count = retained;
	captures->found.files = retained;
}

static void search_missing(struct lp_merge *captures, const struct lp_captured_source *source)
{
	const struct lp_captured_file *files = captures->files;
	size_t i;

	if (files[source->first].header.segment)
		log_note(
			"%s continues an earlier file of the same run, which was not given: its contents are not in the report",
			files[source->first].path);
	for (i = source->first + 1; i < source->end; i++) {
		uint32_t gap = files[i].header.segment - files[i - 1].header.segment - 1;

		if (!gap)
			continue;
		captures->found.missing += gap;
		log_warning(
			"%" PRIu32
			" %s missing between %s and %s: the stalls of that time are not in the report, only their counts",
			gap, gap == 1 ? "file is" : "files are", files[i - 1].path, files[i].path);
	}
}

static const struct lp_merge *sorted; /* qsort() passes no context to its comparison */

static int by_start(const void *left, const void *right)
{
	const struct lp_captured_source *a = left, *b = right;
	const struct lp_captured_file *first = &sorted->files[a->first];
	const struct lp_captured_file *second = &sorted->files[b->first];

	if (first->header.start_unix_ns != second->header.start_unix_ns)
		return first->header.start_unix_ns < second->header.start_unix_ns ? -1 : 1;
	return first->order < second->order ? -1 : 1;
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int count_hosts(struct lp_merge *captures)
{
	const char **hosts;
	size_t i;

	if (!captures->found.sources)
		return 0;
	hosts = calloc(captures->found.sources, sizeof(*hosts));
	if (!hosts)
		return -ENOMEM;
	for (i = 0; i < captures->found.sources; i++)
		hosts[i] = merge_header(captures, i)->host;
	qsort(hosts, captures->found.sources, sizeof(*hosts), by_text);
	for (i = 0; i < captures->found.sources; i++)
		captures->found.hosts += !i || strcmp(hosts[i - 1], hosts[i]) != 0;
	free(hosts);
	return 0;
}

static int make_sources(struct lp_merge *captures)
{
	size_t i;

	captures->sources = calloc(captures->file_count, sizeof(*captures->sources));
	captures->heap = calloc(captures->file_count, sizeof(*captures->heap));
	if (!captures->sources || !captures->heap)
		return -ENOMEM;
	for (i = 0; i < captures->file_count; i++) {
		struct lp_captured_source *source;

		if (!i || compare_runs(&captures->files[i - 1].header, &captures->files[i].header))
			captures->sources[captures->found.sources++].first = i;
		source = &captures->sources[captures->found.sources - 1];
		source->end = i + 1;
	}
	sorted = captures;
	qsort(captures->sources, captures->found.sources, sizeof(*captures->sources), by_start);
	for (i = 0; i < captures->found.sources; i++)
		search_missing(captures, &captures->sources[i]);
	return count_hosts(captures);
}

int merge_open(char *const *paths, size_t count, struct lp_merge **result, struct lp_error *error)
{
	struct lp_merge *captures = calloc(1, sizeof(*captures));
	struct stat status;
	int err = 0;
	size_t i;

	*result = NULL;
	if (!captures)
		return error_set(error, -ENOMEM, "out of memory");
	for (i = 0; i < count; i++) {
		if (!stat(paths[i], &status) && S_ISDIR(status.st_mode))
			add_directory(captures, paths[i]);
		else
			add_file(captures, paths[i]);
	}
	if (!captures->file_count) {
		err = error_set(error, captures->err ? captures->err : -ENOENT, "%s", "");
	} else {
		qsort(captures->files, captures->file_count, sizeof(*captures->files), by_run);
		drop_duplicates(captures);
		if (make_sources(captures))
			err = error_set(error, -ENOMEM, "out of memory");
	}
	if (err) {
		merge_free(captures);
		return err;
	}
	*result = captures;
	return 0;
}

void merge_free(struct lp_merge *captures)
{
	size_t i;

	if (!captures)
		return;
	for (i = 0; captures->sources && i < captures->found.sources; i++) {
		capture_reader_free(captures->sources[i].reader);
		capture_segments_free(captures->sources[i].chain);
	}
	for (i = 0; i < captures->file_count; i++)
		free(captures->files[i].path);
	free(captures->files);
	free(captures->given);
	free(captures->sources);
	free(captures->heap);
	free(captures);
}

const struct lp_merge_totals *merge_totals(const struct lp_merge *captures)
{
	return &captures->found;
}

const struct lp_capture_header *merge_header(const struct lp_merge *captures, size_t source)
{
	return &captures->files[captures->sources[source].first].header;
}

const char *merge_path(const struct lp_merge *captures, size_t source)
{
	return captures->files[captures->sources[source].first].path;
}

static void report_error(struct lp_merge *captures, const struct lp_error *error)
{
	log_error("%s", error->text);
	if (!captures->err)
		captures->err = error->code;
}

/* Reports what is wrong with a file that has been read to its end. */
static void end_file(struct lp_merge *captures, struct lp_captured_source *source)
{
	uint64_t lost = capture_lost(source->reader);

	if (lost)
		log_warning(
			"%" PRIu64
			" records could not be written when %s was recorded (was the disk full?): "
			"their contents are not in the report",
			lost, captures->files[source->at].path);
	capture_reader_free(source->reader);
	source->reader = NULL;
	source->at++;
}

/*
 * Returns whether the time of a record is plausible: one in the far future would delay all later
 * records of its source.
 */
static bool record_has_time(const struct lp_event *record)
{
	return record->time_ns <= LP_SPAN_MAX_NS;
}

/* Reads the next record of a source, from its next file if one has ended. */
static void advance(struct lp_merge *captures, struct lp_captured_source *source)
{
	const struct lp_capture_header *header = &captures->files[source->first].header;
	struct lp_error error;
	uint64_t unix_ns;
	int err;

	for (source->record = NULL; source->at < source->end;) {
		if (!source->reader &&
		    capture_reader_new(captures->files[source->at].path, &source->reader, &error)) {
			/* the file has been removed or changed since all captures were opened */
			report_error(captures, &error);
			source->at++;
			continue;
		}
		err = capture_next(source->reader, &source->record, &error);
		if (err > 0) {
			source->ended = source->record->type == LP_EVENT_END;
			unix_ns =
				source->record->time_ns + header->start_unix_ns - header->start_ns;
			if (record_has_time(source->record) && unix_ns > source->unix_ns)
				source->unix_ns = unix_ns;
			return;
		}
		source->damaged = err != 0;
		if (err)
			report_error(captures, &error);
		source->record = NULL;
		end_file(captures, source);
	}
}

static bool comes_before(const struct lp_merge *captures, size_t left, size_t right)
{
	const struct lp_captured_source *a = &captures->sources[left];
	const struct lp_captured_source *b = &captures->sources[right];

	return a->unix_ns != b->unix_ns ? a->unix_ns < b->unix_ns : left < right;
}

static void sink_down(struct lp_merge *captures, size_t at)
{
	size_t *heap = captures->heap, child, moved = heap[at];

	while ((child = 2 * at + 1) < captures->heap_count) {
		if (child + 1 < captures->heap_count &&
		    comes_before(captures, heap[child + 1], heap[child]))
			child++;
		if (!comes_before(captures, heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void rise_up(struct lp_merge *captures, size_t at)
{
	size_t *heap = captures->heap, parent, moved = heap[at];

	for (; at; at = parent) {
		parent = (at - 1) / 2;
		if (!comes_before(captures, moved, heap[parent]))
			break;
		heap[at] = heap[parent];
	}
	heap[at] = moved;
}

/* Frees the reader and the buffers of a source that has ended. */
static void end_source(struct lp_merge *captures, size_t number)
{
	struct lp_captured_source *source = &captures->sources[number];

	/*
	 * a file that was cut exactly behind a record is only recognised by the missing end record
	 */
	if (!source->ended && !source->damaged) {
		captures->found.unended++;
		log_warning(
			"%s does not hold the end of its recording (which goes on, was killed, or is continued in a file that was not given): the report covers what was written before",
			captures->files[source->end - 1].path);
	}
	capture_segments_free(source->chain);
	source->chain = NULL;
	if (captures->end)
		captures->end(captures->context, number);
}

/* Opens the sources whose time has come, and at least one if any is left. */
static void begin_sources(struct lp_merge *captures)
{
	while (captures->next < captures->found.sources && captures->heap_count < ACTIVE_SOURCES) {
		size_t number = captures->next;
		struct lp_captured_source *source = &captures->sources[number];
		uint64_t start_ns = captures->files[source->first].header.start_unix_ns;
		struct lp_error error;

		if (captures->heap_count && start_ns > captures->sources[captures->heap[0]].unix_ns)
			return;
		captures->next++;
		source->at = source->first;
		source->unix_ns = 0;
		source->chain =
			capture_segments_new(!captures->files[source->first].header.segment);
		if (source->chain) {
			advance(captures, source);
		} else {
			error_set(&error, -ENOMEM, "out of memory: %s is left out",
				  captures->files[source->first].path);
			report_error(captures, &error);
		}
		if (source->record) {
			captures->heap[captures->heap_count] = number;
			rise_up(captures, captures->heap_count++);
		} else {
			end_source(captures, number);
		}
	}
}

static void hand_out(void *context, const struct lp_event *record)
{
	struct lp_merge *captures = context;

	captures->take(captures->context, captures->current, record);
}

void merge_set_ender(struct lp_merge *captures, lp_merge_end_handler end)
{
	captures->end = end;
}

int merge_read(struct lp_merge *captures, lp_merge_record_handler take, void *context)
{
	captures->take = take;
	captures->context = context;
	captures->heap_count = 0;
	captures->next = 0;
	for (begin_sources(captures); captures->heap_count; begin_sources(captures)) {
		struct lp_captured_source *source = &captures->sources[captures->heap[0]];

		captures->current = captures->heap[0];
		capture_segments_take(source->chain, source->record,
				      capture_is_checkpoint(source->reader), hand_out, captures);
		advance(captures, source);
		if (!source->record) {
			captures->heap[0] = captures->heap[--captures->heap_count];
			end_source(captures, captures->current);
		}
		if (captures->heap_count)
			sink_down(captures, 0);
	}
	return captures->err;
}
