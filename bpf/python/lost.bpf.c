// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Findings: coroutines, tasks, exceptions and loops that get lost.
 *
 * lp_lost is attached at places that are executed only when something is lost: inside functions of
 * _asyncio, where they are about to use the message about it, and at C functions that are called
 * seldom. One program serves all of them, so that it is loaded once.
 */
/* This file includes no vmlinux.h: relocating its types would take 10 MB while loading. */
#define LP_DEFINE_MAPS
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "walk.bpf.h"
#include "finding.bpf.h"
#include "uvloop.bpf.h"

#define LP_CLOSE_BATCH 64
#define LP_CLOSE_BATCHES 64
#define LP_CLOSE_REPORTS 64
#define LP_WEAKREF_OBJECT 16 /* PyWeakReference.wr_object */
#define LP_SET_MASK 32 /* PySetObject, the same in 3.8 to 3.13 */
#define LP_SET_TABLE 40
#define LP_TYPE_FINALIZE 392
/* Number of words of a stack frame that are searched for the lost object. */
#define LP_STACK_WORDS 12

/*
 * Returns 2 for a task, 1 for another future of asyncio's, else 0. Subclasses inherit tp_finalize.
 */
__weak __noinline int lp_future_class(__u64 object)
{
	struct lp_process *process = lp_current_process();
	__u64 type, finalize;

	if (!process || !object)
		return 0;
	type = lp_read_u64(object + LP_OBJECT_TYPE);
	if (!type)
		return 0;
	if (type == process->facts.python.lifecycle.task_type)
		return 2;
	if (type == process->facts.python.lifecycle.future_type)
		return 1;
	finalize = lp_read_u64(type + LP_TYPE_FINALIZE);
	if (!finalize)
		return 0;
	if (finalize == process->facts.python.lifecycle.task_finalize)
		return 2;
	return finalize == process->facts.python.lifecycle.future_finalize;
}

/*
 * Returns whether this object is one of the kind that the probed place handles; which register
 * holds it depends on the compiler.
 */
__weak __noinline int lp_is_lost(__u32 role, __u64 object)
{
	struct lp_process *process = lp_current_process();
	__u32 state = ~0U;
	int class;

	if (!process)
		return 0;
	class = lp_future_class(object);
	if (!class || (role != LP_PROBE_NEVER_RETRIEVED && class != 2))
		return 0;
	if (role == LP_PROBE_OTHER_LOOP)
		return 1;
	bpf_probe_read_user(&state, sizeof(state),
			    (void *)(object + process->facts.python.lifecycle.offsets.fut_state));
	if (role == LP_PROBE_DESTROYED_PENDING)
		return state == LP_FUTURE_PENDING;
	return state == LP_FUTURE_FINISHED &&
	       lp_read_u64(object + process->facts.python.lifecycle.offsets.fut_exception) != 0;
}

/*
 * Returns the lost object. Compilers mostly hold it in a register that calls preserve; in other
 * builds it is in another register, or on the stack (Debian's 3.14).
 */
