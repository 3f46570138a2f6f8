/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/announced.h"
#include "preload/recognise.h"

/* Of a supervisor that has been stopped, or of a machine that is overloaded. */
#define PATIENCE_MS 30000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *who = "libfusefd-preload";

void tell_as(const char *name)
{
	who = name;
}

void tell(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	size_t length;

	(void)snprintf(line, sizeof(line) - 1, "%s: ", who);
	length = strlen(line);
	va_start(arguments, format);
	(void)vsnprintf(line + length, sizeof(line) - 1 - length, format,
			arguments);
	va_end(arguments);
	length = strlen(line);
	for (size_t i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[length++] = '\n';
	(void)!write(STDERR_FILENO, line, length);
}

/* ---- To the supervisor ------------------------------------------------------ */

/* A supervisor's address is abstract, so that no file is left behind. */
static socklen_t find_supervisor(struct sockaddr_un *address)
{
	const char *name = secure_getenv("FUSEFD_SUPERVISED")
				   ? secure_getenv("NOTIFY_SOCKET")
				   : NULL;
	const size_t length = name ? strlen(name) : 0;

	if (length < 2 || length > sizeof(address->sun_path) || *name != '@')
		return 0;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path + 1, name + 1, length - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* -1: nobody listens. */
static int reach_supervisor(void)
{
	struct sockaddr_un address;
	const socklen_t length = find_supervisor(&address);
	int fd;

	if (!length)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, length)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool send_text(int supervisor, const char *text)
{
	return send(supervisor, text, strlen(text), MSG_NOSIGNAL) > 0;
}

bool tell_supervisor(const char *message)
{
	const int supervisor = reach_supervisor();
	bool sent;

	if (supervisor < 0)
		return false;
	sent = send_text(supervisor, message);
	(void)close(supervisor);
	return sent;
}

static bool send_barrier(int supervisor, int end)
{
	static char text[] = "BARRIER=1";
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
			     .cmsg_len = CMSG_LEN(sizeof(int)),
		     }};
	struct iovec vector = {.iov_base = text, .iov_len = sizeof(text) - 1};
	const struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &end, sizeof(end));
	return sendmsg(supervisor, &message, MSG_NOSIGNAL) > 0;
}

static bool is_closed(int end)
{
	struct pollfd other = {.fd = end};
	int count;

	do
		count = poll(&other, 1, PATIENCE_MS);
	while (count < 0 && errno == EINTR);
	return count > 0;
}

/* As sd_notify_barrier(3): the end of a pipe that is sent behind what was said
 * is closed when it is received, and that is when the rest has been done. */
static bool await_supervisor(int supervisor)
{
	int ends[2];
	bool sent, done;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	sent = send_barrier(supervisor, ends[1]);
	(void)close(ends[1]);
	done = sent && is_closed(ends[0]);
	(void)close(ends[0]);
	return done;
}

static bool have_done(const char *message)
{
	const int supervisor = reach_supervisor();
	bool done;

	if (supervisor < 0)
		return false;
	done = send_text(supervisor, message) && await_supervisor(supervisor);
	(void)close(supervisor);
	return done;
}

/* ---- Of options ------------------------------------------------------------- */

static void tell_of_acl(const char *list)
{
	static const char *const of_acl[] = {"allow_other", "allow_root"};

	if (announced_is_for_others())
		return;
	for (size_t i = 0; i < COUNT(of_acl); i++)
		if (recognise_option(list, of_acl[i]))
			tell("option '%s' is without effect: give '-o "
			     "allow_other' to fusefd-launch",
			     of_acl[i]);
}

/* The options of a mount in mountinfo. */
static bool find_options(uint64_t mount, char options[static 256])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0)
		found = strtoull(line, NULL, 10) == mount &&
			sscanf(line, "%*s %*s %*s %*s %*s %255s", options) == 1;
	free(line);
	(void)fclose(file);
	return found;
}

/* It is attached where there is no supervisor. DONT_SYNC: it does not answer
 * yet. */
static bool has_already(const char *option)
{
	struct statx status;
	char options[256];

	return announced.mountpoint && !secure_getenv("FUSEFD_SUPERVISED") &&
	       statx(AT_FDCWD, announced.mountpoint, AT_STATX_DONT_SYNC,
		     STATX_MNT_ID, &status) == 0 &&
	       find_options(status.stx_mnt_id, options) &&
	       recognise_option(options, option);
}

/* What a program may take from its mount. */
static const struct restriction {
	const char *option;
	unsigned long flag;
} restrictions[] = {
	{"ro", MS_RDONLY},
	{"noexec", MS_NOEXEC},
};

static bool is_wanted(const struct restriction *restriction,
		      unsigned long flags, const char *list)
{
	return (flags & restriction->flag) ||
	       recognise_option(list, restriction->option);
}

static void tell_of_restrictions(unsigned long flags, const char *list)
{
	const char *wanted[COUNT(restrictions)];
	char message[64] = "FUSEFD_RESTRICT=";
	size_t count = 0, length = strlen(message);

	for (size_t i = 0; i < COUNT(restrictions); i++) {
		if (!is_wanted(&restrictions[i], flags, list))
			continue;
		wanted[count] = restrictions[i].option;
		length += (size_t)snprintf(message + length,
					   sizeof(message) - length, "%s%s",
					   count ? "," : "", wanted[count]);
		count++;
	}
	if (!count || have_done(message))
		return;
	for (size_t i = 0; i < count; i++)
		if (!has_already(wanted[i]))
			tell("option '%s' is without effect: give '-o %s' to "
			     "fusefd-launch",
			     wanted[i], wanted[i]);
}

void tell_of_options(unsigned long flags, const char *list)
{
	tell_of_acl(list);
	tell_of_restrictions(flags, list);
}
