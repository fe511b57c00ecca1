// SPDX-License-Identifier: BSD-2-Clause
#include "serve.h"

#include "process/mappings.h"
#include "process/memory.h"
#include "process/name_query.h"
#include "process/spawner.h"
#include "runtime/registry.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* The number of instances that a worker caches, each with the caches of its reader. */
#define INSTANCES 64

ssize_t (*runtime_native_server)(const void *arguments, size_t bytes, void *answer,
				 size_t capacity);

ssize_t (*runtime_tasks_server)(const struct lp_instance *instance, void *answer, size_t capacity);

static struct {
	uint64_t serial; /* 0: empty */
	uint64_t used;
	struct lp_instance instance;
} instances[INSTANCES];

static uint64_t uses;

struct call {
	const struct lp_request *request;
	const struct lp_instance *instance; /* NULL where the operation needs none */
	const void *arguments;
	size_t bytes;
	void *answer;
	size_t capacity;
};

/* ---- instances ---------------------------------------------------------------------- */

/* Returns 0 or a negative errno.  The caller frees the reader with release(). */
static int unpack(const struct lp_packed_message *packed, struct lp_instance *instance)
{
	const struct lp_runtime *runtime = runtime_by_number(packed->runtime);

	if (!runtime || packed->bytes > sizeof(packed->reader))
		return -EINVAL;
	*instance = packed->instance;
	instance->runtime = runtime;
	instance->reader = NULL;
	return runtime->unpack(instance, packed->reader, packed->bytes);
}

static int pack(const struct lp_instance *instance, struct lp_packed_message *packed)
{
	ssize_t bytes = instance->runtime->pack(instance, packed->reader, sizeof(packed->reader));

	if (bytes < 0)
		return (int)bytes;
	packed->bytes = (uint32_t)bytes;
	packed->runtime = runtime_number(instance->runtime);
	packed->instance = *instance;
	packed->instance.runtime = NULL;
	packed->instance.reader = NULL;
	return 0;
}

static const struct lp_instance *instance_of(uint64_t serial,
					     const struct lp_packed_message *packed)
{
	struct lp_instance instance;
	size_t i, oldest = 0;

	for (i = 0; i < INSTANCES; i++) {
		if (instances[i].serial == serial) {
			instances[i].used = ++uses;
			return &instances[i].instance;
		}
		if (instances[i].used < instances[oldest].used)
			oldest = i;
	}
	if (!serial || unpack(packed, &instance))
		return NULL;
	if (instances[oldest].serial)
		instances[oldest].instance.runtime->release(&instances[oldest].instance);
	instances[oldest].serial = serial;
	instances[oldest].used = ++uses;
	instances[oldest].instance = instance;
	return &instances[oldest].instance;
}

/* ---- operations --------------------------------------------------------------------- */

static ssize_t serve_memory(const struct call *call)
{
	const struct lp_piece *pieces = call->arguments;
	struct iovec remote[LP_PIECES], local = { call->answer, 0 };
	size_t count = call->bytes / sizeof(*pieces), i;
	ssize_t done;

	if (count > LP_PIECES)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		remote[i].iov_base = (void *)(uintptr_t)pieces[i].address;
		remote[i].iov_len = pieces[i].bytes;
		if (pieces[i].bytes > call->capacity - local.iov_len)
			return -EINVAL;
		local.iov_len += pieces[i].bytes;
	}
	done = process_vm_readv(call->request->pid, &local, 1, remote, count, 0);
	return done < 0 ? -errno : done;
}

static ssize_t serve_native(const struct call *call)
{
	return runtime_native_server ? runtime_native_server(call->arguments, call->bytes,
							     call->answer, call->capacity)
				     : -ENOSYS;
}

static ssize_t serve_dns_name(const struct call *call)
{
	const pid_t *tid = call->arguments;

	if (call->bytes != sizeof(*tid) || call->capacity < LP_DNS_NAME_BYTES)
		return -EINVAL;
	return name_query_read(call->request->pid, *tid, call->answer) ? LP_DNS_NAME_BYTES : 0;
}

