package core

import (
	"errors"

	public "github.com/flute-node/flute-node/utp/connection" // tests have a type connection
)

// Config is how connections behave.
type Config = public.Config

// Congestion names a congestion control.
type Congestion = public.Congestion

// Stats is what a connection has done so far.
type Stats = public.Stats

// Drops counts received datagrams that changed nothing.
type Drops = public.Drops

// HandshakeStats counts packets of no connection.
type HandshakeStats = public.HandshakeStats

// The congestion controls.
const (
	LEDBAT         = public.LEDBAT
	LEDBATPlusPlus = public.LEDBATPlusPlus
	Cubic          = public.Cubic
)

// The errors that end a connection. After each but ErrClosed, bytes may be lost.
var (
	ErrClosed  = errors.New("utp: connection closed by this end")
	ErrReset   = public.ErrReset
	ErrRefused = public.ErrRefused
	ErrTimeout = public.ErrTimeout
	ErrAborted = public.ErrAborted
)
