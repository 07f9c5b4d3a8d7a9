package main

import (
	"reflect"
	"time"

	"github.com/alecthomas/kong"

	"github.com/flute-node/flute-node/internal/settings"
)

// The types of flags whose zero means that they were not given, or that have a least value. Without them kong takes a
// zero for a flag that was left out, and a negative number for a default.
const (
	typePositive = "positive" // type:"positive": 1 or more, or a time above 0
	typeNatural  = "natural"  // type:"natural": 0 or more
)

// numbers returns the mapper of integers and durations that are at least least.
func numbers(least int64) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("number", &text); err != nil {
			return err
		}
		if target.Type() == reflect.TypeFor[time.Duration]() {
			d, err := settings.ParseDuration(text, least > 0)
			target.SetInt(int64(d))
			return err
		}
		bits := target.Type().Bits()
		if target.CanInt() {
			bits-- // without the sign
		}
		v, err := settings.ParseNumber(text, uint64(least), 1<<bits-1)
		if target.CanInt() {
			target.SetInt(int64(v))
		} else {
			target.SetUint(v)
		}
		return err
	}
}
