package program

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-shellwords"
)

// Command is what to run: a program and its arguments, in which the fields of a [File], such as {path}, stand for what
// is known of it.
type Command struct {
	text  string
	words []string
	shell bool
}

// Parse splits text into words at spaces outside of quotes, as a shell does. The error says what cannot be used: an
// open quote, what only a shell understands, a field that is not known, or a program that a sender would choose.
func Parse(text string) (Command, error) {
	p := shellwords.NewParser()
	words, err := p.Parse(text)
	switch {
	case err != nil:
		return Command{}, fmt.Errorf("%q: a quote is not closed, or a backslash is the last character", text)
	case p.Position >= 0:
		return Command{}, fmt.Errorf("%q: ; & | < > ( ) are a shell's, which is not used unless it is asked for", text)
	case len(words) == 0 || words[0] == "":
		return Command{}, errors.New("the command is empty")
	case strings.Contains(words[0], "{"):
		return Command{}, fmt.Errorf("%q: the program itself cannot be a sender's choice", text)
	}
	c := Command{text: text, words: words}
	for _, w := range words[1:] {
		for rest := w; ; {
			_, after, open := strings.Cut(rest, "{")
			name, next, closed := strings.Cut(after, "}")
			if !open || !closed {
				break
			}
			if isName(name) && !slices.Contains(fields, name) {
				return Command{}, fmt.Errorf("%q: {%s} is not known: take {%s}", text, name,
					strings.Join(fields, "}, {"))
			}
			rest = next
		}
	}
	return c, nil
}

// isName reports whether s may be meant as one of fields.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
}

// Shell has /bin/sh run text. What is known of a file is in the environment only: filled in, it would be a part of the
// program. The error says that text is empty, or which field it has.
func Shell(text string) (Command, error) {
	if strings.TrimSpace(text) == "" {
		return Command{}, errors.New("the command is empty")
	}
	for _, f := range fields {
		if strings.Contains(text, "{"+f+"}") {
			return Command{}, fmt.Errorf("%q: a sender could run commands by {%s}: write \"$%s\"", text, f, variable(f))
		}
	}
	return Command{text: text, words: []string{"/bin/sh", "-c", text}, shell: true}, nil
}

// Program returns the program.
func (c Command) Program() string { return c.words[0] }

// String returns the text of the command.
func (c Command) String() string { return c.text }

// NeedsPath reports whether the program is to be told where the file is.
func (c Command) NeedsPath() bool {
	return c.shell && strings.Contains(c.text, variable("path")) ||
		!c.shell && slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(w, "{path}") })
}

// arguments returns the words for a file.
func (c Command) arguments(f *File) []string {
	if c.shell {
		return c.words
	}
	var pairs []string
	for _, name := range fields {
		pairs = append(pairs, "{"+name+"}", f.field(name))
	}
	replacer := strings.NewReplacer(pairs...)
	words := make([]string, 0, len(c.words))
	for _, w := range c.words {
		words = append(words, replacer.Replace(w))
	}
	return words
}
