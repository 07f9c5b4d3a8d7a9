package receiver

import (
	"bytes"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// contradiction is why a File element is refused whose TOI means something else already. RFC 6726, section 3.3: a later
// FDT Instance may augment a description, it must not change it.
type contradiction string

func (c contradiction) Error() string {
	if c == "" {
		return "its sender may have started again"
	}
	return "its " + string(c) + " differs from an earlier FDT Instance"
}

func hasDigest(f *fdt.File) bool {
	return f != nil && (f.MD5 != nil || f.SHA256 != nil || f.SHA512 != nil)
}

// comingBy returns the strongest of the digests that file says are to come.
func comingBy(file *fdt.File) content.Algorithms {
	for _, a := range file.Attributes {
		if a.Space == content.HintSpace && a.Local == content.HintLocal {
			return content.ParseHint(a.Value).Strongest()
		}
	}
	return 0
}

// sharesDigest reports whether a and b, which contradict each other in nothing, have a digest in common: then they are
// of the same bytes.
func sharesDigest(a, b *fdt.File) bool {
	return a.MD5 != nil && b.MD5 != nil || a.SHA256 != nil && b.SHA256 != nil || a.SHA512 != nil && b.SHA512 != nil
}

// changed returns the name of an attribute that both descriptions give and that differs; empty if there is none.
func changed(a, b *fdt.File) string {
	switch {
	case a.ContentLocation != b.ContentLocation:
		return "Content-Location"
	case differ(a.ContentLength, b.ContentLength):
		return "Content-Length"
	case differ(a.TransferLength, b.TransferLength):
		return "Transfer-Length"
	case a.ContentEncoding != b.ContentEncoding:
		return "Content-Encoding"
	case a.MD5 != nil && b.MD5 != nil && !bytes.Equal(a.MD5, b.MD5):
		return "Content-MD5"
	case a.SHA256 != nil && b.SHA256 != nil && !bytes.Equal(a.SHA256, b.SHA256):
		return "SHA-256"
	case a.SHA512 != nil && b.SHA512 != nil && !bytes.Equal(a.SHA512, b.SHA512):
		return "SHA-512"
	case a.HasOTI && b.HasOTI && !equivalent(a.OTI, b.OTI):
		return "FEC OTI"
	}
	return ""
}

func differ(a, b *uint64) bool { return a != nil && b != nil && *a != *b }

// augment adds to own what only file has. Where else the file can be had, and how long it may be kept, is no part of
// what it is: the latest FDT Instance that says so tells.
func (s *Session) augment(e *entry, own, file *fdt.File, isLater bool) {
	if own.ContentLength == nil {
		own.ContentLength = file.ContentLength
	}
	if own.TransferLength == nil {
		own.TransferLength = file.TransferLength
	}
	if own.MD5 == nil {
		own.MD5 = file.MD5
	}
	if own.SHA256 == nil {
		own.SHA256 = file.SHA256
	}
	if own.SHA512 == nil {
		own.SHA512 = file.SHA512
	}
	if own.ContentType == "" {
		own.ContentType = file.ContentType
	}
	if file.CacheControl != nil && (isLater || own.CacheControl == nil) {
		own.CacheControl = file.CacheControl
	}
	if !own.HasOTI && e.badOTI == nil && file.HasOTI && s.l.checkOTI(&file.OTI) == nil {
		own.OTI, own.HasOTI = file.OTI, true
	}
	if file.AlternateLocations1 != nil && (isLater || e.recalled || own.AlternateLocations1 == nil) {
		s.replaceAlternates(e, own, file)
	}
}

// isEmpty reports whether the FDT announces an object of no bytes.
func isEmpty(f *fdt.File) bool {
	if f.TransferLength != nil {
		return *f.TransferLength == 0
	}
	return f.ContentEncoding == flute.Null && f.ContentLength != nil && *f.ContentLength == 0
}

// descriptionOverhead is charged for a described object besides the strings of its description: entry, fdt.File with
// its CacheControl, and two places in maps.
const descriptionOverhead = 1376

// describedBy returns what a receiver needs of file, and its cost in memory. It shares nothing with the FDT Instance,
// which would be kept whole by it.
func describedBy(file *fdt.File) (*fdt.File, uint64) {
	own := &fdt.File{
		TOI: file.TOI, ContentLocation: file.ContentLocation,
		ContentLength: file.ContentLength, TransferLength: file.TransferLength,
		ContentType: file.ContentType, ContentEncoding: file.ContentEncoding,
		MD5: file.MD5, SHA256: file.SHA256, SHA512: file.SHA512, OTI: file.OTI, HasOTI: file.HasOTI,
		AlternateLocations1: file.AlternateLocations1, CacheControl: file.CacheControl,
	}
	return own, alternatesCost(file) + descriptionOverhead + uint64(2*len(own.ContentLocation)+len(own.ContentType))
}

// announcedBy returns what file says of the content.
func announcedBy(file *fdt.File) content.Announced {
	return content.Announced{
		Location: file.ContentLocation, ContentLength: file.ContentLength, TransferLength: file.TransferLength,
		Encoding: file.ContentEncoding, MD5: file.MD5, SHA256: file.SHA256, SHA512: file.SHA512,
	}
}
