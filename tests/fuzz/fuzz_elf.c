// SPDX-License-Identifier: BSD-2-Clause
/* Input: a program's file, in which symbols, slots, strings, calls and functions are searched. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/code_search.h"
#include "elf/probe_site.h"

#define CAPACITY 16
#define ADDRESSES 0x4000

static const char *const names[] = { "_PyRuntime", "f", "PyContext_Enter", "" };
static const char *const texts[] = { "no running event loop", "x" };

static void inspect(const struct lp_elf *elf, uint64_t address)
{
	uint64_t value, offset;
	uint8_t code[256];
	size_t size, at;

	size = elf_bytes(elf, address, code, sizeof(code));
	FUZZ_CHECK(size <= sizeof(code));
	probe_site_first_emulated(code, size, &at);
	if (elf_begins_function(elf, address))
		FUZZ_CHECK(size);
	elf_function_start(elf, address);
	elf_pointer(elf, address, &value);
	if (!elf_address_to_offset(elf, address, &offset) &&
	    !elf_offset_to_address(elf, offset, &value))
		elf_bytes(elf, value, code, sizeof(code));
}

static void search(const struct lp_elf *elf)
{
	uint64_t found[CAPACITY], bytes = 0, address;
	size_t i, count;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		address = elf_symbol_size(elf, names[i], &bytes);
		inspect(elf, address);
		FUZZ_CHECK(code_returns(elf, address, bytes, found, CAPACITY) <= CAPACITY);
		FUZZ_CHECK(elf_slots(elf, names[i], found, 1 + i) <= 1 + i);
		FUZZ_CHECK(code_calls(elf, names[i], found, CAPACITY) <= CAPACITY);
		elf_needs(elf, names[i]);
		elf_section(elf, names[i], found, sizeof(found));
	}
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		count = code_string_uses(elf, texts[i], found, CAPACITY);
		FUZZ_CHECK(count <= CAPACITY);
		if (count)
			inspect(elf, found[count - 1]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("elf", MFD_CLOEXEC);
	struct lp_file_identity identity;
	struct lp_elf *elf;
	uint64_t address;
	char path[64];

	FUZZ_CHECK(file >= 0 && write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (!elf_open_file(path, &elf)) {
		search(elf);
		for (address = 0; address < ADDRESSES; address += 0x155)
			inspect(elf, address);
		inspect(elf, UINT64_MAX);
		FUZZ_CHECK(!elf_identity(elf, &identity) && identity.bytes == size);
		/* a file this small needs too little work for any failure but this one */
		FUZZ_CHECK(!elf_failure(elf) || elf_failure(elf) == -EFBIG);
		elf_close(elf);
	}
	close(file);
	return 0;
}

/* A small library: two segments, and tables of symbols, relocations and functions. */
struct seed {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Shdr sections[6];
	Elf64_Sym symbols[4];
	Elf64_Rela relocations[3];
	Elf64_Dyn dynamic[2];
	char strings[64];
	uint64_t data[4];
	struct {
		uint8_t encodings[4];
		int32_t frame;
		uint32_t count;
		int32_t entries[2][2];
	} functions;
	char text[24];
	uint8_t code[64];
};

#define AT(member) ((uint64_t)offsetof(struct seed, member))

static Elf64_Shdr section(uint32_t type, uint64_t at, uint64_t size, uint32_t link, uint64_t entry)
{
	return (Elf64_Shdr){ .sh_type = type,
			     .sh_flags = SHF_ALLOC,
			     .sh_addr = at,
			     .sh_offset = at,
			     .sh_size = size,
			     .sh_link = link,
			     .sh_entsize = entry };
}

static void fill_tables(struct seed *seed)
{
	static const char strings[] = "\0f\0_PyRuntime\0PyContext_Enter\0libpython3.so";

	memcpy(seed->strings, strings, sizeof(strings));
	seed->sections[1] =
		section(SHT_DYNSYM, AT(symbols), sizeof(seed->symbols), 4, sizeof(Elf64_Sym));
	seed->sections[2] = section(SHT_RELA, AT(relocations), sizeof(seed->relocations), 1,
				    sizeof(Elf64_Rela));
	seed->sections[3] =
		section(SHT_DYNAMIC, AT(dynamic), sizeof(seed->dynamic), 4, sizeof(Elf64_Dyn));
	seed->sections[4] = section(SHT_STRTAB, AT(strings), sizeof(seed->strings), 0, 0);
	seed->symbols[1] = (Elf64_Sym){ .st_name = 1,
					.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
					.st_shndx = 1,
					.st_value = AT(code),
					.st_size = sizeof(seed->code) };
	seed->symbols[2] = (Elf64_Sym){ .st_name = 3, .st_shndx = 1, .st_value = AT(data) };
	seed->symbols[3] = (Elf64_Sym){ .st_name = 14 };
	seed->relocations[0] = (Elf64_Rela){ AT(data), R_X86_64_RELATIVE, (int64_t)AT(code) };
	seed->relocations[1] =
		(Elf64_Rela){ AT(data) + 8, ELF64_R_INFO(3ULL, R_X86_64_GLOB_DAT), 0 };
	seed->dynamic[0] = (Elf64_Dyn){ .d_tag = DT_NEEDED, .d_un.d_val = 30 };
}

static void fill_code(struct seed *seed)
{
	/* lea text(%rip), %rdi; call *slot; call itself; ret; jmp *slot */
	uint8_t code[] = { 0x48, 0x8d, 0x3d, 0, 0, 0,	 0,    0xff, 0x15, 0, 0, 0, 0,
			   0xe8, 0,    0,    0, 0, 0xc3, 0xff, 0x25, 0,	   0, 0, 0 };
	int32_t text = (int32_t)(AT(text) - AT(code) - 7),
		slot = (int32_t)(AT(data) + 8 - AT(code));
	int32_t back = -18, stub = slot - 25;

	slot -= 13;
	memcpy(code + 3, &text, sizeof(text));
	memcpy(code + 9, &slot, sizeof(slot));
	memcpy(code + 14, &back, sizeof(back));
	memcpy(code + 21, &stub, sizeof(stub));
	memcpy(seed->code, code, sizeof(code));
	memcpy(seed->text, texts[0], strlen(texts[0]) + 1);
	memcpy(seed->functions.encodings, (uint8_t[]){ 1, 0x1b, 3, 0x3b }, 4);
	seed->functions.count = 2;
	seed->functions.entries[0][0] = (int32_t)(AT(code) - AT(functions));
	seed->functions.entries[1][0] = (int32_t)(AT(code) + 19 - AT(functions));
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	struct seed seed = { 0 };

	if (number)
		return 0;
	seed.header = (Elf64_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
				    .e_type = ET_DYN,
				    .e_machine = EM_X86_64,
				    .e_phoff = AT(segments),
				    .e_shoff = AT(sections),
				    .e_phentsize = sizeof(Elf64_Phdr),
				    .e_phnum = 3,
				    .e_shentsize = sizeof(Elf64_Shdr),
				    .e_shnum = 6,
				    .e_shstrndx = 4 };
	seed.segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_filesz = AT(code) };
	seed.segments[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
					 .p_flags = PF_X,
					 .p_offset = AT(code),
					 .p_vaddr = AT(code),
					 .p_filesz = sizeof(seed.code) };
	seed.segments[2] = (Elf64_Phdr){ .p_type = PT_GNU_EH_FRAME,
					 .p_vaddr = AT(functions),
					 .p_filesz = sizeof(seed.functions) };
	fill_tables(&seed);
	fill_code(&seed);
	memcpy(data, &seed, sizeof(seed));
	return sizeof(seed);
}
