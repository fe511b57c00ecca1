// SPDX-License-Identifier: BSD-2-Clause
#include "cgroup.h"

#include "base/macros.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOUNT "/sys/fs/cgroup"
#define POD_DIGITS 32
/* Folders that name an owner where none of the known kinds is in the path. */
#define OWNER_FOLDERS 2
/* kernel/cgroup/cgroup.c: cgroup_show_path's caller appends it once the directory was removed */
#define DELETED " (deleted)"

/* A part of the text, which is not terminated. */
struct part {
	const char *text;
	size_t length;
};

/* One line: "4:cpu,cpuacct:/path", "1:name=systemd:/path", "0::/path". */
struct cgroup_line {
	struct part controllers;
	struct part path;
};

static bool part_is(struct part part, const char *text)
{
	return part.length == strlen(text) && !memcmp(part.text, text, part.length);
}

static bool part_begins(struct part part, const char *text)
{
	return part.length >= strlen(text) && !memcmp(part.text, text, strlen(text));
}

static bool part_ends(struct part part, const char *text)
{
	size_t length = strlen(text);

	return part.length >= length && !memcmp(part.text + part.length - length, text, length);
}

/* Takes the text up to the separator, or all of it. */
static struct part part_take(struct part *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->length);
	struct part part = { rest->text, end ? (size_t)(end - rest->text) : rest->length };
	size_t taken = part.length + (end != NULL);

	rest->text += taken;
	rest->length -= taken;
	return part;
}

static bool next_line(struct part *rest, struct cgroup_line *line)
{
	while (rest->length) {
		struct part whole = part_take(rest, '\n');

		part_take(&whole, ':');
		line->controllers = part_take(&whole, ':');
		line->path = whole;
		if (!part_begins(line->path, "/"))
			continue;
		if (part_ends(line->path, DELETED))
			line->path.length -= strlen(DELETED);
		return true;
	}
	return false;
}

static bool is_digit(char character)
{
	return isdigit((unsigned char)character) || (character >= 'a' && character <= 'f');
}

static struct part find_container(struct part part)
{
	size_t at = 0;

	while (at < part.length) {
		size_t digits = 0;

		while (at + digits < part.length && is_digit(part.text[at + digits]))
			digits++;
		if (digits == LP_CONTAINER_DIGITS)
			return (struct part){ part.text + at, digits };
		at += digits ? digits : 1;
	}
	return (struct part){ part.text, 0 };
}

static bool copy(char *out, size_t size, struct part part)
{
	size_t length = part.length < size ? part.length : size - 1;

	memcpy(out, part.text, length);
	out[length] = '\0';
	return length != 0;
}

static bool take_container(struct part path, struct lp_cgroup *cgroup)
{
	return copy(cgroup->container, sizeof(cgroup->container), find_container(path));
}

