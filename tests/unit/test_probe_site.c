// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf/probe_site.h"

#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define SUB_RSP 0x48, 0x83, 0xec, 0x18 /* sub rsp, 24 */
#define RET 0xc3
#define NOT_FOUND ((size_t)-1)

static void expect(const uint8_t *code, size_t size, size_t expected)
{
	/* a copy of exactly that size, so that a sanitiser reports a read past its end */
	uint8_t *copy = malloc(size ? size : 1);
	size_t offset = 77;
	bool found;

	assert_non_null(copy);
	memcpy(copy, code, size);
	found = probe_site_first_emulated(copy, size, &offset);
	free(copy);
	assert_int_equal(found, expected != NOT_FOUND);
	assert_int_equal(offset, found ? expected : 0);
}

#define EXPECT(expected, ...)                                                                      \
	expect((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), expected)

static void a_push_at_the_entry_is_taken(void **state)
{
	(void)state;
	EXPECT(0, 0x55, RET); /* push rbp */
	EXPECT(0, 0x41, 0x57, RET); /* push r15 */
	EXPECT(0, 0x53, 0x48, 0x89, 0xfb, RET); /* push rbx; mov rbx, rdi */
}

static void a_push_behind_endbr64_is_taken(void **state)
{
	(void)state;
	EXPECT(4, ENDBR64, 0x55, RET);
	EXPECT(4, ENDBR64, 0x41, 0x54, RET);
}

static void the_first_branch_of_a_prologue_without_pushes_is_taken(void **state)
{
	(void)state;
	/* endbr64; sub rsp, 24; mov rax, [rdi+16]; test rdx, rdx; jle +5 */
	EXPECT(15, ENDBR64, SUB_RSP, 0x48, 0x8b, 0x47, 0x10, 0x48, 0x85, 0xd2, 0x7e, 0x05, RET,
	       0x90, 0x90, 0x90, 0x90, RET);
	/* the same with the long form of jle */
	EXPECT(15, ENDBR64, SUB_RSP, 0x48, 0x8b, 0x47, 0x10, 0x48, 0x85, 0xd2, 0x0f, 0x8e, 0x05, 0,
	       0, 0, RET);
}

static void jumps_and_calls_are_taken(void **state)
{
	(void)state;
	EXPECT(4, ENDBR64, 0xe9, 0, 1, 0, 0); /* jmp */
	EXPECT(4, ENDBR64, 0xeb, 0x10, RET); /* jmp, short */
	EXPECT(8, ENDBR64, SUB_RSP, 0xe8, 0, 1, 0, 0, RET); /* call */
}

static void of_the_nops_only_that_of_one_byte_is_taken(void **state)
{
	(void)state;
	EXPECT(4, ENDBR64, 0x90, RET);
	EXPECT(NOT_FOUND, ENDBR64, 0x66, 0x90, RET);
	EXPECT(NOT_FOUND, ENDBR64, 0x0f, 0x1f, 0x40, 0x00, RET);
	EXPECT(NOT_FOUND, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, RET);
	EXPECT(NOT_FOUND, 0xf3, 0x90, RET); /* pause */
	/* but the search goes on after a nop */
	EXPECT(2, 0x66, 0x90, 0x55, RET);
	EXPECT(4, 0x0f, 0x1f, 0x40, 0x00, 0x55, RET);
}

static void forms_that_the_kernel_single_steps_are_passed_over(void **state)
{
	(void)state;
	EXPECT(NOT_FOUND, 0x66, 0x50, RET); /* push ax */
	EXPECT(NOT_FOUND, 0x48, 0x50, RET); /* push rax with a needless REX.W */
	EXPECT(NOT_FOUND, 0x6a, 0x01, RET); /* push 1 */
	EXPECT(NOT_FOUND, 0xff, 0x35, 0, 0, 0, 0, RET); /* push [rip] */
	EXPECT(2, 0x66, 0x50, 0x55, RET);
}

static void a_prefixed_branch_ends_the_search(void **state)
{
	(void)state;
	/* the kernel does not emulate it, and the code after it is not always reached */
	EXPECT(NOT_FOUND, 0x3e, 0x7e, 0x05, 0x55, RET); /* jle with a hint */
	EXPECT(NOT_FOUND, 0xf2, 0xe9, 0, 0, 0, 0, 0x55, RET); /* bnd jmp */
}

static void an_argument_written_before_makes_it_useless(void **state)
{
	(void)state;
	EXPECT(NOT_FOUND, 0x48, 0x89, 0xc7, 0x55, RET); /* mov rdi, rax */
	EXPECT(NOT_FOUND, 0x48, 0x8b, 0x36, 0x55, RET); /* mov rsi, [rsi] */
	EXPECT(NOT_FOUND, 0x31, 0xff, 0x55, RET); /* xor edi, edi: clears all of rdi */
	EXPECT(NOT_FOUND, 0x40, 0xb6, 0x01, 0x55, RET); /* mov sil, 1 */
	EXPECT(NOT_FOUND, 0x48, 0x87, 0xf8, 0x55, RET); /* xchg rax, rdi */
	EXPECT(NOT_FOUND, 0x48, 0x0f, 0x44, 0xf8, 0x55, RET); /* cmove rdi, rax: perhaps */
	EXPECT(NOT_FOUND, 0xa4, 0x55, RET); /* movsb: both, without naming them */
	EXPECT(NOT_FOUND, 0x48, 0x83, 0xc7, 0x08, 0x55, RET); /* add rdi, 8 */
	EXPECT(NOT_FOUND, 0x5f, 0x55, RET); /* pop rdi */
}

