// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process/cgroup.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "1e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6"
#define POD_SLICE "pod1e2f3a4b_5c6d_7e8f_9a0b_c1d2e3f4a5b6.slice/"

/* Both paths have one owner, or not.  A unit's members may create any subgroups in its group. */
static void owners_are_not_chosen_by_their_members(void **state)
{
	static const struct {
		const char *first, *second;
		bool same;
	} pairs[] = {
		{ "0::/system.slice/a.service\n", "0::/system.slice/a.service/x/y\n", true },
		{ "0::/system.slice/a.service\n", "0::/system.slice/a.service/b.scope\n", true },
		{ "0::/system.slice/a.service\n", "0::/system.slice/b.service\n", false },
		{ "0::/user.slice/user-7.slice/session-1.scope\n",
		  "0::/user.slice/user-7.slice/user@7.service/app.slice/z.scope\n", true },
		{ "0::/user.slice/user-7.slice\n", "0::/user.slice/user-8.slice\n", false },
		{ "0::/docker/" ID "\n", "0::/docker/" ID "/docker/" OTHER "\n", true },
		{ "0::/docker/" ID "\n", "0::/docker/" OTHER "\n", false },
		{ "0::/jobs/seven/a/b\n", "0::/jobs/seven/c\n", true },
		{ "0::/jobs/seven\n", "0::/jobs/eight\n", false },
		{ "0::/jobs/seven/a.service\n", "0::/jobs/seven/b.service\n", true },
		{ "0::/jobs/seven/" ID "\n", "0::/jobs/seven/" OTHER "\n", true },
		{ "0::/jobs/x.slice/a.service\n", "0::/jobs/x.slice/b.service\n", true },
		{ "0::/lxc/one/system.slice/a.service\n", "0::/lxc/one/b.scope\n", true },
		{ "0::/lxc.payload.one/system.slice/a.service\n",
		  "0::/lxc.payload.one/other.slice/b.scope\n", true },
		{ "0::/lxc.payload.one/init.scope\n", "0::/lxc.payload.two/init.scope\n", false },
		{ "0::/system.slice/system-a.slice/a@1.service\n",
		  "0::/system.slice/system-a.slice/a@2.service\n", false },
		{ "0::/kubepods/burstable/pod" POD "/" ID "\n",
		  "0::/kubepods/burstable/pod" POD "/" OTHER "\n", true },
		{ "0::/kubepods/burstable/pod" POD "\n",
		  "0::/kubepods/burstable/pod2e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6\n", false },
		{ "1:name=systemd:/\n0::/jobs/seven\n", "0::/jobs/seven\n", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct lp_cgroup first, second;

		cgroup_parse(pairs[i].first, &first);
		cgroup_parse(pairs[i].second, &second);
		assert_true(first.owner && second.owner);
		if ((first.owner == second.owner) != pairs[i].same)
			fail_msg("%s and %s", pairs[i].first, pairs[i].second);
	}
}

static void those_of_the_root_have_no_owner(void **state)
{
	struct lp_cgroup cgroup;

	(void)state;
	cgroup_parse("3:cpu:/\n0::/\n", &cgroup);
	assert_int_equal(cgroup.owner, 0);
	cgroup_parse("0::/jobs/seven\n", &cgroup);
	assert_true(cgroup_is_owner(cgroup.owner, "/jobs/seven"));
	assert_true(cgroup_is_owner(cgroup.owner, "/unified/jobs/seven"));
	assert_false(cgroup_is_owner(cgroup.owner, "/jobs"));
	assert_false(cgroup_is_owner(0, ""));
}

static const struct row {
	const char *text;
	const char *unit, *pod, *container;
} rows[] = {
	/* no label */
	{ "", "", "", "" },
	{ "0::/\n", "", "", "" },
	{ "0::/user.slice\n", "", "", "" },
	/* units: the innermost one counts */
	{ "0::/system.slice/nginx.service\n", "nginx.service", "", "" },
	{ "0::/system.slice/system-api.slice/api@7.service\n", "api@7.service", "", "" },
	{ "0::/system.slice/uwsgi.service/workers/3\n", "uwsgi.service", "", "" },
	{ "0::/user.slice/user-1000.slice/session-2.scope\n", "session-2.scope", "", "" },
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/bot.service\n", "bot.service",
	  "", "" },
	{ "0::/system.slice/app-x\\x2dterm-7.scope\n", "app-x\\x2dterm-7.scope", "", "" },
	{ "0::/system.slice/gone.service (deleted)\n", "gone.service", "", "" },
	/* version 1: systemd's hierarchy takes precedence over a controller's */
	{ "4:cpu,cpuacct:/system.slice/outer.service\n1:name=systemd:/system.slice/inner.service\n",
	  "inner.service", "", "" },
	{ "4:cpu:/system.slice/outer.service\n1:name=systemd:/\n0::/\n", "outer.service", "", "" },
	{ "4:memory:/\n0::/system.slice/hybrid.service\n", "hybrid.service", "", "" },
	/* containers of each engine */
	{ "0::/system.slice/docker-" ID ".scope\n", "", "", ID },
	{ "12:pids:/docker/" ID "\n11:cpu,cpuacct:/docker/" ID "\n", "", "", ID },
	{ "0::/machine.slice/libpod-" ID ".scope/container\n", "", "", ID },
	{ "0::/system.slice/web.service/libpod-payload-" ID "\n", "web.service", "", ID },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope\n",
	  "user@1000.service", "", ID },
	{ "0::/system.slice/docker-" ID ".scope/system.slice/app.service\n", "app.service", "",
	  ID },
	{ "0::/docker/" ID "/docker/" OTHER "\n", "", "", ID },
	/* pods of both cgroup drivers, and a pod in a node that is a container itself */
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD_SLICE "crio-" ID
	  ".scope\n",
	  "", POD, ID },
	{ "0::/kubepods.slice/kubepods-" POD_SLICE "cri-containerd-" ID ".scope\n", "", POD, ID },
	{ "4:memory:/kubepods/besteffort/pod" POD "/" ID "\n", "", POD, ID },
	{ "4:memory:/kubepods/pod0123456789abcdef0123456789abcdef/" ID "\n", "",
	  "0123456789abcdef0123456789abcdef", ID },
	{ "0::/system.slice/containerd.service/kubepods-burstable-pod1e2f3a4b_5c6d_7e8f_9a0b_"
	  "c1d2e3f4a5b6.slice:cri-containerd:" ID "\n",
	  "containerd.service", POD, ID },
	{ "0::/docker/" OTHER "/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-" POD_SLICE
	  "cri-containerd-" ID ".scope\n",
	  "", POD, OTHER },
	/* names that only resemble a container's or a pod's */
	{ "0::/docker/" ID "0\n", "", "", "" },
	{ "0::/docker/" ID ID "\n", "", "", "" },
	{ "0::/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n", "", "",
	  "" },
	{ "0::/a/" ID "0/docker-" OTHER ".scope\n", "", "", OTHER },
	{ "0::/home/pod" POD "\n", "", "", "" },
	{ "0::/kubepods/pod1e2f3a4b\n", "", "", "" },
	{ "0::/kubepods/pod1e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6-7\n", "", "", "" },
	{ "0::/kubepods/pod------------------------------------\n", "", "", "" },
	{ "0::/kubepods/pod1e2f3a4b5-c6d-7e8f-9a0b-c1d2e3f4a5b6\n", "", "", "" },
	{ "0::/kubepods/podzzzzzzzz-5c6d-7e8f-9a0b-c1d2e3f4a5b6\n", "", "", "" },
	{ "0::/kubepods-.slice/kubepods-pod\n", "", "", "" },
	{ "0::/.service\n0::/.scope\n", "", "", "" },
	/* texts that the kernel never writes */
	{ ":::::", "", "", "" },
	{ "0:", "", "", "" },
	{ "\n\n\n", "", "", "" },
	{ "0::relative.service\n", "", "", "" },
	{ "0::/a.service:b\n", "", "", "" },
	{ "0::////\n0::/x.scope///\n", "x.scope", "", "" },
};

