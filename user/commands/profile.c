// SPDX-License-Identifier: BSD-2-Clause
/* A live run: creates and connects the session, the live source, the targets and the outputs. */
#include "profile.h"

#include "base/clocks.h"
#include "commands.h"
#include "ending.h"
#include "launched.h"
#include "notify.h"
#include "files/writing.h"
#include "preflight.h"
#include "runtime/remote/remote.h"
#include "privileges/priority.h"
#include "privileges/sandbox.h"
#include "process/other_end.h"
#include "symbolise/native.h"
#include "tasks/waiting.h"
#include "base/text.h"
#include "base/version.h"
#include "base/macros.h"
#include "runtime/detect.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* The longest time in ns for which a program after -- is held while it loads what runs loops. */
#define HOLD_NS (2000 * NS_PER_MS)
/* The longest time in ns of the search for children at the end of a run that found no loop. */
#define CHILDREN_NS (500 * NS_PER_MS)
/* The same for a run that found a loop. */
#define OTHER_CHILDREN_NS (100 * NS_PER_MS)
/*
 * Limits in Hz of the clock. They are odd so that samples are not in step with periodic timers of
 * the target.
 */
#define FREQUENCY_MIN 99
#define FREQUENCY_MAX 997

static void on_process(void *context, const struct lp_event_process *event)
{
	struct lp_profile *profile = context;

	targets_process_event(profile->targets, event);
}

static void on_loop(void *context, const struct lp_event_loop *event)
{
	struct lp_profile *profile = context;

	targets_loop_event(profile->targets, event);
}

static void on_poller(void *context, const struct lp_event_poller *event)
{
	struct lp_profile *profile = context;

	targets_poller_event(profile->targets, event);
}

/* The handlers of events that affect the run itself, in addition to the model. */
static const struct lp_event_handlers steering = { .process = on_process,
						   .loop = on_loop,
						   .poller = on_poller };

/* Takes every record of the run, and gives it to the capture and to the model. */
static void take(void *context, const struct lp_event *record)
{
	struct lp_profile *profile = context;

	/* an impossible record reaches neither a capture nor a counter */
	if (decode_check_times(record, record->size)) {
		session_lose(profile->session, LP_LOST_INSTANTS, 1);
		return;
	}
	decode_event(record, record->size, &steering, profile);
	capture_counts_add(&profile->counts, record);
	if (profile->recorder)
		recorder_take(profile->recorder, record);
	if (record->type == LP_EVENT_PROCESS || record->type == LP_EVENT_POLLER)
		return;
	if (profile->output.model)
		open_sinks_take(&profile->output, record);
}

static void fill_self(void *context, struct lp_event_self *self)
{
	struct lp_profile *profile = context;

	governor_fill(&profile->governor, self);
}

static int open_output(struct lp_profile *profile, struct lp_error *error)
{
	const struct lp_options *options = profile->options;
	struct lp_recorder_config config = {
		.path = options->output,
		.directory = options->archive,
		.rotate_bytes = options->rotate_bytes,
		.rotate_ns = options->rotate_ns,
		.retain_bytes = options->retain_bytes,
		.totals = &profile->totals,
		.header = {
			.threshold_ns = profile->run.threshold_ns,
			.start_ns = profile->run.start_ns,
			.start_unix_ns = profile->run.start_unix_ns,
			.queue = profile->run.queue,
			.flags = profile->run.inner ? LP_CAPTURE_INNER : 0,
		},
	};
	struct lp_capture_header *header = &config.header;

	if (options->command != LP_COMMAND_RECORD || options->export_count) {
		int err = open_sinks_start(&profile->output, options, error);

		if (err || options->command != LP_COMMAND_RECORD)
			return err;
	}
	snprintf(header->tool, sizeof(header->tool), "%s", profile->run.tool);
	snprintf(header->mode, sizeof(header->mode), "%s", profile->run.mode);
	snprintf(header->host, sizeof(header->host), "%s", profile->host);
	return recorder_new(&config, &profile->recorder, error);
}

static int watch(struct lp_profile *profile, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = descriptor };

	return epoll_ctl(profile->epoll, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}

/*
 * Returns the frequency in Hz: -F, or one with about five samples in a callback that is as long as
 * the threshold.
 */
static unsigned int sample_frequency(const struct lp_options *options)
{
	uint64_t wanted = options->threshold_ns ? 5000 * NS_PER_MS / options->threshold_ns
						: FREQUENCY_MAX;

	if (options->frequency)
		return options->frequency;
	return wanted < FREQUENCY_MIN	? FREQUENCY_MIN
	       : wanted > FREQUENCY_MAX ? FREQUENCY_MAX
					: (unsigned int)wanted;
}

