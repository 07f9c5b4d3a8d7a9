package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long the page may take to show something, on a machine that has other work.
const patience = time.Minute

// tab is a page in a browser of its own.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string // exceptions, and what the policy has refused
	shown  string   // what the page showed when something was never true
}

// open starts a browser. The test is skipped where there is none.
func open(t *testing.T, more ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU)
	options = append(options, more...)
	// The context of the test ends before the functions of Cleanup, which ask the page what it shows.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.do(chromedp.EmulateViewport(1280, 800))
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			text, _ := json.Marshal(e.ExceptionDetails)
			b.faults = append(b.faults, string(text))
		}
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, f := range b.faults {
			t.Errorf("the page has thrown: %.600s", f)
		}
		if !t.Failed() {
			return
		}
		if b.shown == "" {
			b.shown = b.text()
		}
		t.Logf("the page showed: %s", b.shown)
	})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// see evaluates an expression of JavaScript.
func see[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until an expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var ok bool
		if ok, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
		if time.Now().After(end) {
			break
		}
	}
	b.shown = b.text()
	b.t.Fatalf("never true: %s (%v)", expression, err)
}

// text is the beginning of what the page shows, with its address, in one line.
func (b *tab) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.1400s", strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), " | "))
}

// follow takes a link by the keyboard. A click goes to a place on the screen, where after the next answer of the daemon
// another element may be.
func (b *tab) follow(selector string) {
	b.t.Helper()
	link := "document.querySelector(" + quote(selector) + ")"
	b.wait(link + " && (" + link + ".focus(), document.activeElement === " + link + ")")
	b.press("\r")
}

// press presses keys.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// scheme has the system prefer light or dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	}))
}

// phone makes the page as small as that of a phone.
func (b *tab) phone() {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
}

// quote writes a text as JavaScript.
func quote(text string) string {
	q, _ := json.Marshal(text)
	return string(q)
}

// shot writes what the page looks like into a folder; empty: nothing is written.
func (b *tab) shot(folder, name string) {
	b.t.Helper()
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

//go:embed access.js
var access string

// accessible checks labels, structure and contrast of what is shown, in light and in dark.
func (b *tab) accessible(what string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, problem := range see[[]string](b, access) {
			b.t.Errorf("%s, %s: %s", what, scheme, problem)
		}
	}
	b.scheme("light")
}

// wider lists what reaches beyond the page.
const wider = `[...document.querySelectorAll("body *")].filter((e) =>
  e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).slice(0, 8).map((e) =>
  e.tagName + "." + (e.getAttribute("class") ?? "") + " to " + e.getBoundingClientRect().right.toFixed() + ": " +
  e.textContent.slice(0, 60)).join("\n")`

// fits checks that nothing is wider than the page.
func (b *tab) fits(what string) {
	b.t.Helper()
	over := see[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
	if over > 0 {
		b.t.Errorf("%s: the page is %d pixels wider than its window:\n%s", what, over, see[string](b, wider))
	}
}
