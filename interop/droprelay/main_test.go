package main

import "testing"

func TestParse(t *testing.T) {
	for to, good := range map[string]bool{
		"239.1.1.2:5001": true, "239.1.1.2:5000": false, "127.0.0.1:5000": true, "x": false,
	} {
		if _, err := parse([]string{"-from", "239.1.1.1:5000", "-to", to}); (err == nil) != good {
			t.Errorf("to %s: %v", to, err)
		}
	}
}
