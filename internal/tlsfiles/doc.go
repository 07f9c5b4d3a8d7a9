// Package tlsfiles makes the configuration of TLS 1.3 ([RFC 8446]) of files in PEM: for the API of a daemon, and for
// its clients. A daemon takes new certificates as soon as their files have changed.
//
//	files := tlsfiles.Files{Cert: "api.crt", Key: "api.key", ClientCA: "clients.crt"}
//	live, err := tlsfiles.Watch(files, log)
//	server.TLSConfig = live.Config()
//
// # Limitations
//
// Certificates are not looked up in lists of revoked ones: take another authority, or certificates that live for days.
//
// [RFC 8446]: https://www.rfc-editor.org/rfc/rfc8446
package tlsfiles
