// SPDX-License-Identifier: BSD-2-Clause
/*
 * A runtime whose functions are served by a worker: what an examination has found is
 * returned from memory, and what changes is requested from the worker each time.
 */
#include "remote.h"

#include "remote_internal.h"
#include "runtime/registry.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	uint64_t serial;
	struct lp_packed_message packed;
	struct lp_examination *examination; /* owned; NULL after remote_forget() */
};

static const struct lp_runtime remote_runtime;
static uint64_t serials;

/* ---- checks of an answer ------------------------------------------------------------ */

void remote_end_text(char *text, size_t size)
{
	text[size - 1] = '\0';
}

#define END_TEXT(text) remote_end_text(text, sizeof(text))

static int as_code(int32_t code)
{
	return code > 0 || code < -4095 ? -EINVAL : code;
}

bool examination_is_sound(struct lp_examination *examination, ssize_t bytes)
{
	struct lp_packed_message *packed = &examination->packed;
	size_t i;

	if (bytes != (ssize_t)sizeof(*examination))
		return false;
	examination->code = as_code(examination->code);
	examination->verified = as_code(examination->verified);
	for (i = 0; i < LP_FACTS; i++)
		examination->fact_codes[i] = as_code(examination->fact_codes[i]);
	END_TEXT(examination->error.text);
	END_TEXT(examination->other_loops);
	END_TEXT(packed->instance.version);
	END_TEXT(packed->instance.runtime_name);
	END_TEXT(packed->instance.product);
	packed->instance.runtime = NULL;
	packed->instance.reader = NULL;
	if (packed->bytes > sizeof(packed->reader) ||
	    (!examination->code && !runtime_by_number(packed->runtime)))
		return false;
	for (i = 0; i < LP_PROBE_ROLES; i++) {
		struct lp_examined_role *role = &examination->role[i];

		role->code = as_code(role->code);
		END_TEXT(role->error.text);
		END_TEXT(role->function);
		END_TEXT(role->probe.path);
		role->probe.role = (enum lp_probe_role)i;
		role->probe.function = NULL;
		if (role->probe.count > LP_PROBE_SITES)
			return false;
	}
	return true;
}

/* ---- instances ---------------------------------------------------------------------- */

const struct lp_packed_message *remote_packed(const struct lp_instance *instance)
{
	return &((const struct reader *)instance->reader)->packed;
}

int remote_refresh(struct lp_instance *instance, const struct lp_examined *examined)
{
	struct reader *reader = instance->reader;

	if (!reader->examination)
		reader->examination = malloc(sizeof(*reader->examination));
	if (!reader->examination)
		return -ENOMEM;
	*reader->examination = *examined->examination;
	return 0;
}

int remote_instance(const struct lp_examined *examined, struct lp_instance *instance)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->serial = ++serials;
	reader->packed = examined->examination->packed;
	*instance = reader->packed.instance;
	instance->pid = examined->pid;
	instance->runtime = &remote_runtime;
	instance->reader = reader;
	if (remote_refresh(instance, examined)) {
		free(reader);
		instance->reader = NULL;
		return -ENOMEM;
	}
	return 0;
}

void remote_forget(struct lp_instance *instance)
{
	struct reader *reader = instance->reader;

	if (!reader)
		return;
	free(reader->examination);
	reader->examination = NULL;
}

static void release(struct lp_instance *instance)
{
	remote_forget(instance);
	free(instance->reader);
	instance->reader = NULL;
}

bool remote_may_be_program(const char *path)
{
	struct lp_request request = { .operation = LP_OPERATION_MAY_BE_PROGRAM };
	const struct iovec parts[2] = { { &request, sizeof(request) },
					{ (void *)path, strlen(path) + 1 } };
	const unsigned char *answer;

	/* the process that is marked as unreadable if there is no answer */
	if (sscanf(path, "/proc/%d/", &request.pid) != 1)
		return false;
	return remote_ask(parts, 2, (const void **)&answer) == 1 && *answer;
}

int remote_detect(const struct lp_process_info *process, struct lp_instance *instance,
		  struct lp_error *error)
{
	struct lp_request request = { .operation = LP_OPERATION_EXAMINE, .pid = process->pid };
	struct lp_examine examine = { .process = *process };
	const struct iovec parts[2] = { { &request, sizeof(request) },
					{ &examine, sizeof(examine) } };
	static struct lp_examination examination;
	struct lp_examined examined = { .pid = process->pid, .examination = &examination };
	const void *answer;
	ssize_t bytes = remote_ask(parts, 2, &answer);

