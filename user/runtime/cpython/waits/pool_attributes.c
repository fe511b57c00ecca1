// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attributes of objects of libraries, and numbers that are computed from them: an expression has
 * terms that are added, or subtracted with "-", and alternatives with "|" between them, of which
 * the first one counts whose attributes are all there.  A term is a path, or a function of one:
 *
 *	a.b	its value; None is no limit
 *	#a.b	the number of its members; None has none
 *	+a.b	the number of members of all of its values, which are containers
 *	?a.b	the number of a's members whose attribute b is None
 *	!a.b	the number of those whose attribute b is another object
 *	^a.b	the largest number of members that a deque may have
 *	~a.b	its value; a negative one is no limit
 *	@a.b	its value; 0 is no limit
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"
#include "base/macros.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_STEPS_MAX 16
#define NAME_BYTES 64
#define BASES_MAX 64
#define SLOT_OFFSET_MAX (1 << 20)
#define ANY_MEMBERS 64 /* the most members that "*" tries */

/* The same in 3.8 to 3.15: PyMemberDescrObject, PyMemberDef, PyDictObject, dequeobject. */
#define DESCRIPTOR_MEMBER 40
#define MEMBER_OFFSET 16
#define DICT_USED 16
#define DEQUE_LENGTH 16
#define DEQUE_LEFT_BLOCK 24
#define DEQUE_LEFT_INDEX 40
#define DEQUE_MAXLEN 64
#define BLOCK_ITEMS 64
#define BLOCK_DATA 8
#define BLOCK_NEXT 520

/* Modules/_queuemodule.c: simplequeueobject, whose layout its size shows. */
static const struct {
	uint64_t size;
	bool ring; /* a ring of items, else a list and the index of its first item */
} simple_queues[] = {
	{ 56, false }, /* 3.8 to 3.12 */
	{ 72, true }, /* 3.13, 3.14 */
};

#define QUEUE_LIST 32
#define QUEUE_LIST_FIRST 40
#define QUEUE_RING_FIRST 32
#define QUEUE_RING_ITEMS 40
#define QUEUE_RING_CAPACITY 48
#define QUEUE_RING_COUNT 56

static bool is_class(struct lp_pools *pools, uint64_t object, const char *name)
{
	return !strcmp(cpython_wait_type_of(pools->waits, object)->name, name);
}

bool cpython_pool_is_none(struct lp_pools *pools, uint64_t object)
{
	return is_class(pools, object, "NoneType");
}

/* ---- attributes -------------------------------------------------------------- */

/* Returns the offset of a slot in the objects of a type; 0: it has no such slot. */
static uint64_t find_slot(struct lp_pools *pools, uint64_t type, const char *name)
{
	const struct lp_cpython *python = pools->python;
	uint64_t order = memory_u64(python->pid, type + CPYTHON_TYPE_MRO), bases[BASES_MAX];
	ssize_t count = order ? cpython_tuple(python, order, bases, BASES_MAX) : 0, i;

	for (i = 0; i < count && count <= BASES_MAX; i++) {
		uint64_t dict = memory_u64(python->pid, bases[i] + CPYTHON_TYPE_DICT), offset;
		uint64_t descriptor = 0, member;

		/* a type of C may have something else there */
		if (cpython_wait_type_of(pools->waits, dict)->kinds & LP_WAIT_DICT)
			descriptor = cpython_dict_get(python, dict, name);
		if (!descriptor)
			continue;
		if (!is_class(pools, descriptor, "member_descriptor"))
			return 0;
		member = memory_u64(python->pid, descriptor + DESCRIPTOR_MEMBER);
		offset = member ? memory_u64(python->pid, member + MEMBER_OFFSET) : 0;
		return offset < SLOT_OFFSET_MAX ? offset : 0;
	}
	return 0;
}

