// SPDX-License-Identifier: BSD-2-Clause
/* A second runtime: its adapter and a row in the table are all that the rest of the program needs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/clocks.h"
#include "model/own_frames.h"
#include "runtime/cpython/code_names.h"
#include "runtime/detect.h"
#include "runtime/registry.h"
#include "runtime/remote/remote.h"

#define TICKS 7
#define THREAD_STATE 0x1000

static pid_t target; /* the only process that runs a reel */

/* What the adapter knows of a process; it has no pointers, so that it is packed as it is. */
struct reel {
	uint32_t ticks;
};

static int detect(const struct lp_process_info *process, struct lp_instance *instance,
		  struct lp_error *error)
{
	struct reel *reel;

	if (process->pid != target)
		return error_set(error, -ENOENT, "process %d runs no reel", process->pid);
	reel = calloc(1, sizeof(*reel));
	if (!reel)
		return error_set(error, -ENOMEM, "out of memory");
	reel->ticks = TICKS;
	instance->reader = reel;
	snprintf(instance->version, sizeof(instance->version), "1.2");
	snprintf(instance->runtime_name, sizeof(instance->runtime_name), "reel");
	snprintf(instance->product, sizeof(instance->product), "Reel");
	return 0;
}

static bool may_be_program(const char *path)
{
	return strstr(path, "reel") != NULL;
}

static void release(struct lp_instance *instance)
{
	free(instance->reader);
	instance->reader = NULL;
}

static ssize_t pack(const struct lp_instance *instance, void *bytes, size_t capacity)
{
	if (capacity < sizeof(struct reel))
		return -ENOSPC;
	memcpy(bytes, instance->reader, sizeof(struct reel));
	return sizeof(struct reel);
}

static int unpack(struct lp_instance *instance, const void *bytes, size_t count)
{
	struct reel *reel = count == sizeof(*reel) ? malloc(sizeof(*reel)) : NULL;

	if (!reel)
		return -EINVAL;
	memcpy(reel, bytes, sizeof(*reel));
	instance->reader = reel;
	return 0;
}

static int find_probe(const struct lp_instance *instance, enum lp_probe_role role,
		      struct lp_probe *probe, struct lp_error *error)
{
	(void)instance;
	memset(probe, 0, sizeof(*probe));
	if (role != LP_PROBE_DISPATCH)
		return error_set(error, -ENODEV, "a reel has no such function");
	probe->role = role;
	probe->function = "reel_tick";
	probe->count = 1;
	probe->places[0].offset = 0x40;
	return 0;
}

/* The second half of the facts, as a union member of this runtime would begin there. */
#define FACT_OFFSET (sizeof(union lp_process_facts) / 16 * 8)

static int find_fact(const struct lp_instance *instance, enum lp_fact fact,
		     union lp_process_facts *facts)
{
	const struct reel *reel = instance->reader;

	if (fact != LP_FACT_LOOPS)
		return -ENODEV;
	memcpy((char *)facts + FACT_OFFSET, &reel->ticks, sizeof(reel->ticks));
	return 0;
}

static int verify(const struct lp_instance *instance, struct lp_error *error)
{
	(void)instance;
	(void)error;
	return 0;
}

static bool may_run_loop(const struct lp_instance *instance)
{
	(void)instance;
	return true;
}

static int find_loops(const struct lp_instance *instance, struct lp_running_loop *loops,
		      size_t capacity)
{
	if (!capacity)
		return 0;
	memset(loops, 0, sizeof(*loops));
	loops->tid = instance->pid;
	loops->thread_state = THREAD_STATE;
	loops->object = 0x2000;
	loops->own_poll = true;
	return 1;
}

static void loop_stack(const struct lp_instance *instance, const struct lp_running_loop *loop,
		       const struct lp_wait *wait, bool asleep, struct lp_loop_stack *stack)
{
	const struct reel *reel = instance->reader;

	(void)wait;
	memset(stack, 0, sizeof(*stack));
	stack->shows = LP_SHOWS_CALLBACK;
	stack->waits_for_lock = asleep;
	stack->depth = 1;
	stack->frames[0].code = loop->thread_state;
	stack->frames[0].instruction = reel->ticks;
}

static void running_callback(const struct lp_instance *instance, uint64_t thread_state,
			     uint64_t code, struct lp_running_callback *found)
{
	(void)instance;
	memset(found, 0, sizeof(*found));
	found->code = code;
	found->name.kind = LP_CALLBACK_BUILTIN;
	found->name.identity = thread_state | LP_CALLBACK_BUILTIN;
}

