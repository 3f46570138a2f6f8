/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * By hand, since it is a list and a loop: one library less in a program that is
 * setuid.
 */
#include "launch/keeper/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "launch/mount/statmount.h"

/* A system call's number means something else to another architecture: a
 * process may call the kernel as more than one. */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#else
#error "name this architecture's AUDIT_ARCH_ here (linux/audit.h)"
#endif

static const unsigned int allowed[] = {
	/* requests and answers */
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_close,
	SYS_exit_group,
	/* the looks */
	SYS_statx,
	SYS_faccessat2,
#ifdef SYS_readlink
	SYS_readlink,
#endif
	SYS_readlinkat,
	SYS_statmount,
	SYS_listmount,
	SYS_lseek, /* mountinfo, which is open */
	SYS_read,
	/* the acts */
	SYS_capget,
	SYS_capset,
	SYS_move_mount,
	SYS_mount_setattr,
	SYS_open_tree,
	SYS_umount2,
	/* none: a tracer with root's rights, as that of the tests, has put an
	 * error in the place of a call */
	(unsigned int)-1,
	/* what a library may do at the end of a signal, or of a fork */
	SYS_rt_sigreturn,
	SYS_restart_syscall,
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))
#define AT(what)                                                               \
	(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                \
				      offsetof(struct seccomp_data, what))
#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)
#define SKIP_IF(value, then, otherwise)                                        \
	(struct sock_filter)                                                   \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)

bool confine_keeper(void)
{
	struct sock_filter filter[ALLOWED + 6];
	struct sock_fprog program = {.filter = filter};
	unsigned short length = 0;

	filter[length++] = AT(arch);
	filter[length++] = SKIP_IF(ARCHITECTURE, 1, 0);
	filter[length++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	filter[length++] = AT(nr);
	for (size_t i = 0; i < ALLOWED; i++)
		filter[length++] =
			SKIP_IF(allowed[i], (unsigned char)(ALLOWED - i), 0);
	filter[length++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	filter[length++] = RETURN(SECCOMP_RET_ALLOW);
	program.len = length;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
