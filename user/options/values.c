// SPDX-License-Identifier: BSD-2-Clause
/* Parses the values of options: times, sizes, shares, FORMAT=FILE. */
#include "values.h"

#include "process/cgroup.h"
#include "base/macros.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *suffix;
	double factor;
};

/*
 * Parses a decimal number followed by a unit.  strtod() would also take a blank, a sign, a
 * hexadecimal number and words.
 */
static int parse(const char *text, const struct unit *units, size_t count, double most,
		 double *result)
{
	double value;
	char *end;
	size_t i;

	if (!isdigit((unsigned char)text[text[0] == '.']) || text[strspn(text, "0")] == 'x' ||
	    text[strspn(text, "0")] == 'X')
		return -EINVAL;
	value = strtod(text, &end);
	if (end == text || !isfinite(value) || value < 0)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		value *= units[i].factor;
		*result = value + 0.5;
		/* a value that is rounded to 0 is an error, as the user did not ask for 0 */
		return value > most || (value > 0 && *result < 1) ? -EINVAL : 0;
	}
	return -EINVAL;
}

int options_duration(const char *text, uint64_t *ns)
{
	static const struct unit units[] = { { "", 1e9 },     { "s", 1e9 },   { "ms", 1e6 },
					     { "us", 1e3 },   { "ns", 1 },    { "m", 60e9 },
					     { "min", 60e9 }, { "h", 3600e9 } };
	double value;

	if (parse(text, units, ARRAY_SIZE(units), 1e18, &value))
		return -EINVAL;
	*ns = (uint64_t)value;
	return 0;
}

/* Parses a size with a power of 1024 as its unit; a B after it is ignored. */
int options_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	    { "B", 1 },
		{ "k", 1 << 10 },   { "K", 1 << 10 },
		{ "kB", 1 << 10 },  { "KB", 1 << 10 },
		{ "KiB", 1 << 10 }, { "M", 1 << 20 },
		{ "MB", 1 << 20 },  { "MiB", 1 << 20 },
		{ "G", 1 << 30 },   { "GB", 1 << 30 },
		{ "GiB", 1 << 30 }, { "T", 1024.0 * (1 << 30) },
	};
	double value;

	if (parse(text, units, ARRAY_SIZE(units), 1e18, &value))
		return -EINVAL;
	*bytes = (uint64_t)value;
	return 0;
}

int option_rotate(const char *text, uint64_t *bytes, uint64_t *ns)
{
	/* 64M are bytes and 5m are minutes; a number without a unit would be ambiguous */
	if (!*text || strspn(text, "0123456789.") == strlen(text))
		return -EINVAL;
	if (!options_duration(text, ns) && *ns)
		return 0;
	*ns = 0;
	return options_size(text, bytes) || !*bytes ? -EINVAL : 0;
}

int option_percent(const char *text, uint32_t *ppm)
{
	static const struct unit units[] = { { "", 1e4 }, { "%", 1e4 } };
	double value;

	if (parse(text, units, ARRAY_SIZE(units), 1e6, &value) || value < 1)
		return -EINVAL;
	*ppm = (uint32_t)value;
	return 0;
}

int option_export(const char *text, struct lp_export *export)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;

	if (!length || length >= sizeof(export->format) || !equals[1])
		return -EINVAL;
	memcpy(export->format, text, length);
	export->format[length] = '\0';
	export->path = equals + 1;
	return 0;
}

int option_by(const char *text, enum lp_by *by)
{
	static const char *const names[] = { [LP_BY_LOOP] = "loop",
					     [LP_BY_NAME] = "name",
					     [LP_BY_CONTAINER] = "container",
					     [LP_BY_HOST] = "host" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*by = (enum lp_by)i;
			return 0;
		}
	}
	return -EINVAL;
}

int option_number(const char *text, unsigned long most, unsigned long *number)
{
	unsigned long value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		value = value * 10 + (unsigned long)(*text - '0');
		if (value > most)
			return -ERANGE;
	}
	*number = value;
	return 0;
}

int option_cgroup(const char *text)
{
	char path[PATH_MAX];

	return *text ? cgroup_normalise(text, path, sizeof(path)) : -EINVAL;
}
