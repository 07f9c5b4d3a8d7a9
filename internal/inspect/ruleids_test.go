package inspect

import (
	"os"
	"strings"
	"testing"
)

// The rules that are judged are rules of docs/rules.tsv, with the same id and level.
func TestRulesAreThoseOfTheTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/rules.tsv")
	if err != nil {
		t.Fatal(err)
	}
	level, source := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); !strings.HasPrefix(line, "#") {
			level[f[0]], source[f[0]] = f[2], f[1]
		}
	}
	if len(level) != 242 {
		t.Errorf("%d rules", len(level))
	}
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.id] {
			t.Errorf("%s is there twice", r.id)
		}
		seen[r.id] = true
		switch l := level[r.id]; {
		case l == "":
			t.Errorf("%s is no rule of the table", r.id)
		case strings.HasPrefix(l, "SHOULD") && r.must && r.id != "C10": // receivers SHOULD drop it, nobody may send it
			t.Errorf("%s is %s in the table, and a violation here", r.id, l)
		case !strings.HasPrefix(l, "SHOULD") && l != "derived" && !r.must:
			t.Errorf("%s is %s in the table, and none here", r.id, l)
		}
		if document, _, _ := strings.Cut(source[r.id], ","); !strings.HasPrefix(r.source, document) {
			t.Errorf("%s is of %q in the table, of %q here", r.id, source[r.id], r.source)
		}
	}
}
