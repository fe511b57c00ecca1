// SPDX-License-Identifier: BSD-2-Clause
#include "sandbox.h"

#include "base/log.h"
#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(kind) (1U << (kind))
#define LIVE BIT(LP_SANDBOX_LIVE)
#define READER BIT(LP_SANDBOX_READER)
#define ATTACHER BIT(LP_SANDBOX_ATTACHER)
#define TASKS BIT(LP_SANDBOX_TASKS)
#define CAPTURES BIT(LP_SANDBOX_CAPTURES)
#define ALL (LIVE | READER | ATTACHER | TASKS | CAPTURES)
#define TARGETS (LIVE | READER | ATTACHER | TASKS)
/* processes that change no file */
#define UNWRITING (READER | ATTACHER)

/* ---- capabilities ---- */

/* The capabilities that are retained, by which kind of process, and on which condition. */
static const struct capability {
	int number;
	unsigned int kinds;
	enum { ALWAYS, IF_WRITING, IF_KERNEL_SYMBOLS, IF_SIGNALLING } condition;
} capabilities[] = {
	{ CAP_BPF, LIVE, ALWAYS },
	{ CAP_PERFMON, LIVE | ATTACHER, ALWAYS },
	/* perf_event_open requires it to attach an uprobe, bpf() to count the runs of programs. */
	{ CAP_SYS_ADMIN, LIVE | ATTACHER, ALWAYS },
	{ CAP_SYS_PTRACE, TARGETS, ALWAYS },
	/* /proc/PID/map_files; before 5.9 CAP_SYS_ADMIN, which a kernel from 5.10 on does without */
	{ CAP_CHECKPOINT_RESTORE, TARGETS, ALWAYS },
	/* tracefs, and files of targets and captures of other users */
	{ CAP_DAC_READ_SEARCH, ALL, ALWAYS },
	{ CAP_DAC_OVERRIDE, LIVE | TASKS | CAPTURES, IF_WRITING },
	{ CAP_CHOWN, LIVE | TASKS | CAPTURES, IF_WRITING },
	{ CAP_FOWNER, LIVE | TASKS | CAPTURES, IF_WRITING },
	{ CAP_SYSLOG, LIVE, IF_KERNEL_SYMBOLS },
	/* the program after -- may run as the user who called sudo */
	{ CAP_KILL, LIVE, IF_SIGNALLING },
};

static bool is_retained(const struct lp_sandbox *sandbox, int number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *row = &capabilities[i];

		if (row->number == number && row->kinds & BIT(sandbox->kind))
			return row->condition == ALWAYS ||
			       (row->condition == IF_WRITING && sandbox->writes) ||
			       (row->condition == IF_KERNEL_SYMBOLS && sandbox->kernel_symbols) ||
			       (row->condition == IF_SIGNALLING && sandbox->signals);
	}
	return false;
}

static int drop_capabilities(const struct lp_sandbox *sandbox)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int number;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (number = 0; number <= CAP_LAST_CAP; number++) {
		uint32_t bit = 1U << number % 32;

		if (is_retained(sandbox, number))
			continue;
		/* This fails without CAP_SETPCAP: then an exec cannot gain root's capabilities
		 * either. */
		prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
		data[number / 32].effective &= ~bit;
		data[number / 32].permitted &= ~bit;
	}
	for (number = 0; number < _LINUX_CAPABILITY_U32S_3; number++)
		data[number].inheritable = 0;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* ---- system calls ---- */

/* Calls that headers of older kernels do not have; a number has one meaning for ever. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

/* The program runs on 64-bit x86; calls of another architecture are refused as a whole. */
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_CALLS 0x40000000U

