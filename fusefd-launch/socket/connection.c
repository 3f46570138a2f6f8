/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A socket's file is reached by the fd of its directory, and an existing one by
 * an fd of itself: then it is the same file from the first look to the last,
 * and may have a longer path than a socket's address has room for.
 */
#include "socket/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/die.h"
#include "common/syscalls.h"
#include "socket/peer.h"

/* Between two attempts to connect, in milliseconds. */
#define PAUSE 100

static int make_socket(void)
{
	const int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("cannot make a socket: %s", strerror(errno));
	return fd;
}

static void name_by_fd(struct sockaddr_un *address, int fd, const char *name)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path),
		 *name ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d", fd, name);
}

/* ---- listen: ------------------------------------------------------------ */

static int open_directory(const struct address *address)
{
	const char *name = address_name(address);
	const int length = (int)(name - address->path);
	char *path;
	int fd;

	if (asprintf(&path, "%.*s", length, address->path) < 0)
		die("out of memory");
	fd = open(length ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die("cannot listen at %s: its directory: %s",
		    quoted(address->path), strerror(errno));
	free(path);
	return fd;
}

static noreturn void die_unbound(const struct connection *connection, int error)
{
	const char *path = quoted(connection->address->path);
	struct stat there;

	if (error != EADDRINUSE)
		die("cannot listen at %s as uid %u: %s", path, geteuid(),
		    strerror(error));
	if (fstatat(connection->directory, address_name(connection->address),
		    &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISSOCK(there.st_mode))
		die("cannot listen at %s: there is a socket already\n"
		    "Remove it, where nobody listens there any more.",
		    path);
	die("cannot listen at %s: there is something else\n"
	    "Choose another name, or remove it.",
	    path);
}

/* The file's mode is 0777 less the umask from the first moment, whatever access
 * lists the directory hands down (unix_bind_bsd() in Linux 6.18). */
static void bind_privately(const struct connection *connection,
			   const struct sockaddr_un *address)
{
	const mode_t before = umask(0177);
	const int failed =
		bind(connection->listener, (const struct sockaddr *)address,
		     sizeof(*address));
	const int error = errno;

	umask(before);
	if (failed)
		die_unbound(connection, error);
}

static void start_listening(struct connection *connection)
{
	const char *name = address_name(connection->address);
	struct sockaddr_un address;
	struct stat file;

	connection->directory = open_directory(connection->address);
	connection->listener = make_socket();
	name_by_fd(&address, connection->directory, name);
	bind_privately(connection, &address);
	if (fstatat(connection->directory, name, &file, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISSOCK(file.st_mode))
		die("cannot listen at %s: it is gone again",
		    quoted(connection->address->path));
	connection->device = file.st_dev;
	connection->inode = file.st_ino;
	if (listen(connection->listener, 1))
		die("cannot listen at %s: %s",
		    quoted(connection->address->path), strerror(errno));
}

void connection_withdraw(struct connection *connection)
{
	const char *name;
	struct stat file;

	if (connection->listener < 0)
		return;
	name = address_name(connection->address);
	if (fstatat(connection->directory, name, &file, AT_SYMLINK_NOFOLLOW) ==
		    0 &&
	    file.st_dev == connection->device &&
	    file.st_ino == connection->inode)
		(void)unlinkat(connection->directory, name, 0);
	close(connection->listener);
	close(connection->directory);
	connection->listener = -1;
}

static bool take_connection(struct connection *connection)
{
	const int fd = accept4(connection->listener, NULL, NULL,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);
	uid_t uid;

	/* The caller stays in the queue, and no loop would wait again. */
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		die("cannot accept a connection to %s: %s\n"
		    "Raise the limit, such as with 'ulimit -n'.",
		    quoted(connection->address->path), strerror(errno));
	if (fd < 0)
		return false;
	if (!peer_is_root_or(fd, geteuid(), &uid)) {
		say("refused a connection to %s by uid %u",
		    quoted(connection->address->path), uid);
		close(fd);
		return false;
	}
	connection_withdraw(connection);
	connection->socket = fd;
	return true;
}

/* ---- connect: ----------------------------------------------------------- */

static noreturn void die_unconnected(const struct connection *connection,
				     int error)
{
	const char *path = quoted(connection->address->path);

	switch (error) {
	case ELOOP:
		die("cannot connect to %s: it is a symbolic link\n"
		    "Name the socket itself.",
		    path);
	case ENOTSOCK:
		die("cannot connect to %s: it is not a socket", path);
	case EPROTOTYPE:
		die("cannot connect to %s: it is not a stream socket", path);
	default:
		die("cannot connect to %s as uid %u: %s", path, geteuid(),
		    strerror(error));
	}
}

/* 0, or an errno. */
static int open_file(const char *path, int *fd)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	struct stat file;

	*fd = sys_openat2(AT_FDCWD, path, &how);
	if (*fd < 0)
		return errno;
	if (fstat(*fd, &file))
		return errno;
	if (S_ISLNK(file.st_mode))
		return ELOOP;
	return S_ISSOCK(file.st_mode) ? 0 : ENOTSOCK;
}

static int connect_to_file(int file, int *socket)
{
	struct sockaddr_un address;

	name_by_fd(&address, file, "");
	*socket = make_socket();
	if (connect(*socket, (const struct sockaddr *)&address,
		    sizeof(address)) == 0)
		return 0;
	return errno;
}

static int try_to_connect(const char *path, int *socket)
{
	int file, error = open_file(path, &file);

	*socket = -1;
	if (!error)
		error = connect_to_file(file, socket);
	if (file >= 0)
		close(file);
	if (error && *socket >= 0)
		close(*socket);
	return error;
}

/* A receiver serves its own files to the one that it takes the fds from. */
static void judge_listener(const struct connection *connection, int socket)
{
	uid_t uid;

	if (connection->receiving && !peer_is_root_or(socket, geteuid(), &uid))
		die("cannot connect to %s: uid %u listens there, who is "
		    "neither root nor you",
		    quoted(connection->address->path), uid);
}

static bool make_connection(struct connection *connection, deadline_t *again)
{
	int socket;

	connection->error = try_to_connect(connection->address->path, &socket);
	switch (connection->error) {
	case 0:
		judge_listener(connection, socket);
		connection->socket = socket;
		return true;
	case ENOENT:
	case ECONNREFUSED: /* left behind, or not listening yet */
	case EAGAIN:	   /* others wait to be accepted */
		*again = deadline_now() + PAUSE;
		return false;
	default:
		die_unconnected(connection, connection->error);
	}
}

/* ---- fd: ---------------------------------------------------------------- */

static bool is_connected(int fd)
{
	struct sockaddr_un peer = {0};
	socklen_t length = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
	       peer.sun_family == AF_UNIX;
}

/* The number is COMMAND's to use; of the standard three something stays. */
static int take_over(const struct address *address)
{
	const int fd = fcntl(address->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null;

	if (fd < 0 || !is_connected(fd))
		die("cannot use fd %d: it is not a connected Unix socket",
		    address->fd);
	if (address->fd > STDERR_FILENO) {
		close(address->fd);
		return fd;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, address->fd) < 0)
		die("cannot put '/dev/null' in the place of fd %d: %s",
		    address->fd, strerror(errno));
	close(null);
	return fd;
}

/* ---- Any ---------------------------------------------------------------- */

void connection_open(struct connection *connection,
		     const struct address *address, bool receiving)
{
	*connection = (struct connection){
		.address = address,
		.receiving = receiving,
		.socket = -1,
		.listener = -1,
	};
	if (address->kind == ADDRESS_LISTEN)
		start_listening(connection);
	if (address->kind == ADDRESS_FD)
		connection->socket = take_over(address);
}

bool connection_try(struct connection *connection, deadline_t *again)
{
	*again = DEADLINE_NEVER;
	if (connection->socket >= 0)
		return true;
	if (connection->address->kind == ADDRESS_LISTEN)
		return take_connection(connection);
	return make_connection(connection, again);
}

const char *connection_complaint(const struct connection *connection)
{
	if (connection->address->kind == ADDRESS_LISTEN)
		return "nobody connected";
	return connection->error == ENOENT ? "there is no such socket"
					   : "nobody listens";
}
