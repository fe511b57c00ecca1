// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/profiles/protobuf.h"

/* The bytes are those of the examples in the encoding's documentation. */
static void numbers_texts_and_messages_are_as_documented(void **state)
{
	static const uint8_t wanted[] = {
		0x08, 0x96, 0x01, /* 1: 150 */
		0x12, 0x07, 't',  'e',	's',  't', 'i', 'n', 'g', /* 2: "testing" */
		0x1a, 0x03, 0x08, 0x96, 0x01, /* 3: { 1: 150 } */
		0xa1, 0x06, 1,	  2,	0,    0,   0,	0,   0,	  0, /* 100: 0x201, 64 bits */
	};
	struct lp_protobuf message = { 0 }, inner = { 0 };

	(void)state;
	protobuf_number(&inner, 1, 150);
	protobuf_number(&message, 1, 150);
	protobuf_text(&message, 2, "testing");
	protobuf_message(&message, 3, &inner);
	protobuf_fixed64(&message, 100, 0x201);
	assert_false(message.failed);
	assert_int_equal(message.size, sizeof(wanted));
	assert_memory_equal(message.bytes, wanted, sizeof(wanted));
	protobuf_clear(&message);
	protobuf_number(&message, 1, UINT64_MAX);
	assert_int_equal(message.size, 11);
	protobuf_clear(&message);
	protobuf_number(&message, 1, 0);
	assert_int_equal(message.size, 2);
	protobuf_clear(&message);
	protobuf_double(&message, 1, 1.0);
	assert_memory_equal(message.bytes, "\x09\0\0\0\0\0\0\xf0\x3f", 9);
	protobuf_free(&message);
	protobuf_free(&inner);
}

static void a_large_message_grows(void **state)
{
	struct lp_protobuf message = { 0 };
	static char text[100001];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	protobuf_text(&message, 1, text);
	protobuf_packed(&message, 127);
	protobuf_packed(&message, 128);
	assert_int_equal(message.size, 1 + 3 + 100000 + 1 + 2);
	assert_memory_equal(message.bytes + message.size - 3, "\x7f\x80\x01", 3);
	protobuf_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_texts_and_messages_are_as_documented),
		cmocka_unit_test(a_large_message_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
