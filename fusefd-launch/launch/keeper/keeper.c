/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The states of the mount, and what each request makes of them. A request that
 * does not fit the state is answered with EPERM, one that there is not with
 * EINVAL, and neither changes anything.
 *
 *              RESTRICT   ATTACH           COPY   UNMOUNT        LEAVE   the end
 *   DETACHED   DETACHED   ATTACHED, GONE   same   GONE           GONE    GONE
 *   ATTACHED   EPERM      EPERM            same   GONE, or same  LEFT    GONE
 *
 * GONE and LEFT end the keeper. ATTACH leads to GONE if it failed: what was
 * detached dies with the keeper. UNMOUNT changes nothing if the mount is in use,
 * or another one hides it. At the end of the socket the mount is unmounted as
 * by UNMOUNT with FUSEFD_KEEPER_LAZY.
 *
 * The program's end of the socket may be in anybody's hands of that user: it is
 * believed nothing. Every request is judged anew, and what it can do at the
 * worst is what the user could do: to mount once where it was judged, to make
 * the mount less than it was to be, and to unmount it.
 */
#include "launch/keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/fds.h"
#include "launch/keeper/confine.h"
#include "launch/mount/statmount.h"
#include "lib/protocol.h"

enum state { DETACHED, ATTACHED, GONE, LEFT };

struct keeper {
	enum state state;
	int socket;
	struct attachment *attachment;
};

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- The acts: 0, or an errno --------------------------------------------------- */

static int restrict_mount(struct keeper *keeper, uint32_t flags)
{
	struct mount_attr change = {
		.attr_set =
			(flags & FUSEFD_KEEPER_RO ? MOUNT_ATTR_RDONLY : 0) |
			(flags & FUSEFD_KEEPER_NOEXEC ? MOUNT_ATTR_NOEXEC : 0),
	};
	const struct attachment *attachment = keeper->attachment;
	int error = 0;

	if (keeper->state != DETACHED)
		return EPERM;
	if (flags & ~(FUSEFD_KEEPER_RO | FUSEFD_KEEPER_NOEXEC))
		return EINVAL;
	/* What the mount has already takes no new kernel. */
	change.attr_set &= ~attachment->attributes;
	if (!change.attr_set)
		return 0;
	if (!privileges_try_raise(attachment->privileges))
		return errno;
	if (mount_setattr(attachment->mount, "", AT_EMPTY_PATH, &change,
			  sizeof(change)))
		error = errno;
	if (!privileges_try_lower(attachment->privileges) && !error)
		error = errno;
	return error;
}

/* An fd of the mount would keep it busy: from now on there is only its place. */
static int attach_mount(struct keeper *keeper, uint32_t flags)
{
	int error;

	if (flags)
		return EINVAL;
	if (keeper->state != DETACHED)
		return EPERM;
	error = attach(keeper->attachment);
	keeper->state = error ? GONE : ATTACHED;
	close(keeper->attachment->mount);
	close_if_open(keeper->attachment->look);
	keeper->attachment->mount = keeper->attachment->look = -1;
	return error;
}

static int unmount(struct keeper *keeper, uint32_t flags)
{
	struct attachment *attachment = keeper->attachment;
	int error = 0;

	if (flags & ~FUSEFD_KEEPER_LAZY)
		return EINVAL;
	if (keeper->state == ATTACHED)
		error = identity_unmount(
			&attachment->identity, &attachment->mountpoint->at,
			flags & FUSEFD_KEEPER_LAZY ? MNT_DETACH : 0,
			&attachment->info, attachment->privileges);
	if (error == ENOENT)
		error = 0;
	if (!error)
		keeper->state = GONE;
	return error;
}

static int leave(struct keeper *keeper, uint32_t flags)
{
	if (flags)
		return EINVAL;
	keeper->state = keeper->state == ATTACHED ? LEFT : GONE;
	return 0;
}

/* Is that fd one of the root of our mount? Its id is no other mount's, as long
 * as ours is there. */
static bool is_of_mount(const struct attachment *attachment, int fd)
{
	struct identity other;

	return identity_read(&other, fd, 0) &&
	       other.id == attachment->identity.id &&
	       other.device_major == attachment->identity.device_major &&
	       other.device_minor == attachment->identity.device_minor &&
	       !statmount_is_gone(attachment->identity.unique);
}

/* The fd of a detached tree must not get out: in a user namespace of their own
 * the user could attach it (move_mount) and take nosuid and nodev from it, and
 * the superblock is still one that root has mounted. When the tree's fd is
 * closed, the tree is dissolved: the mount of this fd can be looked into, but
 * never again attached, changed or copied. */
static int open_root(int tree, int *root)
{
	*root = open_tree(tree, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC);
	return *root < 0 ? errno : 0;
}

