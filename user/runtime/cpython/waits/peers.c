// SPDX-License-Identifier: BSD-2-Clause
/*
 * The connection of a future or an event for which a task waits in an installed package.  It is
 * that of the object that refers to the future: an object of the package, such as aiohttp's
 * DataQueue, is reached from the variables of the coroutine, and its transport from there.  If
 * several transports are at the same distance, none is reported, as it may be one that the future
 * does not belong to.
 */
#include "waits_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of a search; that for all tasks of a process is peer_steps_left. */
#define FRAMES_MAX 4 /* innermost coroutines that are not asyncio's */
#define LOCALS_MAX 32 /* variables of a coroutine */
#define OBJECTS_MAX 64
#define REFERENCES_MAX 128 /* of an object */
#define BODY_BYTES_MAX 512 /* of an object of a class with slots, or written in C */
#define BASES_MAX 16
#define OWNER_DEPTH 2 /* from a variable to the object that refers to the future */
#define TRANSPORT_DEPTH 3 /* from that object to the one that refers to the transport */

#define BODY_START 16 /* what follows PyObject */

/* An object that was reached, and the index of the one that refers to it. */
struct reached {
	uint64_t object;
	size_t from;
	unsigned int depth;
};

struct peer_search {
	struct lp_waits *waits;
	const char *package; /* objects of its classes are searched */
	uint64_t awaited;
	size_t count;
	struct reached objects[OBJECTS_MAX];
};

/* Returns the first parts of the modules of a type and its bases, as "|aiohttp|asyncio|". */
static const char *packages_of(struct lp_waits *waits, uint64_t type)
{
	const struct lp_cpython *python = waits->python;
	const char *known = map_pointer(&waits->peer_types, type);
	uint64_t order, bases[BASES_MAX];
	char text[256] = "|";
	size_t used = 1, length;
	ssize_t count, i;

	if (known)
		return known;
	order = memory_u64(python->pid, type + CPYTHON_TYPE_MRO);
	count = order ? cpython_tuple(python, order, bases, BASES_MAX) : 0;
	for (i = 0; i < count && i < BASES_MAX; i++) {
		const char *name = cpython_wait_type(waits, bases[i])->name;

		length = strcspn(name, ".");
		if (name[length] != '.' || used + length + 2 > sizeof(text))
			continue;
		memcpy(text + used, name, length);
		used += length;
		text[used++] = '|';
		text[used] = '\0';
	}
	known = task_arena_text(waits->arena, text);
	map_put(&waits->peer_types, type, (uintptr_t)known);
	return known;
}

/* Returns the type of what may be an object, or 0: words of a body may be anything. */
static uint64_t type_of(struct lp_waits *waits, uint64_t object)
{
	const struct lp_cpython *python = waits->python;
	uint64_t type;

	if (!waits->peer_steps_left || object % sizeof(uint64_t))
		return 0;
	waits->peer_steps_left--;
	type = object ? memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
	if (!type || type % sizeof(uint64_t) ||
	    !(memory_u64(python->pid, type + CPYTHON_TYPE_FLAGS) & CPYTHON_TYPE_FLAG_READY))
		return 0;
	return type;
}

static bool is_of_package(const struct peer_search *search, uint64_t object)
{
	uint64_t type = type_of(search->waits, object);
	char part[80];

	if (!type || cpython_wait_type(search->waits, type)->kinds)
		return false;
	snprintf(part, sizeof(part), "|%s|", search->package);
	return strstr(packages_of(search->waits, type), part) != NULL;
}

static void reach(struct peer_search *search, uint64_t object, size_t from, unsigned int depth)
{
	size_t i;

	for (i = 0; i < search->count; i++)
		if (search->objects[i].object == object)
			return;
	if (search->count < OBJECTS_MAX && is_of_package(search, object))
		search->objects[search->count++] = (struct reached){ object, from, depth };
}

/*
 * Reads what an object refers to: its attributes, and the words of its body, in which slots and
 * fields of classes in C are.
 */
static size_t references(const struct peer_search *search, uint64_t object, uint64_t *found)
{
	const struct lp_cpython *python = search->waits->python;
	size_t bytes = cpython_wait_type_of(search->waits, object)->size, count = 0;
	struct lp_pair *pairs;
	ssize_t pair_count = cpython_instance_pairs(python, object, &pairs), i;

	for (i = 0; i < pair_count && count < REFERENCES_MAX / 2; i++)
		found[count++] = pairs[i].value;
	free(pairs);
	if (bytes > BODY_BYTES_MAX)
		bytes = BODY_BYTES_MAX;
	if (bytes <= BODY_START)
		return count;
	bytes = (bytes - BODY_START) / sizeof(*found) * sizeof(*found);
	if (!memory_read(python->pid, object + BODY_START, found + count, bytes))
		count += bytes / sizeof(*found);
	return count;
}

/* Returns whether one of an object's references, or a value of a dict among them, is the future. */
static bool owns(const struct peer_search *search, const uint64_t *found, size_t count)
{
	struct lp_waits *waits = search->waits;
	struct lp_pair *pairs;
	ssize_t pair_count, j;
	bool is_owner = false;
	size_t i;

	for (i = 0; i < count; i++)
		if (found[i] == search->awaited)
			return true;
	for (i = 0; i < count && !is_owner; i++) {
		uint64_t type = type_of(waits, found[i]);

		if (!type || !(cpython_wait_type(waits, type)->kinds & LP_WAIT_DICT))
			continue;
		pair_count = cpython_dict_pairs(waits->python, found[i], &pairs);
		for (j = 0; j < pair_count && !is_owner; j++)
			is_owner = pairs[j].value == search->awaited;
		if (pair_count >= 0)
			free(pairs);
	}
	return is_owner;
}

