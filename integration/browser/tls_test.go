package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/flute-node/flute-node/internal/tlsfiles"
	"github.com/flute-node/flute-node/internal/tlsfiles/pemtest"
)

// policies is where Chromium of Debian looks for what an administrator has decided.
const policies = "/etc/chromium/policies/managed"

// importCertificate gives a browser that has this home an authority and a certificate, as docs/operations.md says.
func importCertificate(t *testing.T, home, ca, cert, key string) {
	t.Helper()
	db := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	steps := [][]string{
		{"certutil", "-N", "-d", "sql:" + db, "--empty-password"},
		{"certutil", "-A", "-d", "sql:" + db, "-n", "authority", "-t", "C,,", "-i", ca},
	}
	if cert != "" {
		p12 := filepath.Join(home, "op.p12")
		steps = append(steps,
			[]string{"openssl", "pkcs12", "-export", "-passout", "pass:", "-inkey", key, "-in", cert, "-out", p12},
			[]string{"pk12util", "-d", "sql:" + db, "-i", p12, "-W", ""})
	}
	for _, s := range steps {
		if out, err := exec.Command(s[0], s[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", s, err, out)
		}
	}
}

// TestMutualTLS: a browser with a certificate of the right authority sees the dashboard over TLS, its events and what
// changes included, without a token; one without sees nothing.
func TestMutualTLS(t *testing.T) {
	for _, tool := range []string{"certutil", "pk12util", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: apt-get install libnss3-tools openssl", tool)
		}
	}
	ca := pemtest.New(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ca.Issue(t, "daemon", at("s.crt"), at("s.key"))
	ca.Issue(t, "operator", at("c.crt"), at("c.key"))
	f := &fake{sessions: 2, name: "file:///a"}
	f.tls = tlsfiles.Files{Cert: at("s.crt"), Key: at("s.key"), ClientCA: ca.File}
	f.tell("object_completed", map[string]any{"content_location": "file:///a", "path": "a", "size": 5})
	where := f.serve(t)
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody is there to choose a certificate: the policy does, for this address only.
	choice, _ := json.Marshal(map[string]any{"pattern": where, "filter": map[string]any{}})
	policy, _ := json.Marshal(map[string]any{"AutoSelectCertificateForUrls": []string{string(choice)}})
	name := filepath.Join(policies, fmt.Sprintf("flute-node-test-%s.json", u.Port()))
	if err := os.MkdirAll(policies, 0o755); err != nil {
		t.Skipf("no policy can be set: %v", err)
	}
	if err := os.WriteFile(name, policy, 0o644); err != nil {
		t.Skipf("no policy can be set: %v", err)
	}
	t.Cleanup(func() { _ = os.Remove(name) })

	home := t.TempDir()
	importCertificate(t, home, ca.File, at("c.crt"), at("c.key"))
	b := open(t, chromedp.Env("HOME="+home))
	b.do(chromedp.Navigate(where))
	b.wait("document.querySelectorAll('tbody tr').length === 2")
	b.wait("document.querySelector('#live').textContent === 'live'")
	b.wait("document.querySelectorAll('.feed [data-event=object_completed]').length === 1")
	if !see[bool](b, "isSecureContext && document.querySelector('#logout').hidden") {
		t.Error("it is not TLS, or there is a login")
	}
	const packets = "document.querySelector('tbody tr').innerText"
	before := see[string](b, packets)
	b.wait(packets + " !== " + quote(before))
	b.press("2")
	b.wait("document.querySelector('.stack tbody tr')")

	stranger := t.TempDir()
	importCertificate(t, stranger, ca.File, "", "")
	b = open(t, chromedp.Env("HOME="+stranger))
	err = chromedp.Do(b.ctx, chromedp.Navigate(where))
	if err == nil || !strings.Contains(err.Error(), "net::ERR_") { // as what, depends on how far the browser was
		t.Errorf("without a certificate: %v", err)
	}
}