static int copy_mount(struct keeper *keeper, uint32_t flags, int root,
		      int *copy)
{
	struct attachment *attachment = keeper->attachment;
	int tree, error = 0;

	if (flags)
		return EINVAL;
	/* Before Linux 6.15 a detached tree could not be copied. */
	if (keeper->state == DETACHED && attachment->look >= 0) {
		*copy = attachment->look;
		attachment->look = -1;
		return 0;
	}
	if (keeper->state == DETACHED)
		root = attachment->mount;
	else if (root < 0 || !is_of_mount(attachment, root))
		return EBADF;
	if (!privileges_try_raise(attachment->privileges))
		return errno;
	tree = open_tree(root, "",
			 AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		error = errno;
	if (!privileges_try_lower(attachment->privileges) && !error)
		error = errno;
	if (!error)
		error = open_root(tree, copy);
	close_if_open(tree);
	return error;
}

static int act(struct keeper *keeper,
	       const struct fusefd_keeper_request *request, int passed,
	       int *copy)
{
	switch (request->act) {
	case FUSEFD_KEEPER_ATTACH:
		return attach_mount(keeper, request->flags);
	case FUSEFD_KEEPER_RESTRICT:
		return restrict_mount(keeper, request->flags);
	case FUSEFD_KEEPER_UNMOUNT:
		return unmount(keeper, request->flags);
	case FUSEFD_KEEPER_LEAVE:
		return leave(keeper, request->flags);
	case FUSEFD_KEEPER_COPY:
		return copy_mount(keeper, request->flags, passed, copy);
	default:
		return EINVAL;
	}
}

/* ---- The socket -------------------------------------------------------------------- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* The fd that came, or -1. Alignment leaves room for a second one: two are none,
 * and the kernel has closed all further ones already. */
static int take_fd(const union control *control)
{
	const struct cmsghdr *header = &control->header;
	int fds[2];

	if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return -1;
	if (header->cmsg_len == CMSG_LEN(sizeof(fds[0]))) {
		memcpy(fds, CMSG_DATA(header), sizeof(fds[0]));
		return fds[0];
	}
	if (header->cmsg_len == CMSG_LEN(sizeof(fds))) {
		memcpy(fds, CMSG_DATA(header), sizeof(fds));
		close(fds[0]);
		close(fds[1]);
	}
	return -1;
}

/* false at the end. A message that is no request has act 0. */
static bool receive(int socket, struct fusefd_keeper_request *request,
		    int *passed)
{
	union control control = {.bytes = {0}};
	struct iovec vector = {request, sizeof(*request)};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	*passed = -1;
	if (length <= 0)
		return false;
	*passed = take_fd(&control);
	if (length != sizeof(*request) ||
	    message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		request->act = 0;
	return true;
}

/* It waits for a program that does not read; nobody else waits for the keeper. */
static void answer(const struct keeper *keeper, int error, int copy)
{
	const struct identity *identity = &keeper->attachment->identity;
	struct fusefd_keeper_answer text = {
		.error = error,
		.mount_id = identity->id,
		.unique_id = identity->unique,
	};
	union control control;
	struct iovec vector = {&text, sizeof(text)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	if (copy >= 0) {
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &copy, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	(void)sendmsg(keeper->socket, &message, MSG_NOSIGNAL);
}

/* false at the end. */
static bool serve_one(struct keeper *keeper)
{
	struct fusefd_keeper_request request;
	int passed, copy = -1, error;

	if (!receive(keeper->socket, &request, &passed))
		return false;
	error = act(keeper, &request, passed, &copy);
	answer(keeper, error, copy);
	close_if_open(passed);
	close_if_open(copy);
	return true;
}

static void keep(struct keeper *keeper)
{
	while (keeper->state <= ATTACHED && serve_one(keeper))
		;
	if (keeper->state == ATTACHED)
		(void)unmount(keeper, FUSEFD_KEEPER_LAZY);
}

/* ---- How it begins -------------------------------------------------------------------- */

/* Nothing of the caller's stays but what the acts need: no fd, and no current
 * directory. The process group stays: by it, autofs knows those that may look at
 * a mountpoint of its own before something is mounted there. It says nothing
 * from here on: the program sees its socket end, and says so. */
static void become_keeper(struct keeper *keeper, struct shield *shield)
{
	struct attachment *attachment = keeper->attachment;
	/* The last one may not be there; it does no harm to name another twice. */
	int kept[] = {keeper->socket, attachment->mount,
		      attachment->mountpoint->at.fd, attachment->info.fd,
		      attachment->look < 0 ? keeper->socket : attachment->look};

	(void)prctl(PR_SET_NAME, "fusefd-keeper", 0, 0, 0);
	if (chdir("/") || !shield_try_raise(shield, attachment->privileges))
		_exit(1);
	fds_close_others(kept, sizeof(kept) / sizeof(kept[0]));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (!privileges_try_keep_admin(attachment->privileges) ||
	    !confine_keeper())
		_exit(1);
}

int keeper_start(struct attachment *attachment, struct shield *shield)
{
	struct keeper keeper = {.attachment = attachment};
	int ends[2];
	pid_t child;

	/* The keeper opens no file. */
	if (!mountinfo_open(&attachment->info))
		die("cannot open '" MOUNTINFO_PATH "': %s", strerror(errno));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		die("cannot make a socket for the keeper: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("cannot start a keeper: %s", strerror(errno));
	if (child == 0) {
		keeper.socket = ends[1];
		become_keeper(&keeper, shield);
		keep(&keeper);
		_exit(0);
	}
	close(ends[1]);
	close(attachment->mount);
	close_if_open(attachment->look);
	if (fcntl(ends[0], F_SETFD, 0))
		die("cannot hand on fd %d: %s", ends[0], strerror(errno));
	return ends[0];
}
