// SPDX-License-Identifier: BSD-2-Clause
/* The beginning and the end of reading in workers. */
#include "loop_search.h"
#include "remote_internal.h"

#include <errno.h>

int remote_begin(void)
{
	int err = remote_open(serve_request);

	if (err)
		return err;
	if (examine_open() || loop_search_open()) {
		remote_end();
		return -ENOMEM;
	}
	return 0;
}

void remote_end(void)
{
	examine_close();
	loop_search_close();
	remote_close();
}
