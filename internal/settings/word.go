package settings

import (
	"fmt"
	"slices"
	"strings"
)

// word is the name of a setting, as errors call it. It is spelled by Error.Spell.
type word string

// The words. Those of a file of configuration, and the flags of the command, are spelled after them.
const (
	wordAgain          = word("again")
	wordAlignment      = word("alignment")
	wordAllocate       = word("allocate")
	wordBlock          = word("block")
	wordBy             = word("by")
	wordCacheControl   = word("cache-control")
	wordCarousel       = word("carousel")
	wordCENC           = word("cenc")
	wordCloseRepeat    = word("close-repeat")
	wordConstant       = word("constant")
	wordCounting       = word("counting")
	wordDelay          = word("delay")
	wordDigest         = word("digest")
	wordDirMode        = word("dir-mode")
	wordElements       = word("elements")
	wordExcept         = word("except")
	wordExisting       = word("existing")
	wordExpiry         = word("expiry")
	wordFDTCENC        = word("fdt-cenc")
	wordFDTDuration    = word("fdt-duration")
	wordFDTFEC         = word("fdt-fec")
	wordFDTGroup       = word("fdt-group")
	wordFDTInterval    = word("fdt-interval")
	wordFDTMode        = word("fdt-mode")
	wordFDTStartID     = word("fdt-start-id")
	wordFEC            = word("fec")
	wordFieldBits      = word("field-bits")
	wordFileGroup      = word("file-group")
	wordFirstTOI       = word("first-toi")
	wordFTI            = word("fti")
	wordGroup          = word("group")
	wordInterleave     = word("interleave")
	wordLayout         = word("layout")
	wordLinks          = word("links")
	wordMaxAge         = word("max-age")
	wordMaxDatagram    = word("max-datagram")
	wordMaxFiles       = word("max-files")
	wordMaxRepair      = word("max-repair")
	wordMaxSize        = word("max-size")
	wordMinSize        = word("min-size")
	wordMode           = word("mode")
	wordMTime          = word("mtime")
	wordN1             = word("ldpc-n1")
	wordNames          = word("names")
	wordObjectTimeout  = word("object-timeout")
	wordOffload        = word("offload")
	wordOnce           = word("once")
	wordOnly           = word("only")
	wordOrder          = word("order")
	wordOwner          = word("owner")
	wordParallel       = word("parallel")
	wordProfile        = word("profile")
	wordSTSID          = word("s-tsid")
	wordQueue          = word("queue")
	wordRate           = word("rate")
	wordRepair         = word("repair")
	wordRepeat         = word("repeat")
	wordResume         = word("resume")
	wordResumeAge      = word("resume-age")
	wordRSMatrix       = word("rs-matrix")
	wordSeed           = word("ldpc-seed")
	wordSessionTimeout = word("session-timeout")
	wordStage          = word("stage")
	wordSubBlocks      = word("sub-blocks")
	wordSymbol         = word("symbol")
	wordTimes          = word("times")
	wordTOI            = word("toi")
	wordTOIBits        = word("toi-bits")
	wordTSI            = word("tsi")
	wordTTL            = word("ttl")
	wordType           = word("type")
	wordWarmUp         = word("warm-up")
	wordWeight         = word("weight")
	wordWithin         = word("within")
)

// Error says what is wrong with the value of a word.
type Error struct {
	// Word is the word that is wrong; the first one where several do not go together.
	Word string

	format string
	args   []any // words among them are spelled
}

// errorf returns the Error of the first word in args, of which there is at least one.
func errorf(format string, args ...any) *Error {
	i := slices.IndexFunc(args, func(a any) bool { _, ok := a.(word); return ok })
	return &Error{Word: string(args[i].(word)), format: format, args: args}
}

// Error implements error. Words are not spelled in any way.
func (e *Error) Error() string { return e.Spell(func(word string) string { return word }) }

// Spell returns the text of the error, with each word as spell writes it.
func (e *Error) Spell(spell func(word string) string) string {
	args := slices.Clone(e.args)
	for i, a := range args {
		if w, ok := a.(word); ok {
			args[i] = spell(string(w))
		}
	}
	return fmt.Sprintf(e.format, args...)
}

// oneOf returns the value of a word that has one of a few, by its name; the first one if the name is empty.
func oneOf[T any](w word, name string, choices []choice[T]) (T, error) {
	if name == "" {
		return choices[0].value, nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		if c.name == name {
			return c.value, nil
		}
		names[i] = c.name
	}
	var none T
	return none, errorf("%v %q: take %s", w, name, list(names))
}

// isOff reads a word that is auto or off; empty: auto.
func isOff(w word, name string) (bool, error) {
	return oneOf(w, name, []choice[bool]{{"auto", false}, {"off", true}})
}

// choice is a value with its name.
type choice[T any] struct {
	name  string
	value T
}

// list writes names as people do: a, b or c.
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
