package integration

import (
	"net/url"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
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
