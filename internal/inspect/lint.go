package inspect

import (
	"encoding/hex"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// Lint is what was found in an FDT Instance or a datagram.
type Lint struct {
	Kind     string    `json:"kind"` // "fdt" or "datagram"
	Fields   []Field   `json:"fields"`
	Findings []Finding `json:"findings"`
}

// Field is a value of it.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Finding is a rule that is broken.
type Finding struct {
	Rule   string `json:"rule"`
	Must   bool   `json:"must"`
	Text   string `json:"text"`
	Source string `json:"source"`
	Detail string `json:"detail"`
}

// Broken reports whether a rule is broken that must be kept.
func (l *Lint) Broken() bool {
	for _, f := range l.Findings {
		if f.Must {
			return true
		}
	}
	return false
}

func (l *Lint) field(name, format string, args ...any) {
	l.Fields = append(l.Fields, Field{name, brief(fmt.Sprintf(format, args...))})
}

// maxFindings is how many are told.
const maxFindings = 200

func (l *Lint) breaks(id, format string, args ...any) {
	if len(l.Findings) == maxFindings {
		return
	}
	for _, r := range rules {
		if r.id == id {
			detail := brief(fmt.Sprintf(format, args...))
			l.Findings = append(l.Findings, Finding{r.id, r.must, r.text, r.source, detail})
		}
	}
}

// LintFDT judges an FDT Instance, as of now.
func LintFDT(document []byte, now time.Time) *Lint {
	l := &Lint{Kind: "fdt"}
	doc, err := fdt.Parse(document, now, fdt.Limits{})
	if err != nil {
		l.breaks("E62", "%v", err)
		return l
	}
	l.field("namespace", "%s", orText(doc.Namespace, "none"))
	l.field("Expires", "%s", doc.Expires.Format(time.RFC3339))
	l.field("Complete", "%v", doc.Complete)
	l.field("files", "%d", len(doc.Files))
	if !doc.Expires.After(now) {
		l.breaks("E29", "it expired %v ago", now.Sub(doc.Expires).Round(time.Second))
	}
	if len(doc.Files)+doc.RejectedCount == 0 {
		l.breaks("E15", "no File element")
	}
	for _, r := range doc.Rejected {
		l.breaks("E52", "TOI %s: %s", orText(r.TOI, "missing"), r.Reason)
	}
	for _, w := range doc.Warnings {
		l.breaks("E62", "%s", w)
	}
	for i := range doc.Files {
		l.file(&doc.Files[i])
	}
	return l
}

// file judges a File element.
func (l *Lint) file(f *fdt.File) {
	text := f.ContentLocation
	if f.ContentLength != nil {
		text += fmt.Sprintf(", %d bytes", *f.ContentLength)
	}
	if f.ContentEncoding != flute.Null {
		text += ", " + f.ContentEncoding.String()
	}
	if f.HasOTI {
		text += fmt.Sprintf(", %v, symbol length %d", f.OTI.EncodingID, f.OTI.SymbolLength)
	}
	if len(l.Fields) < maxFindings {
		l.field("TOI "+f.TOI.String(), "%s", text)
	}
	if f.ContentType == "" {
		l.breaks("E55", "TOI %v", f.TOI)
	}
	if f.ContentEncoding == flute.Null && f.ContentLength != nil && f.TransferLength != nil &&
		*f.ContentLength != *f.TransferLength {
		l.breaks("E57", "TOI %v: Content-Length %d, Transfer-Length %d", f.TOI, *f.ContentLength, *f.TransferLength)
	}
	if f.HasOTI {
		if err := f.OTI.Validate(); err != nil {
			l.breaks("B10", "TOI %v: %v", f.TOI, err)
		}
	}
}

// LintHex judges a datagram that is written in hex, with any spaces, colons and line breaks in it.
func LintHex(text string, now time.Time) (*Lint, error) {
	b, err := hex.DecodeString(strings.TrimPrefix(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n:", r) {
			return -1
		}
		return r
	}, text), "0x"))
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	return LintDatagram(b, now), nil
}

// LintDatagram judges the payload of a UDP datagram.
func LintDatagram(b []byte, now time.Time) *Lint {
	l := &Lint{Kind: "datagram"}
	l.field("length", "%d", len(b))
	p, err := alc.Parse(b)
	if err != nil {
		l.breaks(ruleOfHeader(drop.Of(err)), "%v", err)
		return l
	}
	l.header(&p)
	l.extensions(&p, now)
	l.body(&p)
	return l
}