uint64_t cpython_pool_attribute(struct lp_pools *pools, uint64_t object, const char *name)
{
	uint64_t type = object ? memory_u64(pools->python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
	uint64_t found, key = LP_HASH_BASIS, offset;
	const uint64_t *known;
	const char *at;

	if (!type || !pools->objects_left)
		return 0;
	pools->objects_left--;
	found = cpython_instance_get(pools->python, object, name);
	if (found)
		return found;
	for (at = name; *at; at++)
		key = (key ^ (unsigned char)*at) * LP_HASH_PRIME;
	key = (key ^ type) * LP_HASH_PRIME;
	known = map_get(&pools->slots, key);
	offset = known ? *known - 1 : find_slot(pools, type, name);
	if (!known)
		map_put(&pools->slots, key, offset + 1);
	return offset ? memory_u64(pools->python->pid, object + offset) : 0;
}

/* ---- containers ---------------------------------------------------------------- */

static ssize_t deque_members(struct lp_pools *pools, uint64_t deque, uint64_t *members,
			     size_t capacity)
{
	pid_t pid = pools->python->pid;
	uint64_t length = memory_u64(pid, deque + DEQUE_LENGTH);
	uint64_t block = memory_u64(pid, deque + DEQUE_LEFT_BLOCK);
	uint64_t first = memory_u64(pid, deque + DEQUE_LEFT_INDEX);
	size_t count = 0, part;

	if (length > capacity)
		length = capacity;
	while (count < length) {
		if (!block || first >= BLOCK_ITEMS)
			return -EINVAL;
		part = BLOCK_ITEMS - first;
		if (part > length - count)
			part = length - count;
		if (memory_read(pid, block + BLOCK_DATA + first * 8, members + count, part * 8))
			return -EINVAL;
		count += part;
		first = 0;
		block = memory_u64(pid, block + BLOCK_NEXT);
	}
	return (ssize_t)count;
}

static ssize_t ring_members(struct lp_pools *pools, uint64_t queue, uint64_t *members,
			    size_t capacity)
{
	pid_t pid = pools->python->pid;
	uint64_t items = memory_u64(pid, queue + QUEUE_RING_ITEMS), i;
	uint64_t first = memory_u64(pid, queue + QUEUE_RING_FIRST);
	uint64_t ring = memory_u64(pid, queue + QUEUE_RING_CAPACITY);
	uint64_t count = memory_u64(pid, queue + QUEUE_RING_COUNT);

	if (count > ring || first >= ring)
		return -EINVAL;
	if (count > capacity)
		count = capacity;
	for (i = 0; i < count; i++)
		if (memory_read(pid, items + (first + i) % ring * 8, &members[i], 8))
			return -EINVAL;
	return (ssize_t)count;
}

static ssize_t list_members(struct lp_pools *pools, uint64_t list, uint64_t first,
			    uint64_t *members, size_t capacity)
{
	pid_t pid = pools->python->pid;
	uint64_t items = memory_u64(pid, list + CPYTHON_LIST_ITEMS);
	uint64_t length = memory_u64(pid, list + CPYTHON_LIST_LENGTH);

	if (first > length)
		return -EINVAL;
	length -= first;
	if (length > capacity)
		length = capacity;
	if (length && memory_read(pid, items + first * 8, members, length * 8))
		return -EINVAL;
	return (ssize_t)length;
}

/* Returns the layout of a queue: 1 for a ring, 0 for a list, negative if it is not known. */
static int queue_is_ring(struct lp_pools *pools, uint64_t queue)
{
	const struct lp_wait_type *type = cpython_wait_type_of(pools->waits, queue);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(simple_queues); i++)
		if (type->size == simple_queues[i].size)
			return simple_queues[i].ring;
	return -1;
}

static ssize_t queue_members(struct lp_pools *pools, uint64_t queue, uint64_t *members,
			     size_t capacity)
{
	int ring = queue_is_ring(pools, queue);
	uint64_t list;

	if (ring)
		return ring < 0 ? -EINVAL : ring_members(pools, queue, members, capacity);
	list = memory_u64(pools->python->pid, queue + QUEUE_LIST);
	if (!(cpython_wait_type_of(pools->waits, list)->kinds & LP_WAIT_LIST))
		return -EINVAL;
	return list_members(pools, list, memory_u64(pools->python->pid, queue + QUEUE_LIST_FIRST),
			    members, capacity);
}

static ssize_t dict_keys(struct lp_pools *pools, uint64_t dict, uint64_t *members, size_t capacity)
{
	struct lp_pair *pairs;
	ssize_t count = cpython_dict_pairs(pools->python, dict, &pairs), i;

	for (i = 0; i < count && (size_t)i < capacity; i++)
		members[i] = pairs[i].key;
	free(pairs);
	return count < 0 ? -EINVAL : i;
}

static ssize_t copy_members(struct lp_pools *pools, uint64_t object, uint64_t *members,
			    size_t capacity)
{
	uint64_t *all;
	size_t count;

	if (!cpython_wait_members(pools->waits, object, &all, &count))
		return -EINVAL;
	if (count > capacity)
		count = capacity;
	memcpy(members, all, count * sizeof(*members));
	free(all);
	return (ssize_t)count;
}

