package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fake is a machine with 4 GiB of memory, disks of 1 TiB, and the interfaces lo and eth0.
var fake = Machine{
	Memory: 4 << 30,
	Disk:   func(string) (uint64, error) { return 1 << 40, nil },
	Loopback: func(name string) (bool, error) {
		if name != "lo" && name != "eth0" {
			return false, errors.New("there is none")
		}
		return name == "lo", nil
	},
}

// TestWarnings: what can be used and is surely not meant is told where it stands; what may be meant is not.
func TestWarnings(t *testing.T) {
	const (
		a     = "receive:\n- {name: a, group: '239.1.1.1:1', dir: /in"
		s     = "send:\n- {name: s, to: '239.1.1.2:1', interface: eth0, watch: /usr/bin"
		sinks = "sinks:\n- {name: x, marker: .d}\n"
	)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", a + "}\n" + s + "}\n", ""},

		{"nothing to do", "node: {memory: 1GiB}\n", "there is no receive, send or utp"},
		{"home", strings.Replace(a, "/in", "~/in", 1) + "}\n", "receive a: dir ~/in: ~ is not the home folder"},
		{"home of utp", "utp:\n- {name: u, listen: ':1', dir: ~/u}\n", "utp u: dir ~/u: ~ is not"},
		{"home elsewhere", strings.Replace(a, "/in", "/in/a~", 1) + "}\n", ""},
		{
			"variable of a shell", strings.Replace(a, "/in", "$HOME/in", 1) + "}\n",
			"receive a: dir $HOME/in: $HOME is a name here: a variable of the environment is ${HOME}",
		},
		{"state in a home", s + ", state: ~/s}\n", "send s: state ~/s: ~ is not"},
		{"price", strings.Replace(a, "/in", "/in$5", 1) + "}\n", ""},

		{"memory", "node: {memory: 5GiB}\n", "1:8: node.memory 5 GiB: the machine has 4 GiB"},
		{"memory that is there", "node: {memory: 4GiB}\n" + a + "}\n", ""},
		{"rate of the node", "node: {rate: 100}\n", "1:8: node.rate: at a rate of 100 bit/s"},
		{"sink for nobody", sinks + a + "}\n", "2:4: sink x: no receive names it"},
		{"outbox of no sinks", "node: {outbox: /var/o.db}\n" + a + "}\n", "1:8: node.outbox does nothing without sinks"},
		{"outbox of sinks", "node: {outbox: /var/o.db}\n" + sinks + a + ", sinks: x}\n", ""},
		{"sink", sinks + a + ", sinks: x}\n", ""},

		{"feed on another interface", a + ", feed: '239.1.1.1:1,interface=eth0'}\n", ""},
		{"feed from another source", a + ", source: 10.0.0.1, feed: '239.1.1.1:1,source=10.0.0.2'}\n", ""},
		{"feed of another channel", a + ", feed: '239.1.1.1:1,channel=1'}\n", ""},
		{"interface of a receive", a + ", interface: eth9}\n", "receive a: interface eth9: there is none"},
		{"interface of a send", strings.Replace(s, "eth0", "eth9", 1) + "}\n", "send s: interface eth9: there is none"},
		{"free", a + ", min_free: 2TiB}\n", "receive a: min_free 2 TiB: the disk of /in has 1 TiB in all"},
		{"bytes", a + ", max_bytes: 2TiB}\n", "receive a: max_bytes 2 TiB: the disk of /in has 1 TiB in all"},
		{"room", a + ", max_bytes: 1TiB, min_free: 1GiB}\n", ""},

		{"rate", "node: {rate: 1Mbit}\n" + s + ", rate: 2Mbit}\n", "send s: rate 2 Mbit/s: node.rate is 1 Mbit/s"},
		{"rate of the default", "node: {rate: 1Mbit}\n" + s + "}\n", ""},
		{"rate without a bound", "node: {rate: 1Mbit}\n" + s + ", rate: 0}\n", ""},
		{"rate in Mbit", s + ", rate: 100}\n", "send s: at a rate of 100 bit/s a packet"},
		{
			"constant", "node: {rate: 3Mbit}\n" + s + ", rate: 2Mbit, constant: true}\n" +
				"- {name: t, to: '239.1.1.3:1', watch: /usr/bin, rate: 2Mbit, constant: true}\n",
			"send t: the sections with constant send 4 Mbit/s",
		},
		{"weight", s + ", weight: 2}\n", "send s: weight does nothing without node.rate"},
		{"ttl 0", s + ", ttl: 0}\n", "send s: ttl 0 is taken for 1"},
		{"ttl 0 on this machine", strings.Replace(s, "eth0", "lo", 1) + ", ttl: 0}\n", ""},
		{"ttl of unicast", strings.Replace(s, "239.1.1.2", "10.0.0.1", 1) + ", ttl: 8}\n", "send s: ttl is that of multicast"},
		{"until", s + ", until: '2020-01-01T00:00:00Z'}\n", "send s: until is over"},
		{"until later", s + ", until: '2099-01-01T00:00:00Z', start_at: '2098-01-01T00:00:00Z'}\n", ""},
		{"start after the end", s + ", until: '2098-01-01T00:00:00Z', start_at: '2099-01-01T00:00:00Z'}\n", "send s: start_at is not before until"},
		{"over night", s + ", until: '06:00', start_at: '20:00'}\n", ""},
		{"trace", s + ", trace: true}\n", "send s: trace does nothing"},
		{"paths", "send:\n- {name: s, to: '239.1.1.2:1', paths: /no/such}\n", "send s: paths: stat /no/such"},
		{"watch", s + "/no/such}\n", "send s: watch: stat /usr/bin/no/such"},
		{"queue", s + ", queue: {-1: 2}}\n", "send s: queue -1: no priority"},
		{"queue with a priority", s + ", queue: {-1: 2, 0: 1}, priority: ['*.a=-1']}\n", ""},

		{"folder in a folder", a + "}\n- {name: b, group: '239.1.1.2:1', dir: /in/b}\n", "receive b: dir lies in that of receive a"},
		{"folder around a folder", a + "/b}\n- {name: b, group: '239.1.1.2:1', dir: /in}\n", "receive a: dir lies in that of receive b"},
		{"folder beside a folder", a + "}\n- {name: b, group: '239.1.1.2:1', dir: /inb}\n", ""},
		{"one folder for two groups", a + "}\n- {name: b, group: '239.1.1.2:1', dir: /in}\n", ""},
		{"one folder for two sessions", a + ", tsi: 1}\n- {name: b, group: '239.1.1.1:1', dir: /in, tsi: 2}\n", ""},
		{"all twice", a + ", tsi: 1}\n- {name: b, group: ['239.1.1.2:1', '239.1.1.1:1'], dir: /in}\n", "receive b: receive a has the same group"},
		{"uploads in a folder", a + "}\nutp:\n- {name: u, listen: ':1', dir: /in/u}\n", "utp u: dir lies in that of receive a"},
		{"uploads", a + "}\nutp:\n- {name: u, listen: ':1', dir: /in}\n", "utp u: dir is that of receive a"},
		{"state", a + "}\n" + s + ", state: /in/state}\n", "send s: state /in/state lies in dir of receive a"},
		{"outbox", "node: {outbox: /in/o}\n" + a + "}\n", "1:8: node.outbox /in/o lies in dir of receive a"},
		{"state elsewhere", a + "}\n" + s + ", state: /in-state}\n", ""},
		{"root", "receive:\n- {name: a, group: '239.1.1.1:1', dir: /}\n" + s + ", state: /s}\n", "send s: state /s lies in dir of receive a"},
		{"outbox in an inbox", "receive:\n- {name: a, group: '239.1.1.1:1', dir: /usr}\n" + s + "}\n", "send s: watch lies in dir of receive a"},
		{"inbox in an outbox", "receive:\n- {name: a, group: '239.1.1.1:1', dir: /usr/bin/in}\n" + s + "}\n", "send s: dir of receive a lies in watch"},
		{"inbox in an outbox that leaves it out", "receive:\n- {name: a, group: '239.1.1.1:1', dir: /usr/bin/in}\n" + s + ", exclude: 'in/*'}\n", ""},
		{"relay", "receive:\n- {name: a, group: '239.1.1.1:1', dir: /usr/bin}\n" + s + "}\n", ""},
		{"circle", "receive:\n- {name: a, group: '239.1.1.2:1', dir: /usr/bin}\n" + s + "}\n", "send s: watch has what receive a receives from the same group"},
		{"relay to another session", "receive:\n- {name: a, group: '239.1.1.2:1', tsi: 2, dir: /usr/bin}\n" + s + "}\n", ""},
	} {
		cfg, err := load(t, c.text, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := errorsOf(cfg.Warnings(fake, time.Now()))
		if c.want == "" && len(got) > 0 || c.want != "" && !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestConfigurationInAnInbox: a file of configuration that senders may replace is told.
func TestConfigurationInAnInbox(t *testing.T) {
	path := write(t, map[string]string{"flute-node.yaml": ""})
	text := "receive:\n- {name: a, group: '239.1.1.1:1', dir: '" + filepath.Dir(path) + "'}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path, variables(nil))
	if err != nil {
		t.Fatal(err)
	}
	got := errorsOf(cfg.Warnings(Machine{}, time.Now()))
	if len(got) != 1 || !strings.Contains(got[0], "lies in dir of") {
		t.Errorf("%q", got)
	}
}

// TestExampleIsMeant: the file that config example prints has no warnings but of what is not there.
func TestExampleIsMeant(t *testing.T) {
	cfg, err := load(t, string(Example()), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range errorsOf(cfg.Warnings(fake, time.Now())) {
		if !strings.Contains(text, "watch: stat") {
			t.Error(text)
		}
	}
}
