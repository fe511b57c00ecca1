// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include "macros.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xfffd

static size_t encode(uint32_t point, char *out)
{
	if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		point = REPLACEMENT;
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

size_t text_from_code_points(const void *data, size_t bytes, unsigned int width, char *text,
			     size_t size)
{
	const uint8_t *from = data;
	size_t at, done = 0;

	if (!size)
		return 0;
	if (width != 1 && width != 2 && width != 4) {
		text[0] = '\0';
		return 0;
	}
	for (at = 0; at + width <= bytes; at += width) {
		uint32_t point = 0;
		char encoded[4];
		size_t length;

		memcpy(&point, from + at, width);
		/* A NUL inside would terminate the text early. */
		if (!point)
			point = REPLACEMENT;
		length = encode(point, encoded);
		if (done + length >= size)
			break;
		memcpy(text + done, encoded, length);
		done += length;
	}
	text[done] = '\0';
	return done;
}

/* Length of the valid UTF-8 sequence at the text, its code point in *point; 0 if there is none. */
static size_t decode(const uint8_t *text, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length, i;

	if (text[0] < 0x80) {
		*point = text[0];
		return 1;
	}
	if ((text[0] & 0xe0) == 0xc0)
		length = 2;
	else if ((text[0] & 0xf0) == 0xe0)
		length = 3;
	else if ((text[0] & 0xf8) == 0xf0)
		length = 4;
	else
		return 0;
	*point = text[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (text[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

/* Code points that move the cursor, or hide, reorder or imitate text. */
static const struct {
	uint32_t first, last;
} dangerous[] = {
	{ 0x0000, 0x001f }, /* C0 controls */
	{ 0x007f, 0x009f }, /* DEL and C1 controls */
	{ 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f }, /* combining grapheme joiner */
	{ 0x061c, 0x061c }, /* Arabic letter mark */
	{ 0x115f, 0x1160 }, /* Hangul fillers, which are blank */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x180b, 0x180f }, /* Mongolian variation selectors and vowel separator */
	{ 0x200b, 0x200b }, /* zero width space; the joiners after it belong to scripts and emoji */
	{ 0x200e, 0x200f }, /* left-to-right and right-to-left marks */
	{ 0x2028, 0x202e }, /* line and paragraph separators, embeddings, overrides */
	{ 0x2060, 0x206f }, /* invisible operators, isolates, deprecated format characters */
	{ 0x2800, 0x2800 }, /* blank Braille pattern */
	{ 0x3164, 0x3164 }, /* Hangul filler */
	{ 0xfeff, 0xfeff }, /* byte order mark */
	{ 0xffa0, 0xffa0 }, /* half width Hangul filler */
	{ 0xfff0, 0xfffb }, /* unassigned, interlinear annotations */
	{ 0x1bca0, 0x1bca3 }, /* shorthand format controls */
	{ 0x1d173, 0x1d17a }, /* musical format controls */
	{ 0xe0000, 0xe0fff }, /* tags and variation selectors of the supplement */
};

static bool is_dangerous(uint32_t point)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dangerous) && point >= dangerous[i].first; i++)
		if (point <= dangerous[i].last)
			return true;
	return false;
}

void text_sanitise(char *text)
{
	const uint8_t *from = (const uint8_t *)text;
	char *to = text;

	while (*from) {
		uint32_t point;
		size_t length = decode(from, &point);

		if (!length || is_dangerous(point)) {
			*to++ = '?';
			from += length ? length : 1;
		} else {
			memmove(to, from, length);
			to += length;
			from += length;
		}
	}
	*to = '\0';
}

size_t text_append(char *text, size_t size, size_t length, const char *format, va_list arguments)
{
	int added = vsnprintf(text + length, size - length, format, arguments);

	if (added <= 0)
		return length;
	return (size_t)added < size - length ? length + (size_t)added : size - 1;
}

void text_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);

	if (!size)
		return;
	if (length >= size)
		length = size - 1;
	memcpy(to, from, length);
	to[length] = '\0';
	/* The limit may have split a character. */
	while (length && from[length] && (from[length] & 0xc0) == 0x80)
		to[--length] = '\0';
	text_sanitise(to);
}

