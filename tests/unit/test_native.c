// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "random_fixture.h"
#include "symbolise/native.h"
#include "process/mappings.h"

/* The function's frame must not be inlined, changed, or left before its callee returns. */
#define OWN_FRAME __attribute__((noipa, no_sanitize("address", "undefined")))
#define AFTER_CALL __asm__ volatile("")

static struct lp_event_native event;
static struct lp_native *native;
static struct lp_frame frames[64];
static size_t depth;

/* ---- this process as the target ------------------------------------------------ */

static void copy_stack(pid_t pid)
{
	uint32_t bytes;

	for (bytes = LP_NATIVE_BYTES; bytes >= 1024; bytes /= 2) {
		struct iovec to = { event.data, bytes }, from = { (void *)event.sp, bytes };

		if (process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)bytes) {
			event.bytes = bytes;
			return;
		}
	}
	event.bytes = 0;
}

OWN_FRAME int capture_here(void)
{
	memset(&event, 0, offsetof(struct lp_event_native, data));
	event.event.pid = (uint32_t)getpid();
	/* in the order of the fields of the event */
	__asm__ volatile("leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, (%0)\n\t"
			 "movq %%rsp, 8(%0)\n\t"
			 "movq %%rbp, 16(%0)\n\t"
			 "movq %%rbx, 24(%0)\n\t"
			 "movq %%r12, 32(%0)\n\t"
			 "movq %%r13, 40(%0)\n\t"
			 "movq %%r14, 48(%0)\n\t"
			 "movq %%r15, 56(%0)\n\t"
			 :
			 : "r"(&event.ip)
			 : "rax", "memory");
	copy_stack(getpid());
	depth = native_frames(native, &event, frames, 64);
	return 0;
}

OWN_FRAME static int call_one(int (*callee)(void))
{
	int result = callee();

	AFTER_CALL;
	return result;
}

OWN_FRAME static int call_two(int (*callee)(void))
{
	/* a frame whose size is not known at compile time */
	char *stack_space = __builtin_alloca((size_t)depth * 16 + 64);
	int result;

	memset(stack_space, 1, 64);
	__asm__ volatile("" : : "r"(stack_space) : "memory");
	result = call_one(callee);
	AFTER_CALL;
	return result;
}

OWN_FRAME static int call_three(int (*callee)(void))
{
	int result = call_two(callee);

	AFTER_CALL;
	return result;
}

/* The unwinder takes a function of this name for CPython's. */
OWN_FRAME int _PyEval_EvalFrameDefault(int (*callee)(void))
{
	int result = call_two(callee);

	AFTER_CALL;
	return result;
}

OWN_FRAME static int compare_by_capture(const void *left, const void *right)
{
	int result = capture_here();

	AFTER_CALL;
	return result + (left == right);
}

/*
 * Calls its argument from a part that lies in another section and has no symbol, as in a stripped
 * file.
 */
int call_apart(int (*callee)(void));

__asm__(".pushsection .text.unlikely,\"ax\",@progbits\n"
	".Lpart:\n"
	"	.cfi_startproc\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call *%rdi\n"
	"	jmp .Lback\n"
	"	.cfi_endproc\n"
	".popsection\n"
	".text\n"
	".globl call_apart\n"
	".type call_apart, @function\n"
	"call_apart:\n"
	"	.cfi_startproc\n"
	"	subq $8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	jmp .Lpart\n"
	".Lback:\n"
	"	addq $8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size call_apart, . - call_apart\n");

static int set_up(void **state)
{
	(void)state;
	native = native_new();
	return !native;
}

static int tear_down(void **state)
{
	(void)state;
	native_free(native);
	native = NULL;
	return 0;
}

/* Skips the test if the process lacks the privileges to open /proc/PID/map_files. */
static void need_map_files(void)
{
	struct lp_mappings mappings;
	struct stat status;
	char path[64];

	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	mapping_file_path(getpid(), &mappings.items[0], path, sizeof(path));
	mappings_free(&mappings);
	if (stat(path, &status)) {
		print_message("no access to %s\n", path);
		skip();
	}
}

