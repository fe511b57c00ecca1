// SPDX-License-Identifier: BSD-2-Clause
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/* What a field's bytes are, in the low bits of its key. */
enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64_BITS = 1,
	WIRE_LENGTH = 2,
};

void message_clear(struct lp_message *message)
{
	message->size = 0;
	message->failed = false;
}

void message_free(struct lp_message *message)
{
	free(message->bytes);
	*message = (struct lp_message){ .size = 0 };
}

static void append(struct lp_message *message, const void *bytes, size_t size)
{
	size_t room = message->room ? message->room : FIRST_ROOM;
	uint8_t *grown;

	if (message->failed || !size)
		return;
	while (room - message->size < size)
		room *= 2;
	if (room != message->room) {
		grown = realloc(message->bytes, room);
		if (!grown) {
			message->failed = true;
			return;
		}
		message->bytes = grown;
		message->room = room;
	}
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

/* Seven bits a byte, the lowest first; all but the last have their top bit set. */
void message_packed(struct lp_message *message, uint64_t value)
{
	uint8_t bytes[10];
	size_t size = 0;

	do {
		bytes[size++] = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
		value >>= 7;
	} while (value);
	append(message, bytes, size);
}

static void append_key(struct lp_message *message, uint32_t field, enum wire_type type)
{
	message_packed(message, (uint64_t)field << 3 | type);
}

void message_number(struct lp_message *message, uint32_t field, uint64_t value)
{
	append_key(message, field, WIRE_VARINT);
	message_packed(message, value);
}

void message_fixed64(struct lp_message *message, uint32_t field, uint64_t value)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	append_key(message, field, WIRE_64_BITS);
	append(message, bytes, sizeof(bytes));
}

void message_double(struct lp_message *message, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	message_fixed64(message, field, bits);
}

void message_bytes(struct lp_message *message, uint32_t field, const void *bytes, size_t size)
{
	append_key(message, field, WIRE_LENGTH);
	message_packed(message, size);
	append(message, bytes, size);
}

void message_message(struct lp_message *message, uint32_t field, const struct lp_message *inner)
{
	message_bytes(message, field, inner->bytes, inner->size);
	message->failed |= inner->failed;
}

void message_text(struct lp_message *message, uint32_t field, const char *text)
{
	message_bytes(message, field, text, strlen(text));
}
