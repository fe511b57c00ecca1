// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/finding_kinds.h"
#include "options/parse.h"
#include "options/values.h"

#define WORDS 32

static struct lp_options options;
static char said[1024]; /* what was written to stderr */
static char line[512];
static char *words[WORDS + 1];

static int parse_words_of(int count, char **arguments)
{
	int saved = dup(STDERR_FILENO), pipes[2], status;
	ssize_t length;

	options_free(&options);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	optind = 0; /* makes getopt begin anew */
	status = options_parse(count, arguments, &options);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(pipes[1]);
	close(saved);
	length = read(pipes[0], said, sizeof(said) - 1);
	said[length > 0 ? length : 0] = '\0';
	close(pipes[0]);
	return status;
}

/* Parses a command line, which is split into words at blanks. */
static int parse(const char *command)
{
	char *rest = NULL, *word;
	int count = 0;

	snprintf(line, sizeof(line), "loopprof %s", command);
	for (word = strtok_r(line, " ", &rest); word && count < WORDS; count++) {
		words[count] = word;
		word = strtok_r(NULL, " ", &rest);
	}
	words[count] = NULL;
	return parse_words_of(count, words);
}

static void expect_refused(const char *command, const char *reason)
{
	int status = parse(command);

	if (status != 2)
		fail_msg("'%s': status %d", command, status);
	if (!strstr(said, reason))
		fail_msg("'%s': says '%s', not '%s'", command, said, reason);
	assert_non_null(strstr(said, "loopprof"));
}

/* Checks that this value of the option is refused with one clean line, whatever is in it. */
static void expect_word_refused(const char *option, const char *value, const char *reason)
{
	char first[] = "loopprof", *arguments[] = { first, strdup(option), strdup(value), NULL };
	int status = parse_words_of(3, arguments);
	size_t length = strlen(said);

	if (status != 2 || !strstr(said, reason))
		fail_msg("'%s' '%s': status %d, says '%s'", option, value, status, said);
	assert_true(length && said[length - 1] == '\n');
	assert_ptr_equal(strpbrk(said, "\n\r\x1b\x7f\t"), said + length - 1);
	free(arguments[1]);
	free(arguments[2]);
}

static void expect_accepted(const char *command)
{
	if (parse(command))
		fail_msg("'%s': %s", command, said);
	assert_string_equal(said, "");
}

static int free_options(void **state)
{
	(void)state;
	options_free(&options);
	return 0;
}

static void expect_duration(const char *text, uint64_t expected)
{
	uint64_t ns = 77;

	if (options_duration(text, &ns))
		fail_msg("'%s' is refused", text);
	assert_int_equal(ns, expected);
}

static void durations_have_a_unit(void **state)
{
	(void)state;
	expect_duration("100ms", 100000000);
	expect_duration("2s", 2000000000);
	expect_duration("250us", 250000);
	expect_duration("7ns", 7);
	expect_duration("1.5m", 90000000000);
	expect_duration("2min", 120000000000);
	expect_duration("1h", 3600000000000);
	expect_duration("0ms", 0);
}

static void a_bare_number_is_in_seconds(void **state)
{
	(void)state;
	expect_duration("2", 2000000000);
	expect_duration("0.25", 250000000);
	expect_duration("1e-3", 1000000);
}

static void fractions_round_to_the_nearest_nanosecond(void **state)
{
	(void)state;
	expect_duration("0.3us", 300);
	expect_duration("0.0000000016", 2);
	expect_duration("1.1ms", 1100000);
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",	 "ms",	  "x",	    "1x",      "1 ms",	   "1msx",  "1,5s",
		"1.5.2", "-1",	  "-0.1ms", "nan",     "nans",	   "inf",   "infs",
		"1e400", "1e30s", "1e10",   "300000h", "1d",	   "--",    "0x10ms",
		"0X1",	 "00x1",  " 1s",    "\t1s",    "+1s",	   "1s ",   ".",
		".ms",	 "0x",	  "1e",	    "1e-30s",  "0.1ns",	   "1M",    "\xd9\xa3ms",
		"1ms\n", "1p",	  "0b1",    "1__0",    "infinity", "1,000",
	};
	uint64_t ns = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (options_duration(wrong[i], &ns) != -EINVAL)
			fail_msg("'%s' is accepted", wrong[i]);
		assert_int_equal(ns, 77);
	}
}

