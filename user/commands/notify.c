// SPDX-License-Identifier: BSD-2-Clause
#include "notify.h"

#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The limit of WATCHDOG_USEC: one day. A larger value is ignored. */
#define WATCHDOG_MOST_US 86400000000ULL
/* The number of messages in the time in which the manager expects one. */
#define MESSAGES_A_PERIOD 3

static struct {
	int socket; /* -1: there is no service manager */
	uint64_t period_ns; /* ns between two WATCHDOG=1 messages; 0: none are expected */
} notify = { .socket = -1 };

/* Parses decimal digits. Returns 0 for any other text and for a number over most. */
static uint64_t parse_number(const char *text, uint64_t most)
{
	uint64_t value = 0;

	if (!text || !*text)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > most)
			return 0;
	}
	return value;
}

/* Fills in the address and returns its size, or 0 if the name is not that of a socket. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	/* "@name" is an abstract socket, whose name begins with a byte 0 */
	if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address->sun_path))
		return 0;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

/*
 * Returns the ns between two messages, or 0 if the manager expects none, or expects them from
 * another process.
 */
static uint64_t watchdog_period(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t us = parse_number(getenv("WATCHDOG_USEC"), WATCHDOG_MOST_US);

	if (pid && parse_number(pid, INT32_MAX) != (uint64_t)getpid())
		return 0;
	return us * 1000 / MESSAGES_A_PERIOD;
}

void notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t size;
	int socket_type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

	notify_close();
	if (!name)
		return;
	size = address_of(name, &address);
	notify.socket = size ? socket(AF_UNIX, socket_type, 0) : -1;
	if (notify.socket < 0 || connect(notify.socket, (const struct sockaddr *)&address, size)) {
		log_detail(
			"the service manager is not notified of this run: NOTIFY_SOCKET is '%s': %s",
			name, size ? strerror(errno) : "not a socket's name");
		notify_close();
		return;
	}
	notify.period_ns = watchdog_period();
}

void notify_close(void)
{
	if (notify.socket >= 0)
		close(notify.socket);
	notify.socket = -1;
	notify.period_ns = 0;
}

/*
 * Sends a message. A failure, as of a manager that does not read or has ended, is reported on -v
 * and otherwise ignored.
 */
static void say(const char *text)
{
	if (notify.socket >= 0 && send(notify.socket, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_detail("the service manager is not notified of '%s': %s", text,
			   strerror(errno));
}

void notify_ready(void)
{
	say("READY=1");
}

uint64_t notify_alive(uint64_t now_ns)
{
	if (notify.socket < 0 || !notify.period_ns)
		return UINT64_MAX;
	say("WATCHDOG=1");
	return now_ns + notify.period_ns;
}

void notify_stopping(void)
{
	say("STOPPING=1");
}
