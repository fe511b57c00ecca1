// SPDX-License-Identifier: BSD-2-Clause
/* Workers examine new targets, while the main loop serves known ones. */
#include "remote.h"

#include "remote_internal.h"
#include "base/macros.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXAMINERS 2

struct examine_request {
	struct lp_request head;
	struct lp_examine examine;
	struct lp_packed_message known;
};

static struct examiner {
	struct lp_worker *worker;
	bool begun;
	uint64_t ticket;
	struct examine_request request;
	size_t bytes;
} examiners[EXAMINERS];

int examine_open(void)
{
	size_t i;

	for (i = 0; i < EXAMINERS; i++) {
		examiners[i].worker = worker_new(remote_workers(), remote_work_limits(false), true);
		if (!examiners[i].worker)
			return -ENOMEM;
	}
	return 0;
}

void examine_close(void)
{
	size_t i;

	for (i = 0; i < EXAMINERS; i++)
		worker_free(examiners[i].worker);
	memset(examiners, 0, sizeof(examiners));
}

static struct examiner *find_free(void)
{
	size_t i;

	for (i = 0; i < EXAMINERS; i++)
		if (!examiners[i].begun)
			return &examiners[i];
	return NULL;
}

bool examine_is_free(bool others_wait)
{
	size_t i;

	for (i = 0; i < EXAMINERS; i++)
		worker_set_limits(examiners[i].worker, remote_work_limits(others_wait));
	return find_free() != NULL;
}

bool examine_is_busy(void)
{
	size_t i;

	for (i = 0; i < EXAMINERS; i++)
		if (examiners[i].begun)
			return true;
	return false;
}

int examine_begin(const struct lp_process_info *process, const struct lp_examine_options *options)
{
	struct examiner *examiner = find_free();
	struct examine_request *request;
	struct iovec part;
	int err;

	if (!examiner)
		return -EBUSY;
	if (remote_leaves_alone(process->pid))
		return -ETIMEDOUT;
	request = &examiner->request;
	memset(request, 0, sizeof(*request));
	request->head =
		(struct lp_request){ .operation = LP_OPERATION_EXAMINE, .pid = process->pid };
	request->examine.process = *process;
	request->examine.open = options->open;
	request->examine.always = options->always;
	request->examine.anew = options->anew;
	request->examine.known = options->known && options->known->reader;
	examiner->bytes = offsetof(struct examine_request, known);
	if (request->examine.known) {
		request->known = *remote_packed(options->known);
		examiner->bytes = sizeof(*request);
	}
	part = (struct iovec){ request, examiner->bytes };
	err = worker_send(examiner->worker, process->pid, &part, 1);
	examiner->begun = !err;
	examiner->ticket = options->ticket;
	return err;
}

bool examine_take(struct lp_examined *examined)
{
	static _Alignas(16) unsigned char answer[LP_WORKER_BYTES];
	struct lp_examination *examination = (void *)answer;
	size_t i;

	for (i = 0; i < EXAMINERS; i++) {
		struct examiner *examiner = &examiners[i];
		const struct lp_process_info *process = &examiner->request.examine.process;
		const struct iovec part = { &examiner->request, examiner->bytes };
		ssize_t result;

		if (!worker_receive(examiner->worker, answer, sizeof(answer), &result) ||
		    !examiner->begun)
			continue;
		examiner->begun = false;
		memset(examined, 0, sizeof(*examined));
		examined->pid = process->pid;
		examined->ticket = examiner->ticket;
		if (result >= 0 && !examination_is_sound(examination, result))
			result = -ECHILD;
		if (remote_is_hang(result))
			remote_mark(examiner->worker, &part, 1, (int)result);
		if (result < 0) {
			examined->code = (int)result;
			remote_error(&examined->error, process->pid, (int)result);
			return true;
		}
		examined->code = examination->code;
		examined->error = examination->error;
		examined->examination = examination;
		return true;
	}
	return false;
}
