/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The floor below fusefd-launch: open the device, mount, clone, take the ids,
 * exec. It checks nothing, so it is no launcher; it is what a launch costs at
 * the least. Linked statically, and for root or setuid root.
 *
 * Usage: floor FDS UID MOUNTPOINT COMMAND [ARG]...
 */
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#define FDS_MAX 253

static int open_device(void)
{
	const int fd = open("/dev/fuse", O_RDWR);

	if (fd < 0)
		err(125, "/dev/fuse");
	return fd;
}

static void mount_at(const char *mountpoint, int fd, uid_t uid)
{
	char options[128];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fd, uid, uid);
	if (mount("floor", mountpoint, "fuse.floor", MS_NOSUID | MS_NODEV,
		  options))
		err(125, "%s", mountpoint);
}

int main(int argc, char **argv)
{
	const int count = argc > 4 ? (int)strtol(argv[1], NULL, 10) : 0;
	const uid_t uid = argc > 4 ? (uid_t)strtoul(argv[2], NULL, 10) : 0;
	int fds[FDS_MAX];

	if (count < 1 || count > FDS_MAX)
		errx(125, "usage: floor FDS UID MOUNTPOINT COMMAND [ARG]...");
	for (int i = 0; i < count; i++)
		fds[i] = open_device();
	mount_at(argv[3], fds[0], uid);
	for (int i = 1; i < count; i++)
		if (ioctl(fds[i], FUSE_DEV_IOC_CLONE,
			  &(uint32_t){(uint32_t)fds[0]}))
			err(125, "clone");
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		err(125, "uid %u", uid);
	execv(argv[4], argv + 4);
	err(126, "%s", argv[4]);
}
