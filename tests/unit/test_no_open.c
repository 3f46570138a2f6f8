/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel gets in place of an ENOSYS, and what the filesystem sees of
 * the requests that follow. The kernel's side is a socket here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse_abi.h"
#include "handoff.h"
#include "no_open.h"
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fusefd_handoff *handoff;
static int kernel;
static uint64_t last_unique;

struct message {
	struct fuse_out_header header;
	char body[sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out)];
};

static void set_up(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	handoff = fusefd_handoff_create();
	assert_non_null(handoff);
	handoff->fds[0] = ends[0];
	handoff->count = 1;
	handoff->acl = FUSEFD_ACL_OWNER_AND_ROOT;
	handoff->refuses_alone = true;
	atomic_store(&handoff->session.init, FUSEFD_INIT_ACCEPTED);
	kernel = ends[1];
}

static void tear_down(void)
{
	fusefd_free(handoff);
	close(kernel);
}

/* Whether the filesystem gets it. */
static bool is_asked_with(uint32_t opcode, uint64_t fh)
{
	const struct {
		struct fuse_in_header header;
		struct fuse_release_in release;
	} request = {
		.header = {.opcode = opcode, .unique = last_unique += 2},
		.release = {.fh = fh},
	};

	return !fusefd_no_open_request(handoff, 0, &request.header,
				       sizeof(request));
}

static bool is_asked(uint32_t opcode)
{
	return is_asked_with(opcode, 0);
}

/* The filesystem's reply to the last request, in pieces as odd as may be. */
static int reply(int error, const void *body, size_t length)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + length),
		.error = error,
		.unique = last_unique,
	};
	struct iovec iov[] = {
		{.iov_base = &header, .iov_len = 5},
		{.iov_base = NULL, .iov_len = 0},
		{.iov_base = (char *)&header + 5,
		 .iov_len = sizeof(header) - 5},
		{.iov_base = (void *)(uintptr_t)body, .iov_len = length},
	};

	return fusefd_reply(handoff, 0, iov, 4);
}

static struct message kernels(size_t length)
{
	struct message message = {0};

	assert_int_equal(recv(kernel, &message, sizeof(message), MSG_DONTWAIT),
			 sizeof(message.header) + length);
	assert_int_equal(message.header.len, sizeof(message.header) + length);
	assert_int_equal(message.header.unique, last_unique);
	return message;
}

static void kernel_has_opened(uint32_t flags)
{
	const struct message message = kernels(sizeof(struct fuse_open_out));
	struct fuse_open_out opened;

	memcpy(&opened, message.body, sizeof(opened));
	assert_int_equal(message.header.error, 0);
	assert_int_equal(opened.fh, 0);
	assert_int_equal(opened.open_flags, flags);
}

static void kernel_has(int error)
{
	assert_int_equal(kernels(0).header.error, error);
}

static void replies_with_handle(uint32_t opcode, uint64_t fh)
{
	const struct fuse_open_out opened = {.fh = fh};
	char created[sizeof(struct fuse_entry_out) + sizeof(opened)] = {1};

	memcpy(created + sizeof(created) - sizeof(opened), &opened,
	       sizeof(opened));
	assert_true(is_asked(opcode));
	if (opcode == FUSE_CREATE || opcode == FUSE_TMPFILE) {
		assert_int_equal(reply(0, created, sizeof(created)), 0);
		(void)kernels(sizeof(created));
	} else {
		assert_int_equal(reply(0, &opened, sizeof(opened)), 0);
		(void)kernels(sizeof(opened));
	}
}

static void kernel_never_hears_it(void **state)
{
	static const struct {
		uint32_t opcode, release, flags;
	} opens[] = {
		{FUSE_OPEN, FUSE_RELEASE, FOPEN_KEEP_CACHE},
		{FUSE_OPENDIR, FUSE_RELEASEDIR,
		 FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR},
	};

	(void)state;
	set_up();
	for (size_t i = 0; i < 2; i++) {
		assert_true(is_asked(opens[i].release));
		assert_true(is_asked(opens[i].opcode));
		assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
		kernel_has_opened(opens[i].flags);
		for (int again = 0; again < 3; again++) {
			assert_false(is_asked(opens[i].opcode));
			kernel_has_opened(opens[i].flags);
		}
		assert_false(is_asked(opens[i].release));
		kernel_has(0);
		/* What it had opened before is its own. */
		assert_true(is_asked_with(opens[i].release, 7));
	}
	assert_true(is_asked(FUSE_ACCESS));
	assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
	kernel_has(0);
	assert_false(is_asked(FUSE_ACCESS));
	kernel_has(0);
	assert_int_equal(atomic_load(&handoff->no_open.count), 0);
	tear_down();
}

