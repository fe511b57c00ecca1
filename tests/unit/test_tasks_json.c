// SPDX-License-Identifier: BSD-2-Clause
/* The JSON output of loopprof tasks. */
#include "tasks_fixture.h"

#include "tasks/sink.h"

static const struct lp_options json = { .json = true };

static char *printed(struct lp_task_list *list)
{
	struct lp_tasks_snapshot *snapshot = new_view(list);
	struct lp_tasks_sink *sink;
	char *text;

	begin_capture();
	sink = tasks_json_open(&json);
	sink->loop(sink, snapshot, 0);
	sink->snapshot(sink, snapshot);
	sink->end(sink, &(struct lp_tasks_end){ .end_ns = 7, .reason = "done" });
	assert_int_equal(sink->close(sink), 0);
	text = end_capture();
	tasks_snapshot_free(snapshot);
	return text;
}

static void test_task(void **state)
{
	struct lp_task_list list = new_list(2, SECOND);
	struct lp_task *task = add_task(&list, 0, "a");
	char *text;

	(void)state;
	task->since_ns = 5;
	add_edge(&list, task, 1, false);
	task->awaited_id = 0xabc;
	add_task(&list, 1, "b");
	text = printed(&list);
	assert_string_equal(
		text,
		"{\"type\":\"loop\",\"loop_id\":1,\"pid\":42,\"tid\":42,\"comm\":\"gunicorn\","
		"\"runtime\":\"asyncio\",\"runtime_version\":\"3.11.2\",\"exe\":\"\","
		"\"container\":null,\"unit\":null,\"pod\":null,\"host\":null,"
		"\"class\":\"_UnixSelectorEventLoop\"}\n"
		"{\"type\":\"task\",\"loop_id\":1,\"task\":\"a\",\"task_id\":\"0x7f0000000000\","
		"\"state\":\"waiting\",\"name\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"parked\":{\"function\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"kind\":\"python\"},"
		"\"own\":{\"function\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"kind\":\"python\"},\"package_call\":null,"
		"\"since_ns\":5,\"unchanged_since_ns\":null,"
		"\"awaits\":{\"kind\":\"task\",\"class\":\"_asyncio.Task\",\"id\":\"0xabc\","
		"\"detail\":null},\"holds\":[],\"awaited_by\":[],\"await_chain\":[{\"function\":"
		"\"fetch\",\"file\":\"/srv/app/client.py\",\"line\":12,\"kind\":\"python\"}],"
		"\"exception\":null,\"created_at\":null,\"cut\":false,\"partial\":false}\n"
		"{\"type\":\"task\",\"loop_id\":1,\"task\":\"b\",\"task_id\":\"0x7f0000000040\","
		"\"state\":\"waiting\",\"name\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"parked\":{\"function\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"kind\":\"python\"},"
		"\"own\":{\"function\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"kind\":\"python\"},\"package_call\":null,"
		"\"since_ns\":null,\"unchanged_since_ns\":null,"
		"\"awaits\":null,\"holds\":[],\"awaited_by\":[\"0x7f0000000000\"],"
		"\"await_chain\":[{\"function\":\"fetch\",\"file\":\"/srv/app/client.py\","
		"\"line\":12,\"kind\":\"python\"}],\"exception\":null,\"created_at\":null,"
		"\"cut\":false,\"partial\":false}\n"
		"{\"type\":\"footer\",\"end_ns\":7,\"reason\":\"done\",\"lost_events\":0,"
		"\"partial\":false,\"ended_partial\":false,\"paused_ns\":null}\n");
	free(text);
}

static void test_copied(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	char *text;

	(void)state;
	add_task(&list, 0, "a");
	list.loops[0].tid = 0;
	list.loops[0].copied = true;
	text = printed(&list);
	assert_non_null(strstr(text, "\"class\":\"_UnixSelectorEventLoop\",\"copied\":true,"
				     "\"copied_from\":"));
	assert_non_null(strstr(text, "\"created_at\":null,\"copied\":true,\"cut\":false"));
	free(text);
}

