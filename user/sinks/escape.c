// SPDX-License-Identifier: BSD-2-Clause
#include "escape.h"

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Well-formed UTF-8 sequences by first byte, with the range of the second byte (RFC 3629). */
static const struct {
	uint8_t first, last;
	uint8_t second_first, second_last;
	uint8_t length;
} sequences[] = {
	{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Returns the length of the valid UTF-8 sequence at the start of text; 0: there is none. */
static size_t sequence_length(const uint8_t *text)
{
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(sequences); i++)
		if (text[0] >= sequences[i].first && text[0] <= sequences[i].last)
			break;
	if (i == ARRAY_SIZE(sequences))
		return 0;
	if (sequences[i].length > 1 &&
	    (text[1] < sequences[i].second_first || text[1] > sequences[i].second_last))
		return 0;
	for (at = 2; at < sequences[i].length; at++)
		if ((text[at] & 0xc0) != 0x80)
			return 0;
	return sequences[i].length;
}

static void write_label(FILE *out, uint8_t byte)
{
	switch (byte) {
	case '"':
		fputs("\\\"", out);
		break;
	case '\\':
		fputs("\\\\", out);
		break;
	case '\n':
		fputs("\\n", out);
		break;
	default:
		putc(byte, out);
	}
}

/* JSON escapes what a label does, and all other control characters. */
static void write_json(FILE *out, uint8_t byte)
{
	if (byte == '\r')
		fputs("\\r", out);
	else if (byte == '\t')
		fputs("\\t", out);
	else if (byte < 0x20 && byte != '\n')
		fprintf(out, "\\u%04x", byte);
	else
		write_label(out, byte);
}

/* "</script>" or "<!--" in a string would end the script element or change how it is parsed. */
static void write_script(FILE *out, uint8_t byte)
{
	if (byte == '<' || byte == '>' || byte == '&')
		fprintf(out, "\\u%04x", byte);
	else
		write_json(out, byte);
}

/* True for bytes that no format escapes.  Most text consists of them. */
static const bool plain[256] = {
	['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
	['_'] = true,	      ['.'] = true,	    ['/'] = true,
};

static void escape(FILE *out, const char *text, void (*write_ascii)(FILE *out, uint8_t byte))
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at) {
		size_t length = 0;

		while (plain[at[length]])
			length++;
		if (length) {
			fwrite_unlocked(at, 1, length, out);
			at += length;
			continue;
		}
		length = sequence_length(at);
		if (length == 1)
			write_ascii(out, *at);
		else if (length)
			fwrite(at, 1, length, out);
		else
			fputs(REPLACEMENT, out);
		at += length ? length : 1;
	}
}

void escape_json(FILE *out, const char *text)
{
	putc('"', out);
	escape(out, text, write_json);
	putc('"', out);
}

void escape_script(FILE *out, const char *text)
{
	putc('"', out);
	escape(out, text, write_script);
	putc('"', out);
}

void escape_label(FILE *out, const char *text)
{
	escape(out, text, write_label);
}

static void write_folded(FILE *out, uint8_t byte)
{
	if (byte == ';')
		byte = ':';
	putc(byte < 0x20 || byte == 0x7f ? ' ' : byte, out);
}

void escape_folded(FILE *out, const char *text)
{
	escape(out, text, write_folded);
}

static void write_csv(FILE *out, uint8_t byte)
{
	if (byte == '"')
		putc('"', out);
	putc(byte, out);
}

/* Spreadsheets evaluate such text; of East Asian editions they accept the wide forms as well. */
static bool begins_formula(const char *text)
{
	static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					    "\xef\xbc\xa0" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wide); i++)
		if (!strncmp(text, wide[i], strlen(wide[i])))
			return true;
	return *text && strchr("=+-@\t\r\n", *text);
}

void escape_csv(FILE *out, const char *text)
{
	putc('"', out);
	if (begins_formula(text))
		putc('\'', out);
	escape(out, text, write_csv);
	putc('"', out);
}

static void write_tag(FILE *out, uint8_t byte)
{
	putc(byte <= 0x20 || byte == 0x7f || byte == ',' ? '_' : byte, out);
}

void escape_tag(FILE *out, const char *text)
{
	escape(out, text, write_tag);
}
