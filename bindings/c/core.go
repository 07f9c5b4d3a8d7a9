//go:build cgo

package main

/*
#include "flute_node.h"
*/
import "C"

import (
	"net/netip"
	"time"
	"unsafe"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/binding"
)

//export goOTICheck
func goOTICheck(o *C.flute_oti, text *C.char) (code C.int) {
	return call(text, func() error {
		oti, err := otiOf(o)
		if err != nil {
			return err
		}
		return oti.Check()
	})
}

// call runs f, and tells what came of it. A panic is an error.
func call(text *C.char, f func() error) C.int {
	return ret(func() (err error) {
		defer binding.Guard(&err)
		return f()
	}(), text)
}

// with runs f with what is behind a handle.
func with[T any](h C.uintptr_t, text *C.char, f func(T) error) C.int {
	return call(text, func() error {
		v, err := binding.Find[T](&handles, uintptr(h))
		if err != nil {
			return err
		}
		return f(v)
	})
}

//export goSenderNew
func goSenderNew(config *C.char, o *C.flute_oti, flags C.uint32_t, h unsafe.Pointer, text *C.char) C.int {
	return call(text, func() error {
		oti, err := otiOf(o)
		if err != nil {
			return err
		}
		s, err := binding.NewSender(textOf(config), oti, flags&C.FLUTE_MANUAL != 0)
		if err != nil {
			return err
		}
		put(s, h)
		return nil
	})
}

// adder takes files.
type adder interface {
	Add(content []byte, borrowed bool, text string, oti *binding.OTI) (uint64, error)
	AddFile(path, text string, oti *binding.OTI) (uint64, error)
	Ended(tois []uint64) int
}

//export goAdd
func goAdd(
	h C.uintptr_t, data unsafe.Pointer, n C.size_t, file *C.char, o *C.flute_oti, flags C.uint32_t, toi *C.uint64_t,
	text *C.char,
) C.int {
	return with(h, text, func(a adder) error {
		oti, err := otiOf(o)
		if err != nil {
			return err
		}
		id, err := a.Add(bytesOf(data, n), flags&C.FLUTE_BORROW != 0, textOf(file), oti)
		if toi != nil {
			*toi = C.uint64_t(id)
		}
		return err
	})
}

//export goAddFile
func goAddFile(h C.uintptr_t, path, file *C.char, o *C.flute_oti, toi *C.uint64_t, text *C.char) C.int {
	return with(h, text, func(a adder) error {
		oti, err := otiOf(o)
		if err != nil {
			return err
		}
		id, err := a.AddFile(textOf(path), textOf(file), oti)
		if toi != nil {
			*toi = C.uint64_t(id)
		}
		return err
	})
}

//export goEnded
func goEnded(h C.uintptr_t, tois *C.uint64_t, n C.size_t, count *C.size_t, text *C.char) C.int {
	return with(h, text, func(a adder) error {
		*count = 0
		if tois != nil {
			*count = C.size_t(a.Ended(unsafe.Slice((*uint64)(unsafe.Pointer(tois)), int(n))))
		}
		return nil
	})
}

//export goSenderDo
func goSenderDo(h C.uintptr_t, what C.int, text *C.char) C.int {
	return with(h, text, func(s *binding.Sender) error {
		return s.Call(func(core *sender.Session) error {
			if what == 0 {
				return core.Publish()
			}
			return core.SetComplete()
		})
	})
}

//export goSenderMaxPacket
func goSenderMaxPacket(h C.uintptr_t, n *C.size_t, text *C.char) C.int {
	return with(h, text, func(s *binding.Sender) error {
		*n = C.size_t(s.MaxPacket())
		return nil
	})
}

//export goSenderRead
func goSenderRead(
	h C.uintptr_t, now C.int64_t, buf unsafe.Pointer, capacity C.size_t, n *C.size_t, text *C.char,
) (code C.int) {
	code = C.FLUTE_OK
	if failed := with(h, text, func(s *binding.Sender) error {
		length, c, err := s.Read(binding.TimeOf(int64(now)), bytesOf(buf, capacity))
		*n, code = C.size_t(length), C.int(c)
		return err
	}); failed != C.FLUTE_OK {
		return failed
	}
	return code
}

//export goSenderReadBatch
func goSenderReadBatch(
	h C.uintptr_t, now C.int64_t, buf unsafe.Pointer, capacity C.size_t, lengths *C.uint32_t, most C.size_t,
	count *C.size_t, text *C.char,
) (code C.int) {
	if failed := with(h, text, func(s *binding.Sender) error {
		into := unsafe.Slice((*uint32)(unsafe.Pointer(lengths)), int(most))
		n, c, err := s.ReadBatch(binding.TimeOf(int64(now)), bytesOf(buf, capacity), into)
		*count, code = C.size_t(n), C.int(c)
		return err
	}); failed != C.FLUTE_OK {
		return failed
	}
	return code
}

//export goSenderCloseSession
func goSenderCloseSession(
	h C.uintptr_t, buf unsafe.Pointer, capacity C.size_t, n *C.size_t, text *C.char,
) C.int {
	return with(h, text, func(s *binding.Sender) error {
		length, err := s.CloseSession(bytesOf(buf, capacity))
		*n = C.size_t(length)
		return err
	})
}

//export goSenderPending
func goSenderPending(h C.uintptr_t, objects *C.uint64_t, text *C.char) C.int {
	return with(h, text, func(s *binding.Sender) error {
		*objects = C.uint64_t(s.Pending())
		return nil
	})
}

