package browser

import (
	"bytes"
	"crypto/rand"
	"flag"
	"fmt"
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

// freePort returns a port that nobody uses.
func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// daemon is a running flute-node with pairs that send to themselves over the loopback interface.
type daemon struct {
	at, folder string
	cmd        *exec.Cmd
}

// rates of the pairs, by the names of their units.
var rates = []struct{ name, rate, more string }{
	{"maps", "6Mbit", ""}, {"news", "1Mbit", ""}, {"weather", "3Mbit", ", carousel: delay=20s"},
}

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
			"fec: raptorq, block: 200%s}\n", p.name, group, i+1, folder, p.name, p.rate, p.more)
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
			t.Logf("%.4000s", log.String())
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

// put puts a file of so many bytes into the folder of a pair.
func (d *daemon) put(t *testing.T, pair, name string, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.Read(content)
	if err := os.WriteFile(filepath.Join(d.folder, pair, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
	return content
}

// TestTransfer: a file that a daemon receives is seen to fill, part by part, until it is whole; what is shown then is
// what lies on the disk. Each view can be read with a screen reader, in light and dark, on a desk and on a phone.
func TestTransfer(t *testing.T) {
	d := run(t)
	b := open(t)
	b.scheme("light")
	b.enter("http://"+d.at, token)
	b.wait("document.querySelectorAll('tbody tr').length === 3") // those that send
	b.wait("document.querySelector('#live').textContent === 'live'")

	const hostile = "<img src=x onerror=document.title='owned'>.txt"
	want := d.put(t, "maps", "europe.mbtiles", 12_000_000)
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

	b.do(chromedp.Click(chromedp.CSS("tbody tr a")))
	b.wait("document.querySelector('.map rect') && document.querySelector('h1').textContent === 'maps-in'")
	b.wait("document.querySelector('.map').closest('section').querySelector('h2').textContent.includes('europe')")
	full := "document.querySelectorAll('.map .c8').length"
	before := -1
	grown := 0
	for grown < 3 {
		n := see[int](b, full)
		if n < before {
			t.Errorf("the map had %d cells, and has %d", before, n)
		}
		if n > before && before >= 0 {
			grown++
		}
		before = n
		if all := see[int](b, "document.querySelectorAll('.map rect').length"); all < 100 || n == all && grown < 3 {
			t.Fatalf("%d of %d cells after growing %d times", n, all, grown)
		}
		time.Sleep(700 * time.Millisecond)
	}
	const label = "document.querySelector('.map svg').getAttribute('aria-label')"
	words := see[string](b, label)
	var part, blocks float64
	if _, err := fmt.Sscanf(words, "%f %% of 11.4 MiB, %f of", &part, &blocks); err != nil || part <= 0 || part >= 100 {
		t.Errorf("what the map says is %q: %v", words, err)
	}
	b.accessible("session")
	b.fits("session")
	b.scheme("dark")
	time.Sleep(300 * time.Millisecond)
	b.shot(*screenshots, "dashboard-session")
	b.scheme("light")

	b.wait("document.querySelector('.map.whole') && " + full + " === document.querySelectorAll('.map rect').length")
	words = see[string](b, label)
	_, path, _ := strings.Cut(words, "published as ")
	got, err := os.ReadFile(filepath.Join(d.folder, "in", filepath.FromSlash(path)))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, %v", path, len(got), err)
	}
	shown := "[...document.querySelectorAll('tbody bdi')].some((e) => e.textContent === " + quote("maps/"+hostile) + ")"
	if !see[bool](b, shown) {
		t.Error("the file with markup in its name is not shown")
	}
	if title := see[string](b, "document.title"); title != "maps-in – flute-node" {
		t.Errorf("the title is %q", title)
	}

	for _, v := range []struct{ key, name, has string }{
		{"2", "sending", "document.querySelectorAll('.stack section').length === 3"},
		{"3", "tree", "[...document.querySelectorAll('.tree bdi')].some((e) => e.textContent === 'hub')"},
		{"4", "events", "document.querySelectorAll('.feed [data-event=object_completed]').length > 0"},
		{"1", "overview", "document.querySelectorAll('tbody tr').length === 6"},
	} {
		b.press(v.key)
		b.wait(v.has)
		b.accessible(v.name)
		b.fits(v.name)
	}
	d.put(t, "maps", "asia.mbtiles", 6_000_000)
	d.put(t, "weather", "wind.grib", 3_000_000)
	b.press("2")
	const turn = "[...document.querySelectorAll('.carousel')].find((e) => e.querySelector('.turn') && " +
		"e.querySelector('g > .sent')?.getAttribute('width') > 0)"
	b.wait(turn)
	words = see[string](b, turn+".querySelector('svg').getAttribute('aria-label')")
	if !strings.Contains(words, "in transfer") || !strings.Contains(words, "; next weather/radar-") {
		t.Errorf("what is sent, and when: %q", words)
	}
	b.shot(*screenshots, "dashboard-sending")
	b.do(chromedp.Click(chromedp.CSS("section[aria-label='Sending weather-out'] h2 a")))
	b.wait("document.querySelector('.map svg')?.getAttribute('aria-label').includes('of this turn is sent')")
	b.accessible("what is sent of a file")
	b.fits("what is sent of a file")
	b.phone()
	for _, key := range []string{"2", "3", "4", "1"} {
		b.press(key)
		time.Sleep(1200 * time.Millisecond)
		b.accessible("phone " + key)
		b.fits("phone " + key)
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

	// A daemon that is gone is told; the page stays.
	_ = d.cmd.Process.Kill()
	b.wait("document.querySelector('#live').textContent.startsWith('offline, as of ')")
	b.wait("document.querySelectorAll('tbody tr').length === 6")
}
