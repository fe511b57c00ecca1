// SPDX-License-Identifier: BSD-2-Clause
/* Types, which are recognised by their names, and values of objects. */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASES_MAX 64
#define NAME_BYTES 128
#define MEMBERS_MAX 100000

/* The same in 3.8 to 3.15: Include/cpython/{floatobject,listobject,setobject}.h */
#define OBJECT_LENGTH 16 /* PyVarObject.ob_size: lists, tuples, deques, ints */
#define LIST_ITEMS 24
#define FLOAT_VALUE 16
#define SET_USED 24
#define SET_MASK 32
#define SET_TABLE 40

/* Values of a loop's clock in s from here on are refused: it begins when the host is booted. */
#define SECONDS_MAX 4e9

static const struct {
	const char *name; /* tp_name */
	const char *module; /* for classes in Python, whose tp_name has no module; or NULL */
	enum lp_wait_kind kind;
} names[] = {
	{ "_asyncio.Future", NULL, LP_WAIT_FUTURE },
	{ "_asyncio.Task", NULL, LP_WAIT_TASK },
	{ "_GatheringFuture", "asyncio.tasks", LP_WAIT_GATHERING },
	{ "Future", "asyncio.futures", LP_WAIT_OTHER_FUTURE },
	{ "Future", "concurrent.futures._base", LP_WAIT_THREAD_FUTURE },
	{ "Lock", "asyncio.locks", LP_WAIT_LOCK },
	{ "Condition", "asyncio.locks", LP_WAIT_CONDITION },
	{ "Semaphore", "asyncio.locks", LP_WAIT_SEMAPHORE },
	{ "TimerHandle", "asyncio.events", LP_WAIT_TIMER },
	{ "Timeout", "asyncio.timeouts", LP_WAIT_TIMEOUT },
	{ "_socket.socket", NULL, LP_WAIT_SOCKET },
	{ "_thread.lock", NULL, LP_WAIT_THREAD_LOCK },
	{ "_thread.RLock", NULL, LP_WAIT_THREAD_RLOCK },
	{ "function", NULL, LP_WAIT_FUNCTION },
	{ "method", NULL, LP_WAIT_METHOD },
	{ "builtin_function_or_method", NULL, LP_WAIT_BUILTIN },
	{ "float", NULL, LP_WAIT_FLOAT },
	{ "list", NULL, LP_WAIT_LIST },
	{ "tuple", NULL, LP_WAIT_TUPLE },
	{ "set", NULL, LP_WAIT_SET },
	{ "frozenset", NULL, LP_WAIT_SET },
	{ "collections.deque", NULL, LP_WAIT_DEQUE },
	{ "generator", NULL, LP_WAIT_GENERATOR },
	{ "dict", NULL, LP_WAIT_DICT },
	{ "_AsyncGeneratorContextManager", "contextlib", LP_WAIT_CONTEXT_MANAGER },
	{ "uvloop.loop.TimerHandle", NULL, LP_WAIT_TIMER },
	{ "uvloop.loop.Loop", NULL, LP_WAIT_UV_LOOP },
	{ "uvloop.loop.UVHandle", NULL, LP_WAIT_UV_HANDLE },
	{ "uvloop.loop.UVPoll", NULL, LP_WAIT_UV_POLL },
	{ "uvloop.loop.UVProcess", NULL, LP_WAIT_UV_PROCESS },
	{ "uvloop.loop._SSLProtocolTransport", NULL, LP_WAIT_UV_TLS },
	{ "uvloop.loop.Server", NULL, LP_WAIT_UV_SERVER },
	{ "uvloop.loop.Handle", NULL, LP_WAIT_UV_CALLBACK },
};

static void module_of(const struct lp_cpython *python, uint64_t type, char *text, size_t size)
{
	uint64_t dict = memory_u64(python->pid, type + CPYTHON_TYPE_DICT);
	uint64_t module = dict ? cpython_dict_get(python, dict, "__module__") : 0;

	text[0] = '\0';
	if (module)
		cpython_string(python, module, text, size);
}

static void name_of(const struct lp_cpython *python, uint64_t type, char *text, size_t size)
{
	uint64_t name = memory_u64(python->pid, type + CPYTHON_TYPE_NAME);

	text[0] = '\0';
	if (name)
		memory_string(python->pid, name, text, size);
}

