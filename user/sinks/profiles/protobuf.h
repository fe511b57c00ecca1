/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protocol buffers, as far as they are written here: fields are appended to a
 * buffer of one message; a message within a message is a buffer of its own.
 */
#ifndef LP_SINKS_PROFILES_PROTOBUF_H
#define LP_SINKS_PROFILES_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_message {
	uint8_t *bytes;
	size_t size, room;
	bool failed; /* no memory: the message is not whole */
};

/* Empties it for the next one, and keeps its memory. */
void message_clear(struct lp_message *message);
void message_free(struct lp_message *message);

/* A field of int32, int64, uint32, uint64, bool or enum; negative ones in two's complement. */
void message_number(struct lp_message *message, uint32_t field, uint64_t value);
void message_fixed64(struct lp_message *message, uint32_t field, uint64_t value);
void message_double(struct lp_message *message, uint32_t field, double value);
void message_bytes(struct lp_message *message, uint32_t field, const void *bytes, size_t size);

/* text: valid UTF-8, as all text of the model is. */
void message_text(struct lp_message *message, uint32_t field, const char *text);
void message_message(struct lp_message *message, uint32_t field, const struct lp_message *inner);
/* A number of a packed field, which is sent as the bytes of a message of such. */
void message_packed(struct lp_message *message, uint64_t value);

#endif /* LP_SINKS_PROFILES_PROTOBUF_H */
