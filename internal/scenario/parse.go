package scenario

import (
	"fmt"
	"strings"
)

// parse reads the cases of a file, and the comments after the last of them.
func parse(file, text string) (commands []*Command, tail string, err error) {
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		var head strings.Builder
		for i < len(lines) && (isComment(lines[i]) || strings.TrimSpace(lines[i]) == "") {
			head.WriteString(lines[i])
			i++
		}
		if i == len(lines) {
			return commands, head.String(), nil
		}
		c := &Command{Pos: fmt.Sprintf("%s:%d", file, i+1)}
		head.WriteString(lines[i])
		if err := c.parseLine(strings.TrimSpace(lines[i])); err != nil {
			return nil, "", fmt.Errorf("%s: %w", c.Pos, err)
		}
		i++
		var input strings.Builder
		for ; ; i++ {
			if i >= len(lines) {
				return nil, "", fmt.Errorf("%s: no ---- after the command", c.Pos)
			}
			if strings.TrimRight(lines[i], "\r\n") == "----" {
				i++
				break
			}
			head.WriteString(lines[i])
			input.WriteString(lines[i])
		}
		c.Input, c.head = strings.TrimRight(input.String(), "\n"), head.String()
		var want strings.Builder
		for ; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
			want.WriteString(lines[i])
		}
		if i < len(lines) {
			i++ // the blank line belongs to the case
		}
		c.want = strings.TrimRight(want.String(), "\n")
		commands = append(commands, c)
	}
	return commands, "", nil
}

func isComment(line string) bool { return strings.HasPrefix(line, "#") }

// parseLine reads "name key key=value key=(value, value)".
func (c *Command) parseLine(line string) error {
	for n := 0; line != ""; n++ {
		word, rest, err := cutWord(line)
		if err != nil {
			return err
		}
		line = strings.TrimLeft(rest, " \t")
		if n == 0 {
			c.Name = word
			continue
		}
		key, value, ok := strings.Cut(word, "=")
		a := Arg{Key: key}
		switch {
		case !ok:
		case strings.HasPrefix(value, "("):
			for v := range strings.SplitSeq(strings.Trim(value, "()"), ",") {
				a.Values = append(a.Values, strings.TrimSpace(v))
			}
		default:
			a.Values = []string{value}
		}
		c.Args = append(c.Args, a)
	}
	return nil
}

// cutWord cuts line at the first blank outside parentheses.
func cutWord(line string) (word, rest string, err error) {
	depth := 0
	for i, r := range line {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case (r == ' ' || r == '\t') && depth == 0:
			return line[:i], line[i+1:], nil
		}
	}
	if depth != 0 {
		return "", "", fmt.Errorf("parentheses of %q do not match", line)
	}
	return line, "", nil
}
