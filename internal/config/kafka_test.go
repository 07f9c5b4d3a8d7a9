package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKafkaRefused: what cannot be right is told, also by a program without Kafka.
func TestKafkaRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "key"), []byte("user:"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"kafka: 'kafka://h', topic: a", `2:13: sink x: kafka "kafka://h": take kafka://HOST:PORT`},
		{"kafka: 'kafka://h:1/x', topic: a", `take kafka://HOST:PORT`},
		{"kafka: 'h:9092', topic: a", `2:13: sink x: kafka "h:9092": take kafka`},
		{"kafka: 'kafka://u:p@h:9092', topic: a", "2:13: sink x: kafka has a password"},
		{"kafka: 'kafka://h:1,tls://h:1', topic: a", "either kafka:// or tls:// for all"},
		{"kafka: 'kafka://h:1', topic: 'a b'", `2:35: sink x: topic "a b": take 1 to 249`},
		{"kafka: 'kafka://h:1'", `sink x: topic "": take 1 to 249`},
		{"kafka: 'kafka://h:1', topic: a, credentials_file: " + filepath.Join(filepath.Dir(path), "key"), "kafka takes a credentials_file with USER:PASSWORD"},
	} {
		if err := os.WriteFile(path, []byte("sinks:\n- {name: x, "+c[0]+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %q", c[0], err, c[1])
		}
	}
}

// TestKafka: a program without Kafka says so when it reads its file, and how to have one with it.
func TestKafka(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	text := "sinks: [{name: x, kafka: 'tls://a:9092,tls://b:9092', topic: site7.files}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, nil)
	const want = "1:19: sink x: kafka: this program was built without it"
	if hasKafka != (err == nil) || !hasKafka && !strings.Contains(err.Error(), want) {
		t.Errorf("%v: %v", hasKafka, err)
	}
}
