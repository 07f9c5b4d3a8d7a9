package browser

import (
	"bytes"
	"crypto/rand"
	"flag"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/flute-node/flute-node/internal/child"
	"github.com/flute-node/flute-node/internal/netns"
)

// screenshots is the folder that pictures of the dashboard are written to.
var screenshots = flag.String("screenshots", "", "write pictures of the dashboard into this `folder`")

// freePort returns a port that stays free until its server starts.
func freePort(t *testing.T) uint16 {
	t.Helper()
	port, err := netns.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// daemon is a running flute-node with pairs that send to themselves over the loopback interface.
type daemon struct {
	at, folder string
	cmd        *exec.Cmd
}

// rates of the pairs, by the names of their units. Each is a carousel, so that what is waited for comes again: a
// machine that has other work may miss it the first time.
var rates = []struct{ name, rate string }{{"maps", "6Mbit"}, {"news", "1Mbit"}, {"weather", "3Mbit"}}

func run(t *testing.T) *daemon {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "flute-node")
	build := exec.Command("go", "build", "-o", program, "./cmd/flute-node")
	build.Dir = "../.." // the module of the product
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d := &daemon{at: fmt.Sprintf("127.0.0.1:%d", freePort(t)), folder: folder}
	text := fmt.Sprintf("node: {api: 'tcp:%s', api_token_file: %s/token}\n", d.at, folder)
	receive, send := "receive:\n", "send:\n"
	for i, p := range rates {
		group := netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 255, byte(os.Getpid()), byte(i + 1)}), freePort(t))
		if err := netns.Multicast(group); err != nil {
			t.Skipf("no multicast on the loopback interface: %v", err)
		}
		if err := os.Mkdir(filepath.Join(folder, p.name), 0o755); err != nil {
			t.Fatal(err)
		}
		receive += fmt.Sprintf("- {name: %s-in, group: %v, interface: lo, dir: %s/in}\n", p.name, group, folder)
		send += fmt.Sprintf("- {name: %s-out, to: %v, interface: lo, tsi: %d, watch: %s/%s, settle: 100ms, rate: %s, "+
			"fec: raptorq, block: 200, carousel: delay=20s}\n", p.name, group, i+1, folder, p.name, p.rate)
	}
	for name, text := range map[string]string{"flute-node.yaml": text + receive + send, "token": token} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	d.cmd = exec.Command(program, "run", "--config", filepath.Join(folder, "flute-node.yaml"))
	d.cmd.Stderr = &log
	if err := child.Bind(d.cmd).Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.cmd.Wait() }()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-done
		if t.Failed() {
			lines := strings.SplitAfter(log.String(), "\n")
			t.Logf("the latest of the daemon's log:\n%s", strings.Join(lines[max(0, len(lines)-8):], ""))
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", d.at)
		if err == nil {
			_ = c.Close()
			return d
		}
		if time.Now().After(end) {
			t.Fatal("the daemon does not answer")
		}
	}
}

// put puts a file of so many bytes into the folder of a pair, all at once: the disk may have other work.
func (d *daemon) put(t *testing.T, pair, name string, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.Read(content)
	made := filepath.Join(d.folder, "made")
	if err := os.WriteFile(made, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made, filepath.Join(d.folder, pair, name)); err != nil {
		t.Fatal(err)
	}
	return content
}

// cells is what the map of a file shows.
type cells struct {
	Name  string // of the file
	Words string
	State string
	Full  int
	All   int
}

// grow waits until the map of a file that is received has grown three times, and returns what it says then. A page that
// has come too late for that sees the next file, which is larger.
func (b *tab) grow(d *daemon, pair, name string, size int) (words string, content []byte) {
	b.t.Helper()
	const look = `(() => { const map = document.querySelector(".map"); return {
		Name: map.closest("section").querySelector("h2").textContent,
		Words: map.querySelector("svg").getAttribute("aria-label") ?? "", State: map.getAttribute("class"),
		Full: map.querySelectorAll(".c8").length, All: map.querySelectorAll("rect").length } })()`
	for try := range 3 {
		is := fmt.Sprintf("%s-%d.mbtiles", name, try+1)
		content = d.put(b.t, pair, is, size<<try)
		b.wait("document.querySelector('.map')?.closest('section').querySelector('h2').textContent.includes(" +
			quote(is) + ") && document.querySelector('.map rect')")
		before, grown := -1, 0
		for {
			c := see[cells](b, look)
			if !strings.Contains(c.Name, is) || c.State != "map receiving" || c.Full == c.All {
				b.t.Logf("%s: %+v after growing %d times", is, c, grown)
				break
			}
			if c.Full < before || c.All < 100 {
				b.t.Errorf("the map of %s had %d cells, and has %d of %d", is, before, c.Full, c.All)
			}
			if before >= 0 && c.Full > before {
				grown++
			}
			before = c.Full
			if grown == 3 {
				return c.Words, content
			}
			time.Sleep(700 * time.Millisecond)
		}
	}
	b.t.Fatal("no file is seen to grow")
	return "", nil
}