/* Any name can be a unit's if it has more than the suffix. */
static bool is_unit(struct part name)
{
	static const char *const suffixes[] = { ".service", ".scope" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (part_ends(name, suffixes[i]) && name.length > strlen(suffixes[i]))
			return !find_container(name).length;
	return false;
}

static bool take_unit(struct part path, struct lp_cgroup *cgroup)
{
	struct part unit = { path.text, 0 };

	while (path.length) {
		struct part name = part_take(&path, '/');

		if (is_unit(name))
			unit = name;
	}
	return copy(cgroup->unit, sizeof(cgroup->unit), unit);
}

/*
 * "1e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6", where systemd's driver writes "_" for "-"; a
 * static pod's is 32 digits.
 */
static bool parse_uid(struct part text, char uid[LP_POD_BYTES])
{
	size_t digits = 0, i;

	if (text.length >= LP_POD_BYTES)
		return false;
	for (i = 0; i < text.length; i++) {
		char character = text.text[i];
		bool dash = character == '-' || character == '_';

		/* 8-4-4-4-12 */
		if (dash && i != 8 && i != 13 && i != 18 && i != 23)
			return false;
		if (!dash && !is_digit(character))
			return false;
		digits += !dash;
		uid[i] = (char)(dash ? '-' : character);
	}
	uid[i] = '\0';
	return digits == POD_DIGITS && (i == POD_DIGITS || i == POD_DIGITS + 4);
}

static bool part_contains(struct part part, const char *text)
{
	return memmem(part.text, part.length, text, strlen(text)) != NULL;
}

/* "pod<uid>", "kubepods-pod<uid>.slice", "kubelet-kubepods-burstable-pod<uid>.slice" */
static bool pod_of(struct part name, char uid[LP_POD_BYTES])
{
	if (part_contains(name, "kubepods-")) {
		if (!part_ends(name, ".slice"))
			return false;
		name.length -= strlen(".slice");
		while (name.length && !part_begins(name, "pod"))
			part_take(&name, '-');
	}
	if (!part_begins(name, "pod"))
		return false;
	name.text += strlen("pod");
	name.length -= strlen("pod");
	return parse_uid(name, uid);
}

static bool take_pod(struct part path, struct lp_cgroup *cgroup)
{
	bool kubernetes = false;

	while (path.length) {
		/* where containerd does not know of systemd: "...slice:cri-containerd:<id>" */
		struct part name = part_take(&path, '/'), slice = part_take(&name, ':');

		kubernetes |= part_contains(slice, "kubepods");
		if (kubernetes && pod_of(slice, cgroup->pod))
			return true;
	}
	cgroup->pod[0] = '\0';
	return false;
}

/* systemd's own hierarchy has the best data about units; the others may lag behind or have none. */
static bool is_of_systemd(const struct cgroup_line *line)
{
	return !line->controllers.length || part_is(line->controllers, "name=systemd");
}

/* Returns whether members of this folder cannot leave it, whatever folders they create in it. */
static bool is_owner(struct part name)
{
	char uid[LP_POD_BYTES];

	return part_ends(name, ".service") || part_ends(name, ".scope") ||
	       find_container(name).length || pod_of(name, uid) ||
	       part_begins(name, "lxc.payload.") ||
	       (part_begins(name, "user-") && part_ends(name, ".slice"));
}

/* FNV-1a: two owners with the same number share a part, which gives neither of them more. */
static uint64_t hash_part(uint64_t hash, struct part part)
{
	size_t i;

	for (i = 0; i < part.length; i++)
		hash = (hash ^ (unsigned char)part.text[i]) * 0x100000001b3ULL;
	return (hash ^ '/') * 0x100000001b3ULL;
}

static bool holds_owner(struct part path)
{
	while (path.length)
		if (is_owner(part_take(&path, '/')))
			return true;
	return false;
}

/*
 * The owner of a path; 0: it is the root.  Only slices, which the service manager makes, and the
 * folders of Kubernetes group owners at any depth: below another folder, a name may be its members'
 * choice.
 */
static uint64_t owner_of(struct part path)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	bool slices = true, kubernetes = false;
	size_t folders = 0;

	while (path.length) {
		struct part name = part_take(&path, '/');

		if (!name.length)
			continue;
		hash = hash_part(hash, name);
		folders++;
		slices = slices && part_ends(name, ".slice");
		kubernetes = kubernetes || part_begins(name, "kubepods");
		if (is_owner(name))
			break;
		if (folders >= OWNER_FOLDERS && !((slices || kubernetes) && holds_owner(path)))
			break;
	}
	/* The lowest bit says that there is an owner. */
	return folders ? hash | 1 : 0;
}

static bool take_owner(struct part path, struct lp_cgroup *cgroup)
{
	cgroup->owner = owner_of(path);
	return cgroup->owner != 0;
}

bool cgroup_is_owner(uint64_t owner, const char *path)
{
	struct part whole = { path, strlen(path) }, rest = whole;

	if (part_begins(rest, "/"))
		part_take(&rest, '/');
	part_take(&rest, '/');
	return owner && (owner == owner_of(whole) || owner == owner_of(rest));
}

