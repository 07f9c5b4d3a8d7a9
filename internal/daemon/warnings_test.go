package daemon

import (
	"os"
	"strings"
	"testing"
)

// TestReloadWarns: what is surely not meant is told at the start and at each reload, which takes effect all the same.
func TestReloadWarns(t *testing.T) {
	d, f, log := startDaemon(t, "send:\n"+section("a", ", weight: 2"))
	const text = "send a: weight does nothing without node.rate"
	if !strings.Contains(log.String(), text) {
		t.Errorf("not told at the start:\n%s", log)
	}
	const doubt = "node.rate: at a rate of 100 bit/s"
	f.write("send:\n" + section("a", ""))
	if r := d.Reload(); !r.OK || len(r.Warnings) != 1 || strings.Contains(log.String(), doubt) {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(f.path, []byte("node: {api: off, rate: 100}\nsend:\n"+section("a", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := d.Reload(); !r.OK || len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0].Text, doubt) ||
		r.Warnings[0].Line != 1 {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(log.String(), doubt) {
		t.Errorf("the rate of a reload is not judged:\n%s", log)
	}
}
