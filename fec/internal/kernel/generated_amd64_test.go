//go:build !purego

package kernel

import (
	"testing"

	"github.com/flute-node/flute-node/internal/asmtest"
)

func TestGenerated(t *testing.T) { asmtest.Generated(t, "kernel") }
