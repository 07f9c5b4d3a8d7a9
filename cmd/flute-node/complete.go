package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/flute-node/flute-node/internal/settings"
)

// The scripts ask the program itself, so that they fit each version. What it has no answer to is a file.
const (
	bashScript = `# Completion of flute-node for bash.
_flute_node() {
	local IFS=$'\n'
	COMPREPLY=($(flute-node complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _flute_node flute-node
`
	zshScript = `#compdef flute-node
# Completion of flute-node for zsh.
local -a found
found=("${(@f)$(flute-node complete -- "${(@)words[2,CURRENT]}" 2>/dev/null | sed 's/:/\\:/g; s/\t/:/')}")
if [[ -n "$found" ]]; then
	_describe flute-node found
else
	_files
fi
`
	fishScript = `# Completion of flute-node for fish.
complete -c flute-node -a '(flute-node complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`
)

// completeCommand tells the scripts what may come next.
type completeCommand struct {
	Words []string `arg:"" optional:"" help:"The words behind flute-node, the last one unfinished."`
}

// Run prints each word that may be the last one, with what it is.
func (c *completeCommand) Run(k *kong.Context, out *output) error {
	var b strings.Builder
	for _, w := range completions(k.Model, c.Words) {
		fmt.Fprintf(&b, "%s\t%s\n", w.text, w.help)
	}
	_, err := out.Write([]byte(b.String()))
	return err
}

// completion is a word that may come next.
type completion struct{ text, help string }

// completions returns what the last of words may become. Nothing: it is a file, or anything.
func completions(app *kong.Application, words []string) (list []completion) {
	if len(words) == 0 {
		words = []string{""}
	}
	at := app.Node
	var value *kong.Flag // whose value the next word is
	for _, w := range words[:len(words)-1] {
		switch {
		case value != nil && w == "=": // bash gives --flag=value as three words
		case value != nil:
			value = nil
		case strings.HasPrefix(w, "-"):
			name, _, has := strings.Cut(w, "=")
			if f := flagNamed(at, name); f != nil && takesValue(f) && !has {
				value = f
			}
		default:
			for _, child := range at.Children {
				if child.Name == w {
					at = child
				}
			}
		}
	}
	last := words[len(words)-1]
	if value != nil && last == "=" {
		last = ""
	}
	add := func(text, help string) {
		if text != "" && strings.HasPrefix(text, last) {
			help, _, _ = strings.Cut(help, "\n")
			list = append(list, completion{text, help})
		}
	}
	switch name, _, has := strings.Cut(last, "="); {
	case value != nil:
		for _, e := range valuesOf(value) {
			add(e, "")
		}
	case has && strings.HasPrefix(last, "-"):
		if f := flagNamed(at, name); f != nil {
			for _, e := range valuesOf(f) {
				add(name+"="+e, "")
			}
		}
	case strings.HasPrefix(last, "-"):
		for n := at; n != nil; n = n.Parent {
			for _, f := range n.Flags {
				if !f.Hidden {
					add("--"+f.Name, f.Help)
				}
			}
		}
	default:
		for _, child := range at.Children {
			if !child.Hidden && child.Type == kong.CommandNode {
				add(child.Name, child.Help)
			}
		}
	}
	return list
}

// valuesOf returns the values of a flag that are known; none: it takes a file, or anything.
func valuesOf(f *kong.Flag) (values []string) {
	switch f.Name {
	case "fec":
		values = append(values, "auto")
		for _, s := range settings.Schemes() {
			values = append(values, s.Name)
		}
	case "interface":
		all, _ := net.Interfaces() // none: nothing is suggested
		for i := range all {
			values = append(values, all[i].Name)
		}
	default:
		values = f.EnumSlice()
	}
	return values
}

// flagNamed returns a flag of a command or of those above it; nil: there is none.
func flagNamed(at *kong.Node, name string) *kong.Flag {
	for n := at; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if "--"+f.Name == name || f.Short != 0 && "-"+string(f.Short) == name {
				return f
			}
		}
	}
	return nil
}
