// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files are opened through /proc/PID/map_files: these are the files that the target has mapped,
 * whatever its mount namespace or root is, even if they were deleted. One image serves all
 * processes that have mapped the same file. The numbers of processes and images are fixed; the one
 * used least recently is replaced.
 */
#include "mapped_files.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/mappings.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 32
#define CODES_MAX 2048
#define PATH_BYTES 256 /* longer paths are truncated */
#define IMAGES_MAX 128 /* each holds a descriptor */
/* The mappings of a process are not read for more than 1/50 of the time. */
#define REFRESH_SHARE 50

#define VDSO "[vdso]"
#define DELETED " (deleted)"

struct image {
	struct lp_image image;
	uint64_t used; /* the turn that needed it last; 0: free */
	uint64_t serial;
};

/* A piece of code that a process has mapped. */
struct code {
	struct lp_mapping mapping;
	uint64_t checked; /* in which turn the image was looked up */
	struct image *image; /* NULL: it cannot be read */
};

struct mapped_program {
	pid_t pid;
	uint64_t used; /* 0: free */
	uint64_t refreshed_ns;
	uint64_t refresh_cost_ns;
	size_t count;
	struct code *codes; /* by address */
};

struct lp_mapped_files {
	uint64_t turn;
	uint64_t serial;
	struct mapped_program programs[PROGRAMS_MAX];
	struct image images[IMAGES_MAX];
	struct image vdso;
};

/* ---- images ------------------------------------------------------------------ */

/* This process's vDSO is the target's too: the kernel has one for all 64-bit processes. */
static void open_vdso(struct lp_mapped_files *programs)
{
	const Elf64_Ehdr *header = (const void *)getauxval(AT_SYSINFO_EHDR);

	/* its sections come last */
	if (header &&
	    !image_open_memory(&programs->vdso.image, header,
			       header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize))
		programs->vdso.serial = ++programs->serial;
}

static struct image *find_image(struct lp_mapped_files *programs, const struct stat *status)
{
	struct lp_file_identity identity;
	size_t i;

	file_identity_take(&identity, status);
	for (i = 0; i < IMAGES_MAX; i++)
		if (programs->images[i].used &&
		    file_identity_is(&programs->images[i].image.elf.identity, &identity))
			return &programs->images[i];
	return NULL;
}

/* Returns NULL if the stack at hand uses all of them. */
static struct image *reserve(struct lp_mapped_files *programs)
{
	struct image *least = &programs->images[0];
	size_t i;

	for (i = 1; i < IMAGES_MAX; i++)
		if (programs->images[i].used < least->used)
			least = &programs->images[i];
	if (least->used == programs->turn)
		return NULL;
	if (least->used)
		image_close(&least->image);
	least->used = 0;
	return least;
}

static struct image *open_image(struct lp_mapped_files *programs, const char *path)
{
	struct image *image;
	struct stat status;

	/* A device may be mapped, and opening it could have any effect. */
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	image = find_image(programs, &status);
	if (image)
		return image;
	image = reserve(programs);
	if (!image || image_open(&image->image, path))
		return NULL;
	image->serial = ++programs->serial;
	return image;
}

/* ---- processes --------------------------------------------------------------- */

static void program_clear(struct mapped_program *program)
{
	size_t i;

	for (i = 0; i < program->count; i++)
		free(program->codes[i].mapping.path);
	free(program->codes);
	program->codes = NULL;
	program->count = 0;
}

/* The path below the target's root, without what the kernel appends to it. */
static char *shown_path(const char *path, const char *root)
{
	char *shown = strndup(path, PATH_BYTES), *deleted;
	size_t length = strlen(root);

	if (length > 1 && !strncmp(path, root, length) && path[length] == '/') {
		free(shown);
		shown = strndup(path + length, PATH_BYTES);
	}
	if (!shown)
		return NULL;
	length = strlen(shown);
	deleted = length > strlen(DELETED) ? shown + length - strlen(DELETED) : NULL;
	if (deleted && !strcmp(deleted, DELETED))
		*deleted = '\0';
	return shown;
}

static void read_root(pid_t pid, char *root, size_t size)
{
	ssize_t length;
	char name[32];

	snprintf(name, sizeof(name), "/proc/%d/root", pid);
	length = readlink(name, root, size - 1);
	root[length > 0 ? length : 0] = '\0';
}

/* Address of the vDSO of a process; 0 if it has none. */
static uint64_t vdso_address(pid_t pid)
{
	Elf64_auxv_t entries[64];
	uint64_t address = 0;
	size_t count, i;
	char name[32];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/auxv", pid);
	file = fopen(name, "re");
	if (!file)
		return 0;
	count = fread(entries, sizeof(entries[0]), ARRAY_SIZE(entries), file);
	fclose(file);
	for (i = 0; i < count; i++)
		if (entries[i].a_type == AT_SYSINFO_EHDR)
			address = entries[i].a_un.a_val;
	return address;
}

static void add_code(struct mapped_program *program, const struct lp_mapping *mapping, char *path)
{
	struct code *code = &program->codes[program->count];

	if (!path)
		return;
	memset(code, 0, sizeof(*code));
	code->mapping = *mapping;
	code->mapping.path = path;
	program->count++;
}

