// SPDX-License-Identifier: BSD-2-Clause
#include "asked_names.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct asked_name {
	uint64_t stack, object;
	char name[LP_ASKED_NAME_BYTES];
};

struct lp_asked_names {
	size_t count;
	struct asked_name items[LP_BLOCKS];
};

struct lp_asked_names *asked_names_new(void)
{
	return calloc(1, sizeof(struct lp_asked_names));
}

void asked_names_free(struct lp_asked_names *names)
{
	free(names);
}

void asked_names_add(struct lp_asked_names *names, const struct lp_event_asked_name *event)
{
	struct asked_name added = { .stack = event->stack, .object = event->object };
	size_t i;

	text_copy(added.name, sizeof(added.name), event->name);
	for (i = 0; i < names->count; i++)
		if (names->items[i].stack == added.stack &&
		    names->items[i].object == added.object &&
		    !strcmp(names->items[i].name, added.name))
			return;
	if (*added.name && names->count < LP_BLOCKS)
		names->items[names->count++] = added;
}

void asked_names_of(const struct lp_asked_names *names, const struct lp_block *block,
		    char text[LP_ASKED_NAME_BYTES])
{
	size_t length = 0, bytes, i;

	*text = '\0';
	for (i = 0; names && i < names->count; i++) {
		const struct asked_name *asked = &names->items[i];

		bytes = strlen(asked->name);
		if (asked->stack != block->stack || asked->object != block->object ||
		    length + strlen(", ") + bytes >= LP_ASKED_NAME_BYTES)
			continue;
		if (length) {
			memcpy(text + length, ", ", strlen(", "));
			length += strlen(", ");
		}
		memcpy(text + length, asked->name, bytes + 1);
		length += bytes;
	}
}