func (l *Lint) header(p *alc.Packet) {
	l.field("LCT version", "%d", p.Version)
	l.field("PSI", "%d", p.PSI)
	l.field("Res", "%d", p.Reserved)
	l.field("close-session (A)", "%v", p.CloseSession)
	l.field("close-object (B)", "%v", p.CloseObject)
	l.field("header length", "%d", p.Len())
	l.field("codepoint", "%d (%v)", p.Codepoint, fec.EncodingID(p.Codepoint))
	l.field("CCI", "%x", p.CCI[:p.CCILen])
	l.field("TSI", "%d (%d bits)", p.TSI, int(p.TSILen)*8)
	if p.HasTOI {
		l.field("TOI", "%v (%d bits)", p.TOI, int(p.TOILen)*8)
	}
	if p.Reserved != 0 {
		l.breaks("L03", "Res is %d", p.Reserved)
	}
	if p.CloseSession && p.HasTOI && len(p.Body) == 0 && !p.TOI.IsFDT() {
		l.breaks("E06", "a data-less packet with A = 1 has TOI %v", p.TOI)
	}
}

func (l *Lint) extensions(p *alc.Packet, now time.Time) {
	for rest := p.Extensions; ; {
		x, next, ok := rest.Next()
		if !ok {
			break
		}
		rest = next
		l.field(fmt.Sprintf("extension %d", x.Type), "%x", x.Raw)
	}
	if p.HasFDT {
		l.field("EXT_FDT", "FLUTE version %d, FDT Instance ID %d", p.FLUTEVersion, p.InstanceID)
		if p.FLUTEVersion != 1 && p.FLUTEVersion != 2 {
			l.breaks("E01", "version %d", p.FLUTEVersion)
		}
	}
	if p.HasCENC {
		l.field("EXT_CENC", "%v", flute.ContentEncoding(p.CENC))
		if p.CENC > uint8(flute.GZIP) {
			l.breaks("E70", "%d", p.CENC)
		}
		if x, ok := p.Extensions.Lookup(lct.HETCENC); ok && (x.Raw[2] != 0 || x.Raw[3] != 0) {
			l.breaks("E69", "%x", x.Raw)
		}
	}
	if p.Time != nil {
		t, err := lct.ParseTime(p.Time, now)
		if err != nil {
			l.breaks("L34", "%v", err)
		} else if t.HasSCT {
			l.field("EXT_TIME", "sender's time %s", t.SCT.Format(time.RFC3339Nano))
		}
	}
	if p.FTI == nil {
		return
	}
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err == nil {
		l.field("EXT_FTI", "transfer length %d, symbol length %d, source blocks of at most %d symbols",
			oti.TransferLength, oti.SymbolLength, oti.MaxSourceBlockLength)
		err = oti.Validate()
	}
	if err != nil {
		l.breaks("B10", "EXT_FTI: %v", err)
	}
	if fec.EncodingID(p.Codepoint) == fec.CompactNoCode && len(p.FTI) >= 8 && (p.FTI[6] != 0 || p.FTI[7] != 0) {
		l.breaks("C07", "%x", p.FTI[6:8])
	}
}

func (l *Lint) body(p *alc.Packet) {
	if len(p.Body) == 0 {
		l.field("payload", "none")
		return
	}
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	if !oti.EncodingID.Known() {
		l.field("payload", "%d bytes of an FEC scheme that is not known", len(p.Body))
		return
	}
	id, n, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		l.breaks("A15", "%d bytes", len(p.Body))
		return
	}
	l.field("FEC Payload ID", "SBN %d, ESI %d", id.SBN, id.ESI)
	l.field("symbols", "%d bytes", len(p.Body)-n)
}

// Text returns it for a terminal.
func (l *Lint) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range l.Fields {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Value)
	}
	for _, f := range l.Findings {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s (%s): %s\n", f.Rule, level(f.Must), f.Text, f.Source, f.Detail)
	}
	if len(l.Findings) == 0 {
		_, _ = fmt.Fprintln(w, "no rule is broken")
	}
	_ = w.Flush()
	return strings.TrimRight(b.String(), "\n")
}
