// SPDX-License-Identifier: BSD-2-Clause
#include "perfetto_packet.h"

/* Fields by the messages of perfetto_trace.proto that they are in. */
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
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
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

/* The system's numbers of the clocks, which are Perfetto's. */
#define REALTIME 1
#define MONOTONIC 3
#define OUR_SEQUENCE 1
#define STATE_CLEARED 1

void trace_writer_start(struct lp_trace_writer *writer, FILE *out)
{
	*writer = (struct lp_trace_writer){ .out = out, .clock = MONOTONIC };
}

void trace_writer_free(struct lp_trace_writer *writer)
{
	message_free(&writer->file);
	message_free(&writer->packet);
	message_free(&writer->event);
	message_free(&writer->note);
	message_free(&writer->inner);
}

static void begin_packet(struct lp_trace_writer *writer)
{
	message_clear(&writer->packet);
	message_number(&writer->packet, PACKET_SEQUENCE, OUR_SEQUENCE);
	if (!writer->begun)
		message_number(&writer->packet, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	writer->begun = true;
}

static void end_packet(struct lp_trace_writer *writer)
{
	message_clear(&writer->file);
	message_message(&writer->file, TRACE_PACKET, &writer->packet);
	writer->failed = writer->failed || writer->file.failed;
	if (!writer->file.failed)
		fwrite(writer->file.bytes, 1, writer->file.size, writer->out);
}

static void add_clock(struct lp_trace_writer *writer, uint32_t clock, uint64_t ns)
{
	message_clear(&writer->inner);
	message_number(&writer->inner, CLOCK_ID, clock);
	message_number(&writer->inner, CLOCK_TIME, ns);
	message_message(&writer->event, CLOCKS_CLOCK, &writer->inner);
}

void trace_write_clocks(struct lp_trace_writer *writer, bool unix_time, uint64_t monotonic_ns,
			uint64_t unix_ns)
{
	writer->clock = unix_time ? REALTIME : MONOTONIC;
	begin_packet(writer);
	message_clear(&writer->event);
	add_clock(writer, MONOTONIC, monotonic_ns);
	add_clock(writer, REALTIME, unix_ns);
	message_number(&writer->event, CLOCKS_PRIMARY, writer->clock);
	message_message(&writer->packet, PACKET_CLOCKS, &writer->event);
	end_packet(writer);
}

static void begin_track(struct lp_trace_writer *writer, uint64_t track, uint64_t parent)
{
	begin_packet(writer);
	message_clear(&writer->event);
	message_clear(&writer->inner);
	message_number(&writer->event, TRACK_ID, track);
	if (parent)
		message_number(&writer->event, TRACK_PARENT, parent);
}

static void end_track(struct lp_trace_writer *writer)
{
	message_message(&writer->packet, PACKET_TRACK, &writer->event);
	end_packet(writer);
}

void trace_write_process(struct lp_trace_writer *writer, uint64_t track, int pid, const char *name)
{
	begin_track(writer, track, 0);
	message_number(&writer->inner, PROCESS_PID, (uint64_t)pid);
	message_text(&writer->inner, PROCESS_NAME, name);
	message_message(&writer->event, TRACK_PROCESS, &writer->inner);
	end_track(writer);
}

void trace_write_thread(struct lp_trace_writer *writer, uint64_t track, int pid, int tid,
			const char *name)
{
	begin_track(writer, track, 0);
	message_number(&writer->inner, THREAD_PID, (uint64_t)pid);
	message_number(&writer->inner, THREAD_TID, (uint64_t)tid);
	message_text(&writer->inner, THREAD_NAME, name);
	message_message(&writer->event, TRACK_THREAD, &writer->inner);
	end_track(writer);
}

void trace_write_track(struct lp_trace_writer *writer, uint64_t track, uint64_t parent,
		       const char *name)
{
	begin_track(writer, track, parent);
	message_text(&writer->event, TRACK_NAME, name);
	end_track(writer);
}

void trace_write_counter(struct lp_trace_writer *writer, uint64_t track, uint64_t parent,
			 const char *name, const char *unit)
{
	begin_track(writer, track, parent);
	message_text(&writer->event, TRACK_NAME, name);
	message_text(&writer->inner, COUNTER_UNIT_NAME, unit);
	message_message(&writer->event, TRACK_COUNTER, &writer->inner);
	end_track(writer);
}

void trace_begin_event(struct lp_trace_writer *writer, const struct lp_trace_event *event)
{
	begin_packet(writer);
	message_number(&writer->packet, PACKET_TIME, event->time_ns);
	message_number(&writer->packet, PACKET_CLOCK, writer->clock);
	message_clear(&writer->event);
	message_number(&writer->event, EVENT_TYPE, event->type);
	message_number(&writer->event, EVENT_TRACK, event->track);
	if (event->category)
		message_text(&writer->event, EVENT_CATEGORY, event->category);
	if (event->name)
		message_text(&writer->event, EVENT_NAME, event->name);
}

void trace_note_text(struct lp_trace_writer *writer, const char *name, const char *text)
{
	message_clear(&writer->note);
	message_text(&writer->note, NOTE_NAME, name);
	message_text(&writer->note, NOTE_TEXT, text);
	message_message(&writer->event, EVENT_NOTE, &writer->note);
}

void trace_note_number(struct lp_trace_writer *writer, const char *name, uint64_t number)
{
	message_clear(&writer->note);
	message_text(&writer->note, NOTE_NAME, name);
	message_number(&writer->note, NOTE_NUMBER, number);
	message_message(&writer->event, EVENT_NOTE, &writer->note);
}

void trace_end_event(struct lp_trace_writer *writer)
{
	message_message(&writer->packet, PACKET_EVENT, &writer->event);
	end_packet(writer);
}

void trace_end_slice(struct lp_trace_writer *writer, uint64_t time_ns, uint64_t track)
{
	const struct lp_trace_event event = { .type = LP_TRACE_END,
					      .time_ns = time_ns,
					      .track = track };

	trace_begin_event(writer, &event);
	trace_end_event(writer);
}

void trace_write_count(struct lp_trace_writer *writer, uint64_t time_ns, uint64_t track,
		       double value)
{
	const struct lp_trace_event event = { .type = LP_TRACE_COUNT,
					      .time_ns = time_ns,
					      .track = track };

	trace_begin_event(writer, &event);
	message_double(&writer->event, EVENT_DOUBLE, value);
	trace_end_event(writer);
}