/* The refused system calls, by kind of process.  The call returns EPERM. */
static const struct refused_call {
	uint32_t number;
	unsigned int kinds;
} refused_calls[] = {
	/* to run another program */
	{ SYS_execve, ALL },
	{ SYS_execveat, ALL },
	/* to change another process; `tasks` stops those that it reads with --consistent */
	{ SYS_process_vm_writev, ALL },
	/* some requests are allowed, see allowed_ptrace */
	{ SYS_ptrace, ALL & ~TASKS },
	{ SYS_pidfd_getfd, ALL },
	{ SYS_process_madvise, ALL },
	{ SYS_process_mrelease, ALL },
	{ SYS_migrate_pages, ALL },
	{ SYS_move_pages, ALL },
	{ SYS_kcmp, ALL },
	{ SYS_sched_setaffinity, ALL },
	{ SYS_sched_setattr, ALL },
	{ SYS_sched_setparam, ALL },
	{ SYS_sched_setscheduler, ALL },
	{ SYS_setpriority, ALL },
	{ SYS_ioprio_set, ALL },
	{ SYS_shmget, ALL },
	{ SYS_shmat, ALL },
	{ SYS_shmctl, ALL },
	{ SYS_semget, ALL },
	{ SYS_semctl, ALL },
	{ SYS_msgget, ALL },
	{ SYS_msgctl, ALL },
	{ SYS_mq_open, ALL },
	{ SYS_mq_unlink, ALL },
	{ SYS_setns, ALL },
	{ SYS_unshare, ALL },
	{ SYS_process_vm_readv, CAPTURES },
	/* to change the user or group */
	{ SYS_setuid, ALL },
	{ SYS_setgid, ALL },
	{ SYS_setreuid, ALL },
	{ SYS_setregid, ALL },
	{ SYS_setresuid, ALL },
	{ SYS_setresgid, ALL },
	{ SYS_setgroups, ALL },
	{ SYS_setfsuid, ALL },
	{ SYS_setfsgid, ALL },
	/* to open connections; pairs of connected sockets remain possible */
	{ SYS_socket, ALL },
	{ SYS_connect, ALL },
	{ SYS_bind, ALL },
	{ SYS_io_uring_setup, ALL },
	/* to change the system */
	{ SYS_mount, ALL },
	{ SYS_umount2, ALL },
	{ SYS_move_mount, ALL },
	{ SYS_open_tree, ALL },
	{ SYS_open_tree_attr, ALL },
	{ SYS_mount_setattr, ALL },
	{ SYS_fsopen, ALL },
	{ SYS_fspick, ALL },
	{ SYS_fsconfig, ALL },
	{ SYS_fsmount, ALL },
	{ SYS_pivot_root, ALL },
	{ SYS_chroot, ALL },
	{ SYS_mknod, ALL },
	{ SYS_mknodat, ALL },
	{ SYS_init_module, ALL },
	{ SYS_finit_module, ALL },
	{ SYS_delete_module, ALL },
	{ SYS_kexec_load, ALL },
	{ SYS_kexec_file_load, ALL },
	{ SYS_reboot, ALL },
	{ SYS_swapon, ALL },
	{ SYS_swapoff, ALL },
	{ SYS_acct, ALL },
	{ SYS_quotactl, ALL },
	{ SYS_quotactl_fd, ALL },
	{ SYS_fanotify_init, ALL },
	{ SYS_syslog, ALL },
	{ SYS_vhangup, ALL },
	{ SYS_personality, ALL },
	{ SYS_modify_ldt, ALL },
	{ SYS_sethostname, ALL },
	{ SYS_setdomainname, ALL },
	{ SYS_settimeofday, ALL },
	{ SYS_clock_settime, ALL },
	{ SYS_clock_adjtime, ALL },
	{ SYS_adjtimex, ALL },
	{ SYS_iopl, ALL },
	{ SYS_ioperm, ALL },
	{ SYS_add_key, ALL },
	{ SYS_request_key, ALL },
	{ SYS_keyctl, ALL },
	{ SYS_userfaultfd, ALL },
	{ SYS_open_by_handle_at, ALL },
	/* calls that only a run needs, and the process that attaches for it */
	{ SYS_bpf, ALL & ~LIVE },
	{ SYS_perf_event_open, ALL & ~ATTACHER },
};

