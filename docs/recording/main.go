// Command recording runs a command on a terminal and draws what its screen showed as an SVG that moves by CSS. Where
// nothing moves, the picture is the last screen. It needs the program script of util-linux.
//
//	go build -o /tmp/flute-node ./cmd/flute-node
//	go run ./docs/recording -- /tmp/flute-node demo --sessions 4 --objects 2 --size 16MiB --loss 10% --fec raptorq
//
// # Limitations
//
// Of the control sequences of a terminal it knows those that flute-node writes; it draws no colours.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	interval = 250 * time.Millisecond // between two pictures of the screen
	hold     = 6 * time.Second        // how long the last one stays
)

func main() {
	out := flag.String("o", "docs/demo.svg", "file to write")
	rows := flag.Int("rows", 17, "lines of the terminal")
	columns := flag.Int("columns", 116, "columns of the terminal")
	flag.Parse()
	if err := run(*out, *rows, *columns, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

func run(out string, rows, columns int, command []string) error {
	if len(command) == 0 {
		return errors.New("which command?")
	}
	shown := append([]string{filepath.Base(command[0])}, command[1:]...)
	s := newScreen(rows, columns)
	s.write("$ " + strings.Join(shown, " ") + "\r\n")
	frames, err := record(s, rows, columns, command)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(draw(frames, rows, columns)), 0o666)
}

// frame is what the screen showed, and since when.
type frame struct {
	at    time.Duration
	lines []string
}

// record runs the command, and returns the screen before its first output, each one that differs at an interval, and
// the last one.
func record(s *screen, rows, columns int, command []string) ([]frame, error) {
	quoted := make([]string, len(command))
	for i, word := range command {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	line := fmt.Sprintf("stty rows %d cols %d; exec %s", rows, columns, strings.Join(quoted, " "))
	cmd := exec.Command("script", "-qefc", line, os.DevNull)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	written := make(chan string)
	go func() {
		defer close(written)
		b := make([]byte, 1<<16)
		for {
			n, err := pipe.Read(b)
			written <- string(b[:n])
			if err != nil {
				return
			}
		}
	}()
	start := time.Now()
	frames := []frame{{lines: s.text()}}
	take := func() {
		if now := s.text(); strings.Join(now, "\n") != strings.Join(frames[len(frames)-1].lines, "\n") {
			frames = append(frames, frame{time.Since(start), now})
		}
	}
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case text, more := <-written:
			if !more {
				take()
				return frames, cmd.Wait()
			}
			s.write(text)
		case <-ticks.C:
			take()
		}
	}
}