/* Returns the kinds of a type by its own name, without those of its bases. */
static unsigned int own_kinds(const struct lp_cpython *python, uint64_t type)
{
	char name[NAME_BYTES], module[NAME_BYTES];
	unsigned int kinds = 0;
	size_t i;

	name_of(python, type, name, sizeof(name));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i].name) != 0)
			continue;
		if (names[i].module) {
			module_of(python, type, module, sizeof(module));
			if (strcmp(module, names[i].module) != 0)
				continue;
		}
		kinds |= names[i].kind;
	}
	return kinds;
}

/* Returns a type's name with its module; tp_name of a type in C has the module already. */
static const char *full_name(struct lp_waits *waits, uint64_t type)
{
	char name[NAME_BYTES], module[NAME_BYTES], text[2 * NAME_BYTES];

	name_of(waits->python, type, name, sizeof(name));
	if (strchr(name, '.'))
		return task_arena_text(waits->arena, name);
	module_of(waits->python, type, module, sizeof(module));
	if (!module[0] || !strcmp(module, "builtins"))
		return task_arena_text(waits->arena, name);
	snprintf(text, sizeof(text), "%s.%s", module, name);
	return task_arena_text(waits->arena, text);
}

static void read_type(struct lp_waits *waits, uint64_t type, struct lp_wait_type *info)
{
	const struct lp_cpython *python = waits->python;
	uint64_t order = memory_u64(python->pid, type + CPYTHON_TYPE_MRO), bases[BASES_MAX], i;
	uint64_t count = order ? memory_u64(python->pid, order + CPYTHON_TUPLE_LENGTH) : 0;

	info->name = full_name(waits, type);
	info->size = memory_u64(python->pid, type + CPYTHON_TYPE_BASIC_SIZE);
	if (count > BASES_MAX || memory_read(python->pid, order + python->row.tuple.ob_item, bases,
					     count * sizeof(bases[0])))
		return;
	for (i = 0; i < count; i++)
		info->kinds |= own_kinds(python, bases[i]);
}

const struct lp_wait_type *cpython_wait_type(struct lp_waits *waits, uint64_t type)
{
	static const struct lp_wait_type unknown = { .name = "" };
	uint64_t *known = map_get(&waits->types, type);
	struct lp_wait_type *info;

	if (known)
		return (const struct lp_wait_type *)(uintptr_t)*known;
	info = type ? task_arena_take(waits->arena, sizeof(*info)) : NULL;
	if (!info || !map_put(&waits->types, type, (uintptr_t)info))
		return &unknown;
	info->name = "";
	read_type(waits, type, info);
	return info;
}

const struct lp_wait_type *cpython_wait_type_of(struct lp_waits *waits, uint64_t object)
{
	uint64_t type = object ? memory_u64(waits->python->pid, object + CPYTHON_OBJECT_TYPE) : 0;

	return cpython_wait_type(waits, type);
}

bool cpython_wait_has_type(struct lp_waits *waits, uint64_t object)
{
	pid_t pid = waits->python->pid;
	uint64_t type = object ? memory_u64(pid, object + CPYTHON_OBJECT_TYPE) : 0;

	return type && memory_u64(pid, type + CPYTHON_TYPE_FLAGS) & CPYTHON_TYPE_FLAG_READY;
}

uint64_t cpython_wait_attribute(struct lp_waits *waits, uint64_t object, const char *name,
				unsigned int kinds)
{
	uint64_t value = cpython_instance_get(waits->python, object, name);

	if (!value || !kinds || cpython_wait_type_of(waits, value)->kinds & kinds)
		return value;
	return 0;
}

bool cpython_wait_number(struct lp_waits *waits, uint64_t object, const char *name, uint64_t *value)
{
	uint64_t number = cpython_instance_get(waits->python, object, name);

	return number && !cpython_int(waits->python, number, value);
}

/* PyLongObject: ob_size up to 3.11, then lv_tag; see cpython_int. */
bool cpython_wait_true(struct lp_waits *waits, uint64_t object)
{
	uint64_t head = object ? memory_u64(waits->python->pid, object + OBJECT_LENGTH) : 0;

	return waits->python->row.integer.lv_tag ? head >> 3 != 0 : head != 0;
}

