// Package ring holds a queue whose memory is used again: steady traffic through it allocates nothing.
//
//	var q ring.Queue[string]
//	q.Push("a")
//	q.Push("b")
//	for q.Len() > 0 {
//		use(q.Pop())
//	}
//
// # Limitations
//
// A Queue grows without a bound; whoever fills it bounds it. It is not safe for concurrent use.
package ring
