package daemon

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestReloadWhileStarting: a reload that is asked for as soon as the API answers is what counts in the end. What the
// daemon has read before was put into effect after it.
func TestReloadWhileStarting(t *testing.T) {
	dir := t.TempDir()
	path, socket := filepath.Join(dir, "flute-node.yaml"), filepath.Join(dir, "api")
	write := func(units string) {
		t.Helper()
		text := fmt.Sprintf("node: {api: 'unix:%s'}\n%s", socket, units)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("send:\n" + section("a", ""))
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}
	reloaded := make(chan error, 1)
	starting := func() {
		write("send:\n" + section("b", ""))
		go func() {
			r, err := client.Post("http://daemon/v1/reload", "", nil)
			if err == nil {
				err = r.Body.Close()
			}
			reloaded <- err
		}()
		time.Sleep(200 * time.Millisecond) // for a reload that does not wait
	}
	d, err := Start(Options{Path: path, Env: os.LookupEnv, Log: io.Discard, Version: "v1", starting: starting})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := <-reloaded; err != nil {
		t.Fatal(err)
	}
	if units := d.Units(); len(units) != 1 || units[0].Name != "b" {
		t.Errorf("it runs %+v, want what was read last", units)
	}
}
