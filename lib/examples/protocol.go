// SPDX-License-Identifier: LGPL-2.1-or-later

// A filesystem with one file, on the handoff of fusefd-launch(8), with
// nothing but the standard library: fusefd(7) spelled out. protocol.py and
// protocol.rs are the same in other languages.
//
//	go build protocol.go
//	fusefd-launch -n 4 /mnt -- ./protocol
package main

import (
	"bytes"
	"log"
	"net"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

// From linux/fuse.h.
const (
	LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE = 1, 2, 3, 14, 15, 18
	FSYNC, FLUSH, INIT, OPENDIR, READDIR         = 20, 25, 26, 27, 28
	RELEASEDIR, FSYNCDIR, INTERRUPT, DESTROY     = 29, 30, 36, 38
	POLL, BATCH_FORGET, LSEEK, GETATTR_FH        = 40, 42, 46, 1
)

const (
	maxWrite   = 4096 // no smaller one is taken
	root, file = 1, 2
	text       = "Hello, world\n"
)

// ---- Taking ------------------------------------------------------------

func takeEnvironment() (fds []int, acl string, owner uint64) {
	said := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "FUSEFD_") {
			said[name] = value
			os.Unsetenv(name)
		}
	}
	_, hasProtocol := said["FUSEFD_PROTOCOL"]
	_, hasFDs := said["FUSEFD_FDS"]
	if !hasProtocol && !hasFDs {
		log.Fatal("no handoff: start this by fusefd-launch")
	}
	fds, isList := fdList(said["FUSEFD_FDS"])
	owner, isUID := number(said["FUSEFD_OWNER"], 1<<32-1)
	acl, mountpoint := said["FUSEFD_ACL"], said["FUSEFD_MOUNTPOINT"]
	isACL := acl == "owner" || acl == "owner_and_root" || acl == "all"
	check("FUSEFD_PROTOCOL", said["FUSEFD_PROTOCOL"] == "1")
	check("FUSEFD_FDS", isList)
	check("FUSEFD_MOUNTPOINT", strings.HasPrefix(mountpoint, "/"))
	check("FUSEFD_ACL", isACL)
	check("FUSEFD_OWNER", isUID)
	return fds, acl, owner
}

func check(name string, isGood bool) {
	if !isGood {
		log.Fatal(name, " is not as protocol 1 has it")
	}
}

func fdList(text string) (fds []int, isGood bool) {
	seen := map[uint64]bool{}
	for _, item := range strings.Split(text, ",") {
		fd, isNumber := number(item, 1<<31)
		if !isNumber || seen[fd] {
			return nil, false
		}
		seen[fd] = true
		fds = append(fds, int(fd))
	}
	return fds, len(fds) <= 253
}

func number(text string, limit uint64) (value uint64, isGood bool) {
	value, err := strconv.ParseUint(text, 10, 64)
	isCanonical := strconv.FormatUint(value, 10) == text
	return value, err == nil && isCanonical && value < limit
}

func verify(fd int) {
	var status syscall.Stat_t
	flags, _, err := syscall.Syscall(syscall.SYS_FCNTL,
		uintptr(fd), syscall.F_GETFL, 0)
	if err != 0 || syscall.Fstat(fd, &status) != nil {
		log.Fatalf("fd %d is not open", fd)
	}
	isCharacter := status.Mode&syscall.S_IFMT == syscall.S_IFCHR
	if !isCharacter || status.Rdev != 10<<8|229 {
		log.Fatalf("fd %d is not a FUSE device", fd)
	}
	// With O_PATH it is not, either.
	if flags&syscall.O_ACCMODE != syscall.O_RDWR {
		log.Fatalf("fd %d is not open for reading and writing", fd)
	}
	const POLLIN, POLLERR = 1, 8
	device := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: POLLIN}
	syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&device)),
		1, uintptr(unsafe.Pointer(&syscall.Timespec{})), 0, 0, 0)
	if device.revents&POLLERR != 0 {
		log.Fatalf("fd %d is on no connection", fd)
	}
}

func connection(fd int) string {
	fdinfo, _ := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	line := regexp.MustCompile("(?m)^fuse_connection:.*$")
	return line.FindString(string(fdinfo)) // "" before Linux 6.16
}

// ---- What is served ----------------------------------------------------

func content(node uint64) []byte {
	if node == file {
		return []byte(text)
	}
	// An entry has the offset of the next, in a unit of ours: with bytes, a
	// directory is read as a file is.
	return raw([3]struct {
		node, next   uint64
		length, kind uint32
		name         [8]byte
	}{
		{root, 32, 1, 4, [8]byte{'.'}},
		{root, 64, 2, 4, [8]byte{'.', '.'}},
		{file, 96, 5, 8, [8]byte{'h', 'e', 'l', 'l', 'o'}},
	})
}

