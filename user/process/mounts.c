// SPDX-License-Identifier: BSD-2-Clause
#include "mounts.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The field of a mount's place in a line, and that of the type after the separator. */
#define PLACE_FIELD 4
#define SEPARATOR " - "

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7';
}

/*
 * Returns the length of a mount's place if the path is at or below it, else 0.  Blanks in the place
 * are written as \040 and the like.
 */
static size_t match(const char *place, const char *path)
{
	size_t at = 0;

	for (; *place && *place != ' ' && *place != '\n'; place++, at++) {
		char character = *place;

		if (character == '\\' && is_octal(place + 1)) {
			character = (char)((place[1] - '0') * 64 + (place[2] - '0') * 8 + place[3] -
					   '0');
			place += 3;
		}
		if (!path[at] || path[at] != character)
			return 0;
	}
	/* the root ends with the slash itself */
	return at == 1 || !path[at] || path[at] == '/' ? at : 0;
}

static const char *field_of(const char *line, unsigned int number)
{
	while (line && number--) {
		line = strchr(line, ' ');
		line = line ? line + 1 : NULL;
	}
	return line;
}

void mounts_type_of(const char *mountinfo, const char *path, char *type, size_t size)
{
	size_t best = 0;

	*type = '\0';
	while (mountinfo && *mountinfo && *path == '/') {
		const char *end = strchr(mountinfo, '\n');
		const char *place = field_of(mountinfo, PLACE_FIELD);
		const char *separator = strstr(mountinfo, SEPARATOR);
		size_t length = end && place && place < end && separator && separator < end
					? match(place, path)
					: 0;

		/* a later mount at the same place covers the earlier one */
		if (length && length >= best) {
			best = length;
			separator += strlen(SEPARATOR);
			snprintf(type, size, "%.*s", (int)strcspn(separator, " \n"), separator);
		}
		mountinfo = end ? end + 1 : NULL;
	}
}