static int compare_codes(const void *left, const void *right)
{
	const struct code *a = left, *b = right;

	return a->mapping.start < b->mapping.start ? -1 : a->mapping.start > b->mapping.start;
}

static void take_codes(const struct lp_mapped_files *programs, struct mapped_program *program,
		       const struct lp_mappings *mappings)
{
	struct lp_mapping vdso = { .start = vdso_address(program->pid) };
	char root[PATH_MAX];
	size_t i;

	program->codes = malloc(CODES_MAX * sizeof(*program->codes));
	if (!program->codes)
		return;
	read_root(program->pid, root, sizeof(root));
	vdso.end = vdso.start + programs->vdso.image.elf.bytes;
	if (vdso.start && programs->vdso.serial)
		add_code(program, &vdso, strdup(VDSO));
	for (i = 0; i < mappings->count && program->count < CODES_MAX; i++)
		add_code(program, &mappings->items[i], shown_path(mappings->items[i].path, root));
	qsort(program->codes, program->count, sizeof(*program->codes), compare_codes);
}

/* Reads the mappings of a process again, unless this has taken too much time lately. */
static bool program_refresh(const struct lp_mapped_files *programs, struct mapped_program *program)
{
	uint64_t begin = clock_now();
	struct lp_mappings mappings;

	if (program->refreshed_ns &&
	    begin - program->refreshed_ns < program->refresh_cost_ns * REFRESH_SHARE)
		return false;
	program_clear(program);
	if (!mappings_read_code(program->pid, CODES_MAX, &mappings)) {
		take_codes(programs, program, &mappings);
		mappings_free(&mappings);
	}
	program->refreshed_ns = clock_now();
	program->refresh_cost_ns = program->refreshed_ns - begin;
	return true;
}

static struct mapped_program *find_program(struct lp_mapped_files *programs, pid_t pid)
{
	struct mapped_program *program, *least = &programs->programs[0];
	size_t i;

	for (i = 0; i < PROGRAMS_MAX; i++) {
		program = &programs->programs[i];
		if (program->used && program->pid == pid) {
			program->used = programs->turn;
			return program;
		}
		if (program->used < least->used)
			least = program;
	}
	program_clear(least);
	memset(least, 0, sizeof(*least));
	least->pid = pid;
	least->used = programs->turn;
	program_refresh(programs, least);
	return least;
}

/* ---- addresses --------------------------------------------------------------- */

static struct code *find_code(const struct mapped_program *program, uint64_t address)
{
	size_t low = 0, high = program->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (program->codes[middle].mapping.start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= program->codes[low - 1].mapping.end)
		return NULL;
	return &program->codes[low - 1];
}

/* Looks the image up once a turn: another file may be mapped at the address by now. */
static void check_image(struct lp_mapped_files *programs, const struct mapped_program *program,
			struct code *code)
{
	char path[64];

	if (code->checked == programs->turn)
		return;
	code->checked = programs->turn;
	if (!strcmp(code->mapping.path, VDSO)) {
		code->image = &programs->vdso;
		return;
	}
	mapping_file_path(program->pid, &code->mapping, path, sizeof(path));
	code->image = open_image(programs, path);
	if (code->image)
		code->image->used = programs->turn;
}

static struct code *checked_code(struct lp_mapped_files *programs,
				 const struct mapped_program *program, uint64_t address)
{
	struct code *code = find_code(program, address);

	if (code)
		check_image(programs, program, code);
	return code;
}

void mapped_files_locate(struct lp_mapped_files *programs, pid_t pid, uint64_t address,
			 struct lp_location *location)
{
	struct mapped_program *program = find_program(programs, pid);
	struct code *code = checked_code(programs, program, address);

	memset(location, 0, sizeof(*location));
	location->path = "";
	if ((!code || !code->image) && program_refresh(programs, program))
		code = checked_code(programs, program, address);
	if (!code)
		return;
	location->path = code->mapping.path;
	if (!code->image ||
	    image_address(&code->image->image, address - code->mapping.start + code->mapping.offset,
			  &location->address))
		return;
	location->image = &code->image->image;
	location->serial = code->image->serial;
}

void mapped_files_begin(struct lp_mapped_files *programs)
{
	programs->turn++;
}

void mapped_files_forget(struct lp_mapped_files *programs, pid_t pid)
{
	size_t i;

	for (i = 0; i < PROGRAMS_MAX; i++) {
		struct mapped_program *program = &programs->programs[i];

		if (program->used && program->pid == pid) {
			program_clear(program);
			memset(program, 0, sizeof(*program));
		}
	}
}

struct lp_mapped_files *mapped_files_new(void)
{
	struct lp_mapped_files *programs = calloc(1, sizeof(*programs));

	if (programs)
		open_vdso(programs);
	return programs;
}

void mapped_files_free(struct lp_mapped_files *programs)
{
	size_t i;

	if (!programs)
		return;
	for (i = 0; i < PROGRAMS_MAX; i++)
		program_clear(&programs->programs[i]);
	for (i = 0; i < IMAGES_MAX; i++)
		if (programs->images[i].used)
			image_close(&programs->images[i].image);
	free(programs);
}