// TestTransfer: a file that a daemon receives is seen to fill, part by part, until it is whole; what is shown then is
// what lies on the disk. Each view can be read with a screen reader, in light and dark, on a desk and on a phone.
func TestTransfer(t *testing.T) {
	b := open(t)
	d := run(t)
	b.scheme("light")
	b.enter("http://"+d.at, token)
	b.wait("document.querySelectorAll('tbody tr').length === 3") // those that send
	b.wait("document.querySelector('#live').textContent === 'live'")

	const hostile = "<img src=x onerror=document.title='owned'>.txt"
	d.put(t, "maps", "africa.mbtiles", 3_000_000)
	d.put(t, "maps", hostile, 10_000)
	for i := range 5 {
		d.put(t, "news", fmt.Sprintf("edition-%d.html", i+1), 300_000)
		d.put(t, "weather", fmt.Sprintf("radar-%02d00.png", i+1), 500_000)
	}
	b.wait("[...document.querySelectorAll('.state.receiving')].length === 3")
	b.wait("[...document.querySelectorAll('.feed [data-event=object_completed]')].length > 0")
	time.Sleep(3 * time.Second) // for the picture
	b.accessible("overview")
	b.fits("overview")
	b.shot(*screenshots, "dashboard-overview")

	b.follow("tbody tr a")
	b.wait("document.querySelector('.map rect') && document.querySelector('h1').textContent === 'maps-in'")
	words, want := b.grow(d, "maps", "europe", 12_000_000)
	var part, size, blocks float64
	_, err := fmt.Sscanf(words, "%f %% of %f MiB, %f of", &part, &size, &blocks)
	if err != nil || part <= 0 || part >= 100 || math.Abs(size-float64(len(want))/(1<<20)) > 0.06 {
		t.Errorf("what the map says is %q: %v", words, err)
	}
	b.accessible("session")
	b.fits("session")
	b.scheme("dark")
	time.Sleep(300 * time.Millisecond)
	b.shot(*screenshots, "dashboard-session")
	b.scheme("light")

	const whole = "document.querySelectorAll('.map .c8').length === document.querySelectorAll('.map rect').length"
	b.wait("document.querySelector('.map.whole') && " + whole)
	words = see[string](b, "document.querySelector('.map svg').getAttribute('aria-label')")
	_, path, _ := strings.Cut(words, "published as ")
	got, err := os.ReadFile(filepath.Join(d.folder, "in", filepath.FromSlash(path)))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, %v", path, len(got), err)
	}
	b.wait("[...document.querySelectorAll('tbody bdi')].some((e) => e.textContent === " + quote("maps/"+hostile) + ")")
	if title := see[string](b, "document.title"); title != "maps-in – flute-node" {
		t.Errorf("the title is %q", title)
	}

	views := []struct{ key, name, has string }{
		{"2", "sending", "document.querySelectorAll('.stack section').length === 3"},
		{"3", "tree", "[...document.querySelectorAll('.tree bdi')].some((e) => e.textContent === 'hub')"},
		{"4", "events", "document.querySelectorAll('.feed [data-event=object_completed]').length > 0"},
		{"1", "overview", "document.querySelectorAll('tbody tr').length === 6"},
	}
	for _, v := range views {
		b.press(v.key)
		b.wait(v.has)
		b.accessible(v.name)
		b.fits(v.name)
	}
	d.put(t, "maps", "asia.mbtiles", 6_000_000)
	d.put(t, "weather", "wind.grib", 3_000_000)
	b.press("2")
	// What is sent, and when: in one picture, which comes with each turn of the carousel.
	b.wait(`[...document.querySelectorAll(".carousel")].some((e) => e.querySelector(".turn") &&
		[...e.querySelectorAll(".sending > .sent")].some((s) => s.getAttribute("width") > 0) &&
		/^[1-9]\d* of \d+ in transfer: .*; next weather\/(radar-|wind)/.test(
			e.querySelector("svg").getAttribute("aria-label")))`)
	b.shot(*screenshots, "dashboard-sending")
	b.follow("section[aria-label='Sending weather-out'] h2 a")
	b.wait("document.querySelector('.map svg')?.getAttribute('aria-label').includes('of this turn is sent')")
	b.accessible("what is sent of a file")
	b.fits("what is sent of a file")
	b.phone()
	for _, v := range views {
		b.press(v.key)
		b.wait(v.has)
		b.accessible(v.name + " on a phone")
		b.fits(v.name + " on a phone")
	}
	b.shot(*screenshots, "dashboard-phone")

	// The switch is kept.
	b.scheme("light")
	light := see[string](b, "getComputedStyle(document.body).backgroundColor")
	b.press("tt")
	b.wait("document.documentElement.dataset.theme === 'dark' && " +
		"getComputedStyle(document.body).backgroundColor !== " + quote(light))
	b.do(chromedp.Reload())
	b.wait("document.documentElement.dataset.theme === 'dark'")

	// A daemon that is gone is told; the page, which has got its first answer, stays.
	b.wait("document.querySelector('#live').textContent === 'live'")
	b.wait("document.querySelectorAll('tbody tr').length === 6")
	_ = d.cmd.Process.Kill()
	b.wait("document.querySelector('#live').textContent.startsWith('offline, as of ')")
	b.wait("document.querySelectorAll('tbody tr').length === 6")
}
