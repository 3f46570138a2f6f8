/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program may say to its keeper: four bytes for each message, of which
 * the last says how the kernel answers the keeper. The keeper answers each
 * message once, keeps to the table of states at the top of keeper.c, has
 * CAP_SYS_ADMIN effective around nothing but mounts, closes every fd that comes,
 * and leaves no mount at the end of the socket.
 *
 * The keeper is run in this process; privileges.h, attach.h, identity.h and the
 * kernel's mount calls are replaced by a model of one mount.
 */
#include "expect.h"

/* Static functions, and what the launcher never needs from outside. */
#include "launch/keeper/keeper.c" // NOLINT(bugprone-suspicious-include)

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* ---- The model ------------------------------------------------------------------ */

/* The bits of a message's last byte: what fails while it is answered. */
enum {
	RAISE_FAILS = 1,
	ACT_FAILS = 2,
	LOWER_FAILS = 4,
	OPEN_FAILS = 8,
	ENDS_GONE = 16, /* the act says ENOENT instead of EBUSY */
};

static struct {
	unsigned int failing;
	bool raised;
	int mounts; /* how many mounts of ours are attached */
	bool look;  /* there is another mount for the first COPY */
	bool read_only;
	int changes, copies;
	int attaches, unmounts, lazy_unmounts; /* that were tried */
} model;

/* The kinds of fds that may come; the first is of the mount. */
enum { OF_MOUNT, OF_NULL, OF_PIPE, OF_SOCKET, KINDS };
static int files[KINDS];

static bool fails(unsigned int what, int error)
{
	errno = error;
	return model.failing & what;
}

bool privileges_try_raise(const struct privileges *privileges)
{
	(void)privileges;
	expect(!model.raised);
	if (fails(RAISE_FAILS, EPERM))
		return false;
	model.raised = true;
	return true;
}

/* If it fails it has lowered nonetheless, so far as the model goes. */
bool privileges_try_lower(const struct privileges *privileges)
{
	(void)privileges;
	expect(model.raised);
	model.raised = false;
	return !fails(LOWER_FAILS, EACCES);
}

bool privileges_try_keep_admin(struct privileges *privileges)
{
	(void)privileges;
	return false;
}

bool shield_try_raise(struct shield *shield,
		      const struct privileges *privileges)
{
	(void)shield;
	(void)privileges;
	return false;
}

int attach(struct attachment *attachment)
{
	expect(attachment->mount >= 0);
	expect(!model.raised && model.attaches == 0);
	model.attaches++;
	if (fails(ACT_FAILS, EBUSY))
		return EBUSY;
	model.mounts++;
	return 0;
}

int identity_unmount(const struct identity *identity, const struct place *place,
		     int flags, struct mountinfo *info,
		     const struct privileges *privileges)
{
	(void)identity;
	(void)info;
	expect(place->fd == files[OF_NULL] && privileges);
	expect(flags == 0 || flags == MNT_DETACH);
	expect(!model.raised && model.mounts == 1);
	model.unmounts++;
	model.lazy_unmounts += flags == MNT_DETACH;
	if (fails(ACT_FAILS, EBUSY)) {
		if (!(model.failing & ENDS_GONE))
			return EBUSY;
		model.mounts--;
		return ENOENT;
	}
	model.mounts--;
	return 0;
}

bool identity_read(struct identity *identity, int fd, uid_t owner)
{
	struct stat mount, stat;

	expect(!model.raised);
	if (fstat(fd, &stat))
		return false;
	expect(fstat(files[OF_MOUNT], &mount) == 0);
	*identity = (struct identity){
		.id = stat.st_ino == mount.st_ino ? 1 : 2,
		.owner = owner,
	};
	return true;
}

int mount_setattr(int fd, const char *path, unsigned int flags,
		  struct mount_attr *attributes, size_t size)
{
	(void)flags;
	(void)size;
	expect(model.raised && fd >= 0 && !*path);
	expect(attributes->attr_set);
	expect(attributes->attr_clr == 0 && attributes->propagation == 0 &&
	       attributes->userns_fd == 0);
	expect(!(attributes->attr_set &
		 ~(__u64)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC)));
	model.changes++;
	return fails(ACT_FAILS, ENOSYS) ? -1 : 0;
}

