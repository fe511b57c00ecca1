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

struct lp_protobuf {
	uint8_t *bytes;
	size_t size, capacity;
	bool failed; /* no memory: the message is not whole */
};

/* Empties it for the next one, and keeps its memory. */
void protobuf_clear(struct lp_protobuf *message);
void protobuf_free(struct lp_protobuf *message);

/* A field of int32, int64, uint32, uint64, bool or enum; negative ones in two's complement. */
void protobuf_number(struct lp_protobuf *message, uint32_t field, uint64_t value);
void protobuf_fixed64(struct lp_protobuf *message, uint32_t field, uint64_t value);
void protobuf_double(struct lp_protobuf *message, uint32_t field, double value);
void protobuf_bytes(struct lp_protobuf *message, uint32_t field, const void *bytes, size_t size);

/* text: valid UTF-8, as all text of the model is. */
void protobuf_text(struct lp_protobuf *message, uint32_t field, const char *text);
void protobuf_message(struct lp_protobuf *message, uint32_t field, const struct lp_protobuf *inner);
/* A number of a packed field, which is sent as the bytes of a message of such. */
void protobuf_packed(struct lp_protobuf *message, uint64_t value);

#endif /* LP_SINKS_PROFILES_PROTOBUF_H */
