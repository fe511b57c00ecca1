/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A failure that is passed up to the user: a negative errno, and one sentence that names the
 * remedy. The sentence is sanitised when it is set, as it may quote any name.
 */
#ifndef LP_BASE_ERROR_H
#define LP_BASE_ERROR_H

struct lp_error {
	int code;
	char text[640];
};

/* Fills the error and returns code, so that a caller can return or assign in one line. */
int error_set(struct lp_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts a text in front of the sentence. */
void error_prefix(struct lp_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* LP_BASE_ERROR_H */