static size_t describe(const struct lp_instance *instance, const struct lp_raw_frame *frames,
		       size_t count, struct lp_frame *shown)
{
	size_t i;

	(void)instance;
	for (i = 0; i < count; i++) {
		memset(&shown[i], 0, sizeof(shown[i]));
		snprintf(shown[i].function, sizeof(shown[i].function), "tick");
		shown[i].line = (uint32_t)frames[i].instruction;
		shown[i].dispatches = true;
	}
	return count;
}

static void describe_thread(const struct lp_instance *instance, uint64_t thread_state, pid_t inner,
			    pid_t *tid, char *name, size_t size)
{
	(void)inner;
	*tid = thread_state == THREAD_STATE ? instance->pid : 0;
	snprintf(name, size, "reel");
}

static bool is_reel_library(const char *file)
{
	return strstr(file, "/reel/lib/") != NULL;
}

static const char *below_reel_packages(const char *file)
{
	const char *at = strstr(file, "/reels/");

	return at ? at + strlen("/reels/") : NULL;
}

static bool is_generated_reel(const char *file)
{
	return *file == '<';
}

static void name_package(const char *below, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)strcspn(below, "/"), below);
}

static void name_module(const char *file, char *name, size_t size)
{
	snprintf(name, size, "%s", file);
}

static const struct lp_code_names reel_code_names = {
	.is_library = is_reel_library,
	.below_packages = below_reel_packages,
	.is_generated = is_generated_reel,
	.package = name_package,
	.module = name_module,
	.library_directories = (const char *const[]){ NULL },
	.common_files = (const char *const[]){ NULL },
	.frameworks = (const char *const[]){ "projector", NULL },
	.loop_files = (const char *const[]){ NULL },
	.calls = (const struct lp_call_row[]){ { .function = NULL } },
};

static const struct lp_runtime reel_runtime = {
	.name = "reel",
	.code_names = &reel_code_names,
	.loop_library = "/libreel.",
	.may_be_program = may_be_program,
	.detect = detect,
	.verify = verify,
	.release = release,
	.pack = pack,
	.unpack = unpack,
	.find_probe = find_probe,
	.find_fact = find_fact,
	.facts = { [LP_FACT_LOOPS] = { FACT_OFFSET, sizeof(uint32_t) } },
	.may_run_loop = may_run_loop,
	.find_loops = find_loops,
	.loop_stack = loop_stack,
	.running_callback = running_callback,
	.describe = describe,
	.describe_thread = describe_thread,
};

/* Replaces user/runtime/runtimes.c, so that no other runtime is linked. */
const struct lp_runtime *const runtimes[] = { &reel_runtime, NULL };

static int begin(void **state)
{
	(void)state;
	target = getpid();
	return remote_begin();
}

static int end(void **state)
{
	(void)state;
	remote_end();
	return 0;
}

static void a_process_is_detected_by_a_worker(void **state)
{
	struct lp_process_info process = { .pid = getpid() };
	struct lp_instance instance;
	struct lp_error error;

	(void)state;
	assert_true(runtime_may_be_program_here("/opt/reel/bin/reel"));
	assert_true(runtime_is_loop_library("/usr/lib/libreel.so.1"));
	assert_false(runtime_is_loop_library("/usr/lib/libc.so.6"));
	assert_int_equal(runtime_detect(&process, &instance, &error), 0);
	assert_string_equal(instance.runtime_name, "reel");
	assert_string_equal(instance.product, "Reel");
	assert_string_equal(instance.version, "1.2");
	instance.runtime->release(&instance);
	process.pid = 1;
	assert_int_equal(runtime_detect(&process, &instance, &error), -ENOENT);
	assert_string_equal(error.text, "process 1 runs no reel");
}

static void loops_and_stacks_come_from_the_adapter(void **state)
{
	const struct lp_process_info process = { .pid = getpid() };
	const struct lp_wait wait = { .syscall = 202 };
	struct lp_running_loop loops[4];
	struct lp_loop_stack stack;
	struct lp_instance instance;
	struct lp_running_callback callback;
	struct lp_frame shown[2];
	struct lp_error error;
	char name[16];
	pid_t tid;

	(void)state;
	assert_int_equal(runtime_detect(&process, &instance, &error), 0);
	assert_int_equal(instance.runtime->find_loops(&instance, loops, 4), 1);
	assert_int_equal(loops[0].tid, getpid());
	assert_true(loops[0].own_poll);
	instance.runtime->loop_stack(&instance, &loops[0], &wait, true, &stack);
	assert_int_equal(stack.shows, LP_SHOWS_CALLBACK);
	assert_true(stack.waits_for_lock);
	assert_int_equal(stack.depth, 1);
	stack.frames[1].instruction = 9;
	assert_int_equal(instance.runtime->describe(&instance, stack.frames, 2, shown), 2);
	assert_string_equal(shown[0].function, "tick");
	assert_int_equal(shown[0].line, TICKS);
	assert_int_equal(shown[1].line, 9);
	assert_true(shown[0].dispatches);
	instance.runtime->running_callback(&instance, THREAD_STATE, 5, &callback);
	assert_int_equal(callback.code, 5);
	instance.runtime->describe_thread(&instance, THREAD_STATE, 0, &tid, name, sizeof(name));
	assert_int_equal(tid, getpid());
	assert_string_equal(name, "reel");
	instance.runtime->release(&instance);
}

