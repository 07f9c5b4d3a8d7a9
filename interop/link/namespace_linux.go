package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// netNamespace is one end of the link: a thread that never leaves its network namespace, and the namespace's only
// interface beside lo.
type netNamespace struct {
	tun  *os.File
	jobs chan func() // run by that thread
}

// newNetNamespace makes one whose interface has the address.
func newNetNamespace(address string, mtu int) (*netNamespace, error) {
	n := &netNamespace{jobs: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and it ends with the thread: nobody else may run there
		err := n.open(address, mtu)
		made <- err
		if err != nil {
			return
		}
		for job := range n.jobs {
			job()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("%w: %w", errSkipped, err)
	}
	return n, nil
}

func (n *netNamespace) open(address string, mtu int) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("/dev/net/tun: %w", err)
	}
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_TUN | syscall.IFF_NO_PI}
	copy(request.name[:], "path0")
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return fmt.Errorf("TUNSETIFF: %w", errno)
	}
	n.tun = os.NewFile(uintptr(fd), "path0")
	for _, command := range []string{
		"ip link set lo up",
		"ip addr add " + address + "/24 dev path0",
		"ip link set path0 mtu " + strconv.Itoa(mtu) + " txqueuelen 5000 multicast off up",
	} {
		args := strings.Fields(command)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command, err, out)
		}
	}
	return nil
}

// start runs a command there, by a shell.
func (n *netNamespace) start(command string) (*exec.Cmd, error) {
	cmd := exec.Command("bash", "-c", command)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	started := make(chan error)
	n.jobs <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return cmd, nil
}

// settling is how long programs at B have before those at A start.
const settling = 500 * time.Millisecond

// run makes the link and runs the programs. The namespace of processes ends with this one, and all programs with it.
func run(cfg *config) error {
	a, err := newNetNamespace("10.9.0.1", cfg.mtu)
	if err != nil {
		return err
	}
	b, err := newNetNamespace("10.9.0.2", cfg.mtu)
	if err != nil {
		return err
	}
	r := &cfg.report
	r.start = time.Now()
	there, back := cfg.shape, cfg.shape
	back.rate, back.seed = 0, cfg.shape.seed+1
	go there.carry(a.tun, b.tun, r)
	go back.carry(b.tun, a.tun, nil)

	for _, command := range cfg.atB {
		if _, err := b.start(command); err != nil {
			return err
		}
	}
	time.Sleep(settling)
	first := make(chan error, 1)
	for i, command := range cfg.atA {
		after, rest, found := strings.Cut(command, ":")
		seconds, err := strconv.ParseFloat(after, 64)
		if found && err == nil {
			command = rest
		}
		go func() {
			time.Sleep(time.Duration(seconds * float64(time.Second)))
			cmd, err := a.start(command)
			if err == nil {
				err = cmd.Wait()
			}
			if i == 0 {
				first <- err
			}
		}()
	}
	limit := time.After(cfg.limit)
	seconds := time.NewTicker(time.Second)
	for {
		select {
		case err := <-first:
			r.finish()
			return err
		case <-limit:
			r.finish()
			return nil
		case <-seconds.C:
			r.lines()
		}
	}
}
