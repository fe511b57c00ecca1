// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "wire/resource_text.h"

/*
 * Resource and text are on the heap in their exact sizes, so that a sanitiser reports an overrun.
 */
static void expect_cut(const struct lp_resource *resource, size_t size, const char *expected)
{
	struct lp_resource *copy = malloc(sizeof(*copy));
	char *text = malloc(size);

	assert_non_null(copy);
	assert_non_null(text);
	*copy = *resource;
	resource_text(copy, text, size);
	assert_string_equal(text, expected);
	free(text);
	free(copy);
}

static void expect(const struct lp_resource *resource, const char *expected)
{
	expect_cut(resource, 256, expected);
}

static struct lp_resource with_data(unsigned int kind, unsigned int flags, const void *data,
				    size_t bytes)
{
	struct lp_resource resource = { .kind = kind, .flags = flags, .bytes = bytes };

	/* bytes that are not in use may have any value */
	memset(resource.data, 'x', sizeof(resource.data));
	memcpy(resource.data, data, bytes);
	return resource;
}

static struct lp_resource with_number(unsigned int kind, uint64_t number)
{
	return (struct lp_resource){ .kind = kind, .number = number };
}

static struct lp_resource between(unsigned int kind, int family, const char *local,
				  unsigned int local_port, const char *remote,
				  unsigned int remote_port)
{
	struct lp_addresses ends = {
		.family = family,
		.local_port = local_port,
		.remote_port = remote_port,
	};

	assert_int_equal(inet_pton(family, local, ends.local), 1);
	assert_int_equal(inet_pton(family, remote, ends.remote), 1);
	return with_data(kind, 0, &ends, sizeof(ends));
}

static void nothing_to_report_is_no_text(void **state)
{
	struct lp_resource resource = { .flags = LP_RESOURCE_SEVERAL };

	(void)state;
	expect(&resource, "");
	resource.kind = LP_RESOURCE_KINDS;
	expect(&resource, "");
	resource.kind = 255;
	expect(&resource, "");
}

static void names_of_a_file_become_its_path(void **state)
{
	static const char names[] = "c.txt\0b\0a";
	struct lp_resource resource = with_data(LP_RESOURCE_FILE, 0, names, sizeof(names));

	(void)state;
	expect(&resource, "/a/b/c.txt");
	resource.flags = LP_RESOURCE_CUT;
	expect(&resource, ".../a/b/c.txt");
	resource = with_data(LP_RESOURCE_FILE, 0, "c\0/", 4);
	expect(&resource, "/c");
	resource = with_data(LP_RESOURCE_FILE, 0, "", 0);
	expect(&resource, "/");
	resource.flags = LP_RESOURCE_CUT;
	expect(&resource, "...");
}

static void a_path_stays_as_it_was_given(void **state)
{
	struct lp_resource resource = with_data(LP_RESOURCE_PATH, 0, "../x y", 7);

	(void)state;
	expect(&resource, "../x y");
	resource.flags = LP_RESOURCE_CUT;
	expect(&resource, "../x y...");
	resource = with_data(LP_RESOURCE_PATH, 0, "/a/\x1b[31m\n", 9);
	expect(&resource, "/a/?[31m?");
}