static ssize_t serve_may_be_program(const struct call *call)
{
	char path[256];

	if (!call->bytes || call->bytes > sizeof(path))
		return -EINVAL;
	memcpy(path, call->arguments, call->bytes);
	path[call->bytes - 1] = '\0';
	*(unsigned char *)call->answer = runtime_may_be_program_here(path);
	return 1;
}

static void examine_roles(const struct lp_instance *instance, uint32_t roles,
			  struct lp_examination *examination)
{
	size_t i;

	for (i = 0; i < LP_PROBE_ROLES; i++) {
		struct lp_examined_role *role = &examination->role[i];

		if (!(roles >> i & 1))
			continue;
		role->code = instance->runtime->find_probe(instance, (enum lp_probe_role)i,
							   &role->probe, &role->error);
		snprintf(role->function, sizeof(role->function), "%s",
			 role->probe.function ? role->probe.function : "");
		role->probe.function = NULL;
	}
	examination->roles = roles;
}

static void examine_further(const struct lp_instance *instance, const struct lp_open_roles *open,
			    struct lp_examination *examination)
{
	const struct lp_runtime *runtime = instance->runtime;
	uint32_t roles = open->roles;
	size_t fact;

	examination->verified = runtime->verify(instance, &examination->error);
	for (fact = 0; fact < LP_FACTS; fact++)
		if (fact != LP_FACT_FINDINGS || open->lost)
			examination->fact_codes[fact] = runtime->find_fact(
				instance, (enum lp_fact)fact, &examination->facts);
	/*
	 * Probes that need these facts are attached once they are known.  A search for them before
	 * that would take a dozen milliseconds, in which a new program can make its first mistake.
	 */
	if (examination->fact_codes[LP_FACT_FINDINGS] == -EAGAIN)
		roles &= ~open->later;
	examine_roles(instance, roles, examination);
}

static void note_other_loops(const struct lp_instance *instance, struct lp_examination *examination)
{
	const struct lp_runtime *runtime = instance->runtime;
	const char *name = runtime->other_loops ? runtime->other_loops(instance) : NULL;

	if (name)
		snprintf(examination->other_loops, sizeof(examination->other_loops), "%s", name);
}

static ssize_t examine_process(const struct call *call)
{
	struct lp_examination *examination = call->answer;
	const struct lp_examine *examine = call->arguments;
	const struct lp_packed_message *known = (const void *)(examine + 1);
	struct lp_instance instance;
	size_t fact;

	if (call->capacity < sizeof(*examination) ||
	    call->bytes != sizeof(*examine) + (examine->known ? sizeof(*known) : 0))
		return -EINVAL;
	memset(examination, 0, sizeof(*examination));
	examination->verified = -EAGAIN;
	for (fact = 0; fact < LP_FACTS; fact++)
		examination->fact_codes[fact] = -EAGAIN;
	examination->code = examine->known ? unpack(known, &instance) : -EAGAIN;
	if (!examination->code && examine->anew && instance.runtime->may_run_loop(&instance)) {
		instance.runtime->release(&instance);
		examination->code = -EAGAIN;
	}
	if (examination->code == -EAGAIN)
		examination->code =
			runtime_detect_here(&examine->process, &instance, &examination->error);
	if (examination->code)
		return sizeof(*examination);
	examination->code = pack(&instance, &examination->packed);
	examination->may_run_loop = instance.runtime->may_run_loop(&instance);
	/* only a process that the user has named is refused for them */
	if (examine->always)
		note_other_loops(&instance, examination);
	if (examination->may_run_loop || examine->always)
		examine_further(&instance, &examine->open, examination);
	instance.runtime->release(&instance);
	return sizeof(*examination);
}

static ssize_t serve_examine(const struct call *call)
{
	ssize_t bytes;

	mappings_cache_begin(call->request->pid);
	bytes = examine_process(call);
	mappings_cache_end();
	return bytes;
}

