package daemon

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/config"
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

// TestDiskThatAnswers: a question that was answered holds up none after it, however soon that is asked.
func TestDiskThatAnswers(t *testing.T) {
	d, _, log := startDaemon(t, "")
	for d.judging.Load() { // the question of the start, on a disk that has other work
		time.Sleep(time.Millisecond)
	}
	var asked atomic.Int32
	for n := range int32(50_000) {
		d.judge(d.cfg, func(*config.Config) config.Errors { asked.Add(1); return nil })
		if asked.Load() != n+1 {
			t.Fatalf("question %d is not asked\n%s", n, log)
		}
	}
}

// TestDiskThatHangs: a disk that does not answer holds up no reload, and no second question is put to it.
func TestDiskThatHangs(t *testing.T) {
	d, _, log := startDaemon(t, "")
	answer, asked := make(chan struct{}), 0
	hang := func(*config.Config) config.Errors {
		asked++
		<-answer
		return nil
	}
	for n := range 2 {
		if list := d.judge(d.cfg, hang); len(list) > 0 || strings.Count(log.String(), "a disk does not answer") != n+1 {
			t.Errorf("%v\n%s", list, log)
		}
	}
	close(answer)
	for d.judging.Load() {
		time.Sleep(time.Millisecond)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if d.judge(d.cfg, func(*config.Config) config.Errors { return config.Errors{{Text: "x"}} }) == nil {
		t.Error("nothing is told of a disk that answers again")
	}
}
