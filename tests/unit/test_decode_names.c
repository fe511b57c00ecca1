// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/decode.h"
#include "records.h"

struct lp_decoded_texts {
	char name[LP_DECODED_TEXT];
	char file[LP_DECODED_TEXT];
	char task_name[LP_DECODED_TEXT];
};

static void saw_name(void *context, const struct lp_decoded_name *event)
{
	struct lp_decoded_texts *handled = context;

	memcpy(handled->name, event->name, sizeof(handled->name));
	memcpy(handled->file, event->file, sizeof(handled->file));
}

static void saw_slow(void *context, const struct lp_decoded_slow *event)
{
	struct lp_decoded_texts *handled = context;

	memcpy(handled->task_name, event->task_name, sizeof(handled->task_name));
}

static const struct lp_event_handlers handlers = { .name = saw_name, .slow = saw_slow };

/* Decodes a copy of exactly that size, so that a sanitiser reports a read past its end. */
static void decode(const void *record, size_t size, struct lp_decoded_texts *handled)
{
	void *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, record, size);
	memset(handled, 'x', sizeof(*handled));
	assert_int_equal(decode_event(copy, size, &handlers, handled), 0);
	free(copy);
}

static void expect_name(const struct lp_event_name *event, const char *name, const char *file)
{
	struct lp_decoded_texts handled;

	decode(event, sizeof(*event), &handled);
	assert_string_equal(handled.name, name);
	assert_string_equal(handled.file, file);
}

static void ascii_names_come_out_as_they_are(void **state)
{
	struct lp_event_name event = record_name("Handler.get.<locals>.inner", "/srv/app.py");

	(void)state;
	expect_name(&event, "Handler.get.<locals>.inner", "/srv/app.py");
}

static void wide_names_become_utf8(void **state)
{
	static const uint16_t name[] = { 0x8a08, 0x7b97 };
	static const uint32_t file[] = { '/', 0x1f40d, '.', 'p', 'y' };
	struct lp_event_name event = record_name("", "");

	(void)state;
	event.qualname = (struct lp_text){ sizeof(name), 2, 0 };
	memcpy(event.qualname_data, name, sizeof(name));
	event.filename = (struct lp_text){ sizeof(file), 4, 0 };
	memcpy(event.filename_data, file, sizeof(file));
	expect_name(&event, "\xe8\xa8\x88\xe7\xae\x97", "/\xf0\x9f\x90\x8d.py");
}

static void names_are_safe_to_show(void **state)
{
	struct lp_event_name event = record_name("\x1b[2J", "/tmp/\xe9\n.py");

	(void)state;
	expect_name(&event, "?[2J", "/tmp/\xc3\xa9?.py");
}

static void cut_names_say_so_at_the_side_that_is_missing(void **state)
{
	struct lp_event_name event = record_name("beginning", "end.py");

	(void)state;
	event.qualname.flags |= LP_TEXT_CUT;
	event.filename.flags |= LP_TEXT_CUT;
	expect_name(&event, "beginning...", "...end.py");
}

static void unreadable_names_are_a_question_mark(void **state)
{
	struct lp_event_name event = record_name("ignored", "ignored.py");

	(void)state;
	event.qualname.flags = event.filename.flags = LP_TEXT_UNREADABLE;
	expect_name(&event, "?", "?");
}

static void a_callback_without_source_has_no_file(void **state)
{
	struct lp_event_name event = record_name("Event.set", "");

	(void)state;
	event.filename.flags = LP_TEXT_UNREADABLE;
	expect_name(&event, "Event.set", "");
}

static void a_name_of_nothing_is_empty(void **state)
{
	struct lp_event_name event = record_name("", "");

	(void)state;
	event.qualname = (struct lp_text){ 0, 0, 0 };
	expect_name(&event, "", "");
}