/* Returns the number of threads that may run loops, plus one, or 0 if it cannot be known. */
static size_t count_threads(const struct lp_options *options)
{
	size_t i, threads = 1;

	if (options->all || options->subprocesses)
		return 0;
	for (i = 0; i < options->pid_count; i++)
		threads += process_threads(options->pids[i]);
	return threads;
}

static void govern(struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;
	struct lp_governor_config config = {
		.session = profile->session,
		.live = profile->live,
		.budget_ppm = options->budget_ppm,
		.frequency = sample_frequency(options),
		.threshold_ns = options->threshold_ns,
		.start_ns = profile->run.start_ns,
	};

	governor_open(&profile->governor, &config);
}

/* Lets the main loop wake up for each of its sources. */
static int watch_all(struct lp_profile *profile)
{
	const int descriptors[] = {
		profile->signals,
		live_descriptor(profile->live),
		targets_descriptor(profile->targets),
		remote_descriptor(),
	};
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(descriptors); i++)
		err = watch(profile, descriptors[i]);
	return err;
}

static int begin_session(struct lp_profile *profile, struct lp_error *error)
{
	const struct lp_options *options = profile->options;
	const struct lp_session_config session = {
		.inner = options->inner,
		.queue = options->queue,
		.threads = count_threads(options),
		.share = options->all,
		.follow = options->all || options->subprocesses,
		.sampling = options->sampling,
		.native = options->native,
		.kernel = options->kernel,
		.findings = options->findings,
		.origins = options->origins,
		.lifetimes = options->lifetimes,
		.frequency = sample_frequency(options),
		.budget = options->budget_ppm / 1e6,
	};

	return session_new(&session, &profile->session, error);
}

static int begin_live(struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;
	const struct lp_live_config live = {
		.session = profile->session,
		.native = options->native,
		.kernel = options->kernel,
		.period_us = 1000000 / sample_frequency(options),
		.take = take,
		.fill_self = fill_self,
		.context = profile,
	};

	return live_new(&live, &profile->live);
}

static int begin_targets(struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;
	const struct lp_targets_config targets = {
		.session = profile->session,
		.live = profile->live,
		/* between bursts no probe finds loops */
		.sampling = options->sampling || options->budget_ppm,
		.threshold_ns = options->threshold_ns,
		.all = options->all,
		.cgroup = options->cgroup,
		.subprocesses = options->subprocesses,
	};

	return targets_new(&targets, &profile->targets);
}

static int start(struct lp_profile *profile, struct lp_error *error)
{
	uint64_t duration_ns = profile->options->duration_ns;
	int err;

	/* the workers inherit the priority */
	priority_raise();
	/* a program that is launched is in this session, too */
	if (!profile->options->launch)
		priority_raise_session();
	native_begin_remote();
	waiting_begin_remote();
	err = remote_begin();
	if (err)
		return error_set(error, err, "cannot start the process that reads targets: %s%s",
				 strerror(-err),
				 err == -EMFILE ? "; allow more (ulimit -n, LimitNOFILE=)" : "");
	err = begin_session(profile, error);
	if (err)
		return err;
	err = begin_live(profile);
	if (!err)
		govern(profile);
	if (!err)
		err = begin_targets(profile);
	profile->signals = ending_open();
	profile->search_end_ns = duration_ns ? clock_now() + duration_ns : UINT64_MAX;
	/* output before the run begins may have no reader either */
	writing_end_at(profile->signals, profile->search_end_ns);
	profile->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!err && profile->signals < 0)
		err = profile->signals;
	if (!err && profile->epoll < 0)
		err = -errno;
	if (!err)
		err = watch_all(profile);
	remote_stop_on(profile->signals);
	session_end_at(profile->session, profile->signals, UINT64_MAX);
	return err ? error_set(error, err, "cannot set up the run: %s", strerror(-err)) : 0;
}

static bool has_interpreter(pid_t pid)
{
	struct lp_process_info process;
	struct lp_instance instance;
	struct lp_error error;
	int err;

	if (process_open(pid, &process, &error))
		return false;
	err = runtime_detect(&process, &instance, &error);
	if (!err)
		instance.runtime->release(&instance);
	process_close(&process);
	/*
	 * an interpreter that cannot be profiled counts as well: the error is reported when it is
	 * added
	 */
	return err != -ENOENT;
}

static bool is_resolved(void *context)
{
	struct lp_profile *profile = context;

	return targets_attach_all(profile->targets);
}

