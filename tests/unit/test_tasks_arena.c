// SPDX-License-Identifier: BSD-2-Clause
/* The memory that holds the tasks of a process, and the cache through which they are read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/task_list.h"
#include "process/memory.h"

#define PAGE 4096
#define PAGES 64
#define CACHE_BYTES (1 << 20)

static void what_is_taken_is_zeroed_and_aligned(void **state)
{
	struct lp_task_arena *arena = task_arena_new();
	size_t sizes[] = { 1, 7, 8, 9, 4096, 20000, 65536, 65537, 1 << 20, 3 }, i, j;

	(void)state;
	assert_non_null(arena);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *taken = task_arena_take(arena, sizes[i]);

		assert_non_null(taken);
		assert_int_equal((uintptr_t)taken % 8, 0);
		for (j = 0; j < sizes[i]; j++)
			assert_int_equal(taken[j], 0);
		memset(taken, 0xff, sizes[i]);
	}
	task_arena_free(arena);
}

static void there_is_a_limit(void **state)
{
	struct lp_task_arena *arena = task_arena_new();

	(void)state;
	assert_null(task_arena_take(arena, SIZE_MAX));
	assert_null(task_arena_take(arena, SIZE_MAX - 7));
	assert_null(task_arena_take(arena, 1UL << 40));
	assert_non_null(task_arena_take(arena, 16));
	task_arena_free(arena);
}

static void the_same_text_is_retained_once(void **state)
{
	struct lp_task_arena *arena = task_arena_new();
	const char *first[5000];
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "Task-%zu", i);
		first[i] = task_arena_text(arena, text);
		assert_string_equal(first[i], text);
	}
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "Task-%zu", i);
		assert_ptr_equal(task_arena_text(arena, text), first[i]);
	}
	task_arena_free(arena);
}

static void text_is_made_safe_to_show(void **state)
{
	struct lp_task_arena *arena = task_arena_new();
	char longer[5000];
	const char *retained;

	(void)state;
	assert_string_equal(task_arena_text(arena, ""), "");
	assert_string_equal(task_arena_text(arena, "a\033[31mb"), "a?[31mb");
	assert_ptr_equal(task_arena_text(arena, "a\033[31mb"), task_arena_text(arena, "a?[31mb"));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	retained = task_arena_text(arena, longer);
	assert_in_range(strlen(retained), 100, sizeof(longer) - 1);
	assert_ptr_equal(task_arena_text(arena, longer), retained);
	task_arena_free(arena);
}

static void a_list_is_freed_whole(void **state)
{
	struct lp_task_list list = { 0 };

	(void)state;
	task_list_free(&list);
	list.arena = task_arena_new();
	list.tasks = calloc(3, sizeof(*list.tasks));
	list.loops = calloc(2, sizeof(*list.loops));
	list.count = 3;
	list.tasks[0].name = task_arena_text(list.arena, "Task-1");
	task_list_free(&list);
	assert_null(list.tasks);
	assert_int_equal(list.count, 0);
	task_arena_free(NULL);
}

/* Memory of this process, of which page 5 cannot be read. */
static uint8_t *map_pages(void)
{
	uint8_t *pages = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	assert_ptr_not_equal(pages, MAP_FAILED);
	for (i = 0; i < (size_t)PAGES * PAGE; i++)
		pages[i] = (uint8_t)(i * 31 + i / PAGE);
	assert_int_equal(munmap(pages + (size_t)5 * PAGE, PAGE), 0);
	return pages;
}

static void unmap_pages(uint8_t *pages)
{
	munmap(pages, (size_t)PAGES * PAGE);
}

static bool in_hole(size_t at, size_t size)
{
	return at < (size_t)6 * PAGE && at + size > (size_t)5 * PAGE;
}

static void cached_reads_say_what_others_say(void **state)
{
	uint8_t *pages = map_pages(), *buffer = malloc((size_t)PAGES * PAGE);
	size_t i;

	(void)state;
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	srandom(1);
	for (i = 0; i < 20000; i++) {
		size_t at = (size_t)random() % ((size_t)PAGES * PAGE);
		size_t most = (size_t)PAGES * PAGE - at, size;
		int err;

		size = (size_t)random() % (i % 10 ? 64 : 20000);
		if (size > most)
			size = most;
		err = memory_read(getpid(), (uint64_t)(uintptr_t)(pages + at), buffer, size);
		if (size && in_hole(at, size)) {
			assert_int_equal(err, -EFAULT);
		} else {
			assert_int_equal(err, 0);
			assert_memory_equal(buffer, pages + at, size);
		}
	}
	memory_cache_close();
	free(buffer);
	unmap_pages(pages);
}

static void what_was_read_stays_until_it_is_flushed(void **state)
{
	uint8_t *pages = map_pages();
	uint64_t address = (uint64_t)(uintptr_t)pages, before = memory_u64(getpid(), address);

	(void)state;
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	assert_int_equal(memory_u64(getpid(), address), before);
	pages[0]++;
	assert_int_equal(memory_u64(getpid(), address), before);
	memory_cache_flush();
	assert_int_equal(memory_u64(getpid(), address), before + 1);
	pages[0]++;
	memory_cache_close();
	assert_int_equal(memory_u64(getpid(), address), before + 2);
	/* closing or flushing a cache that is not open has no effect */
	memory_cache_flush();
	memory_cache_close();
	unmap_pages(pages);
}

