package fdt

import "errors"

// Kinds of errors. [Parse] and [Instance.AppendXML] return errors that wrap one of them and name the place.
var (
	// ErrLimit: the document exceeds one of the Limits.
	ErrLimit = errors.New("fdt: FDT Instance exceeds a limit")
	// ErrMalformed: not well-formed XML in a charset that is read, or with a DOCTYPE.
	ErrMalformed = errors.New("fdt: FDT Instance is malformed")
	// ErrInstance: well-formed, but no FDT Instance: another root element, or no valid Expires.
	ErrInstance = errors.New("fdt: not a valid FDT Instance")
	// ErrNotWritable: AppendXML was given values that an FDT Instance of the profile cannot say.
	ErrNotWritable = errors.New("fdt: FDT Instance cannot be written")
)
