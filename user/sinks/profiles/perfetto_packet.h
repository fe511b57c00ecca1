/* SPDX-License-Identifier: BSD-2-Clause */
/* A writer of the packets of a Perfetto trace. */
#ifndef LP_SINKS_PROFILES_PERFETTO_PACKET_H
#define LP_SINKS_PROFILES_PERFETTO_PACKET_H

#include "protobuf.h"

#include <stdio.h>

struct lp_perfetto_writer {
	FILE *out;
	struct lp_protobuf file; /* a packet as a field of the trace */
	struct lp_protobuf packet, event, note, inner; /* messages under construction */
	uint32_t clock; /* Perfetto's ID of the clock of all times */
	bool begun; /* the first packet was written: it clears the state of the sequence */
	bool failed; /* out of memory: packets are missing */
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

/*
 * Writes one instant in both clocks, and chooses that of all further times: CLOCK_REALTIME if
 * unix_time is set, else CLOCK_MONOTONIC.
 */
void perfetto_write_clocks(struct lp_perfetto_writer *writer, bool unix_time, uint64_t monotonic_ns,
			   uint64_t unix_ns);

/* Write a track of a process or thread.  track: its unique number, not 0. */
void perfetto_write_process(struct lp_perfetto_writer *writer, uint64_t track, int pid,
			    const char *name);
void perfetto_write_thread(struct lp_perfetto_writer *writer, uint64_t track, int pid, int tid,
			   const char *name);
/* Write a track, or one of a counter, below the track parent; 0: at the top. */
void perfetto_write_track(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			  const char *name);
void perfetto_write_counter(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			    const char *name, const char *unit);

/* An event is written with perfetto_begin_event(), any number of notes, perfetto_end_event(). */
void perfetto_begin_event(struct lp_perfetto_writer *writer, const struct lp_perfetto_event *event);
void perfetto_note_text(struct lp_perfetto_writer *writer, const char *name, const char *text);
void perfetto_note_number(struct lp_perfetto_writer *writer, const char *name, uint64_t number);
void perfetto_end_event(struct lp_perfetto_writer *writer);

/* Ends the slice that began last on a track. */
void perfetto_end_slice(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track);
/* Writes a value of a counter, from time_ns on. */
void perfetto_write_count(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track,
			  double value);

#endif /* LP_SINKS_PROFILES_PERFETTO_PACKET_H */
