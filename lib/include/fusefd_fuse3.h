/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libfusefd-fuse3: a libfuse3 session on the device fds of a handoff, one
 * worker per fd. Works with libfuse 3.13 and later, through its custom I/O.
 *
 * Porting a filesystem that calls fuse_main() is one line:
 *
 *     return fuse_main(argc, argv, &operations, NULL);         before
 *     return fusefd_fuse3_main(argc, argv, &operations, NULL); after
 *
 * and it still runs as it did where there is no handoff. One that drives its
 * own session replaces three calls:
 *
 *     fuse_session_mount()    ->  fusefd_fuse3_session_attach()
 *     fuse_session_loop_mt()  ->  fusefd_fuse3_session_loop()
 *     fuse_session_unmount()  ->  fusefd_fuse3_session_detach()
 *
 * Include your libfuse header (fuse.h or fuse_lowlevel.h) first, with the
 * FUSE_USE_VERSION that you write for.
 */
#ifndef FUSEFD_FUSE3_H
#define FUSEFD_FUSE3_H

#include <fusefd.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct fuse_operations;
struct fuse_session;

/* Make the session use the handoff's device fds. The session borrows the
 * handoff until it is detached: it stays yours to free, and must outlive the
 * session's loop. fuse_session_fd() is then a dup of the primary, which
 * libfuse closes with the session.
 *
 * 0 or a negative errno: -EINVAL a NULL argument or a session that has an fd
 * already; -EBUSY a handoff that another session has; what libfuse's
 * fuse_session_custom_io() says. */
int fusefd_fuse3_session_attach(struct fuse_session *se,
				struct fusefd_handoff *handoff);

/* Serve, with one worker per device fd; a configured number of threads is of
 * no effect. fuse_session_exit(), fuse_set_signal_handlers(), replies and
 * notifications from any thread work as libfuse documents them.
 *
 * Returns as fuse_session_loop_mt() does: 0 after an unmount or
 * fuse_session_exit(), the number of the signal that fuse_set_signal_handlers() caught, or a
 * negative errno; -EINVAL for a session that is not attached. */
int fusefd_fuse3_session_loop(struct fuse_session *se);

/* Give the handoff back. Not while the loop runs. Call it before
 * fuse_session_destroy(); what libfuse writes after it goes nowhere. */
void fusefd_fuse3_session_detach(struct fuse_session *se);

/* fuse_main() with a handoff where there is one, and fuse_main() itself where
 * there is none. With a handoff the mountpoint need not be among the
 * arguments (it is ignored if it is), and clone_fd, max_threads and their kin
 * are of no effect; -f, -d, -h, -V and the filesystem's own options act as
 * ever. So does -s, for filesystems that are not thread-safe: one request is
 * handled at a time, whichever worker has read it. Mount options (allow_other, ro, …) are the launcher's: here they are accepted
 * and change nothing.
 *
 * Returns an exit status as fuse_main() does; where the handoff is unusable,
 * it says why on stderr by libfuse's fuse_log() and returns 3. */
#define fusefd_fuse3_main(argc, argv, op, private_data)                        \
	fusefd_fuse3_main_real(argc, argv, op, sizeof(*(op)), private_data)

int fusefd_fuse3_main_real(int argc, char *argv[],
			   const struct fuse_operations *op, size_t op_size,
			   void *private_data);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