/* Reads two words, of which one may change before the record is compared. */
static bool two_words_hold(struct lp_memory_record *record, uint8_t *pages, bool change)
{
	memory_record_begin(record, getpid());
	memory_u64(getpid(), (uint64_t)(uintptr_t)pages);
	memory_u64(getpid(), (uint64_t)(uintptr_t)pages + 9 * PAGE);
	if (change)
		pages[9 * PAGE]++;
	return memory_record_holds();
}

static void a_record_of_values_that_have_changed_does_not_hold(void **state)
{
	struct lp_memory_record *record = malloc(sizeof(*record));
	uint8_t *pages = map_pages();
	size_t i;

	(void)state;
	assert_true(two_words_hold(record, pages, false));
	assert_false(two_words_hold(record, pages, true));
	/* a cache has the old value, until it is emptied */
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	assert_true(two_words_hold(record, pages, false));
	pages[9 * PAGE]++;
	assert_false(two_words_hold(record, pages, false));
	memory_cache_flush();
	assert_true(two_words_hold(record, pages, false));
	memory_cache_close();
	/* more reads than are recorded */
	memory_record_begin(record, getpid());
	for (i = 0; i <= LP_RECORDED_READS; i++)
		memory_u64(getpid(), (uint64_t)(uintptr_t)pages);
	assert_false(memory_record_holds());
	free(record);
	unmap_pages(pages);
}

static void addresses_that_no_process_has_are_refused(void **state)
{
	uint8_t buffer[64];

	(void)state;
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	assert_int_equal(memory_read(getpid(), 0, buffer, 8), -EFAULT);
	assert_int_equal(memory_read(getpid(), UINT64_MAX - 3, buffer, 8), -EFAULT);
	assert_int_equal(memory_read(getpid(), UINT64_MAX - 64, buffer, 64), -EFAULT);
	assert_int_equal(memory_u64(getpid(), UINT64_MAX), 0);
	memory_cache_close();
}

static void many_pieces_are_read_up_to_the_first_that_cannot_be(void **state)
{
	enum { PIECES = 100, SIZE = 24 };
	uint8_t *pages = map_pages(), *pieces = malloc((size_t)PIECES * SIZE);
	uint64_t addresses[PIECES];
	size_t i, cached;

	(void)state;
	assert_non_null(pieces);
	for (i = 0; i < PIECES; i++)
		addresses[i] = (uint64_t)(uintptr_t)(pages + i * 37);
	for (cached = 0; cached < 2; cached++) {
		memset(pieces, 0, (size_t)PIECES * SIZE);
		assert_int_equal(memory_read_many(getpid(), addresses, PIECES, pieces, SIZE),
				 PIECES);
		for (i = 0; i < PIECES; i++)
			assert_memory_equal(pieces + i * SIZE, pages + i * 37, SIZE);
		assert_int_equal(memory_read_many(getpid(), addresses, 0, pieces, SIZE), 0);
		/* half of the value is in the unreadable page */
		addresses[70] = (uint64_t)(uintptr_t)(pages + (size_t)5 * PAGE - SIZE / 2);
		assert_int_equal(memory_read_many(getpid(), addresses, PIECES, pieces, SIZE), 70);
		addresses[0] = 0;
		assert_int_equal(memory_read_many(getpid(), addresses, PIECES, pieces, SIZE), 0);
		addresses[0] = (uint64_t)(uintptr_t)pages;
		addresses[70] = (uint64_t)(uintptr_t)(pages + (size_t)70 * 37);
		assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	}
	memory_cache_close();
	free(pieces);
	unmap_pages(pages);
}

static uint64_t read_once(uint64_t address)
{
	uint64_t value;

	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	value = memory_u64(getpid(), address);
	memory_cache_close();
	return value;
}

static void a_snapshot_is_of_one_instant(void **state)
{
	uint8_t *pages = map_pages();
	uint64_t first = (uint64_t)(uintptr_t)pages, second = first + 3 * PAGES;

	(void)state;
	memcpy(pages, &first, sizeof(first));
	assert_int_equal(memory_snapshot_begin(getpid(), CACHE_BYTES), 0);
	assert_int_equal(read_once(first), first);
	memcpy(pages, &second, sizeof(second));
	memory_snapshot_take();
	memset(pages, 0, sizeof(first));
	assert_int_equal(read_once(first), second);
	/* a flush has no effect, as it would mix two moments */
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	memory_cache_flush();
	assert_int_equal(memory_u64(getpid(), first), second);
	memory_cache_close();
	assert_int_equal(memory_snapshot_missed(), 0);
	/* without a cache, the current memory is read */
	assert_int_equal(memory_u64(getpid(), first), 0);
	memory_snapshot_end();
	assert_int_equal(read_once(first), 0);
	unmap_pages(pages);
}

