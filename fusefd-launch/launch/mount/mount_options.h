/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list behind -o: what it may say, and what it said.
 */
#ifndef FUSEFD_LAUNCH_MOUNT_OPTIONS_H
#define FUSEFD_LAUNCH_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All lists of one command line together: more than anyone needs, and what
 * mount(2) took when it took a page. */
#define MOUNT_OPTIONS_MAX 4096

enum security_label { LABEL_CONTEXT, LABEL_FS, LABEL_DEF, LABEL_ROOT, LABELS };

/* The kernel's keys for them (security/selinux/hooks.c). */
extern const char *const security_label_keys[LABELS];

/* What fsconfig(2) takes for a string (fs/fsopen.c). */
#define MOUNT_OPTION_VALUE_MAX 255

struct mount_options {
	size_t length;	     /* of the lists so far */
	uint64_t attributes; /* MOUNT_ATTR_*, of the mount */
	bool read_only;	     /* of the superblock, as the next two */
	bool synchronous;
	bool dirsync;
	bool allow_other;
	bool allow_root;
	bool default_permissions;
	bool no_default_permissions;
	bool fuseblk;
	bool suid; /* asked for by name: policy has a say */
	bool dev;
	const char *fsname; /* NULL: not given, as the next ones */
	const char *subtype;
	const char *max_read;
	const char *blksize;
	const char *labels[LABELS];
};

/* Where no -o is given: nosuid and nodev, for root too. */
void mount_options_init(struct mount_options *options);

/* Add what one list says; a later option wins over an earlier one. Dies on
 * an unknown or malformed option, naming it. The list is kept and cut up. */
void mount_options_parse(struct mount_options *options, const char *list);

/* What cannot be seen from one option alone; after the last list. */
void mount_options_finish(struct mount_options *options);

/* Is NAME or NAME=VALUE one of these options, rightly used or not? */
bool mount_options_knows(const char *option);

/* Letters, digits, '_', '.' and '-': what a type in mountinfo may hold without
 * confusing those who read it. */
bool mount_options_is_subtype(const char *text);

#endif
