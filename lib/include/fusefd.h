/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libfusefd: serve a FUSE filesystem from device fds that somebody else
 * opened and mounted: fusefd-launch(8), a CSI driver, a test.
 *
 * Whoever started this program gives it a handoff: N device fds of one
 * connection and the few facts that travel with them. This library finds the
 * handoff, verifies every fd before it is used, and runs a session with one
 * worker thread per fd. fusefd(7) is the protocol, libfusefd(3) the overview.
 * For a filesystem on libfuse3, see fusefd_fuse3.h.
 *
 * Words: a device fd is an open /dev/fuse; the primary is the one that the
 * mount was made with; a clone is bound to the primary's connection by
 * FUSE_DEV_IOC_CLONE (linux/fuse.h, Linux 4.2).
 *
 * Errors: 0 or a negative errno, everywhere. The library prints nothing,
 * never exits, and changes no signal disposition.
 */
#ifndef FUSEFD_H
#define FUSEFD_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is all that the library exports; it is compiled with
 * everything else hidden. */
#pragma GCC visibility push(default)

/* Device fds of one handoff, the primary included: SCM_MAX_FD of the kernel. */
#define FUSEFD_MAX_FDS 253

/* Opaque: the device fds, which it owns, and the facts that came with them. */
struct fusefd_handoff;

/* Who may use the filesystem. The kernel knows only "the owner" and
 * "everybody" (allow_other); the session enforces all three. */
enum fusefd_acl {
	FUSEFD_ACL_OWNER,	   /* the mount's owner */
	FUSEFD_ACL_OWNER_AND_ROOT, /* -o allow_root */
	FUSEFD_ACL_ALL,		   /* -o allow_other */
};

/* Nobody: what fusefd_owner() says of a handoff whose sender did not. */
#define FUSEFD_UNKNOWN_OWNER ((uid_t)-1)

/* ---- Taking a handoff ---------------------------------------------------
 *
 * Each of these sets *handoff on success, and leaves it alone on failure.
 * Every fd is made close-on-exec, and is checked before it is used:
 *
 *   -EBADF   a number is not that of an open fd
 *   -ENOTTY  an fd is not a FUSE device (character device 10:229)
 *   -EPROTO  the variables are malformed, of another protocol version, or
 *            name an fd twice
 *   -EXDEV   an fd is on another connection than the primary, or on none
 *            (as far as the kernel shows it in /proc/self/fdinfo)
 *   -ENOMEM  out of memory
 */

/* The handoff of this process's environment (FUSEFD_PROTOCOL, FUSEFD_FDS, …).
 *
 * Unsets every FUSEFD_* variable, whatever the result, so call it once, early
 * in main(), before there are threads: it changes the environment.
 * -ENOENT: there is no handoff; the program was started without a launcher.
 * On any other failure the device fds that were announced are closed. */
int fusefd_from_env(struct fusefd_handoff **handoff);

/* The handoff that comes as one message over a connected Unix socket: a stream,
 * a SOCK_SEQPACKET or one of a pair of SOCK_DGRAM.
 *
 * The socket stays the caller's, who may close it at once; what comes on it
 * behind the message is not read. Waits for the message where the socket does,
 * and goes on waiting after a signal; -EAGAIN where it is nonblocking, or has
 * a timeout that is over: nothing was taken then. On any other failure every
 * fd that came is closed. Safe from any thread, one at a time for a socket.
 *
 * The sender gets an answer, and nobody waits for him to read it: ERRNO= where
 * the handoff is refused; else, over a duplicate of the socket that the handoff
 * keeps, READY=1 when fusefd_serve() has its workers, or ERRNO= where
 * fusefd_free() comes first.
 *
 * A message of another make (its payload does not begin with
 * FUSEFD_PROTOCOL=) gives a handoff of its fds with no mountpoint, the owner
 * FUSEFD_UNKNOWN_OWNER and FUSEFD_ACL_ALL: the kernel's own check is all there
 * is. Its payload is dropped, and its sender gets no answer. Who wants the
 * payload receives for himself, and calls fusefd_from_fds().
 *
 * -ENOENT     the peer has closed and sent no message
 * -EPROTO     also: no fds, no payload, or one of more than 32 KiB
 * -EMFILE     the fds are more than this process may open (RLIMIT_NOFILE)
 * -EINVAL     handoff is NULL
 * -EIO        somebody has killed the child that looks at the fds first, which
 *             is left behind if one of them cannot be closed
 * -EBADF, -ENOTSOCK, -EAFNOSUPPORT, -ENOTCONN
 *             socket is not a connected Unix socket
 * and what else recvmsg(2) says. */
int fusefd_from_socket(struct fusefd_handoff **handoff, int socket);

/* A handoff of fds that the caller has already.
 *
 * extras: extra_count clones, NULL where there are none. On success the
 * handoff owns all fds; on failure they stay the caller's, as they were.
 * The owner is taken to be the caller's effective uid; the mountpoint is
 * unknown. -EINVAL: handoff is NULL, acl is none of the three, or there are
 * more than FUSEFD_MAX_FDS fds. */