static void a_length_over_that_of_the_record_is_held_to_it(void **state)
{
	struct lp_event_name event = record_name("", "");
	char expected[LP_FILENAME_BYTES + 1];

	(void)state;
	memset(event.qualname_data, 'n', sizeof(event.qualname_data));
	memset(event.filename_data, 'f', sizeof(event.filename_data));
	event.qualname.bytes = event.filename.bytes = 0xffff;
	memset(expected, 'f', LP_FILENAME_BYTES);
	expected[LP_FILENAME_BYTES] = '\0';
	event.qualname.bytes = 3;
	expect_name(&event, "nnn", expected);
	event.filename.bytes = 0;
	event.qualname.bytes = 0xffff;
	memset(expected, 'n', LP_QUALNAME_BYTES);
	expected[LP_QUALNAME_BYTES] = '\0';
	expect_name(&event, expected, "");
}

static struct lp_event_name builtin_event(const char *method, const char *owner)
{
	struct lp_event_name event = record_name(method, "");

	event.kind = LP_CALLBACK_BUILTIN;
	event.owner = (struct lp_text){ (uint16_t)strlen(owner), 1, LP_TEXT_ASCII };
	memcpy(event.owner_data, owner, strlen(owner));
	return event;
}

static void builtins_are_reported_with_the_type_they_are_bound_to(void **state)
{
	struct lp_event_name event = builtin_event("set_result", "_asyncio.Future");

	(void)state;
	expect_name(&event, "_asyncio.Future.set_result", "");
	event = builtin_event("sleep", "module");
	expect_name(&event, "sleep", "");
	event = builtin_event("sleep", "");
	expect_name(&event, "sleep", "");
	event = builtin_event("f", "owner");
	event.kind = LP_CALLBACK_FUNCTION;
	expect_name(&event, "f", "");
}

static const char *task_name(const struct lp_event_slow *event)
{
	static struct lp_decoded_texts handled;

	decode(event, sizeof(*event), &handled);
	return handled.task_name;
}

static void task_names_of_every_layout_are_read(void **state)
{
	static const uint16_t wide[] = { 0x4efb, 0x52d9 };
	static const uint32_t widest[] = { 0x1f40d };
	struct lp_event_slow event = record_slow();

	(void)state;
	record_task_name(&event, 6, 1, true, "Task-1", 6);
	assert_string_equal(task_name(&event), "Task-1");
	record_task_name(&event, 2, 1, false, "\xe2k", 2);
	assert_string_equal(task_name(&event), "\xc3\xa2k");
	record_task_name(&event, 2, 2, false, wide, sizeof(wide));
	assert_string_equal(task_name(&event), "\xe4\xbb\xbb\xe5\x8b\x99");
	record_task_name(&event, 1, 4, false, widest, sizeof(widest));
	assert_string_equal(task_name(&event), "\xf0\x9f\x90\x8d");
	event.string_ascii = ASCII_AT_OLD;
	event.string_wide = WIDE_AT_OLD;
	record_task_name(&event, 6, 1, true, "Task-1", 6);
	assert_string_equal(task_name(&event), "Task-1");
	record_task_name(&event, 2, 2, false, wide, sizeof(wide));
	assert_string_equal(task_name(&event), "\xe4\xbb\xbb\xe5\x8b\x99");
}

static void what_is_no_task_has_no_name(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	record_task_name(&event, 6, 1, true, "Task-1", 6);
	event.task = 0;
	assert_string_equal(task_name(&event), "");
}

static void an_object_of_another_type_is_no_name(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	record_task_name(&event, 6, 1, true, "Task-1", 6);
	event.name_is_string = 0;
	assert_string_equal(task_name(&event), "");
}

static void task_names_are_safe_to_show(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	record_task_name(&event, 5, 1, true, "a\x1b[0m", 5);
	assert_string_equal(task_name(&event), "a?[0m");
}

