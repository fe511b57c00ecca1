/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifies the service manager that a run has begun and that its main loop goes on, by datagrams to
 * the socket that NOTIFY_SOCKET names (sd_notify(3)). Without that variable the functions do
 * nothing.
 */
#ifndef LP_COMMANDS_NOTIFY_H
#define LP_COMMANDS_NOTIFY_H

#include <stdint.h>

/*
 * Connects to the socket. To be called before sandbox_enter(). A variable that does not name a
 * socket is reported on -v and otherwise ignored.
 */
void notify_open(void);
void notify_close(void);

/* Reports that the targets are attached and the outputs can be written. */
void notify_ready(void);

/*
 * Reports that the main loop goes on. Returns the instant of the next call, or UINT64_MAX if the
 * manager expects none.
 */
uint64_t notify_alive(uint64_t now_ns);

/* Reports that the run ends, which may take some time. */
void notify_stopping(void);

#endif /* LP_COMMANDS_NOTIFY_H */
