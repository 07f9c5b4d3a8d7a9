package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse returns the documents of a text; none: it is no YAML.
func (d *decoder) parse(text []byte) []*ast.DocumentNode {
	if wrong, at := d.source.read(text); wrong != "" {
		d.faults.add(at, "%s", wrong)
		return nil
	}
	file, err := parseYAML(d.source.text)
	if err != nil {
		d.faults.add(syntax(&d.source, err))
		return nil
	}
	return slices.DeleteFunc(file.Docs, func(doc *ast.DocumentNode) bool {
		_, directive := doc.Body.(*ast.DirectiveNode) // such as %YAML 1.2
		return directive || doc.Body == nil
	})
}

// parseYAML is the parser of the library, whose panics at damaged files are errors.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("this is no YAML that can be read: %v", r)
		}
	}()
	return parser.ParseBytes([]byte(text), 0)
}

// syntaxError is what the parser returns for a text that is no YAML.
type syntaxError interface {
	error
	GetToken() *token.Token
	GetMessage() string
}

// syntax returns where the text is no YAML, and why.
func syntax(s *source, err error) (place, string, any) {
	e, ok := errors.AsType[syntaxError](err)
	if !ok {
		return place{file: s.path}, "%s", err
	}
	at, said := s.of(e.GetToken()), e.GetMessage()
	return at, "%s" + s.remedy(at, said), said
}

// remedy is what mends a file of which the parser says no more than that something stands where it may not.
func (s *source) remedy(at place, said string) string {
	const indent = "indent all keys of a section by as many spaces"
	line := ""
	if at.line >= 1 && at.line <= len(s.lines) {
		line = s.lines[at.line-1]
	}
	switch {
	case strings.Contains(line, "\u00a0"):
		return ": there is a no-break space in this line: write a plain one"
	case strings.Contains(said, "of double-quoted text") && strings.Contains(line, `\`):
		return `: within double quotes \ stands before a character such as n or ": take single quotes`
	case strings.Contains(said, "tab character"), strings.Contains(said, "character '\t'"):
		return ": indent by spaces, not by tabs"
	case strings.Contains(said, "mapping value is not allowed"):
		return ": quote a value that has a colon and a space, and " + indent
	case !strings.Contains(said, "value is not allowed"):
		return ""
	}
	if before := []rune(s.lines[at.line-1])[:at.column-1]; strings.TrimLeft(string(before), " ") != "" {
		return ": quote the whole value"
	}
	return ": " + indent
}
