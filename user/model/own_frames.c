// SPDX-License-Identifier: BSD-2-Clause
#include "own_frames.h"

#include "base/text.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Returns the part of a path below the directory of installed packages, and whose names it has. */
static const char *below_packages(const char *file, const struct lp_code_names **names)
{
	const char *below = NULL;
	size_t i;

	for (i = 0; !below && (*names = code_names_at(i)); i++)
		below = (*names)->below_packages(file);
	return below;
}

enum lp_frame_origin own_frames_origin(const char *file)
{
	const struct lp_code_names *names;
	size_t i;

	if (below_packages(file, &names))
		return LP_ORIGIN_PACKAGE;
	for (i = 0; (names = code_names_at(i)); i++)
		if (names->is_library(file))
			return LP_ORIGIN_LIBRARY;
	for (i = 0; (names = code_names_at(i)); i++)
		if (names->is_generated(file))
			return LP_ORIGIN_GENERATED;
	return LP_ORIGIN_PROGRAM;
}

/* Returns the number of parts of a path, at most three. */
static unsigned int count_parts(const char *path)
{
	unsigned int count = 1;

	for (; *path && count < 3; path++)
		count += *path == '/';
	return count;
}

unsigned int own_frames_parts(const char *file)
{
	const char *end = text_path_end(file, 2);
	const struct lp_code_names *names;
	const char *package = below_packages(file, &names);
	const char *const *directory;
	size_t i;

	if (package && count_parts(package) > 2)
		return 3;
	for (i = 0; (names = code_names_at(i)); i++)
		for (directory = names->library_directories; *directory; directory++)
			if (begins(end, *directory))
				return own_frames_origin(file) == LP_ORIGIN_LIBRARY ? 2 : 3;
	return 2;
}

void own_frames_package(const char *file, char *name, size_t size)
{
	const struct lp_code_names *names;
	const char *below = below_packages(file, &names);

	if (below)
		names->package(below, name, size);
	else
		text_copy(name, size, "");
}

bool own_frames_has_origin(const struct lp_shown_frame *frame, enum lp_frame_origin origin)
{
	if (!frame || frame->kind != LP_FRAME_PYTHON || !frame->file || !*frame->file)
		return false;
	return (frame->generated ? LP_ORIGIN_GENERATED : own_frames_origin(frame->file)) == origin;
}

bool own_frames_has_common_name(const char *file)
{
	const char *name = text_base_name(file);
	const struct lp_code_names *names;
	const char *const *common;
	size_t i;

	for (i = 0; (names = code_names_at(i)); i++)
		for (common = names->common_files; *common; common++)
			if (!strcmp(*common, name))
				return true;
	return false;
}

const struct lp_code_names *own_frames_importer(const struct lp_shown_frame *frame)
{
	const struct lp_code_names *names;
	size_t i;

	if (frame->kind != LP_FRAME_PYTHON || !frame->file)
		return NULL;
	for (i = 0; (names = code_names_at(i)); i++)
		if (names->importer && begins(frame->file, names->importer))
			break;
	return names;
}

bool own_frames_is_import(const struct lp_shown_frame *frame)
{
	return own_frames_importer(frame) != NULL;
}

static bool is_framework(const char *package)
{
	const struct lp_code_names *names;
	const char *const *framework;
	size_t i;

	for (i = 0; (names = code_names_at(i)); i++)
		for (framework = names->frameworks; *framework; framework++)
			if (!strcmp(*framework, package))
				return true;
	return false;
}

/* Returns whether a frame is the program's, and surely of one of its files. */
static bool is_in_file(const struct lp_shown_frame *frame)
{
	return own_frames_has_origin(frame, LP_ORIGIN_PROGRAM) && *frame->file != '<';
}

size_t own_frames_innermost(const struct lp_shown_frame *const *frames, size_t count)
{
	char outermost[LP_PACKAGE_MAX] = "", package[LP_PACKAGE_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		if (is_in_file(frames[i]))
			return i;
	for (i = 0; i < count; i++)
		if (own_frames_has_origin(frames[i], LP_ORIGIN_PROGRAM))
			return i;
	for (i = count; i && !outermost[0]; i--) {
		if (!own_frames_has_origin(frames[i - 1], LP_ORIGIN_PACKAGE))
			continue;
		own_frames_package(frames[i - 1]->file, package, sizeof(package));
		if (!is_framework(package))
			text_copy(outermost, sizeof(outermost), package);
	}
	for (i = 0; i < count; i++) {
		if (!own_frames_has_origin(frames[i], LP_ORIGIN_PACKAGE))
			continue;
		own_frames_package(frames[i]->file, package, sizeof(package));
		if (!outermost[0] || !strcmp(package, outermost))
			return i;
	}
	return count;
}

bool own_frames_is_framework(const struct lp_shown_frame *frame)
{
	char package[LP_PACKAGE_MAX];

	if (!own_frames_has_origin(frame, LP_ORIGIN_PACKAGE))
		return false;
	own_frames_package(frame->file, package, sizeof(package));
	return is_framework(package);
}

size_t own_frames_outermost(const struct lp_shown_frame *const *frames, size_t count)
{
	char outermost[LP_PACKAGE_MAX] = "", package[LP_PACKAGE_MAX];
	size_t found = count, i;

	for (i = count; i; i--) {
		if (!own_frames_has_origin(frames[i - 1], LP_ORIGIN_PACKAGE))
			continue;
		own_frames_package(frames[i - 1]->file, package, sizeof(package));
		if (found == count) {
			found = i - 1;
			text_copy(outermost, sizeof(outermost), package);
		} else if (strcmp(package, outermost) != 0) {
			return i - 1;
		}
	}
	return found;
}

bool own_frames_is_library(const char *file)
{
	return own_frames_origin(file) == LP_ORIGIN_LIBRARY;
}

static bool of_library(const struct lp_shown_frame *frame)
{
	return own_frames_is_library(frame->file);
}

static bool is_own(const struct lp_shown_frame *frame)
{
	return frame->kind == LP_FRAME_PYTHON && !of_library(frame);
}

static bool is_loop(const struct lp_shown_frame *frame)
{
	const struct lp_code_names *names;
	const char *const *file;
	size_t i;

	if (!of_library(frame))
		return false;
	for (i = 0; (names = code_names_at(i)); i++)
		for (file = names->loop_files; *file; file++)
			if (text_ends_with(frame->file, *file))
				return true;
	return false;
}

struct lp_stack own_frames_in_loop(const struct lp_stack *stack)
{
	struct lp_stack in_loop = *stack;
	uint32_t i = 0;

	while (i < stack->depth && !is_own(stack->frames[i]))
		i++;
	for (; i < stack->depth; i++)
		if (is_loop(stack->frames[i]))
			break;
	in_loop.depth = i;
	return in_loop;
}

struct lp_stack own_frames_of(const struct lp_stack *stack)
{
	struct lp_stack own = *stack;
	uint32_t first = 0, end;

	while (first < stack->depth && !is_own(stack->frames[first]))
		first++;
	if (first == stack->depth)
		return own;
	for (end = first + 1; end < stack->depth && !is_loop(stack->frames[end]);)
		end++;
	if (end < stack->depth)
		own.cut = own.unreadable = false;
	/* the library's outermost frames only start the thread or the program */
	while (of_library(stack->frames[end - 1]))
		end--;
	own.frames += first;
	own.depth = end - first;
	return own;
}
