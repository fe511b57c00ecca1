/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of a Perfetto trace, as they are written to a file. */
#ifndef LP_SINKS_PROFILES_PERFETTO_PACKET_H
#define LP_SINKS_PROFILES_PERFETTO_PACKET_H

#include "protobuf.h"

#include <stdio.h>

struct lp_perfetto_writer {
	FILE *out;
	struct lp_protobuf file; /* one packet as it stands in the file */
	struct lp_protobuf packet, event, note, inner; /* while they are made */
	uint32_t clock; /* of all that has a time */
	bool begun; /* the first packet says that nothing was before it */
	bool failed; /* no memory: packets are missing */
};

enum lp_perfetto_event_type {
	LP_PERFETTO_BEGIN = 1,
	LP_PERFETTO_END = 2,
	LP_PERFETTO_INSTANT = 3,
	LP_PERFETTO_COUNT = 4,
};

struct lp_perfetto_event {
	enum lp_perfetto_event_type type;
	uint64_t time_ns;
	uint64_t track;
	const char *category;
	const char *name;
};

void perfetto_writer_start(struct lp_perfetto_writer *writer, FILE *out);
void perfetto_writer_free(struct lp_perfetto_writer *writer);

/* Which clock times are of, CLOCK_REALTIME or CLOCK_MONOTONIC, and both at one instant. */
void perfetto_write_clocks(struct lp_perfetto_writer *writer, bool unix_time, uint64_t monotonic_ns,
			   uint64_t unix_ns);

/* Tracks have a number each, not 0. */
void perfetto_write_process(struct lp_perfetto_writer *writer, uint64_t track, int pid,
			    const char *name);
void perfetto_write_thread(struct lp_perfetto_writer *writer, uint64_t track, int pid, int tid,
			   const char *name);
/* parent: 0 for none. */
void perfetto_write_track(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			  const char *name);
void perfetto_write_counter(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			    const char *name, const char *unit);

/* An event with notes, from begin to end. */
void perfetto_begin_event(struct lp_perfetto_writer *writer, const struct lp_perfetto_event *event);
void perfetto_note_text(struct lp_perfetto_writer *writer, const char *name, const char *text);
void perfetto_note_number(struct lp_perfetto_writer *writer, const char *name, uint64_t number);
void perfetto_end_event(struct lp_perfetto_writer *writer);

/* The end of the slice that began last on the track. */
void perfetto_end_slice(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track);
void perfetto_write_count(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track,
			  double value);

#endif /* LP_SINKS_PROFILES_PERFETTO_PACKET_H */
