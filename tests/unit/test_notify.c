// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "commands/notify.h"

static char directory[80];
static char path[96];
static int manager = -1;

static int open_manager(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	if (scratch_make(directory, sizeof(directory)))
		return -1;
	snprintf(path, sizeof(path), "%s/notify", directory);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return bind(manager, (struct sockaddr *)&address, sizeof(address));
}

static int close_manager(void **state)
{
	(void)state;
	notify_close();
	close(manager);
	unlink(path);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return rmdir(directory);
}

/* The next datagram on the socket, or "". */
static const char *heard(void)
{
	static char text[64];
	ssize_t length = recv(manager, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void open_with(const char *socket_name, const char *us, const char *pid)
{
	setenv("NOTIFY_SOCKET", socket_name, 1);
	if (us)
		setenv("WATCHDOG_USEC", us, 1);
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
	notify_open();
}

static void a_run_notifies_of_its_beginning_and_end(void **state)
{
	(void)state;
	open_with(path, "3000000", NULL);
	notify_ready();
	assert_string_equal(heard(), "READY=1");
	assert_int_equal(notify_alive(5000), 5000 + 1000000000);
	assert_string_equal(heard(), "WATCHDOG=1");
	notify_stopping();
	assert_string_equal(heard(), "STOPPING=1");
}

static void no_sign_of_life_is_sent_that_nobody_expects(void **state)
{
	static const char *const none[] = { "",	 "0",  "-1", "1.5",
					    "x", " 1", "1 ", "99999999999999999999999" };
	size_t i;

	(void)state;
	open_with(path, NULL, NULL);
	assert_true(notify_alive(5000) == UINT64_MAX);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		open_with(path, none[i], NULL);
		assert_true(notify_alive(5000) == UINT64_MAX);
	}
	/* the watchdog is for another process */
	open_with(path, "3000000", "1");
	assert_true(notify_alive(5000) == UINT64_MAX);
	assert_string_equal(heard(), "");
}

static void names_of_no_socket_are_ignored(void **state)
{
	char name[300];
	size_t i;
	const char *names[] = { "", "/", "@", "relative", "vsock:1:2", name, "/nowhere/at/all" };

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		open_with(names[i], "3000000", NULL);
		notify_ready();
		assert_true(notify_alive(5000) == UINT64_MAX);
	}
	unsetenv("NOTIFY_SOCKET");
	notify_open();
	notify_ready();
	assert_string_equal(heard(), "");
}

static void a_manager_that_does_not_read_stops_nothing(void **state)
{
	int i;

	(void)state;
	open_with(path, "3000000", NULL);
	for (i = 0; i < 10000; i++)
		notify_alive(0);
	assert_string_equal(heard(), "WATCHDOG=1");
	close(manager);
	manager = -1;
	notify_stopping();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_notifies_of_its_beginning_and_end,
						open_manager, close_manager),
		cmocka_unit_test_setup_teardown(no_sign_of_life_is_sent_that_nobody_expects,
						open_manager, close_manager),
		cmocka_unit_test_setup_teardown(names_of_no_socket_are_ignored, open_manager,
						close_manager),
		cmocka_unit_test_setup_teardown(a_manager_that_does_not_read_stops_nothing,
						open_manager, close_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
