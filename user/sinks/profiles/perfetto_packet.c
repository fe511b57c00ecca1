// SPDX-License-Identifier: BSD-2-Clause
#include "perfetto_packet.h"

/* Field numbers of perfetto_trace.proto, by message. */
enum trace_field { TRACE_PACKET = 1 };
enum packet_field {
	PACKET_CLOCKS = 6,
	PACKET_TIME = 8,
	PACKET_SEQUENCE = 10,
	PACKET_EVENT = 11,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_CLOCK = 58,
	PACKET_TRACK = 60,
};
enum clocks_field { CLOCKS_CLOCK = 1, CLOCKS_PRIMARY = 2 };
enum clock_field { CLOCK_ID = 1, CLOCK_TIME = 2 };
enum track_field {
	TRACK_ID = 1,
	TRACK_NAME = 2,
	DESCRIPTOR_PROCESS = 3,
	DESCRIPTOR_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
};
enum process_field { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum thread_field { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum counter_field { COUNTER_UNIT_NAME = 6 };
enum event_field {
	EVENT_NOTE = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
	EVENT_DOUBLE = 44,
};
enum note_field { NOTE_NUMBER = 3, NOTE_TEXT = 6, NOTE_NAME = 10 };

/* Clock IDs of Perfetto: BUILTIN_CLOCK_REALTIME and BUILTIN_CLOCK_MONOTONIC. */
#define REALTIME 1
#define MONOTONIC 3
#define OUR_SEQUENCE 1
#define STATE_CLEARED 1

void perfetto_writer_start(struct lp_perfetto_writer *writer, FILE *out)
{
	*writer = (struct lp_perfetto_writer){ .out = out, .clock = MONOTONIC };
}

void perfetto_writer_free(struct lp_perfetto_writer *writer)
{
	protobuf_free(&writer->file);
	protobuf_free(&writer->packet);
	protobuf_free(&writer->event);
	protobuf_free(&writer->note);
	protobuf_free(&writer->inner);
}

static void begin_packet(struct lp_perfetto_writer *writer)
{
	protobuf_clear(&writer->packet);
	protobuf_number(&writer->packet, PACKET_SEQUENCE, OUR_SEQUENCE);
	if (!writer->begun)
		protobuf_number(&writer->packet, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	writer->begun = true;
}

static void end_packet(struct lp_perfetto_writer *writer)
{
	protobuf_clear(&writer->file);
	protobuf_message(&writer->file, TRACE_PACKET, &writer->packet);
	writer->failed = writer->failed || writer->file.failed;
	if (!writer->file.failed)
		fwrite(writer->file.bytes, 1, writer->file.size, writer->out);
}

static void add_clock(struct lp_perfetto_writer *writer, uint32_t clock, uint64_t ns)
{
	protobuf_clear(&writer->inner);
	protobuf_number(&writer->inner, CLOCK_ID, clock);
	protobuf_number(&writer->inner, CLOCK_TIME, ns);
	protobuf_message(&writer->event, CLOCKS_CLOCK, &writer->inner);
}

void perfetto_write_clocks(struct lp_perfetto_writer *writer, bool unix_time, uint64_t monotonic_ns,
			   uint64_t unix_ns)
{
	writer->clock = unix_time ? REALTIME : MONOTONIC;
	begin_packet(writer);
	protobuf_clear(&writer->event);
	add_clock(writer, MONOTONIC, monotonic_ns);
	add_clock(writer, REALTIME, unix_ns);
	protobuf_number(&writer->event, CLOCKS_PRIMARY, writer->clock);
	protobuf_message(&writer->packet, PACKET_CLOCKS, &writer->event);
	end_packet(writer);
}

static void begin_track(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent)
{
	begin_packet(writer);
	protobuf_clear(&writer->event);
	protobuf_clear(&writer->inner);
	protobuf_number(&writer->event, TRACK_ID, track);
	if (parent)
		protobuf_number(&writer->event, TRACK_PARENT, parent);
}

static void end_track(struct lp_perfetto_writer *writer)
{
	protobuf_message(&writer->packet, PACKET_TRACK, &writer->event);
	end_packet(writer);
}

void perfetto_write_process(struct lp_perfetto_writer *writer, uint64_t track, int pid,
			    const char *name)
{
	begin_track(writer, track, 0);
	protobuf_number(&writer->inner, PROCESS_PID, (uint64_t)pid);
	protobuf_text(&writer->inner, PROCESS_NAME, name);
	protobuf_message(&writer->event, DESCRIPTOR_PROCESS, &writer->inner);
	end_track(writer);
}

void perfetto_write_thread(struct lp_perfetto_writer *writer, uint64_t track, int pid, int tid,
			   const char *name)
{
	begin_track(writer, track, 0);
	protobuf_number(&writer->inner, THREAD_PID, (uint64_t)pid);
	protobuf_number(&writer->inner, THREAD_TID, (uint64_t)tid);
	protobuf_text(&writer->inner, THREAD_NAME, name);
	protobuf_message(&writer->event, DESCRIPTOR_THREAD, &writer->inner);
	end_track(writer);
}

void perfetto_write_track(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			  const char *name)
{
	begin_track(writer, track, parent);
	protobuf_text(&writer->event, TRACK_NAME, name);
	end_track(writer);
}

void perfetto_write_counter(struct lp_perfetto_writer *writer, uint64_t track, uint64_t parent,
			    const char *name, const char *unit)
{
	begin_track(writer, track, parent);
	protobuf_text(&writer->event, TRACK_NAME, name);
	protobuf_text(&writer->inner, COUNTER_UNIT_NAME, unit);
	protobuf_message(&writer->event, TRACK_COUNTER, &writer->inner);
	end_track(writer);
}

void perfetto_begin_event(struct lp_perfetto_writer *writer, const struct lp_perfetto_event *event)
{
	begin_packet(writer);
	protobuf_number(&writer->packet, PACKET_TIME, event->time_ns);
	protobuf_number(&writer->packet, PACKET_CLOCK, writer->clock);
	protobuf_clear(&writer->event);
	protobuf_number(&writer->event, EVENT_TYPE, event->type);
	protobuf_number(&writer->event, EVENT_TRACK, event->track);
	if (event->category)
		protobuf_text(&writer->event, EVENT_CATEGORY, event->category);
	if (event->name)
		protobuf_text(&writer->event, EVENT_NAME, event->name);
}

void perfetto_note_text(struct lp_perfetto_writer *writer, const char *name, const char *text)
{
	protobuf_clear(&writer->note);
	protobuf_text(&writer->note, NOTE_NAME, name);
	protobuf_text(&writer->note, NOTE_TEXT, text);
	protobuf_message(&writer->event, EVENT_NOTE, &writer->note);
}

void perfetto_note_number(struct lp_perfetto_writer *writer, const char *name, uint64_t number)
{
	protobuf_clear(&writer->note);
	protobuf_text(&writer->note, NOTE_NAME, name);
	protobuf_number(&writer->note, NOTE_NUMBER, number);
	protobuf_message(&writer->event, EVENT_NOTE, &writer->note);
}

void perfetto_end_event(struct lp_perfetto_writer *writer)
{
	protobuf_message(&writer->packet, PACKET_EVENT, &writer->event);
	end_packet(writer);
}

void perfetto_end_slice(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track)
{
	const struct lp_perfetto_event event = { .type = LP_PERFETTO_END,
						 .time_ns = time_ns,
						 .track = track };

	perfetto_begin_event(writer, &event);
	perfetto_end_event(writer);
}

void perfetto_write_count(struct lp_perfetto_writer *writer, uint64_t time_ns, uint64_t track,
			  double value)
{
	const struct lp_perfetto_event event = { .type = LP_PERFETTO_COUNT,
						 .time_ns = time_ns,
						 .track = track };

	perfetto_begin_event(writer, &event);
	protobuf_double(&writer->event, EVENT_DOUBLE, value);
	perfetto_end_event(writer);
}
