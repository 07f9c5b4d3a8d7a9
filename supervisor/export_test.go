package supervisor

// Remembered returns how many children d keeps a history of.
func (d *Dynamic) Remembered() int { return len(d.children) }

// BadMessage returns a message that makes a tree panic.
func BadMessage() any { return ready{slot: 99} }
