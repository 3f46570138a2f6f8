/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What we need of the kernel's FUSE ABI and cannot take from the installed
 * linux/fuse.h: it never was in there, or came after protocol 7.38, which is
 * what Debian 12 has.
 */
#ifndef FUSEFD_FUSE_ABI_H
#define FUSEFD_FUSE_ABI_H

#include <linux/fuse.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* /dev/fuse: misc major, FUSE_MINOR (include/linux/miscdevice.h). */
#define FUSEFD_DEVICE_MAJOR 10
#define FUSEFD_DEVICE_MINOR 229

#ifndef FUSE_DEV_IOC_CLONE /* Linux 4.2 */
#define FUSE_DEV_IOC_CLONE _IOR(229, 0, uint32_t)
#endif

/* Opcodes by number, because in linux/fuse.h they are an enum, which the
 * preprocessor cannot see. */
#define FUSEFD_OP_STATX		     52 /* Linux 6.6 */
#define FUSEFD_OP_COPY_FILE_RANGE_64 53 /* Linux 6.18 */

/* FUSE_ALLOW_IDMAP (Linux 6.12) is bit 40: in flags2 of a reply to INIT. */
#define FUSEFD_ALLOW_IDMAP_2 (UINT32_C(1) << 8)

/* fuse_dev_do_read() refuses a smaller buffer with EINVAL: the larger of
 * FUSE_MIN_READ_BUFFER, and max_write with room for the fixed part of a
 * request, for which everybody takes a page of 4096. */
#define FUSEFD_REQUEST_HEADROOM 4096

/* The largest request but for WRITE, whose payload max_write does not limit:
 * SETXATTR with a value of XATTR_SIZE_MAX (64 KiB) and its name. The kernel
 * fails what the buffer cannot hold (E2BIG, EIO), without asking us. */
#define FUSEFD_LEAST_BUFFER (64 * 1024 + 2 * FUSEFD_REQUEST_HEADROOM)

/* The least that a reply to INIT holds: up to and with max_write, as before
 * protocol 7.23. */
#define FUSEFD_INIT_OUT_LEAST 24

#endif
