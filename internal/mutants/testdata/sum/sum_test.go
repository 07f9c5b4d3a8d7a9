package sum

import (
	"slices"
	"testing"
)

func TestUntil(t *testing.T) {
	if Until(5, true) != 10 || Until(5, false) != -1 || Until(200, true) != -1 {
		t.Error("wrong")
	}
}

func TestTwice(t *testing.T) {
	if got := Twice([]int{1, 2}); !slices.Equal(got, []int{2, 4}) {
		t.Error("wrong")
	}
}