static void whose_a_process_is_is_read_from_its_cgroups(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* on the heap, so that a sanitiser reports a read past the end */
		char *text = strdup(rows[i].text);
		struct lp_cgroup cgroup;

		memset(&cgroup, 'x', sizeof(cgroup));
		cgroup_parse(text, &cgroup);
		free(text);
		if (strcmp(cgroup.unit, rows[i].unit) || strcmp(cgroup.pod, rows[i].pod) ||
		    strcmp(cgroup.container, rows[i].container))
			fail_msg("'%s': unit '%s' pod '%s' container '%s'", rows[i].text,
				 cgroup.unit, cgroup.pod, cgroup.container);
	}
}

static void any_text_is_read_within_bounds(void **state)
{
	static const char alphabet[] = ":/\n-_.podkubes0123456789abcdefservice,=(";
	unsigned int seed = 1, round, i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		size_t size = (size_t)rand_r(&seed) % 300;
		char *text = malloc(size + 1), path[256];
		struct lp_cgroup cgroup;

		for (i = 0; i < size; i++)
			text[i] = (char)(rand_r(&seed) % 16 ? alphabet[(size_t)rand_r(&seed) %
								       (sizeof(alphabet) - 1)]
							    : 1 + rand_r(&seed) % 255);
		text[size] = '\0';
		cgroup_parse(text, &cgroup);
		assert_true(strlen(cgroup.unit) < sizeof(cgroup.unit));
		assert_true(strlen(cgroup.pod) < sizeof(cgroup.pod));
		if (!cgroup_normalise(text, path, sizeof(path)))
			cgroup_is_within(text, path);
		free(text);
	}
}

