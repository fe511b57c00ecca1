// SPDX-License-Identifier: BSD-2-Clause
/* The program of bpf/wakeups.bpf.c, which is loaded when it is needed first. */
#include "session_internal.h"

#include "base/log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

static int wakeups_attach(struct lp_session *session)
{
	struct lp_late_object *late = &session->late[LP_OBJECT_WAKEUPS];
	bool refused = late->refused;
	int err = session_load_object(session, LP_OBJECT_WAKEUPS);
	struct bpf_program *program;

	if (err) {
		if (!refused)
			log_detail("the kernel refuses the program on wakeups: %s", strerror(-err));
		return err;
	}
	program = bpf_object__find_program_by_name(session_object(session, LP_OBJECT_WAKEUPS),
						   "lp_sched_waking");
	session->wakeups = program ? bpf_program__attach(program) : NULL;
	if (session->wakeups)
		return 0;
	err = program && errno ? -errno : -ENOENT;
	/* what fails once is not tried again */
	late->refused = err;
	log_detail("the program on wakeups cannot be attached: %s", strerror(-err));
	return err;
}

int session_watch_wakeups(struct lp_session *session, bool watch)
{
	if (watch && session->without_bursts)
		return -EBUSY;
	if (watch)
		return session->wakeups ? 0 : wakeups_attach(session);
	bpf_link__destroy(session->wakeups);
	session->wakeups = NULL;
	return 0;
}