func attributes(node uint64) []byte {
	mode := uint32(syscall.S_IFREG | 0444)
	if node == root {
		mode = syscall.S_IFDIR | 0555
	}
	uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
	return append(raw([6]uint64{node, uint64(len(content(node)))}),
		raw([10]uint32{3: mode, 4: 1, 5: uid, 6: gid, 8: 4096})...)
}

func answer(opcode uint32, node uint64, body []byte) (syscall.Errno, []byte) {
	switch opcode {
	case INIT:
		major, minor, readahead := u32(body), u32(body[4:]), u32(body[8:])
		if major != 7 || minor < 23 {
			log.Fatal("the kernel speaks another FUSE protocol")
		}
		return 0, raw([16]uint32{7, 23, readahead, 5: maxWrite, 6: 1})
	// The times for which the kernel may cache are all 0.
	case LOOKUP:
		if node != root || string(body) != "hello\x00" {
			return syscall.ENOENT, nil
		}
		return 0, append(raw([5]uint64{file}), attributes(file)...)
	case GETATTR:
		return 0, append(raw([2]uint64{}), attributes(node)...)
	case OPEN, OPENDIR:
		return 0, raw([2]uint64{})
	case READ, READDIR:
		part := make([]byte, u32(body[16:]))
		all := bytes.NewReader(content(node))
		length, _ := all.ReadAt(part, int64(u64(body[8:])))
		return 0, part[:length]
	}
	return syscall.ENOSYS, nil
}

func isWayIn(opcode uint32, body []byte) bool {
	switch opcode {
	case GETATTR:
		return u32(body)&GETATTR_FH == 0
	case INIT, READ, RELEASE, FSYNC, FLUSH, READDIR, RELEASEDIR, FSYNCDIR,
		DESTROY, POLL, LSEEK:
		return false
	}
	return true
}

// The kernel's numbers are in the machine's order of bytes.

func raw[T any](value T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&value)), unsafe.Sizeof(value))
}

func u32(bytes []byte) uint32 { return *(*uint32)(unsafe.Pointer(&bytes[0])) }
func u64(bytes []byte) uint64 { return *(*uint64)(unsafe.Pointer(&bytes[0])) }

// ---- Workers -----------------------------------------------------------

func receive(fd int) []byte {
	buffer := make([]byte, maxWrite+4096)
	for {
		length, err := syscall.Read(fd, buffer)
		switch err {
		case nil:
			return buffer[:length]
		case syscall.ENODEV, syscall.ECONNABORTED:
			return nil // unmounted, or aborted
		case syscall.ENOENT, syscall.EINTR, syscall.EAGAIN:
		default:
			log.Fatalf("cannot read from fd %d: errno %d", fd, err)
		}
	}
}

func reply(fd int, unique uint64, errno syscall.Errno, body []byte) {
	header := struct {
		length uint32
		errno  int32
		unique uint64
	}{uint32(16 + len(body)), -int32(errno), unique}
	_, err := syscall.Write(fd, append(raw(header), body...))
	// ENOENT: nobody waits for it any more.
	if err != nil && err != syscall.ENOENT {
		log.Fatalf("cannot write to fd %d: errno %d", fd, err)
	}
}

func serveOne(fd int, acl string, owner uint64) bool {
	request := receive(fd)
	if request == nil {
		return false
	}
	opcode, unique := u32(request[4:]), u64(request[8:])
	node, uid := u64(request[16:]), uint64(u32(request[24:]))
	body := request[40:]
	isForeign := acl == "owner_and_root" && uid != owner && uid != 0
	switch {
	case opcode == FORGET || opcode == INTERRUPT || opcode == BATCH_FORGET:
		// These want no reply.
	case isForeign && isWayIn(opcode, body):
		reply(fd, unique, syscall.EACCES, nil)
	default:
		errno, body := answer(opcode, node, body)
		reply(fd, unique, errno, body)
	}
	return true
}

func notifyReady() {
	manager, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return // nobody asked, or listens
	}
	manager.Write([]byte("READY=1"))
	manager.Close()
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("protocol: ")
	fds, acl, owner := takeEnvironment()
	for _, fd := range fds {
		verify(fd)
	}
	primary := fds[0]
	for _, fd := range fds {
		if connection(fd) != connection(primary) {
			log.Fatalf("fd %d is on another connection than fd %d",
				fd, primary)
		}
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}

	if !serveOne(primary, acl, owner) { // FUSE_INIT
		return
	}
	var workers sync.WaitGroup
	for _, fd := range fds {
		workers.Add(1)
		go func(fd int) {
			defer workers.Done()
			runtime.LockOSThread() // its reads take one anyway
			for serveOne(fd, acl, owner) {
			}
		}(fd)
	}
	notifyReady()
	workers.Wait()
}
