package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/flute-node/flute-node/internal/outbox"
)

// keyOfS3 is the metadata of an object in which its key is: x-amz-meta-flute-key.
const keyOfS3 = "Flute-Key"

// S3Config configures an S3. URL, AccessKey and SecretKey are required.
type S3Config struct {
	URL                  string // https://HOST/BUCKET or https://HOST/BUCKET/PREFIX
	AccessKey, SecretKey string
	Region               string         // empty: it is asked for
	CA                   *x509.CertPool // whom to trust; nil: whom the system trusts
}

// S3 uploads files to a store that speaks the S3 protocol, under the names that they have in their folder. An object
// that has the key of a file already is not uploaded again.
type S3 struct {
	client         *minio.Client
	transport      *http.Transport
	bucket, prefix string
}

// NewS3 returns an S3. It asks nobody.
func NewS3(cfg S3Config) (*S3, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	s := &S3{transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: cfg.CA, MinVersion: tls.VersionTLS12},
		IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
	}}
	s.bucket, s.prefix, _ = strings.Cut(strings.Trim(u.Path, "/"), "/")
	s.client, err = minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: u.Scheme == "https",
		Transport: s.transport, Region: cfg.Region, MaxRetries: 1, // the outbox tries again
	})
	return s, err
}

// Deliver implements [outbox.Sink].
func (s *S3) Deliver(ctx context.Context, key string, f *outbox.File) error {
	name := path.Join(s.prefix, f.Name)
	if info, err := s.client.StatObject(ctx, s.bucket, name, minio.StatObjectOptions{}); err == nil {
		if info.UserMetadata[keyOfS3] == key && info.Size == int64(f.Size) {
			return nil // an earlier try has been answered after this process had died, or had lost its patience
		}
	} else if response(err).StatusCode != http.StatusNotFound {
		return refusal(err)
	}
	file, err := os.Open(f.Path())
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !f.Is(info) {
		return outbox.ErrSuperseded
	}
	_, err = s.client.PutObject(ctx, s.bucket, name, file, info.Size(), minio.PutObjectOptions{
		ContentType: f.ContentType, UserMetadata: map[string]string{keyOfS3: key}, SendContentMd5: true,
		NumThreads: 1, // jobs of the sink are its threads
	})
	return refusal(err)
}

// Close implements [outbox.Sink].
func (s *S3) Close() { s.transport.CloseIdleConnections() }

func response(err error) minio.ErrorResponse {
	if r, ok := errors.AsType[minio.ErrorResponse](err); ok {
		return r
	}
	return minio.ErrorResponse{}
}

// refusal tells what never passes from what may: a bucket that is missing and keys that are wrong somebody mends.
func refusal(err error) error {
	switch r := response(err); {
	case err == nil:
		return nil
	case r.Code == "EntityTooLarge", r.Code == "KeyTooLongError", r.Code == "InvalidArgument",
		r.Code == "XMinioInvalidObjectName":
		return &outbox.RejectedError{Err: fmt.Errorf("%s: %w", r.Code, err)}
	case r.Code != "":
		return fmt.Errorf("%s: %w", r.Code, err)
	}
	return err
}
