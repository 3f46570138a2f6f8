#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A filesystem with an empty root, on the handoff of fusefd-launch(8) and
# nothing but the standard library: fusefd(7) spelled out.
#
#     fusefd-launch -n 4 /mnt -- python3 protocol.py

import errno
import fcntl
import os
import re
import select
import stat
import struct
import sys
import threading

FORGET, GETATTR, INIT, INTERRUPT, BATCH_FORGET = 2, 3, 26, 36, 42
IN_HEADER, OUT_HEADER = struct.Struct("=IIQQIIIHH"), struct.Struct("=IiQ")
MAX_WRITE = 128 * 1024


def take_environment():
    said = {name: os.environ.pop(name)
            for name in list(os.environ) if name.startswith("FUSEFD_")}
    if not {"FUSEFD_PROTOCOL", "FUSEFD_FDS"} & said.keys():
        sys.exit("no handoff: start this by fusefd-launch")
    protocol, fds, mountpoint, acl, owner = (
        said.get("FUSEFD_" + name, "")
        for name in ("PROTOCOL", "FDS", "MOUNTPOINT", "ACL", "OWNER"))
    numbers = fds.split(",")
    if (protocol != "1" or not mountpoint.startswith("/")
            or acl not in ("owner", "owner_and_root", "all")
            or not all(re.fullmatch("0|[1-9][0-9]{0,9}", number)
                       for number in [*numbers, owner])
            or len(set(numbers)) < len(numbers) or len(numbers) > 253):
        sys.exit("the handoff is malformed, or of another protocol")
    return [int(number) for number in numbers], acl, int(owner)


def verify(fd):
    try:
        status = os.fstat(fd)
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    except (OSError, OverflowError):
        sys.exit(f"fd {fd} is not open")
    if flags & os.O_PATH or flags & os.O_ACCMODE != os.O_RDWR:
        sys.exit(f"fd {fd} is not open for reading and writing")
    if (not stat.S_ISCHR(status.st_mode)
            or status.st_rdev != os.makedev(10, 229)):
        sys.exit(f"fd {fd} is not a FUSE device")
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    if any(event & select.POLLERR for _, event in poller.poll(0)):
        sys.exit(f"fd {fd} is on no connection")


def connection(fd):
    with open(f"/proc/self/fdinfo/{fd}") as lines:
        for line in lines:
            if line.startswith("fuse_connection:"):
                return line
    return None                                 # before Linux 6.16


def receive(fd):
    while True:
        try:
            return os.read(fd, MAX_WRITE + 4096)
        except OSError as error:
            if error.errno in (errno.ENODEV, errno.ECONNABORTED):
                return None                     # unmounted, or aborted
            if error.errno not in (errno.ENOENT, errno.EAGAIN):
                raise


def reply(fd, unique, error=0, body=b""):
    length = OUT_HEADER.size + len(body)
    try:
        os.write(fd, OUT_HEADER.pack(length, -error, unique) + body)
    except OSError as refused:                  # nobody waits for it any more
        if refused.errno not in (errno.ENOENT, errno.ENODEV):
            raise


def init(fd, unique, request):
    major, minor, readahead = struct.unpack_from("=III", request, 40)
    if major != 7 or minor < 23:
        sys.exit("the kernel speaks another FUSE protocol")
    reply(fd, unique, body=struct.pack(
        "=IIIIHHIIHHI28x", 7, min(minor, 31), readahead, 0, 12, 9, MAX_WRITE,
        1, 0, 0, 0))


def getattr_of_root(fd, unique):
    reply(fd, unique, body=struct.pack(
        "=QIIQQQQQQIIIIIIIIII", 0, 0, 0,        # not to be cached
        1, 0, 0, 0, 0, 0, 0, 0, 0, stat.S_IFDIR | 0o755, 2,
        os.getuid(), os.getgid(), 0, 4096, 0))


def serve_one(fd, acl, owner):
    request = receive(fd)
    if request is None:
        return False
    _, opcode, unique, node, uid, *_ = IN_HEADER.unpack_from(request)
    if opcode in (FORGET, INTERRUPT, BATCH_FORGET):
        pass                                    # these want no answer
    elif opcode == INIT:
        init(fd, unique, request)
    elif acl == "owner_and_root" and uid not in (owner, 0):
        reply(fd, unique, errno.EACCES)
    elif opcode == GETATTR and node == 1:
        getattr_of_root(fd, unique)
    else:
        reply(fd, unique, errno.ENOSYS)
    return True


def serve(*arguments):
    while serve_one(*arguments):
        pass


def main():
    fds, acl, owner = take_environment()
    for fd in fds:
        verify(fd)
    if len({connection(fd) for fd in fds}) > 1:
        sys.exit("the fds are on different connections")
    for fd in fds:
        os.set_inheritable(fd, False)

    if not serve_one(fds[0], acl, owner):       # FUSE_INIT
        return
    workers = [threading.Thread(target=serve, args=(fd, acl, owner),
                                daemon=True) for fd in fds]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


main()
