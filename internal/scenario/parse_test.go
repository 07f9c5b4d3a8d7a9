package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	const text = `# first
new a=1 b=(x, y) c

# second
send n=2
two
lines
----
out 1
out 2

last
----
# end
`
	// The first case lacks its ----, so the next command is taken as its input.
	got, tail, err := parse("f", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Command{
		{
			Pos: "f:2", Name: "new", Args: []Arg{{"a", []string{"1"}}, {"b", []string{"x", "y"}}, {"c", nil}},
			Input: "\n# second\nsend n=2\ntwo\nlines", want: "out 1\nout 2",
			head: "# first\nnew a=1 b=(x, y) c\n\n# second\nsend n=2\ntwo\nlines\n",
		},
		{Pos: "f:12", Name: "last", want: "# end", head: "last\n"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Command{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if tail != "" {
		t.Errorf("tail %q", tail)
	}
}

func TestParseTail(t *testing.T) {
	got, tail, err := parse("f", "a\n----\n1\n\n# the end\n")
	if err != nil || len(got) != 1 || got[0].want != "1" || tail != "# the end\n" {
		t.Errorf("got %+v, tail %q, %v", got, tail, err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"a", "a\nb\n", "a b=(c\n----\n"} {
		if _, _, err := parse("f", text); err == nil {
			t.Errorf("parse(%q): no error", text)
		}
	}
}

func TestArguments(t *testing.T) {
	c := &Command{}
	if err := c.parseLine("x a=1 b=(x, y) c"); err != nil {
		t.Fatal(err)
	}
	if c.Arg("a", "") != "1" || c.Arg("b", "") != "x" || c.Arg("c", "d") != "d" || !c.Has("c") || c.Has("d") ||
		c.Int(t, "a", 7) != 1 ||
		c.Int(t, "z", 7) != 7 {
		t.Errorf("%+v", c)
	}
}