bool cpython_wait_seconds(struct lp_waits *waits, uint64_t object, double *seconds)
{
	uint64_t whole;

	if (!object)
		return false;
	if (cpython_wait_type_of(waits, object)->kinds & LP_WAIT_FLOAT) {
		if (memory_read(waits->python->pid, object + FLOAT_VALUE, seconds,
				sizeof(*seconds)))
			return false;
	} else {
		if (cpython_int(waits->python, object, &whole))
			return false;
		*seconds = (double)whole;
	}
	return *seconds >= 0 && *seconds < SECONDS_MAX; /* and not NaN */
}

/*
 * Lib/asyncio/events.py: TimerHandle.__slots__ are _scheduled and _when.  Slots are in
 * alphabetical order (Objects/typeobject.c: type_new), so that the last one is _when.
 */
bool cpython_wait_when(struct lp_waits *waits, uint64_t handle, double *when)
{
	const struct lp_wait_type *type = cpython_wait_type_of(waits, handle);

	if (!(type->kinds & LP_WAIT_TIMER) || type->size < 32 || type->size > 256)
		return false;
	return cpython_wait_seconds(
		waits, memory_u64(waits->python->pid, handle + type->size - sizeof(uint64_t)),
		when);
}

bool cpython_wait_length(struct lp_waits *waits, uint64_t object, uint64_t *length)
{
	unsigned int kinds = cpython_wait_type_of(waits, object)->kinds;
	uint64_t at = kinds & LP_WAIT_SET ? SET_USED : OBJECT_LENGTH;

	if (!(kinds & (LP_WAIT_LIST | LP_WAIT_TUPLE | LP_WAIT_DEQUE | LP_WAIT_SET)) ||
	    memory_read(waits->python->pid, object + at, length, sizeof(*length)))
		return false;
	return *length <= INT64_MAX;
}

/* The hash of dummy entries of a set, whose members were removed; no member has it. */
#define HASH_DUMMY UINT64_MAX

static bool set_members(struct lp_waits *waits, uint64_t set, uint64_t **members, size_t *count)
{
	const struct lp_cpython *python = waits->python;
	uint64_t mask = memory_u64(python->pid, set + SET_MASK), i, *entries;
	uint64_t table = memory_u64(python->pid, set + SET_TABLE);

	/* a set is at least a tenth full, unless much was removed */
	if (!table || mask > (uint64_t)MEMBERS_MAX * 10 || waits->members_left < mask)
		return false;
	waits->members_left -= mask;
	entries = malloc((mask + 1) * 2 * sizeof(*entries));
	if (!entries ||
	    memory_read(python->pid, table, entries, (mask + 1) * 2 * sizeof(*entries))) {
		free(entries);
		return false;
	}
	*count = 0;
	for (i = 0; i <= mask; i++)
		if (entries[i * 2] && entries[i * 2 + 1] != HASH_DUMMY)
			entries[(*count)++] = entries[i * 2];
	*members = entries;
	return true;
}

bool cpython_wait_members(struct lp_waits *waits, uint64_t object, uint64_t **members,
			  size_t *count)
{
	const struct lp_cpython *python = waits->python;
	unsigned int kinds = cpython_wait_type_of(waits, object)->kinds;
	uint64_t items = object + python->row.tuple.ob_item, length;

	*members = NULL;
	if (kinds & LP_WAIT_SET)
		return set_members(waits, object, members, count);
	if (!(kinds & (LP_WAIT_LIST | LP_WAIT_TUPLE)) ||
	    !cpython_wait_length(waits, object, &length) || length > MEMBERS_MAX ||
	    length > waits->members_left)
		return false;
	waits->members_left -= length;
	if (kinds & LP_WAIT_LIST)
		items = memory_u64(python->pid, object + LIST_ITEMS);
	*count = length;
	*members = malloc((length + 1) * sizeof(**members));
	if (*members &&
	    (!length || !memory_read(python->pid, items, *members, length * sizeof(**members))))
		return true;
	free(*members);
	*members = NULL;
	return false;
}