/* Returns whether a type is that of a transport, whether or not it is closed. */
static bool is_transport(const struct lp_wait_type *type)
{
	static const char *const modules[] = { "asyncio.selector_events.", "asyncio.sslproto.",
					       "asyncio.unix_events." };
	size_t i;

	if (type->kinds & (LP_WAIT_UV_HANDLE | LP_WAIT_UV_TLS))
		return true;
	/* these modules have the loop's class too */
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		if (!strncmp(type->name, modules[i], strlen(modules[i])))
			return strstr(type->name, "Transport") != NULL;
	return false;
}

/* Returns the transport that a reference is, or that of a stream; 0: it is neither. */
static uint64_t transport_at(struct lp_waits *waits, uint64_t reference)
{
	static const char *const streams[] = { "asyncio.streams.StreamReader",
					       "asyncio.streams.StreamWriter" };
	uint64_t type = type_of(waits, reference);
	const struct lp_wait_type *info;
	size_t i;

	if (!type)
		return 0;
	info = cpython_wait_type(waits, type);
	for (i = 0; i < ARRAY_SIZE(streams); i++)
		if (!strcmp(info->name, streams[i])) {
			reference = cpython_instance_get(waits->python, reference, "_transport");
			info = cpython_wait_type_of(waits, reference);
			break;
		}
	return is_transport(info) ? reference : 0;
}

/*
 * Takes the transport among references.  False: there are several connections, of which one may
 * be closed.
 */
static bool take_transport(struct lp_waits *waits, const uint64_t *found, size_t count,
			   uint64_t *transport)
{
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t at = transport_at(waits, found[i]);

		if (at && *transport &&
		    cpython_wait_transport_descriptor(waits, at) !=
			    cpython_wait_transport_descriptor(waits, *transport))
			return false;
		if (at)
			*transport = at;
	}
	return true;
}

/* Returns the transport that is reached from an object over the fewest others, or 0. */
static uint64_t transport_near(const struct peer_search *search, uint64_t object,
			       unsigned int depth_max)
{
	struct peer_search nearby = { .waits = search->waits, .package = search->package };
	uint64_t found[REFERENCES_MAX], transport = 0;
	unsigned int depth = 0;
	size_t at, count, i;

	reach(&nearby, object, 0, 0);
	for (at = 0; at < nearby.count; at++) {
		if (nearby.objects[at].depth > depth && transport)
			break;
		depth = nearby.objects[at].depth;
		count = references(&nearby, nearby.objects[at].object, found);
		if (!take_transport(nearby.waits, found, count, &transport))
			return 0;
		for (i = 0; i < count && depth < depth_max && !transport; i++)
			reach(&nearby, found[i], at, depth + 1);
	}
	return transport;
}

/*
 * Returns the transport of an object that owns the future: its own, that of an object that refers
 * to it, or one in a variable of the coroutine beside it.  0: there is none, or it is not clear.
 */
static uint64_t transport_of_owner(const struct peer_search *search, size_t owner,
				   const uint64_t *locals)
{
	uint64_t transport = transport_near(search, search->objects[owner].object, TRANSPORT_DEPTH);

	while (!transport && search->objects[owner].depth) {
		owner = search->objects[owner].from;
		transport = transport_near(search, search->objects[owner].object, 0);
	}
	if (!transport && !take_transport(search->waits, locals, LOCALS_MAX, &transport))
		return 0;
	return transport;
}

/* Returns the transport of the future, by the variables of a coroutine, or 0. */
static uint64_t search_frame(struct peer_search *search, const struct lp_await_link *link)
{
	struct lp_waits *waits = search->waits;
	uint64_t found[REFERENCES_MAX], locals[LOCALS_MAX], transport = 0;
	size_t at, count, i;

	search->count = 0;
	for (i = 0; i < LOCALS_MAX; i++) {
		locals[i] = cpython_frame_local(waits->python, link, (unsigned int)i);
		reach(search, locals[i], 0, 0);
	}
	for (at = 0; at < search->count && !transport; at++) {
		count = references(search, search->objects[at].object, found);
		if (owns(search, found, count))
			transport = transport_of_owner(search, at, locals);
		for (i = 0; i < count && search->objects[at].depth < OWNER_DEPTH; i++)
			reach(search, found[i], at, search->objects[at].depth + 1);
	}
	return transport;
}

void cpython_wait_append_peer(struct lp_waiting *wait, uint64_t awaited)
{
	const struct lp_await_chain *chain = wait->chain;
	struct peer_search search = { .waits = wait->waits, .awaited = awaited };
	unsigned int frames = 0;
	uint64_t transport;
	size_t i;

	for (i = chain->count; awaited && i-- > 0 && frames < FRAMES_MAX;) {
		const struct lp_wait_code *code = cpython_wait_code(wait->waits, &chain->links[i]);

		/* what is further out waits for a coroutine of the program */
		if (code->of_program)
			return;
		if (!code->package)
			continue;
		frames++;
		search.package = code->package;
		transport = search_frame(&search, &chain->links[i]);
		if (transport) {
			cpython_wait_read_transport(wait, transport);
			return;
		}
	}
}
