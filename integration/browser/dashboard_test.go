package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// enter logs in.
func (b *tab) enter(at, token string) {
	b.t.Helper()
	b.do(chromedp.Navigate(at), chromedp.WaitVisible(chromedp.CSS("#token")),
		chromedp.SendKeys(chromedp.CSS("#token"), token), chromedp.Click(chromedp.CSS("button.primary")))
	b.wait("document.querySelector('nav')")
}

// TestLogin: without the token there is nothing to see; a wrong one is told; logging out ends it.
func TestLogin(t *testing.T) {
	f := &fake{sessions: 2, name: "file:///a"}
	at := f.serve(t)
	b := open(t)
	b.do(chromedp.Navigate(at))
	b.wait("location.pathname === '/login' && document.activeElement.id === 'token'")
	b.accessible("login")
	b.do(chromedp.SendKeys(chromedp.CSS("#token"), "wrong\r"))
	b.wait("document.querySelector('#problem').textContent === 'That is not the token.'")
	b.accessible("a wrong token")
	b.enter(at, token)
	b.wait("document.querySelectorAll('tbody tr').length === 2 && !document.querySelector('#logout').hidden")
	if see[string](b, "document.cookie") != "" {
		t.Error("scripts can read the cookie")
	}
	b.do(chromedp.Click(chromedp.CSS("#logout button")))
	b.wait("location.pathname === '/login'")
	b.do(chromedp.Navigate(at + "/#/tree"))
	b.wait("location.pathname === '/login'")
}

// TestState: a session is in the same state in the list of all and in its own view; a daemon that is gone is told in a
// view that asks it for nothing, too.
func TestState(t *testing.T) {
	f := &fake{sessions: 2, name: "file:///a"}
	at, end := f.start(t)
	b := open(t)
	b.enter(at, token)
	const states = "[...document.querySelectorAll('.crumb .state, tbody tr:has(a) .state')]" +
		".map((e) => e.textContent).join()"
	b.wait(states + " === 'receiving,paused'")
	b.follow("tbody tr:last-child a")
	b.wait("document.querySelector('.crumb .state').textContent")
	if got := see[string](b, states); got != "paused" {
		t.Errorf("in its own view the session is %q", got)
	}
	b.press("4")
	b.wait("document.querySelector('#live').textContent === 'live'")
	end()
	b.wait("document.querySelector('#live').textContent.startsWith('offline, as of ')")
}

// TestHostileNames: names that came over the network are text wherever they are shown, and cannot change what is
// around them.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{
		`<img src=x onerror="document.title='owned'">`,
		`"><script>document.title='owned'</script>`,
		"photo\u202egnp.exe\u2028\u0000\u001b[31m",
		"\u05e9\u05dc\u05d5\u05dd " + strings.Repeat("x", 4096),
		"%3Cimg%20src=x%20onerror=document.title='owned'%3E",
	} {
		f := &fake{sessions: 2, name: name}
		key := map[string]any{"source": "10.0.0.0", "group": "239.1.1.1:3400", "tsi": 0}
		f.tell("object_completed", map[string]any{
			"session": key, "toi": "9", "content_location": name, "path": name, "size": 5,
		})
		f.tell("object_failed", map[string]any{
			"session": key, "toi": "8", "content_location": name, "reason": name, "detail": name,
		})
		f.tell(name, map[string]any{"text": name})
		at := f.serve(t)
		b := open(t)
		b.enter(at, token)
		nodes := func(view string) {
			t.Helper()
			const foreign = "main img, script:not([src]), iframe, object, embed, main [onerror]"
			if n := see[int](b, "document.querySelectorAll("+quote(foreign)+").length"); n > 0 {
				t.Errorf("%.20q, %s: %d elements that the page did not make", name, view, n)
			}
			if title := see[string](b, "document.title"); !strings.HasSuffix(title, " – flute-node") {
				t.Errorf("%.20q, %s: the title is %q", name, view, title)
			}
			raw := see[bool](b, `/[\u0000\u001b\u2028\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText)`)
			if raw {
				t.Errorf("%.20q, %s: characters that are not seen are in the text", name, view)
			}
			b.fits(fmt.Sprintf("%.20q, %s", name, view))
		}
		b.wait("document.querySelectorAll('.alarms li').length >= 2")
		b.wait("document.querySelectorAll('.feed li').length === 3")
		nodes("overview")
		b.follow("tbody tr a")
		b.wait("document.querySelectorAll('tbody tr').length === 4 && document.querySelector('.map rect')")
		nodes("session")
		want := name
		if strings.HasPrefix(want, "%3C") {
			want = `<img src=x onerror=document.title='owned'>`
		}
		part := quote(string([]rune(want)[:5]))
		if !see[bool](b, "document.querySelector('tbody tr bdi').textContent.startsWith("+part+")") {
			t.Errorf("%.20q is not shown", name)
		}
		b.press("2")
		b.wait("document.querySelector('.stack tbody tr')")
		nodes("sending")
		b.press("3")
		b.wait("document.querySelector('.tree li') && document.querySelector('.alarms li')")
		nodes("tree")
		b.press("4")
		b.wait("document.querySelectorAll('.feed li').length === 3")
		b.do(chromedp.Click(chromedp.CSS(".feed summary")))
		b.wait("document.querySelector('.feed pre')")
		nodes("events")
		b.press("5")
		b.wait("document.querySelectorAll('tbody tr').length === 2")
		nodes("sinks")
		b.follow("tbody tr a")
		b.wait("document.querySelectorAll('tbody tr').length === 50")
		nodes("sink")
		b.phone()
		time.Sleep(300 * time.Millisecond)
		nodes("sink on a phone")
		for _, view := range []string{"1", "2", "3", "4", "5"} {
			b.press(view)
			time.Sleep(300 * time.Millisecond)
			nodes("phone " + view)
		}
	}
}