static void a_long_unit_name_is_cut(void **state)
{
	char text[400] = "0::/";
	struct lp_cgroup cgroup;

	(void)state;
	memset(text + 4, 'u', 300);
	strcpy(text + 304, ".service\n");
	cgroup_parse(text, &cgroup);
	assert_int_equal(strlen(cgroup.unit), LP_UNIT_BYTES - 1);
}

static bool within(const char *text, const char *given)
{
	char path[128];

	return !cgroup_normalise(given, path, sizeof(path)) && cgroup_is_within(text, path);
}

static void a_process_is_in_its_cgroup_and_in_those_above(void **state)
{
	const char *text = "0::/system.slice/api.service/workers\n";

	(void)state;
	assert_true(within(text, "/sys/fs/cgroup/system.slice/api.service/workers"));
	assert_true(within(text, "/sys/fs/cgroup/system.slice/api.service/"));
	assert_true(within(text, "system.slice/api.service"));
	assert_true(within(text, "/system.slice"));
	assert_true(within(text, "/"));
	assert_true(within(text, "/sys/fs/cgroup"));
	assert_false(within(text, "/system.slice/api"));
	assert_false(within(text, "/system.slice/api.service/workers/1"));
	assert_false(within(text, "/sys/fs/cgroups"));
	assert_false(within(text, "/workers"));
	assert_false(within(text, "/system.slice/../system.slice"));
}

static void a_hierarchy_of_version_1_is_named_by_its_controllers(void **state)
{
	const char *text = "5:cpu,cpuacct:/a/b\n4:memory:/c\n1:name=systemd:/d\n0::/e\n";

	(void)state;
	assert_true(within(text, "/sys/fs/cgroup/cpu/a"));
	assert_true(within(text, "/sys/fs/cgroup/cpuacct/a/b"));
	assert_true(within(text, "/sys/fs/cgroup/memory/c"));
	assert_true(within(text, "/sys/fs/cgroup/memory"));
	assert_true(within(text, "/sys/fs/cgroup/systemd/d"));
	assert_true(within(text, "/sys/fs/cgroup/unified/e"));
	assert_false(within(text, "/sys/fs/cgroup/memory/a"));
	assert_false(within(text, "/sys/fs/cgroup/pids"));
	assert_false(within(text, "/sys/fs/cgroup/memor/c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_are_not_chosen_by_their_members),
		cmocka_unit_test(those_of_the_root_have_no_owner),
		cmocka_unit_test(whose_a_process_is_is_read_from_its_cgroups),
		cmocka_unit_test(any_text_is_read_within_bounds),
		cmocka_unit_test(a_long_unit_name_is_cut),
		cmocka_unit_test(a_process_is_in_its_cgroup_and_in_those_above),
		cmocka_unit_test(a_hierarchy_of_version_1_is_named_by_its_controllers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
