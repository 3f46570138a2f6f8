// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A filesystem with one file, on the handoff of fusefd-launch(8), with
// nothing but the standard library: fusefd(7) spelled out. protocol.py and
// protocol.go are the same in other languages.
//
//     rustc --edition 2021 -O protocol.rs
//     fusefd-launch -n 4 /mnt -- ./protocol

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::raw::{c_int, c_ulong};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::io::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::{env, process, thread};

macro_rules! constants {
    ($type:ty: $($name:ident = $value:literal),+ $(,)?) => {
        $(const $name: $type = $value;)+
    };
}

// From linux/fuse.h.
constants! { u32:
    LOOKUP = 1, FORGET = 2, GETATTR = 3, OPEN = 14, READ = 15, RELEASE = 18,
    FSYNC = 20, FLUSH = 25, INIT = 26, OPENDIR = 27, READDIR = 28,
    RELEASEDIR = 29, FSYNCDIR = 30, INTERRUPT = 36, DESTROY = 38, POLL = 40,
    BATCH_FORGET = 42, LSEEK = 46, GETATTR_FH = 1,
}

// Of libc, as most machines have it: the standard library keeps it to itself.
constants! { i32:
    ENOENT = 2, EINTR = 4, EAGAIN = 11, EACCES = 13, ENODEV = 19, ENOSYS = 38,
    ECONNABORTED = 103,
}
constants! { c_int:
    F_SETFD = 2, F_GETFL = 3, FD_CLOEXEC = 1, O_RDWR = 2, O_ACCMODE = 3,
}
constants! { i16: POLLIN = 1, POLLERR = 8 }
constants! { u32: S_IFDIR = 0o040000, S_IFREG = 0o100000 }

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

#[repr(C)]
struct SocketAddress {
    family: u16,
    path: [u8; 108],
}

extern "C" {
    fn connect(fd: c_int, to: *const SocketAddress, length: u32) -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn getgid() -> u32;
    fn getuid() -> u32;
    fn poll(fds: *mut PollFd, count: c_ulong, timeout: c_int) -> c_int;
}

const MAX_WRITE: u32 = 4096; // no smaller one is taken
const ROOT: u64 = 1;
const FILE: u64 = 2;
const TEXT: &[u8] = b"Hello, world\n";

fn die(message: String) -> ! {
    eprintln!("protocol: {message}");
    process::exit(1)
}

// ---- Taking ------------------------------------------------------------

fn take_environment() -> (Vec<RawFd>, String, u32) {
    let mut said = HashMap::new();
    for (name, value) in env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        if text.starts_with("FUSEFD_") {
            said.insert(text, value.to_string_lossy().into_owned());
            env::remove_var(name);
        }
    }
    if !said.contains_key("FUSEFD_PROTOCOL")
        && !said.contains_key("FUSEFD_FDS")
    {
        die("no handoff: start this by fusefd-launch".into());
    }
    let said = |name: &str| said.get(name).cloned().unwrap_or_default();
    let fds = fd_list(&said("FUSEFD_FDS"));
    let acl = said("FUSEFD_ACL");
    let acls = ["owner", "owner_and_root", "all"];
    let owner = number(&said("FUSEFD_OWNER"), u32::MAX);
    check("FUSEFD_PROTOCOL", said("FUSEFD_PROTOCOL") == "1");
    check("FUSEFD_FDS", fds.is_some());
    check("FUSEFD_MOUNTPOINT", said("FUSEFD_MOUNTPOINT").starts_with('/'));
    check("FUSEFD_ACL", acls.contains(&acl.as_str()));
    check("FUSEFD_OWNER", owner.is_some());
    (fds.unwrap(), acl, owner.unwrap())
}

fn check(name: &str, is_good: bool) {
    if !is_good {
        die(format!("{name} is not as protocol 1 has it"));
    }
}

fn fd_list(text: &str) -> Option<Vec<RawFd>> {
    let fd = |item| Some(number(item, 1 << 31)? as RawFd);
    let fds = text.split(',').map(fd).collect::<Option<Vec<_>>>()?;
    let distinct: HashSet<_> = fds.iter().collect();
    let is_good = distinct.len() == fds.len() && fds.len() <= 253;
    is_good.then_some(fds)
}

