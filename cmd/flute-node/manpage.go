package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// manPage writes the manual of the command line, in the language of man(7).
func manPage(app *kong.Application) string {
	var b strings.Builder
	b.WriteString(`.TH FLUTE\-NODE 1
.SH NAME
flute\-node \- send and receive files over one\-way networks (FLUTE, RFC 6726)
.SH SYNOPSIS
.B flute\-node
.I COMMAND
.RI [ FLAGS ]
.SH DESCRIPTION
`)
	b.WriteString(roff(app.Help) + "\n.SH FLAGS OF ALL COMMANDS\n")
	manFlags(&b, app.Node)
	b.WriteString(".SH COMMANDS\n")
	for _, n := range app.Leaves(true) {
		b.WriteString(".SS " + roff(n.FullPath()))
		for _, p := range n.Positional {
			b.WriteString(" " + roff(p.Summary()))
		}
		b.WriteString("\n" + roff(n.Help) + "\n")
		for _, p := range n.Positional {
			if p.Help != "" {
				b.WriteString(".TP\n.I " + roff(p.Summary()) + "\n" + roff(p.Help) + "\n")
			}
		}
		for at := n; at != nil && at.Type != kong.ApplicationNode; at = at.Parent {
			manFlags(&b, at)
		}
	}
	return b.String()
}

// manFlags writes the flags of a node alone.
func manFlags(b *strings.Builder, n *kong.Node) {
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		b.WriteString(".TP\n.B ")
		if f.Short != 0 {
			b.WriteString(roff("-"+string(f.Short)) + ", ")
		}
		b.WriteString(roff("--" + f.Name))
		if takesValue(f) {
			b.WriteString("=" + roff(f.FormatPlaceHolder()))
		}
		b.WriteString("\n" + roff(f.Help))
		if f.HasDefault && f.Default != "" && takesValue(f) && !strings.Contains(f.Help, "efault") {
			b.WriteString(" Default: " + roff(f.Default) + ".")
		}
		for _, e := range f.Envs {
			b.WriteString(" Or by " + roff(e) + " in the environment.")
		}
		b.WriteByte('\n')
	}
}

// takesValue reports whether a flag is followed by a value.
func takesValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

// roff writes a text so that nothing in it is a request of roff.
func roff(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r > unicode.MaxASCII:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines {
		switch {
		case l == "":
			lines[i] = ".PP"
		case l[0] == '.' || l[0] == '\'':
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