/* Its detached trees are of one mount only. */
int open_tree(int fd, const char *path, unsigned int flags)
{
	struct identity identity;
	const bool raised = model.raised;

	expect(!*path && flags & AT_EMPTY_PATH && flags & OPEN_TREE_CLOEXEC);
	model.raised = false;
	expect(identity_read(&identity, fd, 0) && identity.id == 1);
	model.raised = raised;
	expect(raised == !!(flags & OPEN_TREE_CLONE));
	if (fails(raised ? ACT_FAILS : OPEN_FAILS, ENOMEM))
		return -1;
	model.copies += raised;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* ---- What is said -------------------------------------------------------------------- */

struct message {
	uint32_t words[64];
	size_t length;
	int fds[4];
	size_t count;
};

static void make_message(struct message *message, const uint8_t *input)
{
	static const size_t lengths[] = {8, 8, 8, 8, 4, 9, 200, 0};

	*message = (struct message){
		.words = {input[0] & 15, input[1] & 15},
		.length = lengths[input[2] & 7],
		.count = input[2] >> 3 & 3,
	};
	/* Other bytes of both words. */
	if (input[0] & 16)
		message->words[0] <<= input[0] >> 3;
	if (input[1] & 16)
		message->words[1] <<= input[1] >> 3;
	message->count += message->count == 3 && input[2] & 128;
	/* The keeper ends, and its fds with it. */
	if (message->length == 0)
		message->count = 0;
	for (size_t i = 0; i < message->count; i++)
		message->fds[i] = files[(input[2] >> 5) % KINDS];
}

static void say_to(int socket, const struct message *message)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(message->fds))];
	} control = {.header = {
			     .cmsg_len = CMSG_LEN(message->count * sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
		     }};
	struct iovec vector = {(void *)message->words, message->length};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

	if (message->count) {
		memcpy(CMSG_DATA(&control.header), message->fds,
		       message->count * sizeof(int));
		header.msg_control = &control;
		header.msg_controllen =
			CMSG_SPACE(message->count * sizeof(int));
	}
	expect(sendmsg(socket, &header, 0) == (ssize_t)message->length);
}

/* The one answer, and whether an fd came with it. */
static int hear_from(int socket, bool *with_fd)
{
	struct fusefd_keeper_answer answer;
	union control control = {.bytes = {0}};
	struct iovec vector = {&answer, sizeof(answer)};
	struct msghdr header = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	char more;
	int fd;

	expect(recvmsg(socket, &header, MSG_DONTWAIT) == sizeof(answer));
	expect(!(header.msg_flags & MSG_CTRUNC));
	expect(answer.reserved == 0 && answer.mount_id == 1 &&
	       answer.unique_id == 0);
	expect(recv(socket, &more, 1, MSG_DONTWAIT | MSG_PEEK) < 0);
	*with_fd = header.msg_controllen > 0;
	if (*with_fd) {
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
		close(fd);
	}
	return answer.error;
}

/* ---- What is to come of it --------------------------------------------------------------- */

/* The errno with which one of raise, act and lower fails, or 0. */
static int raised_error(int error)
{
	if (model.failing & RAISE_FAILS)
		return EPERM;
	if (model.failing & ACT_FAILS)
		return error;
	return model.failing & LOWER_FAILS ? EACCES : 0;
}

static int expect_copy(enum state before, const struct message *message)
{
	const bool look = model.look;
	int error;

	model.look = false;
	if (before == DETACHED && look)
		return 0;
	if (before == ATTACHED &&
	    (message->count != 1 || message->fds[0] != files[OF_MOUNT]))
		return EBADF;
	error = raised_error(ENOMEM);
	return error ? error : model.failing & OPEN_FAILS ? ENOMEM : 0;
}

static int expect_unmount(enum state before, enum state *after)
{
	const bool busy = before == ATTACHED && model.failing & ACT_FAILS &&
			  !(model.failing & ENDS_GONE);

	if (!busy)
		*after = GONE;
	return busy ? EBUSY : 0;
}

/* The table of states. */
static int expected(enum state before, const struct message *message,
		    enum state *after)
{
	const uint32_t act = message->words[0], flags = message->words[1];

