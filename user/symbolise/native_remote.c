// SPDX-License-Identifier: BSD-2-Clause
/* C frames by a worker: the files whose unwind tables are read are the target's. */
#include "native.h"

#include "runtime/remote/remote.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define FRAMES_MAX 64

/* A request: the event up to the end of its stack bytes, or only its head. */
struct native_request {
	uint32_t forget; /* 1: only forget the process of the event */
	uint32_t capacity;
	struct lp_event_native event;
};

static size_t bytes_of(const struct lp_event_native *event)
{
	uint32_t bytes = event->bytes < LP_NATIVE_BYTES ? event->bytes : LP_NATIVE_BYTES;

	return offsetof(struct native_request, event) + offsetof(struct lp_event_native, data) +
	       bytes;
}

/* Serves a request in the worker. */
static ssize_t serve(const void *arguments, size_t bytes, void *answer, size_t capacity)
{
	static struct lp_native *native;
	const struct native_request *request = arguments;
	struct lp_frame *frames = answer;
	size_t most = capacity / sizeof(*frames), count;

	if (bytes < offsetof(struct native_request, event) +
			    offsetof(struct lp_event_native, data) ||
	    bytes < bytes_of(&request->event))
		return -EINVAL;
	native_help_by(NULL);
	if (!native)
		native = native_new();
	if (!native)
		return -ENOMEM;
	if (request->forget) {
		native_forget(native, (pid_t)request->event.event.pid);
		return 0;
	}
	count = native_frames(native, &request->event, frames,
			      request->capacity < most ? request->capacity : most);
	return (ssize_t)(count * sizeof(*frames));
}

static struct native_request request;

static size_t ask_frames(const struct lp_event_native *event, struct lp_frame *frames,
			 size_t capacity)
{
	const struct lp_frame *found;
	ssize_t bytes;
	size_t count, i;

	if (!event->ip || !event->sp)
		return 0;
	request.forget = 0;
	request.capacity = (uint32_t)(capacity < FRAMES_MAX ? capacity : FRAMES_MAX);
	memcpy(&request.event, event, bytes_of(event) - offsetof(struct native_request, event));
	bytes = remote_ask_native((pid_t)event->event.pid, &request, bytes_of(event),
				  (const void **)&found);
	count = bytes > 0 ? (size_t)bytes / sizeof(*found) : 0;
	for (i = 0; i < count && i < capacity; i++) {
		frames[i] = found[i];
		frames[i].kind = LP_FRAME_NATIVE;
		frames[i].function[sizeof(frames[i].function) - 1] = '\0';
		frames[i].file[sizeof(frames[i].file) - 1] = '\0';
	}
	return i;
}

static void ask_forget(pid_t pid)
{
	const void *answer;

	memset(&request, 0,
	       offsetof(struct native_request, event) + offsetof(struct lp_event_native, data));
	request.forget = 1;
	request.event.event.pid = (uint32_t)pid;
	/* a failure means that the process does not answer, or that the worker is new */
	remote_ask_native(pid, &request, bytes_of(&request.event), &answer);
}

void native_begin_remote(void)
{
	static const struct lp_native_helper helper = { .frames = ask_frames,
							.forget = ask_forget };

	remote_serve_native(serve);
	native_help_by(&helper);
}
