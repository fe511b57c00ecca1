// SPDX-License-Identifier: BSD-2-Clause
/* The test reads its own mappings, which it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "process/mappings.h"

#define PAGE 4096
#define MANY 3000
#define DEPTH 15
#define NAME_BYTES 250
#define FILES 45000
#define SCRATCH_BYTES 128

/* Makes a file whose path is nearly as long as a path can be. */
static int deep_file(char directory[SCRATCH_BYTES])
{
	char name[NAME_BYTES + 1];
	int at, next, file, i;

	assert_int_equal(scratch_make(directory, SCRATCH_BYTES), 0);
	memset(name, 'd', NAME_BYTES);
	name[NAME_BYTES] = '\0';
	at = open(directory, O_PATH | O_DIRECTORY);
	for (i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(at, name, 0700), 0);
		next = openat(at, name, O_PATH | O_DIRECTORY);
		close(at);
		at = next;
	}
	file = openat(at, "the\nlibrary.so", O_RDWR | O_CREAT, 0600);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, PAGE), 0);
	close(at);
	return file;
}

static size_t count_of(const struct lp_mappings *mappings, const struct stat *status)
{
	size_t count = 0, i;

	for (i = 0; i < mappings->count; i++)
		count += mappings->items[i].inode == status->st_ino;
	return count;
}

static void assert_same(const struct lp_mappings *one, const struct lp_mappings *other)
{
	size_t i;

	assert_int_equal(one->count, other->count);
	for (i = 0; i < one->count; i++) {
		const struct lp_mapping *left = &one->items[i], *right = &other->items[i];

		assert_int_equal(left->start, right->start);
		assert_int_equal(left->end, right->end);
		assert_int_equal(left->offset, right->offset);
		assert_int_equal(left->device, right->device);
		assert_int_equal(left->inode, right->inode);
		assert_int_equal(left->executable, right->executable);
		assert_string_equal(left->path, right->path);
	}
}

static void both_ways_to_read_agree(void **state)
{
	struct lp_mappings asked, lines;
	const struct lp_mapping *mapping;
	char directory[SCRATCH_BYTES];
	int file = deep_file(directory);
	void *pages = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mappings_read(getpid(), &asked), 0);
	assert_int_equal(mappings_read_lines(getpid(), &lines), 0);
	mapping = mappings_find(&asked, (uintptr_t)pages);
	assert_non_null(mapping);
	assert_int_equal(strlen(mapping->path), LP_MAPPING_PATH_BYTES - 1);
	assert_string_equal(strrchr(mapping->path, '/'), "/the\nlibrary.so");
	mapping = mappings_find(&asked, (uintptr_t)both_ways_to_read_agree);
	assert_non_null(mapping);
	assert_true(mapping->executable);
	assert_null(mappings_find(&asked, (uintptr_t)&mapping));
	assert_null(mappings_find(&asked, 0));
	assert_null(mappings_find(&asked, UINT64_MAX));
	assert_same(&asked, &lines);
	mappings_free(&asked);
	mappings_free(&lines);
	munmap(pages, PAGE);
	close(file);
	assert_int_equal(scratch_remove(directory), 0);
}

static void a_name_is_retained_once(void **state)
{
	const char *path = NULL;
	struct lp_mappings mappings;
	struct stat status;
	char directory[SCRATCH_BYTES];
	int file = deep_file(directory);
	void *pages[MANY];
	size_t i;

	(void)state;
	assert_int_equal(fstat(file, &status), 0);
	for (i = 0; i < MANY; i++) {
		pages[i] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
		assert_ptr_not_equal(pages[i], MAP_FAILED);
	}
	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	assert_int_equal(count_of(&mappings, &status), MANY);
	for (i = 0; i < mappings.count; i++) {
		if (mappings.items[i].inode != status.st_ino)
			continue;
		if (!path)
			path = mappings.items[i].path;
		assert_ptr_equal(mappings.items[i].path, path);
	}
	mappings_free(&mappings);
	for (i = 0; i < MANY; i++)
		munmap(pages[i], PAGE);
	close(file);
	assert_int_equal(scratch_remove(directory), 0);
}

static void names_without_end_are_refused(void **state)
{
	struct lp_mappings mappings;
	void *pages[FILES];
	char name[NAME_BYTES];
	size_t i;
	int file;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 8] = '\0';
	for (i = 0; i < FILES; i++) {
		file = memfd_create(name, 0);
		assert_true(file >= 0);
		pages[i] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
		assert_ptr_not_equal(pages[i], MAP_FAILED);
		close(file);
	}
	assert_int_equal(mappings_read(getpid(), &mappings), -E2BIG);
	assert_int_equal(mappings.count, 0);
	assert_non_null(strstr(mappings_error(-E2BIG), "10 MiB"));
	/* a single address is found among them, however many there are */
	assert_int_equal(mappings_read_at(getpid(), (uintptr_t)pages[FILES / 2], &mappings), 0);
	assert_int_equal(mappings.count, 1);
	mappings_free(&mappings);
	for (i = 0; i < FILES; i++)
		munmap(pages[i], PAGE);
}

static void what_is_mapped_later_is_found(void **state)
{
	int file = memfd_create("later", 0);
	struct lp_mappings mappings;
	void *page;

	(void)state;
	mappings_cache_begin(getpid());
	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	assert_null(mappings_find(&mappings, (uintptr_t)page));
	mappings_free(&mappings);
	assert_int_equal(mappings_read_at(getpid(), (uintptr_t)page, &mappings), 0);
	assert_non_null(mappings_find(&mappings, (uintptr_t)page));
	mappings_free(&mappings);
	mappings_cache_end();
	assert_int_equal(mappings_read(getpid(), &mappings), 0);
	assert_non_null(mappings_find(&mappings, (uintptr_t)page));
	mappings_free(&mappings);
	munmap(page, PAGE);
	close(file);
}

