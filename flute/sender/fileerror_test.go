package sender

import "testing"

// TestFileErrorText: an error names the file, if it has a name, and what is wrong with it.
func TestFileErrorText(t *testing.T) {
	for _, c := range []struct{ location, want string }{
		{"", "sender: File.ContentLocation: is empty"},
		{"a b", "sender: a b: File.ContentLocation: character ' ' must be percent-encoded"},
	} {
		if _, err := Prepare(t.Context(), File{ContentLocation: c.location}, nil); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %q", c.location, err, c.want)
		}
	}
}
