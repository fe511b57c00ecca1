/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostics, on stderr: results are not written here.  Each call writes one line, which is
 * sanitised as a whole and cut in the middle where it is too long, so that callers may quote
 * names of any origin.
 */
#ifndef LP_BASE_LOG_H
#define LP_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum lp_log_level {
	LP_LOG_ERROR,
	LP_LOG_WARNING,
	LP_LOG_NOTE, /* default */
	LP_LOG_DETAIL, /* -v */
	LP_LOG_DEBUG, /* -vv, libbpf's own messages too */
};

/* Sets the level of messages that are written; LP_LOG_WARNING under -q. */
void log_set_level(enum lp_log_level level);
enum lp_log_level log_level(void);

/* Called before each message: returns whether stderr accepts it. A refused message is dropped. */
void log_set_wait(bool (*wait)(int descriptor));

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Logs a warning about one process of many. Their rate is limited, as a user may start any number
 * of processes that cause one; those over the limit are logged with -v only.
 */
void log_process(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports an error of the command line at any level, and names --help. */
void log_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Logs a library's message, each of its lines as a line of the log. */
void log_library(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif /* LP_BASE_LOG_H */