static int add_launched(struct lp_profile *profile, struct lp_error *error)
{
	struct lp_launch_hold hold = { .is_complete = is_resolved,
				       .context = profile,
				       .stop = profile->signals,
				       .time_ns = HOLD_NS };
	int err, status;

	err = launch_start(profile->options->launch, profile->options->subprocesses,
			   &profile->launch, error);
	if (err)
		return err;
	err = launch_find_interpreter(profile->launch, has_interpreter, profile->signals,
				      profile->search_end_ns, error);
	if (err == -EINTR || err == -ETIME) {
		profile->ended_early = true;
		profile->reason = err == -ETIME ? LP_RUN_END_DURATION : LP_RUN_END_INTERRUPT;
		log_note("%s has run no Python yet, and is not profiled",
			 profile->options->launch[0]);
		return 0;
	}
	if (err < 0)
		return err;
	if (launch_ended(profile->launch, &status))
		return error_set(
			error, -ENOENT,
			"%s ended with status %d and ran no Python itself; -s follows the programs that it starts",
			profile->options->launch[0], status);
	/* before the program runs, as it may end before the BPF programs are loaded */
	session_load_findings_object(profile->session);
	session_calibrate(profile->session);
	err = targets_add(profile->targets, launch_pid(profile->launch), true, error);
	if (err) {
		kill(launch_pid(profile->launch), SIGKILL);
		profile->killed = true;
	} else {
		launch_hold(profile->launch, &hold);
	}
	launch_release(profile->launch);
	return err;
}

/*
 * Attaches the probes for findings before the run is reported to have begun, so that users can rely
 * on them from then on.
 */
static void resolve(struct lp_profile *profile)
{
	live_begin_turn(profile->live);
	live_drain(profile->live);
	targets_attach_all(profile->targets);
}

/* Writes "trace mode, slow from 100 ms". */
static void mode_text(const struct lp_profile *profile, char *text, size_t size)
{
	const struct lp_options *options = profile->options;
	char threshold[48] = "every callback counts as slow (-t 0)";

	if (options->threshold_ns) {
		strcpy(threshold, "slow from ");
		text_round_duration(threshold + strlen(threshold),
				    sizeof(threshold) - strlen(threshold), options->threshold_ns);
	}
	snprintf(text, size, "%s mode%s, %s", profile->run.mode,
		 options->budget_ppm && !options->sampling ? " in bursts" : "", threshold);
}

/*
 * Adds the processes that the options name. Returns 0 if at least one was added, or a negative
 * errno with a sentence.
 */
static int add_targets(struct lp_profile *profile, struct lp_error *error)
{
	const struct lp_options *options = profile->options;
	size_t i, added = 0, attached;
	char mode[96];
	int err = 0;

	if (options->launch)
		return add_launched(profile, error);
	mode_text(profile, mode, sizeof(mode));
	if (options->all) {
		preflight_warn_of_rights();
		targets_scan(profile->targets);
		resolve(profile);
		attached = targets_attached(profile->targets);
		log_note("following every loop of %s%s, %zu process%s now; %s; Ctrl-C ends",
			 options->cgroup ? "cgroup " : "this host",
			 options->cgroup ? options->cgroup : "", attached,
			 attached == 1 ? "" : "es", mode);
		return 0;
	}
	for (i = 0; i < options->pid_count; i++) {
		int this_err = targets_add(profile->targets, options->pids[i], false, error);

		if (!this_err) {
			added++;
		} else {
			err = this_err;
			/* the caller reports the error of the last process if none was added */
			if (added || i + 1 < options->pid_count)
				log_error("%s", error->text);
		}
	}
	if (!added)
		return err;
	resolve(profile);
	log_note("%s; Ctrl-C ends", mode);
	return 0;
}

static int finish(struct lp_profile *profile, struct lp_error *error)
{
	char text[PATH_MAX + 512];
	struct lp_error other;
	int err = 0;

	if (profile->recorder)
		err = recorder_close(profile->recorder, error);
	if (profile->recorder && !err && profile->totals.files) {
		capture_counts_text(text, sizeof(text), &profile->counts, profile->options->output,
				    &profile->totals);
		log_note("%s", text);
	}
	profile->recorder = NULL;
	if (profile->output.model && open_sinks_finish(&profile->output, &other) && !err) {
		err = other.code;
		*error = other;
	}
	return err;
}

static void release(struct lp_profile *profile)
{
	targets_free(profile->targets);
	live_free(profile->live);
	session_free(profile->session);
	remote_end();
	if (profile->signals > 0)
		close(profile->signals);
	if (profile->epoll > 0)
		close(profile->epoll);
}

