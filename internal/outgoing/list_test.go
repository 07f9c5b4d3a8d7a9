package outgoing

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestReadObject: what follows an object on its line is refused, whatever it is.
func TestReadObject(t *testing.T) {
	for _, text := range []string{
		`{"path":"a"}{`, `{"path":"a"}}`, `{"path":"a"}]`, `{"path":"a"} ]`, `{"path":"a"},`, `{"path":"a"} x`,
		`{"path":"a"}{"path":"b"}`, `null`, `[]`, `"a"`, `{"path":"a","path2":"b"}`,
	} {
		if err := ReadObject([]byte(text), &Line{}); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	for _, text := range []string{`{"path":"a"}`, " {\"path\":\"a\"}\t\r\n"} {
		if l := (Line{}); ReadObject([]byte(text), &l) != nil || l.Path != "a" {
			t.Errorf("%q: %+v", text, l)
		}
	}
}

// FuzzReadList: no list makes it panic; each line that is taken has one whole object and nothing else, with a path, and
// the number that an editor shows.
func FuzzReadList(f *testing.F) {
	f.Add("{\"path\": \"a\"}\r\n\n{\"path\": \"b\", \"name\": \"c\", \"type\": \"text/plain\"}")
	f.Add(`{"path":"a","priority":-1,"repeat":3,"repair":"5%","expires":"20:15"}`)
	f.Add(`{"path":"` + strings.Repeat("a", MaxLine-1-len(`{"path":""}`)) + `"}`) // the longest line
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := ReadList(strings.NewReader(text))
		if err != nil {
			return
		}
		all := strings.Split(text, "\n")
		var numbers []int // of the lines that are not empty
		for i, line := range all {
			if len(bytes.TrimSpace([]byte(line))) > 0 {
				numbers = append(numbers, i+1)
			}
		}
		if len(lines) != len(numbers) {
			t.Fatalf("%d of the lines %v are taken", len(lines), numbers)
		}
		for i, l := range lines {
			if l.Path == "" || l.Number != numbers[i] {
				t.Fatalf("%+v is line %d", l, numbers[i])
			}
			if len(all[l.Number-1])+len("\r\n") >= MaxLine {
				continue // with the end that it gets here it is too long
			}
			alone, err := ReadList(strings.NewReader("\n" + all[l.Number-1] + "\r\n"))
			if l.Number = 2; err != nil || len(alone) != 1 || !reflect.DeepEqual(alone[0], l) {
				t.Fatalf("alone %+v, %v; want %+v", alone, err, l)
			}
			l.Number = numbers[i]
			if one := bytes.TrimSpace([]byte(all[l.Number-1])); !json.Valid(one) || one[0] != '{' {
				t.Errorf("line %d is taken: %q", l.Number, one)
			}
		}
	})
}
