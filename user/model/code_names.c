// SPDX-License-Identifier: BSD-2-Clause
#include "code_names.h"

#include "base/macros.h"

/* One place stays empty and ends the table. */
#define RUNTIMES_MAX 8

static const struct lp_code_names *added[RUNTIMES_MAX + 1];

void code_names_add(const struct lp_code_names *names)
{
	size_t i;

	for (i = 0; i < RUNTIMES_MAX && added[i] && added[i] != names;)
		i++;
	if (i < RUNTIMES_MAX)
		added[i] = names;
}

const struct lp_code_names *code_names_at(size_t number)
{
	return number < ARRAY_SIZE(added) ? added[number] : NULL;
}
