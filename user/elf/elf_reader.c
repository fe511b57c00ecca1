// SPDX-License-Identifier: BSD-2-Clause
#include "elf_reader.h"

#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The largest real programs have some hundred MB, ten segments and a hundred sections. */
#define FILE_BYTES_MAX (4ULL << 30)
#define PROGRAM_HEADERS_MAX 256
#define SECTIONS_MAX 4096
#define SECTION_NAME_BYTES 64

/* Encodings of .eh_frame_hdr that linkers write; Linux Standard Base 5.0, 10.6.2 and 10.5.1. */
#define FRAMES_VERSION 1
#define ENCODING_FRAME_S32 0x1b /* relative to itself */
#define ENCODING_COUNT_U32 0x03
#define ENCODING_TABLE_S32 0x3b /* relative to the header */

struct frames_head {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
};

void file_identity_take(struct lp_file_identity *identity, const struct stat *status)
{
	identity->device = status->st_dev;
	identity->inode = status->st_ino;
	identity->bytes = (uint64_t)status->st_size;
	identity->modified = status->st_mtim;
	identity->changed = status->st_ctim;
}

static bool is_same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

bool file_identity_is(const struct lp_file_identity *one, const struct lp_file_identity *other)
{
	return one->device == other->device && one->inode == other->inode &&
	       one->bytes == other->bytes && is_same_time(&one->modified, &other->modified) &&
	       is_same_time(&one->changed, &other->changed);
}

bool elf_reader_is_current(const struct lp_elf_reader *reader)
{
	struct lp_file_identity now;
	struct stat status;

	if (reader->descriptor < 0)
		return reader->memory != NULL;
	if (fstat(reader->descriptor, &status))
		return false;
	file_identity_take(&now, &status);
	return file_identity_is(&now, &reader->identity);
}

/* ---- reading ------------------------------------------------------------------ */

bool elf_reader_read(const struct lp_elf_reader *reader, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;
	ssize_t count;

	if (offset > reader->bytes || size > reader->bytes - offset)
		return false;
	if (reader->descriptor < 0) {
		memcpy(buffer, reader->memory + offset, size);
		return true;
	}
	while (done < size) {
		count = pread(reader->descriptor, (char *)buffer + done, size - done,
			      (off_t)(offset + done));
		/* 0: the file has become shorter. */
		if (!count || (count < 0 && errno != EINTR))
			return false;
		if (count > 0)
			done += (size_t)count;
	}
	return true;
}

const struct lp_elf_load *elf_reader_load(const struct lp_elf_reader *reader, uint64_t address)
{
	size_t i;

	for (i = 0; i < reader->load_count; i++)
		if (address - reader->loads[i].address < reader->loads[i].bytes)
			return &reader->loads[i];
	return NULL;
}

size_t elf_reader_bytes(const struct lp_elf_reader *reader, uint64_t address, void *buffer,
			size_t size)
{
	const struct lp_elf_load *load = elf_reader_load(reader, address);
	uint64_t at;

	if (!load)
		return 0;
	at = address - load->address;
	if (size > load->bytes - at)
		size = load->bytes - at;
	return elf_reader_read(reader, load->offset + at, buffer, size) ? size : 0;
}

/* ---- functions ---------------------------------------------------------------- */

bool elf_reader_function(const struct lp_elf_reader *reader, uint32_t index, uint64_t *begin,
			 uint64_t *record)
{
	uint64_t header = reader->functions.address;
	int32_t entry[2];

	if (index >= reader->functions.count ||
	    elf_reader_bytes(reader,
			     header + sizeof(struct frames_head) + (uint64_t)index * sizeof(entry),
			     entry, sizeof(entry)) != sizeof(entry))
		return false;
	*begin = header + (uint64_t)(int64_t)entry[0];
	*record = header + (uint64_t)(int64_t)entry[1];
	return true;
}

