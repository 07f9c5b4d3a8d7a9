package inactivation

// worker is memory for work on one source block, of which the Engine keeps some.
type worker struct {
	solver       solver
	compiler     compiler
	plan         Plan
	lost         Rows
	columns      []uint16
	sum          sums
	runner       runner
	few          few
	coefficients []byte // of few
	slab         []byte
	inputs       [][]byte
	outputs      [][]byte
	padded       []byte
}

// worker returns one from the free list, or a new one.
func (e *Engine) worker() *worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.free); n > 0 {
		w := e.free[n-1]
		e.free = e.free[:n-1]
		return w
	}
	return &worker{runner: runner{level: active}}
}

func (e *Engine) release(w *worker) {
	w.solver.code, w.plan.dense, w.compiler.solver, w.few.plan = nil, nil, nil, nil
	clear(w.inputs[:cap(w.inputs)])
	clear(w.outputs[:cap(w.outputs)])
	clear(w.runner.dst[:cap(w.runner.dst)])
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.free) < maxFree {
		e.free = append(e.free, w)
	}
}

// rows returns a slab of that many rows.
func (w *worker) rows(n, width int) []byte {
	if need := n * width; len(w.slab) < need {
		w.slab = alignedBytes(need)
	}
	return w.slab[:n*width]
}

// encoderPlan returns the plan to compute all intermediate symbols from the source symbols, nil if the matrix is
// singular.
func (w *worker) encoderPlan(c *Code, source *Rows) *Plan {
	w.solver.reset(c, source.Len(), len(source.columns), c.Columns)
	for isi := range source.Len() {
		w.solver.add(source.Row(isi), int32(isi))
	}
	if !w.solver.solve() {
		return nil
	}
	p := &Plan{}
	w.compiler.compile(p, &w.solver, nil)
	return p
}
