// SPDX-License-Identifier: BSD-2-Clause
/* Files of a target may have any contents, and may change while they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "elf/code_search.h"

#define SPARSE_BYTES 10000000000000ULL
#define STRINGS_AT 4096
#define SYMBOLS_AT 8192
#define ENOUGH_NS 2000000000ULL

__attribute__((noipa)) int lp_test_begins(int number)
{
	return number + 41;
}

/* More pointers than are read at once. */
#define POINTERS 2000
int (*lp_test_pointers[POINTERS])(int) = { [0 ... POINTERS - 1] = lp_test_begins };

/* A temporary file of the test. */
struct file {
	char path[64];
	int descriptor;
};

static int make_file(void **state)
{
	struct file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	snprintf(file->path, sizeof(file->path), "/tmp/test_elf_file.XXXXXX");
	file->descriptor = mkstemp(file->path);
	assert_true(file->descriptor >= 0);
	*state = file;
	return 0;
}

static int remove_file(void **state)
{
	struct file *file = *state;

	close(file->descriptor);
	unlink(file->path);
	free(file);
	return 0;
}

static void write_at(const struct file *file, uint64_t offset, const void *data, size_t size)
{
	assert_int_equal(pwrite(file->descriptor, data, size, (off_t)offset), size);
}

static Elf64_Ehdr plain_header(void)
{
	return (Elf64_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
			     .e_type = ET_DYN,
			     .e_machine = EM_X86_64,
			     .e_version = 1,
			     .e_ehsize = sizeof(Elf64_Ehdr),
			     .e_phoff = 64,
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_shoff = 1024,
			     .e_shentsize = sizeof(Elf64_Shdr) };
}

/* Writes a file with one segment that covers it, and symbols from SYMBOLS_AT to its end. */
static void write_sparse(const struct file *file, uint64_t bytes)
{
	Elf64_Ehdr header = plain_header();
	Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = bytes, .p_memsz = bytes
	};
	Elf64_Shdr sections[3] = { 0 };

	header.e_phnum = 1;
	header.e_shnum = 3;
	header.e_shstrndx = 2;
	sections[1] = (Elf64_Shdr){ .sh_type = SHT_DYNSYM,
				    .sh_flags = SHF_ALLOC,
				    .sh_offset = SYMBOLS_AT,
				    .sh_size = (bytes - SYMBOLS_AT) / 24 * 24,
				    .sh_link = 2,
				    .sh_entsize = 24 };
	sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = STRINGS_AT, .sh_size = 64 };
	assert_int_equal(ftruncate(file->descriptor, (off_t)bytes), 0);
	write_at(file, 0, &header, sizeof(header));
	write_at(file, 64, &segment, sizeof(segment));
	write_at(file, 1024, sections, sizeof(sections));
	write_at(file, STRINGS_AT, "\0.x\0_PyRuntime", 15);
}

static struct lp_elf *open_elf(const char *path)
{
	struct lp_elf *elf;

	assert_int_equal(elf_open_file(path, &elf), 0);
	return elf;
}

static void reports_where_functions_begin(void **state)
{
	struct lp_elf *elf = open_elf("/proc/self/exe");
	uint64_t begin = elf_symbol(elf, "lp_test_begins");

	(void)state;
	assert_true(begin);
	assert_true(elf_begins_function(elf, begin));
	assert_false(elf_begins_function(elf, begin + 1));
	assert_false(elf_begins_function(elf, 0));
	assert_false(elf_begins_function(elf, UINT64_MAX));
	/* an object is not a function */
	assert_false(elf_begins_function(elf, elf_symbol(elf, "stdout")));
	elf_close(elf);
}

static void pointers_are_read_before_they_are_relocated(void **state)
{
	struct lp_elf *elf = open_elf("/proc/self/exe");
	uint64_t begin = elf_symbol(elf, "lp_test_begins"), value;
	uint64_t table = elf_symbol(elf, "lp_test_pointers");
	size_t i;

	(void)state;
	for (i = 0; i < POINTERS; i++) {
		assert_int_equal(elf_pointer(elf, table + i * 8, &value), 0);
		assert_int_equal(value, begin);
	}
	/* no relocation covers this slot as a whole */
	assert_int_equal(elf_pointer(elf, table + 4, &value), 0);
	assert_int_not_equal(value, begin);
	assert_int_equal(elf_failure(elf), 0);
	elf_close(elf);
}

