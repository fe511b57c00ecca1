// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbolise/kernel.h"

static const char SYMBOLS[] = "0000000000000000 A fixed_percpu_data\n"
			      "ffffffff81000000 T _text\n"
			      "ffffffff81000100 t __pi_schedule\n"
			      "ffffffff81000100 T schedule\n"
			      "ffffffff81000100 T __schedule_alias\n"
			      "ffffffff81000200 D no_function\n"
			      "ffffffff81000300 W weak_one\n"
			      "ffffffffc0001000 t nf_last\t[nf_tables]\n"
			      "ffffffffc0000000 t nf_first\t[nf_tables]\n"
			      "ffffffffc0002000 t other\t[other]\n";

static struct lp_kernel *read_text(const char *text, size_t size)
{
	FILE *file = fmemopen((void *)text, size, "r");
	struct lp_kernel *kernel;

	assert_non_null(file);
	kernel = kernel_read(file);
	fclose(file);
	return kernel;
}

static void expect(const struct lp_kernel *kernel, uint64_t address, const char *function,
		   const char *file)
{
	const __u64 addresses[] = { address };
	struct lp_frame frame;

	assert_int_equal(kernel_frames(kernel, addresses, 1, &frame, 1), 1);
	assert_string_equal(frame.function, function);
	assert_string_equal(frame.file, file);
	assert_int_equal(frame.kind, LP_FRAME_KERNEL);
	assert_int_equal(frame.line, 0);
	assert_false(frame.coroutine);
}

static void an_address_is_named_by_the_function_around_it(void **state)
{
	struct lp_kernel *kernel = read_text(SYMBOLS, sizeof(SYMBOLS) - 1);

	(void)state;
	assert_non_null(kernel);
	expect(kernel, 0xffffffff81000000, "_text", "[kernel]");
	expect(kernel, 0xffffffff810000ff, "_text", "[kernel]");
	expect(kernel, 0xffffffff81000180, "schedule", "[kernel]");
	expect(kernel, 0xffffffff81000200, "schedule", "[kernel]");
	expect(kernel, 0xffffffff81000301, "weak_one", "[kernel]");
	kernel_free(kernel);
}

static void functions_of_modules_show_the_module(void **state)
{
	struct lp_kernel *kernel = read_text(SYMBOLS, sizeof(SYMBOLS) - 1);

	(void)state;
	assert_non_null(kernel);
	expect(kernel, 0xffffffffc0000010, "nf_first", "[nf_tables]");
	expect(kernel, 0xffffffffc0001010, "nf_last", "[nf_tables]");
	expect(kernel, 0xffffffffc0002010, "other", "[other]");
	kernel_free(kernel);
}

static void an_address_in_no_function_is_shown_as_it_is(void **state)
{
	struct lp_kernel *kernel = read_text(SYMBOLS, sizeof(SYMBOLS) - 1);

	(void)state;
	assert_non_null(kernel);
	expect(kernel, 0x1000, "0x1000", "[kernel]");
	expect(kernel, 0xffffffff90000000, "0xffffffff90000000", "[kernel]");
	expect(kernel, UINT64_MAX, "0xffffffffffffffff", "[kernel]");
	kernel_free(kernel);
}

static void a_stack_ends_at_a_zero_or_where_there_is_no_more_space(void **state)
{
	struct lp_kernel *kernel = read_text(SYMBOLS, sizeof(SYMBOLS) - 1);
	/* the second address is the return address right after its caller's last instruction */
	const __u64 addresses[] = { 0xffffffff81000100, 0xffffffff81000300, 0, 1 };
	struct lp_frame frames[4];

	(void)state;
	assert_non_null(kernel);
	assert_int_equal(kernel_frames(kernel, addresses, 4, frames, 4), 2);
	assert_string_equal(frames[0].function, "schedule");
	assert_string_equal(frames[1].function, "schedule");
	assert_int_equal(kernel_frames(kernel, addresses, 1, frames, 4), 1);
	assert_int_equal(kernel_frames(kernel, addresses, 4, frames, 1), 1);
	assert_int_equal(kernel_frames(kernel, addresses, 0, frames, 4), 0);
	kernel_free(kernel);
}

static void hidden_addresses_are_no_symbols(void **state)
{
	static const char hidden[] = "0000000000000000 T _text\n0000000000000000 t schedule\n";

	(void)state;
	assert_null(read_text(hidden, sizeof(hidden) - 1));
}

static void lines_of_another_kind_are_passed_over(void **state)
{
	static const char text[] = "\n"
				   "x\n"
				   "ffffffff81000000\n"
				   "ffffffff81000000 T\n"
				   "ffffffff81000000 T \n"
				   "ffffffff81000000 ? odd\n"
				   "ffffffff81000100 T good\t\n"
				   "ffffffff81000200 T \x1b[31m\t[\x1b]\n"
				   "ffffffff81000300 T last";
	struct lp_kernel *kernel = read_text(text, sizeof(text) - 1);

	(void)state;
	assert_non_null(kernel);
	expect(kernel, 0xffffffff81000100, "good", "");
	expect(kernel, 0xffffffff81000200, "?[31m", "[?]");
	expect(kernel, 0xffffffff81000300, "last", "[kernel]");
	kernel_free(kernel);
}

static void this_kernels_own_symbols_are_read(void **state)
{
	struct lp_kernel *kernel = kernel_new();

	(void)state;
	if (!kernel) {
		print_message("the kernel hides its addresses\n");
		skip();
	}
	kernel_free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_named_by_the_function_around_it),
		cmocka_unit_test(functions_of_modules_show_the_module),
		cmocka_unit_test(an_address_in_no_function_is_shown_as_it_is),
		cmocka_unit_test(a_stack_ends_at_a_zero_or_where_there_is_no_more_space),
		cmocka_unit_test(hidden_addresses_are_no_symbols),
		cmocka_unit_test(lines_of_another_kind_are_passed_over),
		cmocka_unit_test(this_kernels_own_symbols_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
