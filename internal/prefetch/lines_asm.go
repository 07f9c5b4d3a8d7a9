//go:build (amd64 || arm64) && !purego

package prefetch

// lineBytes is the length of a line of the caches, or less.
const lineBytes = 64

// Lines has the processor fetch p into its caches. It does not wait for it.
func Lines(p []byte) {
	if n := (len(p) + lineBytes - 1) / lineBytes; n > 0 {
		lines(&p[0], n)
	}
}

// lines fetches n lines from p on, n > 0.
//
//go:noescape
func lines(p *byte, n int)