static void the_file_at_an_address_is_located(void **state)
{
	int file = memfd_create("located", 0), opened;
	struct stat by_path, by_descriptor;
	char path[LP_MAPPING_PATH_MAX];
	struct lp_mapping mapping;
	char *page, *anonymous;

	(void)state;
	assert_int_equal(ftruncate(file, 2 * PAGE), 0);
	page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, PAGE);
	anonymous = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(
		mappings_locate(getpid(), (uintptr_t)page + 5, &mapping, path, sizeof(path)), 0);
	assert_int_equal(mapping.start, (uintptr_t)page);
	assert_int_equal(mapping.offset, PAGE);
	assert_false(mapping.executable);
	assert_null(mapping.path);
	opened = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(opened >= 0);
	assert_int_equal(fstat(opened, &by_path), 0);
	assert_int_equal(fstat(file, &by_descriptor), 0);
	assert_true(by_path.st_ino == by_descriptor.st_ino);
	close(opened);
	assert_int_equal(mappings_locate(getpid(), (uintptr_t)the_file_at_an_address_is_located,
					 &mapping, NULL, 0),
			 0);
	assert_true(mapping.executable);
	assert_int_equal(mappings_locate(getpid(), (uintptr_t)anonymous, &mapping, path,
					 sizeof(path)),
			 -ENOENT);
	munmap(page, PAGE);
	munmap(anonymous, PAGE);
	close(file);
}

static void one_reading_serves_all_who_ask(void **state)
{
	struct lp_mappings first, second, other;

	(void)state;
	mappings_cache_begin(getpid());
	assert_int_equal(mappings_read(getpid(), &first), 0);
	assert_int_equal(mappings_read(getpid(), &second), 0);
	assert_ptr_equal(first.items, second.items);
	assert_int_equal(mappings_read(getppid(), &other), 0);
	assert_ptr_not_equal(first.items, other.items);
	mappings_cache_end();
	/* a list that was handed out stays valid after the cache ends */
	assert_non_null(mappings_find(&second, (uintptr_t)one_reading_serves_all_who_ask));
	mappings_free(&first);
	mappings_free(&second);
	mappings_free(&other);
	assert_int_equal(mappings_read(-1, &first), -ENOENT);
}

static void code_is_read_up_to_the_space(void **state)
{
	struct lp_mappings mappings;
	size_t i;

	(void)state;
	assert_int_equal(mappings_read_code(getpid(), 1000, &mappings), 0);
	assert_true(mappings.count > 1);
	for (i = 0; i < mappings.count; i++)
		assert_true(mappings.items[i].executable);
	mappings_free(&mappings);
	assert_int_equal(mappings_read_code(getpid(), 1, &mappings), 0);
	assert_int_equal(mappings.count, 1);
	mappings_free(&mappings);
}

static void lines_are_parsed_or_passed_over(void **state)
{
	static const struct {
		int result;
		const char *line;
	} cases[] = {
		{ 0, "7f0a1000-7f0a2000 r-xp 00001000 fe:01 247702       /usr/lib/a b.so\n" },
		{ -ENOENT, "7f0a1000-7f0a2000 rw-p 00000000 00:00 0 \n" },
		{ -ENOENT, "7f0a1000-7f0a2000 rw-p 00000000 00:00 0          [heap]\n" },
		{ -ENOENT, "7f0a1000-7f0a2000 rw-p 00000000 00:01 7 [anon_shmem:x]" },
		{ -EINVAL, "" },
		{ -EINVAL, "-7f0a2000 r-xp 0 0:0 1 /a" },
		{ -EINVAL, "7f0a1000-7f0a2000" },
		{ -EINVAL, "7f0a1000-7f0a2000 r" },
		{ -EINVAL, "7f0a1000-7f0a2000 r-xp" },
		{ -EINVAL, "7f0a1000-7f0a2000 r-xp 1000 fe:1" },
		{ -EINVAL, "7f0a1000-7f0a2000 r-xp 1000 1ffffffff:1 5 /a" },
		{ -EINVAL, "17f0a10007f0a2000-7f0a2000 r-xp 1000 1:1 5 /a" },
		{ -EINVAL, "7f0a1000-7f0a2000 r-xp +1000 1:1 5 /a" },
	};
	struct lp_mapping mapping;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(mapping_parse(line, &mapping), cases[i].result);
		if (cases[i].result)
			continue;
		assert_int_equal(mapping.start, 0x7f0a1000);
		assert_int_equal(mapping.end, 0x7f0a2000);
		assert_int_equal(mapping.offset, 0x1000);
		assert_int_equal(mapping.inode, 247702);
		assert_true(mapping.executable);
		assert_string_equal(mapping.path, "/usr/lib/a b.so");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_to_read_agree),
		cmocka_unit_test(a_name_is_retained_once),
		cmocka_unit_test(names_without_end_are_refused),
		cmocka_unit_test(what_is_mapped_later_is_found),
		cmocka_unit_test(the_file_at_an_address_is_located),
		cmocka_unit_test(one_reading_serves_all_who_ask),
		cmocka_unit_test(code_is_read_up_to_the_space),
		cmocka_unit_test(lines_are_parsed_or_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
