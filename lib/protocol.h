/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the protocol, fusefd(7): what the launcher, its companions, the
 * library and the stand-ins say to each other. They stand here and nowhere
 * else.
 */
#ifndef FUSEFD_PROTOCOL_H
#define FUSEFD_PROTOCOL_H

#include <stdint.h>

/* ---- The handoff: environment variables of COMMAND ------------------------- */

#define FUSEFD_PROTOCOL_VERSION "1"

/* All names of ours begin like this; a caller's own never reach COMMAND. */
#define FUSEFD_PREFIX "FUSEFD_"

#define FUSEFD_NAME_PROTOCOL   "FUSEFD_PROTOCOL"
#define FUSEFD_NAME_FDS	       "FUSEFD_FDS"
#define FUSEFD_NAME_MOUNTPOINT "FUSEFD_MOUNTPOINT"
#define FUSEFD_NAME_ACL	       "FUSEFD_ACL"
#define FUSEFD_NAME_OWNER      "FUSEFD_OWNER"
#define FUSEFD_NAME_PAYLOAD_FD "FUSEFD_PAYLOAD_FD"
#define FUSEFD_NAME_SUPERVISED "FUSEFD_SUPERVISED" /* to the stand-ins only */
#define FUSEFD_NAME_KEEPER_FD  "FUSEFD_KEEPER_FD"  /* with --detached only */

#define FUSEFD_ACL_NAME_OWNER	       "owner"
#define FUSEFD_ACL_NAME_OWNER_AND_ROOT "owner_and_root"
#define FUSEFD_ACL_NAME_ALL	       "all"

/* FUSEFD_SUPERVISED: a supervisor attaches the mount here; or a sender attaches
 * it elsewhere, and an empty folder stands in for the mountpoint. */
#define FUSEFD_SUPERVISED_HERE	    "1"
#define FUSEFD_SUPERVISED_ELSEWHERE "elsewhere"

/* ---- What COMMAND says at NOTIFY_SOCKET, beside sd_notify(3)'s own ---------- */

/* Followed by words of the list below, with commas. */
#define FUSEFD_RESTRICT_PREFIX "FUSEFD_RESTRICT="
#define FUSEFD_RESTRICT_RO     "ro"
#define FUSEFD_RESTRICT_NOEXEC "noexec"

/* ---- The keeper: one request, one answer, over SOCK_SEQPACKET --------------- */

/* In the order in which they may come: see the table of states in
 * fusefd-launch/launch/keeper.c. */
enum fusefd_keeper_act {
	FUSEFD_KEEPER_ATTACH = 1, /* once; no flags */
	FUSEFD_KEEPER_RESTRICT =
		2, /* before ATTACH; FUSEFD_KEEPER_RO, _NOEXEC */
	FUSEFD_KEEPER_UNMOUNT = 3, /* FUSEFD_KEEPER_LAZY, or no flags */
	FUSEFD_KEEPER_LEAVE = 4,   /* the mount stays; the keeper ends */
	/* An O_PATH fd of the filesystem's root in a mount that is attached
	 * nowhere and cannot be: for a process that has to look into it for
	 * long, since an fd of the mount itself keeps that busy. Before ATTACH
	 * it comes without an fd; after it, with an O_PATH fd of the mount's
	 * root. */
	FUSEFD_KEEPER_COPY = 5,
};

/* RESTRICT's flags. */
#define FUSEFD_KEEPER_RO     0x1u
#define FUSEFD_KEEPER_NOEXEC 0x2u

/* UNMOUNT's: as umount(8)'s --lazy. */
#define FUSEFD_KEEPER_LAZY 0x1u

/* Both in the machine's own byte order: it is one machine. */
struct fusefd_keeper_request {
	uint32_t act;
	uint32_t flags;
};

struct fusefd_keeper_answer {
	int32_t error;	    /* 0, or an errno: fusefd(7) has their meanings */
	uint32_t reserved;  /* 0 */
	uint64_t mount_id;  /* as in mountinfo */
	uint64_t unique_id; /* statx(2)'s STATX_MNT_ID_UNIQUE; 0: not known */
};

#endif
