// SPDX-License-Identifier: BSD-2-Clause
#include "name_query.h"

#include "base/macros.h"
#include "base/text.h"
#include "mappings.h"
#include "memory.h"
#include "thread_call.h"

#include <string.h>
#include <sys/syscall.h>

/* A resolver keeps its query within so many bytes of the stack. */
#define STACK_BYTES 16384
/* The struct pollfd of a call to poll() is a variable of the caller, so near the stack pointer. */
#define FRAME_BYTES 2048
#define PAGE_BYTES 4096
/* The most mappings of code that are read. */
#define CODES_MAX 4096

#define HEADER_BYTES 12
#define LABEL_BYTES_MAX 63
#define TYPE_A 1
#define TYPE_PTR 12
#define TYPE_AAAA 28
#define CLASS_INTERNET 1

/* The beginnings of the file names of C libraries, and of the parts of them that resolve names. */
static const char *const libraries[] = { "libc.so.", "libc-2.", "libresolv", "ld-musl-",
					 "libc.musl-" };

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static unsigned int number_at(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

/* ---- a query ---- */

/* A query has one question, no answer, and perhaps one record with options. */
static bool is_header(const uint8_t *bytes)
{
	return bytes[2] == 1 && !(bytes[3] & ~0x30) && number_at(bytes + 4) == 1 &&
	       !number_at(bytes + 6) && !number_at(bytes + 8) && number_at(bytes + 10) <= 1;
}

static bool is_host_character(uint8_t character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9') || character == '-' || character == '_';
}

/* Copies a label with the dot after it. Returns the new length of the name; 0: it is no label. */
static size_t add_label(const uint8_t *label, size_t bytes, char *name, size_t length)
{
	size_t i;

	if (length + bytes + 1 >= LP_DNS_NAME_BYTES)
		return 0;
	for (i = 0; i < bytes; i++) {
		if (!is_host_character(label[i]))
			return 0;
		name[length++] = (char)label[i];
	}
	name[length++] = '.';
	return length;
}

/* Reads the name of the query at the beginning of the bytes. False: there is no query. */
static bool read_query(const uint8_t *bytes, size_t count, char name[LP_DNS_NAME_BYTES])
{
	size_t at = HEADER_BYTES, length = 0;
	unsigned int type;

	if (count < HEADER_BYTES || !is_header(bytes))
		return false;
	while (at < count && bytes[at]) {
		size_t label = bytes[at];

		if (label > LABEL_BYTES_MAX || at + 1 + label >= count)
			return false;
		length = add_label(bytes + at + 1, label, name, length);
		if (!length)
			return false;
		at += 1 + label;
	}
	/* the end of the name, its type and its class */
	if (!length || at + 5 > count)
		return false;
	name[length - 1] = '\0';
	type = number_at(bytes + at + 1);
	return (type == TYPE_A || type == TYPE_AAAA || type == TYPE_PTR) &&
	       number_at(bytes + at + 3) == CLASS_INTERNET;
}

/* Returns whether one of the variables is the address of the query. */
static bool is_pointed_to(const uint8_t *stack, size_t variables, uint64_t query)
{
	size_t i;

	for (i = 0; i + sizeof(uint64_t) <= variables; i += sizeof(uint64_t))
		if (word_at(stack + i) == query)
			return true;
	return false;
}

bool name_query_find(const uint8_t *stack, size_t bytes, uint64_t address, size_t variables,
		     char name[LP_DNS_NAME_BYTES])
{
	char other[LP_DNS_NAME_BYTES];
	bool found = false;
	size_t i;

	if (variables > bytes)
		return false;
	for (i = variables; i < bytes; i++) {
		if (!read_query(stack + i, bytes - i, other) ||
		    !is_pointed_to(stack, variables, address + i))
			continue;
		if (found && strcmp(name, other) != 0)
			return false;
		memcpy(name, other, sizeof(other));
		found = true;
	}
	return found;
}

/* ---- the thread ---- */

/* Reads the stack up to its end. Returns the number of bytes. */
static size_t read_stack(pid_t pid, uint64_t address, uint8_t *stack)
{
	size_t done = 0, part = PAGE_BYTES - address % PAGE_BYTES;

	while (done + part <= STACK_BYTES &&
	       !memory_read(pid, address + done, stack + done, part)) {
		done += part;
		part = PAGE_BYTES;
	}
	return done;
}

static bool is_library(const char *path)
{
	const char *name = text_base_name(path);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(libraries); i++)
		if (!strncmp(name, libraries[i], strlen(libraries[i])))
			return true;
	return false;
}

/*
 * Returns whether the C library itself made the call: the stack has at least one address of code
 * below the struct pollfd of the call, and all such addresses lie in the C library.  bytes: up to
 * that struct.
 */
static bool is_called_by_library(pid_t pid, const uint8_t *stack, size_t bytes)
{
	struct lp_mappings mappings;
	bool by_library = false;
	size_t i;

	if (mappings_read_code(pid, CODES_MAX, &mappings))
		return false;
	for (i = 0; i + sizeof(uint64_t) <= bytes; i += sizeof(uint64_t)) {
		const struct lp_mapping *code = mappings_find(&mappings, word_at(stack + i));

		if (!code || !code->executable)
			continue;
		by_library = is_library(code->path);
		if (!by_library)
			break;
	}
	mappings_free(&mappings);
	return by_library;
}

static bool is_same_call(const struct lp_thread_call *one, const struct lp_thread_call *other)
{
	return one->number == other->number && one->stack == other->stack &&
	       !memcmp(one->arguments, other->arguments, sizeof(one->arguments));
}

bool name_query_read(pid_t pid, pid_t tid, char name[LP_DNS_NAME_BYTES])
{
	struct lp_thread_call call, after;
	uint8_t stack[STACK_BYTES];
	uint64_t variables;
	size_t bytes;

	*name = '\0';
	if (!thread_call_read(pid, tid, &call) || call.number != SYS_poll ||
	    call.arguments[1] != 1 || call.arguments[0] <= call.stack)
		return false;
	variables = call.arguments[0] - call.stack;
	bytes = variables <= FRAME_BYTES ? read_stack(pid, call.stack, stack) : 0;
	if (bytes > variables && is_called_by_library(pid, stack, variables) &&
	    name_query_find(stack, bytes, call.stack, variables, name) &&
	    thread_call_read(pid, tid, &after) && is_same_call(&call, &after))
		return true;
	*name = '\0';
	return false;
}