static void expect_local(const struct lp_resource *resource, const char *expected)
{
	char text[64];

	resource_local(resource, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void a_connection_shows_its_other_end(void **state)
{
	struct lp_resource resource =
		between(LP_RESOURCE_TCP, AF_INET, "10.0.0.5", 40112, "10.0.3.7", 5432);

	(void)state;
	expect(&resource, "tcp 10.0.3.7:5432");
	resource = between(LP_RESOURCE_UDP, AF_INET, "10.0.0.5", 4000, "10.0.3.7", 53);
	expect(&resource, "udp 10.0.3.7:53");
	resource = between(LP_RESOURCE_TCP, AF_INET6, "::1", 4040, "::1", 80);
	expect(&resource, "tcp [::1]:80");
	resource.flags = LP_RESOURCE_SEVERAL;
	expect(&resource, "tcp [::1]:80 and others");
}

static void its_own_end_is_distinguished(void **state)
{
	struct lp_resource resource =
		between(LP_RESOURCE_TCP, AF_INET, "10.0.0.5", 40112, "10.0.3.7", 5432);

	(void)state;
	expect_local(&resource, "10.0.0.5:40112");
	resource.bytes = sizeof(struct lp_addresses) - 1;
	expect_local(&resource, "");
	resource = between(LP_RESOURCE_UDP, AF_INET6, "::1", 4040, "::1", 80);
	expect_local(&resource, "[::1]:4040");
	resource = between(LP_RESOURCE_UDP, AF_INET, "0.0.0.0", 5353, "0.0.0.0", 0);
	expect_local(&resource, "");
	resource = between(LP_RESOURCE_TCP, AF_INET, "0.0.0.0", 80, "0.0.0.0", 0);
	resource.flags = LP_RESOURCE_LISTENS;
	expect_local(&resource, "");
	resource = with_data(LP_RESOURCE_UNIX, 0, "/run/x.sock", 12);
	expect_local(&resource, "");
}

static void a_mapped_address_is_shown_as_what_it_maps(void **state)
{
	struct lp_resource resource = between(LP_RESOURCE_TCP, AF_INET6, "::ffff:10.0.0.5", 40112,
					      "::ffff:10.0.3.7", 5432);

	(void)state;
	expect(&resource, "tcp 10.0.3.7:5432");
}

static void a_socket_without_a_peer_shows_its_own_end(void **state)
{
	struct lp_resource resource =
		between(LP_RESOURCE_TCP, AF_INET, "0.0.0.0", 80, "0.0.0.0", 0);

	(void)state;
	resource.flags = LP_RESOURCE_LISTENS;
	expect(&resource, "tcp listening on 0.0.0.0:80");
	resource = between(LP_RESOURCE_TCP, AF_INET6, "::", 80, "::", 0);
	resource.flags = LP_RESOURCE_LISTENS;
	expect(&resource, "tcp listening on [::]:80");
	resource = between(LP_RESOURCE_UDP, AF_INET, "0.0.0.0", 5353, "0.0.0.0", 0);
	expect(&resource, "udp 0.0.0.0:5353");
	resource = between(LP_RESOURCE_TCP, AF_INET, "0.0.0.0", 0, "0.0.0.0", 0);
	expect(&resource, "tcp (not connected)");
}

static void addresses_that_are_none_are_left_out(void **state)
{
	struct lp_resource resource =
		between(LP_RESOURCE_TCP, AF_INET, "10.0.0.5", 40112, "10.0.3.7", 5432);

	(void)state;
	resource.bytes = sizeof(struct lp_addresses) - 1;
	expect(&resource, "tcp");
	resource.bytes = sizeof(struct lp_addresses);
	resource.data[0] = AF_UNIX;
	expect(&resource, "tcp");
}

static void unix_sockets_are_shown_by_their_name(void **state)
{
	struct lp_resource resource = with_data(LP_RESOURCE_UNIX, 0, "/run/x.sock", 12);

	(void)state;
	expect(&resource, "unix /run/x.sock");
	resource.flags = LP_RESOURCE_LISTENS;
	expect(&resource, "unix listening on /run/x.sock");
	resource = with_data(LP_RESOURCE_UNIX, 0, "/run/x.sock", 11);
	expect(&resource, "unix /run/x.sock");
	resource = with_data(LP_RESOURCE_UNIX, 0, "\0name", 5);
	expect(&resource, "unix @name");
	resource = with_data(LP_RESOURCE_UNIX, LP_RESOURCE_CUT, "\0a\0b", 4);
	expect(&resource, "unix @a@b...");
	resource = with_data(LP_RESOURCE_UNIX, 0, "", 0);
	expect(&resource, "unix (unnamed)");
}

static void other_families_are_named_or_numbered(void **state)
{
	struct lp_resource resource = with_number(LP_RESOURCE_SOCKET, AF_NETLINK);

	(void)state;
	expect(&resource, "socket (netlink)");
	resource.number = AF_PACKET;
	expect(&resource, "socket (packet)");
	resource.number = AF_VSOCK;
	expect(&resource, "socket (vsock)");
	resource.number = 99;
	expect(&resource, "socket (family 99)");
	resource.number = UINT64_MAX;
	expect(&resource, "socket (family 18446744073709551615)");
}

static void what_has_no_path_is_shown_by_its_number(void **state)
{
	struct lp_resource resource = with_number(LP_RESOURCE_PIPE, 4711);

	(void)state;
	expect(&resource, "pipe:[4711]");
	resource = with_number(LP_RESOURCE_LOCK, 0x7f12345678c0);
	expect(&resource, "lock 0x7f12345678c0");
	resource = with_number(LP_RESOURCE_DESCRIPTOR, 7);
	expect(&resource, "descriptor 7");
	resource = with_data(LP_RESOURCE_ANONYMOUS, 0, "[eventfd]", 10);
	expect(&resource, "[eventfd]");
}

static void children_are_shown_with_their_name(void **state)
{
	struct lp_resource resource =
		with_data(LP_RESOURCE_CHILD, 0, "sort\0\0\0\0\0\0\0\0\0\0\0", 16);

	(void)state;
	resource.number = 4712;
	expect(&resource, "child 4712 (sort)");
	resource.bytes = 0;
	expect(&resource, "child 4712");
	resource.number = 0;
	expect(&resource, "any child");
	resource.flags = LP_RESOURCE_SEVERAL;
	expect(&resource, "any child and others");
}

static void a_size_over_that_of_the_data_is_not_believed(void **state)
{
	static const unsigned int kinds[] = { LP_RESOURCE_FILE,	     LP_RESOURCE_PATH,
					      LP_RESOURCE_UNIX,	     LP_RESOURCE_ANONYMOUS,
					      LP_RESOURCE_CHILD,     LP_RESOURCE_TCP,
					      LP_RESOURCE_DESCRIPTOR };
	struct lp_resource *resource = malloc(sizeof(*resource));
	char text[2 * LP_RESOURCE_BYTES];
	size_t i, fill;

	(void)state;
	assert_non_null(resource);
	for (fill = 0; fill < 256; fill++) {
		memset(resource, (int)fill, sizeof(*resource));
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			resource->kind = kinds[i];
			resource->bytes = 0xffff;
			resource_text(resource, text, sizeof(text));
			assert_true(strlen(text) < sizeof(text));
			resource_local(resource, text, sizeof(text));
			assert_true(strlen(text) < sizeof(text));
		}
	}
	free(resource);
}

static void a_name_without_an_end_goes_as_far_as_the_data(void **state)
{
	struct lp_resource resource = { .kind = LP_RESOURCE_PATH, .bytes = LP_RESOURCE_BYTES };
	char expected[LP_RESOURCE_BYTES + 2] = "/";

	(void)state;
	memset(resource.data, 'a', sizeof(resource.data));
	memset(expected + 1, 'a', LP_RESOURCE_BYTES);
	expect(&resource, expected + 1);
	resource.kind = LP_RESOURCE_FILE;
	expect(&resource, expected);
}

static void text_is_cut_at_a_character(void **state)
{
	struct lp_resource resource = with_data(LP_RESOURCE_PATH, 0, "a\xc3\xb6z", 5);

	(void)state;
	expect_cut(&resource, 5, "a\xc3\xb6z");
	expect_cut(&resource, 4, "a\xc3\xb6");
	expect_cut(&resource, 3, "a");
	expect_cut(&resource, 2, "a");
	expect_cut(&resource, 1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_report_is_no_text),
		cmocka_unit_test(names_of_a_file_become_its_path),
		cmocka_unit_test(a_path_stays_as_it_was_given),
		cmocka_unit_test(a_connection_shows_its_other_end),
		cmocka_unit_test(its_own_end_is_distinguished),
		cmocka_unit_test(a_mapped_address_is_shown_as_what_it_maps),
		cmocka_unit_test(a_socket_without_a_peer_shows_its_own_end),
		cmocka_unit_test(addresses_that_are_none_are_left_out),
		cmocka_unit_test(unix_sockets_are_shown_by_their_name),
		cmocka_unit_test(other_families_are_named_or_numbered),
		cmocka_unit_test(what_has_no_path_is_shown_by_its_number),
		cmocka_unit_test(children_are_shown_with_their_name),
		cmocka_unit_test(a_size_over_that_of_the_data_is_not_believed),
		cmocka_unit_test(a_name_without_an_end_goes_as_far_as_the_data),
		cmocka_unit_test(text_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