	if (bytes < 0)
		return remote_error(error, process->pid, (int)bytes);
	memcpy(&examination, answer,
	       bytes < (ssize_t)sizeof(examination) ? 0 : sizeof(examination));
	if (!examination_is_sound(&examination, bytes))
		return remote_error(error, process->pid, -ECHILD);
	if (examination.code) {
		*error = examination.error;
		return examination.code;
	}
	if (remote_instance(&examined, instance))
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

/* ---- functions that return what the examination found ------------------------------- */

static const struct lp_examination *examination_of(const struct lp_instance *instance)
{
	return ((const struct reader *)instance->reader)->examination;
}

static int find_probe(const struct lp_instance *instance, enum lp_probe_role role,
		      struct lp_probe *probe, struct lp_error *error)
{
	const struct lp_examination *examination = examination_of(instance);
	const struct lp_examined_role *found;

	if (!examination || !(examination->roles >> role & 1))
		return error_set(error, -EAGAIN, "process %d was not examined for this probe yet",
				 instance->pid);
	found = &examination->role[role];
	*probe = found->probe;
	probe->function = found->function;
	*error = found->error;
	return found->code;
}

static const struct lp_runtime *own_runtime(const struct lp_instance *instance)
{
	return runtime_by_number(remote_packed(instance)->runtime);
}

static int find_fact(const struct lp_instance *instance, enum lp_fact fact,
		     union lp_process_facts *facts)
{
	const struct lp_examination *examination = examination_of(instance);
	const struct lp_fact_part *part = &own_runtime(instance)->facts[fact];

	if (!examination)
		return -EAGAIN;
	if (!examination->fact_codes[fact])
		memcpy((char *)facts + part->offset,
		       (const char *)&examination->facts + part->offset, part->bytes);
	return examination->fact_codes[fact];
}

static int verify(const struct lp_instance *instance, struct lp_error *error)
{
	const struct lp_examination *examination = examination_of(instance);

	if (!examination)
		return -EAGAIN;
	*error = examination->error;
	return examination->verified;
}

static bool may_run_loop(const struct lp_instance *instance)
{
	const struct lp_examination *examination = examination_of(instance);

	return examination && examination->may_run_loop;
}

static const char *other_loops(const struct lp_instance *instance)
{
	const struct lp_examination *examination = examination_of(instance);

	return examination && examination->other_loops[0] ? examination->other_loops : NULL;
}

/* ---- functions that ask a worker each time ------------------------------------------ */

static ssize_t ask(const struct lp_instance *instance, enum lp_operation operation,
		   const void *arguments, size_t bytes, const void **answer)
{
	const struct reader *reader = instance->reader;
	const struct lp_request request = { .operation = operation,
					    .pid = instance->pid,
					    .serial = reader->serial };
	const struct iovec parts[3] = { { (void *)&request, sizeof(request) },
					{ (void *)&reader->packed, sizeof(reader->packed) },
					{ (void *)arguments, bytes } };

	return remote_ask(parts, bytes ? 3 : 2, answer);
}

ssize_t remote_ask_tasks(const struct lp_instance *instance, const void **answer)
{
	const struct reader *reader = instance->reader;
	const struct lp_request request = { .operation = LP_OPERATION_TASKS,
					    .pid = instance->pid,
					    .serial = reader->serial };
	const struct iovec parts[2] = { { (void *)&request, sizeof(request) },
					{ (void *)&reader->packed, sizeof(reader->packed) } };

	return remote_try(parts, 2, answer);
}

uint64_t remote_serial(const struct lp_instance *instance)
{
	return ((const struct reader *)instance->reader)->serial;
}

int remote_take_loops(const void *answer, size_t bytes, struct lp_running_loop *loops,
		      size_t capacity)
{
	size_t count = bytes / sizeof(*loops), i;

	if (count > capacity)
		count = capacity;
	memcpy(loops, answer, count * sizeof(*loops));
	for (i = 0; i < count; i++)
		if ((unsigned int)loops[i].kind >= LP_LOOP_KINDS)
			loops[i].kind = 0;
	return (int)count;
}

static int find_loops(const struct lp_instance *instance, struct lp_running_loop *loops,
		      size_t capacity)
{
	const void *answer;
	ssize_t bytes = ask(instance, LP_OPERATION_FIND_LOOPS, NULL, 0, &answer);

	return bytes < 0 ? (int)bytes : remote_take_loops(answer, (size_t)bytes, loops, capacity);
}

static void loop_stack(const struct lp_instance *instance, const struct lp_running_loop *loop,
		       const struct lp_wait *wait, bool asleep, struct lp_loop_stack *stack)
{
	const struct lp_stack_request request = { *loop, *wait, asleep };
	const struct lp_loop_stack *answer;
	ssize_t bytes = ask(instance, LP_OPERATION_LOOP_STACK, &request, sizeof(request),
			    (const void **)&answer);

	memset(stack, 0, sizeof(*stack));
	if (bytes == (ssize_t)sizeof(*answer) && answer->depth <= LP_STACK_FRAMES)
		*stack = *answer;
}

static void take_frame(struct lp_frame *shown, const struct lp_frame *from)
{
	*shown = *from;
	END_TEXT(shown->function);
	END_TEXT(shown->file);
	shown->kind = LP_FRAME_PYTHON;
}

static size_t describe(const struct lp_instance *instance, const struct lp_raw_frame *frames,
		       size_t count, struct lp_frame *shown)
{
	const size_t most = LP_WORKER_BYTES / sizeof(*shown);
	const struct lp_frame *found;
	size_t i, done;
	ssize_t bytes;

	if (!count)
		return 0;
	bytes = ask(instance, LP_OPERATION_DESCRIBE, frames,
		    (count < most ? count : most) * sizeof(*frames), (const void **)&found);
	done = bytes > 0 ? (size_t)bytes / sizeof(*found) : 0;
	for (i = 0; i < done && i < count; i++)
		take_frame(&shown[i], &found[i]);
	return i;
}

static void describe_thread(const struct lp_instance *instance, uint64_t thread_state, pid_t inner,
			    pid_t *tid, char *name, size_t size)
{
	const uint64_t numbers[2] = { thread_state, (uint64_t)inner };
	const struct lp_thread_answer *found;
	ssize_t bytes = ask(instance, LP_OPERATION_DESCRIBE_THREAD, numbers, sizeof(numbers),
			    (const void **)&found);

	*tid = 0;
	name[0] = '\0';
	if (bytes != (ssize_t)sizeof(*found))
		return;
	*tid = found->tid;
	snprintf(name, size, "%.*s", (int)sizeof(found->name) - 1, found->name);
}

/* Copies an answer.  False: it is damaged; the worker that sent it reads hostile memory. */
static bool take_places(const struct lp_finding_places *answer, ssize_t bytes,
			struct lp_finding_places *places)
{
	const size_t head = offsetof(struct lp_finding_places, shown);
	size_t sum = 0, i;

