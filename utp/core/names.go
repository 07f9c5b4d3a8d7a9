package core

import public "github.com/flute-node/flute-node/utp/connection" // tests have a type connection

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

// The errors that end a connection.
var (
	ErrClosed  = public.ErrClosed
	ErrReset   = public.ErrReset
	ErrRefused = public.ErrRefused
	ErrTimeout = public.ErrTimeout
	ErrAborted = public.ErrAborted
)
