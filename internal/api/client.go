package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// maxAnswer bounds an answer in bytes.
const maxAnswer = 64 << 20

// Client asks a daemon.
type Client struct {
	http  http.Client
	base  string
	token string
}

// NewClient returns a Client for what node.api says: unix:PATH, tcp:ADDRESS:PORT with a token, or tls:ADDRESS:PORT with
// what over says, and perhaps a token.
func NewClient(at, token string, over *tls.Config) (*Client, error) {
	kind, to, _ := strings.Cut(at, ":")
	switch {
	case kind == "unix" && to != "":
		c := &Client{base: "http://flute-node"}
		c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", to)
		}}
		return c, nil
	case kind == "tcp" && to != "":
		return &Client{base: "http://" + to, token: token}, nil
	case kind == "tls" && to != "":
		c := &Client{base: "https://" + to, token: token}
		c.http.Transport = &http.Transport{TLSClientConfig: over, TLSHandshakeTimeout: requestTime}
		return c, nil
	}
	return nil, fmt.Errorf("%q: take unix:PATH, tcp:ADDRESS:PORT or tls:ADDRESS:PORT", at)
}

// StatusError is an answer that tells of a failure.
type StatusError struct {
	Code int
	Text string
}

// Error implements error.
func (e *StatusError) Error() string { return e.Text }

// Do asks, and returns the answer. It gives up a GET of a daemon that hangs. A body is sent as JSON; nil: none. The
// error is a [*StatusError] if there is an answer; then that is returned, too.
func (c *Client) Do(ctx context.Context, method, path string, body any) ([]byte, error) {
	response, err := c.ask(ctx, method, path, body, "")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = statusError(response.StatusCode, text)
	}
	return text, err
}

func statusError(code int, text []byte) error {
	var p problem
	if json.Unmarshal(text, &p) != nil || p.Error == "" {
		p.Error = strings.TrimSpace(string(text))
	}
	return &StatusError{code, p.Error}
}

// ask is send, but a GET ends when the daemon is silent for too long. All else, such as a reload, may take minutes.
func (c *Client) ask(ctx context.Context, method, path string, body any, after string) (*http.Response, error) {
	if method != http.MethodGet {
		return c.send(ctx, method, path, body, after)
	}
	ctx, b := newPatientBody(ctx)
	response, err := c.send(ctx, method, path, body, after)
	b.timer.Stop()
	if err != nil {
		defer b.end(nil)
		return nil, b.told(err)
	}
	b.ReadCloser, response.Body = response.Body, b
	return response, nil
}

func (c *Client) send(ctx context.Context, method, path string, body any, after string) (*http.Response, error) {
	var from io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		from = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, from)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	response, err := c.http.Do(r)
	switch o, ok := errors.AsType[*net.OpError](err); {
	case !ok || o.Op != "dial" || ctx.Err() != nil:
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("only the user who runs the daemon may ask it: %w", o)
	case errors.Is(err, syscall.EAGAIN): // of a Unix socket
		return nil, fmt.Errorf("the daemon takes no connections, as if it hangs: %w; "+seeLog, o)
	default:
		return nil, fmt.Errorf("no daemon answers: %w; is it running, with the node.api that --api names?", o)
	}
	return response, err
}

// EventQuery says which events are wanted. The zero value is all that happen from now on.
type EventQuery struct {
	After  string // ID of the last event that is known
	Latest uint64 // so many of those that have happened, unless After is given
	Names  string // with commas between; empty: all
	Past   bool   // none that happens from now on
}

// Events calls told with each event, as a line of JSON, and its ID, until ctx ends, or told or the daemon ends it. With
// q.Past it returns nil after the last one.
func (c *Client) Events(ctx context.Context, q EventQuery, told func(id, line string) error) error {
	query := url.Values{}
	if q.Names != "" {
		query.Set("names", q.Names)
	}
	if q.Latest > 0 {
		query.Set("latest", strconv.FormatUint(q.Latest, 10))
	}
	if q.Past {
		query.Set("follow", "false")
	}
	response, err := c.ask(ctx, http.MethodGet, "/v1/events?"+query.Encode(), nil, q.After)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
		return statusError(response.StatusCode, text)
	}
	scan := bufio.NewScanner(response.Body)
	scan.Buffer(nil, 1<<20)
	id := ""
	for scan.Scan() {
		line := scan.Text()
		if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = v
		} else if v, ok := strings.CutPrefix(line, "data: "); ok {
			if err := told(id, v); err != nil {
				return err
			}
		}
	}
	if err := scan.Err(); err != nil || q.Past {
		return err
	}
	return errors.New("the daemon has ended the stream")
}
