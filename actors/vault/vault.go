package vault

import (
	"sync"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
)

// Key names a session in the Vault. Two receptions of one node may listen to the same transport session.
type Key struct {
	Reception uint64
	Session   flute.SessionKey
}

// Vault holds the Ledgers of all sessions. It is safe for concurrent use; each Ledger has one user at a time, which
// whoever takes it must ensure.
type Vault struct {
	mu      sync.Mutex
	ledgers map[Key]*receiver.Ledger
}

// New returns an empty Vault.
func New() *Vault { return &Vault{ledgers: map[Key]*receiver.Ledger{}} }

// Ledger returns the Ledger of key, made with cfg if there is none.
func (v *Vault) Ledger(key Key, cfg *receiver.Config) *receiver.Ledger {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.ledgers[key]
	if l == nil {
		l = receiver.NewLedger(cfg, key.Session)
		v.ledgers[key] = l
	}
	return l
}

// Forget drops the Ledger of a session that is over.
func (v *Vault) Forget(key Key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.ledgers, key)
}

// Len returns the number of sessions.
func (v *Vault) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.ledgers)
}
