package sender

import (
	"errors"
	"fmt"
)

// errNoRenewer says that content has changed and there is nothing to encode it into.
var errNoRenewer = fmt.Errorf("%w: it changed, and its Scratch is no Renewer", errSource)

// errSpent is of no Scratch that a caller sees.
var errSpent = errors.New("sender: the Scratch was closed")

// spent is a Scratch that was closed, since its file is sent without content encoding. The next version of the file may
// be one to encode.
type spent struct{ of Scratch }

func (spent) Write([]byte) (int, error)         { return 0, errSpent }
func (spent) ReadAt([]byte, int64) (int, error) { return 0, errSpent }

// Renew implements Renewer.
func (s spent) Renew() (Scratch, error) {
	if r, ok := s.of.(Renewer); ok {
		return r.Renew()
	}
	return nil, errNoRenewer
}

// spend closes the Scratch of o if its bytes are not sent, and if it need not be left to the caller.
func (o *Object) spend() {
	if o.scratch == nil || !o.owned || o.file.isEncoded() {
		return
	}
	closeScratch(o.scratch)
	o.scratch = spent{o.scratch}
}
