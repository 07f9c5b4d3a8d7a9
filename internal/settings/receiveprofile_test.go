package settings

import (
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/receiver"
)

func TestReceiveProfile(t *testing.T) {
	const stsid = `<S-TSID><RS><LS tsi="1"><SrcFlow/></LS></RS></S-TSID>`
	for _, c := range []struct {
		profile, stsid string
		lock           receiver.ProfileLock
		route          bool
		err            string
	}{
		{profile: ""},
		{profile: "auto"},
		{profile: "rfc6726", lock: receiver.Version2},
		{profile: "rfc3926", lock: receiver.Version1},
		{profile: "mbms-download", lock: receiver.Version1},
		{profile: "dvb-mabr", lock: receiver.Version1},
		{profile: "route", route: true},
		{profile: "route", stsid: stsid, route: true},
		{profile: "route", stsid: "<MPD/>", err: "s-tsid: no S-TSID in it"},
		{profile: "route", stsid: strings.Replace(stsid, `"1"`, `"x"`, 1), err: "s-tsid: "},
		{profile: "auto", stsid: stsid, err: "s-tsid is for profile route"},
		{profile: "rout", err: "profile"},
	} {
		r := Receive{Profile: c.profile}
		if c.stsid != "" {
			r.STSID = []byte(c.stsid)
		}
		cfg, err := r.Config()
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want %q", c.profile, err, c.err)
			}
		case err != nil || cfg.Session.Profile != c.lock || cfg.Session.ROUTE != c.route:
			t.Errorf("%q: %v, %v, %v", c.profile, cfg.Session.Profile, cfg.Session.ROUTE, err)
		}
	}
	if names := ReceiveProfiles(); !slices.Contains(names, "route") || slices.Contains(names, "") {
		t.Error(names)
	}
}
