// SPDX-License-Identifier: BSD-2-Clause
/*
 * A self-contained HTML page: the data as JSON, and the scripts of page/ that show them.  The
 * page's Content-Security-Policy permits no connection and no other resource.
 */
#include "files/output_file.h"
#include "data.h"
#include "html_page.h"
#include "sinks/sink.h"

#include "base/array.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Only its owner, the user who called sudo, may read the page. */
#define PAGE_MODE 0600
/* Limit of loops with an entry in the page, as a run with -a may have any number over time. */
#define LOOPS_MAX 4096

struct html_sink {
	struct lp_sink sink;
	struct lp_output_snapshot *snapshot;
	char *path;
	struct lp_html_data data;
	size_t loop_capacity;
	int err;
};

static void begin_run(void *context, const struct lp_run *run)
{
	struct lp_html_data *data = &((struct html_sink *)context)->data;

	data->run = *run;
	text_copy(data->tool, sizeof(data->tool), run->tool ? run->tool : "");
	text_copy(data->mode, sizeof(data->mode), run->mode ? run->mode : "");
	text_copy(data->host, sizeof(data->host), run->host ? run->host : "");
	data->run.tool = data->tool;
	data->run.mode = data->mode;
	data->run.host = data->host;
}

static void add_loop(void *context, const struct lp_loop_info *loop)
{
	struct html_sink *html = context;
	struct lp_html_data *data = &html->data;

	if (data->loop_count < LOOPS_MAX &&
	    ARRAY_RESERVE(data->loops, html->loop_capacity, data->loop_count + 1, 4))
		data->loops[data->loop_count++] = *loop;
	else
		data->loops_dropped++;
}

static void add_slow(void *context, const struct lp_slow_callback *slow)
{
	page_store_add_slow(&((struct html_sink *)context)->data.store, slow);
}

static void add_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	page_store_add_iteration(&((struct html_sink *)context)->data.store, slow);
}

static void add_finding(void *context, const struct lp_finding *finding)
{
	page_store_add_finding(&((struct html_sink *)context)->data.store, finding);
}

static void add_loop_state(void *context, const struct lp_loop_state *state)
{
	history_add(&((struct html_sink *)context)->data.history, state);
}

static void write_page(FILE *out, struct html_sink *html, const struct lp_summary *total,
		       const struct lp_run_end *end)
{
	fwrite(page_head, 1, sizeof(page_head), out);
	fwrite(page_style, 1, sizeof(page_style), out);
	fwrite(page_body, 1, sizeof(page_body), out);
	html_data_write(out, &html->data, total, end);
	fwrite(page_between, 1, sizeof(page_between), out);
	fwrite(page_script, 1, sizeof(page_script), out);
	fwrite(page_end, 1, sizeof(page_end), out);
}

static void write_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct html_sink *html = context;
	FILE *out;

	page_store_finish(&html->data.store);
	html->err = output_snapshot_begin(html->snapshot, &out);
	if (!html->err) {
		write_page(out, html, total, end);
		html->err = output_snapshot_commit(html->snapshot);
	}
	if (html->err)
		output_warn(html->path, html->err);
}

static int html_close(struct lp_sink *sink)
{
	struct html_sink *html = (struct html_sink *)sink;
	int err = html->err;

	output_snapshot_free(html->snapshot);
	page_store_free(&html->data.store);
	history_free(&html->data.history);
	free(html->data.loops);
	free(html->path);
	free(html);
	return err;
}

static int html_open(const char *path, const struct lp_terminal *terminal, struct lp_sink **sink,
		     struct lp_error *error)
{
	struct html_sink *html;
	int err;

	(void)terminal;
	*sink = NULL;
	if (!path)
		return error_set(error, -EINVAL,
				 "the page is written as a whole file; name that file with -o");
	html = calloc(1, sizeof(*html));
	if (!html || !(html->path = strdup(path))) {
		free(html);
		return error_set(error, -ENOMEM,
				 "no memory for the output; free some and try again");
	}
	page_store_init(&html->data.store, LP_HTML_STALLS, LP_HTML_DETAILS);
	history_init(&html->data.history, LP_HISTORY_SPANS);
	html->sink.observer = (struct lp_observer){
		.run = begin_run,
		.loop = add_loop,
		.slow = add_slow,
		.slow_iteration = add_slow_iteration,
		.finding = add_finding,
		.loop_state = add_loop_state,
		.end = write_end,
	};
	html->sink.close = html_close;
	err = output_snapshot_new(path, PAGE_MODE, &html->snapshot, error);
	if (err) {
		html_close(&html->sink);
		return err;
	}
	*sink = &html->sink;
	return 0;
}

const struct lp_format html_format = {
	.name = "html",
	.suffix = ".html",
	.snapshot = true,
	.open = html_open,
};
