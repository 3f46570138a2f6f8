/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mounts that there are, line by line (proc_pid_mountinfo(5)). Nothing is
 * allocated, so that a keeper can look between a request and its act.
 */
#ifndef FUSEFD_LAUNCH_MOUNTINFO_H
#define FUSEFD_LAUNCH_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MOUNTINFO_PATH "/proc/self/mountinfo"

/* What a line tells of one mount. The names are as they are, not escaped. */
struct mount_entry {
	char *line; /* which the others point into */
	uint64_t id;
	uint64_t parent;
	const char *device; /* of its superblock, "MAJOR:MINOR" */
	const char *root;   /* what is shown of the filesystem: "/" is all */
	const char *mountpoint;
	const char *type;
	bool fuse;
	bool owned; /* it is FUSE, and there is no doubt about the owner */
	uid_t owner;
};

/* false if it is no line of mountinfo. The line is cut up. */
bool mountinfo_parse(struct mount_entry *entry, char *line);

/* A reader, MOUNTINFO_CLOSED at first. The mounts are those of the namespace that the process had when it
 * was opened. */
struct mountinfo {
	int fd;
	int error; /* an errno: what was read is not all */
	bool cut;  /* the last line was longer than the buffer */
	char *next;
	char *end;
	char buffer[65536];
};

#define MOUNTINFO_CLOSED                                                       \
	{                                                                      \
		.fd = -1                                                       \
	}

/* false, with errno. */
bool mountinfo_open(struct mountinfo *info);

void mountinfo_close(struct mountinfo *info);

/* From the first line on. Opens it, if it is not open. */
void mountinfo_rewind(struct mountinfo *info);

/* The next line, NUL-ended; NULL at the end, which is to be told from an error
 * by info->error. A line that is longer than the buffer is cut: an overlay of
 * some hundred layers has one. */
char *mountinfo_next_line(struct mountinfo *info);

/* As mountinfo_parse(), of the line that came last. A cut line may lack options:
 * it is none of a FUSE mount. */
bool mountinfo_parse_line(const struct mountinfo *info,
			  struct mount_entry *entry, char *line);

/* The next mount. A line that cannot be parsed is an error. */
bool mountinfo_next(struct mountinfo *info, struct mount_entry *entry);

/* The FUSE mounts of that owner, those of which nobody knows whose they are
 * among them. false, with errno, if they cannot be counted. */
bool mountinfo_count_fuse_of(struct mountinfo *info, uid_t owner,
			     unsigned long *count);

#endif