// frames waits for so many updates of the page, and returns the milliseconds of script of each.
func (b *tab) frames(n int) []float64 {
	b.t.Helper()
	const list = `performance.getEntriesByName("frame").map((e) => e.duration)`
	see[any](b, `performance.clearMeasures("frame")`)
	b.wait(fmt.Sprintf("%s.length >= %d", list, n))
	return see[[]float64](b, list)
}

// TestManySessions: with 1,000 sessions all are reached, by pages and by the filter, by keys alone; what an update of
// the page costs is logged.
func TestManySessions(t *testing.T) {
	f := &fake{sessions: 1000, name: "file:///a/b/c"}
	at := f.serve(t)
	b := open(t)
	b.enter(at, token)
	const first = "document.querySelector('tbody tr bdi')?.textContent"
	b.wait(first + " === 'unit-0000'")
	b.accessible("1,000 sessions")
	seen := 0
	for page := range 10 {
		b.wait(fmt.Sprintf("%s === 'unit-%04d'", first, 100*page) +
			" && document.querySelectorAll('tbody tr').length === 100")
		seen += see[int](b, "document.querySelectorAll('tbody tr').length")
		b.press("n")
	}
	if seen != 1000 {
		t.Errorf("%d sessions on 10 pages", seen)
	}
	b.press("p")
	b.wait(first + " === 'unit-0000'")
	b.press("/")
	b.wait("document.activeElement.type === 'search'")
	see[any](b, "document.activeElement.value = ''") // the driver types a key although the page has taken it
	b.press("unit-07")
	b.wait(first + " === 'unit-0700' && document.querySelectorAll('tbody tr').length === 100")
	b.press("\u001b")
	b.press("jjj")
	if got := see[string](b, "document.activeElement.textContent"); got != "unit-0702" {
		t.Errorf("the third row has not the focus, but %q", got)
	}
	b.frames(2) // it keeps it while the page changes
	if got := see[string](b, "document.activeElement.textContent"); got != "unit-0702" {
		t.Errorf("after two updates %q has the focus", got)
	}
	b.press("\r")
	b.wait("document.querySelector('.map rect') && document.querySelector('h1').textContent === 'unit-0702'")
	b.accessible("session")
	b.press("\u001b")
	b.wait(first + " === 'unit-0000'")

	frames := b.frames(7)
	slices.Sort(frames)
	t.Logf("an update with 1,000 sessions: %d updates, median %.1f ms, worst %.1f ms of script (goal: 50)", len(frames),
		frames[len(frames)/2], frames[len(frames)-1])
}

// TestSinks: what waits for sinks and what they have not taken is seen, page by page, also by keys alone, and an alarm
// of a sink leads there. Addresses that name nothing show something.
func TestSinks(t *testing.T) {
	f := &fake{sessions: 2, name: "file:///a/b%20c"}
	at := f.serve(t)
	b := open(t)
	b.enter(at, token)
	b.wait(`document.querySelector('.alarms a[href="#/sink/hook"]')`)
	b.press("5")
	b.wait("document.querySelectorAll('tbody tr').length === 2 && document.querySelector('.facts dd')")
	text := see[string](b, "document.querySelector('main').innerText")
	for _, want := range []string{"failing", "idle", "123 of 1,000", "2 h", "webhook"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among\n%s", want, text)
		}
	}
	b.accessible("sinks")
	b.press("j\r")
	seen := map[string]bool{}
	for page := range 3 {
		first := fmt.Sprintf("key-%03d", 50*page)
		b.wait("document.querySelector('tbody tr')?.cells_[5].textContent === " + quote(first))
		const keys = "[...document.querySelectorAll('tbody tr')].map(r => r.cells_[5].textContent)"
		for _, key := range see[[]string](b, keys) {
			seen[key] = true
		}
		if page == 0 {
			b.accessible("sink")
		}
		b.press("n")
	}
	if len(seen) != letters {
		t.Errorf("%d of %d dead letters on 3 pages", len(seen), letters)
	}
	b.press("p")
	b.wait("document.querySelector('tbody tr')?.cells_[5].textContent === 'key-000'")
	if name := see[string](b, "document.querySelector('tbody bdi').textContent"); name != "a/b c" {
		t.Errorf("the file is %q", name)
	}
	b.press("\u001b")
	b.wait("document.querySelectorAll('tbody tr').length === 2")
	for _, one := range [][2]string{
		{"#/constructor", "Overview"},
		{"#/sink/none", "none"},
		{"#/sink/%", "%"},
		{"#/session/x", "Session"},
		{"#/sink/queue", "queue"},
	} {
		see[any](b, "location.hash = "+quote(one[0]))
		b.wait("document.title === " + quote(one[1]+" – flute-node"))
	}
	b.wait("document.querySelector('.calm').checkVisibility()")
}
