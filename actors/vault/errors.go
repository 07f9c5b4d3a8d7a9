package vault

import "errors"

// errStopped fails work that had not begun when the store actor ended.
var errStopped = errors.New("vault: the store is stopping")
