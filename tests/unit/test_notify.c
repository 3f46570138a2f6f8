/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * READY=1, to a path and to an abstract name, and to nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "notify.h"
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A datagram socket bound to a name as NOTIFY_SOCKET has it. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 length)),
		0);
	return fd;
}

static void send_to(const char *name)
{
	struct fusefd_notify notify;

	if (name)
		setenv("NOTIFY_SOCKET", name, 1);
	else
		unsetenv("NOTIFY_SOCKET");
	fusefd_notify_from_env(&notify);
	fusefd_notify_ready(&notify);
}

static void assert_ready_arrives_at(const char *name)
{
	int fd = listen_at(name);
	char message[64];
	ssize_t length;

	send_to(name);
	length = recv(fd, message, sizeof(message), MSG_DONTWAIT);
	assert_int_equal(length, strlen("READY=1"));
	assert_memory_equal(message, "READY=1", (size_t)length);
	/* It is the filesystem's too. */
	assert_string_equal(getenv("NOTIFY_SOCKET"), name);
	close(fd);
}

static void to_a_path(void **state)
{
	char folder[] = "/tmp/fusefd.XXXXXX";
	char name[sizeof(folder) + 8];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/notify", folder);
	assert_ready_arrives_at(name);
	unlink(name);
	rmdir(folder);
}

static void to_an_abstract_name(void **state)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)];

	(void)state;
	snprintf(name, sizeof(name), "@fusefd-test-%d", getpid());
	assert_ready_arrives_at(name);
}

/* As long as a name can be: sun_path, less the NUL that paths have. */
static void to_the_longest_name(void **state)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int length;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	/* Nobody else's: other builds of this test run beside it. */
	length = snprintf(name, sizeof(name), "@fusefd-test-%d-", getpid());
	name[length] = 'x';
	assert_ready_arrives_at(name);
}

static void nobody_asked(void **state)
{
	static const char *const names[] = {
		NULL, "", "@", "/", "relative", "vsock:2:1234",
	};
	char longer[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct fusefd_notify notify;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		send_to(names[i]);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '@';
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	fusefd_notify_from_env(&notify);
	assert_int_equal(notify.length, 0);
}

/* Neither SIGPIPE nor a hang nor an fd that stays. */
static void nobody_listens(void **state)
{
	int before = dup(0);

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	send_to("/nonexistent/socket");
	send_to("@fusefd-test-nobody");
	close(before);
	assert_int_equal(dup(0), before);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_a_path),
		cmocka_unit_test(to_an_abstract_name),
		cmocka_unit_test(to_the_longest_name),
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
