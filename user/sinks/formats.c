// SPDX-License-Identifier: BSD-2-Clause
#include "sink.h"
#include "base/macros.h"

#include <stddef.h>
#include <string.h>

#define FORMAT(name) &name##_format,

static const struct lp_format *const formats[] = { LP_FORMATS(FORMAT) };

/* Further suffixes of formats. */
static const struct {
	const char *suffix;
	const struct lp_format *format;
} more_suffixes[] = {
	{ ".jsonl", &json_format }, /* .otlp.jsonl is longer and has precedence */
	{ ".om", &openmetrics_format },
	{ ".pprof", &pprof_format },
	{ ".perfetto-trace", &trace_format },
};

const struct lp_format *format_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

/* Returns the length of the suffix if the path ends with it, else 0. */
static size_t ending(const char *path, const char *suffix)
{
	size_t length = strlen(path), wanted = suffix ? strlen(suffix) : 0;

	return wanted && length >= wanted && !strcmp(path + length - wanted, suffix) ? wanted : 0;
}

const struct lp_format *format_by_path(const char *path)
{
	const struct lp_format *format = NULL;
	size_t i, longest = 0, length;

	/* the longest suffix has precedence: ".speedscope.json" over ".json" */
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		length = ending(path, formats[i]->suffix);
		if (length > longest)
			format = formats[i];
		longest = length > longest ? length : longest;
	}
	for (i = 0; i < ARRAY_SIZE(more_suffixes); i++) {
		length = ending(path, more_suffixes[i].suffix);
		if (length > longest)
			format = more_suffixes[i].format;
		longest = length > longest ? length : longest;
	}
	return format;
}

const char *format_names(char *names, size_t size, bool live, const char *word)
{
	const char *last = NULL;
	size_t i, used = 0;

	names[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!live || formats[i]->live)
			last = formats[i]->name;
	for (i = 0; i < ARRAY_SIZE(formats) && used < size; i++) {
		const char *name = formats[i]->name;

		if (live && !formats[i]->live)
			continue;
		if (used && name == last)
			used += (size_t)snprintf(names + used, size - used, " %s %s", word, name);
		else
			used += (size_t)snprintf(names + used, size - used, "%s%s",
						 used ? ", " : "", name);
	}
	return names;
}