static void sections_are_found_by_name(void **state)
{
	struct lp_elf *elf = open_elf("/proc/self/exe");
	char text[16], large[65536];

	(void)state;
	assert_int_equal(elf_section(elf, ".interp", text, sizeof(text)), 0);
	assert_memory_equal(text, "/lib", 4);
	assert_int_equal(elf_section(elf, ".interp", large, sizeof(large)), -EINVAL);
	assert_int_equal(elf_section(elf, ".no such", text, sizeof(text)), -ENOENT);
	assert_true(elf_needs(elf, "libc"));
	assert_false(elf_needs(elf, "libpython"));
	elf_close(elf);
}

static void reports_which_file_it_is(void **state)
{
	struct lp_elf *elf = open_elf("/proc/self/exe");
	struct lp_file_identity identity, of_stat;
	struct stat status;

	(void)state;
	assert_int_equal(elf_identity(elf, &identity), 0);
	assert_int_equal(stat("/proc/self/exe", &status), 0);
	file_identity_take(&of_stat, &status);
	assert_true(file_identity_is(&identity, &of_stat));
	of_stat.changed.tv_nsec ^= 1;
	assert_false(file_identity_is(&identity, &of_stat));
	elf_close(elf);
}

static void a_file_that_shrinks_is_refused(void **state)
{
	const struct file *file = *state;
	struct lp_file_identity identity;
	struct lp_elf *elf;
	uint64_t value;
	uint8_t byte;

	write_sparse(file, 1 << 20);
	elf = open_elf(file->path);
	assert_int_equal(elf_bytes(elf, 1 << 16, &byte, 1), 1);
	assert_int_equal(ftruncate(file->descriptor, 4096), 0);
	assert_int_equal(elf_symbol(elf, "_PyRuntime"), 0);
	assert_int_equal(elf_failure(elf), -ESTALE);
	assert_string_equal(elf_error(elf, -ESTALE), "it was changed while it was read");
	assert_int_equal(elf_bytes(elf, 1 << 16, &byte, 1), 0);
	assert_int_equal(elf_bytes(elf, 16, &byte, 1), 0);
	assert_int_equal(elf_pointer(elf, 64, &value), -ENOENT);
	assert_int_equal(elf_identity(elf, &identity), -ESTALE);
	elf_close(elf);
}

static void a_file_without_end_is_refused(void **state)
{
	const struct file *file = *state;
	struct lp_elf *elf;

	write_sparse(file, SPARSE_BYTES);
	assert_int_equal(elf_open_file(file->path, &elf), -EFBIG);
	assert_null(elf);
	assert_non_null(strstr(elf_error(NULL, -EFBIG), "4 GiB"));
}

static void tables_and_searches_without_end_are_refused(void **state)
{
	const struct file *file = *state;
	uint64_t begin = clock_now(), uses[4];
	struct lp_elf *elf;

	write_sparse(file, 3ULL << 30);
	elf = open_elf(file->path);
	assert_int_equal(elf_symbol(elf, "_PyRuntime"), 0);
	assert_int_equal(elf_failure(elf), -EFBIG);
	assert_non_null(strstr(elf_error(elf, -EFBIG), "32 MiB"));
	elf_close(elf);
	elf = open_elf(file->path);
	assert_int_equal(code_string_uses(elf, "no such message", uses, 4), 0);
	assert_int_equal(elf_failure(elf), -EFBIG);
	assert_non_null(strstr(elf_error(elf, -EFBIG), "128 MiB"));
	elf_close(elf);
	assert_true(clock_now() - begin < ENOUGH_NS);
}

/* All searches in one file share a budget of work. */
static void lookups_have_a_budget(void **state)
{
	const struct file *file = *state;
	struct lp_elf *elf;
	int i;

	write_sparse(file, 30 << 20);
	elf = open_elf(file->path);
	for (i = 0; i < 1000 && !elf_failure(elf); i++)
		assert_false(elf_begins_function(elf, 0x1000 + (uint64_t)i));
	assert_int_equal(elf_failure(elf), -ETIME);
	assert_true(i < 20);
	elf_close(elf);
}

