package simnet_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/internal/simnet"
)

func datagram(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

func number(d []byte) int { return int(binary.BigEndian.Uint32(d)) }

// carry sends n datagrams and returns the numbers of those that arrive, in order. The sender uses one buffer for all.
func carry(l *simnet.Link, n int) (arrived []int) {
	buffer := make([]byte, 4)
	for i := range n {
		copy(buffer, datagram(i))
		for _, d := range l.Carry(buffer) {
			arrived = append(arrived, number(d))
		}
	}
	for _, d := range l.Flush() {
		arrived = append(arrived, number(d))
	}
	return arrived
}

func sequence(n int) (s []int) {
	for i := range n {
		s = append(s, i)
	}
	return s
}

func TestLinkWithoutFaults(t *testing.T) {
	if diff := cmp.Diff(sequence(100), carry(&simnet.Link{}, 100)); diff != "" {
		t.Error(diff)
	}
}

func TestLinkIsDeterministic(t *testing.T) {
	faults := simnet.Link{Loss: 0.2, Duplicate: 0.1, Reorder: 0.3, Depth: 5}
	run := func(seed uint64) []int {
		l := faults
		l.Seed = seed
		return carry(&l, 1000)
	}
	if diff := cmp.Diff(run(7), run(7)); diff != "" {
		t.Error(diff)
	}
	if slices.Equal(run(7), run(8)) {
		t.Error("two seeds, one outcome")
	}
}

// Which datagrams are lost does not change when other faults are added, nor which ones are duplicated.
func TestFaultsAreIndependent(t *testing.T) {
	const n = 1000
	lost := func(l simnet.Link) (numbers []int) {
		got := carry(&l, n)
		for i := range n {
			if !slices.Contains(got, i) {
				numbers = append(numbers, i)
			}
		}
		return numbers
	}
	want := lost(simnet.Link{Seed: 3, Loss: 0.1})
	if len(want) == 0 {
		t.Fatal("nothing lost")
	}
	for name, l := range map[string]simnet.Link{
		"duplicate": {Seed: 3, Loss: 0.1, Duplicate: 0.5},
		"reorder":   {Seed: 3, Loss: 0.1, Reorder: 0.5, Depth: 9},
		"drop":      {Seed: 3, Loss: 0.1, Drop: func(d []byte) bool { return number(d) == want[0] }},
	} {
		if diff := cmp.Diff(want, lost(l)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Every datagram is accounted for, whatever the faults.
func TestLinkConservesDatagrams(t *testing.T) {
	const n = 2000
	for seed := range uint64(20) {
		for _, faults := range []simnet.Link{
			{Loss: 0.3},
			{Loss: 0.3, Burst: 10},
			{Duplicate: 1},
			{Reorder: 1, Depth: 7},
			{Loss: 0.2, Burst: 3, Duplicate: 0.2, Reorder: 0.2, Depth: 20},
			{Loss: 1},
			{Loss: 0.1, Drop: func(d []byte) bool { return number(d)%10 == 0 }},
		} {
			l := faults
			l.Seed = seed
			got := carry(&l, n)
			s := l.Stats()
			if s.Carried != n || s.Carried+s.Duplicated != s.Lost+s.Dropped+s.Arrived+s.Held ||
				s.Arrived != uint64(len(got)) {
				t.Errorf("%+v: %+v, %d arrived", faults, s, len(got))
			}
			if faults.Loss == 0 {
				distinct := slices.Compact(slices.Sorted(slices.Values(got)))
				if diff := cmp.Diff(sequence(n), distinct); diff != "" {
					t.Errorf("%+v loses datagrams: %s", faults, diff)
				}
			}
		}
	}
}

func TestLossRate(t *testing.T) {
	const n = 200_000
	for _, loss := range []float64{0, 0.001, 0.05, 0.5, 1} {
		for _, burst := range []float64{0, 1, 4, 20} {
			t.Run(fmt.Sprintf("%g in bursts of %g", loss, burst), func(t *testing.T) {
				l := simnet.Link{Seed: 5, Loss: loss, Burst: burst}
				var lost, bursts int
				before := false
				for i := range n {
					gone := len(l.Carry(datagram(i))) == 0
					if gone {
						lost++
						if !before {
							bursts++
						}
					}
					before = gone
				}
				got := float64(lost) / n
				// Bursts make the sample smaller: five standard deviations of a mean of n/burst draws, or so.
				tolerance := 5 * math.Sqrt(loss*(1-loss)*2*max(burst, 1)/n)
				if math.Abs(got-loss) > tolerance {
					t.Errorf("%.4f lost, tolerance %.4f", got, tolerance)
				}
				if burst > 1 && loss > 0.001 && loss < 1 {
					if mean := float64(lost) / float64(bursts); math.Abs(mean-burst) > 0.15*burst {
						t.Errorf("bursts of %.2f", mean)
					}
				}
			})
		}
	}
}

func TestDepthBoundsReordering(t *testing.T) {
	const n, depth = 5000, 6
	l := simnet.Link{Seed: 11, Reorder: 0.2, Depth: depth}
	got := carry(&l, n)
	overtaken, most := 0, 0
	for at, i := range got {
		by := 0
		for _, earlier := range got[max(0, at-100):at] {
			if earlier > i {
				by++
			}
		}
		if by > 0 {
			overtaken++
		}
		most = max(most, by)
	}
	if most != depth || overtaken < n/10 {
		t.Errorf("%d overtaken, by %d at most", overtaken, most)
	}
}

func TestDuplicates(t *testing.T) {
	const n = 10_000
	l := simnet.Link{Seed: 2, Duplicate: 0.1}
	got := carry(&l, n)
	if s := l.Stats(); s.Duplicated < n/12 || s.Duplicated > n/8 || len(got) != n+int(s.Duplicated) {
		t.Errorf("%d arrived, %+v", len(got), s)
	}
}

func ExampleLink_Carry() {
	link := simnet.Link{Seed: 2, Loss: 0.2, Reorder: 0.2, Depth: 3}
	for i := range 12 {
		for _, d := range link.Carry(fmt.Append(nil, i)) {
			fmt.Print(string(d), " ")
		}
	}
	for _, d := range link.Flush() {
		fmt.Print(string(d), " ")
	}
	fmt.Println(link.Stats().Lost, "lost")
	// Output: 1 2 4 5 6 9 7 10 11 3 lost
}
