package asmtest

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var generate = flag.Bool("generate", false, "compare the assembly with what internal/asm makes now; needs its modules")

// Generated fails t unless the files for AVX2 and AVX-512 in the working directory, which is that of package name, are
// generated. With -generate they must be what internal/asm makes now; a look at their beginnings is for every run.
func Generated(t *testing.T, name string) {
	t.Helper()
	for _, set := range []string{"avx2", "avx512"} {
		out := set + "_amd64"
		want := map[string][]byte{}
		if *generate {
			want = made(t, set, name)
		}
		for _, suffix := range []string{".s", ".go"} {
			have, err := os.ReadFile(out + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if line, _, _ := bytes.Cut(have, []byte("\n")); !bytes.HasSuffix(line, []byte("DO NOT EDIT.")) {
				t.Errorf("%s begins with %q", out+suffix, line)
			}
			if *generate && !bytes.Equal(have, want[suffix]) {
				t.Errorf("%s: run go generate", out+suffix)
			}
		}
	}
}

// made returns the files that internal/asm makes for a set of instructions, by suffix.
func made(t *testing.T, set, name string) map[string][]byte {
	t.Helper()
	// The command line is in the files: outputs have the same names in another folder.
	dir := t.TempDir()
	asm := filepath.Join(dir, "internal", "asm")
	if err := os.CopyFS(asm, os.DirFS("internal/asm")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", "-C", asm, ".", "-set", set, "-pkg", name,
		"-out", "../../"+set+"_amd64.s", "-stubs", "../../"+set+"_amd64.go")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	files := map[string][]byte{}
	for _, suffix := range []string{".s", ".go"} {
		b, err := os.ReadFile(filepath.Join(dir, set+"_amd64"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		files[suffix] = b
	}
	return files
}