static void what_is_no_regular_file_is_not_opened(void **state)
{
	char path[80];
	struct lp_elf *elf;

	snprintf(path, sizeof(path), "%s.fifo", ((const struct file *)*state)->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	/* opening a FIFO for reading would wait for a writer */
	assert_int_equal(elf_open_file(path, &elf), -EMEDIUMTYPE);
	unlink(path);
	assert_int_equal(elf_open_file("/dev/zero", &elf), -EMEDIUMTYPE);
	assert_int_equal(elf_open_file("/tmp", &elf), -EMEDIUMTYPE);
	assert_int_equal(elf_open_file("/proc/self/status", &elf), -ENOEXEC);
	assert_int_equal(elf_open_file("/no/such/file", &elf), -ENOENT);
}

static void counts_over_the_limits_are_refused(void **state)
{
	const struct file *file = *state;
	Elf64_Ehdr header = plain_header();
	Elf64_Phdr segment = { .p_type = PT_LOAD, .p_filesz = 1 << 20 };
	struct lp_elf *elf;
	size_t i;

	assert_int_equal(ftruncate(file->descriptor, 16 << 20), 0);
	header.e_phnum = 60000;
	write_at(file, 0, &header, sizeof(header));
	assert_int_equal(elf_open_file(file->path, &elf), -EOVERFLOW);
	header.e_phnum = 100;
	for (i = 0; i < header.e_phnum; i++)
		write_at(file, 64 + i * sizeof(segment), &segment, sizeof(segment));
	write_at(file, 0, &header, sizeof(header));
	assert_int_equal(elf_open_file(file->path, &elf), -EOVERFLOW);
	header.e_phnum = 1;
	header.e_shnum = 60000;
	write_at(file, 0, &header, sizeof(header));
	assert_int_equal(elf_open_file(file->path, &elf), -EOVERFLOW);
}

/* Offsets that wrap around or point outside of the file are ignored. */
static void wild_numbers_are_ignored(void **state)
{
	static const uint64_t wild[] = { 1,	     0x7fffffff,     0x80000000,
					 0xffffffff, 1ULL << 47,     UINT64_MAX / 24 * 24,
					 INT64_MAX,  UINT64_MAX - 7, UINT64_MAX };
	const struct file *file = *state;
	uint64_t value, addresses[4];
	struct lp_elf *elf;
	size_t i, field;
	uint8_t byte;

	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		for (field = 0; field < 6; field++) {
			static const uint64_t fields[] = {
				64 + offsetof(Elf64_Phdr, p_offset),
				64 + offsetof(Elf64_Phdr, p_vaddr),
				64 + offsetof(Elf64_Phdr, p_filesz),
				1024 + 64 + offsetof(Elf64_Shdr, sh_offset),
				1024 + 64 + offsetof(Elf64_Shdr, sh_size),
				1024 + 128 + offsetof(Elf64_Shdr, sh_size),
			};

			write_sparse(file, 64 << 10);
			write_at(file, fields[field], &wild[i], sizeof(wild[i]));
			elf = open_elf(file->path);
			assert_int_equal(elf_symbol(elf, "_PyRuntime"), 0);
			assert_int_equal(elf_slots(elf, "_PyRuntime", addresses, 4), 0);
			assert_int_equal(elf_function_start(elf, wild[i]), 0);
			assert_int_not_equal(elf_pointer(elf, UINT64_MAX - 3, &value), 0);
			elf_bytes(elf, wild[i], &byte, 1);
			assert_int_equal(elf_failure(elf), 0);
			elf_close(elf);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_where_functions_begin),
		cmocka_unit_test(pointers_are_read_before_they_are_relocated),
		cmocka_unit_test(sections_are_found_by_name),
		cmocka_unit_test(reports_which_file_it_is),
		cmocka_unit_test_setup_teardown(a_file_that_shrinks_is_refused, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(a_file_without_end_is_refused, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(tables_and_searches_without_end_are_refused,
						make_file, remove_file),
		cmocka_unit_test_setup_teardown(lookups_have_a_budget, make_file, remove_file),
		cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_not_opened, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(counts_over_the_limits_are_refused, make_file,
						remove_file),
		cmocka_unit_test_setup_teardown(wild_numbers_are_ignored, make_file, remove_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
