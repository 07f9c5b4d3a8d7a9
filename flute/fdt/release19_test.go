package fdt

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Release 19 of TS 26.346 has attributes of the repair in a namespace of its own; the other spelling of the namespace
// of schemaVersion is on the air.
func TestRelease19(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	const head = `<FDT-Instance xmlns="urn:3GPP:metadata:2022:FLUTE:FDT" xmlns:r="urn:3GPP:metadata:2025:MBMS:FLUTE:FDT" ` +
		`xmlns:sv="urn:3GPP:metadata:2009:MBMS:schemaVersion" Expires="4000000000">`
	const tail = `<sv:schemaVersion>2</sv:schemaVersion><sv:delimiter>0</sv:delimiter></FDT-Instance>`
	parse := func(attributes string) *Instance {
		t.Helper()
		in, err := Parse([]byte(head+`<File TOI="1" Content-Location="a" `+attributes+`/>`+tail), now, Limits{})
		if err != nil || len(in.Files) != 1 || in.SchemaVersion != 2 || len(in.Elements) > 0 {
			t.Fatalf("%+v, %v", in, err)
		}
		return in
	}
	in := parse(`r:Repair-Start="2026-11-29T12:30:00Z" r:Repair-Limit-Percentage="75"`)
	f := &in.Files[0]
	if !f.RepairStart.Equal(now.Add(30*time.Minute)) || f.RepairLimit == nil || *f.RepairLimit != 75 {
		t.Errorf("%+v", f)
	}
	for _, p := range []Profile{RFC3926, MBMSExtended, MBMSDownload, DVBMABR} {
		written, err := in.AppendXML(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written, now, Limits{})
		if err != nil || !again.Files[0].RepairStart.Equal(f.RepairStart) || *again.Files[0].RepairLimit != 75 ||
			!strings.Contains(string(written), `xmlns:mbms2025="urn:3GPP:metadata:2025:MBMS:FLUTE:FDT"`) {
			t.Errorf("%v: %v\n%s", p, err, written)
		}
	}
	bad := parse(`r:Repair-Start="soon" r:Repair-Limit-Percentage="101"`).Files[0]
	if !bad.RepairStart.IsZero() || bad.RepairLimit != nil || len(bad.Attributes) != 2 || bad.TOI != flute.NewTOI(1) {
		t.Errorf("%+v", bad)
	}
}
