// SPDX-License-Identifier: BSD-2-Clause
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

/* Wire types, in the low three bits of the key of a field. */
enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64_BITS = 1,
	WIRE_LENGTH = 2,
};

void protobuf_clear(struct lp_protobuf *message)
{
	message->size = 0;
	message->failed = false;
}

void protobuf_free(struct lp_protobuf *message)
{
	free(message->bytes);
	*message = (struct lp_protobuf){ .size = 0 };
}

static void append(struct lp_protobuf *message, const void *bytes, size_t size)
{
	size_t capacity = message->capacity ? message->capacity : FIRST_CAPACITY;
	uint8_t *grown;

	if (message->failed || !size)
		return;
	while (capacity - message->size < size)
		capacity *= 2;
	if (capacity != message->capacity) {
		grown = realloc(message->bytes, capacity);
		if (!grown) {
			message->failed = true;
			return;
		}
		message->bytes = grown;
		message->capacity = capacity;
	}
	memcpy(message->bytes + message->size, bytes, size);
	message->size += size;
}

/* A varint: seven bits a byte, lowest first; all bytes but the last have the top bit set. */
void protobuf_packed(struct lp_protobuf *message, uint64_t value)
{
	uint8_t bytes[10];
	size_t size = 0;

	do {
		bytes[size++] = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
		value >>= 7;
	} while (value);
	append(message, bytes, size);
}

static void append_key(struct lp_protobuf *message, uint32_t field, enum wire_type type)
{
	protobuf_packed(message, (uint64_t)field << 3 | type);
}

void protobuf_number(struct lp_protobuf *message, uint32_t field, uint64_t value)
{
	append_key(message, field, WIRE_VARINT);
	protobuf_packed(message, value);
}

void protobuf_fixed64(struct lp_protobuf *message, uint32_t field, uint64_t value)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	append_key(message, field, WIRE_64_BITS);
	append(message, bytes, sizeof(bytes));
}

void protobuf_double(struct lp_protobuf *message, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	protobuf_fixed64(message, field, bits);
}

void protobuf_bytes(struct lp_protobuf *message, uint32_t field, const void *bytes, size_t size)
{
	append_key(message, field, WIRE_LENGTH);
	protobuf_packed(message, size);
	append(message, bytes, size);
}

void protobuf_message(struct lp_protobuf *message, uint32_t field, const struct lp_protobuf *inner)
{
	protobuf_bytes(message, field, inner->bytes, inner->size);
	message->failed |= inner->failed;
}

void protobuf_text(struct lp_protobuf *message, uint32_t field, const char *text)
{
	protobuf_bytes(message, field, text, strlen(text));
}