static void describe_run(struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;

	if (options->host)
		snprintf(profile->host, sizeof(profile->host), "%s", options->host);
	else
		gethostname(profile->host, sizeof(profile->host) - 1);
	text_sanitise(profile->host);
	profile->run = (struct lp_run){
		.tool = "loopprof " LP_VERSION,
		.mode = options->sampling ? "sample" : "trace",
		.host = profile->host,
		.threshold_ns = options->threshold_ns,
		.start_ns = clock_now(),
		.start_unix_ns = clock_ns(CLOCK_REALTIME),
		.live = true,
		.inner = options->inner,
		.queue = options->queue,
		.sampled = options->sampling,
		.lifetimes = options->lifetimes,
		.explain = options->explain,
		.no_intervals = !options->interval_ns,
		.budget_ppm = options->budget_ppm,
	};
}

/*
 * Drops the rights that a run does not need once it has begun. A launched program is a process with
 * its own rights.
 */
static void confine(const struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;
	struct lp_sandbox sandbox = {
		.kind = LP_SANDBOX_LIVE,
		.writes = options->output || options->export_count,
		.kernel_symbols = options->kernel,
		.ends_trace = profile->launch && !launch_leave(profile->launch, 0),
		.signals = profile->launch != NULL,
	};
	int err;

	other_end_prepare();
	err = sandbox_enter(&sandbox);
	if (err)
		log_warning("the run goes on with more rights than it needs: %s", strerror(-err));
}

/*
 * Reports children that run loops, if the run did not follow children. after: the summary has been
 * written. A run that found no loop reports them before its summary. Another run reports them after
 * it: the summary may be about the loop of a supervisor only, and the message belongs below it.
 */
static void report_children(const struct lp_profile *profile, bool after)
{
	const struct lp_options *options = profile->options;
	bool ran = profile->counts.loops > 0;

	if (ran != after || options->all || options->subprocesses)
		return;
	remote_end_at(clock_now() + (ran ? OTHER_CHILDREN_NS : CHILDREN_NS));
	targets_report_children(profile->targets, ran);
}

/* Runs until the end of the run, and writes the results. Returns 0 or a negative errno. */
static int run_to_end(struct lp_profile *profile, struct lp_launched *launched,
		      struct lp_error *error)
{
	enum lp_run_end_reason reason;
	int err;

	confine(profile);
	notify_ready();
	reason = profile->ended_early ? profile->reason : profile_run(profile);
	writing_end();
	notify_stopping();
	launched->launch = profile->launch;
	/* a signal may also have come while the run ended for another reason */
	launched_take(launched, profile->signals);
	ending_release();
	report_children(profile, false);
	remote_limit_last_reads();
	live_snapshot(profile->live, LP_EVENT_END, reason);
	err = finish(profile, error);
	report_children(profile, true);
	/* a result that could not be written is a failure even if the program had none */
	profile->failed = profile->failed || err;
	return err;
}

int command_profile(const struct lp_options *options)
{
	/* too large for a small stack */
	static struct lp_profile profile;
	struct lp_error error = { .code = 0 };
	struct lp_launched launched = { .name = options->launch ? options->launch[0] : "" };
	int status = 0, err;

	profile.options = options;
	describe_run(&profile);
	err = preflight_check(options, &error);
	/* the environment is that of the launched program, which may notify the manager itself */
	if (!options->launch)
		notify_open();
	/* outputs are opened first, so that a failure is reported before anything is attached */
	if (!err)
		err = open_output(&profile, &error);
	if (!err)
		err = start(&profile, &error);
	if (!err && profile.output.model)
		model_begin(profile.output.model, &profile.run);
	if (!err)
		err = session_fill_slots(profile.session);
	if (!err)
		err = add_targets(&profile, &error);
	if (!err)
		err = run_to_end(&profile, &launched, &error);
	if (profile.failed)
		status = 1;
	if (err) {
		log_error("%s", error.text);
		status = 1;
		/* a run without any records leaves an older file unchanged */
		recorder_discard(profile.recorder);
		profile.recorder = NULL;
		finish(&profile, &error);
	}
	ending_release();
	release(&profile);
	notify_close();
	if (profile.launch) {
		/* the exit status is that of the program, even if there was nothing to profile */
		launched.launch = profile.launch;
		err = launched_wait(&launched);
		if (!profile.killed && (err || !profile.failed))
			status = err;
		launch_free(profile.launch);
	}
	return status;
}
