//go:build !purego

package md5many

import (
	"testing"

	"github.com/flute-node/flute-node/internal/asmtest"
)

func TestGenerated(t *testing.T) { asmtest.Generated(t, "md5many") }
