package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/net/ipv4"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/netns"
)

// natsCluster is three nats-servers on the loopback interface.
type natsCluster struct {
	t     *testing.T
	args  map[string][]string // by name
	nodes map[string]*process
	urls  string
	conn  *nats.Conn
	js    jetstream.JetStream
}

func newNATSCluster(t *testing.T) *natsCluster {
	t.Helper()
	var ports []string
	for len(ports) < 6 {
		port, err := netns.FreePort() // also while its server is away
		if err != nil {
			t.Fatal(err)
		}
		if text := strconv.Itoa(int(port)); !slices.Contains(ports, text) {
			ports = append(ports, text)
		}
	}
	c := &natsCluster{t: t, args: map[string][]string{}, nodes: map[string]*process{}}
	var urls []string
	for i := range 3 {
		name := fmt.Sprintf("n%d", i)
		c.args[name] = append([]string{natsWord, name, t.TempDir(), ports[i], ports[3+i]}, ports[3:]...)
		urls = append(urls, "nats://127.0.0.1:"+ports[i])
	}
	c.urls = strings.Join(urls, ",")
	return c
}

// begin starts all, and waits until they have agreed on a leader.
func (c *natsCluster) begin() {
	c.t.Helper()
	for name := range c.args {
		c.start(name)
	}
	var err error
	if c.conn, err = nats.Connect(c.urls, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(50*time.Millisecond), nats.Timeout(time.Second)); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.conn.Close)
	if c.js, err = jetstream.New(c.conn); err != nil {
		c.t.Fatal(err)
	}
}

func (c *natsCluster) start(name string) {
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	c.nodes[name] = startProgram(c.t, nil, nil, self, c.args[name]...)
}

// leader returns the server that leads a stream; empty: there is none now.
func (c *natsCluster) leader(stream string) string {
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	s, err := c.js.Stream(ctx, stream)
	if err != nil || s.CachedInfo().Cluster == nil {
		return ""
	}
	return s.CachedInfo().Cluster.Leader
}

// packet is what an observer has seen of a datagram.
type packet struct {
	from uint16 // port of the sender
	toi  flute.TOI
	fdt  flute.InstanceID // of an FDT Instance
	end  bool             // close-session flag
	at   time.Time
}

// observer notes all packets of a session.
type observer struct {
	mu   sync.Mutex
	seen []packet
}

func observe(t *testing.T, group netip.AddrPort) *observer {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		})
	}}
	c, err := config.ListenPacket(t.Context(), "udp4", group.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := ipv4.NewPacketConn(c).JoinGroup(lo, &net.UDPAddr{IP: group.Addr().AsSlice()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	o := &observer{}
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			p, err := alc.Parse(b[:n])
			if err != nil {
				continue
			}
			o.mu.Lock()
			o.seen = append(o.seen, packet{
				from.(*net.UDPAddr).AddrPort().Port(), p.TOI, p.InstanceID, p.CloseSession, time.Now(),
			})
			o.mu.Unlock()
		}
	}()
	return o
}

func (o *observer) all() []packet {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

// latest returns the sender of the latest packet.
func (o *observer) latest() uint16 {
	all := o.all()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].from
}