/* No text of the target can end a string or a line. */
static void test_hostile_names(void **state)
{
	struct lp_task_list list = new_list(1, SECOND);
	struct lp_task *task = add_task(&list, 0, "");
	char *text;

	(void)state;
	task->name = "a\",\"task_id\":\"0x1\\\n\x01\xff";
	task->coroutine = "\"}\n{";
	task->state = LP_TASK_DONE;
	task->exception_type = "E\\";
	task->exception_message = "\t\"";
	text = printed(&list);
	assert_non_null(strstr(text, "\"task\":\"a\\\",\\\"task_id\\\":\\\"0x1\\\\\\n\\u0001"
				     "\xef\xbf\xbd\",\"task_id\":\"0x7f0000000000\""));
	assert_non_null(strstr(text, "\"name\":\"\\\"}\\n{\""));
	assert_non_null(strstr(text, "\"state\":\"done\""));
	assert_non_null(strstr(text, "\"exception\":{\"type\":\"E\\\\\",\"message\":\"\\t\\\"\"}"));
	free(text);
}

static void test_deadlock(void **state)
{
	struct lp_task_list list = new_list(2, SECOND);
	char *text;

	(void)state;
	add_edge(&list, add_task(&list, 0, "a"), 1, true);
	add_edge(&list, add_task(&list, 1, "b"), 0, true);
	text = printed(&list);
	assert_non_null(strstr(text, "\"holds\":[\"0x7f0000000040\"],\"awaited_by\":[]"));
	assert_non_null(strstr(text,
			       "{\"type\":\"deadlock\",\"loop_id\":1,\"tasks\":["
			       "\"0x7f0000000000\",\"0x7f0000000040\"],\"names\":[\"a\",\"b\"],"
			       "\"circle\":[{\"task_id\":\"0x7f0000000000\",\"task\":\"a\"},"
			       "{\"task_id\":\"0x7f0000000040\",\"task\":\"b\"}],"
			       "\"held_up\":0}\n"));
	free(text);
}

/* Only the text output folds tasks that are alike. */
static void test_all_are_listed(void **state)
{
	struct lp_task_list list = new_list(50, SECOND);
	const char *at;
	char *text;
	int i, count = 0;

	(void)state;
	for (i = 0; i < 50; i++)
		add_task(&list, (size_t)i, "same");
	text = printed(&list);
	for (at = text; (at = strstr(at, "{\"type\":\"task\"")); at++)
		count++;
	assert_int_equal(count, 50);
	free(text);
}

static void test_change(void **state)
{
	struct lp_task_list first = new_list(2, SECOND), second = new_list(2, 2 * SECOND);
	struct lp_task_diff *diff = diff_new();
	const struct lp_tasks_change *change;
	struct lp_tasks_snapshot *before, *now;
	struct lp_tasks_sink *sink;
	char *text;

	(void)state;
	add_task(&first, 0, "a");
	add_task(&first, 1, "b");
	add_task(&second, 1, "b");
	add_task(&second, 2, "c");
	before = new_view(&first);
	now = new_view(&second);
	assert_int_equal(diff_snapshots(diff, NULL, before, &change), 0);
	assert_int_equal(diff_snapshots(diff, before, now, &change), 0);
	begin_capture();
	sink = tasks_json_open(&json);
	sink->change(sink, before, now, change);
	sink->close(sink);
	text = end_capture();
	assert_ptr_equal(strstr(text, "{\"type\":\"task\",\"loop_id\":1,\"task\":\"c\""), text);
	assert_non_null(strstr(text,
			       "\n{\"type\":\"tasks_change\",\"pid\":42,\"time_ns\":2000000000,"
			       "\"born\":[\"0x7f0000000080\"],\"ended\":[\"0x7f0000000000\"],"
			       "\"growing\":[],\"unchanged_count\":1,\"unchanged\":[{\"task_id\":"
			       "\"0x7f0000000040\",\"unchanged_since_ns\":1000000000}]}\n"));
	free(text);
	tasks_snapshot_free(before);
	tasks_snapshot_free(now);
	diff_free(diff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task),	 cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_deadlock), cmocka_unit_test(test_all_are_listed),
		cmocka_unit_test(test_copied),	 cmocka_unit_test(test_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