static void the_defaults_are_as_documented(void **state)
{
	(void)state;
	expect_accepted("-p 42");
	assert_int_equal(options.command, LP_COMMAND_PROFILE);
	assert_int_equal(options.threshold_ns, 100000000);
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.interval_ns, 0);
	assert_int_equal(options.verbosity, 0);
	assert_null(options.output);
	assert_null(options.format);
	assert_null(options.launch);
	assert_int_equal(options.frequency, 0);
	assert_false(options.json || options.queue || options.subprocesses || options.all);
	assert_false(options.sampling || options.native || options.kernel);
}

static void every_option_is_taken_in_both_spellings(void **state)
{
	static const char *const spellings[] = {
		"-p 42 -s -t 20ms -d 3 -i 1 -m trace -F 250 -o x.prom -f prom -j --queue -v -v "
		"--native --kernel",
		"--pid=42 --subprocesses --threshold=20ms --duration=3 --interval 1 --mode trace "
		"--freq=250 --output x.prom --format prom --json --queue --verbose --verbose "
		"--kernel --native",
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		expect_accepted(spellings[i]);
		assert_int_equal(options.pid_count, 1);
		assert_int_equal(options.threshold_ns, 20000000);
		assert_int_equal(options.duration_ns, 3000000000);
		assert_int_equal(options.interval_ns, 1000000000);
		assert_string_equal(options.output, "x.prom");
		assert_string_equal(options.format, "prom");
		assert_int_equal(options.verbosity, 2);
		assert_int_equal(options.frequency, 250);
		assert_true(options.json && options.queue && options.subprocesses);
		assert_true(options.native && options.kernel);
		assert_false(options.sampling);
	}
	expect_accepted("-a -q");
	assert_true(options.all);
	assert_int_equal(options.verbosity, -1);
	expect_accepted("--all --quiet");
	assert_true(options.all);
	assert_int_equal(options.verbosity, -1);
}

static void a_threshold_may_be_zero_but_no_other_time(void **state)
{
	(void)state;
	expect_accepted("-p 1 -t 0");
	assert_int_equal(options.threshold_ns, 0);
	expect_refused("-p 1 -d 0", "-d takes a time");
	expect_refused("-p 1 -i 0ms", "-i takes a time");
	/* printing that often would make the run spin */
	expect_refused("-p 1 -i 1ns", "-i takes a time of at least 10 ms");
	expect_refused("tasks -p 1 --watch 1us", "--watch takes a time of at least 10 ms");
	expect_accepted("-p 1 -i 10ms");
	expect_refused("-p 1 -t -5ms", "-t takes a time");
	expect_refused("-p 1 -t soon", "'soon'");
}

static void pids_are_given_in_lists_and_repeatedly(void **state)
{
	(void)state;
	expect_accepted("-p 1,22,333 -t 1 -p 4444 --pid 5");
	assert_int_equal(options.pid_count, 5);
	assert_int_equal(options.pids[0], 1);
	assert_int_equal(options.pids[1], 22);
	assert_int_equal(options.pids[2], 333);
	assert_int_equal(options.pids[3], 4444);
	assert_int_equal(options.pids[4], 5);
}

