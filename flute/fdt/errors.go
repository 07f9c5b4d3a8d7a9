package fdt

import "errors"

// Kinds of errors. [Parse] and [Instance.AppendXML] return errors that wrap one of them and name the place.
var (
	// errLimit: the document exceeds one of the Limits.
	errLimit = errors.New("fdt: FDT Instance exceeds a limit")
	// errMalformed: not well-formed XML in a charset that is read, or with a DOCTYPE.
	errMalformed = errors.New("fdt: FDT Instance is malformed")
	// errInstance: well-formed, but no FDT Instance: another root element, or no valid Expires.
	errInstance = errors.New("fdt: not a valid FDT Instance")
	// ErrNotWritable: AppendXML was given values that an FDT Instance of the profile cannot say.
	ErrNotWritable = errors.New("fdt: FDT Instance cannot be written")
)
