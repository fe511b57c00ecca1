/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the service manager that a run has begun, and that its main loop still turns: a
 * datagram to the socket that NOTIFY_SOCKET names, as sd_notify(3) defines it.  Without that
 * variable, as by hand, nothing happens.
 */
#ifndef LP_COMMANDS_NOTIFY_H
#define LP_COMMANDS_NOTIFY_H

#include <stdint.h>

/*
 * Connects to the socket, which has to happen before sandbox_enter().  A variable that names
 * none is reported on -v and otherwise ignored.
 */
void notify_open(void);
void notify_close(void);

/* The targets are attached, and outputs can be written. */
void notify_ready(void);

/* To be called by each turn of the main loop.  Returns when it is due again, in ns. */
uint64_t notify_alive(uint64_t now_ns);

/* The run ends, which may take a moment. */
void notify_stopping(void);

#endif /* LP_COMMANDS_NOTIFY_H */
