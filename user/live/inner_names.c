// SPDX-License-Identifier: BSD-2-Clause
#include "inner_names.h"

#include "base/text.h"
#include "model/own_frames.h"

#include <stddef.h>

/* Bytes of a path as UTF-8: a character of one byte takes two at most. */
#define FILE_MAX (2 * LP_FILENAME_BYTES + 1)

bool inner_name_take(const struct lp_event_name *event, struct lp_event_name *name)
{
	size_t bytes = event->filename.bytes;
	char file[FILE_MAX];

	if (!bytes || bytes > LP_FILENAME_BYTES || event->filename.flags & LP_TEXT_UNREADABLE)
		return false;
	text_from_code_points(event->filename_data, bytes, event->filename.width, file,
			      sizeof(file));
	if (own_frames_origin(file) != LP_ORIGIN_PROGRAM)
		return false;
	*name = *event;
	name->event.reserved = 0;
	return true;
}