int64_t elf_reader_function_after(const struct lp_elf_reader *reader, uint64_t address)
{
	uint32_t low = 0, high = reader->functions.count;
	uint64_t begin, record;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!elf_reader_function(reader, middle, &begin, &record))
			return -EINVAL;
		if (begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- headers ------------------------------------------------------------------ */

static int add_load(struct lp_elf_reader *reader, const Elf64_Phdr *header)
{
	struct lp_elf_load *load = &reader->loads[reader->load_count];

	if (reader->load_count == LP_ELF_SEGMENTS)
		return -EOVERFLOW;
	/* Bytes outside of the file cannot be loaded either. */
	if (header->p_offset >= reader->bytes || !header->p_filesz ||
	    header->p_vaddr + header->p_filesz < header->p_vaddr)
		return 0;
	load->address = header->p_vaddr;
	load->offset = header->p_offset;
	load->bytes = header->p_filesz;
	if (load->bytes > reader->bytes - load->offset)
		load->bytes = reader->bytes - load->offset;
	load->executable = header->p_flags & PF_X;
	reader->load_count++;
	return 0;
}

/* All linkers write the sorted table; other encodings are not read. */
static void read_frames(struct lp_elf_reader *reader, const Elf64_Phdr *header)
{
	struct frames_head head;
	uint64_t capacity;

	if (header->p_filesz < sizeof(head) ||
	    elf_reader_bytes(reader, header->p_vaddr, &head, sizeof(head)) != sizeof(head) ||
	    head.version != FRAMES_VERSION || head.frame_encoding != ENCODING_FRAME_S32 ||
	    head.count_encoding != ENCODING_COUNT_U32 || head.table_encoding != ENCODING_TABLE_S32)
		return;
	capacity = (header->p_filesz - sizeof(head)) / (2 * sizeof(int32_t));
	reader->functions.address = header->p_vaddr;
	reader->functions.count = head.count < capacity ? head.count : (uint32_t)capacity;
}

static int read_program_headers(struct lp_elf_reader *reader, const Elf64_Ehdr *header)
{
	Elf64_Phdr entry, frames = { 0 };
	int err = 0;
	size_t i;

	if (header->e_phnum > PROGRAM_HEADERS_MAX)
		return -EOVERFLOW;
	if (header->e_phnum && header->e_phentsize != sizeof(entry))
		return -ENOEXEC;
	for (i = 0; !err && i < header->e_phnum; i++) {
		if (header->e_phoff > reader->bytes ||
		    !elf_reader_read(reader, header->e_phoff + i * sizeof(entry), &entry,
				     sizeof(entry)))
			return -ENOEXEC;
		if (entry.p_type == PT_LOAD)
			err = add_load(reader, &entry);
		else if (entry.p_type == PT_GNU_EH_FRAME)
			frames = entry;
	}
	if (!err && frames.p_type == PT_GNU_EH_FRAME)
		read_frames(reader, &frames);
	return err;
}

static bool read_section(const struct lp_elf_reader *reader, uint32_t index, Elf64_Shdr *section)
{
	return index < reader->section_count &&
	       elf_reader_read(reader, reader->sections + (uint64_t)index * sizeof(*section),
			       section, sizeof(*section));
}

static bool lies_inside(const struct lp_elf_reader *reader, const Elf64_Shdr *section)
{
	return section->sh_type != SHT_NOBITS && section->sh_offset <= reader->bytes &&
	       section->sh_size <= reader->bytes - section->sh_offset;
}

static const struct table_row {
	uint32_t type;
	uint32_t flags; /* flags that the section must have */
	enum lp_elf_table_kind kind;
	size_t entry_bytes;
	bool strings; /* the section that it is linked to has them */
} table_rows[] = {
	{ SHT_SYMTAB, 0, LP_ELF_SYMBOLS, sizeof(Elf64_Sym), true },
	{ SHT_DYNSYM, 0, LP_ELF_DYNAMIC_SYMBOLS, sizeof(Elf64_Sym), true },
	{ SHT_RELA, SHF_ALLOC, LP_ELF_RELOCATIONS, sizeof(Elf64_Rela), false },
	{ SHT_DYNAMIC, 0, LP_ELF_DYNAMIC, sizeof(Elf64_Dyn), true },
};

static const struct table_row *row_of(const Elf64_Shdr *section)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table_rows); i++)
		if (table_rows[i].type == section->sh_type &&
		    (section->sh_flags & table_rows[i].flags) == table_rows[i].flags)
			return &table_rows[i];
	return NULL;
}

static int add_table(struct lp_elf_reader *reader, uint32_t index, const Elf64_Shdr *section)
{
	struct lp_elf_table *table = &reader->tables[reader->table_count];
	const struct table_row *row = row_of(section);
	Elf64_Shdr strings;

	if (!row || section->sh_entsize != row->entry_bytes || !lies_inside(reader, section))
		return 0;
	if (reader->table_count == LP_ELF_TABLES)
		return -EOVERFLOW;
	*table = (struct lp_elf_table){ .kind = row->kind,
					.section = index,
					.linked = section->sh_link,
					.offset = section->sh_offset,
					.count = section->sh_size / row->entry_bytes };
	if (row->strings) {
		if (!read_section(reader, section->sh_link, &strings) ||
		    strings.sh_type != SHT_STRTAB || !lies_inside(reader, &strings))
			return 0;
		table->strings = strings.sh_offset;
		table->strings_bytes = strings.sh_size;
	}
	reader->table_count++;
	return 0;
}

