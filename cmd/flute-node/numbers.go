package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// The types of flags whose zero means that they were not given, or that have a least value. Without them kong takes a
// zero for a flag that was left out, and a negative number for a default.
const (
	typePositive = "positive" // type:"positive": 1 or more, or a time above 0
	typeNatural  = "natural"  // type:"natural": 0 or more
)

// numbers returns the mapper of integers and durations that are at least least.
func numbers(least int64) kong.MapperFunc {
	leastTime := "of 0 or more"
	if least > 0 {
		leastTime = "above 0"
	}
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("number", &text); err != nil {
			return err
		}
		if target.Type() == reflect.TypeFor[time.Duration]() {
			d, err := time.ParseDuration(text)
			if err != nil || int64(d) < least {
				return fmt.Errorf("%q is no time %s, such as 30s, 5m or 1h30m", text, leastTime)
			}
			target.SetInt(int64(d))
			return nil
		}
		bits := target.Type().Bits()
		if target.CanInt() {
			bits-- // without the sign
		}
		v, err := strconv.ParseUint(text, 10, bits)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return fmt.Errorf("%s is too large: take %d to %d", text, least, uint64(1)<<bits-1)
		case err != nil || v < uint64(least):
			return fmt.Errorf("%q is no whole number of %d or more", text, least)
		}
		if target.CanInt() {
			target.SetInt(int64(v))
		} else {
			target.SetUint(v)
		}
		return nil
	}
}
