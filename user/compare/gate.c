// SPDX-License-Identifier: BSD-2-Clause
/*
 * The conditions of --fail-if.  A condition without a share, such as new-stalls, is true if there
 * is at least one of its items; one with > and a share is true if the value is certainly greater
 * than before, and by more than that share.
 */
#include "compare.h"
#include "base/macros.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 32

struct measure {
	const char *name;
	bool takes_share;
	/* whether the value grew by more than limit (0.1: by a tenth); then sets why */
	bool (*holds)(const struct lp_comparison *comparison, int argument, double limit, char *why,
		      size_t size);
	int argument;
};

static double growth(double old, double new)
{
	return old > 0 ? new / old - 1 : new > 0 ? 1e9 : 0;
}

static bool grew(const struct lp_quantile_shift *shift, double limit)
{
	return shift->verdict == LP_VERDICT_WORSE &&
	       growth((double)shift->old_ns, (double)shift->new_ns) > limit;
}

static void number_ms(char number[NUMBER_BYTES], uint64_t ns)
{
	text_number(number, NUMBER_BYTES, (double)ns * 1e-6);
}

static bool callback_grew(const struct lp_comparison *comparison, int quantile, double limit,
			  char *why, size_t size)
{
	char numbers[2][NUMBER_BYTES];
	size_t i;

	for (i = 0; i < comparison->callback_count; i++) {
		const struct lp_callback_shift *shift = &comparison->callbacks[i];

		if (!shift->old || !shift->new || !grew(&shift->quantiles[quantile], limit))
			continue;
		number_ms(numbers[0], shift->quantiles[quantile].old_ns);
		number_ms(numbers[1], shift->quantiles[quantile].new_ns);
		snprintf(why, size, "the p%g of %s went from %s ms to %s ms",
			 lp_compared_quantiles[quantile] * 100, shift->new->info.name, numbers[0],
			 numbers[1]);
		return true;
	}
	return false;
}

static bool lag_grew(const struct lp_comparison *comparison, int quantile, double limit, char *why,
		     size_t size)
{
	const struct lp_quantile_shift *shift = &comparison->iterations[quantile];
	char numbers[2][NUMBER_BYTES];

	if (!grew(shift, limit))
		return false;
	number_ms(numbers[0], shift->old_ns);
	number_ms(numbers[1], shift->new_ns);
	snprintf(why, size, "the p%g of the loops' lag went from %s ms to %s ms",
		 lp_compared_quantiles[quantile] * 100, numbers[0], numbers[1]);
	return true;
}

static bool busy_grew(const struct lp_comparison *comparison, int argument, double limit, char *why,
		      size_t size)
{
	(void)argument;
	if (growth(comparison->old_busy, comparison->new_busy) <= limit)
		return false;
	snprintf(why, size, "the loops are busy %.1f %% of the time instead of %.1f %%",
		 comparison->new_busy * 100, comparison->old_busy * 100);
	return true;
}

static bool stalls_grew(const struct lp_comparison *comparison, int argument, double limit,
			char *why, size_t size)
{
	double before = side_stalls_an_hour(comparison->old);
	double now = side_stalls_an_hour(comparison->new);
	char numbers[2][NUMBER_BYTES];

	(void)argument;
	if (comparison->stalls != LP_VERDICT_WORSE || growth(before, now) <= limit)
		return false;
	text_number(numbers[0], sizeof(numbers[0]), before);
	text_number(numbers[1], sizeof(numbers[1]), now);
	snprintf(why, size, "%s slow callbacks an hour of each loop instead of %s", numbers[1],
		 numbers[0]);
	return true;
}

static bool any_slower(const struct lp_comparison *comparison, int argument, double limit,
		       char *why, size_t size)
{
	size_t i;

	(void)argument;
	(void)limit;
	for (i = 0; i < comparison->callback_count; i++) {
		const struct lp_callback_shift *shift = &comparison->callbacks[i];

		if (shift->verdict != LP_VERDICT_WORSE)
			continue;
		snprintf(why, size, "%s got slower", shift->new->info.name);
		return true;
	}
	return false;
}

static bool new_stall(const struct lp_comparison *comparison, int argument, double limit, char *why,
		      size_t size)
{
	size_t i;

	(void)argument;
	(void)limit;
	for (i = 0; i < comparison->callback_count; i++) {
		const struct lp_callback_shift *shift = &comparison->callbacks[i];

		if (!shift->new || !shift->new->slow || (shift->old && shift->old->slow))
			continue;
		snprintf(why, size, "%s was slow %llu times and never before",
			 shift->new->info.name, (unsigned long long)shift->new->slow);
		return true;
	}
	return false;
}

static bool new_blocking(const struct lp_comparison *comparison, int argument, double limit,
			 char *why, size_t size)
{
	size_t i;

	(void)argument;
	(void)limit;
	for (i = 0; i < comparison->cause_count; i++) {
		const struct lp_cause_shift *shift = &comparison->causes[i];

		if (shift->old || !shift->new || shift->new->kind != LP_CAUSE_BLOCKED)
			continue;
		snprintf(why, size, "%s blocked at %s:%u, %llu times and never before",
			 shift->new->syscall, shift->new->file[0] ? shift->new->file : "?",
			 shift->new->line, (unsigned long long)shift->new->count);
		return true;
	}
	return false;
}

static const struct measure measures[] = {
	{ "p50", true, callback_grew, 0 },
	{ "p90", true, callback_grew, 1 },
	{ "p99", true, callback_grew, 2 },
	{ "lag-p50", true, lag_grew, 0 },
	{ "lag-p90", true, lag_grew, 1 },
	{ "lag-p99", true, lag_grew, 2 },
	{ "busy", true, busy_grew, 0 },
	{ "stalls", true, stalls_grew, 0 },
	{ "slower", false, any_slower, 0 },
	{ "new-stalls", false, new_stall, 0 },
	{ "new-blocking", false, new_blocking, 0 },
};

/* Parses "p99>10%": returns the measure p99, and 0.1 in *limit. */
static const struct measure *parse(const char *condition, double *limit)
{
	size_t length = strcspn(condition, ">"), i;
	const char *number = condition + length;
	char *end;

	*limit = 0;
	for (i = 0; i < ARRAY_SIZE(measures); i++) {
		if (strlen(measures[i].name) != length ||
		    strncmp(measures[i].name, condition, length) != 0)
			continue;
		/* a share is required: for the least growth it is >0% */
		if (!*number)
			return measures[i].takes_share ? NULL : &measures[i];
		/* strtod() would also take a blank, a sign, a hexadecimal number and words */
		if (!isdigit((unsigned char)number[1]) || number[2] == 'x' || number[2] == 'X')
			return NULL;
		*limit = strtod(number + 1, &end) / 100;
		if (!measures[i].takes_share || end == number + 1 ||
		    (*end && strcmp(end, "%") != 0) || !(*limit >= 0 && *limit <= 1e6))
			return NULL;
		return &measures[i];
	}
	return NULL;
}

int gate_check(const char *condition)
{
	double limit;

	return parse(condition, &limit) ? 0 : -EINVAL;
}

bool gate_holds(const char *condition, const struct lp_comparison *comparison, char *why,
		size_t size)
{
	double limit;
	const struct measure *measure = parse(condition, &limit);

	return measure && measure->holds(comparison, measure->argument, limit, why, size);
}
