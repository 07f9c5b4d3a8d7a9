package scenario

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "replace the outputs in scenario files by the real ones")

// Command is one case of a scenario file.
type Command struct {
	Pos   string // file:line of the command, for messages
	Name  string
	Args  []Arg
	Input string // the lines between the command and "----", without the last line end

	want string
	head string // the command as it stands in the file, with comments and input
}

// Arg is one argument of a command: key, key=value or key=(value, value).
type Arg struct {
	Key    string
	Values []string
}

// Arg returns the first value of the argument named key, or def when there is none.
func (c *Command) Arg(key, def string) string {
	for _, a := range c.Args {
		if a.Key == key && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return def
}

// Has reports whether the argument named key is there, with or without a value.
func (c *Command) Has(key string) bool {
	for _, a := range c.Args {
		if a.Key == key {
			return true
		}
	}
	return false
}

// Int returns the argument named key as a number, or def when there is none. It fails t when it is no number.
func (c *Command) Int(t testing.TB, key string, def int) int {
	t.Helper()
	s := c.Arg(key, "")
	if s == "" {
		return def
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %s=%q is not a number", c.Pos, key, s)
	}
	return n
}

// Walk runs each *.txt file of dir as a subtest. start is called once for a file and returns the function that runs its
// commands and returns what each printed.
func Walk(t *testing.T, dir string, start func(t *testing.T) func(c *Command) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario files in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { run(t, file, start(t)) })
	}
}

func run(t *testing.T, file string, exec func(c *Command) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	commands, tail, err := parse(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, c := range commands {
		got := strings.TrimRight(exec(c), "\n")
		if strings.Contains(got, "\n\n") {
			t.Fatalf("%s: %s printed a blank line", c.Pos, c.Name)
		}
		if !*rewrite {
			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", c.Pos, c.Name, diff)
			}
		}
		fmt.Fprintf(&out, "%s----\n", c.head)
		if got != "" {
			fmt.Fprintf(&out, "%s\n", got)
		}
		out.WriteString("\n")
	}
	out.WriteString(tail)
	if *rewrite {
		if err := os.WriteFile(file, append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
