package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flute-node/flute-node/flute/sender"
)

// errTooLong reports a stream that is longer than it may be. Errors wrap it.
var errTooLong = errors.New("source: the stream is too long")

// Stream reads r to its end, and returns it as a file to send under a name with slashes. It blocks for as long as r
// goes on; the end of ctx is noticed between two reads. What is read is kept in a file of the folder for temporary
// files, which has no name and ends with the object, in whichever way; it has limit bytes at most.
func Stream(ctx context.Context, name string, r io.Reader, limit uint64) (sender.File, error) {
	spool, err := os.CreateTemp("", "flute-node-*")
	if err != nil {
		return sender.File{}, err
	}
	err = os.Remove(spool.Name())
	var n int64
	if err == nil {
		n, err = io.Copy(spool, io.LimitReader(&interruptible{ctx, r}, int64(min(limit, 1<<62)+1)))
	}
	if err == nil && uint64(n) > limit {
		err = fmt.Errorf("%w: more than %d bytes", errTooLong, limit)
	}
	if err != nil {
		return sender.File{}, errors.Join(err, spool.Close())
	}
	return sender.File{
		ContentLocation: Location(name), ContentType: ContentType(name, spool),
		Content: spool, Size: uint64(n), Owned: true,
	}, nil
}

// interruptible is a reader that ends with a context.
type interruptible struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
