package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/daemon"
)

// configCommand looks at files of configuration.
type configCommand struct {
	Check   configCheckCommand   `cmd:"" help:"Read a file of configuration, and tell all that is wrong with it, with line and column; and what can be used and is surely not meant, as warnings."`
	Example configExampleCommand `cmd:"" help:"Print a file of configuration with comments."`
	Schema  configSchemaCommand  `cmd:"" help:"Print the JSON Schema of the file."`
}

type configCheckCommand struct {
	File string `arg:"" type:"path" help:"The file; conf.d/*.yaml beside it is read, too."`
}

// checked is what config check prints in JSON.
type checked struct {
	Files    []string          `json:"files,omitempty"`
	Errors   []api.ConfigError `json:"errors,omitempty"`
	Warnings []api.ConfigError `json:"warnings,omitempty"`

	Receive int `json:"receive"`
	Send    int `json:"send"`
	UTP     int `json:"utp"`
}

// Run checks the file.
func (c *configCheckCommand) Run(out *output) error {
	cfg, err := config.Load(c.File, os.LookupEnv)
	if list, ok := errors.AsType[config.Errors](err); ok {
		v := checked{}
		var text bytes.Buffer
		for i, e := range list {
			v.Errors = append(v.Errors, api.ConfigError(*e))
			if i > 0 {
				text.WriteByte('\n')
			}
			text.WriteString(plain(e.Error()))
		}
		out.table("config", v, text.String())
		return errFailed
	}
	if err != nil {
		return err
	}
	v := checked{Files: cfg.Files, Receive: len(cfg.Receive), Send: len(cfg.Send), UTP: len(cfg.UTP)}
	for _, w := range daemon.Warnings(cfg) {
		v.Warnings = append(v.Warnings, api.ConfigError(*w))
		if !out.asked {
			out.said("warning: " + plain(w.Error()))
		}
	}
	out.table("config", v, fmt.Sprintf("%s can be used: receive %d, send %d, utp %d", plain(c.File),
		v.Receive, v.Send, v.UTP))
	return nil
}

type configExampleCommand struct{}

// Run prints the example.
func (configExampleCommand) Run(out *output) error {
	return printText(out, "the example", config.Example())
}

type configSchemaCommand struct{}

// Run prints the schema.
func (configSchemaCommand) Run(out *output) error {
	text, err := config.Schema()
	if err != nil {
		return err
	}
	return printText(out, "the schema", text)
}

// printText prints what a command is run for, which errors call name; with --json, JSON on one line.
func printText(out *output, name string, text []byte) error {
	if json.Valid(text) {
		out.record(json.RawMessage(text), string(bytes.TrimRight(text, "\n")))
		return nil
	}
	if err := out.handOver(); err != nil {
		return fmt.Errorf("--json: JSON is no form of %s", name)
	}
	_, err := out.Write(text)
	return err
}
