package api

import (
	"net/http"
	"time"

	"github.com/flute-node/flute-node/flute"
)

const (
	// maxCells bounds the cells of a BlockMap.
	maxCells = 512
	// cellBytes is how much of an object a cell shows at least.
	cellBytes = 1024
)

// BlockMap shows which parts of an object have come. A source block has so many cells each, or a cell shows several.
type BlockMap struct {
	Session        flute.SessionKey `json:"session"`
	TOI            flute.TOI        `json:"toi"`
	Phase          string           `json:"phase"`
	TransferLength uint64           `json:"transfer_length"`
	Done           uint64           `json:"done"`
	Blocks         uint32           `json:"blocks"`  // source blocks; 0: not known
	Lacking        uint32           `json:"lacking"` // of them: incomplete
	Needed         uint64           `json:"needed"`  // encoding symbols at least
	CompleteAt     time.Time        `json:"complete_at,omitzero"`
	// Cells are equal parts of the object, in order: how much of each is there, from 0 to 255. Base64.
	Cells []byte `json:"cells"`
}

// blockMap makes the map of an object. One that is sent has no cells.
func blockMap(o *Object) BlockMap {
	m := BlockMap{
		Session: o.Session, TOI: o.TOI, Phase: o.Phase, TransferLength: o.TransferLength, Done: o.Done,
		Blocks: o.Blocks, Lacking: o.Lacking, Needed: o.Needed, CompleteAt: o.CompleteAt,
		Cells: []byte{},
	}
	switch o.Phase {
	case "waiting", "sending", "paused": // a sender does not tell which parts are out
	default:
		m.Cells = cells(o.TransferLength, o.Done, o.Blocks, o.Missing)
	}
	return m
}

// cellCount returns how many cells an object has: a multiple of its blocks, if these are few.
func cellCount(length uint64, blocks uint32) int {
	most := int(min(maxCells, max(1, length/cellBytes)))
	switch {
	case length == 0:
		return 0
	case blocks == 0:
		return most
	case int(blocks) >= most:
		return int(min(blocks, maxCells))
	}
	return most / int(blocks) * int(blocks)
}

// cells returns how much of each cell is there. missing are ranges of bytes in order, perhaps not all of them: what
// length and done say beyond them lies behind the last, wherever.
func cells(length, done uint64, blocks uint32, missing [][2]uint64) []byte {
	n := cellCount(length, blocks)
	lacks := make([]float64, n) // bytes of each cell
	size := float64(length) / float64(n)
	lack := func(from, to uint64, share float64) {
		for i := min(n-1, int(float64(from)/size)); i < n && float64(i)*size < float64(to); i++ {
			begin, end := max(float64(from), float64(i)*size), min(float64(to), float64(i+1)*size)
			lacks[i] += share * max(0, end-begin)
		}
	}
	if n == 0 {
		return []byte{}
	}
	var told, last uint64
	for _, m := range missing {
		to := min(m[1], length)
		if m[0] >= to {
			continue
		}
		lack(m[0], to, 1)
		told += to - m[0]
		last = to
	}
	if all := length - min(done, length); len(missing) > 0 && all > told && last < length {
		lack(last, length, min(1, float64(all-told)/float64(length-last)))
	} else if len(missing) == 0 && all > 0 {
		lack(0, length, float64(all)/float64(length))
	}
	list := make([]byte, n)
	for i, l := range lacks {
		switch have := size - l; {
		case have < 0.5: // less than a byte is rounding
		case l < 0.5:
			list[i] = 255
		default:
			list[i] = byte(1 + 253*have/size) // 0 and 255 are nothing and all
		}
	}
	return list
}

func (s *Server) blockMap(w http.ResponseWriter, r *http.Request) {
	list, ok := s.objectsOf(w, r)
	if !ok {
		return
	}
	maps := make([]BlockMap, len(list))
	for i := range list {
		maps[i] = blockMap(&list[i])
	}
	answer(w, http.StatusOK, struct {
		Maps []BlockMap `json:"maps"`
	}{maps})
}