static __always_inline __u64 lp_lost_object(const struct pt_regs *ctx, __u32 role)
{
	volatile __u64 candidates[] = { ctx->bx,  ctx->bp, ctx->r12, ctx->r13, ctx->r14,
					ctx->r15, ctx->di, ctx->cx,  ctx->si,  ctx->dx,
					ctx->ax,  ctx->r8, ctx->r9 };
	__u64 stack[LP_STACK_WORDS] = {}, sp = PT_REGS_SP(ctx);
	__u32 i;

	for (i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (lp_is_lost(role, candidates[i]))
			return candidates[i];
	bpf_probe_read_user(stack, sizeof(stack), (void *)sp);
	for (i = 0; i < LP_STACK_WORDS; i++)
		if (lp_is_lost(role, stack[i]))
			return stack[i];
	return 0;
}

static __always_inline int lp_report_future(__u32 kind, __u64 object)
{
	struct lp_process *process = lp_current_process();
	__u64 exception;
	int number;

	if (!process)
		return 0;
	number = lp_finding_begin(kind, object);
	if (number < 0)
		return 0;
	if (lp_future_class(object) == 2)
		lp_finding_task(number, object);
	if (kind == LP_FINDING_NEVER_RETRIEVED) {
		exception =
			lp_read_u64(object + process->facts.python.lifecycle.offsets.fut_exception);
		lp_finding_exception(number, exception);
	}
	lp_finding_own_walk(number);
	lp_finding_send(number);
	lp_finding_end(number);
	return 0;
}

/* warn(message, category, stacklevel, source), as warnings.py calls it for a coroutine. */
static __always_inline int lp_report_coroutine(__u64 arguments)
{
	struct lp_process *process = lp_current_process();
	__u64 message = lp_read_u64(arguments), coroutine = lp_read_u64(arguments + 24);
	int number;

	if (!process ||
	    lp_read_u64(coroutine + LP_OBJECT_TYPE) != process->layout.python.coroutine_type)
		return 0;
	/* "coroutin[e '...' was never awaited]" */
	if (lp_read_u64(message + LP_OBJECT_TYPE) != process->layout.python.string_type ||
	    (lp_read_u64(message + process->layout.python.offsets.string_ascii) !=
		     0x6e6974756f726f63 &&
	     lp_read_u64(message + process->layout.python.offsets.string_wide) !=
		     0x6e6974756f726f63))
		return 0;
	number = lp_finding_begin(LP_FINDING_NEVER_AWAITED, coroutine);
	if (number < 0)
		return 0;
	lp_finding_coroutine(number, coroutine);
	lp_finding_origin(number, coroutine);
	lp_finding_own_walk(number);
	lp_finding_send(number);
	lp_finding_end(number);
	return 0;
}

/* Checks one of the tasks that exist while a loop is closed. */
__weak __noinline int lp_close_task(__u32 number, __u64 task)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	__u32 state = ~0U;

	if (!work || !process || lp_future_class(task) != 2 ||
	    lp_read_u64(task + process->facts.python.lifecycle.offsets.fut_loop) !=
		    work->loop_object)
		return 0;
	bpf_probe_read_user(&state, sizeof(state),
			    (void *)(task + process->facts.python.lifecycle.offsets.fut_state));
	if (state != LP_FUTURE_PENDING)
		return 0;
	if (work->reported == LP_CLOSE_REPORTS)
		return 1;
	work->event.object = task;
	work->event.first_line = 0;
	work->event.parked.code = 0;
	work->event.qualname.bytes = 0;
	work->event.filename.bytes = 0;
	work->event.task_name.bytes = 0;
	work->event.flags &=
		~(LP_FINDING_NAME_IS_INT | LP_FINDING_NAME_IS_STRING | LP_FINDING_NAME_IS_PLACE);
	lp_finding_task(number, task);
	if (++work->reported == LP_CLOSE_REPORTS)
		work->event.flags |= LP_FINDING_MORE;
	lp_finding_send(number);
	return work->reported == LP_CLOSE_REPORTS;
}

/* Up to 3.13: checks an entry of the set, which is a weak reference. Returns whether to stop. */
__weak __noinline int lp_close_entry(__u32 number, __u64 entry)
{
	__u64 reference = lp_read_u64(entry);

	return reference && lp_close_task(number, lp_read_u64(reference + LP_WEAKREF_OBJECT));
}

/*
 * Checks a batch of entries. The verifier checks a function once, but a loop once an iteration.
 * Returns whether to stop.
 */
__weak __noinline int lp_close_batch(__u32 number, __u64 entries)
{
	__u32 i;

	for (i = 0; i < LP_CLOSE_BATCH; i++)
		if (lp_close_entry(number, entries + i * 16))
			return 1;
	return 0;
}

/* Checks all entries of the set, whose table has a power of two of them. */
__weak __noinline int lp_close_set(__u32 number, __u64 set)
{
	__u64 mask = lp_read_u64(set + LP_SET_MASK), table = lp_read_u64(set + LP_SET_TABLE);
	__u32 i;

	if (mask < LP_CLOSE_BATCH) {
		for (i = 0; i < LP_CLOSE_BATCH; i++)
			if (i > mask || lp_close_entry(number, table + i * 16))
				return 0;
		return 0;
	}
	for (i = 0; i < LP_CLOSE_BATCHES; i++)
		if ((__u64)i * LP_CLOSE_BATCH > mask ||
		    lp_close_batch(number, table + i * LP_CLOSE_BATCH * 16))
			return 0;
	return 0;
}

