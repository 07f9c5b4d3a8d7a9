package supervisor

// Remembered returns how many children d keeps a history of.
func (d *Dynamic) Remembered() int { return len(d.children) }
