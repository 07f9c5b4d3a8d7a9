package alc_test

import (
	"fmt"

	"github.com/flute-node/flute-node/internal/drop"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

func Example() {
	oti := fec.OTI{EncodingID: fec.CompactNoCode, TransferLength: 12, SymbolLength: 6, MaxSourceBlockLength: 64}
	template, err := alc.NewTemplate(alc.Spec{
		TSI: 1, TOI: flute.NewTOI(7), Codepoint: uint8(oti.EncodingID), OTI: &oti,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	datagram := template.Append(nil, true)
	datagram = oti.AppendPayloadID(datagram, fec.PayloadID{SBN: 0, ESI: 1})
	datagram = append(datagram, "symbol"...)

	packet, err := alc.Parse(datagram)
	if err != nil {
		fmt.Println(drop.Of(err), err)
		return
	}
	received, err := fec.ParseFTI(fec.EncodingID(packet.Codepoint), packet.FTI)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, n, err := received.ParsePayloadID(packet.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("TSI %d, TOI %v of %d bytes, last packet: %v\n", packet.TSI, packet.TOI, received.TransferLength,
		packet.CloseObject)
	fmt.Printf("SBN %d, ESI %d: %s\n", id.SBN, id.ESI, packet.Body[n:])
	// Output:
	// TSI 1, TOI 7 of 12 bytes, last packet: true
	// SBN 0, ESI 1: symbol
}