/*
 * 3.14 and later: checks the tasks of a circular list whose head is outside of any task. Returns
 * the next node, or 0.
 */
__weak __noinline __u64 lp_close_links(__u32 number, __u64 node, __u64 head)
{
	struct lp_process *process = lp_current_process();
	__u32 i;

	if (!process)
		return 0;
	for (i = 0; i < LP_CLOSE_BATCH; i++) {
		if (!node || node == head ||
		    lp_close_task(number, node - process->facts.python.lifecycle.task_node))
			return 0;
		node = lp_read_u64(node);
	}
	return node;
}

__weak __noinline int lp_close_list(__u32 number, __u64 head)
{
	__u64 node = lp_read_u64(head);
	__u32 i;

	for (i = 0; node && i < LP_CLOSE_BATCHES; i++)
		node = lp_close_links(number, node, head);
	return 0;
}

/* Returns whether uvloop's Loop is open: it may be closed any number of times. */
static __always_inline bool lp_uv_is_open(__u64 loop)
{
	__u32 closed = 1;

	bpf_probe_read_user(&closed, sizeof(closed), (void *)(loop + LP_UV_LOOP_CLOSED));
	return !closed;
}

/*
 * closed: the loop, if an argument of the call is the loop. If it is 0, the call is epoll.close(),
 * made by close() of a selector, made by close() of a loop, whose self is the loop. Other callers
 * that close an epoll object are ruled out, as no task belongs to a loop at that address.
 */
static __always_inline int lp_report_close(__u64 closed)
{
	struct lp_process *process = lp_current_process();
	struct lp_finding_work *work;
	struct lp_lifecycle *life;
	int number;

	if (!process)
		return 0;
	life = &process->facts.python.lifecycle;
	number = lp_finding_begin(LP_FINDING_PENDING_AT_CLOSE, 0);
	if (number < 0)
		return 0;
	work = lp_finding_of(number);
	if (!work)
		return 0;
	work->callers_self = 0;
	lp_finding_own_walk(number);
	work->loop_object = closed ? closed : work->callers_self;
	if (work->loop_object && life->all_tasks)
		lp_close_set(number, life->all_tasks);
	if (work->loop_object && life->task_node != LP_NO_FIELD) {
		lp_close_list(number,
			      lp_thread_state(&process->layout.python) + life->thread_tasks);
		lp_close_list(number, life->interpreter_tasks);
	}
	lp_finding_end(number);
	return 0;
}

SEC("?uprobe")
int lp_lost(struct pt_regs *ctx)
{
	struct lp_site_key key = {};
	__u64 object = 0;
	__u32 *role;

	key.address = PT_REGS_IP(ctx);
	key.pid = bpf_get_current_pid_tgid() >> 32;
	role = bpf_map_lookup_elem(&sites, &key);
	if (!role)
		return 0;
	switch (*role) {
	case LP_PROBE_NEVER_AWAITED:
		return lp_report_coroutine(PT_REGS_PARM2(ctx));
	case LP_PROBE_NO_RUNNING_LOOP:
		return lp_report_asking();
	case LP_PROBE_LOOP_CLOSE:
		return lp_report_close(0);
	case LP_PROBE_C_LOOP_CLOSE:
		return lp_uv_is_open(PT_REGS_PARM1(ctx)) ? lp_report_close(PT_REGS_PARM1(ctx)) : 0;
	default:
		break;
	}
	object = lp_lost_object(ctx, *role);
	if (*role == LP_PROBE_OTHER_LOOP)
		return object ? lp_report_future(LP_FINDING_OTHER_LOOP, object)
			      : lp_report_stack(LP_FINDING_OTHER_LOOP);
	if (object)
		return lp_report_future(*role == LP_PROBE_NEVER_RETRIEVED
						? LP_FINDING_NEVER_RETRIEVED
						: LP_FINDING_DESTROYED_PENDING,
					object);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
