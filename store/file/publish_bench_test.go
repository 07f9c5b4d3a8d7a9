package file_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/store/file"
	"github.com/flute-node/flute-node/store/names"
)

// benchDir names the environment variable with a folder of the disk to measure. What a benchmark has published there
// stays: ext4 without a journal looks for a free inode the longer the more were removed lately.
const benchDir = "FLUTE_NODE_BENCH_DIR"

// BenchmarkPublishMany publishes files of 1 kB as the Works of a receiver do, as many at a time as visit a disk.
func BenchmarkPublishMany(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		for _, at := range []int{1, 32, 128} {
			b.Run(fmt.Sprintf("%d/%d", size, at), func(b *testing.B) {
				root := b.TempDir()
				if dir := os.Getenv(benchDir); dir != "" {
					root = filepath.Join(dir, rand.Text())
				}
				st, err := file.New(root)
				if err != nil {
					b.Fatal(err)
				}
				defer st.Close()
				content, note := make([]byte, size), make([]byte, 400)
				registry := names.Of(st)
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ResetTimer()
				for range at {
					wg.Go(func() {
						for {
							i := next.Add(1)
							if i > int64(b.N) {
								return
							}
							if err := publishSmall(st, registry, i, content, note); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
			})
		}
	}
}

func publishSmall(st *file.Store, registry *names.Registry, i int64, content, note []byte) error {
	claimed, err := registry.Claim("", fmt.Sprintf("file:///many/f%d.bin", i), "publisher")
	if err != nil {
		return err
	}
	o, err := st.Create(uint64(len(content)))
	if err != nil {
		return err
	}
	if _, err := o.WriteAt(content, 0); err != nil {
		return err
	}
	path, err := st.Publish(o, claimed.Name)
	if err != nil {
		return err
	}
	return st.Deliver(path, note)
}
