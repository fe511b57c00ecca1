// SPDX-License-Identifier: BSD-2-Clause
#include "sink.h"

#include <stddef.h>
#include <string.h>

static const struct lp_format *const formats[] = {
	&text_format,
	&json_format,
	&prom_format,
	&openmetrics_format,
};

/* Suffixes beside a format's own. */
static const struct {
	const char *suffix;
	const struct lp_format *format;
} more_suffixes[] = {
	{ ".jsonl", &json_format },
	{ ".om", &openmetrics_format },
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

const struct lp_format *format_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static bool ends_with(const char *path, const char *suffix)
{
	size_t length = strlen(path), wanted = suffix ? strlen(suffix) : 0;

	return wanted && length >= wanted && !strcmp(path + length - wanted, suffix);
}

const struct lp_format *format_by_path(const char *path)
{
	size_t i;

	for (i = 0; i < LENGTH(formats); i++)
		if (ends_with(path, formats[i]->suffix))
			return formats[i];
	for (i = 0; i < LENGTH(more_suffixes); i++)
		if (ends_with(path, more_suffixes[i].suffix))
			return more_suffixes[i].format;
	return NULL;
}
