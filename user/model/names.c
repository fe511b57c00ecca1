// SPDX-License-Identifier: BSD-2-Clause
#include "names.h"

#include "base/macros.h"

#define NAME(names, number) ((number) < ARRAY_SIZE(names) ? (names)[number] : "")

const char *cause_name(size_t kind)
{
	static const char *const names[] = {
		[LP_CAUSE_ON_CPU] = "on_cpu", [LP_CAUSE_BLOCKED] = "blocked",
		[LP_CAUSE_GIL] = "gil",	      [LP_CAUSE_RUN_QUEUE] = "run_queue",
		[LP_CAUSE_GC] = "gc",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_CAUSE_KINDS, "a cause has one row");
	return NAME(names, kind);
}

const char *lost_kind_name(size_t kind)
{
	static const char *const names[] = {
		[LP_LOST_RING] = "events",	   [LP_LOST_LOOPS] = "loops",
		[LP_LOST_CALLBACKS] = "callbacks", [LP_LOST_READY] = "ready",
		[LP_LOST_IDENTITY] = "identity",   [LP_LOST_CAUSES] = "causes",
		[LP_LOST_FINDINGS] = "findings",   [LP_LOST_LIFETIMES] = "lives",
		[LP_LOST_INSTANTS] = "instants",   [LP_LOST_UNREADABLE] = "unreadable",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_LOST_KINDS, "a kind of loss has one row");
	return NAME(names, kind);
}

const char *limited_kind_name(size_t kind)
{
	static const char *const names[] = {
		[LP_LIMITED_EVENTS] = "events",
		[LP_LIMITED_LOOPS] = "loops",
		[LP_LIMITED_CALLBACKS] = "callbacks",
		[LP_LIMITED_CAUSES] = "causes",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_LIMITED_KINDS, "a kind has one row");
	return NAME(names, kind);
}

const char *end_reason_name(size_t reason)
{
	static const char *const names[] = {
		[LP_RUN_END_INTERRUPT] = "interrupt",
		[LP_RUN_END_DURATION] = "duration",
		[LP_RUN_END_TARGET_EXITED] = "target_exited",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_RUN_END_REASONS, "a reason has one row");
	return NAME(names, reason);
}

const char *ending_kind_name(size_t kind)
{
	static const char *const names[] = {
		[LP_ENDING_EXITED] = "exited",
		[LP_ENDING_FAILED] = "failed",
		[LP_ENDING_KILLED] = "killed",
		[LP_ENDING_CRASHED] = "crashed",
		[LP_ENDING_OUT_OF_MEMORY] = "out_of_memory",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_ENDING_KINDS, "a kind has one row");
	return NAME(names, kind);
}

const char *activity_name(size_t activity)
{
	static const char *const names[] = {
		[LP_ACTIVITY_NONE] = "none",
		[LP_ACTIVITY_IDLE] = "idle",
		[LP_ACTIVITY_BUSY] = "busy",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_ACTIVITIES, "an activity has one row");
	return NAME(names, activity);
}

const char *loop_stop_name(size_t reason)
{
	static const char *const names[] = {
		[LP_LOOP_STOP_RUN] = "run",
		[LP_LOOP_STOP_THREAD] = "thread",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_LOOP_STOPS, "a reason has one row");
	return NAME(names, reason);
}

const char *signal_origin_name(size_t origin)
{
	static const char *const names[] = {
		[LP_SIGNAL_BY_PROCESS] = "process",
		[LP_SIGNAL_BY_KERNEL] = "kernel",
		[LP_SIGNAL_BY_NAMESPACE] = "namespace",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_SIGNAL_ORIGINS, "an origin has one row");
	return NAME(names, origin);
}

const char *callback_kind_name(size_t kind)
{
	static const char *const names[] = {
		[LP_MODEL_TASK] = "task",
		[LP_MODEL_CALLBACK] = "callback",
	};

	return NAME(names, kind);
}

const char *frame_kind_name(size_t kind)
{
	static const char *const names[] = {
		[LP_FRAME_PYTHON] = "python",
		[LP_FRAME_NATIVE] = "native",
		[LP_FRAME_KERNEL] = "kernel",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_FRAME_KINDS, "a kind of frame has one row");
	return NAME(names, kind);
}

const char *outcome_name(size_t outcome)
{
	static const char *const names[] = {
		[LP_OUTCOME_RETURNED] = "returned",
		[LP_OUTCOME_RAISED] = "raised",
		[LP_OUTCOME_CANCELLED] = "cancelled",
		[LP_OUTCOME_DESTROYED] = "destroyed",
	};

	_Static_assert(ARRAY_SIZE(names) == LP_OUTCOMES, "an outcome has one row");
	return NAME(names, outcome);
}
