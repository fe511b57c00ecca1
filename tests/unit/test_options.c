// SPDX-License-Identifier: BSD-2-Clause
/* Options and their values. */
#include "options_fixture.h"

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

static void a_long_threshold_without_a_unit_is_pointed_out(void **state)
{
	(void)state;
	assert_int_equal(parse("-p 1 -t 50"), 0);
	assert_non_null(strstr(said, "-t 50 is 50 seconds; 50ms is 50 milliseconds\n"));
	assert_int_equal(options.threshold_ns, 50000000000);
	assert_int_equal(parse("-p 1 --threshold=10"), 0);
	assert_non_null(strstr(said, "10ms is 10 milliseconds\n"));
	expect_accepted("-p 1 -t 9.9");
	expect_accepted("-p 1 -t 50s");
	expect_accepted("-p 1 -t 1m");
	expect_accepted("-p 1 -d 50");
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
	expect_accepted("-p 22,1,22 -p 1");
	assert_int_equal(options.pid_count, 2);
	assert_int_equal(options.pids[0], 22);
	assert_int_equal(options.pids[1], 1);
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
	expect_word_refused("check", hostile, "unexpected argument");
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
	expect_accepted("-a --inner");
	assert_true(options.inner);
	assert_false(options.sampling);
	expect_refused("-p 1 --inner -m sample", "leave out -m sample");
	expect_accepted("-p 1 --inner --budget 1%");
	assert_true(options.inner);
	expect_refused("-p 1 --inner --lifetimes", "leave out one of them");
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

static void what_is_free_is_searched_for_and_the_rest_is_asked_for(void **state)
{
	const uint32_t costly = 1U << LP_FINDING_CLOSED_LOOP | 1U << LP_FINDING_WRONG_THREAD;
	const uint32_t cancelled = 1U << LP_FINDING_CANCELLED;
	const uint32_t all = ((1U << LP_FINDING_KINDS) - 1) & ~cancelled;

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
	/* a cancellation is no mistake, and has an option of its own */
	expect_accepted("-p 1 --cancels --find none");
	assert_int_equal(options.findings, cancelled);
	expect_accepted("-p 1 -m sample --cancels");
	assert_int_equal(options.findings, (all & ~costly) | cancelled);
	expect_refused("-p 1 --find cancelled", "cancelled");
	expect_refused("-p 1 --find nonsense", "nonsense");
	expect_refused("-p 1 --find closed_loop,", "closed_loop,");
	expect_refused("-p 1 --find closed", "closed");
	expect_refused("-p 1 -m sample --find wrong_thread", "wrong_thread");
	expect_refused("-p 1 -m sample --lifetimes", "--lifetimes");
	expect_accepted("-p 1 -m sample --find closed_loop --origins");
	expect_accepted("-p 1 --lifetimes");
	assert_true(options.queue);
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
		TEST(a_long_threshold_without_a_unit_is_pointed_out),
		TEST(pids_are_given_in_lists_and_repeatedly),
		TEST(what_is_no_pid_is_refused),
		TEST(an_argument_is_quoted_without_what_it_does_to_a_terminal),
		TEST(the_limit_of_a_value_is_accepted),
		TEST(what_is_no_option_is_named),
		TEST(numbers_are_decimal_digits),
		TEST(what_stays_on_has_limits),
		TEST(the_mode_is_trace_or_sample),
		TEST(what_is_free_is_searched_for_and_the_rest_is_asked_for),
		TEST(samples_are_taken_one_to_ten_thousand_times_a_second),
		TEST(unknown_options_and_missing_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
