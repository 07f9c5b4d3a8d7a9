package sender

import "strings"

// FileError says what is wrong with a File: it cannot be sent, or was not.
type FileError struct {
	ContentLocation string
	Field           string // of File; empty: none is to blame
	Err             error
}

// Error implements error.
func (e *FileError) Error() string {
	text := "sender: "
	if e.ContentLocation != "" {
		text += e.ContentLocation + ": "
	}
	if e.Field != "" {
		text += "File." + e.Field + ": "
	}
	return text + withoutPackage(e.Err.Error())
}

// withoutPackage returns the text of an error as a part of a longer one.
func withoutPackage(text string) string { return strings.TrimPrefix(text, "sender: ") }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// fault returns err as that of a field of f; nil remains nil.
func (f *File) fault(field string, err error) error {
	if err == nil {
		return nil
	}
	return &FileError{ContentLocation: f.ContentLocation, Field: field, Err: err}
}
