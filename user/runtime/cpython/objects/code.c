// SPDX-License-Identifier: BSD-2-Clause
#include "code.h"

#include "base/clocks.h"
#include "base/text.h"
#include "process/memory.h"
#include "runtime/cpython/layout/line_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CODES 512
/* The time in ns after which a program without a file is asked again, as it may just have begun. */
#define NO_FILE_NS NS_PER_S
/* Code objects that are read at once. */
#define STACK_PART 32
#define LINE_TABLE_MAX (1 << 20)
/* Longer tables are not cached, nor are those that exceed the sum: they are read each time. */
#define LINE_TABLE_CACHED_MAX (64 << 10)
#define LINE_TABLES_CACHED_MAX (1 << 20)

/* The most names in a tuple that are compared, and the bytes of each. */
#define NAMES_MAX 256
#define NAME_BYTES 64

/* The least instruction, of a frame that has not begun: f_lasti -1 in units of 3.10, two bytes. */
#define INSTRUCTION_FIRST (-2)

struct lp_code {
	uint64_t address;
	/*
	 * The object's beginning with zeroes for the fields that change.  It differs from that of
	 * a later code object at this address: since 3.12 in co_version, before in a pointer.
	 */
	uint8_t head[CPYTHON_CODE_BYTES];
	char function[sizeof(((struct lp_frame *)0)->function)];
	char file[sizeof(((struct lp_frame *)0)->file)];
	uint8_t *table; /* the line table; NULL: not cached */
	size_t table_size;
};

struct lp_code_cache {
	struct lp_code *slots[CODES];
	size_t table_bytes;
	bool program_has_file; /* see program_has_file(); false: not known yet, or it has none */
	uint64_t no_file_ns; /* CLOCK_MONOTONIC when it had none; 0: never */
};

struct lp_code_cache *cpython_codes_new(void)
{
	return calloc(1, sizeof(struct lp_code_cache));
}

static void drop_code(struct lp_code_cache *cache, struct lp_code **slot)
{
	struct lp_code *code = *slot;

	if (!code)
		return;
	if (code->table)
		cache->table_bytes -= code->table_size;
	free(code->table);
	free(code);
	*slot = NULL;
}

void cpython_codes_free(struct lp_code_cache *cache)
{
	size_t i;

	for (i = 0; cache && i < CODES; i++)
		drop_code(cache, &cache->slots[i]);
	free(cache);
}

