package main

import "github.com/flute-node/flute-node/internal/settings"

// objectFlags say how files are sent, each of them.
type objectFlags struct {
	CENC         string `default:"null" help:"Content encoding of the files: null, zlib, deflate, gzip; auto: gzip where it makes a file smaller."`
	Digest       string `default:"auto" help:"Digests that are announced: auto (MD5 and SHA-256; of files from 16 MiB on while they are sent already), none, or a list of md5, sha-256, later."`
	ETag         string `name:"etag" placeholder:"auto|TAG" help:"Entity tag of the files; auto: made of the digest."`
	CacheControl string `placeholder:"no-cache|max-stale|max-age=1h|expires=TIME" help:"How long receivers may keep the files; max-age counts from when the command begins."`
}

// words returns what the flags say.
func (f *objectFlags) words() settings.Object {
	return settings.Object{CENC: f.CENC, Digest: f.Digest, ETag: f.ETag, CacheControl: f.CacheControl}
}
