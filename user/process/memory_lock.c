// SPDX-License-Identifier: BSD-2-Clause
#include "memory_lock.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "proc_file.h"

#include <string.h>
#include <time.h>

/*
 * The beginnings of the names of kernel functions that take the lock of another process and are not
 * part of the lock itself, as /proc/PID/wchan shows them. A compiler appends to some of the names.
 */
static const char *const takers[] = {
	"process_vm_rw", /* process_vm_readv(): process_vm_rw_core, process_vm_rw_single_vec */
	"pin_user_pages_remote",   "__gup_longterm_locked",
	"__get_user_pages_remote", "__access_remote_vm", /* /proc/PID/mem, cmdline, environ */
	"access_remote_vm",	   "m_start", /* /proc/PID/maps */
	"lock_vma_range",	   "register_for_each_vma", /* to put a uprobe into a file */
	"uprobe_register",
};

enum lp_memory_lock_state memory_lock_state(pid_t tid)
{
	char name[64];
	size_t i;

	/* "0" stands for no name */
	if (proc_read(tid, "wchan", name, sizeof(name)) <= 0 || name[0] == '0')
		return LP_MEMORY_LOCK_UNKNOWN;
	for (i = 0; i < ARRAY_SIZE(takers); i++)
		if (!strncmp(name, takers[i], strlen(takers[i])))
			return LP_MEMORY_LOCK_AWAITED;
	return LP_MEMORY_LOCK_NOT_AWAITED;
}

uint64_t memory_lock_cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : clock_ns(clock);
}