static uint64_t field(const uint8_t *object, uint16_t offset)
{
	uint64_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

/*
 * Clears the fields of a head that change, so that the rest identifies the code object.
 * *alive: it was not freed.  Returns 0, or -EINVAL if it is no code object.
 *
 * A freed object is unchanged but for its first word, the link to the next free block: an
 * address in mmapped memory, or 0 (Objects/obmalloc.c: pymalloc_free).  A reference count
 * has 32 bits, also that of an immortal object; 3.14 has flags from bit 48 on.
 */
static int check_head(const struct lp_cpython *python, uint8_t *head, bool *alive)
{
	uint64_t references;

	if (!python->code_type || field(head, CPYTHON_OBJECT_TYPE) != python->code_type)
		return -EINVAL;
	references = field(head, 0);
	*alive = (uint32_t)references && !(references >> 32 & 0xffff);
	memset(head, 0, CPYTHON_OBJECT_TYPE);
	memset(head + python->row.code.mutable_at, 0, python->row.code.mutable_bytes);
	return 0;
}

static int read_head(const struct lp_cpython *python, uint64_t address, uint8_t *head, bool *alive)
{
	int err = memory_read(python->pid, address, head, CPYTHON_CODE_BYTES);

	return err ? err : check_head(python, head, alive);
}

/* Returns a copy of the line table, to be freed, or NULL if it cannot be read. */
static uint8_t *read_table(const struct lp_cpython *python, const uint8_t *head, size_t *size)
{
	uint64_t object = field(head, python->row.code.co_linetable), length;
	uint8_t *table;

	if (memory_read(python->pid, object + CPYTHON_BYTES_LENGTH, &length, sizeof(length)) ||
	    length > LINE_TABLE_MAX)
		return NULL;
	table = malloc(length + 1);
	if (table && memory_read(python->pid, object + CPYTHON_BYTES_DATA, table, length)) {
		free(table);
		return NULL;
	}
	*size = length;
	return table;
}

/* Reads the texts and the line table of a code object with a filled address and head. */
static int read_code(const struct lp_cpython *python, struct lp_code *code)
{
	const struct lp_cpython_row *row = &python->row;
	uint8_t again[CPYTHON_CODE_BYTES];
	bool alive;
	int err;

	err = cpython_string(python,
			     field(code->head, row->code.co_qualname != LP_NO_FIELD
						       ? row->code.co_qualname
						       : row->code.co_name),
			     code->function, sizeof(code->function));
	if (err)
		return err;
	err = cpython_string(python, field(code->head, row->code.co_filename), code->file,
			     sizeof(code->file));
	if (err)
		return err;
	code->table = read_table(python, code->head, &code->table_size);
	/* the texts are those of the object only if it is still at the address */
	err = read_head(python, code->address, again, &alive);
	if (!err && (!alive || memcmp(code->head, again, sizeof(again))))
		err = -EINVAL;
	if (err) {
		free(code->table);
		code->table = NULL;
	}
	return err;
}

static uint32_t find_line(const struct lp_cpython *python, const struct lp_code *code,
			  const uint8_t *table, size_t size, uint64_t instruction)
{
	int64_t at = (int64_t)instruction;
	uint32_t first_line;

	memcpy(&first_line, code->head + python->row.code.co_firstlineno, sizeof(first_line));
	return table && at >= INSTRUCTION_FIRST
		       ? cpython_line(python->row.code.line_table, table, size, first_line, at)
		       : 0;
}

/* Returns whether a frame is that of Handle._run; up to 3.10 its code object only has `_run`. */
static bool is_dispatch(const struct lp_frame *frame)
{
	const char *end = strstr(frame->file, "asyncio/events.py");

	return end && !end[strlen("asyncio/events.py")] &&
	       (!strcmp(frame->function, "_run") || !strcmp(frame->function, "Handle._run"));
}

/*
 * Returns whether a frame is that of asyncio.run(), or of Runner.run() from 3.11 on.  A loop that
 * is written in C has no frames of its own within it.
 */
static bool runs_loop(const struct lp_frame *frame)
{
	return text_ends_with(frame->file, "/asyncio/runners.py") &&
	       (!strcmp(frame->function, "run") || !strcmp(frame->function, "Runner.run"));
}

bool cpython_file_is_asyncio(const char *file)
{
	const char *end = strrchr(file, '/');
	size_t before = sizeof("/asyncio") - 1;

	/* asyncio has no folders below its own; others may have a folder of that name */
	return end && end >= file + before && !strncmp(end - before, "/asyncio", before);
}

void cpython_mark_frame(struct lp_frame *shown)
{
	shown->dispatches = is_dispatch(shown);
	shown->runs_loop = runs_loop(shown);
	shown->of_loop = cpython_file_is_asyncio(shown->file);
	/* 3.14 has the functions in _py_warnings.py */
	shown->warns = text_ends_with(shown->file, "/warnings.py") ||
		       text_ends_with(shown->file, "/_py_warnings.py");
}

/*
 * Returns whether the program was started from a file, and not by "python -c" or embedded. When a
 * script has ended while its threads still run, __main__ has no __file__ any more; its __loader__
 * is an object then. That of a program without a file is a class (BuiltinImporter) or None.
 */
static bool program_has_file(const struct lp_cpython *python)
{
	uint64_t loader;
	char type[16];

	if (cpython_module_attribute(python, "__main__", "__file__"))
		return true;
	loader = cpython_module_attribute(python, "__main__", "__loader__");
	return loader && !cpython_type_name(python, loader, type, sizeof(type)) &&
	       strcmp(type, "type") != 0 && strcmp(type, "NoneType") != 0;
}

/*
 * Returns whether code of this file was compiled by a library from a string, as the methods of a
 * dataclass are. Its file is "<string>", as that of a program which is run by "python -c".
 */
static bool is_generated(const struct lp_cpython *python, const char *file)
{
	struct lp_code_cache *cache = python->codes;
	uint64_t now_ns;

	if (strcmp(file, "<string>") != 0)
		return false;
	if (!cache)
		return program_has_file(python);
	if (cache->program_has_file)
		return true;
	now_ns = clock_now();
	if (cache->no_file_ns && now_ns - cache->no_file_ns < NO_FILE_NS)
		return false;
	cache->program_has_file = program_has_file(python);
	cache->no_file_ns = now_ns;
	return cache->program_has_file;
}

static void show(const struct lp_cpython *python, const struct lp_code *code, uint64_t instruction,
		 struct lp_frame *shown)
{
	uint32_t flags;

	memcpy(&flags, code->head + python->row.code.co_flags, sizeof(flags));
	memset(shown, 0, sizeof(*shown));
	shown->kind = LP_FRAME_PYTHON;
	shown->coroutine = flags & LP_CO_AWAITS;
	memcpy(shown->function, code->function, sizeof(shown->function));
	memcpy(shown->file, code->file, sizeof(shown->file));
	shown->generated = is_generated(python, shown->file);
	cpython_mark_frame(shown);
	if (code->table) {
		shown->line = find_line(python, code, code->table, code->table_size, instruction);
	} else {
		size_t size = 0;
		uint8_t *table = read_table(python, code->head, &size);

		shown->line = find_line(python, code, table, size, instruction);
		free(table);
	}
}

/* Replaces the slot's code object in the cache.  Takes over the line table of the new one. */
static void keep_code(struct lp_code_cache *cache, struct lp_code **slot, struct lp_code *code)
{
	struct lp_code *stored = malloc(sizeof(*stored));

	drop_code(cache, slot);
	if (!stored) {
		free(code->table);
		return;
	}
	if (code->table && (code->table_size > LINE_TABLE_CACHED_MAX ||
			    cache->table_bytes + code->table_size > LINE_TABLES_CACHED_MAX)) {
		free(code->table);
		code->table = NULL;
	}
	if (code->table)
		cache->table_bytes += code->table_size;
	*stored = *code;
	*slot = stored;
}

int cpython_frame(const struct lp_cpython *python, const struct lp_raw_frame *raw,
		  struct lp_raw_frame *frame)
{
	frame->code = raw->code & ~python->row.frame.tag_mask;
	if (python->row.code.co_code_adaptive == LP_NO_FIELD) {
		/* f_lasti, an int */
		int64_t last = (int32_t)raw->instruction;

		frame->instruction = (uint64_t)(last * python->row.bytecode.instruction_unit);
	} else {
		frame->instruction =
			raw->instruction - (frame->code + python->row.code.co_code_adaptive);
	}
	return frame->code ? 0 : -EINVAL;
}

/* Describes a frame by the cache or by the process.  The code's address and head are filled. */
static int describe(const struct lp_cpython *python, struct lp_code *code, bool alive,
		    uint64_t instruction, struct lp_frame *shown)
{
	struct lp_code **slot = NULL;
	int err;

	/* Fibonacci hashing, as objects are aligned to 16 bytes and often of one size */
	if (python->codes)
		slot = &python->codes->slots[code->address * 0x9e3779b97f4a7c15ULL >> 55];
	if (slot && *slot && (*slot)->address == code->address &&
	    !memcmp((*slot)->head, code->head, sizeof(code->head))) {
		show(python, *slot, instruction, shown);
		return 0;
	}
	err = alive ? read_code(python, code) : -EINVAL;
	if (err)
		return err;
	show(python, code, instruction, shown);
	if (slot)
		keep_code(python->codes, slot, code);
	else
		free(code->table);
	return 0;
}

int cpython_describe(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		     struct lp_frame *shown)
{
	return cpython_describe_stack(python, frame, 1, shown) ? 0 : -EINVAL;
}

static size_t describe_part(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			    size_t count, struct lp_frame *shown)
{
	uint8_t heads[STACK_PART][CPYTHON_CODE_BYTES];
	struct lp_raw_frame places[STACK_PART];
	uint64_t addresses[STACK_PART];
	size_t placed, readable, i;

	for (placed = 0; placed < count; placed++) {
		if (cpython_frame(python, &frames[placed], &places[placed]))
			break;
		addresses[placed] = places[placed].code;
	}
	readable = memory_read_many(python->pid, addresses, placed, heads, CPYTHON_CODE_BYTES);
	for (i = 0; i < placed && i < readable; i++) {
		struct lp_code code = { .address = places[i].code };
		bool alive = false;

		memcpy(code.head, heads[i], sizeof(code.head));
		if (check_head(python, code.head, &alive) ||
		    describe(python, &code, alive, places[i].instruction, &shown[i]))
			break;
	}
	return i;
}

size_t cpython_describe_stack(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			      size_t count, struct lp_frame *shown)
{
	size_t done = 0;

	while (done < count) {
		size_t part = count - done < STACK_PART ? count - done : STACK_PART;
		size_t described = describe_part(python, frames + done, part, shown + done);

		done += described;
		if (described < part)
			break;
	}
	return done;
}

int cpython_name_index(const struct lp_cpython *python, uint64_t tuple, const char *name)
{
	uint64_t names[NAMES_MAX];
	ssize_t count = tuple ? cpython_tuple(python, tuple, names, NAMES_MAX) : 0, i;
	char text[NAME_BYTES];

	for (i = 0; i < count && i < NAMES_MAX; i++)
		if (!cpython_string(python, names[i], text, sizeof(text)) && !strcmp(text, name))
			return (int)i;
	return -ENOENT;
}

uint16_t cpython_local_offset(const struct lp_cpython *python, uint64_t code, const char *name)
{
	const struct lp_cpython_row *row = &python->row;
	int index;

	if (!code)
		return LP_NO_FIELD;
	index = cpython_name_index(
		python, memory_u64(python->pid, code + row->code.co_localsplusnames), name);
	return index < 0 ? LP_NO_FIELD : (uint16_t)(row->frame.localsplus + index * 8);
}
