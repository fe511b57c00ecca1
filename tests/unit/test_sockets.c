// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/sockets.h"

#define SOCKETS 100

static uint64_t now_ns = 1000000000; /* the clock of these tests */
static uint64_t read_ns; /* how long it takes to open one list */
static int lists; /* lists that were opened */

/* Takes the place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	now->tv_sec = (time_t)(now_ns / 1000000000);
	now->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}

/* Takes the place of the C library's. */
FILE *fopen(const char *path, const char *mode)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	(void)mode;
	lists++;
	now_ns += read_ns;
	return file < 0 ? NULL : fdopen(file, "r");
}

/* Opens an UDP socket; its port and inode are stored. */
static int make_socket(uint16_t *port, uint64_t *inode)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t bytes = sizeof(address);
	struct stat status;

	assert_true(made >= 0);
	assert_int_equal(bind(made, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(made, (struct sockaddr *)&address, &bytes), 0);
	assert_int_equal(fstat(made, &status), 0);
	*port = ntohs(address.sin_port);
	*inode = status.st_ino;
	return made;
}

static void expect_port(uint64_t inode, uint16_t port)
{
	struct lp_resource resource = { 0 };
	struct lp_addresses ends;

	assert_true(socket_by_inode(getpid(), inode, &resource));
	memcpy(&ends, resource.data, sizeof(ends));
	assert_int_equal(resource.kind, LP_RESOURCE_UDP);
	assert_int_equal(resource.bytes, sizeof(ends));
	assert_int_equal(ends.family, AF_INET);
	assert_int_equal(ends.local_port, port);
}

static void many_questions_about_a_process_read_its_lists_once(void **state)
{
	struct lp_resource resource = { 0 };
	uint64_t inodes[SOCKETS];
	uint16_t ports[SOCKETS];
	int sockets[SOCKETS];
	size_t i;

	(void)state;
	for (i = 0; i < SOCKETS; i++)
		sockets[i] = make_socket(&ports[i], &inodes[i]);
	read_ns = 10000000;
	lists = 0;
	for (i = 0; i < SOCKETS; i++)
		expect_port(inodes[i], ports[i]);
	assert_false(socket_by_inode(getpid(), 1, &resource));
	assert_int_equal(lists, 4);
	/* a list that took 40 ms is not read again for 800 ms, but after them */
	now_ns += 790000000;
	expect_port(inodes[0], ports[0]);
	assert_int_equal(lists, 4);
	now_ns += 20000000;
	expect_port(inodes[1], ports[1]);
	assert_int_equal(lists, 8);
	/* a short list is read again, so that a socket that was made just now is in it */
	read_ns = 0;
	now_ns += 1000000000;
	expect_port(inodes[2], ports[2]);
	expect_port(inodes[3], ports[3]);
	assert_int_equal(lists, 16);
	for (i = 0; i < SOCKETS; i++)
		close(sockets[i]);
}

static void another_process_has_lists_of_its_own(void **state)
{
	struct lp_resource resource = { 0 };
	uint64_t inode;
	uint16_t port;
	int made = make_socket(&port, &inode);

	(void)state;
	read_ns = 10000000;
	now_ns += 1000000000000;
	expect_port(inode, port);
	lists = 0;
	/* it is in the same network namespace */
	assert_true(socket_by_inode(getppid(), inode, &resource));
	assert_int_equal(lists, 4);
	close(made);
}

static void a_long_list_is_read_for_a_limited_time(void **state)
{
	struct lp_resource resource = { 0 };
	uint64_t inodes[600];
	uint16_t ports[600];
	int sockets[600], found = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		sockets[i] = make_socket(&ports[i], &inodes[i]);
	/* the time is up when the list of UDP sockets is opened */
	read_ns = 20000000;
	now_ns += 1000000000000;
	for (i = 0; i < 600; i++)
		found += socket_by_inode(getpid(), inodes[i], &resource);
	assert_in_range(found, 0, 512);
	for (i = 0; i < 600; i++)
		close(sockets[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_questions_about_a_process_read_its_lists_once),
		cmocka_unit_test(a_long_list_is_read_for_a_limited_time),
		cmocka_unit_test(another_process_has_lists_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
