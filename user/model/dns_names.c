// SPDX-License-Identifier: BSD-2-Clause
#include "dns_names.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct dns_name {
	uint64_t stack, object;
	char name[LP_DNS_NAME_BYTES];
};

struct lp_dns_names {
	size_t count;
	struct dns_name items[LP_BLOCKS];
};

struct lp_dns_names *dns_names_new(void)
{
	return calloc(1, sizeof(struct lp_dns_names));
}

void dns_names_free(struct lp_dns_names *names)
{
	free(names);
}

void dns_names_add(struct lp_dns_names *names, const struct lp_event_dns_name *event)
{
	struct dns_name added = { .stack = event->stack, .object = event->object };
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

void dns_names_of(const struct lp_dns_names *names, const struct lp_block *block,
		  char text[LP_DNS_NAME_BYTES])
{
	size_t length = 0, bytes, i;

	*text = '\0';
	for (i = 0; names && i < names->count; i++) {
		const struct dns_name *name = &names->items[i];

		bytes = strlen(name->name);
		if (name->stack != block->stack || name->object != block->object ||
		    length + strlen(", ") + bytes >= LP_DNS_NAME_BYTES)
			continue;
		if (length) {
			memcpy(text + length, ", ", strlen(", "));
			length += strlen(", ");
		}
		memcpy(text + length, name->name, bytes + 1);
		length += bytes;
	}
}
