// SPDX-License-Identifier: BSD-2-Clause
/* Descriptions of code objects that are laid out as in CPython 3.13 in this process. */
#include "objects_fixture.h"

#include <sys/uio.h>

#include "process/memory.h"
#include "runtime/cpython/objects/code.h"

#define INTERPRETER_BYTES 16384

static size_t transfers;

static ssize_t count_transfer(pid_t pid, const struct iovec *local, size_t local_count,
			      const struct iovec *remote, size_t remote_count)
{
	transfers++;
	return process_vm_readv(pid, local, local_count, remote, remote_count, 0);
}

/* Describes a frame at the beginning of a code object, with the cache of code objects. */
static struct lp_frame describe(const uint8_t *code)
{
	const struct lp_raw_frame raw = {
		.code = at(code), .instruction = at(code) + python.row.code.co_code_adaptive
	};
	struct lp_frame shown;

	transfers = 0;
	assert_int_equal(cpython_describe(&python, &raw, &shown), 0);
	return shown;
}

/* A code object of `python -c`, and an interpreter without modules. */
static uint8_t *new_code(void)
{
	uint8_t *code = taken(512), *interpreter = taken(INTERPRETER_BYTES);
	uint8_t *runtime = taken(INTERPRETER_BYTES);

	python.runtime = at(runtime);
	python.code_type = at(new_type("code", 0, 0));
	set_word(runtime, python.row.runtime.interpreters_head, at(interpreter));
	set_word(code, 0, 1);
	set_word(code, CPYTHON_OBJECT_TYPE, python.code_type);
	set_word(code, python.row.code.co_filename, new_string("<string>"));
	set_word(code, python.row.code.co_qualname, new_string("handler"));
	set_word(code, python.row.code.co_linetable, at(new_object(string_type)));
	return code;
}

static void a_program_without_a_file_is_not_asked_each_time(void **state)
{
	const uint8_t *code = new_code();
	struct lp_frame shown;

	(void)state;
	python.codes = cpython_codes_new();
	assert_non_null(python.codes);
	memory_transfer_by(count_transfer);
	shown = describe(code);
	assert_string_equal(shown.file, "<string>");
	assert_false(shown.generated);
	/* only the head of the code object is read again */
	assert_false(describe(code).generated);
	assert_int_equal(transfers, 1);
	memory_transfer_by(NULL);
	cpython_codes_free(python.codes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_program_without_a_file_is_not_asked_each_time,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
