// Package settings turns words into configuration: what an operator writes, in a command line, a file or a request,
// becomes the configuration of a sending or a receiving session, or an error that names the word.
//
//	words := settings.Send{Rate: 100e6, Profile: "rfc6726", CENC: "null", FEC: settings.FEC{Scheme: "raptorq"}}
//	cfg, err := words.Config(largest)
//
// The word of a field is in the field's comment: a command line spells it --rs-matrix, a file perhaps rs_matrix. Errors
// of type [*Error] are spelled by whoever tells them ([Error.Spell]). Units have types of their own, whose errors are
// the same everywhere: [Bytes], [BitRate], [Percent], [Transfers], [ParseDuration], [ParseNumber].
//
// The package holds no state, and reads no flags, no files and no clock. The caller passes the function that resolves
// host names ([Lookup]).
//
// # Limitations
//
// It does not decide when a reception has all that was asked for: the command does (--until).
package settings
