package integration

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsWord as the first argument makes the program of these tests a nats-server, which can be killed.
const natsWord = "nats-server"

// runNATS is a nats-server of a cluster, until it is killed: its name, its folder, its port, that for the others, and
// those of all.
func runNATS(args []string) error {
	port, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	other, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	o := &server.Options{
		ServerName: args[0], Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: args[1], NoSigs: true,
		Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: other}, NoLog: true,
	}
	for _, p := range args[4:] {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: "127.0.0.1:" + p})
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return nil
}

// TestDemoNATS: JetStream has one message for each file of a demo, and nothing more once that has ended.
func TestDemoNATS(t *testing.T) {
	newGroup(t)
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.Shutdown()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("nats-server does not start")
	}
	p := start(t, "--json", "demo", "--sessions", "3", "--objects", "5", "--size", "20KiB", "--rate", "100Mbit",
		"--nats-url", s.ClientURL())
	p.ok()
	told := false
	for _, e := range p.events() {
		told = told || e["event"] == "demo" && e["verified"] == 15.0 && e["messages"] == 15.0
	}
	if !told {
		t.Errorf("no result of 15 messages: %s", tail(p.stdout.String()))
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for name := range js.StreamNames(t.Context()).Name() {
		t.Errorf("stream %s is left", name)
	}
	if p := start(t, "demo", "--nats-url", "nats://127.0.0.1:1"); p.wait() != 2 {
		t.Errorf("without a server: %s", tail(p.stderr.String()))
	}
}