fn number(text: &str, limit: u32) -> Option<u32> {
    let value: u32 = text.parse().ok()?;
    (value.to_string() == text && value < limit).then_some(value)
}

// The number alone proves nothing: from here on it is a File.
fn verify(fd: RawFd) -> File {
    let flags = unsafe { fcntl(fd, F_GETFL) };
    if flags < 0 {
        die(format!("fd {fd} is not open"));
    }
    let device = unsafe { File::from_raw_fd(fd) };
    let is_fuse = |status: fs::Metadata| {
        let is_character = status.file_type().is_char_device();
        is_character && status.rdev() == 10 << 8 | 229
    };
    if !device.metadata().map_or(false, is_fuse) {
        die(format!("fd {fd} is not a FUSE device"));
    }
    // With O_PATH it is not, either.
    if flags & O_ACCMODE != O_RDWR {
        die(format!("fd {fd} is not open for reading and writing"));
    }
    let mut polled = PollFd { fd, events: POLLIN, revents: 0 };
    unsafe { poll(&mut polled, 1, 0) };
    if polled.revents & POLLERR != 0 {
        die(format!("fd {fd} is on no connection"));
    }
    device
}

fn connection(device: &File) -> Option<String> {
    let path = format!("/proc/self/fdinfo/{}", device.as_raw_fd());
    let fdinfo = fs::read_to_string(path).unwrap_or_default();
    let mut lines = fdinfo.lines();
    let shown = lines.find(|line| line.starts_with("fuse_connection:"));
    shown.map(String::from) // None before Linux 6.16
}

// ---- What is served ----------------------------------------------------

fn content(node: u64) -> Vec<u8> {
    if node == FILE {
        return TEXT.to_vec();
    }
    // An entry has the offset of the next, in a unit of ours: with bytes, a
    // directory is read as a file is.
    let entry = |node, next, length, kind, name: &[u8; 8]| {
        [u64s(&[node, next]), u32s(&[length, kind]), name.to_vec()].concat()
    };
    [
        entry(ROOT, 32, 1, 4, b".\0\0\0\0\0\0\0"),
        entry(ROOT, 64, 2, 4, b"..\0\0\0\0\0\0"),
        entry(FILE, 96, 5, 8, b"hello\0\0\0"),
    ]
    .concat()
}

fn attributes(node: u64) -> Vec<u8> {
    let mode = if node == ROOT { S_IFDIR | 0o555 } else { S_IFREG | 0o444 };
    let (uid, gid) = unsafe { (getuid(), getgid()) };
    let wide = u64s(&[node, content(node).len() as u64, 0, 0, 0, 0]);
    [wide, u32s(&[0, 0, 0, mode, 1, uid, gid, 0, 4096, 0])].concat()
}

fn answer(opcode: u32, node: u64, body: &[u8]) -> Result<Vec<u8>, i32> {
    match opcode {
        INIT => {
            let [major, minor, readahead] =
                [0, 4, 8].map(|at| u32_at(body, at));
            if major != 7 || minor < 23 {
                die("the kernel speaks another FUSE protocol".into());
            }
            let said = [7, 23, readahead, 0, 0, MAX_WRITE, 1];
            Ok(u32s(&[&said[..], &[0; 9]].concat()))
        }
        // The times for which the kernel may cache are all 0.
        LOOKUP if node == ROOT && body == b"hello\0" => {
            Ok([u64s(&[FILE, 0, 0, 0, 0]), attributes(FILE)].concat())
        }
        LOOKUP => Err(ENOENT),
        GETATTR => Ok([u64s(&[0, 0]), attributes(node)].concat()),
        OPEN | OPENDIR => Ok(u64s(&[0, 0])),
        READ | READDIR => {
            let (offset, size) = (u64_at(body, 8), u32_at(body, 16));
            let rest = content(node).into_iter().skip(offset as usize);
            Ok(rest.take(size as usize).collect())
        }
        _ => Err(ENOSYS),
    }
}

