// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs all of `loopprof report` and `export` on a capture of unknown origin.  Input: the format,
 * then the capture.  The page's data, JSON, metrics and profiles are written from it.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/records.h"
#include "commands/commands.h"
#include "sinks/sink.h"
#include "privileges/sandbox.h"
#include "capture/reader.h"
#include "runtime/registry.h"

static const char *const names[] = { "text",	   "json",  "prom", "openmetrics", "otlp", "folded",
				     "speedscope", "trace", "hlog", "csv",	   "html", "pprof" };

#define NAMES (sizeof(names) / sizeof(names[0]))

/* Replaces the sandbox, as the fuzzer writes files of its own. */
int sandbox_enter(const struct lp_sandbox *sandbox)
{
	(void)sandbox;
	return 0;
}

/* Replaces the log, as nearly every input has faults that would be reported. */
void log_error(const char *format, ...)
{
	(void)format;
}

void log_warning(const char *format, ...)
{
	(void)format;
}

void log_note(const char *format, ...)
{
	(void)format;
}

void log_detail(const char *format, ...)
{
	(void)format;
}

void log_set_wait(bool (*wait)(int descriptor))
{
	(void)wait;
}

enum lp_log_level log_level(void)
{
	return LP_LOG_ERROR;
}

static const char *directory(void)
{
	static char path[] = "/dev/shm/loopprof-fuzz.XXXXXX";
	static bool made;

	if (!made) {
		FUZZ_CHECK(mkdtemp(path) != NULL);
		/* stdout has the command's results; libFuzzer reports on stderr */
		FUZZ_CHECK(freopen("/dev/null", "w", stdout) != NULL);
	}
	made = true;
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], output[64], *captures[] = { path };
	struct lp_options options = { .command = LP_COMMAND_EXPORT,
				      .captures = captures,
				      .capture_count = 1,
				      .verbosity = -1 };
	int file;

	if (size < 2)
		return 0;
	runtime_add_code_names();
	options.format = names[data[0] % NAMES];
	options.explain = data[0] / NAMES % 2;
	snprintf(output, sizeof(output), "%s/out", directory());
	options.output = output;
	file = memfd_create("capture", MFD_CLOEXEC);
	FUZZ_CHECK(file >= 0);
	FUZZ_CHECK(write(file, data + 1, size - 1) == (ssize_t)(size - 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	command_report(&options);
	close(file);
	unlink(output);
	return 0;
}

static size_t put(uint8_t *data, size_t at, const void *bytes, size_t size)
{
	memcpy(data + at, bytes, size);
	return at + size;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	struct lp_capture_header header = { .magic = LP_CAPTURE_MAGIC,
					    .major = LP_CAPTURE_MAJOR,
					    .header_bytes = sizeof(header),
					    .tool = "loopprof",
					    .mode = "trace",
					    .host = "box" };
	struct lp_event_loop loop = { .event = record_head(LP_EVENT_LOOP, sizeof(loop)) };
	struct lp_event_name name = record_name("f", "f.py");
	struct lp_event_slow slow = record_slow();
	size_t at = 1;

	if (number >= NAMES)
		return 0;
	data[0] = (uint8_t)number;
	at = put(data, at, &header, sizeof(header));
	at = put(data, at, &loop, sizeof(loop));
	at = put(data, at, &name, sizeof(name));
	return put(data, at, &slow, sizeof(slow));
}