/* Additional refusals for UNWRITING processes: they remove, rename and signal nothing. */
static const uint32_t readers_refused[] = {
	SYS_creat,
	SYS_openat2,
	SYS_truncate,
	SYS_ftruncate,
	SYS_unlink,
	SYS_unlinkat,
	SYS_rename,
	SYS_renameat,
	SYS_renameat2,
	SYS_link,
	SYS_linkat,
	SYS_symlink,
	SYS_symlinkat,
	SYS_mkdir,
	SYS_mkdirat,
	SYS_rmdir,
	SYS_chmod,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchmodat2,
	SYS_chown,
	SYS_fchown,
	SYS_lchown,
	SYS_fchownat,
	SYS_setxattr,
	SYS_lsetxattr,
	SYS_fsetxattr,
	SYS_setxattrat,
	SYS_removexattr,
	SYS_lremovexattr,
	SYS_fremovexattr,
	SYS_removexattrat,
	SYS_utime,
	SYS_utimes,
	SYS_futimesat,
	SYS_utimensat,
	SYS_kill,
	SYS_tkill,
	SYS_tgkill,
	SYS_pidfd_send_signal,
	SYS_rt_sigqueueinfo,
	SYS_rt_tgsigqueueinfo,
};

#define OPENS_TO_WRITE (O_ACCMODE | O_CREAT | O_TRUNC)
/* A new user namespace has all capabilities in itself, and so more of the kernel to attack. */
#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

/* Calls that are refused if an argument has any of these bits. */
static const struct refused_flags {
	uint32_t number;
	unsigned int kinds;
	uint32_t argument; /* its ordinal */
	uint32_t bits;
} refused_flags[] = {
	{ SYS_clone, ALL, 0, NEW_NAMESPACES },
	/* limits of another process than this one, which is 0 */
	{ SYS_prlimit64, ALL, 0, UINT32_MAX },
	/* A reader opens no file for writing: /proc/PID/mem is another way into a process. */
	{ SYS_open, UNWRITING, 1, OPENS_TO_WRITE },
	{ SYS_openat, UNWRITING, 2, OPENS_TO_WRITE },
};

/*
 * `tasks` stops a thread and lets it continue, but never writes into it. A run ends a trace that it
 * has begun before.
 */
static const struct allowed_ptrace {
	uint32_t request;
	unsigned int kinds;
} allowed_ptrace[] = {
	{ PTRACE_SEIZE, TASKS },
	{ PTRACE_INTERRUPT, TASKS },
	{ PTRACE_CONT, TASKS },
	{ PTRACE_DETACH, TASKS | LIVE },
};

#define INSTRUCTIONS                                                                               \
	(2 * (ARRAY_SIZE(refused_calls) + ARRAY_SIZE(readers_refused) +                            \
	      ARRAY_SIZE(allowed_ptrace)) +                                                        \
	 5 * ARRAY_SIZE(refused_flags) + 16)

struct sandbox_program {
	size_t count;
	struct sock_filter code[INSTRUCTIONS];
};

static void add(struct sandbox_program *program, uint16_t code, uint32_t value, uint8_t if_true,
		uint8_t if_false)
{
	program->code[program->count++] =
		(struct sock_filter){ .code = code, .k = value, .jt = if_true, .jf = if_false };
}

/* Returns the action if the loaded word equals the value. */
static void add_action(struct sandbox_program *program, uint32_t value, uint32_t action)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	add(program, BPF_RET | BPF_K, action, 0, 0);
}

/* Allows the requests of ptrace() that a process makes. The rows of refused calls refuse others. */
static void add_ptrace(struct sandbox_program *program, const struct lp_sandbox *sandbox)
{
	size_t i, rows = 0;

	for (i = 0; i < ARRAY_SIZE(allowed_ptrace); i++)
		rows += (allowed_ptrace[i].kinds & BIT(sandbox->kind)) != 0;
	/* another call jumps over the load, the rows and the refusal */
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, (uint8_t)(2 + 2 * rows));
	add(program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]), 0, 0);
	for (i = 0; i < ARRAY_SIZE(allowed_ptrace); i++)
		if (allowed_ptrace[i].kinds & BIT(sandbox->kind))
			add_action(program, allowed_ptrace[i].request, SECCOMP_RET_ALLOW);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