static const struct {
	bool systemd; /* only of its own hierarchy */
	size_t field;
	bool (*take)(struct part path, struct lp_cgroup *cgroup);
} rows[] = {
	{ true, offsetof(struct lp_cgroup, unit), take_unit },
	{ false, offsetof(struct lp_cgroup, unit), take_unit },
	{ false, offsetof(struct lp_cgroup, pod), take_pod },
	{ false, offsetof(struct lp_cgroup, container), take_container },
	{ true, offsetof(struct lp_cgroup, owner), take_owner },
	{ false, offsetof(struct lp_cgroup, owner), take_owner },
};

void cgroup_parse(const char *text, struct lp_cgroup *cgroup)
{
	size_t i;

	memset(cgroup, 0, sizeof(*cgroup));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct part rest = { text, strlen(text) };
		struct cgroup_line line;

		while (!((const char *)cgroup)[rows[i].field] && next_line(&rest, &line))
			if (!rows[i].systemd || is_of_systemd(&line))
				rows[i].take(line.path, cgroup);
	}
}

static bool lies_within(struct part path, struct part folder)
{
	return path.length >= folder.length && !memcmp(path.text, folder.text, folder.length) &&
	       (path.length == folder.length || path.text[folder.length] == '/');
}

/* Each hierarchy of version 1 is mounted under the names of its controllers. */
static bool lies_below_controller(const struct cgroup_line *line, struct part folder)
{
	struct part names = line->controllers, mounted;

	if (!part_begins(folder, "/"))
		return false;
	folder.text++;
	folder.length--;
	mounted = part_take(&folder, '/');
	/* Includes the slash that was taken. */
	if (folder.text[-1] == '/') {
		folder.text--;
		folder.length++;
	}
	if (!names.length)
		return part_is(mounted, "unified") && lies_within(line->path, folder);
	while (names.length) {
		struct part name = part_take(&names, ',');

		if (part_begins(name, "name=")) {
			name.text += strlen("name=");
			name.length -= strlen("name=");
		}
		if (name.length == mounted.length && !memcmp(name.text, mounted.text, name.length))
			return lies_within(line->path, folder);
	}
	return false;
}

int cgroup_normalise(const char *given, char *path, size_t size)
{
	struct part rest = { given, strlen(given) };
	size_t at = 0;

	if (part_begins(rest, MOUNT) && (!given[strlen(MOUNT)] || given[strlen(MOUNT)] == '/')) {
		rest.text += strlen(MOUNT);
		rest.length -= strlen(MOUNT);
	}
	path[0] = '\0';
	while (rest.length) {
		struct part name = part_take(&rest, '/');

		if (!name.length || part_is(name, "."))
			continue;
		if (part_is(name, "..") || at + name.length + 2 > size)
			return -EINVAL;
		path[at++] = '/';
		copy(path + at, size - at, name);
		at += name.length;
	}
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat file;

	return !stat(path, &file) && S_ISDIR(file.st_mode);
}

bool cgroup_exists(const char *path)
{
	char whole[2 * PATH_MAX + sizeof(MOUNT)];
	struct dirent *entry;
	DIR *mounts;
	bool found;

	snprintf(whole, sizeof(whole), MOUNT "%s", path);
	found = is_directory(whole);
	mounts = opendir(MOUNT);
	if (!mounts)
		return true;
	/* version 1: a hierarchy a directory, under the names of its controllers */
	while (!found && (entry = readdir(mounts))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(whole, sizeof(whole), MOUNT "/%s%s", entry->d_name, path);
		found = *path && is_directory(whole);
	}
	closedir(mounts);
	return found;
}

bool cgroup_is_within(const char *text, const char *path)
{
	struct part rest = { text, strlen(text) }, folder = { path, strlen(path) };
	struct cgroup_line line;

	while (next_line(&rest, &line))
		if (lies_within(line.path, folder) || lies_below_controller(&line, folder))
			return true;
	return false;
}
