//go:build unix

package source_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/source"
)

// What is in a folder, with a link that leads out of it.
func Example() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	news := filepath.Join(dir, "news")
	if err := os.Mkdir(news, 0o777); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(news, "today.txt"), []byte("fine"), 0o666); err != nil {
		log.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(news, "host")); err != nil {
		log.Fatal(err)
	}
	list, err := source.Find([]string{news}, source.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range list.Files {
		fmt.Println(f.ContentLocation, f.Size)
	}
	for _, s := range list.Skipped {
		fmt.Println("not sent:", filepath.Base(s.Path), s.Reason)
	}
	// Output:
	// file:///news/today.txt 4
	// not sent: host symbolic link
}