static void add_flags(struct sandbox_program *program, const struct refused_flags *row)
{
	/* Skips the following four instructions if it is another call. */
	add(program, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, 4);
	add(program, BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)offsetof(struct seccomp_data, args) + 8 * row->argument, 0, 0);
	add(program, BPF_JMP | BPF_JSET | BPF_K, row->bits, 0, 1);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void add_readers(struct sandbox_program *program)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(readers_refused); i++)
		add_action(program, readers_refused[i], SECCOMP_RET_ERRNO | EPERM);
}

static int refuse_calls(const struct lp_sandbox *sandbox)
{
	struct sandbox_program program = { .count = 0 };
	struct sock_fprog filter;
	size_t i;

	add(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	add(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(&program, BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	if (sandbox->kind == LP_SANDBOX_TASKS || sandbox->ends_trace)
		add_ptrace(&program, sandbox);
	for (i = 0; i < ARRAY_SIZE(refused_calls); i++)
		if (refused_calls[i].kinds & BIT(sandbox->kind))
			add_action(&program, refused_calls[i].number, SECCOMP_RET_ERRNO | EPERM);
	/* Its flags are in memory, which no filter can read: the C library uses clone() then. */
	add_action(&program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	if (BIT(sandbox->kind) & UNWRITING)
		add_readers(&program);
	for (i = 0; i < ARRAY_SIZE(refused_flags); i++)
		if (refused_flags[i].kinds & BIT(sandbox->kind))
			add_flags(&program, &refused_flags[i]);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	filter =
		(struct sock_fprog){ .len = (unsigned short)program.count, .filter = program.code };
	/* the filter binds existing threads as well */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter)
		       ? -errno
		       : 0;
}

/* ---- files ---- */

/*
 * Landlock keeps a process from reading the memory of those outside of its domain
 * (security/landlock/ptrace.c), so that it is of use only where no process is read.
 */
#define WRITES                                                                                     \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
/* the rights among them that writing a file needs */
#define WRITES_BESIDE                                                                              \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	 LANDLOCK_ACCESS_FS_MAKE_REG)

static void allow_writes(int rules, const char *path, uint64_t access)
{
	char directory[PATH_MAX];
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	struct stat file;

	/* a device or a pipe is written to itself, a file replaced in its directory */
	snprintf(directory, sizeof(directory), "%s", path);
	if (stat(path, &file) || S_ISREG(file.st_mode))
		rule.parent_fd = open(dirname(directory), O_PATH | O_CLOEXEC);
	else
		rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (!fstat(rule.parent_fd, &file) && !S_ISDIR(file.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_WRITE_FILE;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

static int restrict_writes(const struct lp_sandbox *sandbox)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = WRITES };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	size_t i;
	int err = 0;

	if (rules < 0)
		return -errno;
	for (i = 0; i < sandbox->path_count; i++)
		allow_writes(rules, sandbox->paths[i], WRITES_BESIDE);
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		err = -errno;
	close(rules);
	return err;
}

int sandbox_enter(const struct lp_sandbox *sandbox)
{
	int err, calls_err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (sandbox->kind == LP_SANDBOX_CAPTURES) {
		err = restrict_writes(sandbox);
		if (err)
			log_detail("Landlock does not restrict what may be written: %s",
				   strerror(-err));
	}
	/* capabilities and system calls are restricted independently of each other */
	err = drop_capabilities(sandbox);
	calls_err = refuse_calls(sandbox);
	/* EINVAL: a kernel without seccomp filters */
	return err || calls_err == -EINVAL ? err : calls_err;
}
