package core

// received returns how many bytes each of the ends has received.
func received(ends []*end) (bytes []int) {
	for _, e := range ends {
		bytes = append(bytes, e.received)
	}
	return bytes
}

// shares returns Jain's index of what the ends have received since before, and how many bytes that is. The index is 1
// where all have received the same, and 1/n where one of n has received all.
func shares(ends []*end, before []int) (jain float64, sum int) {
	squares := 0.0
	for i, n := range received(ends) {
		n -= before[i]
		sum += n
		squares += float64(n) * float64(n)
	}
	return float64(sum) * float64(sum) / squares / float64(len(ends)), sum
}
