#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A supervisor, complete, with nothing but the standard library: it attaches
# the mount when COMMAND is ready, unmounts when COMMAND has ended, and exits as
# COMMAND did. fusefd(7), "THE KEEPER", is what it speaks.
#
#     fusefd-launch --detached MOUNTPOINT -- supervisor.py COMMAND [ARG]...
#
# If it is killed at any moment, nothing is left: its end of the keeper's socket
# closes, the keeper unmounts, and COMMAND's connection has ended.

import errno
import os
import select
import signal
import socket
import struct
import subprocess
import sys

ATTACH, UNMOUNT, LAZY = 1, 3, 1

keeper = socket.socket(fileno=int(os.environ.pop("FUSEFD_KEEPER_FD")))
keeper.set_inheritable(False)
devices = [int(fd) for fd in os.environ["FUSEFD_FDS"].split(",")]


def ask(act, flags=0):
    try:
        keeper.send(struct.pack("=II", act, flags))
        error, _, mount_id, unique_id = struct.unpack("=iIQQ", keeper.recv(24))
    except (OSError, struct.error):
        error = errno.EPIPE                 # the keeper is gone
    if error:
        print(f"supervisor: the keeper says: {os.strerror(error)}",
              file=sys.stderr)
    return error


# An abstract address that nobody else has.
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("")
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def is_told_ready():
    text, ancillary, _, _ = manager.recvmsg(4096, socket.CMSG_SPACE(12))
    _, uid, _ = struct.unpack("iII", ancillary[0][2])
    return uid == os.getuid() and b"READY=1" in text.split(b"\n")


os.environ["NOTIFY_SOCKET"] = "@" + os.fsdecode(manager.getsockname()[1:])
command = subprocess.Popen(sys.argv[1:], pass_fds=devices)
for fd in devices:
    os.close(fd)                            # its death is to end the connection
signal.signal(signal.SIGTERM, lambda *_: command.terminate())
ended = os.pidfd_open(command.pid)

is_ready, events = False, []
while not is_ready and ended not in events:
    events, _, _ = select.select([manager, ended], [], [])
    is_ready = manager in events and is_told_ready()
failed = is_ready and ask(ATTACH)
if not failed:
    # Either ends the mount: COMMAND, or the keeper that only root can kill.
    select.select([ended, keeper], [], [])
    failed = ask(UNMOUNT, LAZY)
if failed:
    command.terminate()
status = command.wait()
sys.exit(125 if failed else status if status >= 0 else 128 - status)