	if (bytes < (ssize_t)head)
		return false;
	memcpy(places, answer, head);
	for (i = 0; i < LP_FINDING_PARTS; i++) {
		if (places->known[i] > LP_FINDING_PLACES)
			return false;
		sum += places->known[i];
	}
	if (sum != places->count || sum > LP_FINDING_PLACES ||
	    (size_t)bytes != head + sum * sizeof(places->shown[0]))
		return false;
	for (i = 0; i < sum; i++)
		take_frame(&places->shown[i], &answer->shown[i]);
	return true;
}

static void describe_finding(const struct lp_instance *instance,
			     const struct lp_event_raw_finding *finding,
			     struct lp_finding_places *places)
{
	const struct lp_finding_places *answer;
	ssize_t bytes = ask(instance, LP_OPERATION_DESCRIBE_FINDING, finding, sizeof(*finding),
			    (const void **)&answer);

	if (take_places(answer, bytes, places))
		return;
	memset(places, 0, offsetof(struct lp_finding_places, shown));
	places->unread = true;
}

/* Empties a text whose length or width, as the worker reported them, is out of bounds. */
static void check_text(struct lp_text *text, size_t capacity)
{
	if (text->bytes > capacity || (text->width != 1 && text->width != 2 && text->width != 4))
		text->bytes = 0;
}

static void check_callback(struct lp_running_callback *found)
{
	if (found->name.kind >= LP_CALLBACK_KINDS)
		found->name.kind = LP_CALLBACK_BUILTIN;
	check_text(&found->name.qualname, sizeof(found->name.qualname_data));
	check_text(&found->name.filename, sizeof(found->name.filename_data));
	check_text(&found->name.owner, sizeof(found->name.owner_data));
}

static void running_callback(const struct lp_instance *instance, uint64_t thread_state,
			     uint64_t code, struct lp_running_callback *found)
{
	const uint64_t where[2] = { thread_state, code };
	const struct lp_running_callback *answer;
	ssize_t bytes = ask(instance, LP_OPERATION_RUNNING_CALLBACK, where, sizeof(where),
			    (const void **)&answer);

	memset(found, 0, sizeof(*found));
	if (bytes != (ssize_t)sizeof(*answer)) {
		/* the worker did not answer: an identity of its own, without a name */
		found->name.kind = LP_CALLBACK_BUILTIN;
		found->name.identity = thread_state | LP_CALLBACK_BUILTIN;
		return;
	}
	*found = *answer;
	check_callback(found);
}

static void task_name(const struct lp_instance *instance, uint64_t task, char *name, size_t size)
{
	const char *found;
	ssize_t bytes =
		ask(instance, LP_OPERATION_TASK_NAME, &task, sizeof(task), (const void **)&found);

	name[0] = '\0';
	if (bytes > 0)
		snprintf(name, size, "%.*s", (int)bytes, found);
}

static bool lock_holder(const struct lp_instance *instance, pid_t tid,
			struct lp_event_raw_stack *holder)
{
	const struct reader *reader = instance->reader;
	const struct lp_request request = { .operation = LP_OPERATION_LOCK_HOLDER,
					    .pid = instance->pid,
					    .serial = reader->serial };
	uint64_t number = (uint64_t)tid;
	const struct iovec parts[3] = { { (void *)&request, sizeof(request) },
					{ (void *)&reader->packed, sizeof(reader->packed) },
					{ &number, sizeof(number) } };
	const struct lp_event_raw_stack *answer;
	/* of a process with many objects it may take too long, which is no fault of the process */
	ssize_t bytes = remote_try_briefly(parts, 3, (const void **)&answer);

