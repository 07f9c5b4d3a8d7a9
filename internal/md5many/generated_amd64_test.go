//go:build !purego

package md5many

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var generate = flag.Bool("generate", false, "compare the assembly with what internal/asm makes now; needs its modules")

// TestGenerated tells whether generated files are what their source makes. A look at their beginnings is for every run.
func TestGenerated(t *testing.T) {
	for _, set := range []string{"avx2", "avx512"} {
		for _, name := range []string{set + "_amd64.s", set + "_amd64.go"} {
			have, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if line, _, _ := bytes.Cut(have, []byte("\n")); !bytes.HasSuffix(line, []byte("DO NOT EDIT.")) {
				t.Errorf("%s begins with %q", name, line)
			}
		}
		if !*generate {
			continue
		}
		// The command line is in the files: outputs have the same names in another folder.
		dir := t.TempDir()
		asm, out := filepath.Join(dir, "internal", "asm"), filepath.Join(dir, set+"_amd64")
		if err := os.CopyFS(asm, os.DirFS("internal/asm")); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "run", "-C", asm, ".", "-set", set, "-pkg", "md5many",
			"-out", "../../"+set+"_amd64.s", "-stubs", "../../"+set+"_amd64.go")
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		for _, suffix := range []string{".s", ".go"} {
			want, err := os.ReadFile(out + suffix)
			if err != nil {
				t.Fatal(err)
			}
			have, err := os.ReadFile(set + "_amd64" + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(have, want) {
				t.Errorf("%s_amd64%s: run go generate", set, suffix)
			}
		}
	}
}
