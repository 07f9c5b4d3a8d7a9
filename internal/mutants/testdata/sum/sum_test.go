package sum

import "testing"

func TestUntil(t *testing.T) {
	if Until(5, true) != 10 || Until(5, false) != -1 || Until(200, true) != -1 {
		t.Error("wrong")
	}
}