fn is_way_in(opcode: u32, body: &[u8]) -> bool {
    match opcode {
        GETATTR => u32_at(body, 0) & GETATTR_FH == 0,
        INIT | READ | RELEASE | FSYNC | FLUSH | READDIR | RELEASEDIR
        | FSYNCDIR | DESTROY | POLL | LSEEK => false,
        _ => true,
    }
}

// The kernel's numbers are in the machine's order of bytes.

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

fn u64s(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

// ---- Workers -----------------------------------------------------------

fn receive(mut device: &File) -> Option<Vec<u8>> {
    let mut buffer = vec![0; MAX_WRITE as usize + 4096];
    loop {
        let error = match device.read(&mut buffer) {
            Ok(length) => return Some(buffer[..length].to_vec()),
            Err(error) => error.raw_os_error().unwrap_or(0),
        };
        let fd = device.as_raw_fd();
        match error {
            ENODEV | ECONNABORTED => return None, // unmounted, or aborted
            ENOENT | EINTR | EAGAIN => {}
            _ => die(format!("cannot read from fd {fd}: errno {error}")),
        }
    }
}

fn reply(mut device: &File, unique: u64, result: Result<Vec<u8>, i32>) {
    let errno = result.as_ref().err().map_or(0, |errno| -errno);
    let body = result.unwrap_or_default();
    let length = 16 + body.len() as u32;
    let header = [u32s(&[length, errno as u32]), u64s(&[unique])].concat();
    let written = device.write(&[header, body].concat());
    let errno = written.err().and_then(|error| error.raw_os_error());
    // ENOENT: nobody waits for it any more.
    if let Some(errno) = errno.filter(|errno| *errno != ENOENT) {
        let fd = device.as_raw_fd();
        die(format!("cannot write to fd {fd}: errno {errno}"));
    }
}

fn serve_one(device: &File, acl: &str, owner: u32) -> bool {
    let request = match receive(device) {
        Some(request) => request,
        None => return false,
    };
    let (opcode, unique) = (u32_at(&request, 4), u64_at(&request, 8));
    let (node, uid) = (u64_at(&request, 16), u32_at(&request, 24));
    let body = &request[40..];
    let is_foreign = acl == "owner_and_root" && uid != owner && uid != 0;
    if matches!(opcode, FORGET | INTERRUPT | BATCH_FORGET) {
        // These want no reply.
    } else if is_foreign && is_way_in(opcode, body) {
        reply(device, unique, Err(EACCES));
    } else {
        reply(device, unique, answer(opcode, node, body));
    }
    true
}

// An address may be abstract, a supervisor's is: UnixDatagram knows those
// since Rust 1.70 only.
fn notify_ready() {
    let name = env::var_os("NOTIFY_SOCKET").unwrap_or_default().into_vec();
    let mut address = SocketAddress { family: 1, path: [0; 108] };
    if name.is_empty() || name.len() >= address.path.len() {
        return;
    }
    address.path[..name.len()].copy_from_slice(&name);
    if name[0] == b'@' {
        address.path[0] = 0;
    }
    if let Ok(socket) = UnixDatagram::unbound() {
        let length = 2 + name.len() as u32;
        unsafe { connect(socket.as_raw_fd(), &address, length) };
        socket.send(b"READY=1").ok();
    }
}

fn main() {
    let (fds, acl, owner) = take_environment();
    let devices: Vec<File> = fds.into_iter().map(verify).collect();
    let primary = &devices[0];
    let is_stray = |fd: &&File| connection(fd) != connection(primary);
    if let Some(stray) = devices.iter().find(is_stray) {
        let (fd, other) = (stray.as_raw_fd(), primary.as_raw_fd());
        die(format!("fd {fd} is on another connection than fd {other}"));
    }
    for device in &devices {
        unsafe { fcntl(device.as_raw_fd(), F_SETFD, FD_CLOEXEC) };
    }

    // FUSE_INIT.
    if !serve_one(primary, &acl, owner) {
        return;
    }
    thread::scope(|workers| {
        for device in &devices {
            workers.spawn(|| while serve_one(device, &acl, owner) {});
        }
        notify_ready();
    });
}