static void expect_frames(const char *const *names, size_t count)
{
	size_t i;

	assert_true(depth >= count);
	for (i = 0; i < count; i++) {
		assert_string_equal(frames[i].function, names[i]);
		assert_int_equal(frames[i].kind, LP_FRAME_NATIVE);
		assert_int_equal(frames[i].line, 0);
		assert_int_equal(frames[i].file[0], '/');
	}
}

static void callers_are_reported_innermost_first(void **state)
{
	static const char *const names[] = { "capture_here", "call_one", "call_two", "call_three",
					     "callers_are_reported_innermost_first" };
	char own[4096] = "";

	(void)state;
	need_map_files();
	call_three(capture_here);
	expect_frames(names, 5);
	assert_true(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
	assert_string_equal(frames[0].file, own);
	/* the second time, from cached tables */
	call_three(capture_here);
	expect_frames(names, 5);
}

static void another_library_is_passed_through(void **state)
{
	static const char *const names[] = { "capture_here", "compare_by_capture", "lfind",
					     "another_library_is_passed_through" };
	int key = 1, table[] = { 1, 2 };
	size_t count = 2;

	(void)state;
	need_map_files();
	lfind(&key, table, &count, sizeof(int), compare_by_capture);
	expect_frames(names, 4);
	assert_non_null(strstr(frames[2].file, "libc"));
}

static void frames_end_where_python_begins(void **state)
{
	static const char *const names[] = { "capture_here", "call_one", "call_two" };

	(void)state;
	need_map_files();
	_PyEval_EvalFrameDefault(capture_here);
	expect_frames(names, 3);
	assert_int_equal(depth, 3);
}

static void a_part_without_a_symbol_is_named_by_the_whole(void **state)
{
	static const char *const names[] = { "capture_here", "call_apart.cold",
					     "a_part_without_a_symbol_is_named_by_the_whole" };

	(void)state;
	need_map_files();
	call_apart(capture_here);
	expect_frames(names, 3);
}

static void no_more_frames_than_there_is_space_for(void **state)
{
	struct lp_frame two[2];

	(void)state;
	need_map_files();
	call_three(capture_here);
	assert_int_equal(native_frames(native, &event, two, 2), 2);
	assert_string_equal(two[1].function, "call_one");
	assert_int_equal(native_frames(native, &event, two, 0), 0);
}

/* Maps the program's code a second time, as dlopen() maps a library. */
static int (*mapped_again(int (*function)(int (*)(void))))(int (*)(void))
{
	uint64_t address = (uint64_t)function;
	const struct lp_mapping *mapping;
	struct lp_mappings mappings;
	char *copy;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	mapping = mappings_find(&mappings, address);
	assert_non_null(mapping);
	copy = mmap(NULL, mapping->end - mapping->start, PROT_READ | PROT_EXEC, MAP_PRIVATE, file,
		    (off_t)mapping->offset);
	assert_ptr_not_equal(copy, MAP_FAILED);
	address = (uint64_t)copy + (address - mapping->start);
	mappings_free(&mappings);
	close(file);
	return (int (*)(int (*)(void)))address;
}

static void code_that_was_mapped_later_is_found(void **state)
{
	static const char *const names[] = { "capture_here", "call_one",
					     "code_that_was_mapped_later_is_found" };
	int (*copy)(int (*)(void));
	unsigned int tries = 0;

	(void)state;
	need_map_files();
	capture_here();
	copy = mapped_again(call_one);
	assert_ptr_not_equal(copy, call_one);
	/* mappings are read again only after a while */
	do {
		usleep(10000);
		copy(capture_here);
	} while (depth < 3 && ++tries < 300);
	expect_frames(names, 3);
}

static void a_forgotten_process_is_read_anew(void **state)
{
	static const char *const names[] = { "capture_here", "call_one" };

	(void)state;
	need_map_files();
	call_one(capture_here);
	native_forget(native, getpid());
	native_forget(native, 1 << 22);
	call_one(capture_here);
	expect_frames(names, 2);
}

static void code_of_nobody_knows_whom_ends_the_stack(void **state)
{
	(void)state;
	capture_here();
	event.event.pid = 1 << 23; /* over the highest PID */
	assert_int_equal(native_frames(native, &event, frames, 64), 1);
	assert_string_equal(frames[0].function, "[anonymous]");
	assert_string_equal(frames[0].file, "");
	event.ip = 0;
	assert_int_equal(native_frames(native, &event, frames, 64), 0);
}

/* ---- another process, in a call that blocks ---------------------------------------- */

OWN_FRAME static int block_for_ever(void)
{
	int result = pause();

	AFTER_CALL;
	return result;
}

/* The registers and stack of a child once it blocks in pause(); false: it cannot be traced. */
static bool capture_blocked(pid_t child)
{
	struct user_regs_struct registers;
	unsigned int tries;
	int status;

	if (ptrace(PTRACE_SEIZE, child, 0, 0))
		return false;
	for (tries = 0; tries < 300; tries++) {
		usleep(10000);
		ptrace(PTRACE_INTERRUPT, child, 0, 0);
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return false;
		ptrace(PTRACE_GETREGS, child, 0, &registers);
		if (registers.orig_rax == 34) /* pause */
			break;
		ptrace(PTRACE_CONT, child, 0, 0);
	}
	memset(&event, 0, offsetof(struct lp_event_native, data));
	event.event.pid = (uint32_t)child;
	event.ip = registers.rip;
	event.sp = registers.rsp;
	event.bp = registers.rbp;
	event.bx = registers.rbx;
	event.r12 = registers.r12;
	event.r13 = registers.r13;
	event.r14 = registers.r14;
	event.r15 = registers.r15;
	copy_stack(child);
	return true;
}

static void a_blocked_call_shows_the_c_library(void **state)
{
	static const char *const names[] = { "pause", "block_for_ever", "call_one", "call_two",
					     "a_blocked_call_shows_the_c_library" };
	pid_t child;
	bool traced;

	(void)state;
	need_map_files();
	child = fork();
	if (!child) {
		call_two(block_for_ever);
		_exit(0);
	}
	traced = capture_blocked(child);
	depth = traced ? native_frames(native, &event, frames, 64) : 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (!traced) {
		print_message("no child can be traced here\n");
		skip();
	}
	expect_frames(names, 5);
}

/* ---- hostile targets -------------------------------------------------------------- */

/* An address in code, one on the stack, or any number. */
static uint64_t random_word(const struct lp_mappings *mappings)
{
	const struct lp_mapping *mapping = &mappings->items[random_next() % mappings->count];

	switch (random_next() % 4) {
	case 0:
		return random_next();
	case 1:
		return event.sp + random_next() % LP_NATIVE_BYTES;
	default:
		return mapping->start + random_next() % (mapping->end - mapping->start);
	}
}

static void any_registers_and_any_stack_come_to_an_end(void **state)
{
	uint64_t words[LP_NATIVE_BYTES / 8];
	struct lp_mappings mappings;
	unsigned int turn, i;

	(void)state;
	capture_here();
	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	for (turn = 0; turn < 3000; turn++) {
		for (i = 0; i < LP_NATIVE_BYTES / 8; i++)
			words[i] = random_word(&mappings);
		memcpy(event.data, words, sizeof(words));
		event.ip = random_word(&mappings);
		event.bp = random_word(&mappings);
		event.bx = random_word(&mappings);
		event.bytes = turn % 3 ? LP_NATIVE_BYTES : (uint32_t)random_next();
		assert_true(native_frames(native, &event, frames, 64) <= 64);
	}
	event.sp = UINT64_MAX - 7;
	assert_true(native_frames(native, &event, frames, 64) <= 64);
	mappings_free(&mappings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(callers_are_reported_innermost_first, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_library_is_passed_through, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(frames_end_where_python_begins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_part_without_a_symbol_is_named_by_the_whole,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_more_frames_than_there_is_space_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(code_that_was_mapped_later_is_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_forgotten_process_is_read_anew, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(code_of_nobody_knows_whom_ends_the_stack, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_blocked_call_shows_the_c_library, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(any_registers_and_any_stack_come_to_an_end, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