int fusefd_from_fds(struct fusefd_handoff **handoff, int primary,
		    const int *extras, size_t extra_count, enum fusefd_acl acl);

/* fusefd_from_fds() with no extras. */
int fusefd_from_fd(struct fusefd_handoff **handoff, int fd,
		   enum fusefd_acl acl);

/* Close the device fds and free the handoff. NULL is fine. Closing the last
 * fd of a connection ends it: the mountpoint then answers ENOTCONN. Not while
 * fusefd_serve() runs on it. */
void fusefd_free(struct fusefd_handoff *handoff);

/* ---- What a handoff says ------------------------------------------------
 * Safe from any thread. What is returned lives as long as the handoff. */

/* Device fds, the primary included; at least 1. */
size_t fusefd_count(const struct fusefd_handoff *handoff);

/* The fd of that index, owned by the handoff. 0 is the primary. -EINVAL where
 * index is not below fusefd_count(). */
int fusefd_fd(const struct fusefd_handoff *handoff, size_t index);

/* Absolute path, as it was when mounted; NULL where unknown. */
const char *fusefd_mountpoint(const struct fusefd_handoff *handoff);

/* The uid in the mount's user_id=, as the user namespace that mounted sees it,
 * which is how the uids of requests come, too. FUSEFD_UNKNOWN_OWNER, and no
 * user at all, only where the ACL is FUSEFD_ACL_ALL. */
uid_t fusefd_owner(const struct fusefd_handoff *handoff);

enum fusefd_acl fusefd_get_acl(const struct fusefd_handoff *handoff);

/* ---- Serving, for those who speak the FUSE protocol themselves ----------
 *
 * One worker thread per device fd. Each reads a request from its fd, calls
 * request(), and reads the next: between the two system calls, the read and
 * your reply, nothing is locked and nothing is copied.
 */
struct fusefd_callbacks {
	/* sizeof(struct fusefd_callbacks), so that it can grow. */
	size_t size;

	/* One request, as the kernel wrote it: struct fuse_in_header and its
	 * arguments (linux/fuse.h). Called from the worker of that fd; workers
	 * call it at the same time. The bytes are the worker's buffer: yours
	 * to read and write until you return.
	 *
	 * FUSE_INIT comes first, alone, and must be answered before you
	 * return from it; the other workers start then. Every other request
	 * may be answered whenever and from whichever thread you like, by
	 * fusefd_reply() with the same index. A worker that waits in here
	 * answers nobody else, and there are only as many as there are fds.
	 *
	 * Requests that the handoff's ACL refuses are answered with EACCES
	 * and do not come here. Under FUSEFD_ACL_OWNER_AND_ROOT (and under
	 * FUSEFD_ACL_OWNER after fusefd_from_fds()) the kernel lets everybody
	 * in, and has to go on asking for each of them. So an ENOSYS to OPEN,
	 * OPENDIR or ACCESS does not reach it: fusefd_reply() makes a success
	 * of it, and from then on the session gives that answer itself, here
	 * come no more of these requests and no RELEASE of such a file. What
	 * you see is what a kernel would send that had stopped asking. */
	void (*request)(struct fusefd_handoff *handoff, size_t index,
			void *message, size_t length, void *userdata);

	/* Optional (NULL): nonzero ends the session, as fusefd_exit() does.
	 * Asked by each worker after each request, and by the thread in
	 * fusefd_serve() after each signal that it handled and once a second.
	 * For an event loop that keeps a flag of its own. */
	int (*exited)(void *userdata);
};

/* Serve until the filesystem is unmounted, the connection is aborted, or
 * somebody calls fusefd_exit(). Starts fusefd_count() threads and joins them
 * before it returns; the caller's thread waits, and is the one that gets
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM. Where the launcher or systemd asked for it by
 * NOTIFY_SOCKET, sends READY=1 when FUSE_INIT has been answered.
 *
 * 0 when the session ended as above; else what kept it from serving, such as
 * -EAGAIN where a thread could not be started, or the errno of a read.
 * -EBUSY where a session runs on this handoff already; -EINVAL for callbacks
 * without request(). The fds stay open and the handoff's until fusefd_free(). */
int fusefd_serve(struct fusefd_handoff *handoff,
		 const struct fusefd_callbacks *callbacks, void *userdata);

/* Answer a request, or send a notification (unique 0, index 0).
 *
 * iov: struct fuse_out_header and what follows it. The answer must be written to the
 * device fd that the request was read from, that of index; the kernel refuses
 * it with -ENOENT elsewhere (Linux 4.2), and also where the request was
 * interrupted and forgotten. Safe from any thread while the session runs. */
int fusefd_reply(struct fusefd_handoff *handoff, size_t index,
		 const struct iovec *iov, int count);

/* End the session: fusefd_serve() returns once the requests that workers have
 * in hand are done. Safe from any thread, any callback and any signal handler; before
 * fusefd_serve() it makes the next one return at once. */
void fusefd_exit(struct fusefd_handoff *handoff);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