	if (bytes != (ssize_t)sizeof(*answer))
		return false;
	*holder = *answer;
	holder->flags &= LP_STACK_CUT | LP_STACK_OWN_LOOP | LP_STACK_OF_TASK | LP_STACK_RESULT |
			 LP_STACK_LOCK | LP_STACK_END;
	return holder->depth <= LP_STACK_FRAMES;
}

static void eager_task(const struct lp_instance *instance, uint64_t thread_state, uint64_t task,
		       const struct lp_eager_address *known, struct lp_eager_task *found)
{
	struct lp_eager_request request = { .thread_state = thread_state, .task = task };
	const struct lp_eager_task *answer;
	ssize_t bytes = 0;

	if (known)
		request.known = *known;
	if (own_runtime(instance)->eager_task)
		bytes = ask(instance, LP_OPERATION_EAGER_TASK, &request, sizeof(request),
			    (const void **)&answer);
	memset(found, 0, sizeof(*found));
	if (bytes != (ssize_t)sizeof(*answer))
		return;
	*found = *answer;
	found->name[sizeof(found->name) - 1] = '\0';
	found->file[sizeof(found->file) - 1] = '\0';
	found->task_name[sizeof(found->task_name) - 1] = '\0';
	check_callback(&found->callback);
}

static bool collections(const struct lp_instance *instance, uint64_t since_ns, uint64_t until_ns,
			struct lp_event_collections *found)
{
	uint64_t span[2] = { since_ns, until_ns };
	const struct lp_event_collections *answer;
	ssize_t bytes;

	if (!own_runtime(instance)->garbage_collections)
		return false;
	bytes = ask(instance, LP_OPERATION_COLLECTIONS, span, sizeof(span), (const void **)&answer);
	if (bytes != (ssize_t)sizeof(*answer) || !answer->count ||
	    answer->total_ns > until_ns - since_ns)
		return false;
	*found = *answer;
	return true;
}

/* memory_read() asks a worker already. */
static void copy_task_name(const struct lp_instance *instance, uint64_t task,
			   struct lp_event_slow *event)
{
	own_runtime(instance)->copy_task_name(instance, task, event);
}

static const struct lp_runtime remote_runtime = {
	.name = "remote",
	.release = release,
	.find_probe = find_probe,
	.find_fact = find_fact,
	.verify = verify,
	.may_run_loop = may_run_loop,
	.other_loops = other_loops,
	.find_loops = find_loops,
	.loop_stack = loop_stack,
	.describe = describe,
	.describe_thread = describe_thread,
	.describe_finding = describe_finding,
	.running_callback = running_callback,
	.lock_holder = lock_holder,
	.garbage_collections = collections,
	.task_name = task_name,
	.copy_task_name = copy_task_name,
	.eager_task = eager_task,
};
