package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// variables is an environment.
func variables(pairs map[string]string) Lookup {
	return func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }
}

// write puts files into a folder, and returns the path of flute-node.yaml there.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "flute-node.yaml")
}

// load reads one file.
func load(t testing.TB, text string, env map[string]string) (*Config, error) {
	t.Helper()
	return Load(write(t, map[string]string{"flute-node.yaml": text}), variables(env))
}

// errorsOf returns the errors without their folder.
func errorsOf(err error) (all []string) {
	list, ok := errors.AsType[Errors](err)
	if !ok && err != nil {
		return []string{"not of the file: " + err.Error()}
	}
	for _, e := range list {
		e.File = filepath.Base(e.File)
		all = append(all, e.Error())
	}
	return all
}

// TestLoad: each kind of value is read, from the file or the environment.
func TestLoad(t *testing.T) {
	cfg, err := load(t, `
node: {memory: 2GiB, rate: 1Gbit, api: "off"}
defaults: &d
`, nil)
	if err == nil {
		t.Fatal(cfg, "a key that is not known is taken")
	}
	cfg, err = load(t, `
node: {memory: 2GiB, rate: 1Gbit, api: "off"}
receive:
  - &first
    name: a
    group: [239.1.1.1:3400, "[ff15::1]:3400"]
    tsi: 7
    mode: 0640
    resume: off
    max_age: 30s
    dir: ${BASE}/a
    max_files: ${FILES:-12}
    exec: sh -c 'echo $${name}'
  - <<: *first
    name: b
    dir: /tmp/$${b}
send:
  - name: c
    to: 239.1.1.2:3400
    watch: /out
    tsi: 281474976710655
    rate: 0
    repair: 5%
    queue: {-1: 2, 5: 1}
    carousel: interval=10s,burst=2
    until: 20:15
    priority: ["*.a=-1", 5]
    constant: false
`, map[string]string{"BASE": "/srv"})
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := &cfg.Receive[0], &cfg.Receive[1], &cfg.Send[0]
	if len(a.Group) != 2 || !reflect.DeepEqual(a.TSI, []uint64{7}) || a.Mode != "0640" || a.Resume != "off" ||
		a.MaxAge != 30*time.Second || a.Dir != "/srv/a" || a.MaxFiles != 12 || a.Exec.Exec != "sh -c 'echo ${name}'" {
		t.Errorf("%+v", a)
	}
	if b.Name != "b" || b.Dir != "/tmp/${b}" || b.Mode != "0640" {
		t.Errorf("%+v", b)
	}
	if *c.TSI != 1<<48-1 || *c.Rate != 0 || *c.Repair != 0.05 ||
		!reflect.DeepEqual(c.Queue, map[int8]int{-1: 2, 5: 1}) ||
		c.Carousel.Burst != 2 || len(c.Priority) != 2 || cfg.Node.Memory != 2<<30 {
		t.Errorf("%+v", c)
	}
	if words := a.words(); words.Publication.MaxFiles != 12 {
		t.Errorf("%+v", words)
	}
}

// TestNoFile: who has no file yet is told how to get one.
func TestNoFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "flute-node.yaml"), os.LookupEnv)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "config example prints a file") {
		t.Error(err)
	}
}

// TestQuoteNotClosed: a backslash elsewhere in the file is not to blame for it.
func TestQuoteNotClosed(t *testing.T) {
	_, err := load(t, "receive: # \\\n- name: a\n  dir: \"/d\n", nil)
	if err == nil || !strings.Contains(err.Error(), "double-quoted") || strings.Contains(err.Error(), "single quotes") {
		t.Error(err)
	}
}

