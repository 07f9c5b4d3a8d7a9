package corebench

import (
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/internal/fecbench"
)

func config() fecbench.Config {
	return fecbench.Config{Registry: schemes.Default, Now: time.Now, Budget: time.Nanosecond, Bytes: 3 << 20}
}

// Every case sends and receives its files, whose bytes are compared.
func TestCases(t *testing.T) {
	for _, c := range Cases() {
		t.Run(fmt.Sprintf("%s K=%d", c.Name, c.K), func(t *testing.T) {
			b := New(config(), c)
			sent, err := b.Send()
			if err != nil {
				t.Fatal(err)
			}
			if want := uint64(len(b.files) * len(b.files[0])); sent.Bytes != want || sent.Runs == 0 || sent.Best <= 0 {
				t.Errorf("%+v, want %d bytes", sent, want)
			}
			for _, loss := range c.Losses {
				if _, err := b.Receive(loss); err != nil {
					t.Errorf("loss %v: %v", loss, err)
				}
			}
		})
	}
}

// What is lost really is: without repair symbols nothing is received, and Receive says so.
func TestLossIsReal(t *testing.T) {
	if _, err := New(config(), Cases()[0]).Receive(0.05); err == nil {
		t.Error("a file without FEC was received though symbols were lost")
	}
}

// Packets of a block: all source symbols but the lost ones, and as many repair symbols.
func TestPackets(t *testing.T) {
	c := Cases()[1]
	b := New(config(), c)
	none, err := b.packets(0)
	if err != nil {
		t.Fatal(err)
	}
	some, err := b.packets(0.05)
	if err != nil {
		t.Fatal(err)
	}
	if len(some) != len(none) {
		t.Errorf("%d packets at 5 %% loss, %d without: each lost symbol is replaced", len(some), len(none))
	}
}

// Files together have about the bytes that were asked for, none more than 255 blocks.
func TestFiles(t *testing.T) {
	for _, c := range Cases() {
		n, size := c.files(128 << 20)
		if sum := uint64(n) * size; sum > 128<<20 || sum < 100<<20 {
			t.Errorf("%s: %d files of %d bytes", c.Name, n, size)
		}
		if blocks := size / uint64(c.K) / symbol; blocks > maxBlocks || size%(uint64(c.K)*symbol) != 0 {
			t.Errorf("%s: %d blocks", c.Name, blocks)
		}
	}
}
