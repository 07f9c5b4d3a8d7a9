package main

import (
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

// manualCommand writes what packages install beside the program, made of its flags.
type manualCommand struct {
	Dir string `arg:"" type:"path" help:"Folder for flute-node.1, flute-node.bash, _flute-node (zsh) and flute-node.fish."`
}

// Run writes the files.
func (m *manualCommand) Run(k *kong.Context) error {
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"flute-node.1": manPage(k.Model), "flute-node.bash": bashScript, "_flute-node": zshScript,
		"flute-node.fish": fishScript,
	} {
		if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
