package sink

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/internal/outbox"
)

// fakeS3 is a server of our own that speaks as much of the S3 protocol as an upload needs: HEAD, PUT, and uploads in
// parts, with signatures (AWS Signature Version 4) and Content-MD5 that are checked. It is no S3 server.
type fakeS3 struct {
	t      *testing.T
	secret string

	mu      sync.Mutex
	objects map[string]fakeObject
	parts   map[string][]byte // by the number of the part
	headers http.Header       // of the upload in parts
	puts    int
	refuse  func(w http.ResponseWriter, r *http.Request) bool
}

type fakeObject struct {
	content []byte
	header  http.Header
}

func newFakeS3(t *testing.T) (*fakeS3, S3Config) {
	f := &fakeS3{t: t, secret: "secret", objects: map[string]fakeObject{}, parts: map[string][]byte{}}
	s := httptest.NewTLSServer(f)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return f, S3Config{URL: s.URL + "/bucket/site/7", AccessKey: "access", SecretKey: "secret", Region: "eu", CA: pool}
}

func refuseS3(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
	}
}

// signed checks the signature of a request as it is documented for AWS Signature Version 4.
func (f *fakeS3) signed(r *http.Request) bool {
	authorization := strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	fields := map[string]string{}
	for p := range strings.SplitSeq(authorization, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		fields[k] = v
	}
	scope := strings.SplitN(fields["Credential"], "/", 2)
	if len(scope) != 2 || scope[0] != "access" {
		return false
	}
	var canonical strings.Builder
	names := strings.Split(fields["SignedHeaders"], ";")
	sort.Strings(names)
	for _, name := range names {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, strings.TrimSpace(value))
	}
	request := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"), canonical.String(),
		fields["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256"),
	}, "\n")
	sum := sha256.Sum256([]byte(request))
	text := strings.Join([]string{
		"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope[1], hex.EncodeToString(sum[:]),
	}, "\n")
	key := []byte("AWS4" + f.secret)
	for _, part := range append(strings.Split(scope[1], "/"), text) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return hex.EncodeToString(key) == fields["Signature"]
}

// body returns the body of a request, also one that is sent in signed parts (aws-chunked).
func (f *fakeS3) body(r *http.Request) []byte {
	b, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return b
	}
	var out []byte
	for s := bufio.NewReader(bytes.NewReader(b)); ; {
		line, err := s.ReadString('\n')
		n, _ := strconv.ParseInt(strings.SplitN(line, ";", 2)[0], 16, 64)
		if err != nil || n == 0 {
			return out
		}
		part := make([]byte, n+2)
		_, _ = io.ReadFull(s, part)
		out = append(out, part[:n]...)
	}
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body := f.body(r)
	if f.refuse != nil && f.refuse(w, r) {
		return
	}
	if !f.signed(r) {
		refuseS3(w, r, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/bucket/")
	if !ok {
		refuseS3(w, r, http.StatusNotFound, "NoSuchBucket")
		return
	}
	sum := md5.Sum(body)
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	if want := r.Header.Get("Content-Md5"); want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		refuseS3(w, r, http.StatusBadRequest, "BadDigest")
		return
	}
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		o, ok := f.objects[name]
		if !ok {
			refuseS3(w, r, http.StatusNotFound, "NoSuchKey")
			return
		}
		for k, v := range o.header {
			if strings.HasPrefix(k, "X-Amz-Meta-") || k == "Content-Type" {
				w.Header()[k] = v
			}
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(o.content)))
		w.Header().Set("Last-Modified", "Sun, 29 Nov 2026 16:00:00 GMT")
		w.Header().Set("ETag", etag)
	case r.Method == http.MethodPost && q.Has("uploads"):
		f.parts, f.headers = map[string][]byte{}, r.Header
		fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPut && q.Get("uploadId") == "7":
		f.parts[q.Get("partNumber")] = body
		w.Header().Set("ETag", etag)
	case r.Method == http.MethodPost && q.Get("uploadId") == "7":
		var order struct {
			Part []struct{ PartNumber string }
		}
		if err := xml.Unmarshal(body, &order); err != nil {
			f.t.Error(err)
		}
		var content []byte
		for _, p := range order.Part {
			content = append(content, f.parts[p.PartNumber]...)
		}
		f.objects[name] = fakeObject{content, f.headers}
		f.puts++
		fmt.Fprint(w, "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>x</Key><ETag>x</ETag>"+
			"</CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		f.objects[name] = fakeObject{body, r.Header}
		f.puts++
		w.Header().Set("ETag", etag)
	default:
		f.t.Errorf("%s %s", r.Method, r.URL)
		refuseS3(w, r, http.StatusNotImplemented, "NotImplemented")
	}
}