static int read_section_headers(struct lp_elf_reader *reader, const Elf64_Ehdr *header)
{
	Elf64_Shdr section;
	int err = 0;
	uint32_t i;

	/* A program can run without sections; a count of more than 16 bits is over the limit. */
	if (!header->e_shoff || header->e_shentsize != sizeof(section))
		return 0;
	if (header->e_shnum > SECTIONS_MAX ||
	    (!header->e_shnum && header->e_shstrndx == SHN_XINDEX))
		return -EOVERFLOW;
	if (header->e_shoff > reader->bytes ||
	    header->e_shnum * sizeof(section) > reader->bytes - header->e_shoff)
		return 0;
	reader->sections = header->e_shoff;
	reader->section_count = header->e_shnum;
	reader->section_names = header->e_shstrndx;
	for (i = 0; !err && i < reader->section_count; i++) {
		if (!read_section(reader, i, &section))
			return -ENOEXEC;
		err = add_table(reader, i, &section);
	}
	return err;
}

static int read_headers(struct lp_elf_reader *reader)
{
	Elf64_Ehdr header;
	int err;

	if (!elf_reader_read(reader, 0, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64)
		return -ENOEXEC;
	err = read_program_headers(reader, &header);
	return err ? err : read_section_headers(reader, &header);
}

int elf_reader_section(const struct lp_elf_reader *reader, const char *name, Elf64_Shdr *section)
{
	size_t length = strlen(name) + 1;
	char text[SECTION_NAME_BYTES];
	Elf64_Shdr names;
	uint32_t i;

	if (length > sizeof(text) || !read_section(reader, reader->section_names, &names) ||
	    names.sh_type != SHT_STRTAB || !lies_inside(reader, &names))
		return -ENOENT;
	for (i = 0; read_section(reader, i, section); i++) {
		if (section->sh_name >= names.sh_size ||
		    names.sh_size - section->sh_name < length ||
		    !elf_reader_read(reader, names.sh_offset + section->sh_name, text, length))
			continue;
		if (!memcmp(text, name, length) && lies_inside(reader, section))
			return 0;
	}
	return -ENOENT;
}

/* ---- files -------------------------------------------------------------------- */

static int open_regular(struct lp_elf_reader *reader, const char *path)
{
	int place = open(path, O_PATH | O_CLOEXEC), err = 0;
	struct stat status;
	char name[64];

	if (place < 0)
		return -errno;
	if (fstat(place, &status)) {
		err = -errno;
	} else if (!S_ISREG(status.st_mode)) {
		err = -EMEDIUMTYPE;
	} else {
		/* Reopens the same file, even if the path refers to another one by now. */
		snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
		reader->descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (reader->descriptor < 0)
			err = -errno;
	}
	close(place);
	if (err)
		return err;
	file_identity_take(&reader->identity, &status);
	reader->bytes = reader->identity.bytes;
	if (!elf_reader_is_current(reader))
		return -ESTALE;
	return reader->bytes > FILE_BYTES_MAX ? -EFBIG : 0;
}

int elf_reader_open(struct lp_elf_reader *reader, const char *path)
{
	int err;

	memset(reader, 0, sizeof(*reader));
	reader->descriptor = -1;
	err = open_regular(reader, path);
	if (!err)
		err = read_headers(reader);
	/* an inconsistent header may be due to a change under way */
	if ((!err || err == -ENOEXEC) && !elf_reader_is_current(reader))
		err = -ESTALE;
	if (err)
		elf_reader_close(reader);
	return err;
}

int elf_reader_open_memory(struct lp_elf_reader *reader, const void *memory, uint64_t bytes)
{
	memset(reader, 0, sizeof(*reader));
	reader->descriptor = -1;
	reader->memory = memory;
	reader->bytes = bytes;
	return read_headers(reader);
}

void elf_reader_close(struct lp_elf_reader *reader)
{
	if (reader->descriptor >= 0)
		close(reader->descriptor);
	memset(reader, 0, sizeof(*reader));
	reader->descriptor = -1;
}

const char *elf_reader_error(int err)
{
	static const struct {
		int err;
		const char *text;
	} rows[] = {
		{ -EMEDIUMTYPE, "it is not a regular file" },
		{ -ENOEXEC, "it is not a 64-bit x86 program" },
		{ -EFBIG, "it is larger than 4 GiB" },
		{ -EOVERFLOW, "it has more segments, sections or tables than a program has" },
		{ -ESTALE, "it was changed while it was read" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].err == err)
			return rows[i].text;
	return strerror(-err);
}
