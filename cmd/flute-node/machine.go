package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine says where something was measured.
type machine struct {
	Program string `json:"program"`
	CPU     string `json:"cpu"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Go      string `json:"go"`
}

func thisMachine() machine {
	return machine{Program: "flute-node", CPU: cpuName(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()}
}

func (m machine) String() string { return fmt.Sprintf("%s, %s/%s, %s", m.CPU, m.OS, m.Arch, m.Go) }

// cpuName returns what the system calls its processor; only Linux and Windows tell it without a program of their own.
func cpuName() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		info = nil
	}
	name := cpuModel(info)
	if name == "" {
		name = os.Getenv("PROCESSOR_IDENTIFIER")
	}
	if name == "" {
		return "unknown processor"
	}
	return name
}

// cpuModel finds the name in /proc/cpuinfo, which calls it differently from one architecture to the next.
func cpuModel(info []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(info)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(key) {
		case "model name", "Model", "Hardware", "cpu model", "uarch":
			return strings.TrimSpace(value)
		}
	}
	return ""
}