// TestFleet: two nodes share the lease of a session, two others receive it, and all tell of it by three nats-servers.
// One after the other the leader of the servers is killed, the sender is killed, the next one is stopped for longer
// than its lease and goes on, and a receiver is killed. No file is lost, none is told twice, never do two send at once,
// no FDT Instance ID is used twice and each file keeps its TOI.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	group := newGroup(t)
	cluster := newNATSCluster(t)
	cluster.begin()
	fleet := func(args ...string) (code int, answer map[string]any) {
		t.Helper()
		p := start(t, append([]string{"--json", "fleet", "--nats", cluster.urls, "--timeout", "10s"}, args...)...)
		if code = p.wait(); code == 2 { // the servers elect a leader, or are starting
			t.Logf("fleet %v: %s", args, p.stderr.String())
		}
		_ = json.Unmarshal([]byte(p.stdout.String()), &answer)
		return code, answer
	}
	if !eventually(time.Minute, func() bool { code, _ := fleet("init", "--replicas", "3"); return code == 0 }) {
		t.Fatal("the streams cannot be made")
	}
	from := t.TempDir()
	o := observe(t, group)
	section := func(site, rest string) string {
		return fmt.Sprintf("fleet: {nats: '%s', site: %s, heartbeat: 1s, lease_ttl: 6s}\n", cluster.urls, site) + rest
	}
	in := map[string]string{"r1": t.TempDir(), "r2": t.TempDir()}
	receivers := map[string]*service{}
	for site, dir := range in {
		receivers[site] = serviceOf(t, section(site, fmt.Sprintf(
			"receive:\n- {name: in, group: %v, interface: lo, dir: %s}\n", group, dir)))
	}
	sending := fmt.Sprintf("send:\n- {name: out, to: %v, interface: lo, tsi: 7, lease: news, watch: %s, "+
		"settle: 100ms, carousel: delay=300ms, rate: 20Mbit, fdt_interval: 300ms}\n", group, from)
	senders := map[string]*service{"s1": serviceOf(t, section("s1", sending))}
	holder := func() string {
		var answer map[string]any
		eventually(time.Minute, func() (ok bool) {
			var code int
			code, answer = fleet("leases")
			return code == 0
		})
		list, _ := answer["leases"].([]any)
		if len(list) != 1 {
			return ""
		}
		l := list[0].(map[string]any)
		if l["holder"] == "" {
			return ""
		}
		return l["site"].(string)
	}
	if !eventually(time.Minute, func() bool { return holder() == "s1" }) {
		t.Fatal("nobody takes the lease")
	}
	senders["s2"] = serviceOf(t, section("s2", sending))

	var names []string
	// lacks asks who lacks a file.
	lacks := func(name string) (code int, answer map[string]any) {
		t.Helper()
		return fleet("lacks", filepath.Base(from)+"/"+name)
	}
	// arrives writes a file, and waits until both sites have told that they have it.
	arrives := func(what string) {
		t.Helper()
		name := fmt.Sprintf("file%d", len(names))
		names = append(names, name)
		path := write(t, from, name, 30_000)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range in {
			has(t, filepath.Join(dir, filepath.Base(from), name), content)
		}
		told := func() bool { code, _ := lacks(name); return code == 0 }
		if !eventually(time.Minute, told) {
			_, answer := fleet("object", filepath.Base(from)+"/"+name)
			t.Fatalf("%s: %v", what, answer)
		}
	}
	// takes waits until another port sends, and returns the ports that have sent.
	takes := func(what string, before uint16) (after uint16) {
		t.Helper()
		if !eventually(time.Minute, func() bool { after = o.latest(); return after != before && after != 0 }) {
			t.Fatalf("%s: nobody takes over", what)
		}
		return after
	}
	arrives("at first")
	first := o.latest()

	leader := cluster.leader("KV_flute_LEASES")
	t.Logf("the leader of the leases is %q, of the objects %q", leader, cluster.leader("flute_OBJECTS"))
	if cluster.nodes[leader] == nil {
		t.Fatalf("no leader: %q", leader)
	}
	_ = cluster.nodes[leader].cmd.Process.Kill()
	<-cluster.nodes[leader].done
	defer func() {
		for name, one := range senders {
			if t.Failed() {
				_ = one.cmd.Process.Kill()
				<-one.done
				lines := slices.DeleteFunc(strings.Split(one.stderr.String(), "\n"), func(line string) bool {
					return strings.Contains(line, `"level":"DEBUG"`)
				})
				t.Logf("%s: %s", name, tail(strings.Join(lines, "\n")))
			}
		}
	}()
	arrives("after the leader was killed")
	cluster.start(leader)

	before := o.latest()
	killed := holder()
	senders[killed].signal(syscall.SIGKILL)
	<-senders[killed].done
	second := takes("after the sender was killed", before)
	arrives("after the sender was killed")

	senders[killed].run() // it waits
	if h := holder(); h == killed || o.latest() != second {
		t.Errorf("the one that comes back sends: %s", h)
	}
	stopped := holder()
	senders[stopped].signal(syscall.SIGSTOP)
	third := takes("after the sender was stopped", second)
	at := time.Now()
	senders[stopped].signal(syscall.SIGCONT)
	arrives("after the stopped one has gone on")
	state := ""
	if !eventually(time.Minute, func() bool {
		_, state = senders[stopped].ask("GET", "/v1/state")
		return strings.Contains(state, `"standby"`)
	}) {
		t.Errorf("the one that was stopped does not wait: %s", state)
	}

	receivers["r1"].signal(syscall.SIGKILL)
	<-receivers["r1"].done
	late := write(t, from, "late", 30_000)
	if !eventually(time.Minute, func() bool {
		code, a := fleet("lacks", filepath.Base(from)+"/late")
		return code == 1 && a["lacking"] != nil
	}) {
		t.Error("nobody lacks what a dead site has not received")
	}
	if !eventually(time.Minute, func() bool {
		code, answer := fleet("silent")
		return code == 1 && strings.Contains(fmt.Sprint(answer), "site:r1")
	}) {
		t.Error("the dead site is not silent")
	}
	receivers["r1"].run()
	content, err := os.ReadFile(late)
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, "late")
	for _, dir := range in {
		has(t, filepath.Join(dir, filepath.Base(from), "late"), content)
	}
	if !eventually(time.Minute, func() bool { code, _ := lacks("late"); return code == 0 }) {
		t.Error("the site that came back does not tell")
	}
	senders[holder()].signal(syscall.SIGTERM) // it gives the lease back
	fourth := takes("after the sender has ended in order", third)

	// What went over the network.
	order := []uint16{}
	ids, tois := map[flute.InstanceID]uint16{}, map[uint16]map[flute.TOI]bool{}
	stray := 0
	for _, p := range o.all() {
		if p.end {
			t.Errorf("port %d says that the session ends", p.from)
		}
		if p.from == second && p.at.After(at) {
			stray++
			continue
		}
		if len(order) == 0 || order[len(order)-1] != p.from {
			order = append(order, p.from)
			tois[p.from] = map[flute.TOI]bool{}
		}
		if !p.toi.IsFDT() {
			tois[p.from][p.toi] = true
			continue
		}
		if by, ok := ids[p.fdt]; ok && by != p.from {
			t.Errorf("FDT Instance ID %d is used by two", p.fdt)
		}
		ids[p.fdt] = p.from
	}
	if stray > 64 {
		t.Errorf("%d datagrams of one that was stopped came after it went on: more than one message", stray)
	}
	// Each time that a lease is taken it is another socket. The holder may have lost it with the leader of the servers.
	turns := slices.DeleteFunc(slices.Clone(order), func(port uint16) bool {
		return port != first && port != second && port != third && port != fourth
	})
	if want := []uint16{first, second, third, fourth}; !slices.Equal(turns, want) {
		t.Errorf("they send in turns: %v, want %v", turns, want)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(order)))) != len(order) {
		t.Errorf("one begins anew while another one sends: %v", order)
	}
	all := map[flute.TOI]bool{}
	for _, port := range order {
		maps.Copy(all, tois[port])
	}
	if len(all) != len(names) {
		t.Errorf("%d files have %d TOIs", len(names), len(all))
	}

	// What was told.
	told := map[string]int{}
	stream, err := cluster.js.Stream(t.Context(), "flute_EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := info.State.FirstSeq; n <= info.State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		var e struct {
			Site     string
			Location string `json:"content_location"`
		}
		if err := json.Unmarshal(m.Data, &e); err != nil {
			t.Fatal(err)
		}
		told[e.Site+" "+e.Location]++
	}
	for what, n := range told {
		if n != 1 {
			t.Errorf("%s is told %d times", what, n)
		}
	}
	if len(told) != 2*len(names) {
		t.Errorf("%d files at 2 sites, told %v", len(names), told)
	}
	t.Logf("%d packets of ports %v, %d after a stop, %d FDT Instances, %d events", len(o.all()), order, stray, len(ids),
		len(told))
}
