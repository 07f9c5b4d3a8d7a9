package file

import "testing"

// TestRelease: what a kernel says of itself, of Linux and of distributions.
func TestRelease(t *testing.T) {
	for release, want := range map[string]bool{
		"5.8.0": true, "5.8.0-rc1": true, "5.8": true, "5.7.19": false, "5.10.0-8-amd64": true, "6.0.1": true,
		"4.19.0": false, "10.1": true, "3.10.0-1160.el7.x86_64": false, "": false, "5": false, "x.9": false,
	} {
		if isRelease(release, 5, 8) != want {
			t.Errorf("%q is 5.8 or later: %v", release, !want)
		}
	}
	if !isSince(2, 6) || isSince(1000, 0) {
		t.Error("the kernel of this machine")
	}
}
