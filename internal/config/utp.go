package config

import (
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// maxPeers bounds UTP.Peers.
const maxPeers = 256

// UTP is a uTP socket that takes files.
type UTP struct {
	Name         string        `yaml:"name" help:"Name in the API, in metrics and in the log; each name once."`
	Listen       string        `yaml:"listen" help:"Local ADDRESS:PORT to wait for peers at."`
	Dir          string        `yaml:"dir" help:"Folder for the files."`
	Congestion   string        `yaml:"congestion" enum:"ledbat,ledbat++,cubic" help:"Congestion control. Default: ledbat."`
	LossTolerant bool          `yaml:"loss_tolerant" help:"Keep the rate at a loss while there is no queue."`
	Target       time.Duration `yaml:"target" help:"Queueing delay that ledbat aims at, 1ms to 100ms."`
	Timeout      time.Duration `yaml:"timeout" help:"How long a peer may take to take what is left at the end. Default: 30s."`
	Peers        int           `yaml:"peers" help:"Peers at once, 1 to 256. Default: 16."`

	origin origin
}

func (u *UTP) locate(o origin) { u.origin = o }

// Local returns the address of Listen.
func (u *UTP) Local() (netip.AddrPort, error) { return address(u.Listen) }

// address reads ADDRESS:PORT; without ADDRESS it is that of all interfaces of IPv4.
func address(text string) (netip.AddrPort, error) {
	if strings.HasPrefix(text, ":") {
		text = "0.0.0.0" + text
	}
	return netip.ParseAddrPort(text)
}

func isAddress(text string) bool {
	_, err := address(text)
	return err == nil
}

func (k *checker) utp(u *UTP) {
	o := &u.origin
	what := k.name("utp", u.Name, o)
	local, err := u.Local()
	if err != nil {
		k.add(o.of("listen"), "%s: listen %q: take ADDRESS:PORT, such as 0.0.0.0:4000", what, u.Listen)
	}
	if u.Dir == "" {
		k.add(o.place, "%s: dir is missing", what)
	}
	if u.Peers < 0 || u.Peers > maxPeers {
		k.add(o.of("peers"), "%s: peers %d: take 1 to %d", what, u.Peers, maxPeers)
	}
	k.enums(reflect.ValueOf(u).Elem(), o, what+": ")
	if u.Target != 0 && (u.Target < time.Millisecond || u.Target > 100*time.Millisecond) {
		k.add(o.of("target"), "%s: target %v: take 1ms to 100ms", what, u.Target)
	}
	if u.Timeout != 0 && u.Timeout < time.Millisecond {
		k.add(o.of("timeout"), "%s: timeout %v: take 1ms or more", what, u.Timeout)
	}
	if err == nil {
		k.alone(local.String(), "listen", o, what)
	}
}