static void other_answers_are_passed_on(void **state)
{
	static const uint32_t opcodes[] = {FUSE_OPEN, FUSE_OPENDIR, FUSE_ACCESS,
					   FUSE_CREATE, FUSE_TMPFILE};

	(void)state;
	set_up();
	for (size_t i = 0; i < 5; i++) {
		assert_true(is_asked(opcodes[i]));
		assert_int_equal(reply(-EACCES, NULL, 0), 0);
		kernel_has(-EACCES);
		assert_true(is_asked(opcodes[i]));
	}
	/* The last of each is still unanswered, this one among them. */
	assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
	kernel_has(-ENOSYS);
	assert_true(is_asked(FUSE_TMPFILE));
	/* No other ENOSYS matters. */
	assert_true(is_asked(FUSE_GETXATTR));
	assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
	kernel_has(-ENOSYS);
	assert_true(is_asked(FUSE_GETXATTR));
	tear_down();
}

/* 0 is the handle of what the session opens. A filesystem that gives it too
 * gets all releases of 0: too many rather than too few. */
static void handles_of_zero(void **state)
{
	static const struct {
		uint32_t gives, lacks, release;
	} rows[] = {
		{FUSE_OPEN, FUSE_OPEN, FUSE_RELEASE},
		{FUSE_CREATE, FUSE_OPEN, FUSE_RELEASE},
		{FUSE_TMPFILE, FUSE_OPEN, FUSE_RELEASE},
		{FUSE_OPENDIR, FUSE_OPENDIR, FUSE_RELEASEDIR},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (uint64_t fh = 0; fh < 2; fh++) {
			set_up();
			replies_with_handle(rows[i].gives, fh);
			assert_true(is_asked(rows[i].lacks));
			assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
			(void)kernels(sizeof(struct fuse_open_out));
			assert_int_equal(is_asked(rows[i].release), fh == 0);
			tear_down();
		}
	}
}

static void many_at_once(void **state)
{
	(void)state;
	set_up();
	for (int i = 0; i < 1000; i++)
		assert_true(is_asked(FUSE_OPEN));
	assert_int_equal(atomic_load(&handoff->no_open.count), 1000);
	for (int i = 0; i < 1000; i++, last_unique -= 2) {
		assert_int_equal(reply(-ENOSYS, NULL, 0), 0);
		kernel_has_opened(FOPEN_KEEP_CACHE);
	}
	last_unique += 2000;
	assert_int_equal(atomic_load(&handoff->no_open.count), 0);
	tear_down();
}

static void never_answered(void **state)
{
	(void)state;
	set_up();
	for (int i = 0; i < 100; i++)
		assert_true(is_asked(FUSE_OPENDIR));
	tear_down(); /* the leak sanitizer looks */
}

/* ---- FUSE_INIT ----------------------------------------------------------------- */

static struct fuse_init_out negotiated(enum fusefd_acl acl, size_t length)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		.flags = FUSE_CACHE_SYMLINKS | FUSE_ASYNC_READ | FUSE_INIT_EXT,
		.flags2 = UINT32_C(1) << 8 | 1,
	};
	struct fuse_init_out out = {0};
	struct message message;

	set_up();
	handoff->acl = acl;
	handoff->refuses_alone = acl == FUSEFD_ACL_OWNER_AND_ROOT;
	last_unique += 2;
	atomic_store(&handoff->session.init, FUSEFD_INIT_IN_HAND);
	atomic_store(&handoff->session.init_unique, last_unique);
	assert_int_equal(reply(0, &init, length), 0);
	assert_int_equal(atomic_load(&handoff->session.init),
			 FUSEFD_INIT_ACCEPTED);
	message = kernels(length);
	memcpy(&out, message.body, length);
	assert_int_equal(out.max_write, 4096);
	tear_down();
	return out;
}

static void flags_that_take_the_check_away(void **state)
{
	const size_t whole = sizeof(struct fuse_init_out);
	struct fuse_init_out init;

	(void)state;
	init = negotiated(FUSEFD_ACL_OWNER_AND_ROOT, whole);
	assert_int_equal(init.flags, FUSE_ASYNC_READ | FUSE_INIT_EXT);
	assert_int_equal(init.flags2, 1);

	init = negotiated(FUSEFD_ACL_OWNER, whole);
	assert_int_equal(init.flags,
			 FUSE_CACHE_SYMLINKS | FUSE_ASYNC_READ | FUSE_INIT_EXT);
	assert_int_equal(init.flags2, 1);

	init = negotiated(FUSEFD_ACL_ALL, whole);
	assert_int_equal(init.flags,
			 FUSE_CACHE_SYMLINKS | FUSE_ASYNC_READ | FUSE_INIT_EXT);
	assert_int_equal(init.flags2, 1 << 8 | 1);

	/* As before protocol 7.23. */
	init = negotiated(FUSEFD_ACL_OWNER_AND_ROOT, FUSEFD_INIT_OUT_LEAST);
	assert_int_equal(init.flags, FUSE_ASYNC_READ | FUSE_INIT_EXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_never_hears_it),
		cmocka_unit_test(other_answers_are_passed_on),
		cmocka_unit_test(handles_of_zero),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(never_answered),
		cmocka_unit_test(flags_that_take_the_check_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