static void what_is_no_pid_is_refused(void **state)
{
	static const char *const wrong[] = {
		"-p 0",	  "-p -5",	"-p x",		 "-p 12x",
		"-p 1,",  "-p ,1",	"-p 1,,2",	 "-p 1.5",
		"-p 1;2", "-p 4194305", "-p 4294967338", "-p 99999999999999999999"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_refused(wrong[i], "is not a list of process IDs");
	expect_accepted("-p 4194304");
	/* words that contain blanks */
	expect_word_refused("-p", " 1", "is not a list of process IDs");
	expect_word_refused("-p", "1 ", "is not a list of process IDs");
	expect_word_refused("-p", "1, 2", "is not a list of process IDs");
	expect_word_refused("-p", "", "is not a list of process IDs");
	expect_word_refused("-p", "+5", "is not a list of process IDs");
	expect_word_refused("-p", "0x10", "is not a list of process IDs");
	expect_word_refused("-p", "\xef\xbc\x91", "is not a list of process IDs");
}

static void numbers_are_decimal_digits(void **state)
{
	static const struct {
		const char *option, *value;
	} wrong[] = {
		{ "-F", "0x10" },
		{ "-F", " 9" },
		{ "-F", "+9" },
		{ "-F", "9 " },
		{ "-F", "1e2" },
		{ "-F", "" },
		{ "-F", "10001" },
		{ "-F", "99.5" },
		{ "--budget", "0x1%" },
		{ "--budget", " 1%" },
		{ "--budget", "+1%" },
		{ "--budget", "" },
		{ "--budget", "%" },
		{ "--budget", "1%%" },
		{ "--budget", "nan%" },
		{ "--budget", "1e-9%" },
		{ "--budget", "101%" },
		{ "-t", "" },
		{ "-t", "0x1" },
		{ "-d", " 1" },
		{ "-i", "+1" },
		{ "--host", "" },
		{ "-o", "" },
		{ "--cgroup", "" },
		{ "--cgroup", "../.." },
		{ "--cgroup", "a/../b" },
		{ "--find", "" },
		{ "-m", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_word_refused(wrong[i].option, wrong[i].value, wrong[i].option);
}

static void the_limit_of_a_value_is_accepted(void **state)
{
	(void)state;
	expect_accepted("-p 1 --budget 100%");
	assert_int_equal(options.budget_ppm, 1000000);
	expect_accepted("-p 1 -d 277777h");
	assert_true(options.duration_ns == 277777ULL * 3600 * 1000000000);
	expect_word_refused("--budget", "100.0001%", "--budget");
}

static void what_is_no_option_is_named(void **state)
{
	(void)state;
	expect_refused("-Z", "invalid option -Z");
	expect_refused("-jZ", "invalid option -Z");
	expect_refused("--nope", "unrecognized option '--nope'");
	expect_refused("--nope=5", "unrecognized option '--nope=5'");
	expect_refused("-p", "-p requires an argument: PID");
	expect_refused("--pid", "-p requires an argument: PID");
	expect_refused("-p 1 --rotate", "--rotate requires an argument: SIZE|TIME");
	expect_refused("-p 1 --queue=yes", "--queue allows no argument");
	expect_refused("-p 1 --o x", "--origins, --output");
	/* a hidden option is no candidate for an abbreviation */
	expect_accepted("--p 42");
	assert_int_equal(options.pids[0], 42);
	expect_refused("--print", "unrecognized option '--print'");
}

static void an_argument_is_quoted_without_what_it_does_to_a_terminal(void **state)
{
	static const char *const hostile = "x\x1b[2J\nloopprof: fine\r\xc2\x9b\xe2\x80\xae\xff";
	static const char *const taking[] = { "-p",	  "-t",	      "-d",	  "-i",
					      "-m",	  "-F",	      "--find",	  "--budget",
					      "--export", "--rotate", "--retain", "--by",
					      "--watch" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(taking) / sizeof(taking[0]); i++)
		expect_word_refused(taking[i], hostile, taking[i]);
	expect_word_refused("-j", hostile, "no command");
	expect_word_refused("-j", "--x\x1b\n", "unrecognized option");
	expect_word_refused("check", hostile, "too much");
}

static void a_command_follows_two_dashes_with_its_own_options(void **state)
{
	(void)state;
	expect_accepted("-t 1ms -- python3 -p app.py -- -d 5");
	assert_non_null(options.launch);
	assert_string_equal(options.launch[0], "python3");
	assert_string_equal(options.launch[1], "-p");
	assert_string_equal(options.launch[3], "--");
	assert_string_equal(options.launch[5], "5");
	assert_null(options.launch[6]);
	assert_int_equal(options.pid_count, 0);
	assert_int_equal(options.duration_ns, 0);
}

static void a_record_is_distinguished_from_its_command(void **state)
{
	(void)state;
	expect_accepted("record -o x.lpc -- python3 report");
	assert_int_equal(options.command, LP_COMMAND_RECORD);
	assert_string_equal(options.output, "x.lpc");
	assert_string_equal(options.launch[1], "report");
	/* the options may also come before the command */
	expect_accepted("-o x.lpc -p 1 record");
	assert_int_equal(options.command, LP_COMMAND_RECORD);
}

static void a_report_takes_files(void **state)
{
	(void)state;
	expect_accepted("report x.lpc");
	assert_int_equal(options.command, LP_COMMAND_REPORT);
	assert_string_equal(options.captures[0], "x.lpc");
	expect_accepted("-j report x.lpc -o y.json");
	assert_string_equal(options.captures[0], "x.lpc");
	assert_true(options.json);
	/* a file may have the name of a command */
	expect_accepted("report report");
	assert_string_equal(options.captures[0], "report");
	expect_refused("report", "needs the name of a capture");
	expect_accepted("report x.lpc y.lpc --by host");
	assert_int_equal(options.capture_count, 2);
	assert_string_equal(options.captures[1], "y.lpc");
	assert_int_equal(options.by, LP_BY_HOST);
	expect_refused("report x.lpc --by pid", "loop, name, container or host");
}

static void export_needs_a_format_and_diff_two_captures(void **state)
{
	(void)state;
	expect_accepted("export -f folded x.lpc y.lpc");
	expect_accepted("export -o x.folded x.lpc");
	expect_refused("export x.lpc", "needs -f FORMAT");
	expect_refused("export -f folded", "needs the name of a capture");
	expect_accepted("diff old.lpc new.lpc --fail-if p99>10% --fail-if new-stalls");
	assert_int_equal(options.fail_if_count, 2);
	assert_string_equal(options.fail_if[1], "new-stalls");
	expect_refused("diff old.lpc", "diff needs two captures");
	expect_refused("export x.lpc", "export needs -f FORMAT");
	expect_refused("report", "report needs the name");
	expect_refused(
		"export -f csv -j x.lpc",
		"-j is not an option of `loopprof export`, but of `loopprof`, `loopprof report`, `loopprof diff`, `loopprof tasks`");
	expect_refused("report -f csv -j x.lpc", "-j and -f csv both write to stdout");
	expect_accepted("report -f csv -j -o x.csv x.lpc");
}

static void what_stays_on_has_limits(void **state)
{
	(void)state;
	expect_accepted("-a");
	assert_true(options.sampling);
	expect_accepted("-a -m trace");
	assert_false(options.sampling);
	expect_accepted("-a --queue");
	assert_false(options.sampling);
	expect_accepted("-a --budget 0.5% --export prom=/var/x.prom --export otlp=/var/y=z.jsonl");
	assert_int_equal(options.budget_ppm, 5000);
	assert_int_equal(options.export_count, 2);
	assert_string_equal(options.exports[1].format, "otlp");
	assert_string_equal(options.exports[1].path, "/var/y=z.jsonl");
	assert_true(options.export_ns);
	expect_accepted("record -a -o dir --rotate 16M --retain 2G");
	assert_int_equal(options.rotate_bytes, 16 << 20);
	assert_int_equal(options.rotate_ns, 0);
	assert_int_equal(options.retain_bytes, 2ULL << 30);
	assert_true(options.archive);
	expect_accepted("record -a -o dir --retain 1G");
	assert_true(options.archive);
	expect_accepted("record -a -o x.lpc");
	assert_false(options.archive);
	expect_accepted("record -a -o dir --rotate 1h");
	assert_int_equal(options.rotate_ns, 3600000000000);
	assert_int_equal(options.rotate_bytes, 0);
	expect_refused("-a --budget 0", "--budget takes");
	expect_refused("-a --budget 200%", "--budget takes");
	expect_refused("-a --export prom", "--export takes");
	expect_refused("-a --rotate 1h",
		       "--rotate is not an option of `loopprof`, but of `loopprof record`");
	expect_refused("record -a -o x --rotate 64", "--rotate takes");
	expect_refused("record -a -o x --retain none", "--retain takes");
}

static void a_check_takes_nothing(void **state)
{
	(void)state;
	expect_accepted("check");
	assert_int_equal(options.command, LP_COMMAND_CHECK);
	expect_accepted("check -v");
	expect_refused("check now", "'now' is too much");
}

static void wrong_combinations_are_refused(void **state)
{
	(void)state;
	expect_refused("", "nothing to profile");
	expect_refused("-d 5", "nothing to profile");
	expect_refused("record -o x.lpc", "nothing to profile");
	expect_refused("-a -p 1", "-a means every process");
	expect_refused("-a -- python3 x.py", "-a means every process");
	expect_refused("-p 1 -- python3 x.py", "not both");
	expect_refused("record -p 1", "record needs -o FILE");
	expect_refused("-p 1 --", "no COMMAND after --");
	expect_refused("-p 1 app.py", "no command of loopprof");
	expect_refused("python3 app.py", "put -- before it");
	expect_refused("check -- python3", "check");
	expect_refused("report x.lpc -- python3", "report");
}

static void options_of_another_command_are_refused(void **state)
{
	static const char *const wrong[] = {
		"report x.lpc -p 1",
		"report x.lpc -a",
		"report x.lpc -s",
		"report x.lpc -t 1",
		"report x.lpc -d 1",
		"report x.lpc -i 1",
		"report x.lpc -m trace",
		"report x.lpc -m sample",
		"report x.lpc -F 99",
		"report x.lpc --native",
		"report x.lpc --kernel",
		"report x.lpc --queue",
		"diff a.lpc b.lpc -o x",
		"check -p 1",
		"check -j",
		"check -o x",
		"check --queue",
		"check -m sample",
		"check -F 99",
		"check --native",
		"record -o x -p 1 -j",
		"record -o x -p 1 -f text",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_refused(wrong[i], "is not an option of `loopprof");
	expect_refused("check --queue", "--queue is not");
	expect_refused("check -j", "-j is not");
}

static void the_mode_is_trace_or_sample(void **state)
{
	(void)state;
	expect_accepted("-p 1 -m sample");
	assert_true(options.sampling);
	expect_accepted("-a --mode=sample");
	assert_true(options.sampling);
	expect_accepted("record -o x.lpc -p 1 -m sample --native --kernel -F 500");
	assert_true(options.sampling && options.native && options.kernel);
	/* the last mode counts */
	expect_accepted("-p 1 -m sample -m trace");
	assert_false(options.sampling);
	expect_refused("-p 1 -m sampled", "not 'sampled'");
	expect_refused("-p 1 -m Trace", "not 'Trace'");
}

static void a_queue_cannot_be_measured_without_a_probe(void **state)
{
	(void)state;
	expect_refused("-p 1 -m sample --queue", "--queue needs a probe");
	expect_refused("-p 1 --queue -m sample", "--queue needs a probe");
	expect_refused("record -o x.lpc -a --queue -m sample", "--queue needs a probe");
	expect_accepted("-p 1 --queue -m sample -m trace");
}

static void what_is_free_is_searched_for_and_the_rest_is_asked_for(void **state)
{
	const uint32_t costly = 1U << LP_FINDING_CLOSED_LOOP | 1U << LP_FINDING_WRONG_THREAD;
	const uint32_t all = (1U << LP_FINDING_KINDS) - 1;

	(void)state;
	expect_accepted("-p 1");
	assert_int_equal(options.findings, all & ~costly);
	assert_false(options.queue);
	expect_accepted("-p 1 --find closed_loop");
	assert_int_equal(options.findings, all & ~(1U << LP_FINDING_WRONG_THREAD));
	assert_false(options.queue);
	expect_accepted("-p 1 --find closed_loop,wrong_thread");
	assert_int_equal(options.findings, all);
	/* a callback from a wrong thread is found where it is queued */
	assert_true(options.queue);
	expect_accepted("-p 1 --find all");
	assert_int_equal(options.findings, all);
	expect_accepted("-p 1 --find none");
	assert_int_equal(options.findings, 0);
	expect_refused("-p 1 --find nonsense", "nonsense");
	expect_refused("-p 1 --find closed_loop,", "closed_loop,");
	expect_refused("-p 1 --find closed", "closed");
	expect_refused("-p 1 -m sample --find wrong_thread", "wrong_thread");
	expect_refused("-p 1 -m sample --lifetimes", "--lifetimes");
	expect_accepted("-p 1 -m sample --find closed_loop --origins");
	expect_accepted("-p 1 --lifetimes");
	assert_true(options.queue);
}

static void tasks_needs_a_process(void **state)
{
	(void)state;
	expect_accepted("tasks -p 12 --stack --consistent --watch 3 -j");
	assert_int_equal(options.command, LP_COMMAND_TASKS);
	assert_true(options.stack && options.consistent && options.json);
	assert_int_equal(options.watch_ns, 3000000000);
	expect_refused("tasks", "-p PID");
	expect_refused("tasks -a", "-a");
	expect_refused("tasks -p 1 --watch 0", "--watch");
	expect_refused("tasks -p 1 -t 3", "-t");
	expect_refused("-p 1 --stack", "--stack");
}

static void explain_alone_needs_no_process(void **state)
{
	(void)state;
	expect_accepted("--explain");
	assert_true(options_only_explain(&options));
	expect_accepted("--explain -p 1");
	assert_false(options_only_explain(&options));
	expect_accepted("report --explain x.lpc");
	assert_false(options_only_explain(&options));
}

static void samples_are_taken_one_to_ten_thousand_times_a_second(void **state)
{
	static const char *const wrong[] = {
		"0",	"10001", "-1", "-18446744073709551516", "x", "99x", "1e3",
		"99.5", "0x1",	 "",   "99999999999999999999"
	};
	char command[64];
	size_t i;

	(void)state;
	expect_accepted("-p 1 -F 1");
	assert_int_equal(options.frequency, 1);
	expect_accepted("-p 1 --freq 10000");
	assert_int_equal(options.frequency, 10000);
	expect_accepted("-p 1 -m sample -F 997");
	assert_int_equal(options.frequency, 997);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(command, sizeof(command), "-p 1 --freq=%s", wrong[i]);
		expect_refused(command, "-F takes samples a second");
	}
}

static void unknown_options_and_missing_values_are_refused(void **state)
{
	(void)state;
	expect_refused("-x", "invalid option");
	expect_refused("-p 1 --frequency 5", "frequency");
	expect_refused("-p", "requires an argument");
	expect_refused("-p 1 -o --", "requires an argument");
	expect_refused("-p 1 --json=yes", "json");
	expect_refused("-p 1 -m", "requires an argument");
	expect_refused("-p 1 -F", "requires an argument");
	expect_refused("-p 1 --native=yes", "native");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, free_options)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(durations_have_a_unit),
		TEST(a_bare_number_is_in_seconds),
		TEST(fractions_round_to_the_nearest_nanosecond),
		TEST(what_is_no_duration_is_refused),
		TEST(the_defaults_are_as_documented),
		TEST(every_option_is_taken_in_both_spellings),
		TEST(a_threshold_may_be_zero_but_no_other_time),
		TEST(pids_are_given_in_lists_and_repeatedly),
		TEST(what_is_no_pid_is_refused),
		TEST(an_argument_is_quoted_without_what_it_does_to_a_terminal),
		TEST(the_limit_of_a_value_is_accepted),
		TEST(what_is_no_option_is_named),
		TEST(numbers_are_decimal_digits),
		TEST(a_command_follows_two_dashes_with_its_own_options),
		TEST(a_record_is_distinguished_from_its_command),
		TEST(a_report_takes_files),
		TEST(export_needs_a_format_and_diff_two_captures),
		TEST(what_stays_on_has_limits),
		TEST(a_check_takes_nothing),
		TEST(wrong_combinations_are_refused),
		TEST(options_of_another_command_are_refused),
		TEST(the_mode_is_trace_or_sample),
		TEST(a_queue_cannot_be_measured_without_a_probe),
		TEST(what_is_free_is_searched_for_and_the_rest_is_asked_for),
		TEST(tasks_needs_a_process),
		TEST(explain_alone_needs_no_process),
		TEST(samples_are_taken_one_to_ten_thousand_times_a_second),
		TEST(unknown_options_and_missing_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
