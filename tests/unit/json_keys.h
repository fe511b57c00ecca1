/* SPDX-License-Identifier: BSD-2-Clause */
/* No JSON object has a key twice: readers take the first one, the last one, or none. */
#ifndef LP_TEST_JSON_KEYS_H
#define LP_TEST_JSON_KEYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define JSON_KEYS_MAX 128
#define JSON_DEPTH_MAX 16

struct json_keys {
	const char *keys[JSON_KEYS_MAX]; /* with their quotes */
	size_t lengths[JSON_KEYS_MAX];
	size_t count;
	bool object;
};

/* The position after the closing quote of the string that begins here. */
static inline const char *json_string_end(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

static inline void json_add_key(struct json_keys *level, const char *key, size_t length)
{
	size_t i;

	for (i = 0; i < level->count; i++)
		if (level->lengths[i] == length && !memcmp(level->keys[i], key, length))
			fail_msg("the key %.*s is there twice", (int)length, key);
	assert_true(level->count < JSON_KEYS_MAX);
	level->keys[level->count] = key;
	level->lengths[level->count++] = length;
}

/*
 * Fails if an object has a key twice.  The text is any number of JSON values, the last one may be
 * cut.
 */
static inline void expect_no_key_twice(const char *text)
{
	static struct json_keys levels[JSON_DEPTH_MAX];
	const char *at = text, *end;
	size_t depth = 0;

	while (*at) {
		switch (*at) {
		case '{':
		case '[':
			assert_true(++depth < JSON_DEPTH_MAX);
			levels[depth].count = 0;
			levels[depth].object = *at++ == '{';
			break;
		case '}':
		case ']':
			assert_true(depth > 0);
			depth--;
			at++;
			break;
		case '"':
			end = json_string_end(at);
			if (depth && levels[depth].object && *end == ':')
				json_add_key(&levels[depth], at, (size_t)(end - at));
			at = end;
			break;
		default:
			at++;
		}
	}
}

#endif /* LP_TEST_JSON_KEYS_H */