static ssize_t serve_find_loops(const struct call *call)
{
	struct lp_running_loop *loops = call->answer;
	size_t capacity = call->capacity / sizeof(*loops);
	int count = call->instance->runtime->find_loops(
		call->instance, loops, capacity < LP_MAX_LOOPS ? capacity : LP_MAX_LOOPS);

	return count < 0 ? count : (ssize_t)((size_t)count * sizeof(*loops));
}

static ssize_t serve_loop_stack(const struct call *call)
{
	const struct lp_stack_request *request = call->arguments;

	if (call->bytes != sizeof(*request) || call->capacity < sizeof(struct lp_loop_stack))
		return -EINVAL;
	call->instance->runtime->loop_stack(call->instance, &request->loop, &request->wait,
					    request->asleep, call->answer);
	return sizeof(struct lp_loop_stack);
}

static ssize_t serve_describe(const struct call *call)
{
	size_t count = call->bytes / sizeof(struct lp_raw_frame);

	if (count > call->capacity / sizeof(struct lp_frame))
		return -EINVAL;
	memset(call->answer, 0, count * sizeof(struct lp_frame));
	count = call->instance->runtime->describe(call->instance, call->arguments, count,
						  call->answer);
	return (ssize_t)(count * sizeof(struct lp_frame));
}

static ssize_t serve_describe_thread(const struct call *call)
{
	struct lp_thread_answer *answer = call->answer;
	uint64_t numbers[2];

	if (call->bytes != sizeof(numbers))
		return -EINVAL;
	memcpy(numbers, call->arguments, sizeof(numbers));
	memset(answer, 0, sizeof(*answer));
	call->instance->runtime->describe_thread(call->instance, numbers[0], (pid_t)numbers[1],
						 &answer->tid, answer->name, sizeof(answer->name));
	return sizeof(*answer);
}

/* Checks the sizes: BPF keeps their bounds, but tests and fuzzers send other ones. */
static bool is_finding(const struct lp_event_raw_finding *finding, size_t bytes)
{
	return bytes == sizeof(*finding) && finding->depth <= LP_FINDING_FRAMES &&
	       finding->loop_depth <= LP_FINDING_LOOP_FRAMES;
}

static ssize_t serve_describe_finding(const struct call *call)
{
	const struct lp_event_raw_finding *finding = call->arguments;
	struct lp_finding_places *places = call->answer;

	_Static_assert(sizeof(*places) <= LP_WORKER_BYTES, "an answer has room for all places");
	if (!is_finding(finding, call->bytes) || call->capacity < sizeof(*places))
		return -EINVAL;
	memset(places, 0, sizeof(*places));
	call->instance->runtime->describe_finding(call->instance, finding, places);
	return (ssize_t)(offsetof(struct lp_finding_places, shown) +
			 places->count * sizeof(places->shown[0]));
}

static ssize_t serve_running_callback(const struct call *call)
{
	struct lp_running_callback *found = call->answer;
	uint64_t where[2];

	if (call->bytes != sizeof(where))
		return -EINVAL;
	memcpy(where, call->arguments, sizeof(where));
	memset(found, 0, sizeof(*found));
	call->instance->runtime->running_callback(call->instance, where[0], where[1], found);
	return sizeof(*found);
}

static ssize_t serve_collections(const struct call *call)
{
	const struct lp_runtime *runtime = call->instance->runtime;
	struct lp_event_collections *found = call->answer;
	uint64_t span[2];

	if (call->bytes != sizeof(span) || !runtime->garbage_collections)
		return -EINVAL;
	memcpy(span, call->arguments, sizeof(span));
	memset(found, 0, sizeof(*found));
	return runtime->garbage_collections(call->instance, span[0], span[1], found)
		       ? sizeof(*found)
		       : 0;
}