/* As discovery does it: the probes and facts of an examination are what session/ attaches by. */
static void roles_and_facts_come_from_an_examination(void **state)
{
	const struct lp_process_info process = { .pid = getpid() };
	const struct lp_examine_options options = {
		.ticket = 1,
		.open = { .roles = 1U << LP_PROBE_DISPATCH | 1U << LP_PROBE_READY },
	};
	union lp_process_facts facts, before;
	struct lp_examined examined;
	struct lp_instance instance;
	struct lp_probe probe;
	struct lp_error error;
	uint32_t ticks;

	(void)state;
	assert_int_equal(examine_begin(&process, &options), 0);
	while (!examine_take(&examined))
		assert_true(remote_wait(NS_PER_S));
	assert_int_equal(examined.code, 0);
	assert_int_equal(remote_instance(&examined, &instance), 0);
	assert_int_equal(instance.runtime->find_probe(&instance, LP_PROBE_DISPATCH, &probe, &error),
			 0);
	assert_string_equal(probe.function, "reel_tick");
	assert_int_equal(probe.places[0].offset, 0x40);
	assert_int_equal(instance.runtime->find_probe(&instance, LP_PROBE_READY, &probe, &error),
			 -ENODEV);
	assert_int_equal(instance.runtime->find_probe(&instance, LP_PROBE_TIMER, &probe, &error),
			 -EAGAIN);
	memset(&facts, 0xff, sizeof(facts));
	before = facts;
	assert_int_equal(instance.runtime->find_fact(&instance, LP_FACT_KINDS, &facts), -ENODEV);
	assert_memory_equal(&facts, &before, sizeof(facts));
	assert_int_equal(instance.runtime->find_fact(&instance, LP_FACT_LOOPS, &facts), 0);
	memcpy(&ticks, (const char *)&facts + FACT_OFFSET, sizeof(ticks));
	assert_int_equal(ticks, TICKS);
	/* nothing but its own part has changed */
	memcpy((char *)&facts + FACT_OFFSET, (const char *)&before + FACT_OFFSET, sizeof(ticks));
	assert_memory_equal(&facts, &before, sizeof(facts));
	instance.runtime->release(&instance);
}

/* Without a process, as for a capture; the names of another runtime are still valid. */
static void names_of_its_code_add_to_those_of_others(void **state)
{
	const struct lp_shown_frame projector = { .file = (char *)"/opt/reels/projector/run" };
	const struct lp_shown_frame film = { .file = (char *)"/opt/reels/film/scene" };
	const struct lp_shown_frame *const frames[] = { &projector, &film };
	const char *file = "/v/lib/python3.12/site-packages/shop/orders.py";
	char package[LP_PACKAGE_MAX];

	(void)state;
	assert_int_equal(own_frames_origin("/opt/reel/lib/tick"), LP_ORIGIN_PROGRAM);
	code_names_add(&cpython_code_names);
	runtime_add_code_names();
	runtime_add_code_names();
	assert_null(code_names_at(2));
	assert_int_equal(own_frames_origin("/opt/reel/lib/tick"), LP_ORIGIN_LIBRARY);
	assert_int_equal(own_frames_origin("/usr/lib/python3.11/ssl.py"), LP_ORIGIN_LIBRARY);
	own_frames_package(film.file, package, sizeof(package));
	assert_string_equal(package, "film");
	own_frames_package(file, package, sizeof(package));
	assert_string_equal(package, "shop");
	/* the innermost package that is no framework */
	assert_int_equal(own_frames_innermost(frames, 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_detected_by_a_worker),
		cmocka_unit_test(loops_and_stacks_come_from_the_adapter),
		cmocka_unit_test(roles_and_facts_come_from_an_examination),
		cmocka_unit_test(names_of_its_code_add_to_those_of_others),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
