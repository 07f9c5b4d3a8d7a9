package doctor

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// machine returns the files of a machine that is well, with changes.
func machine(changes map[string]string) fstest.MapFS {
	files := map[string]string{
		"proc/sys/net/core/rmem_max":                     "67108864\n",
		"proc/sys/net/ipv4/conf/all/rp_filter":           "2\n",
		"proc/sys/net/ipv4/conf/eth1/rp_filter":          "0\n",
		"sys/class/net/eth1/flags":                       "0x1003\n",
		"sys/class/net/eth1/mtu":                         "1500\n",
		"sys/class/net/eth1/statistics/rx_missed_errors": "0\n",
		"sys/class/net/lo/flags":                         "0x9\n",
		"sys/class/net/off/flags":                        "0x1002\n",
		"proc/net/igmp": "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n" +
			"1\tlo        :     1      V3\n2\teth1      :     2      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n",
		"proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
			"eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
			"eth1\t000000E0\t00000000\t0001\t0\t0\t0\t000000F0\t0\t0\t0\n",
		"proc/net/snmp": "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n" +
			"Udp: 5 0 0 5 0 0\n",
	}
	all := fstest.MapFS{}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for name, text := range changes {
		if text == "" {
			delete(all, name)
			continue
		}
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

// find returns the finding of a name.
func find(t *testing.T, all []Finding, name string) Finding {
	t.Helper()
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no %s in %+v", name, all)
	return Finding{}
}

// TestWell: a machine that is well has no finding to mend, and each of them says what was found.
func TestWell(t *testing.T) {
	for _, f := range Examine(Patient{Files: machine(nil), Interface: "eth1"}) {
		if f.Grade != Good && f.Name != "clock" || f.Found == "" || f.Remedy != "" && f.Grade == Good {
			t.Errorf("%+v", f)
		}
	}
	all := Examine(Patient{Files: machine(nil)})
	if find(t, all, "interface eth1").Grade != Good {
		t.Errorf("%+v", all)
	}
	for _, f := range all {
		if strings.HasSuffix(f.Name, " lo") || strings.HasSuffix(f.Name, " off") {
			t.Errorf("%+v was not asked for", f)
		}
	}
}

// TestIll: each fault is found under its name, with a remedy.
func TestIll(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		grade            Grade
		remedy           string
	}{
		{"receive buffer", "proc/sys/net/core/rmem_max", "212992", Mend, "sysctl -w net.core.rmem_max"},
		{"rp_filter all", "proc/sys/net/ipv4/conf/all/rp_filter", "1", Mend, "conf.all.rp_filter=2"},
		{"rp_filter eth1", "proc/sys/net/ipv4/conf/eth1/rp_filter", "1", Mend, "conf.eth1.rp_filter=2"},
		{"interface eth1", "sys/class/net/eth1/flags", "0x1002", Broken, "ip link set eth1 up"},
		{"interface eth1", "sys/class/net/eth1/flags", "0x3", Broken, "multicast on"},
		{"interface eth1", "sys/class/net/eth1/flags", "", Broken, "ip link shows"},
		{"MTU eth1", "sys/class/net/eth1/mtu", "1280", Mend, "--symbol 1180"},
		{"drops eth1", "sys/class/net/eth1/statistics/rx_missed_errors", "7", Mend, "ethtool -G eth1"},
		{"IGMP eth1", "proc/net/igmp", "2\teth1      :     2      V2\n", Mend, "IGMPv3"},
		{"route", "proc/net/route", "Iface\n", Mend, "ip route add 224.0.0.0/4"},
		{"route", "proc/net/route", "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n", Mend, "--interface eth1"},
		{"socket drops", "proc/net/snmp", "Udp: In RcvbufErrors\nUdp: 5 3\n", Mend, "rmem_max"},
	} {
		all := Examine(Patient{Files: machine(map[string]string{c.file: c.text}), Interface: "eth1"})
		if f := find(t, all, c.name); f.Grade != c.grade || !strings.Contains(f.Remedy, c.remedy) {
			t.Errorf("%s %q: %+v", c.file, c.text, f)
		}
		if Worst(all) != c.grade && c.grade == Broken {
			t.Errorf("%s: worst is %s", c.file, Worst(all))
		}
	}
	if f := judgeClock(false); f.Grade != Mend || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
}

// TestRoute: the longest prefix counts.
func TestRoute(t *testing.T) {
	p := Patient{Files: machine(nil), Group: netip.MustParseAddr("239.1.1.1")}
	if f := p.route(); f.Found != "to 239.1.1.1 by eth1" {
		t.Errorf("%+v", f)
	}
}

// TestDisk: a folder is written to, and nothing is left in it; one that cannot be written is told.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	all := Examine(Patient{Files: machine(nil), Dir: dir})
	if f := find(t, all, "fsync "+dir); f.Grade == Broken || f.Found == "" {
		t.Errorf("%+v", f)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	none := filepath.Join(dir, "none")
	all = Examine(Patient{Files: machine(nil), Dir: none})
	if f := find(t, all, "disk "+none); f.Grade != Broken || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
}

// TestElsewhere: where there is no /proc that is said, and nothing else is guessed.
func TestElsewhere(t *testing.T) {
	all := Examine(Patient{Files: fstest.MapFS{}})
	if len(all) != 1 || all[0].Grade != Unknown {
		t.Errorf("%+v", all)
	}
}
