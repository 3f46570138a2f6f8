/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Environments that say that there is a handoff: the values of the variables
 * of protocol 1 in the order of values[], one behind each NUL byte, and behind
 * those whole entries. Whatever they are, fusefd_from_env() returns, takes all
 * of them out of the environment, and closes nothing but device fds that were
 * announced. Run by root, it has two of a live connection to announce, and one
 * that is bound to nothing.
 *
 * Links lib's handoff.c, verify.c and notify.c.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "fuse_abi.h"
#include "fusefd.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The numbers that the corpus announces. */
enum {
	PRIMARY = 10,
	CLONE,
	UNBOUND,
	ORDINARY, /* a file that is nobody's to close */
};

#define ENTRIES_MAX 16

static const char *const values[] = {
	"FUSEFD_PROTOCOL=", "FUSEFD_FDS=",   "FUSEFD_MOUNTPOINT=",
	"FUSEFD_ACL=",	    "FUSEFD_OWNER=", "NOTIFY_SOCKET=",
};

/* ---- What there is to announce ------------------------------------------ */

/* Of fsopen(). The filesystem that it has created keeps a connection, and needs
 * no mountpoint. An fd of a mount would not do: fstat() of it asks the
 * filesystem, which is nobody. */
static int context = -1;

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool open_device(int number)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	expect(dup3(fd, number, O_CLOEXEC) == number);
	close(fd);
	return true;
}

static bool create_filesystem(void)
{
	char number[16];

	context = fsopen("fuse", FSOPEN_CLOEXEC);
	(void)snprintf(number, sizeof(number), "%d", PRIMARY);
	return context >= 0 &&
	       !fsconfig(context, FSCONFIG_SET_STRING, "fd", number, 0) &&
	       !fsconfig(context, FSCONFIG_SET_STRING, "rootmode", "40000",
			 0) &&
	       !fsconfig(context, FSCONFIG_SET_STRING, "user_id", "0", 0) &&
	       !fsconfig(context, FSCONFIG_SET_STRING, "group_id", "0", 0) &&
	       !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* Again, where the last input has had its fds closed. */
static void provide_devices(void)
{
	uint32_t primary = PRIMARY;

	if (!is_open(UNBOUND))
		open_device(UNBOUND);
	if (is_open(PRIMARY) && is_open(CLONE))
		return;
	if (context >= 0)
		close(context);
	context = -1;
	if (open_device(PRIMARY) && open_device(CLONE) && create_filesystem())
		expect(ioctl(CLONE, FUSE_DEV_IOC_CLONE, &primary) == 0);
}

/* ---- The environment ---------------------------------------------------- */

struct environment {
	char *entries[ENTRIES_MAX + 1];
};

static char *new_entry(const char *name, const uint8_t *text, size_t length)
{
	char *entry = malloc(strlen(name) + length + 1);

	expect(entry);
	memcpy(entry, name, strlen(name));
	memcpy(entry + strlen(name), text, length);
	entry[strlen(name) + length] = '\0';
	return entry;
}

static void cut(struct environment *environment, const uint8_t *input,
		size_t size)
{
	const size_t named = sizeof(values) / sizeof(values[0]);
	size_t count = 0;

	while (size && count < ENTRIES_MAX) {
		size_t length = strnlen((const char *)input, size);

		environment->entries[count] = new_entry(
			count < named ? values[count] : "", input, length);
		count++;
		length += length < size;
		input += length;
		size -= length;
	}
	environment->entries[count] = NULL;
}

static void free_entries(const struct environment *environment)
{
	for (size_t i = 0; environment->entries[i]; i++)
		free(environment->entries[i]);
}

/* ---- What must hold ----------------------------------------------------- */

static void expect_clean(char *const *environment)
{
	for (; *environment; environment++)
		expect(strncmp(*environment, "FUSEFD_", 7) != 0);
}

static void expect_sound(const struct fusefd_handoff *handoff)
{
	const char *mountpoint = fusefd_mountpoint(handoff);

	expect(mountpoint && mountpoint[0] == '/');
	expect(fusefd_owner(handoff) != (uid_t)-1);
	expect(fusefd_count(handoff) >= 1 && fusefd_count(handoff) <= 2);
	for (size_t i = 0; i < fusefd_count(handoff); i++) {
		int fd = fusefd_fd(handoff, i);

		expect(fd == PRIMARY || fd == CLONE);
		expect(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	}
}

/* What is neither ours to close nor ours to leave open. */
static void expect_other_fds(int lowest)
{
	int next = fcntl(ORDINARY, F_DUPFD_CLOEXEC, 0);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		expect(is_open(fd));
	expect(is_open(ORDINARY));
	expect(next == lowest);
	close(next);
}

static int lowest_free_fd(void)
{
	int fd = fcntl(ORDINARY, F_DUPFD_CLOEXEC, 0);

	expect(fd > STDERR_FILENO && fd < PRIMARY);
	close(fd);
	return fd;
}

/* ---- The target --------------------------------------------------------- */

/* libFuzzer closes or keeps fds of its own: what is below PRIMARY and open
 * now, stays. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)argc;
	(void)argv;
	expect(null >= 0 && dup3(null, ORDINARY, O_CLOEXEC) == ORDINARY);
	close(null);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct environment environment, given;
	struct fusefd_handoff *handoff = NULL;
	char **own = environ;
	int error, lowest;

	provide_devices();
	lowest = lowest_free_fd();
	cut(&environment, input, size);
	given = environment;

	environ = environment.entries;
	error = fusefd_from_env(&handoff);
	environ = own;

	expect(!error == (handoff != NULL));
	expect_clean(environment.entries);
	if (handoff)
		expect_sound(handoff);
	fusefd_free(handoff);
	expect_other_fds(lowest);
	free_entries(&given);
	return 0;
}
