package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/lease"
)

// bucket is a lease.Bucket in memory that refuses to delete at first.
type bucket struct {
	mu       sync.Mutex
	values   map[string][]byte
	revision uint64
	deletes  int
}

func (b *bucket) Get(_ context.Context, key string) ([]byte, uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.values[key] == nil {
		return nil, 0, nil
	}
	return b.values[key], b.revision, nil
}

func (b *bucket) Put(_ context.Context, key string, value []byte, _ uint64) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revision++
	b.values[key] = value
	return b.revision, nil
}

func (b *bucket) Delete(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deletes++; b.deletes < 3 {
		return errors.New("nobody answers")
	}
	delete(b.values, key)
	return nil
}

func (*bucket) List(context.Context, string, func(string, []byte, uint64)) error { return nil }

// TestDescribed: the description of the API names all phases of a unit, and all kinds of sinks.
func TestDescribed(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum []any `json:"enum"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		schema, property string
		want             []string
	}{
		{"Unit", "phase", []string{
			phaseStarting, phaseStandby, phaseRunning, phaseWaiting, phaseFinished, phaseStopped,
		}},
		{"Sink", "kind", []string{"marker", "exec", "webhook", "s3", "nats", "kafka", config.FleetSink}},
	} {
		got := doc.Components.Schemas[one.schema].Properties[one.property].Enum
		if fmt.Sprint(got) != fmt.Sprint(one.want) {
			t.Errorf("%s.%s: %q, want %q", one.schema, one.property, got, one.want)
		}
	}
}

// TestForget: a file that is gone is forgotten, also if the servers do not answer at first: nobody asks for it again.
func TestForget(t *testing.T) {
	b := &bucket{values: map[string][]byte{}}
	l, err := lease.Acquire(t.Context(), lease.Config{
		Bucket: b, Name: "news", Site: "a", TTL: time.Hour,
		Session: flute.SessionKey{TSI: 7, Group: netip.MustParseAddrPort("239.1.1.1:1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release(t.Context())
	h := &held{Lease: l, unit: "out", name: "news", files: map[string]heldFile{}}
	if h.objects, err = l.Objects(t.Context()); err != nil {
		t.Fatal(err)
	}
	reserve := func(context.Context) (flute.TOI, error) { return flute.NewTOI(5), nil }
	if _, _, err := h.objects.Number(t.Context(), "file:///a", "1", reserve); err != nil {
		t.Fatal(err)
	}
	if err := h.Forget(t.Context(), "file:///a"); err != nil || b.deletes != 3 || len(b.values) != 1 {
		t.Errorf("%v after %d tries, %d values are there", err, b.deletes, len(b.values))
	}
}
