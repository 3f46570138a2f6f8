#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A filesystem with one file, on the handoff of fusefd-launch(8), with
# nothing but the standard library: fusefd(7) spelled out. protocol.go and
# protocol.rs are the same in other languages.
#
#     fusefd-launch -n 4 /mnt -- python3 protocol.py

import errno
import fcntl
import os
import re
import select
import signal
import socket
import stat
import struct
import sys
import threading

# From linux/fuse.h.
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE = 1, 2, 3, 14, 15, 18
FSYNC, FLUSH, INIT, OPENDIR, READDIR = 20, 25, 26, 27, 28
RELEASEDIR, FSYNCDIR, INTERRUPT, DESTROY = 29, 30, 36, 38
POLL, BATCH_FORGET, LSEEK, GETATTR_FH = 40, 42, 46, 1

MAX_WRITE = 4096                            # no smaller one is taken
ROOT, FILE, TEXT = 1, 2, b"Hello, world\n"


def die(message):
    print(f"protocol: {message}", file=sys.stderr)
    os._exit(1)                             # from whichever thread


# ---- Taking -------------------------------------------------------------

def take_environment():
    said = {name: os.environ.pop(name)
            for name in list(os.environ) if name.startswith("FUSEFD_")}
    if not {"FUSEFD_PROTOCOL", "FUSEFD_FDS"} & said.keys():
        die("no handoff: start this by fusefd-launch")
    protocol, fds, mountpoint, acl, owner = (
        said.get("FUSEFD_" + name, "")
        for name in ("PROTOCOL", "FDS", "MOUNTPOINT", "ACL", "OWNER"))
    fds, owner = fd_list(fds), number(owner, 2**32 - 1)
    check("FUSEFD_PROTOCOL", protocol == "1")
    check("FUSEFD_FDS", fds is not None)
    check("FUSEFD_MOUNTPOINT", mountpoint.startswith("/"))
    check("FUSEFD_ACL", acl in ("owner", "owner_and_root", "all"))
    check("FUSEFD_OWNER", owner is not None)
    return fds, acl, owner


def check(name, is_good):
    if not is_good:
        die(f"{name} is not as protocol 1 has it")


def fd_list(text):
    fds = [number(item, 2**31) for item in text.split(",")]
    if None in fds or len(set(fds)) < len(fds) or len(fds) > 253:
        return None
    return fds


def number(text, limit):
    if re.fullmatch("0|[1-9][0-9]{0,9}", text) and int(text) < limit:
        return int(text)
    return None


def verify(fd):
    try:
        status, flags = os.fstat(fd), fcntl.fcntl(fd, fcntl.F_GETFL)
    except OSError:
        die(f"fd {fd} is not open")
    if (not stat.S_ISCHR(status.st_mode)
            or status.st_rdev != os.makedev(10, 229)):
        die(f"fd {fd} is not a FUSE device")
    if flags & os.O_ACCMODE != os.O_RDWR:   # with O_PATH it is not, either
        die(f"fd {fd} is not open for reading and writing")
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    if any(event & select.POLLERR for _, event in poller.poll(0)):
        die(f"fd {fd} is on no connection")


def connection(fd):
    try:
        with open(f"/proc/self/fdinfo/{fd}") as lines:
            return [line for line in lines
                    if line.startswith("fuse_connection:")]
    except OSError:
        return []                           # as of a kernel before 6.16


# ---- What is served -----------------------------------------------------

def content(node):
    if node == FILE:
        return TEXT
    # An entry has the offset of the next, in a unit of ours: with bytes, a
    # directory is read as a file is.
    return struct.pack(
        "=" + "QQII8s" * 3, ROOT, 32, 1, 4, b".", ROOT, 64, 2, 4, b"..",
        FILE, 96, 5, 8, b"hello")


def attributes(node):
    mode = stat.S_IFDIR | 0o555 if node == ROOT else stat.S_IFREG | 0o444
    return struct.pack("=6Q10I", node, len(content(node)), *[0] * 7,
                       mode, 1, os.getuid(), os.getgid(), 0, 4096, 0)


def answer(opcode, node, body):
    if opcode == INIT:
        major, minor, readahead = struct.unpack_from("=III", body)
        if major != 7 or minor < 23:
            die("the kernel speaks another FUSE protocol")
        return 0, struct.pack("=16I", 7, 23, readahead, 0, 0, MAX_WRITE, 1,
                              *[0] * 9)
    # The times for which the kernel may cache are all 0.
    if opcode == LOOKUP:
        if (node, body) != (ROOT, b"hello\0"):
            return errno.ENOENT, b""
        return 0, struct.pack("=5Q", FILE, 0, 0, 0, 0) + attributes(FILE)
    if opcode == GETATTR:
        return 0, bytes(16) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return 0, bytes(16)
    if opcode in (READ, READDIR):
        _, offset, size = struct.unpack_from("=QQI", body)
        return 0, content(node)[offset:offset + size]
    return errno.ENOSYS, b""


def is_way_in(opcode, body):
    if opcode == GETATTR:
        return not struct.unpack_from("=I", body)[0] & GETATTR_FH
    return opcode not in (INIT, READ, RELEASE, FSYNC, FLUSH, READDIR,
                          RELEASEDIR, FSYNCDIR, DESTROY, POLL, LSEEK)


# ---- Workers ------------------------------------------------------------

def receive(fd):
    while True:
        try:
            return os.read(fd, MAX_WRITE + 4096)
        except OSError as error:
            if error.errno in (errno.ENODEV, errno.ECONNABORTED):
                return None                 # unmounted, or aborted
            if error.errno not in (errno.ENOENT, errno.EAGAIN):
                die(f"cannot read from fd {fd}: errno {error.errno}")


def reply(fd, unique, error, body):
    header = struct.pack("=IiQ", 16 + len(body), -error, unique)
    try:
        os.write(fd, header + body)
    except OSError as refused:
        if refused.errno != errno.ENOENT:   # nobody waits for it any more
            die(f"cannot write to fd {fd}: errno {refused.errno}")


def serve_one(fd, acl, owner):
    request = receive(fd)
    if request is None:
        return False
    _, opcode, unique, node, uid = struct.unpack_from("=IIQQI", request)
    body = request[40:]
    if opcode in (FORGET, INTERRUPT, BATCH_FORGET):
        pass                                # these want no reply
    elif (acl == "owner_and_root" and uid not in (owner, 0)
            and is_way_in(opcode, body)):
        reply(fd, unique, errno.EACCES, b"")
    else:
        reply(fd, unique, *answer(opcode, node, body))
    return True


def serve(*arguments):
    while serve_one(*arguments):
        pass


def notify_ready():
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(b"READY=1", address)
    except OSError:
        pass                                # nobody asked, or listens


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fds, acl, owner = take_environment()
    for fd in fds:
        verify(fd)
    for fd in fds:
        if connection(fd) != connection(fds[0]):
            die(f"fd {fd} is on another connection than fd {fds[0]}")
    for fd in fds:
        os.set_inheritable(fd, False)

    if not serve_one(fds[0], acl, owner):   # FUSE_INIT
        return
    workers = [threading.Thread(target=serve, args=(fd, acl, owner),
                                daemon=True) for fd in fds]
    for worker in workers:
        worker.start()
    notify_ready()
    for worker in workers:
        worker.join()


main()