static void arguments_that_are_read_stay(void **state)
{
	(void)state;
	EXPECT(3, 0x48, 0x89, 0xf8, 0x55, RET); /* mov rax, rdi */
	EXPECT(4, 0x48, 0x89, 0x77, 0x08, 0x55, RET); /* mov [rdi+8], rsi */
	EXPECT(3, 0x48, 0x39, 0xf7, 0x55, RET); /* cmp rdi, rsi */
	EXPECT(3, 0x48, 0x31, 0xd2, 0x55, RET); /* xor rdx, rdx: another argument */
}

static void the_search_ends_with_the_straight_line(void **state)
{
	(void)state;
	EXPECT(NOT_FOUND, ENDBR64, RET, 0x55);
	EXPECT(NOT_FOUND, ENDBR64, 0xff, 0xe0, 0x55); /* jmp rax */
	EXPECT(NOT_FOUND, 0xff, 0x25, 0, 0, 0, 0, 0x55); /* jmp [rip]: a PLT entry */
	EXPECT(NOT_FOUND, 0xff, 0xd0, 0x55, RET); /* call rax */
	EXPECT(NOT_FOUND, 0xe3, 0x02, 0x55, RET); /* jrcxz is not emulated */
	EXPECT(NOT_FOUND, 0xc2, 0x08, 0x00, 0x55); /* ret 8 */
}

static void a_loop_back_to_the_candidate_makes_it_useless(void **state)
{
	(void)state;
	/* sub rsp, 24; 4: test rdx, rdx; jle +2; jmp 4; ret */
	EXPECT(NOT_FOUND, SUB_RSP, 0x48, 0x85, 0xd2, 0x7e, 0x02, 0xeb, 0xf7, RET);
	/* the same, to the candidate itself; then with a long jcc */
	EXPECT(NOT_FOUND, SUB_RSP, 0x48, 0x85, 0xd2, 0x7e, 0x02, 0xeb, 0xfc, RET);
	EXPECT(NOT_FOUND, SUB_RSP, 0x48, 0x85, 0xd2, 0x7e, 0x02, 0x0f, 0x85, 0xf8, 0xff, 0xff, 0xff,
	       RET);
	/* the candidate's own branch comes back to it: sub; jne to itself */
	EXPECT(NOT_FOUND, SUB_RSP, 0x75, 0xfe, RET);
}

static void a_loop_behind_the_candidate_does_not_matter(void **state)
{
	(void)state;
	/* sub rsp, 24; 4: jle +2; 6: dec rax; jne 6; ret */
	EXPECT(4, SUB_RSP, 0x7e, 0x02, 0x48, 0xff, 0xc8, 0x75, 0xfb, RET);
	/* a call of another function before this one */
	EXPECT(4, SUB_RSP, 0x7e, 0x05, 0xe8, 0, 0xff, 0xff, 0xff, RET);
}

static void code_too_short_has_nothing(void **state)
{
	(void)state;
	expect((const uint8_t[]){ 0x55 }, 0, NOT_FOUND);
	EXPECT(0, 0x55);
	EXPECT(NOT_FOUND, 0x41); /* a REX prefix alone */
	EXPECT(NOT_FOUND, ENDBR64, 0x0f, 0x8e, 0x05, 0); /* half a jle */
	EXPECT(NOT_FOUND, ENDBR64);
}

static void bytes_that_are_no_code_have_nothing(void **state)
{
	(void)state;
	EXPECT(NOT_FOUND, 0x06, 0x55); /* no instruction in 64-bit mode */
	EXPECT(NOT_FOUND, 0xff, 0xff, 0xff, 0xff, 0x55);
	EXPECT(NOT_FOUND, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	       0x66, 0x66, 0x66, 0x55);
	/* code after the candidate need not be decodable */
	EXPECT(0, 0x55, 0x06, 0x06);
}

static void a_candidate_far_from_the_entry_is_not_taken(void **state)
{
	uint8_t code[128];
	size_t i;

	(void)state;
	for (i = 0; i + 4 <= sizeof(code); i += 4)
		memcpy(code + i, (uint8_t[]){ 0x0f, 0x1f, 0x40, 0x00 }, 4);
	code[92] = 0x55;
	expect(code, sizeof(code), 92);
	memcpy(code + 92, (uint8_t[]){ 0x0f, 0x1f, 0x40, 0x00 }, 4);
	code[96] = 0x55;
	expect(code, sizeof(code), NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_push_at_the_entry_is_taken),
		cmocka_unit_test(a_push_behind_endbr64_is_taken),
		cmocka_unit_test(the_first_branch_of_a_prologue_without_pushes_is_taken),
		cmocka_unit_test(jumps_and_calls_are_taken),
		cmocka_unit_test(of_the_nops_only_that_of_one_byte_is_taken),
		cmocka_unit_test(forms_that_the_kernel_single_steps_are_passed_over),
		cmocka_unit_test(a_prefixed_branch_ends_the_search),
		cmocka_unit_test(an_argument_written_before_makes_it_useless),
		cmocka_unit_test(arguments_that_are_read_stay),
		cmocka_unit_test(the_search_ends_with_the_straight_line),
		cmocka_unit_test(a_loop_back_to_the_candidate_makes_it_useless),
		cmocka_unit_test(a_loop_behind_the_candidate_does_not_matter),
		cmocka_unit_test(code_too_short_has_nothing),
		cmocka_unit_test(bytes_that_are_no_code_have_nothing),
		cmocka_unit_test(a_candidate_far_from_the_entry_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
