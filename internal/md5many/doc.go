// Package md5many computes MD5 (RFC 1321) of several short contents at a time.
//
// MD5 waits for itself: each of its steps needs the result of the one before, so that one content takes a processor
// five cycles a byte and leaves most of it idle. The same steps on 8 or 16 contents side by side, one in each part of a
// wide register, take about as long as on one. Files bring their Content-MD5 (RFC 6726, section 3.4.2), and of many
// small files it was a quarter of what both ends compute.
//
// Usage: goroutines with a content each call [Group.Sum], which joins those that come at the same time.
//
// Limitations: only amd64 with AVX2 or AVX-512 is faster than crypto/md5; [Width] tells. MD5 finds errors and no
// attacks: whoever needs that takes SHA-256. The assembly is generated: see generate.go.
package md5many
