/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writer of protocol buffers.  Fields are appended to the buffer of a message; a nested message
 * has a buffer of its own, which is then appended as a field.
 */
#ifndef LP_SINKS_PROFILES_PROTOBUF_H
#define LP_SINKS_PROFILES_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_protobuf {
	uint8_t *bytes; /* owned */
	size_t size, capacity;
	bool failed; /* out of memory: the message is incomplete */
};

/* Empties the buffer for another message, without freeing its memory. */
void protobuf_clear(struct lp_protobuf *message);
void protobuf_free(struct lp_protobuf *message);

/* Appends a field of type int32, int64, uint32, uint64, bool or enum, in two's complement. */
void protobuf_number(struct lp_protobuf *message, uint32_t field, uint64_t value);
void protobuf_fixed64(struct lp_protobuf *message, uint32_t field, uint64_t value);
void protobuf_double(struct lp_protobuf *message, uint32_t field, double value);
void protobuf_bytes(struct lp_protobuf *message, uint32_t field, const void *bytes, size_t size);

/* text: valid UTF-8, as all text of the model is. */
void protobuf_text(struct lp_protobuf *message, uint32_t field, const char *text);
void protobuf_message(struct lp_protobuf *message, uint32_t field, const struct lp_protobuf *inner);
/* Appends a number without a key, to a buffer that becomes a packed field: protobuf_message(). */
void protobuf_packed(struct lp_protobuf *message, uint64_t value);

#endif /* LP_SINKS_PROFILES_PROTOBUF_H */
