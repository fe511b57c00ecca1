// SPDX-License-Identifier: BSD-2-Clause
/*
 * Input: text in the form of /proc/PID/cgroup, of /proc/PID/maps, and of a cgroup as users name it.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "process/cgroup.h"
#include "process/mappings.h"

static void check_cgroup(const char *text)
{
	struct lp_cgroup cgroup;
	size_t length;

	cgroup_parse(text, &cgroup);
	FUZZ_CHECK(strnlen(cgroup.unit, sizeof(cgroup.unit)) < sizeof(cgroup.unit));
	FUZZ_CHECK(strnlen(cgroup.pod, sizeof(cgroup.pod)) < sizeof(cgroup.pod));
	length = strnlen(cgroup.container, sizeof(cgroup.container));
	FUZZ_CHECK(!length || length == LP_CONTAINER_DIGITS);
	FUZZ_CHECK(!strpbrk(cgroup.unit, "/\n"));
}

static void check_path(const char *given, const char *text)
{
	char path[128], again[128];

	if (cgroup_normalise(given, path, sizeof(path)))
		return;
	FUZZ_CHECK(strlen(path) < sizeof(path) && !strstr(path, "//") && !strstr(path, "/../"));
	/* a path that still begins with the mount point would be cut again */
	if (strncmp(path, "/sys/fs/cgroup", 14) != 0)
		FUZZ_CHECK(!cgroup_normalise(path, again, sizeof(again)) && !strcmp(path, again));
	cgroup_is_within(text, path);
}

static void check_line(char *line, size_t size)
{
	struct lp_mapping mapping;

	if (mapping_parse(line, &mapping))
		return;
	FUZZ_CHECK(mapping.inode && mapping.path > line && mapping.path < line + size);
	FUZZ_CHECK(mapping.path[0] == '/');
	FUZZ_CHECK(strlen(mapping_path_part(mapping.path)) < LP_MAPPING_PATH_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest, *line;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_cgroup(text);
	line = strndup(text, strcspn(text, "\n"));
	if (line)
		check_path(line, text);
	free(line);
	rest = text;
	while ((line = strsep(&rest, "\n")))
		check_line(line, strlen(line) + 1);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	static const char *const texts[] = {
		"0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef"
		"0123456789abcdef.scope\n",
		"4:cpu,cpuacct:/kubepods/besteffort/pod1e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6/x\n"
		"1:name=systemd:/system.slice/a.service (deleted)\n0::/\n",
		"/sys/fs/cgroup/system.slice/./nginx.service//\n0::/system.slice/nginx.service\n",
		"unified/kubepods.slice/kubepods-pod0123456789abcdef0123456789abcdef.slice\n",
		"55d0a000-55d0b000 r-xp 00001000 fe:01 247702      /usr/lib/a\\012b.so (deleted)\n"
		"7ffc0000-7ffc2000 rw-p 00000000 00:00 0           [stack]\n",
	};

	return fuzz_text_seed(texts, sizeof(texts) / sizeof(texts[0]), number, data);
}