ssize_t cpython_pool_members(struct lp_pools *pools, uint64_t object, uint64_t **members)
{
	const struct lp_wait_type *type = cpython_wait_type_of(pools->waits, object);
	size_t capacity = CPYTHON_POOL_MEMBERS_MAX;
	ssize_t count = -EINVAL;

	*members = NULL;
	if (capacity > pools->members_left)
		capacity = pools->members_left;
	if (!object || !capacity)
		return -EINVAL;
	*members = malloc(capacity * sizeof(**members));
	if (!*members)
		return -EINVAL;
	if (type->kinds & LP_WAIT_DICT)
		count = dict_keys(pools, object, *members, capacity);
	else if (type->kinds & LP_WAIT_DEQUE)
		count = deque_members(pools, object, *members, capacity);
	else if (type->kinds & LP_WAIT_LIST)
		count = list_members(pools, object, 0, *members, capacity);
	else if (type->kinds & (LP_WAIT_TUPLE | LP_WAIT_SET))
		count = copy_members(pools, object, *members, capacity);
	else if (!strcmp(type->name, "_queue.SimpleQueue"))
		count = queue_members(pools, object, *members, capacity);
	if (count <= 0) {
		free(*members);
		*members = NULL;
		return count;
	}
	pools->members_left -= (size_t)count;
	return count;
}

/* Reads len() of a container.  False: it is none, or its layout is not known. */
static bool length_of(struct lp_pools *pools, uint64_t object, uint64_t *length)
{
	const struct lp_wait_type *type = cpython_wait_type_of(pools->waits, object);
	pid_t pid = pools->python->pid;
	uint64_t list, first;
	int ring;

	if (type->kinds & LP_WAIT_DICT)
		return !memory_read(pid, object + DICT_USED, length, sizeof(*length)) &&
		       *length <= INT32_MAX;
	if (strcmp(type->name, "_queue.SimpleQueue") != 0)
		return cpython_wait_length(pools->waits, object, length) && *length <= INT32_MAX;
	ring = queue_is_ring(pools, object);
	if (ring > 0)
		return !memory_read(pid, object + QUEUE_RING_COUNT, length, sizeof(*length)) &&
		       *length <= INT32_MAX;
	if (ring < 0)
		return false;
	list = memory_u64(pid, object + QUEUE_LIST);
	first = memory_u64(pid, object + QUEUE_LIST_FIRST);
	if (!cpython_wait_length(pools->waits, list, length) || first > *length)
		return false;
	*length -= first;
	return *length <= INT32_MAX;
}

/* ---- paths --------------------------------------------------------------------- */

static uint64_t follow_path(struct lp_pools *pools, uint64_t object, const char *path, int left);

static uint64_t follow_any(struct lp_pools *pools, uint64_t container, const char *rest, int left)
{
	uint64_t *members, found = 0;
	ssize_t count = cpython_pool_members(pools, container, &members), i;

	for (i = 0; i < count && i < ANY_MEMBERS && !found; i++)
		found = follow_path(pools, members[i], rest, left);
	free(members);
	return found;
}

static uint64_t follow_path(struct lp_pools *pools, uint64_t object, const char *path, int left)
{
	char name[NAME_BYTES];
	size_t length;

	while (object && *path) {
		length = strcspn(path, ".");
		if (!left-- || length >= sizeof(name))
			return 0;
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		path += *path == '.';
		if (!strcmp(name, "*"))
			return follow_any(pools, object, path, left);
		object = cpython_pool_attribute(pools, object, name);
	}
	return object && !cpython_pool_is_none(pools, object) ? object : 0;
}

uint64_t cpython_pool_path(struct lp_pools *pools, uint64_t object, const char *path)
{
	uint64_t found = 0;
	char text[256];
	size_t length;

	if (!*path)
		return object;
	while (*path && !found) {
		length = strcspn(path, "|");
		snprintf(text, sizeof(text), "%.*s", (int)length, path);
		found = follow_path(pools, object, text, PATH_STEPS_MAX);
		path += length;
		path += *path == '|';
	}
	return found;
}

/* ---- expressions ----------------------------------------------------------------- */

/* Follows a path to its last attribute, which may be None.  0: it is not there. */
static uint64_t value_at(struct lp_pools *pools, uint64_t object, const char *path)
{
	const char *last = strrchr(path, '.');
	char head[256];

	if (last) {
		snprintf(head, sizeof(head), "%.*s", (int)(last - path), path);
		object = cpython_pool_path(pools, object, head);
		path = last + 1;
	}
	return object ? cpython_pool_attribute(pools, object, path) : 0;
}