static void what_nobody_read_before_a_snapshot_is_counted(void **state)
{
	uint8_t *pages = map_pages();
	uint64_t address = (uint64_t)(uintptr_t)pages;

	(void)state;
	assert_int_equal(memory_snapshot_begin(getpid(), CACHE_BYTES), 0);
	memory_snapshot_take();
	memcpy(pages, &address, sizeof(address));
	assert_int_equal(read_once(address), address);
	assert_int_equal(memory_snapshot_missed(), 1);
	memory_snapshot_end();
	unmap_pages(pages);
}

static void count_release(void *context)
{
	++*(int *)context;
}

/* What is read while the process is still held is of the snapshot's instant; later reads are not. */
static void a_held_snapshot_is_released_in_time(void **state)
{
	struct lp_memory_record *record = malloc(sizeof(*record));
	uint8_t *pages = map_pages();
	uint64_t address = (uint64_t)(uintptr_t)pages;
	int released = 0;

	(void)state;
	assert_int_equal(memory_snapshot_begin(getpid(), CACHE_BYTES), 0);
	memory_snapshot_take();
	memory_snapshot_hold(UINT64_MAX, count_release, &released);
	memory_record_begin(record, getpid());
	read_once(address);
	assert_true(memory_record_holds());
	assert_int_equal(released, 0);
	memory_snapshot_hold(memory_time(), count_release, &released);
	memory_record_begin(record, getpid());
	read_once(address + 20 * PAGE);
	assert_false(memory_record_holds());
	assert_int_equal(released, 1);
	assert_int_equal(memory_snapshot_missed(), 1);
	memory_snapshot_end();
	assert_int_equal(released, 1);
	free(record);
	unmap_pages(pages);
}

/* The limit of a stop also holds while nothing is read through a cache, or nothing at all. */
static void a_held_snapshot_is_released_without_a_cache(void **state)
{
	uint8_t *pages = map_pages();
	uint64_t address = (uint64_t)(uintptr_t)pages, values[1];
	int released = 0;

	(void)state;
	assert_int_equal(memory_snapshot_begin(getpid(), CACHE_BYTES), 0);
	memory_snapshot_take();
	memory_snapshot_hold(UINT64_MAX, count_release, &released);
	memory_u64(getpid(), address);
	memory_snapshot_release_due();
	assert_int_equal(released, 0);
	assert_int_equal(memory_snapshot_missed(), 0);
	memory_snapshot_hold(memory_time(), count_release, &released);
	memory_u64(getpid(), address);
	assert_int_equal(released, 1);
	/* what is read of the process from now on is of a later instant */
	assert_int_equal(memory_snapshot_missed(), 1);
	memory_snapshot_hold(memory_time(), count_release, &released);
	assert_int_equal(memory_read_many(getpid(), &address, 1, values, sizeof(values)), 1);
	assert_int_equal(released, 2);
	assert_int_equal(memory_snapshot_missed(), 2);
	memory_snapshot_hold(memory_time(), count_release, &released);
	memory_snapshot_release_due();
	memory_snapshot_release_due();
	assert_int_equal(released, 3);
	memory_snapshot_end();
	unmap_pages(pages);
}

/* A block that is read again after a flush does not take the place of another one. */
static void blocks_read_before_a_flush_are_in_the_snapshot(void **state)
{
	uint8_t *pages = map_pages();
	/* in two blocks behind the hole; a cache of this size has one set, for four blocks */
	uint64_t first = (uint64_t)(uintptr_t)pages + (size_t)20 * PAGE,
		 second = first + (size_t)8 * PAGE;

	(void)state;
	assert_int_equal(memory_snapshot_begin(getpid(), (size_t)16 * PAGE), 0);
	assert_int_equal(memory_cache_open(getpid(), CACHE_BYTES), 0);
	memory_u64(getpid(), first);
	memory_u64(getpid(), second);
	memory_cache_flush();
	memory_u64(getpid(), second);
	memory_cache_close();
	memory_snapshot_take();
	read_once(first);
	read_once(second);
	assert_int_equal(memory_snapshot_missed(), 0);
	memory_snapshot_end();
	unmap_pages(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_zeroed_and_aligned),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(the_same_text_is_retained_once),
		cmocka_unit_test(text_is_made_safe_to_show),
		cmocka_unit_test(a_list_is_freed_whole),
		cmocka_unit_test(cached_reads_say_what_others_say),
		cmocka_unit_test(what_was_read_stays_until_it_is_flushed),
		cmocka_unit_test(a_record_of_values_that_have_changed_does_not_hold),
		cmocka_unit_test(a_snapshot_is_of_one_instant),
		cmocka_unit_test(what_nobody_read_before_a_snapshot_is_counted),
		cmocka_unit_test(a_held_snapshot_is_released_in_time),
		cmocka_unit_test(a_held_snapshot_is_released_without_a_cache),
		cmocka_unit_test(blocks_read_before_a_flush_are_in_the_snapshot),
		cmocka_unit_test(addresses_that_no_process_has_are_refused),
		cmocka_unit_test(many_pieces_are_read_up_to_the_first_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
