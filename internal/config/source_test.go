package config

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestPlaces: what is wrong stands where an editor shows it, whatever stands in front of it and whoever has saved the
// file.
func TestPlaces(t *testing.T) {
	for _, before := range []string{
		"",
		"\n \n  \n",
		"# one\n# two # three\n#\n",
		"# a folder C:\\x\\\n# two\n",
		"node: {memory: 1GiB} # a comment\n",
		"node: # a comment\n  memory: 1GiB # another\n  # and one more\n",
		"node:\n  log_level: 'in\n   \n   fo'\n",
		"node:\n  log_level: \"in\n   \n   fo\"\n",
		"node:\n  log_level: \"in\\\n   fo\"\n",
		"node:\n  log_level: in\n   \n   fo\n",
		"node:\n  log_level: in\n   - fo\n",
		"node:\n  log_level: |\n   in\n   fo\n",
		"node:\n  log_level: |- # a comment\n   in\n\n   fo\n\n",
		"node:\n  log_level: >2+\n    in\n\n    fo\n\n",
		"node: {\n  memory: 1GiB,\n  log_level: info\n}\n",
		"utp: [\n  # a comment\n  {name: a},\n\n]\n",
		"node: &x\n  memory: 1GiB\n",
		"node: !!map\n  memory: 1GiB\n",
		"---\n",
		"%YAML 1.2\n---\n",
		"? node\n: memory: 1GiB\n",
		"node: {log_level: 'caf\u00e9 \u4e2d \U0001f600 \u0085 \u2028 \u2029 \ufffd'}\n",
		"# \u0085\n# \u2028 \u2029\n",
		"node:\n  memory:\t1GiB\n  log_level:  \t info\t# tabs\n",
	} {
		for _, bad := range []struct {
			text         string
			line, column int
			says         string
		}{
			{"bad: 1", 0, 1, `"bad" is not known`},
			{"send:\n- {name: '\u00e9\u4e2d\U0001f600', bad: 1}", 1, 17, `"bad" is not known`},
			{"send:\n- name: s\n  # \u00e9\n  repeat: none\n", 3, 11, "send[0].repeat"},
			{"send:\n- name: s\n  repeat:  'none'\n", 2, 12, "send[0].repeat"},
			{"send:\n- name: s\n  repeat:  'no\n   ne'\n", 2, 12, "send[0].repeat"},
			{"send:\n- name: s\n  repeat:  no\n   ne\n", 2, 12, "send[0].repeat"},
			{"send:\n- name: s\n  repeat:\n   none\n", 3, 4, "send[0].repeat"},
			{"send:\n- name: s\n  repeat: >\n   none\n", 2, 11, "send[0].repeat"},
			{"send:\n- name: s\n  repeat: no\n    - ne\n", 2, 11, "send[0].repeat"},
			{"send:\n- name: s\n  repeat:\tnone\n", 2, 11, "send[0].repeat"},
			{"send:\n- name: s\n  ttl: [\t1, \t\t{}]\n", 2, 8, "send[0].ttl takes one value"},
			{"receive:\n- name: s\n  tsi: [\t1, \t\t{}]\n", 2, 15, "receive[0].tsi[1] takes one value"},
			{"receive:\n- name: s\n\ttsi: 1", 2, 1, "indent by spaces"},
			{"receive:\n- name: 'a\n", 1, 9, "single-quoted"},
			{"receive:\n- name: @a\n", 1, 9, "reserved"},
		} {
			for _, from := range []struct{ name, mark, end string }{
				{"Unix", "", "\n"}, {"Windows", "", "\r\n"}, {"Notepad", "\ufeff", "\r\n"},
			} {
				text := from.mark + strings.ReplaceAll(before+bad.text, "\n", from.end)
				want := place{"f", 1 + strings.Count(before, "\n") + bad.line, bad.column}.String()
				found := false
				var told []string
				for _, e := range judge([]byte(text)) {
					found = found || strings.HasPrefix(e.Error(), want+": ") && strings.Contains(e.Text, bad.says)
					told = append(told, e.Error())
				}
				if !found {
					t.Errorf("%s: %q: %q; want %s with %q", from.name, text, told, want, bad.says)
				}
			}
		}
	}
}

// TestTexts: what is no text in UTF-8, or has what no editor shows, is refused where that stands.
func TestTexts(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"carriage returns", "# a\rnode: {}", "f:1:4: a carriage return stands alone"},
		{"one of them", "node: {}\r\n# a\r# b\n", "f:2:4: a carriage return"},
		{"at the end", "node: {}\r\n\r", "f:2:1: a carriage return"},
		{"two before a line feed", "node: {}\r\r\n", "f:1:9: a carriage return"},
		{"Latin-1", "# \u00e9\u00e9\nnode: {} # caf\xe9", "f:2:15: the byte 0xe9 is no UTF-8"},
		{"a character cut off", "\xef\xbf", "f:1:1: the byte 0xef"},
		{"a surrogate", "#\xed\xa0\x80", "f:1:2: the byte 0xed"},
		{"UTF-16", "\xff\xfen\x00o\x00", "f:1:1: the file is in UTF-16"},
		{"UTF-16BE", "\xfe\xff\x00n", "f:1:1: the file is in UTF-16"},
		{"UTF-32", "\xff\xfe\x00\x00n\x00\x00\x00", "f:1:1: the file is in UTF-32"},
		{"UTF-16 without a mark", "n\x00o\x00", "f:1:2: the control character U+0000"},
		{"zero", "\n# \x00", "f:2:3: the control character U+0000 may not stand here: in double quotes \\x00"},
		{"vertical tab", "#\v", "f:1:2: the control character U+000B"},
		{"form feed", "\f", "f:1:1: the control character U+000C"},
		{"escape", "node: '\x1b[31m'", "f:1:8: the control character U+001B"},
		{"delete", "\x7f", "f:1:1: the control character U+007F"},
		{"C1", "\u009b", "f:1:1: the control character U+009B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := judge([]byte(c.text)); len(got) != 1 || !strings.HasPrefix(got[0].Error(), c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for _, text := range []string{
		"", "\ufeff", "\ufeff\r\n", "node: {log_level: info} # \ufffd \u0085 \u2028\t\u00a0 \U0010ffff\r\n",
	} {
		if got := judge([]byte(text)); got != nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestOneLine: a text of one line, as programs write JSON, takes the memory that it takes in lines. Where each token
// stands was found by a copy of the whole line.
func TestOneLine(t *testing.T) {
	allocated := func(end string) uint64 {
		text := []byte("receive: [" + strings.Repeat("{name: a, group: '239.1.1.1:1', dir: /d},"+end, 300) + "]\n")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		judge(text)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if lines, one := allocated("\n"), allocated(" "); one > 2*lines {
		t.Errorf("%d bytes for one line, %d for lines", one, lines)
	}
}

// shown reports what is wrong with an error about a text: a place that no editor shows, or more than a line.
func shown(e *Error, text string) error {
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	if e.Line < 1 || e.Line > len(lines) {
		return fmt.Errorf("line %d of %d", e.Line, len(lines))
	}
	if n := utf8.RuneCountInString(strings.TrimSuffix(lines[e.Line-1], "\r")); e.Column < 1 || e.Column > n+1 {
		return fmt.Errorf("column %d of %d", e.Column, n)
	}
	if e.File != "f" || e.Text == "" || strings.ContainsFunc(e.Text, unicode.IsControl) {
		return fmt.Errorf("%q of %q", e.Text, e.File)
	}
	return nil
}