	*after = before;
	if (message->length != 8 || message->count > 2)
		return EINVAL;
	if (act == FUSEFD_KEEPER_RESTRICT && before != DETACHED)
		return EPERM;
	if ((act == FUSEFD_KEEPER_RESTRICT && flags > 3) ||
	    (act == FUSEFD_KEEPER_UNMOUNT && flags > 1) ||
	    (act != FUSEFD_KEEPER_RESTRICT && act != FUSEFD_KEEPER_UNMOUNT &&
	     flags))
		return EINVAL;
	switch (act) {
	case FUSEFD_KEEPER_RESTRICT:
		/* What it is already is changed by nobody. */
		if (flags == 0 ||
		    (flags == FUSEFD_KEEPER_RO && model.read_only))
			return 0;
		return raised_error(ENOSYS);
	case FUSEFD_KEEPER_ATTACH:
		if (before != DETACHED)
			return EPERM;
		*after = model.failing & ACT_FAILS ? GONE : ATTACHED;
		return model.failing & ACT_FAILS ? EBUSY : 0;
	case FUSEFD_KEEPER_COPY:
		return expect_copy(before, message);
	case FUSEFD_KEEPER_UNMOUNT:
		return expect_unmount(before, after);
	case FUSEFD_KEEPER_LEAVE:
		*after = before == ATTACHED ? LEFT : GONE;
		return 0;
	default:
		return EINVAL;
	}
}

static void exchange(struct keeper *keeper, int socket,
		     const struct message *message)
{
	const enum state before = keeper->state;
	enum state after;
	bool with_fd;
	int error;

	say_to(socket, message);
	expect(serve_one(keeper) == (message->length > 0));
	if (message->length == 0)
		return;
	error = hear_from(socket, &with_fd);
	expect(error == expected(before, message, &after));
	expect(keeper->state == after);
	expect(with_fd == (!error && message->words[0] == FUSEFD_KEEPER_COPY));
	expect(model.mounts == (after == ATTACHED || after == LEFT));
	expect((keeper->attachment->mount >= 0) == !model.attaches);
	expect(keeper->attachment->look < 0 || !model.attaches);
	expect(!model.raised);
}

/* ---- One life of a keeper ---------------------------------------------------------------- */

/* Of the lowest ones, which are more than there are. */
static int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 48; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* false if it ended the socket. */
static bool say_all(struct keeper *keeper, int socket, const uint8_t *input,
		    size_t size)
{
	struct message message;

	for (; size >= 4 && keeper->state <= ATTACHED; input += 4, size -= 4) {
		make_message(&message, input);
		model.failing = input[3];
		exchange(keeper, socket, &message);
		if (message.length == 0)
			return false;
	}
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int ends[2];

	(void)argc;
	(void)argv;
	files[OF_MOUNT] = open("/dev/zero", O_PATH | O_CLOEXEC);
	files[OF_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	expect(files[OF_MOUNT] >= 0 && files[OF_NULL] >= 0);
	expect(pipe2(ends, O_CLOEXEC) == 0);
	files[OF_PIPE] = ends[0];
	files[OF_SOCKET] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	expect(files[OF_SOCKET] >= 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct privileges privileges;
	static struct attachment attachment;
	struct mountpoint mountpoint = {.at = {.fd = files[OF_NULL]}};
	const int before = count_fds();
	struct keeper keeper = {.attachment = &attachment};
	int ends[2], unmounts;
	bool attached;

	memset(&model, 0, sizeof(model));
	model.look = size & 1;
	model.read_only = size & 2;
	expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ==
	       0);
	attachment = (struct attachment){
		.mount = fcntl(files[OF_MOUNT], F_DUPFD_CLOEXEC, 0),
		.look = model.look ? fcntl(files[OF_MOUNT], F_DUPFD_CLOEXEC, 0)
				   : -1,
		.attributes = model.read_only ? MOUNT_ATTR_RDONLY : 0,
		.identity = {.id = 1},
		.mountpoint = &mountpoint,
		.privileges = &privileges,
	};
	keeper.socket = ends[0];
	(void)say_all(&keeper, ends[1], input, size);
	close(ends[1]);
	/* The end: whatever fails now, it has been tried, once. */
	attached = keeper.state == ATTACHED;
	unmounts = model.lazy_unmounts;
	keep(&keeper);
	expect(model.lazy_unmounts == unmounts + attached);
	expect(!attached || keeper.state == GONE || model.failing & ACT_FAILS);
	close_if_open(attachment.mount);
	close_if_open(attachment.look);
	close(ends[0]);
	expect(count_fds() == before);
	return 0;
}