/* Reads an int, which may be negative, or a float. */
static bool read_number(struct lp_pools *pools, uint64_t object, int64_t *value, bool *unlimited)
{
	const struct lp_cpython *python = pools->python;
	uint64_t whole, type = memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE);
	uint32_t digit = 0;
	double number;

	if (cpython_pool_is_none(pools, object)) {
		*unlimited = true;
		return true;
	}
	if (!cpython_int(python, object, &whole)) {
		*value = whole > INT32_MAX ? 0 : (int64_t)whole;
		/* sys.maxsize and the like are written for no limit */
		*unlimited = *unlimited || whole > INT32_MAX;
		return true;
	}
	if (type == python->int_type) {
		if (memory_read(python->pid, object + python->row.integer.ob_digit, &digit,
				sizeof(digit)) ||
		    digit > INT32_MAX)
			return false;
		*value = -(int64_t)digit;
		return true;
	}
	if (!(cpython_wait_type_of(pools->waits, object)->kinds & LP_WAIT_FLOAT) ||
	    memory_read(python->pid, object + 16, &number, sizeof(number)) || isnan(number) ||
	    number < 0)
		return false;
	*unlimited = *unlimited || number > INT32_MAX;
	*value = number > INT32_MAX ? 0 : (int64_t)number;
	return true;
}

/* Counts the members of a.b whose attribute c is None, or is not. */
static bool count_members(struct lp_pools *pools, uint64_t object, const char *path, bool none,
			  int64_t *value)
{
	const char *last = strrchr(path, '.');
	uint64_t *members, attribute;
	char head[256];
	ssize_t count, i;

	if (!last)
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)(last - path), path);
	count = cpython_pool_members(pools, cpython_pool_path(pools, object, head), &members);
	*value = 0;
	for (i = 0; i < count; i++) {
		attribute = cpython_pool_attribute(pools, members[i], last + 1);
		if (!attribute)
			break;
		*value += cpython_pool_is_none(pools, attribute) == none;
	}
	free(members);
	return count >= 0 && i == count;
}

/* Adds the numbers of members of a dict's values. */
static bool sum_values(struct lp_pools *pools, uint64_t dict, int64_t *value)
{
	struct lp_pair *pairs;
	uint64_t length;
	ssize_t count, i;

	if (!(cpython_wait_type_of(pools->waits, dict)->kinds & LP_WAIT_DICT))
		return false;
	count = cpython_dict_pairs(pools->python, dict, &pairs);
	for (*value = 0, i = 0; i < count && i < CPYTHON_POOL_MEMBERS_MAX; i++) {
		if (!length_of(pools, pairs[i].value, &length))
			break;
		*value += (int64_t)length;
	}
	free(pairs);
	return count >= 0 && i == count;
}

static bool read_term(struct lp_pools *pools, uint64_t object, const char *term, int64_t *value,
		      bool *unlimited)
{
	char function = *term && strchr("#+?!^~@", *term) ? *term : '\0';
	uint64_t found, length;

	if (function == '?' || function == '!')
		return count_members(pools, object, term + 1, function == '?', value);
	found = value_at(pools, object, function ? term + 1 : term);
	if (!found)
		return false;
	*value = 0;
	if (!function || function == '~' || function == '@') {
		if (!read_number(pools, found, value, unlimited))
			return false;
		*unlimited = *unlimited || (function == '~' && *value < 0) ||
			     (function == '@' && !*value);
		return true;
	}
	if (cpython_pool_is_none(pools, found))
		return true;
	if (function == '+')
		return sum_values(pools, found, value);
	if (function == '^') {
		*value = (int64_t)memory_u64(pools->python->pid, found + DEQUE_MAXLEN);
		*unlimited = *unlimited || *value < 0 || *value > INT32_MAX;
		return (cpython_wait_type_of(pools->waits, found)->kinds & LP_WAIT_DEQUE) != 0;
	}
	if (!length_of(pools, found, &length))
		return false;
	*value = (int64_t)length;
	return true;
}

static uint64_t compute_alternative(struct lp_pools *pools, uint64_t object, char *text)
{
	int64_t sum = 0, value = 0;
	bool unlimited = false;
	char *term, *rest = NULL;

	for (term = strtok_r(text, " ", &rest); term; term = strtok_r(NULL, " ", &rest)) {
		bool minus = *term == '-';

		if (!read_term(pools, object, term + minus, &value, &unlimited))
			return LP_POOL_UNKNOWN;
		sum += minus ? -value : value;
	}
	if (unlimited)
		return LP_POOL_UNLIMITED;
	/* parts that were read at different instants */
	return sum < 0 ? LP_POOL_UNKNOWN : (uint64_t)sum;
}

uint64_t cpython_pool_compute(struct lp_pools *pools, uint64_t object, const char *expression)
{
	uint64_t value = LP_POOL_UNKNOWN;
	char text[256];
	size_t length;

	while (expression && *expression && value == LP_POOL_UNKNOWN) {
		length = strcspn(expression, "|");
		snprintf(text, sizeof(text), "%.*s", (int)length, expression);
		value = compute_alternative(pools, object, text);
		expression += length;
		expression += *expression == '|';
	}
	return value;
}