//export goEndpointParse
func goEndpointParse(e *C.flute_endpoint, source, group *C.char, text *C.char) C.int {
	return call(text, func() error {
		if source != nil {
			a, err := netip.ParseAddr(textOf(source))
			if err != nil {
				return binding.Wrong("source %.60q is no address", textOf(source))
			}
			e.source_len = putAddress(a, (*[16]byte)(unsafe.Pointer(&e.source)))
		}
		a, err := netip.ParseAddr(textOf(group))
		if err != nil {
			return binding.Wrong("group %.60q is no address", textOf(group))
		}
		e.group_len = putAddress(a, (*[16]byte)(unsafe.Pointer(&e.group)))
		return nil
	})
}

//export goOutcomeName
func goOutcomeName(outcome C.int32_t, text *C.char, n C.size_t) {
	say(binding.OutcomeName(binding.Outcome(outcome)), text, int(n))
}

//export goReceiverNew
func goReceiverNew(config *C.char, memory C.uint64_t, h unsafe.Pointer, text *C.char) C.int {
	return call(text, func() error {
		r, err := binding.NewReceiver(textOf(config), uint64(memory))
		if err != nil {
			return err
		}
		put(r, h)
		return nil
	})
}

//export goReceiverPush
func goReceiverPush(
	h C.uintptr_t, e *C.flute_endpoint, now C.int64_t, data unsafe.Pointer, n C.size_t, outcome *C.int32_t,
	text *C.char,
) C.int {
	return with(h, text, func(r *binding.Receiver) error {
		key, port := keyFor(r, e)
		o, err := r.Push(binding.TimeOf(int64(now)), key, port, bytesOf(data, n))
		if outcome != nil {
			*outcome = C.int32_t(o)
		}
		return err
	})
}

// keyFor returns what is known of an endpoint; nil: that of the receiver.
func keyFor(r *binding.Receiver, e *C.flute_endpoint) (flute.SessionKey, uint16) {
	if e == nil {
		return r.Endpoint()
	}
	return keyOf(e)
}

//export goReceiverSetEndpoint
func goReceiverSetEndpoint(h C.uintptr_t, e *C.flute_endpoint, text *C.char) C.int {
	return with(h, text, func(r *binding.Receiver) error {
		r.SetEndpoint(keyOf(e))
		return nil
	})
}

// goReceiverTake is written out: it is called for each datagram, by languages in which a call costs much already.
//
//export goReceiverTake
func goReceiverTake(h C.uintptr_t, data unsafe.Pointer, n C.size_t, text *C.char) (code C.int) {
	defer func() {
		if r := recover(); r != nil {
			code = ret(binding.Fault(r), text)
		}
	}()
	r, err := binding.Find[*binding.Receiver](&handles, uintptr(h))
	if err != nil {
		return ret(err, text)
	}
	key, port := r.Endpoint()
	o, err := r.Push(time.Now(), key, port, bytesOf(data, n))
	if err != nil {
		return ret(err, text)
	}
	return C.int(o)
}

//export goReceiverPushBatch
func goReceiverPushBatch(
	h C.uintptr_t, e *C.flute_endpoint, now C.int64_t, data unsafe.Pointer, n C.size_t, lengths *C.uint32_t,
	count C.size_t, outcomes *C.int32_t, text *C.char,
) C.int {
	return with(h, text, func(r *binding.Receiver) error {
		key, port := keyFor(r, e)
		var into []binding.Outcome
		if outcomes != nil {
			into = unsafe.Slice((*binding.Outcome)(unsafe.Pointer(outcomes)), int(count))
		}
		return r.PushBatch(binding.TimeOf(int64(now)), key, port, bytesOf(data, n),
			unsafe.Slice((*uint32)(unsafe.Pointer(lengths)), int(count)), into)
	})
}

//export goReceiverCleanup
func goReceiverCleanup(h C.uintptr_t, now C.int64_t, text *C.char) C.int {
	return with(h, text, func(r *binding.Receiver) error { return r.Tidy(binding.TimeOf(int64(now))) })
}

//export goDeadline
func goDeadline(h C.uintptr_t, at *C.int64_t, text *C.char) C.int {
	return with(h, text, func(d interface{ Deadline() time.Time }) error {
		*at = C.int64_t(binding.NanosOf(d.Deadline()))
		return nil
	})
}

//export goHeaderParse
func goHeaderParse(data unsafe.Pointer, n C.size_t, h *C.flute_header, text *C.char) C.int {
	return call(text, func() error {
		p, err := binding.ParseHeader(bytesOf(data, n))
		if err != nil {
			return err
		}
		flag := func(b bool) C.uint8_t {
			if b {
				return 1
			}
			return 0
		}
		*h = C.flute_header{
			tsi: C.uint64_t(p.TSI), toi_high: C.uint64_t(p.TOIHigh), toi: C.uint64_t(p.TOI),
			cci_high: C.uint64_t(p.CCI[0]), cci: C.uint64_t(p.CCI[1]), sbn: C.uint32_t(p.SBN), esi: C.uint32_t(p.ESI),
			fdt_instance_id: C.uint32_t(p.InstanceID), has_payload_id: flag(p.HasPayloadID), has_fdt: flag(p.FDT),
			codepoint: C.uint8_t(p.Codepoint), close_session: flag(p.CloseSession), close_object: flag(p.CloseObject),
		}
		return nil
	})
}