// TestRefused: what is wrong is told with line, column and key; all of it at once.
func TestRefused(t *testing.T) {
	const receive = "receive:\n- name: a\n  group: 239.1.1.1:1\n  dir: /d\n"
	const send = "send:\n- name: s\n  to: 239.1.1.1:1\n  watch: /d\n"
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "node: {memory", "1:8: "},
		{"tab", "node:\n\tmemory: 1", "2:1: "},
		{"tab is told", "\tnode: {}", "indent by spaces, not by tabs"},
		{"tab below is told", "send:\n- name: s\n\tto: a", "indent by spaces, not by tabs"},
		{"a key one column too far left", receive + " mode: 1\n", "5:2: value is not allowed in this context: indent all"},
		{"a key one column too far right", receive + "   mode: 1\n", "not allowed in this context: quote a value that has a colon"},
		{"a colon", "node: {}\nreceive:\n- name: a: b\n", "3:9: mapping value is not allowed in this context: quote a value"},
		{"behind a list", receive + "  only: [a] b\n", "5:13: value is not allowed in this context: quote the whole"},
		{"unknown", "recieve: []", `1:1: key "recieve" is not known: did you mean receive?`},
		{"unknown below", receive + "  rs-matrix: rizzo\n", `5:3: receive[0]: key "rs-matrix" is not known: did you mean rs_matrix?`},
		{"twice", "node: {}\nnode: {}", "2:1: mapping key"},
		{"documents", "node: {}\n---\nsend: []", "3:1: a file has one document"},
		{"tag", "node: {memory: !!str 5}", "1:16: !!str: tags are not taken"},
		{"fleet twice", "fleet: {nats: 'nats://a', nats: 'nats://b'}", "mapping key"},
		{"fleet without servers", "fleet: {site: a}", "1:9: fleet: site needs nats"},
		{"fleet by another way", "fleet: {nats: 'http://a:1', site: a}", "1:9: fleet: nats"},
		{"fleet with a password", "fleet: {nats: 'nats://u:p@a:1', site: a}", "has a password"},
		{"site in a subject", "fleet: {nats: 'nats://a:1', site: a.b}", `fleet: site "a.b"`},
		{"no site", "fleet: {nats: 'nats://a:1'}", `fleet: site ""`},
		{"heartbeat", "fleet: {nats: 'nats://a:1', site: a, heartbeat: 1ms}", "fleet: heartbeat 1ms: take 1s to 1h"},
		{"lease without a fleet", send + "  lease: l\n  tsi: 1\n", "5:3: send s: lease needs a section fleet"},
		{"lease without a tsi", "fleet: {nats: 'nats://a:1', site: a}\n" + send + "  lease: l\n", "lease needs a tsi"},
		{"lease and state", "fleet: {nats: 'nats://a:1', site: a}\n" + send + "  lease: l\n  tsi: 1\n  state: /s\n", "take one of them"},
		{"lease in a subject", "fleet: {nats: 'nats://a:1', site: a}\n" + send + "  lease: 'l.>'\n  tsi: 1\n", `lease "l.>"`},
		{"lease twice", "fleet: {nats: 'nats://a:1', site: a}\n" + send + "  lease: l\n  tsi: 1\n" +
			"- name: t\n  to: 239.1.1.1:2\n  watch: /d\n  lease: l\n  tsi: 1\n", "lease l is that of"},
		{"sink called fleet", "fleet: {nats: 'nats://a:1', site: a}\nsinks: [{name: fleet, marker: .done}]\n", "sink fleet: with a section fleet"},
		{"no keys", "- 1", "1:1: the file takes keys"},
		{"scalar for keys", "node: 5", "1:7: node takes keys with values"},
		{"scalar for list", "receive: 5", "1:10: receive takes a list"},
		{"list for scalar", "node: {memory: [1]}", "1:16: node.memory takes one value"},
		{"keys for scalar", "node: {memory: {a: 1}}", "1:16: node.memory takes one value, and no keys"},
		{"no value", "node: {memory: }", "node.memory has no value"},
		{"bytes", "node: {memory: lots}", `1:16: node.memory: "lots" is no number of bytes`},
		{"zero", "node: {memory: 0}", "1:8: node.memory 0 B: take 128 KiB or more"},
		{"little", "node: {memory: 100}", "1:8: node.memory 100 B: take 128 KiB or more"},
		{"bool", receive + "  shell: yes\n", `5:10: receive[0].shell: "yes" is neither true nor false`},
		{"quoted number", receive + "  max_files: \"5\"\n", ""},
		{"number", receive + "  max_files: 5.5\n", `5:14: receive[0].max_files: "5.5" is no whole number`},
		{"range", send + "  field_bits: 256\n", "5:15: send[0].field_bits: 256 is out of range"},
		{"truth for text", receive + "  resume: false\n", "5:11: receive[0].resume: false is no text"},
		{"time", receive + "  max_age: 5\n", `5:12: receive[0].max_age: "5" is no time`},
		{"variable", receive + "  stage: ${NONE}\n", "5:10: receive[0].stage: ${NONE}: the environment has no such variable"},
		{"variable name", receive + "  stage: ${a b}\n", "5:10: receive[0].stage: ${a b} is no variable"},
		{"variable open", receive + "  stage: ${a\n", "5:10: receive[0].stage: "},
		{"pattern without quotes", receive + "  only: *.iso\n", "5:9: *.iso: there is no such anchor before: quote a value"},
		{"path of Windows", "receive:\n- name: a\n  dir: \"C:\\users\\x\"\n", "take single quotes"},
		{"no-break space", "receive:\n- name:\u00a0a\n  dir: /d\n", "a no-break space"},
		{"alias", "node: *x", "1:7: *x: there is no such anchor"},
		{"alias of itself", "receive: &x [*x]", "1:13: receive[0] takes keys"},

		// What package settings refuses, at the key of the word.
		{"word", receive + "  rs_matrix: x\n", `5:3: receive a: rs_matrix "x": take auto`},
		{"layout", receive + "  layout: '{x}'\n", "5:3: receive a: layout"},
		{"only", receive + "  only: '['\n", "5:3: receive a: only"},
		{"FEC", send + "  fec: rs2\n  field_bits: 17\n", "6:3: send s: field_bits"},
		{"contradiction", send + "  carousel: delay=1s\n  delay: 1s\n", "5:3: send s: carousel delay=1s and delay 1s exclude"},
		{"profile", send + "  profile: mbms-download\n  tsi: 70000\n", "6:3: send s: tsi 70000 does not fit"},
		{"fdt", send + "  fdt_duration: 1s\n", "5:3: send s: fdt_duration 1s"},
		{"links", send + "  links: x\n", "5:3: send s: links"},

		// What does not go together.
		{"no name", "receive:\n- group: 239.1.1.1:1\n  dir: /d\n", "2:3: receive: name is missing"},
		{"name", "receive:\n- name: a b\n  group: 239.1.1.1:1\n  dir: /d\n", `2:3: receive: name "a b"`},
		{"two names", receive + "- name: a\n  group: 239.1.1.1:1\n  dir: /e\n", "5:3: receive: name a is that of "},
		{"no group", "receive:\n- name: a\n  dir: /d\n", "2:3: receive a: group is missing"},
		{"no dir", "receive:\n- name: a\n  group: 239.1.1.1:1\n", "2:3: receive a: dir is missing"},
		{"feeds", "receive:\n- name: a\n  group: [239.1.1.1:1, 239.1.1.2:1]\n  feed: 239.1.1.3:1\n  dir: /d\n", "4:3: receive a: feed and several"},
		{"feed that is the group", receive + "  feed: 239.1.1.1:1\n", "5:3: receive a: feed 239.1.1.1:1 is that of group"},
		{"two feeds", receive + "  feed: ['239.1.1.2:1', '239.1.1.2:1']\n", "5:3: receive a: feed 239.1.1.2:1 is that of group, or of another"},
		{"feed with a source", receive + "  feed: '239.1.1.2:1,source=10.0.0.1'\n", "5:3: receive a: a feed has a source: give source"},
		{"too many feeds", receive + "  feed: [" + strings.Repeat("'239.1.1.2:1', ", 8) + "]\n", "5:3: receive a: 8 feeds, of at most 7"},
		{"feed on the interface of the group", receive + "  interface: lo\n  feed: '239.1.1.1:1,interface=lo'\n", "feed 239.1.1.1:1 on lo is"},
		{"sdp", receive + "  sdp: /none\n", "5:3: sdp: open /none"},
		{"one folder", receive + "- name: b\n  group: 239.1.1.1:1\n  dir: /d/\n  existing: keep\n", "7:3: receive b: receive a has dir /d, too"},
		{"exec", receive + "  exec: /no/such/program\n", "5:3: receive a: exec: "},
		{"shell", receive + "  shell: true\n", "shell needs exec"},
		{"exec field", receive + "  exec: sh {colour}\n", "5:3: receive a: exec"},
		{"nothing to send", "send:\n- name: s\n  to: 239.1.1.1:1\n", "2:3: send s: there is nothing to send"},
		{"watch", "send:\n- name: s\n  to: 239.1.1.1:1\n  paths: /d\n  settle: 1s\n", "5:3: send s: settle needs watch"},
		{"list", send + "  list: /none\n", "5:3: list: "},
		{"one session", send + "- name: t\n  to: 239.1.1.1:1\n  watch: /d\n", "6:3: send t: the session at "},
		{"one state", send + "  state: /s\n- name: t\n  to: 239.1.1.2:1\n  watch: /d\n  state: /s\n", "9:3: send t: state /s is that of "},
		{"utp", "utp:\n- {name: u, listen: x, dir: /d}\n", `2:13: utp u: listen "x"`},
		{"target", "utp:\n- {name: u, listen: ':1', dir: /d, target: 101ms}\n", "utp u: target 101ms: take 1ms to 100ms"},
		{"least target", "utp:\n- {name: u, listen: ':1', dir: /d, target: 500us}\n", "utp u: target 500µs: take 1ms to 100ms"},
		{"least timeout", "utp:\n- {name: u, listen: ':1', dir: /d, timeout: 1us}\n", "utp u: timeout 1µs: take 1ms or more"},
		{"one listen", "utp:\n- {name: u, listen: ':1', dir: /d}\n- {name: v, listen: '0.0.0.0:1', dir: /e}\n", "3:13: utp v: listen 0.0.0.0:1 is that of "},
		{"congestion", "utp:\n- {name: u, listen: ':1', dir: /d, congestion: reno}\n", `utp u: congestion "reno"`},
		{"no sink", receive + "  sinks: x\n", `5:3: receive a: sinks: there is no sink "x"`},
		{"sink twice", "sinks:\n- {name: x, marker: .d}\n" + receive + "  sinks: [x, x]\n", `7:3: receive a: sinks: "x" is there twice`},
		{"sinks without dir", "sinks:\n- {name: x, marker: .d}\nreceive:\n- name: a\n  group: 239.1.1.1:1\n  exec: cat\n  sinks: x\n", "7:3: receive a: sinks needs dir"},
		{"two sinks", "sinks:\n- {name: x, marker: .d}\n- {name: x, marker: .e}\n", "3:4: sink: name x is that of "},
		{"no kind", "sinks:\n- {name: x}\n", "sink x: give one of marker, exec, webhook, s3, nats and kafka"},
		{"two kinds", "sinks:\n- {name: x, marker: .d, exec: cat}\n", "sink x: give one of marker, exec, webhook, s3, nats and kafka"},
		{"marker", "sinks:\n- {name: x, marker: ./../d}\n", `2:13: sink x: marker "./../d"`},
		{"program of a sink", "sinks:\n- {name: x, exec: 'cat {colour}'}\n", "2:13: sink x: exec"},
		{"URL", "sinks:\n- {name: x, webhook: example.org}\n", `2:13: sink x: webhook "example.org": take https`},
		{"URL with a password", "sinks:\n- {name: x, webhook: 'https://u:p@h/'}\n", "2:13: sink x: webhook has a password"},
		{"secret", "sinks:\n- {name: x, webhook: 'http://h/', secret_file: /none}\n", "2:35: secret_file: open /none"},
		{"secret of a marker", "sinks:\n- {name: x, marker: .d, ca_file: /dev/null}\n", "sink x: ca_file needs webhook or s3 or nats or kafka"},
		{"bucket", "sinks:\n- {name: x, s3: 'https://h/'}\n", "2:13: sink x: s3 \"https://h/\": take https://HOST/BUCKET"},
		{"keys", "sinks:\n- {name: x, s3: 'https://h/b'}\n", "sink x: s3 needs a credentials_file with ACCESSKEY:SECRETKEY"},
		{"scheme of NATS", "sinks:\n- {name: x, nats: 'nats://h:1,http://h', subject: a}\n", `2:13: sink x: nats "http://h": take nats`},
		{"subject", "sinks:\n- {name: x, nats: 'nats://h', subject: 'a.>'}\n", `sink x: subject "a.>": take words`},
		{"no subject", "sinks:\n- {name: x, nats: 'nats://h'}\n", `sink x: subject "": take words`},
		{"subject of a webhook", "sinks:\n- {name: x, webhook: 'http://h', subject: a}\n", "sink x: subject needs nats"},
		{"topic of NATS", "sinks:\n- {name: x, nats: 'nats://h', subject: a, topic: a}\n", "sink x: topic needs kafka"},
		{"no certificate", "sinks:\n- {name: x, webhook: 'https://h/', ca_file: /dev/null}\n", "sink x: ca_file /dev/null: there is no certificate in it"},
		{"jobs", "sinks:\n- {name: x, marker: .d, jobs: 33}\n", "2:25: sink x: jobs 33: take 1 to 32"},
		{"pauses", "sinks:\n- {name: x, marker: .d, retry_min: 2s, retry_max: 1s}\n", "sink x: retry_max 1s is less than retry_min, 2s"},
		{"patience", "sinks:\n- {name: x, marker: .d, give_up: 1us}\n", "sink x: give_up 1µs: take 1ms or more"},
		{"items", "node: {outbox_items: 1000001}", "1:8: node.outbox_items 1000001: take 1 to 1000000"},
		{"outbox", "node: {outbox_bytes: 1KiB}", "1:8: node.outbox_bytes 1024: take 1MiB to 64GiB"},
		{"api", "node: {api: tcp:127.0.0.1:80}", "1:8: node.api tcp:127.0.0.1:80 needs api_token_file"},
		{"tls", "node: {api: 'tls:127.0.0.1:80'}", "1:8: node.api tls:127.0.0.1:80 needs api_cert_file and api_key_file"},
		{
			"tls for all", "node: {api: 'tls:127.0.0.1:80', api_cert_file: /c, api_key_file: /k}",
			"1:8: node.api tls:127.0.0.1:80 needs api_client_ca_file or api_token_file",
		},
		{
			"tls files", "node: {api: 'tls:127.0.0.1:80', api_cert_file: /c, api_key_file: /k, api_client_ca_file: /a}",
			"no such file",
		},
		{"tls without", "node: {api_client_ca_file: /a}", "1:8: node.api_client_ca_file needs api: tls:ADDRESS:PORT"},
		{"traces", "node: {traces: collector:4318}", `1:8: node.traces "collector:4318": take http://HOST:PORT`},
		{"api kind", "node: {api: http}", `1:8: node.api "http"`},
		{"level", "node: {log_level: loud}", `1:8: node.log_level "loud"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.text, nil)
			got := errorsOf(err)
			if c.want == "" {
				if err == nil {
					t.Fatal("it is taken")
				}
				return
			}
			if len(got) == 0 || !strings.HasPrefix(got[0], "flute-node.yaml:") || !strings.Contains(got[0], c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestAllAtOnce: errors of all files are told, in the order of the lines, and so many at most.
func TestAllAtOnce(t *testing.T) {
	_, err := load(t, "node: {memory: x}\nreceive:\n- {colour: 1}\nsend: 5\n", nil)
	if got := errorsOf(err); len(got) != 3 || !strings.Contains(got[1], ":3:4: receive[0]: key \"colour\"") {
		t.Errorf("%q", got)
	}
	_, err = load(t, "receive:\n"+strings.Repeat("- {colour: 1}\n", 50), nil)
	if got := errorsOf(err); len(got) != maxErrors || !strings.HasSuffix(got[maxErrors-1], "and 30 more") {
		t.Errorf("%q", got)
	}
}

// TestFolder: conf.d is read in the order of its names, lists are joined, and a key of node is given once.
func TestFolder(t *testing.T) {
	section := func(name string) string {
		return fmt.Sprintf("receive: [{name: %s, group: '239.1.1.1:1', dir: /d}]\n", name)
	}
	at := write(t, map[string]string{
		"flute-node.yaml":  "node: {memory: 2GiB}\n" + section("a"),
		"conf.d/20.yaml":   section("c"),
		"conf.d/10.yaml":   section("b") + "node: {log_level: warn}\n",
		"conf.d/ignored":   "x: [",
		"conf.d/30.yaml":   "",
		"conf.d/40.yaml":   "# nothing\n",
		"conf.d/a/50.yaml": "x: [",
	})
	cfg, err := Load(at, variables(nil))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range cfg.Receive {
		names = append(names, r.Name)
	}
	if strings.Join(names, "") != "abc" || cfg.Node.Memory != 2<<30 || cfg.Node.LogLevel != "warn" {
		t.Errorf("%v %+v", names, cfg.Node)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(at), "conf.d", "50.yaml"),
		[]byte("node: {memory: 3GiB}\n"+section("b")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(at, variables(nil))
	if got := errorsOf(err); len(got) != 1 || !strings.HasPrefix(got[0], "50.yaml:1:8: node.memory is given in ") {
		t.Errorf("%q", got)
	}
}

// TestLarge: what is too large is refused before it takes memory: a file, and aliases of aliases.
func TestLarge(t *testing.T) {
	_, err := load(t, "# "+strings.Repeat("x", 10<<20), nil)
	if err == nil || !strings.Contains(err.Error(), "more than 4194304 bytes") {
		t.Errorf("a file of 10 MiB: %.200v", err)
	}
	nested := "receive: &a [{only: [x, x, x, x, x, x, x, x, x, x]}]\n"
	var list strings.Builder
	list.WriteString("send:\n")
	for range 5000 {
		list.WriteString("- {include: &i [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]}\n")
	}
	_, err = load(t, nested+list.String(), nil)
	if err == nil || !strings.Contains(err.Error(), errTooMany.Error()) {
		t.Errorf("%.300v", err)
	}
}

// TestExample: the example is taken, by Load and by the schema; a key more is refused by both.
func TestExample(t *testing.T) {
	if _, err := load(t, string(Example()), nil); err != nil {
		t.Fatal(err)
	}
	schema := compile(t)
	if err := schema.Validate(value(t, Example())); err != nil {
		t.Error(err)
	}
	for _, at := range []string{"node:\n", "  - name: weights\n", "  - name: signage\n", "  - name: uploads\n"} {
		indent := strings.Repeat(" ", 2*(strings.Count(at, "-")+1))
		wrong := bytes.Replace(Example(), []byte(at), []byte(at+indent+"colour: red\n"), 1)
		if _, err := load(t, string(wrong), nil); err == nil || !strings.Contains(err.Error(), `"colour" is not known`) {
			t.Errorf("Load after %q: %v", at, err)
		}
		if err := schema.Validate(value(t, wrong)); err == nil || !strings.Contains(err.Error(), "colour") {
			t.Errorf("schema after %q: %v", at, err)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///config", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///config")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value returns YAML as JSON has it.
func value(t *testing.T, text []byte) any {
	t.Helper()
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestEnums: package settings takes each value that the schema lists, and refuses others.
func TestEnums(t *testing.T) {
	var each func(v reflect.Value, check func() error)
	each = func(v reflect.Value, check func() error) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Anonymous && f.Type.Kind() == reflect.Struct {
				each(v.Field(i), check)
			}
			choices := f.Tag.Get("enum")
			if choices == "" {
				continue
			}
			key := f.Tag.Get("yaml")
			for _, c := range append(strings.Split(choices, ","), "no-such-value") {
				v.Field(i).SetString(c)
				err := check()
				refused := err != nil && strings.HasPrefix(err.Error(), key+" \""+c)
				if refused != (c == "no-such-value") {
					t.Errorf("%s %s: %v", key, c, err)
				}
			}
			v.Field(i).SetString("")
		}
	}
	var r Receive
	each(reflect.ValueOf(&r).Elem(), func() error { _, err := r.Settings(t.Context(), nil); return err })
	var s Send
	each(reflect.ValueOf(&s).Elem(), func() error {
		s.Scheme = "rs"
		words, files := s.Words(time.Now()), s.FileWords()
		if _, err := files.Options(); err != nil {
			return Keyed(err)
		}
		_, err := words.Config(1 << 20)
		return Keyed(err)
	})
}

// TestSame: a section that was only moved is the same; one whose list of files has changed is not.
func TestSame(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	text := "send:\n- {name: s, to: '239.1.1.1:1', list: " + list + "}\n"
	read := func(text, listed string) Send {
		if err := os.WriteFile(list, []byte(listed), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := load(t, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Send[0]
	}
	a, moved := read(text, `{"path": "/a"}`), read("# moved\n\n"+text, `{"path": "/a"}`)
	if !Same(a, moved) || a.origin.line != 2 {
		t.Errorf("%+v\n%+v", a, moved)
	}
	changed := strings.Replace(text, "name: s", "name: s, ttl: 2", 1)
	if Same(a, read(text, `{"path": "/b"}`)) || Same(a, read(changed, `{"path": "/a"}`)) {
		t.Error("a change is not seen")
	}
}

// judge returns what is wrong with a file f, without the files that it names.
func judge(text []byte) Errors {
	all := &faults{}
	cfg := parse("f", text, variables(nil), all)
	cfg.Files = []string{"f"}
	if len(all.list) == 0 {
		cfg.check(all)
	}
	return all.list
}

// FuzzLoad: no file makes it panic, and each error is of the whole file, or stands at a place that an editor shows.
func FuzzLoad(f *testing.F) {
	f.Add(string(Example()))
	f.Add("receive: &a [{name: x, <<: *a}]")
	f.Add("node: {memory: ${A:-1}}\n---\n")
	f.Add("\ufeff# \u2028\r\nnode:\r\n  log_level: >2- # a\r\n    'a\r\n    b\r\n\tsend: \"a\\\r\nb\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range judge([]byte(text)) {
			if err := shown(e, text); err != nil && e.Error() != "f: "+e.Text {
				t.Errorf("%v: %v", e, err)
			}
		}
	})
}

// TestMutations: whatever becomes of a file, it is read or refused, and each error has a place in it.
func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"\n", " ", "\t", ":", "-", "[", "]", "{", "}", "*a", "&a ", "<<: *a", "${", "}", "'", "\"", "|", ">", "#",
		"!!x ", "0x", "~",
		"\x00", "\xff", "99999999999999999999", "---\n", "? ", "% ", "@", "\u2028", "receive", "  ",
	}
	n := 300
	if testing.Short() {
		n = 50
	}
	refused := 0
	for range n {
		text := bytes.Clone(Example())
		for range 1 + random.IntN(4) {
			at := random.IntN(len(text))
			piece := pieces[random.IntN(len(pieces))]
			text = slices.Concat(text[:at], []byte(piece), text[min(len(text), at+random.IntN(8)):])
		}
		told := judge(text)
		for _, e := range told {
			if err := shown(e, string(text)); err != nil {
				t.Errorf("%v: %v in\n%q", e, err, text)
			}
		}
		refused += min(1, len(told))
	}
	if refused == 0 || refused == n {
		t.Errorf("%d of %d are refused", refused, n)
	}
}

// TestSink: defaults and files of a sink; a secret that others can read, or that is easily guessed, is refused. Another
// secret is another sink.
func TestSink(t *testing.T) {
	files := map[string]string{
		"s": "0123456789abcdef\n", "k": "access:se:cret\n",
		"flute-node.yaml": `
sinks:
- {name: hook, webhook: "https://example.org/x", secret_file: "${DIR}/s"}
- {name: run, exec: cat, retry_min: 20m}
- {name: store, s3: "https://s3.example/b/p", credentials_file: "${DIR}/k", region: eu}
- {name: stream, nats: "nats://a:4222,tls://b", subject: site7.files}
receive:
- {name: a, group: "239.1.1.1:1", dir: /d, sinks: [hook, run]}
`,
	}
	path := write(t, files)
	dir := filepath.Dir(path)
	env := variables(map[string]string{"DIR": dir})
	cfg, err := Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	hook, run := cfg.Sinks[0], cfg.Sinks[1]
	if hook.Kind() != "webhook" || string(hook.Secret()) != "0123456789abcdef" || hook.Timeout != 30*time.Second ||
		hook.Jobs != 4 || hook.RetryMax != 10*time.Minute || hook.GiveUp != 168*time.Hour {
		t.Errorf("%+v", hook)
	}
	if access, secret := cfg.Sinks[2].Keys(); access != "access" || secret != "se:cret" {
		t.Errorf("%q %q", access, secret)
	}
	if run.Kind() != "exec" || run.Timeout != 10*time.Minute || run.RetryMax != 20*time.Minute {
		t.Errorf("%+v", run)
	}
	for _, c := range []struct {
		text, want string
		mode       os.FileMode
	}{
		{"0123456789abcdef", "", 0o600},
		{"0123456789abcdeg", "", 0o600},
		{"0123456789abcdef", "others than its owner", 0o640},
		{"0123456789", "take 16 to 1024", 0o600},
		{"0123456789 abcdef", "without spaces", 0o600},
		{strings.Repeat("x", 2000), "more than 1026 bytes", 0o600},
	} {
		secret := filepath.Join(dir, "s")
		_ = os.Remove(secret)
		if err := os.WriteFile(secret, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		again, err := Load(path, env)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.20q: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if Same(again.Sinks[0], hook) != (c.text == string(hook.Secret())) || !Same(again.Sinks[1], run) {
			t.Errorf("%.20q: %+v", c.text, again.Sinks)
		}
	}
}

// TestFleet: a fleet has each reception with a folder tell of its files, and has defaults. It is given once.
func TestFleet(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	text := "fleet: {nats: 'nats://a:4222,tls://b:4222', site: site-7}\nreceive:\n" +
		"- {name: in, group: 239.1.1.1:1, dir: /d}\n- {name: run, group: 239.1.1.1:2, exec: cat}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Fleet; f.Name != "flute" || f.Heartbeat != 30*time.Second || f.LeaseTTL != 15*time.Second || !f.Given() {
		t.Errorf("%+v", f)
	}
	if len(c.Sinks) != 1 || c.Sinks[0].Name != FleetSink || c.Sinks[0].Kind() != FleetSink ||
		!reflect.DeepEqual(c.Receive[0].Sinks, []string{FleetSink}) || len(c.Receive[1].Sinks) != 0 {
		t.Errorf("%+v, %+v", c.Sinks, c.Receive)
	}
	again, err := Load(file, os.LookupEnv)
	if err != nil || !Same(again.Fleet, c.Fleet) || !Same(again.Receive[0], c.Receive[0]) {
		t.Errorf("%+v, %v", again, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conf.d", "b.yaml"), []byte("fleet: {site: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file, os.LookupEnv); err == nil || !strings.Contains(err.Error(), "fleet is given in") {
		t.Errorf("%v", err)
	}
}
