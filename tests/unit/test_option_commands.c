// SPDX-License-Identifier: BSD-2-Clause
/* Commands, and the options that each of them takes. */
#include "options_fixture.h"

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

static void a_dash_is_stdout(void **state)
{
	(void)state;
	expect_accepted("export -f folded -o - x.lpc");
	assert_null(options.output);
	expect_accepted("-p 1 -f csv -o -");
	assert_null(options.output);
	expect_accepted("-p 1 -o x.csv");
	assert_string_equal(options.output, "x.csv");
	expect_accepted("-p 1 -o ./-");
	assert_string_equal(options.output, "./-");
	expect_refused("export -o - x.lpc", "export needs -f FORMAT");
	expect_refused("report -j -f csv -o - x.lpc", "both write to stdout");
	expect_refused("record -o - -p 1", "none to stdout");
	expect_refused("-p 1 --export prom=-", "needs the name of a file");
}

static void a_check_takes_nothing(void **state)
{
	(void)state;
	expect_accepted("check");
	assert_int_equal(options.command, LP_COMMAND_CHECK);
	expect_accepted("check -v");
	expect_refused("check now", "unexpected argument 'now'");
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

static void a_queue_cannot_be_measured_without_a_probe(void **state)
{
	(void)state;
	expect_refused("-p 1 -m sample --queue", "--queue needs a probe");
	expect_refused("-p 1 --queue -m sample", "--queue needs a probe");
	expect_refused("record -o x.lpc -a --queue -m sample", "--queue needs a probe");
	expect_accepted("-p 1 --queue -m sample -m trace");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_follows_two_dashes_with_its_own_options),
		TEST(a_record_is_distinguished_from_its_command),
		TEST(a_report_takes_files),
		TEST(export_needs_a_format_and_diff_two_captures),
		TEST(a_dash_is_stdout),
		TEST(a_check_takes_nothing),
		TEST(wrong_combinations_are_refused),
		TEST(options_of_another_command_are_refused),
		TEST(a_queue_cannot_be_measured_without_a_probe),
		TEST(tasks_needs_a_process),
		TEST(explain_alone_needs_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
