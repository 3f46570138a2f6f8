/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which requests the session passes on for whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "acl.h"
#include "fuse_abi.h"
#include <cmocka.h>

enum { ALICE = 1000, BOB = 1001, ROOT = 0 };

/* The two requests whose arguments count, and room for any other. */
struct message {
	struct fuse_in_header header;
	union {
		struct fuse_getattr_in getattr;
		struct fuse_setattr_in setattr;
	};
};

static bool alice_lets_in(enum fusefd_acl acl, uid_t uid, uint32_t opcode)
{
	const struct message message = {
		.header = {.opcode = opcode, .uid = uid},
	};

	return fusefd_acl_allows(acl, ALICE, &message.header, sizeof(message));
}

static void who_may_enter(void **state)
{
	(void)state;
	assert_true(alice_lets_in(FUSEFD_ACL_OWNER, ALICE, FUSE_LOOKUP));
	assert_false(alice_lets_in(FUSEFD_ACL_OWNER, ROOT, FUSE_LOOKUP));
	assert_false(alice_lets_in(FUSEFD_ACL_OWNER, BOB, FUSE_LOOKUP));

	assert_true(
		alice_lets_in(FUSEFD_ACL_OWNER_AND_ROOT, ALICE, FUSE_LOOKUP));
	assert_true(
		alice_lets_in(FUSEFD_ACL_OWNER_AND_ROOT, ROOT, FUSE_LOOKUP));
	assert_false(
		alice_lets_in(FUSEFD_ACL_OWNER_AND_ROOT, BOB, FUSE_LOOKUP));

	assert_true(alice_lets_in(FUSEFD_ACL_ALL, ALICE, FUSE_LOOKUP));
	assert_true(alice_lets_in(FUSEFD_ACL_ALL, ROOT, FUSE_LOOKUP));
	assert_true(alice_lets_in(FUSEFD_ACL_ALL, BOB, FUSE_LOOKUP));

	assert_false(alice_lets_in((enum fusefd_acl)7, ALICE, FUSE_LOOKUP));
}

/* A uid that the kernel withholds, as it does on idmapped mounts since Linux
 * 6.12, is nobody's. */
static void unknown_uid(void **state)
{
	(void)state;
	assert_false(alice_lets_in(FUSEFD_ACL_OWNER, (uid_t)-1, FUSE_OPEN));
	assert_false(
		alice_lets_in(FUSEFD_ACL_OWNER_AND_ROOT, (uid_t)-1, FUSE_OPEN));
}

static void every_way_in_is_guarded(void **state)
{
	static const uint32_t passed[] = {
		FUSE_FORGET,
		FUSE_READ,
		FUSE_WRITE,
		FUSE_RELEASE,
		FUSE_FSYNC,
		FUSE_FLUSH,
		FUSE_INIT,
		FUSE_READDIR,
		FUSE_RELEASEDIR,
		FUSE_FSYNCDIR,
		FUSE_INTERRUPT,
		FUSE_DESTROY,
		FUSE_NOTIFY_REPLY,
		FUSE_BATCH_FORGET,
		FUSE_READDIRPLUS,
		FUSE_FALLOCATE,
		FUSE_LSEEK,
		FUSE_COPY_FILE_RANGE,
		FUSE_GETLK,
		FUSE_SETLK,
		FUSE_SETLKW,
		FUSE_POLL,
		FUSEFD_OP_COPY_FILE_RANGE_64,
	};

	(void)state;
	for (uint32_t opcode = 0; opcode < 5000; opcode++) {
		bool expected = false;

		for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
			expected = expected || opcode == passed[i];
		assert_int_equal(alice_lets_in(FUSEFD_ACL_OWNER, BOB, opcode),
				 expected);
		assert_int_equal(
			alice_lets_in(FUSEFD_ACL_OWNER_AND_ROOT, BOB, opcode),
			expected);
	}
}

static void getattr_of_open_handle(void **state)
{
	struct message message = {
		.header = {.opcode = FUSE_GETATTR, .uid = BOB},
		.getattr = {.getattr_flags = FUSE_GETATTR_FH},
	};
	const size_t length = sizeof(message.header) + sizeof(message.getattr);

	(void)state;
	assert_true(fusefd_acl_allows(FUSEFD_ACL_OWNER, ALICE, &message.header,
				      length));
	assert_false(fusefd_acl_allows(FUSEFD_ACL_OWNER, ALICE, &message.header,
				       length - 1));
	message.getattr.getattr_flags = 0;
	assert_false(fusefd_acl_allows(FUSEFD_ACL_OWNER, ALICE, &message.header,
				       length));
}

static bool lets_root_set(uint32_t valid)
{
	const struct message message = {
		.header = {.opcode = FUSE_SETATTR, .uid = ROOT},
		.setattr = {.valid = valid},
	};

	return fusefd_acl_allows(FUSEFD_ACL_OWNER, ALICE, &message.header,
				 sizeof(message));
}

static void flush_of_times(void **state)
{
	(void)state;
	assert_true(lets_root_set(FATTR_FH | FATTR_MTIME | FATTR_CTIME));
	assert_false(lets_root_set(FATTR_MTIME | FATTR_CTIME));
	assert_false(lets_root_set(FATTR_FH | FATTR_SIZE));
	assert_false(lets_root_set(FATTR_FH | FATTR_MTIME | FATTR_ATIME));
	assert_false(lets_root_set(FATTR_MODE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_enter),
		cmocka_unit_test(unknown_uid),
		cmocka_unit_test(every_way_in_is_guarded),
		cmocka_unit_test(getattr_of_open_handle),
		cmocka_unit_test(flush_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