/* The greatest length up to the limit that splits no character of sanitised text. */
static size_t whole_before(const char *text, size_t limit)
{
	while (limit && (text[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

void text_fit(char *to, size_t size, char *from)
{
	static const char mark[] = "...";
	size_t length, head, tail;

	if (!size)
		return;
	text_sanitise(from);
	length = strlen(from);
	if (length < size) {
		memcpy(to, from, length + 1);
		return;
	}
	if (size < 4 * sizeof(mark)) {
		text_copy(to, size, from);
		return;
	}
	head = whole_before(from, size / 2);
	tail = length - (size - sizeof(mark) - head);
	while (tail < length && (from[tail] & 0xc0) == 0x80)
		tail++;
	memcpy(to, from, head);
	memcpy(to + head, mark, sizeof(mark) - 1);
	memcpy(to + head + sizeof(mark) - 1, from + tail, length - tail + 1);
}

bool text_locale_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

const char *text_path_end(const char *path, unsigned int parts)
{
	const char *at = path + strlen(path);

	while (at > path) {
		if (at[-1] == '/' && !--parts)
			break;
		at--;
	}
	return at;
}

static const struct {
	double ns;
	const char *unit;
} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" } };

void text_round_duration(char *text, size_t size, uint64_t ns)
{
	size_t i = 0;

	while (i < 3 && (double)ns < units[i].ns)
		i++;
	snprintf(text, size, "%.12g %s", (double)ns / units[i].ns, units[i].unit);
}

void text_number(char *text, size_t size, double value)
{
	/* %.4g would print an exponent from 9999.5 on, and below 1e-4 */
	if (value >= 9999.5)
		snprintf(text, size, "%.0f", value);
	else if (value < 1e-4)
		snprintf(text, size, "%.0f", 0.0);
	else
		snprintf(text, size, "%.4g", value);
}

void text_duration(char *text, size_t size, uint64_t ns)
{
	double value = (double)ns;
	size_t i;

	if (ns >= 9999500000000ULL) {
		snprintf(text, size, "%.1f h", value / 3.6e12);
		return;
	}
	for (i = 0; i < 3; i++)
		/* 999.6 us is 1.00 ms in three digits */
		if (value >= units[i].ns * 0.9995)
			break;
	value /= units[i].ns;
	snprintf(text, size, "%.*f %s",
		 i == 3 || value >= 99.95 ? 0
		 : value >= 9.995	  ? 1
					  : 2,
		 value, units[i].unit);
}

/* Ranges of characters that take two columns (EastAsianWidth.txt of Unicode: W and F). */
static const struct {
	uint32_t first, last;
} wide[] = {
	{ 0x1100, 0x115f }, /* Hangul letters */
	{ 0x231a, 0x231b }, /* watch, hourglass */
	{ 0x2329, 0x232a }, /* angle brackets */
	{ 0x23e9, 0x23ec }, /* signs of players */
	{ 0x26a1, 0x26a1 }, /* high voltage */
	{ 0x2705, 0x2705 }, /* check mark */
	{ 0x274c, 0x274c }, /* cross mark */
	{ 0x2728, 0x2728 }, /* sparkles */
	{ 0x2b1b, 0x2b1c }, /* large squares */
	{ 0x2b50, 0x2b50 }, /* star */
	{ 0x2e80, 0x303e }, /* radicals, punctuation of Chinese, Japanese and Korean */
	{ 0x3041, 0x33ff }, /* Kana, Bopomofo, compatibility */
	{ 0x3400, 0x4dbf }, /* ideographs */
	{ 0x4e00, 0xa4cf }, /* ideographs, Yi */
	{ 0xa960, 0xa97f }, /* Hangul letters */
	{ 0xac00, 0xd7a3 }, /* Hangul syllables */
	{ 0xf900, 0xfaff }, /* compatibility ideographs */
	{ 0xfe10, 0xfe19 }, /* vertical forms */
	{ 0xfe30, 0xfe6f }, /* compatibility and small forms */
	{ 0xff01, 0xff60 }, /* full width forms */
	{ 0xffe0, 0xffe6 }, /* full width signs */
	{ 0x16fe0, 0x18cff }, /* Tangut, Khitan */
	{ 0x1aff0, 0x1b2ff }, /* Kana */
	{ 0x1f300, 0x1f64f }, /* pictographs, emoticons */
	{ 0x1f680, 0x1f6ff }, /* transport */
	{ 0x1f900, 0x1faff }, /* pictographs */
	{ 0x20000, 0x3fffd }, /* ideographs */
};

/* Returns the bytes of the first character of a text that is not empty, and its columns. */
static size_t measure(const char *text, size_t size, size_t *columns)
{
	size_t bytes = 1, i;
	uint32_t point;

	*columns = 1;
	while (bytes < size && ((uint8_t)text[bytes] & 0xc0) == 0x80)
		bytes++;
	/* what text_sanitise() replaces has the column of its replacement */
	if (bytes < 3 || decode((const uint8_t *)text, &point) != bytes || is_dangerous(point))
		return bytes;
	for (i = 0; i < ARRAY_SIZE(wide); i++)
		if (point >= wide[i].first && point <= wide[i].last)
			*columns = 2;
	return bytes;
}

size_t text_columns_of(const char *text, size_t size)
{
	size_t at, wanted, columns = 0;

	for (at = 0; at < size; columns += wanted)
		at += measure(text + at, size - at, &wanted);
	return columns;
}

size_t text_columns(const char *text)
{
	return text_columns_of(text, strlen(text));
}

size_t text_head_bytes(const char *text, size_t size, size_t columns)
{
	size_t at = 0, wanted, bytes;

	for (; at < size; at += bytes, columns -= wanted) {
		bytes = measure(text + at, size - at, &wanted);
		if (wanted > columns)
			break;
	}
	return at;
}

const char *text_tail(const char *text, size_t columns)
{
	size_t size = strlen(text), have = text_columns_of(text, size), wanted, bytes;

	for (; have > columns; text += bytes, size -= bytes, have -= wanted)
		bytes = measure(text, size, &wanted);
	return text;
}

size_t text_make_ascii(const char *text, size_t size, char *to)
{
	size_t at, bytes, columns, length = 0;

	for (at = 0; at < size; at += bytes) {
		bool ascii = !(text[at] & 0x80);

		bytes = measure(text + at, size - at, &columns);
		to[length++] = ascii ? text[at] : '?';
		if (columns == 2)
			to[length++] = '?';
	}
	return length;
}