static ssize_t serve_task_name(const struct call *call)
{
	char *name = call->answer;
	uint64_t task;

	if (call->bytes != sizeof(task))
		return -EINVAL;
	memcpy(&task, call->arguments, sizeof(task));
	name[0] = '\0';
	call->instance->runtime->task_name(call->instance, task, name, LP_THREAD_NAME_BYTES);
	return (ssize_t)strlen(name) + 1;
}

static ssize_t serve_tasks(const struct call *call)
{
	return runtime_tasks_server
		       ? runtime_tasks_server(call->instance, call->answer, call->capacity)
		       : -ENOSYS;
}

static ssize_t serve_lock_holder(const struct call *call)
{
	struct lp_event_raw_stack *holder = call->answer;
	uint64_t tid;

	if (call->bytes != sizeof(tid) || call->capacity < sizeof(*holder))
		return -EINVAL;
	memcpy(&tid, call->arguments, sizeof(tid));
	if (!call->instance->runtime->lock_holder ||
	    !call->instance->runtime->lock_holder(call->instance, (pid_t)tid, holder))
		return 0;
	return sizeof(*holder);
}

static ssize_t serve_eager_task(const struct call *call)
{
	const struct lp_runtime *runtime = call->instance->runtime;
	const struct lp_eager_request *request = call->arguments;
	struct lp_eager_task *found = call->answer;

	if (call->bytes != sizeof(*request) || call->capacity < sizeof(*found) ||
	    !runtime->eager_task)
		return -EINVAL;
	memset(found, 0, sizeof(*found));
	runtime->eager_task(call->instance, request->thread_state, request->task,
			    request->known.task ? &request->known : NULL, found);
	return sizeof(*found);
}

static const struct {
	ssize_t (*serve)(const struct call *call);
	bool with_instance;
} operations[LP_OPERATIONS] = {
	[LP_OPERATION_MEMORY] = { serve_memory, false },
	[LP_OPERATION_NATIVE] = { serve_native, false },
	[LP_OPERATION_DNS_NAME] = { serve_dns_name, false },
	[LP_OPERATION_MAY_BE_PROGRAM] = { serve_may_be_program, false },
	[LP_OPERATION_EXAMINE] = { serve_examine, false },
	[LP_OPERATION_FIND_LOOPS] = { serve_find_loops, true },
	[LP_OPERATION_LOOP_STACK] = { serve_loop_stack, true },
	[LP_OPERATION_DESCRIBE] = { serve_describe, true },
	[LP_OPERATION_DESCRIBE_THREAD] = { serve_describe_thread, true },
	[LP_OPERATION_DESCRIBE_FINDING] = { serve_describe_finding, true },
	[LP_OPERATION_RUNNING_CALLBACK] = { serve_running_callback, true },
	[LP_OPERATION_TASK_NAME] = { serve_task_name, true },
	[LP_OPERATION_TASKS] = { serve_tasks, true },
	[LP_OPERATION_LOCK_HOLDER] = { serve_lock_holder, true },
	[LP_OPERATION_EAGER_TASK] = { serve_eager_task, true },
	[LP_OPERATION_COLLECTIONS] = { serve_collections, true },
};

ssize_t serve_request(const void *request, size_t bytes, void *answer, size_t capacity)
{
	struct call call = { .request = request, .answer = answer, .capacity = capacity };

	/* a worker reads directly: it drops the transfer function that it got by fork() */
	memory_transfer_by(NULL);
	if (bytes < sizeof(*call.request) || call.request->operation >= LP_OPERATIONS)
		return -EINVAL;
	call.arguments = call.request + 1;
	call.bytes = bytes - sizeof(*call.request);
	if (operations[call.request->operation].with_instance) {
		const struct lp_packed_message *packed = call.arguments;

		if (call.bytes < sizeof(*packed))
			return -EINVAL;
		call.instance = instance_of(call.request->serial, packed);
		if (!call.instance)
			return -EINVAL;
		call.arguments = packed + 1;
		call.bytes -= sizeof(*packed);
	}
	return operations[call.request->operation].serve(&call);
}