static void a_long_task_name_shows_its_beginning(void **state)
{
	char data[LP_NAME_BYTES - ASCII_AT], expected[sizeof(data) + 4];
	struct lp_event_slow event = record_slow();

	(void)state;
	memset(data, 'n', sizeof(data));
	memset(expected, 'n', sizeof(data));
	expected[sizeof(data)] = '\0';
	record_task_name(&event, sizeof(data), 1, true, data, sizeof(data));
	assert_string_equal(task_name(&event), expected);
	strcpy(expected + sizeof(data), "...");
	record_task_name(&event, sizeof(data) + 1, 1, true, data, sizeof(data));
	assert_string_equal(task_name(&event), expected);
	/* a length that is forged, or was overwritten while it was read */
	record_task_name(&event, UINT64_MAX, 1, true, data, sizeof(data));
	assert_string_equal(task_name(&event), expected);
}

static void forged_task_names_stay_within_what_was_copied(void **state)
{
	struct lp_event_slow event = record_slow();
	unsigned int kind, at;

	(void)state;
	for (kind = 0; kind < 8; kind++) {
		record_task_name(&event, UINT64_MAX / 2, kind, false, "", 0);
		if (kind != 1 && kind != 2 && kind != 4)
			assert_string_equal(task_name(&event), "");
		/* the record also says at which offset the characters begin */
		for (at = LP_NAME_BYTES - 5; at < LP_NAME_BYTES + 5; at++) {
			event.string_wide = (uint16_t)at;
			if (at >= LP_NAME_BYTES)
				assert_string_equal(task_name(&event), "");
			else
				task_name(&event);
		}
		event.string_wide = WIDE_AT;
	}
}

static void put_int(struct lp_event_slow *event, uint64_t tag, uint32_t digit)
{
	event->name_is_int = 1;
	event->name_is_string = 0;
	memset(event->task_name, 0xee, sizeof(event->task_name));
	memcpy(event->task_name + 16, &tag, sizeof(tag));
	memcpy(event->task_name + event->int_digit, &digit, sizeof(digit));
}

static void numbered_tasks_are_named_as_asyncio_would(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	put_int(&event, 1 << 3, 7);
	assert_string_equal(task_name(&event), "Task-7");
	put_int(&event, 1 << 3, (1 << 30) - 1);
	assert_string_equal(task_name(&event), "Task-1073741823");
	put_int(&event, 1, 0xeeeeeeee); /* zero has no digits in CPython */
	assert_string_equal(task_name(&event), "Task-0");
}

static void numbers_that_no_task_has_are_no_name(void **state)
{
	struct lp_event_slow event = record_slow();

	(void)state;
	put_int(&event, 2 << 3, 7);
	assert_string_equal(task_name(&event), "");
	put_int(&event, UINT64_MAX, 7);
	assert_string_equal(task_name(&event), "");
	put_int(&event, 1 << 3, 7);
	event.int_digit = LP_NAME_BYTES - 3;
	assert_string_equal(task_name(&event), "");
	event.int_digit = LP_NO_FIELD;
	assert_string_equal(task_name(&event), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_names_come_out_as_they_are),
		cmocka_unit_test(wide_names_become_utf8),
		cmocka_unit_test(names_are_safe_to_show),
		cmocka_unit_test(cut_names_say_so_at_the_side_that_is_missing),
		cmocka_unit_test(unreadable_names_are_a_question_mark),
		cmocka_unit_test(a_callback_without_source_has_no_file),
		cmocka_unit_test(a_name_of_nothing_is_empty),
		cmocka_unit_test(a_length_over_that_of_the_record_is_held_to_it),
		cmocka_unit_test(builtins_are_reported_with_the_type_they_are_bound_to),
		cmocka_unit_test(task_names_of_every_layout_are_read),
		cmocka_unit_test(what_is_no_task_has_no_name),
		cmocka_unit_test(an_object_of_another_type_is_no_name),
		cmocka_unit_test(task_names_are_safe_to_show),
		cmocka_unit_test(a_long_task_name_shows_its_beginning),
		cmocka_unit_test(forged_task_names_stay_within_what_was_copied),
		cmocka_unit_test(numbered_tasks_are_named_as_asyncio_would),
		cmocka_unit_test(numbers_that_no_task_has_are_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
