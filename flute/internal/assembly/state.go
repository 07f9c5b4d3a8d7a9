package assembly

import "github.com/flute-node/flute-node/fec"

// State is what is known of an object, as plain data: with the received part of each source block all that is needed to
// go on. A bit is set only after its bytes were handed to the buffer, so it tells the truth whatever crashed in
// between.
type State struct {
	OTI      fec.OTI
	FTI      []byte // content of EXT_FTI as received; nil: none of the packets had one
	Received uint64 // bytes of the object that came as source symbols
	PutBytes uint64 // of Received: those that came another way than in packets; of this process alone
	Repaired uint64 // source symbols that FEC recovered

	complete   blockSet
	guesses    int     // source blocks recovered under a guess
	firstGuess fec.SBN // the first of them, if there are any
	decisive   bool    // one of them shows which variant it was, if it proves right
}

// received is what came of one source block, as plain data. For a block recovered under a guess it also tells which
// symbols must be recovered again if the guess was wrong.
type received struct {
	k       uint32
	have    symbolSet    // source symbols held
	sources uint32       // number of members of have
	repair  []fec.Symbol // repair symbols held, in order of arrival
	guess   fec.Variant  // with lost: the variant assumed when the block was recovered
	lost    []fec.ESI    // source symbols recovered under a guess; nil when the block holds what was sent
}

// lostSymbols lists the source symbols that the block does not hold.
func (b *received) lostSymbols() []fec.ESI {
	lost := make([]fec.ESI, 0, b.k-b.sources)
	for i := range b.k {
		if !b.have.has(i) {
			lost = append(lost, fec.ESI(i))
		}
	}
	return lost
}
