package receiver

import (
	"crypto/md5" //nolint:gosec // RFC 6726, section 3.4.2, has no other digest
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// What senders that cannot be installed here put on the air, in the forms that their users' reports and their
// documentation show; names and content are ours. docs/interop.md names this test.

const (
	gpacHead = `<?xml version="1.0" encoding="UTF-8" standalone="no" ?>` + "\n" +
		`<FDT-Instance Expires="%d" xmlns="urn:IETF:metadata:2005:FLUTE:FDT">` + "\n"
	gpacTail = "</FDT-Instance>\n"
)

// gpacObject is an object as GPAC sends it: one source block of at most 65,535 symbols, no EXT_FTI.
func gpacObject(t testing.TB, toi uint64, size int) object {
	o := plain(t, toi, size, 1416, 65535)
	o.noFTI = true
	return o
}

// gpacFile is its File element.
func gpacFile(o object, location string) string {
	sum := md5.Sum(o.content) //nolint:gosec // as above
	return fmt.Sprintf(`  <File FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="65535" Content-Length="%d" `+
		`Transfer-Length="%[1]d" Content-Location="%s" Content-Type="application/xml" `+
		`FEC-OTI-Encoding-Symbol-Length="1416" TOI="%v" Content-MD5="%s"/>`+"\n",
		len(o.content), location, o.toi, base64.StdEncoding.EncodeToString(sum[:]))
}

// gpacFDT is an FDT Instance of FLUTE version 1.
func gpacFDT(t testing.TB, id flute.InstanceID, expires uint32, files ...string) []byte {
	xml := fmt.Sprintf(gpacHead, expires) + strings.Join(files, "") + gpacTail
	return fdtInstance{id: id, version: 1, e: 60000, xml: []byte(xml)}.packets(t)[0]
}

func TestFormsOfReports(t *testing.T) {
	const far = 4294944000 // some hours before NTP's era ends
	soon := ntp(start.Add(time.Hour))
	for _, c := range []struct {
		name string
		edit func(*Config)
		send func(r *rig)
		want []string
	}{
		{
			name: "gpac 3039: the name is a URN, Expires is that of 2036",
			send: func(r *rig) {
				o := gpacObject(t, 1, 3411)
				r.feed(gpacFDT(t, 1, far, gpacFile(o, "urn:example:metadata:cs:TransportObjectType:configuration")))
				r.feed(o.all()...)
			},
			want: []string{"completed 1 urn:example:metadata:cs:TransportObjectType:configuration 3411"},
		},
		{
			name: "gpac 3034: Expires is a constant of the past",
			send: func(r *rig) {
				o := gpacObject(t, 1, 3411)
				r.feed(gpacFDT(t, 1, 3916741152, gpacFile(o, "a.mpd")))
				r.feed(o.all()...)
			},
			want: []string{"rejected fdt 1"}, // RFC 6726, section 3.3: it MUST NOT be used
		},
		{
			name: "the same, by a receiver that was told of it",
			edit: func(c *Config) { c.Expiry = ExpiryIgnore },
			send: func(r *rig) {
				o := gpacObject(t, 1, 3411)
				r.feed(gpacFDT(t, 1, 3916741152, gpacFile(o, "a.mpd")))
				r.feed(o.all()...)
			},
			want: []string{"completed 1 a.mpd 3411"},
		},
		{
			name: "gpac 2996: the largest TOI of 32 bits, before its FDT Instance",
			send: func(r *rig) {
				o := gpacObject(t, 1<<32-1, 5000)
				r.feed(o.all()...)
				r.feed(gpacFDT(t, 1, soon, gpacFile(o, "init.mp4")))
			},
			want: []string{"completed 4294967295 init.mp4 5000"},
		},
		{
			name: "gpac 2594: a TOI is used again, with another length, after a pause",
			send: func(r *rig) {
				for i, size := range []int{5000, 7000} {
					o := gpacObject(t, 1, size)
					r.feed(gpacFDT(t, flute.InstanceID(1+i), ntp(r.now.Add(time.Minute)), gpacFile(o, "a.mpd")))
					r.feed(o.all()...)
					r.wait(5 * time.Minute)
				}
			},
			want: []string{"completed 1 a.mpd 5000", "completed 1 a.mpd 7000"},
		},
		{
			name: "gpac 2861, 2922: a manifest has versions under one name, among segments",
			send: func(r *rig) {
				for i := range uint64(3) {
					m, s := gpacObject(t, 2*i+1, int(1000+i)), gpacObject(t, 2*i+2, int(20000+i))
					segment := fmt.Sprintf("%d.m4s", i)
					r.feed(gpacFDT(t, flute.InstanceID(i), soon, gpacFile(m, "live.m3u8"), gpacFile(s, segment)))
					r.feed(m.all()...)
					r.feed(s.all()...)
					r.wait(4 * time.Second)
				}
			},
			want: []string{
				"completed 1 live.m3u8 1000", "completed 2 0.m4s 20000", "completed 3 live.m3u8 1001",
				"completed 4 1.m4s 20001", "completed 5 live.m3u8 1002", "completed 6 2.m4s 20002",
			},
		},
		{
			name: "DVB-NIP as TSDuck shows it: TOIs grow by two, names of a gateway, joined in the middle of an object",
			send: func(r *rig) {
				missed, next := gpacObject(t, 4711, 30000), gpacObject(t, 4713, 40000)
				r.feed(missed.all()[10:]...)
				r.feed(gpacFDT(t, 9, soon, gpacFile(next, "http://gateway.example/service/seg-4713.m4s"),
					gpacFile(missed, "http://gateway.example/service/seg-4711.m4s")))
				r.feed(next.all()...)
				r.feed(missed.all()[:10]...) // the next turn of its carousel
			},
			want: []string{
				"completed 4713 http://gateway.example/service/seg-4713.m4s 40000",
				"completed 4711 http://gateway.example/service/seg-4711.m4s 30000",
			},
		},
		{
			name: "rt-libflute 19, and flute-rs: the first FDT Instance describes no file",
			send: func(r *rig) {
				o := gpacObject(t, 1, 3000)
				r.feed(gpacFDT(t, 0, soon))
				r.feed(o.all()...)
				r.feed(gpacFDT(t, 1, soon, gpacFile(o, "a")))
			},
			want: []string{"completed 1 a 3000"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var edit []func(*Config)
			if c.edit != nil {
				edit = append(edit, c.edit)
			}
			r := newRig(t, edit...)
			c.send(r)
			r.wait(time.Second)
			r.want(c.want...)
		})
	}
}

// TestFormsOfReportsTSIZero: DVB-NIP announces in a session with TSI 0, which is a TSI as any other.
func TestFormsOfReportsTSIZero(t *testing.T) {
	const tsi = 8 // offset of the TSI of 16 bits, behind the first word and the CCI
	o := gpacObject(t, 4, 3000)
	r, zero := newTestReceiver(t), flute.SessionKey{}
	described := gpacFDT(t, 1, ntp(start.Add(time.Hour)), gpacFile(o, "urn:example:announcement"))
	packets := append([][]byte{described}, o.all()...)
	for _, d := range packets {
		d[tsi], d[tsi+1] = 0, 0
		r.Handle(start, zero, d)
	}
	for _, e := range r.Events() {
		if c, ok := e.(event.ObjectCompleted); ok && c.Size == 3000 {
			return
		}
	}
	c, _ := r.Counters(zero)
	t.Errorf("not completed: %+v", c)
}
