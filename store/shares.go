package store

import "sync"

// Shares divide a Budget, so that no source of sessions can take what others need.
type Shares struct {
	Source  uint64 // bytes that all sessions of one source may use; zero: all
	Reserve uint64 // bytes that are kept for FDT Instances and small objects; zero: none
}

// The parts of the reserve that one source and one session may draw: one of so many. A new session finds room there
// unless as many sources have spent the whole budget and their parts of the reserve.
const (
	sourceReserve  = 4
	sessionReserve = 8
)

// NewSharedBudget returns a budget of limit bytes that Share divides.
func NewSharedBudget(limit uint64, s Shares) *Budget {
	b := NewBudget(limit, nil)
	b.shares = &sources{
		Shares: s, all: NewBudget(limit-min(limit, s.Reserve), b), reserve: NewBudget(min(limit, s.Reserve), b),
		inUse: map[any]*sourceShare{},
	}
	return b
}

// sources are the shares of a budget that are in use.
type sources struct {
	Shares
	all     *Budget
	reserve *Budget

	mu    sync.Mutex
	inUse map[any]*sourceShare
}

// sourceShare is what one source may use.
type sourceShare struct {
	all      *Budget
	reserve  *Budget
	sessions int
}

// Share is the part of a Budget that one session may use.
type Share struct {
	// All is for anything. What is reserved from Small comes out of All, or else of the reserve: it is for FDT
	// Instances, descriptions, and small objects.
	All, Small *Budget

	reserve *Budget
	sources *sources
	source  any
}

// Share returns the share of a session from this source, which is any comparable value, of limit bytes. Close it when
// all that was reserved from it is released. A Budget that NewSharedBudget has not made has no shares of sources and no
// reserve.
func (b *Budget) Share(source any, limit uint64) *Share {
	if b == nil || b.shares == nil {
		all := NewBudget(limit, b)
		return &Share{All: all, Small: NewBudget(limit, all)}
	}
	s := b.shares
	of := s.open(source)
	all := NewBudget(limit, of.all)
	reserve := NewBudget(s.reserve.limit/sessionReserve, of.reserve)
	small := NewBudget(limit, all)
	small.spare = reserve
	return &Share{All: all, Small: small, reserve: reserve, sources: s, source: source}
}

// Used returns the number of bytes reserved.
func (s *Share) Used() uint64 { return s.All.Used() + s.reserve.Used() }

// Close ends the use of the share.
func (s *Share) Close() {
	if s.sources != nil {
		s.sources.close(s.source)
		s.sources = nil
	}
}

// open returns the share of source, which one session more uses now.
func (s *sources) open(source any) *sourceShare {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.inUse[source]
	if of == nil {
		limit := s.all.limit
		if s.Source > 0 {
			limit = min(limit, s.Source)
		}
		of = &sourceShare{all: NewBudget(limit, s.all), reserve: NewBudget(s.reserve.limit/sourceReserve, s.reserve)}
		s.inUse[source] = of
	}
	of.sessions++
	return of
}

// close forgets a source without sessions.
func (s *sources) close(source any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.inUse[source]
	if of.sessions--; of.sessions == 0 {
		delete(s.inUse, source)
	}
}
