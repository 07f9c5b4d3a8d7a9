package ceil

import (
	"math"
	"testing"
)

func TestDiv(t *testing.T) {
	for _, test := range [...][3]uint64{
		{0, 7, 0},
		{1, 7, 1},
		{7, 7, 1},
		{8, 7, 2},
		{14, 7, 2},
		{5, 1, 5},
		{math.MaxUint64, 2, 1 << 63},
		{math.MaxUint64, 1, math.MaxUint64},
		{math.MaxUint64, math.MaxUint64, 1},
	} {
		if got := Div(test[0], test[1]); got != test[2] {
			t.Errorf("Div(%d, %d) = %d, want %d", test[0], test[1], got, test[2])
		}
	}
}
