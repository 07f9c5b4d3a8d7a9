//go:build cgo

package main

/*
#include "flute_node.h"
*/
import "C"

import (
	"runtime/debug"
	"time"
	"unsafe"

	"github.com/flute-node/flute-node/internal/binding"
)

// patienceOfCalls is that of calls which have none of their own: an actor answers them.
const patienceOfCalls = 10 * time.Second

//export goVersion
func goVersion(text *C.char, n C.size_t) {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	say(version, text, int(n))
}

//export goHandles
func goHandles() C.size_t { return C.size_t(handles.Len()) }

// closer is what a handle may be of.
type closer interface{ Close() error }

//export goFree
func goFree(h C.uintptr_t) {
	var text [errorSize]C.char
	_ = call(&text[0], func() error {
		if v, ok := handles.Take(uintptr(h)).(closer); ok {
			return v.Close()
		}
		return nil
	})
}

//export goRemove
func goRemove(h C.uintptr_t, toi C.uint64_t, after C.int, was *C.int, text *C.char) C.int {
	return with(h, text, func(r interface {
		Remove(toi uint64, after bool) (bool, error)
	},
	) error {
		ok, err := r.Remove(uint64(toi), after != 0)
		if was != nil {
			*was = 0
			if ok {
				*was = 1
			}
		}
		return err
	})
}

//export goTrigger
func goTrigger(h C.uintptr_t, toi C.uint64_t, at C.int64_t, text *C.char) C.int {
	return with(h, text, func(t interface {
		Trigger(toi uint64, at time.Time) error
	},
	) error {
		return t.Trigger(uint64(toi), binding.TimeOf(int64(at)))
	})
}

//export goPause
func goPause(h C.uintptr_t, toi C.uint64_t, paused C.int, text *C.char) C.int {
	return with(h, text, func(p interface {
		Pause(toi uint64, paused bool) error
	},
	) error {
		return p.Pause(uint64(toi), paused != 0)
	})
}

//export goSetRate
func goSetRate(h C.uintptr_t, bitsPerSecond C.uint64_t, text *C.char) C.int {
	return with(h, text, func(r interface{ SetRate(uint64) error }) error { return r.SetRate(uint64(bitsPerSecond)) })
}

//export goStats
func goStats(h C.uintptr_t, buf *C.char, capacity C.size_t, n *C.size_t, text *C.char) C.int {
	return with(h, text, func(s interface{ Stats() ([]byte, error) }) error {
		b, err := s.Stats()
		if err != nil {
			return err
		}
		return out(b, buf, capacity, n)
	})
}

//export goNextEvent
func goNextEvent(h C.uintptr_t, buf *C.char, capacity C.size_t, n *C.size_t, text *C.char) (code C.int) {
	if failed := with(h, text, func(q interface{ Queued() *binding.Queue }) error {
		length, c := q.Queued().Next(bytesOf(unsafe.Pointer(buf), capacity))
		*n, code = C.size_t(length), C.int(c)
		return c.Err()
	}); failed != C.FLUTE_OK {
		return failed
	}
	return code
}

//export goObjectRead
func goObjectRead(
	h C.uintptr_t, path *C.char, offset C.uint64_t, buf unsafe.Pointer, capacity C.size_t, n *C.size_t,
	size *C.uint64_t, text *C.char,
) C.int {
	return with(h, text, func(s interface{ Shelved() *binding.Shelf }) error {
		if offset > 1<<63-1 {
			return binding.Wrong("offset is out of range")
		}
		length, whole, err := s.Shelved().ReadAt(textOf(path), bytesOf(buf, capacity), int64(offset))
		*n = C.size_t(length)
		if size != nil {
			*size = C.uint64_t(whole)
		}
		return err
	})
}

//export goObjectTake
func goObjectTake(
	h C.uintptr_t, path *C.char, buf unsafe.Pointer, capacity C.size_t, size *C.uint64_t, text *C.char,
) C.int {
	return with(h, text, func(s interface{ Shelved() *binding.Shelf }) error {
		whole, err := s.Shelved().Take(textOf(path), bytesOf(buf, capacity))
		*size = C.uint64_t(whole)
		return err
	})
}

//export goObjectDrop
func goObjectDrop(h C.uintptr_t, path *C.char, text *C.char) C.int {
	return with(h, text, func(s interface{ Shelved() *binding.Shelf }) error { return s.Shelved().Drop(textOf(path)) })
}

//export goNodeStart
func goNodeStart(config *C.char, h unsafe.Pointer, text *C.char) C.int {
	return call(text, func() error {
		n, err := binding.StartNode(textOf(config))
		if err != nil {
			return err
		}
		put(n, h)
		return nil
	})
}

//export goNodeStop
func goNodeStop(h C.uintptr_t, ms C.int64_t, text *C.char) C.int {
	return with(h, text, func(n *binding.Node) error { return n.Stop(patience(ms)) })
}

//export goNodeEventFD
func goNodeEventFD(h C.uintptr_t) C.int {
	n, err := binding.Find[*binding.Node](&handles, uintptr(h))
	if err != nil {
		return -1
	}
	return C.int(n.EventFD())
}

//export goNodeReceive
func goNodeReceive(
	h C.uintptr_t, config *C.char, memory C.uint64_t, ms C.int64_t, reception unsafe.Pointer, text *C.char,
) C.int {
	return with(h, text, func(n *binding.Node) error {
		r, err := n.Receive(textOf(config), uint64(memory), patience(ms))
		if err != nil {
			return err
		}
		put(r, reception)
		return nil
	})
}

//export goClose
func goClose(h C.uintptr_t, ms C.int64_t, text *C.char) C.int {
	return with(h, text, func(c interface{ CloseWithin(time.Duration) error }) error {
		return c.CloseWithin(patience(ms))
	})
}

//export goNodeSend
func goNodeSend(
	h C.uintptr_t, config *C.char, o *C.flute_oti, ms C.int64_t, sending unsafe.Pointer, text *C.char,
) C.int {
	return with(h, text, func(n *binding.Node) error {
		oti, err := otiOf(o)
		if err != nil {
			return err
		}
		s, err := n.Send(textOf(config), oti, patience(ms))
		if err != nil {
			return err
		}
		put(s, sending)
		return nil
	})
}

//export goSendingFinish
func goSendingFinish(h C.uintptr_t, text *C.char) C.int {
	return with(h, text, func(s *binding.Sending) error { return s.Finish(patienceOfCalls) })
}

//export goSendingWait
func goSendingWait(h C.uintptr_t, ms C.int64_t, text *C.char) C.int {
	return with(h, text, func(s *binding.Sending) error { return s.Wait(patience(ms)) })
}