// TestS3: a file is uploaded under its name, small ones at once and large ones in parts; one that is there is not
// uploaded again, another version is.
func TestS3(t *testing.T) {
	for _, size := range []int{0, 7, 20 << 20} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			fake, cfg := newFakeS3(t)
			s, err := NewS3(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f := received(t, "a b/ü+&.bin")
			content := bytes.Repeat([]byte("flute"), size/5+1)[:size]
			version := func(digest string) {
				t.Helper()
				if err := os.WriteFile(f.Path(), content, 0o600); err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(f.Path())
				if err != nil {
					t.Fatal(err)
				}
				f.Size, f.Modified, f.ContentType, f.Digest = uint64(size), info.ModTime(), "video/mp4", digest
			}
			version("md5:00")
			for range 2 {
				if err := s.Deliver(t.Context(), f.Key(), f); err != nil {
					t.Fatal(err)
				}
			}
			o := fake.objects["site/7/a b/ü+&.bin"]
			if !bytes.Equal(o.content, content) || o.header.Get("Content-Type") != "video/mp4" || fake.puts != 1 {
				t.Errorf("%d bytes, %v, %d uploads, %d objects", len(o.content), o.header, fake.puts, len(fake.objects))
			}
			version("md5:01")
			if err := s.Deliver(t.Context(), f.Key(), f); err != nil || fake.puts != 2 {
				t.Errorf("%v, %d uploads", err, fake.puts)
			}
			f.Size++
			if err := s.Deliver(t.Context(), "other", f); !errors.Is(err, outbox.ErrSuperseded) {
				t.Error(err)
			}
		})
	}
}

// TestS3Refusals: what the server says decides on what follows; what an operator can mend is tried again.
func TestS3Refusals(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		code     string
		rejected bool
	}{
		"down":      {http.StatusServiceUnavailable, "SlowDown", false},
		"error":     {http.StatusInternalServerError, "InternalError", false},
		"bucket":    {http.StatusNotFound, "NoSuchBucket", false},
		"denied":    {http.StatusForbidden, "AccessDenied", false},
		"too large": {http.StatusBadRequest, "EntityTooLarge", true},
		"name":      {http.StatusBadRequest, "KeyTooLongError", true},
	} {
		fake, cfg := newFakeS3(t)
		asked := 0
		fake.refuse = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			asked++
			refuseS3(w, r, c.status, c.code)
			return true
		}
		s, err := NewS3(cfg)
		if err != nil {
			t.Fatal(err)
		}
		f := received(t, "a")
		info, err := os.Stat(f.Path())
		if err != nil {
			t.Fatal(err)
		}
		f.Modified = info.ModTime()
		err = s.Deliver(t.Context(), f.Key(), f)
		_, rejected := errors.AsType[*outbox.RejectedError](err)
		if err == nil || rejected != c.rejected || !strings.Contains(err.Error(), c.code) || asked != 1 {
			t.Errorf("%s: %v, rejected %v, asked %d times", name, err, rejected, asked)
		}
		s.Close()
	}
	_, cfg := newFakeS3(t)
	cfg.SecretKey = "wrong"
	s, err := NewS3(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f := received(t, "a")
	err = s.Deliver(t.Context(), f.Key(), f)
	if _, rejected := errors.AsType[*outbox.RejectedError](err); err == nil || rejected {
		t.Errorf("a key that is wrong: %v", err)
	}
}
