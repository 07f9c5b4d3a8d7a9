package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/flute-node/flute-node/internal/config"
)

// notKeys are the flags that a service does not have, or has elsewhere.
var notKeys = []string{
	"help", "json", "progress", "quiet", "version", // how a command shows
	"until", "objects", "timeout", // a service goes on
	"memory",             // node.memory
	"cpuprofile", "pcap", // of one transfer
	"name", "spool", "plan", "print-sdp", "control", // standard input and orders of a command; name is the section's
}

// TestEveryFlagIsAKey: what receive and send have as flags the file of configuration has as keys.
func TestEveryFlagIsAKey(t *testing.T) {
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Items struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var cli commands
	parser, err := kong.New(&cli, helpVars(), kong.NamedMapper(typePositive, numbers(1)),
		kong.NamedMapper(typeNatural, numbers(0)))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, command := range parser.Model.Children {
		keys := schema.Properties[command.Name].Items.Properties
		if command.Name != "receive" && command.Name != "send" {
			continue
		}
		for _, flag := range command.Flags {
			key := strings.ReplaceAll(flag.Name, "-", "_")
			if _, ok := keys[key]; !ok && !slices.Contains(notKeys, flag.Name) {
				t.Errorf("%s --%s has no key", command.Name, flag.Name)
			}
			checked++
		}
	}
	if checked < 100 {
		t.Errorf("%d flags only", checked)
	}
}
