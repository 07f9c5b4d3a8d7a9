package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/nocode"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/internal/settings"
)

// testSchemes are few, so that the table does not change with each new codec.
func testSchemes() *fec.Registry {
	return new(fec.Registry).With(fec.CompactNoCode, 0, nocode.Scheme{}).With(fec.ReedSolomonGF28, 0, rs.New())
}

// ticks returns a clock that moves on by a millisecond with every look.
func ticks() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
}

// captured returns what run prints.
func captured(t *testing.T, asJSON bool, run func(*output) error) (string, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := newOutput(newPrinter(f, newStandardError(os.Stderr)), display{JSON: asJSON})
	failed := run(out)
	out.close()
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text), failed
}

func benchTestFlags(names ...string) benchFlags {
	return benchFlags{Scheme: names, Memory: 1 << 30, Seed: 1, now: ticks(), registry: testSchemes}
}

func benchFEC(f benchFlags) *benchFECCommand {
	return &benchFECCommand{
		benchFlags: f, Loss: []settings.Percent{0, 0.05, 1}, Time: 5 * time.Millisecond, Limit: time.Second,
	}
}

func TestBenchFECTable(t *testing.T) {
	f := benchTestFlags()
	f.K = []uint32{40, 10, 300}
	f.Symbol = 1000
	text, err := captured(t, false, func(out *output) error { return benchFEC(f).Run(context.Background(), out) })
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	if !strings.Contains(lines[0], "linux/") && !strings.Contains(lines[0], "/") ||
		!strings.Contains(lines[1], "symbols of 1000 bytes") {
		t.Errorf("head:\n%s\n%s", lines[0], lines[1])
	}
	for i, l := range lines { // what the codec needs is its own business
		if n := strings.Count(l, "."); i > 3 && n >= 2 && len(l) > 80 {
			lines[i] = l[:len(l)-28]
		}
	}
	// A run lasts a millisecond: 40000 bytes in it are 40 MB/s.
	want := []string{
		"scheme              K  repair   encode     cold   decode 0%      5%    100%   encoder MiB   decoder MiB",
		"no-code            10       0        -        -        10.0       -       -",
		"no-code            40       0        -        -        40.0       -       -",
		"no-code           300       0        -        -         300       -       -",
		"rs                 10       3     10.0     10.0        10.0    10.0       -",
		"rs                 40      10     40.0     40.0        40.0    40.0       -",
		"",
		"no-code, K = 10, 40, 300, encode, encode cold: no repair symbols are made",
		"no-code, K = 10, 40, 300, decode at 5%, decode at 100%: more symbols are lost than there are repair symbols",
		"rs, K = 10, 40, decode at 100%: more symbols are lost than there are repair symbols",
		"rs, K = 300: --block 300: --fec rs takes at most 255 source symbols",
		"",
	}
	if diff := cmp.Diff(want, lines[3:]); diff != "" {
		t.Error(diff)
	}
}

func TestBenchFECLines(t *testing.T) {
	f := benchTestFlags("rs")
	f.K, f.Repair = []uint32{20}, new(settings.Percent(0.5))
	text, err := captured(t, true, func(out *output) error { return benchFEC(f).Run(context.Background(), out) })
	if err != nil {
		t.Fatal(err)
	}
	var m machine
	var got []fecRecord
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if m == (machine{}) {
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil || m.Program != "flute-node" || m.CPU == "" ||
				m.Go == "" {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			continue
		}
		for _, key := range []string{"scheme", "k", "symbol", "operation", "loss", "encoder_bytes", "decoder_bytes"} {
			if !strings.Contains(lines.Text(), `"`+key+`":`) {
				t.Errorf("%s has no %s", lines.Text(), key)
			}
		}
		var r fecRecord
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil || r.Encoder == 0 || r.Decoder == 0 {
			t.Errorf("%s: %v", lines.Text(), err)
		}
		r.Encoder, r.Decoder = 0, 0
		got = append(got, r)
	}
	base := fecRecord{Peer: "flute-node", Scheme: "rs", K: 20, Symbol: 1400, MB: 28, BestMB: 28, Runs: 5}
	record := func(operation string, loss float64, repair uint32) fecRecord {
		r := base
		r.Operation, r.Loss, r.Repair = operation, loss, repair
		return r
	}
	skipped := fecRecord{
		Peer: "flute-node", Scheme: "rs", K: 20, Symbol: 1400, Operation: "decode", Loss: 1, Repair: 10,
		Skipped: "more symbols are lost than there are repair symbols",
	}
	want := []fecRecord{
		record("encode", 0, 10), record("encode_cold", 0, 10), record("decode", 0, 0), record("decode", 0.05, 3),
		skipped,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBenchFECLimits(t *testing.T) {
	f := benchTestFlags("rs")
	f.K = []uint32{20, 40, 200}
	c := benchFEC(f)
	c.Limit = 10 * time.Millisecond // a block ten times as long may take a hundred times as long
	c.Loss = nil
	text, err := captured(t, false, func(out *output) error { return c.Run(context.Background(), out) })
	if err != nil ||
		!strings.Contains(text, "rs, K = 200, encode, encode cold: one run may last 0.025 s, --limit is 10ms") ||
		!strings.Contains(text, "40      10     56.0     56.0") {
		t.Errorf("%v:\n%s", err, text)
	}
	c = benchFEC(f)
	c.Memory = 100_000 // bytes: 40 source symbols have 56000
	text, err = captured(t, false, func(out *output) error { return c.Run(context.Background(), out) })
	if err != nil || !strings.Contains(text, "rs, K = 200: it needs 0.4 MiB of memory, the limit is 0.1") {
		t.Errorf("%v:\n%s", err, text)
	}
}

func TestBenchRefuses(t *testing.T) {
	unknown, missing := benchTestFlags("fountain"), benchTestFlags("raptorq")
	tooMuch, zero := benchTestFlags("rs"), benchTestFlags("rs")
	zero.K = []uint32{0}
	much := benchFEC(tooMuch)
	much.Loss = []settings.Percent{1.5}
	for name, c := range map[string]*benchFECCommand{
		"unknown scheme": benchFEC(unknown), "scheme without a codec": benchFEC(missing), "loss above 100 %": much,
	} {
		if _, err := captured(t, false,
			func(out *output) error { return c.Run(context.Background(), out) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := captured(t, false,
		func(out *output) error { return benchFEC(zero).Run(context.Background(), out) }); err == nil ||
		!strings.Contains(err.Error(), "--k 0") {
		t.Errorf("K = 0: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := captured(t, false, func(out *output) error { return benchFEC(benchTestFlags()).Run(ctx, out) })
	if f := (failure{}); !errors.As(err, &f) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestBenchOverhead(t *testing.T) {
	f := benchTestFlags()
	f.K = []uint32{10, 200}
	c := &benchOverheadCommand{benchFlags: f, Trials: 20, Time: time.Hour, Extra: 3}
	text, err := captured(t, false, func(out *output) error { return c.Run(context.Background(), out) })
	want := "scheme              K  repair   trials  mean e     e = 0     e = 1     e = 2     e = 3\n" +
		"rs                 10       5       20       0         0         0         0         0\n" +
		"rs                200      50       20       0         0         0         0         0\n\n" +
		"no-code, K = 10, 200: no repair symbols are made\n"
	if err != nil || !strings.HasSuffix(text, want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, text))
	}
	text, err = captured(t, true, func(out *output) error { return c.Run(context.Background(), out) })
	line := `{"peer":"flute-node","scheme":"rs","k":10,"operation":"overhead","repair":5,"trials":20,"failures":[0,0,0,0],` +
		`"mean_extra":0,"unsolved":0}`
	if err != nil || !strings.Contains(text, line+"\n") {
		t.Errorf("%v: %s", err, text)
	}
	c.Trials = 0
	if _, err := captured(t, false, func(out *output) error { return c.Run(context.Background(), out) }); err == nil {
		t.Error("no receivers: no error")
	}
}

// TestBenchOfEveryScheme has short blocks and one run for each figure.
func TestBenchOfEveryScheme(t *testing.T) {
	all, err := findBenchSchemes(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			if len(s.sizes) == 0 || s.IsCoded() && s.repair == 0 {
				t.Errorf("nothing is measured of it by default: %+v", s)
			}
			f := benchFlags{Scheme: []string{s.Name}, K: []uint32{60, 150}, Memory: 1 << 30, now: ticks()}
			c := &benchFECCommand{benchFlags: f, Loss: []settings.Percent{0, 0.05, 0.2}, Time: 1, Limit: time.Hour}
			text, err := captured(t, true, func(out *output) error { return c.Run(context.Background(), out) })
			lines := strings.Count(text, "\n")
			if err != nil || lines != 1+2*5 || s.IsCoded() && strings.Contains(text, "skipped") {
				t.Errorf("%v, %d lines:\n%s", err, lines, text)
			}
		})
	}
}

// TestBenchFitsSymbols has elements of 13 bits: 1391 is the next multiple of 13 below 1400.
func TestBenchFitsSymbols(t *testing.T) {
	f := benchFlags{Scheme: []string{"rs2"}, K: []uint32{20}, FieldBits: 13, Memory: 1 << 30, now: ticks()}
	text, err := captured(t, true, func(out *output) error { return benchFEC(f).Run(context.Background(), out) })
	if err != nil || !strings.Contains(text, `"symbol":1391,"operation":"encode",`) {
		t.Errorf("%v: %s", err, text)
	}
	f.Symbol = 1400
	text, err = captured(t, false, func(out *output) error { return benchFEC(f).Run(context.Background(), out) })
	if err != nil || !strings.Contains(text, "take 1391") {
		t.Errorf("a symbol length that was asked for: %v: %s", err, text)
	}
}

func TestCPUModel(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nmodel name\t: AMD EPYC 9V74\nflags\t: fpu": "AMD EPYC 9V74",
		"processor : 0\nModel : Raspberry Pi 4":                     "Raspberry Pi 4",
		"processor: 0":                                              "",
		"":                                                          "",
	} {
		if got := cpuModel([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if thisMachine().CPU == "" {
		t.Error("this machine has no processor")
	}
}

// TestBenchSessions: the files of all sessions arrive, and what they cost is compared. What is too much is refused.
func TestBenchSessions(t *testing.T) {
	c := &benchSessionsCommand{
		Sessions: []int{2}, Objects: []int{1, 20}, Parallel: 4, Rate: 8_000_000, Seconds: 1,
	}
	text, err := captured(t, true, func(out *output) error { return c.Run(context.Background(), out) })
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, objects := range c.Objects {
		var r sessionsRecord
		if err := json.Unmarshal([]byte(lines[1+i]), &r); err != nil {
			t.Fatal(err)
		}
		// A megabyte in all, in symbols of 1400 bytes.
		if r.Operation != "objects" || r.Objects != objects || r.Lost != 0 || r.Datagrams < 700 || r.Ratio <= 0 ||
			r.Steady <= 0 || r.SteadyRatio <= 0 {
			t.Errorf("%+v", r)
		}
	}
	c.Objects = []int{math.MaxInt}
	_, err = captured(t, true, func(out *output) error { return c.Run(context.Background(), out) })
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("--objects %d: take 1 to 50000", math.MaxInt)) {
		t.Errorf("too many files: %v", err)
	}
}

// TestBenchPace measures for a second. How good the pace is on a busy machine is not the question.
func TestBenchPace(t *testing.T) {
	c := &benchPaceCommand{Rate: []settings.BitRate{2e6}, Seconds: 1}
	text, err := captured(t, true, func(out *output) error { return c.Run(context.Background(), out) })
	if err != nil && !errors.As(err, new(failure)) {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2 {
		t.Skipf("no measurement on this system: %v", err)
	}
	var r paceRecord
	if err := json.Unmarshal([]byte(lines[1]), &r); err != nil {
		t.Fatal(err)
	}
	if r.Rate != 2e6 || len(r.Seconds) != 1 || r.Seconds[0] < 1e5 || r.Datagrams < 10 || r.Burst < 1000 || r.First < 0 {
		t.Errorf("%+v", r)
	}
	if r.Burst > r.BurstBound {
		t.Errorf("a burst of %d bytes", r.Burst)
	}
	c.Rate = []settings.BitRate{0}
	if _, err := captured(t, true, func(out *output) error { return c.Run(context.Background(), out) }); err == nil {
		t.Error("rate 0 is taken")
	}
}

// TestBenchCore measures little: a line for each figure, or for each loss.
func TestBenchCore(t *testing.T) {
	c := &benchCoreCommand{Scheme: []string{"no-code", "raptorq"}, Size: 2 << 20, Time: 1}
	text, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(text) {
		var r coreRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Scheme == "" {
			continue // the machine
		}
		if r.MB <= 0 || r.Runs == 0 {
			t.Errorf("%+v", r)
		}
		got = append(got, fmt.Sprint(r.Scheme, " ", r.Operation, " ", r.Loss))
	}
	want := "no-code send 0,no-code receive 0,raptorq send 0,raptorq receive 0,raptorq receive 0.05,raptorq receive 0.2"
	if strings.Join(got, ",") != want {
		t.Errorf("%q, want %s", got, want)
	}
	text, err = captured(t, false, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil || strings.Count(text, "%") != 4 {
		t.Errorf("%v\n%s", err, text)
	}
	c.Scheme = []string{"ldpc"}
	if _, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) }); err == nil {
		t.Error("--scheme ldpc is taken")
	}
}

// TestBenchIO and TestBenchFile measure little. How fast a busy machine is, is not the question.
func TestBenchIO(t *testing.T) {
	c := &benchIOCommand{Size: 1 << 20, Datagram: 1400, Dir: t.TempDir()}
	text, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 1+len(ioParts)+3 {
		t.Errorf("%d lines\n%s", len(lines), text)
	}
	c.Datagram = 5000
	if _, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) }); err == nil {
		t.Error("--datagram 5000 is taken")
	}
}

func TestBenchFiles(t *testing.T) {
	c := &benchFilesCommand{Count: 40, Size: 1000, Runs: 2, Dir: t.TempDir()}
	text, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2 {
		t.Fatal(text)
	}
	var r filesRecord
	if err := json.Unmarshal([]byte(lines[1]), &r); err != nil {
		t.Fatal(err)
	}
	if r.Files != 40 || r.Size != 1000 || r.Dropped != 0 || len(r.Ours) != 2 || len(r.Single) != 2 ||
		len(r.Unsynced) != 2 || len(r.Lean) != 2 || r.Ratio != r.Ours.median()/r.Single.median() {
		t.Errorf("%+v", r)
	}
	if lean := r.Lean.median(); runtime.GOOS == "linux" && (lean <= 0 || r.Share != r.Ours.median()/lean) {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c.Size = maxSmall + 1
	if _, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) }); err == nil {
		t.Error("files of 16 MiB and a byte are taken for small")
	}
}

// TestBenchFileWithLoss: --loss takes datagrams, and repair symbols make up for it.
func TestBenchFileWithLoss(t *testing.T) {
	rate := settings.BitRate(2e8)
	repair := settings.Percent(1)
	c := &benchFileCommand{
		fecFlags: fecFlags{Scheme: settings.AutoFEC, Repair: &repair}, Size: 1 << 20, Digests: []string{"sha-256"},
		Rate: &rate, Loss: 0.1, Runs: 1, Dir: t.TempDir(),
	}
	text, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil {
		t.Fatal(err)
	}
	var r fileRecord
	if err := json.Unmarshal([]byte(strings.Split(text, "\n")[1]), &r); err != nil {
		t.Fatal(err)
	}
	if r.FEC != "raptorq" || r.Loss != 0.1 || r.Lost < 50 || r.Lost > 400 { // of some 1500
		t.Errorf("%+v", r)
	}
	without := &benchFileCommand{fecFlags: fecFlags{Scheme: "no-code"}, Size: 1 << 20, Loss: 0.1, Runs: 1}
	_, err = captured(t, true, func(out *output) error { return without.Run(t.Context(), out) })
	if err == nil || !strings.Contains(err.Error(), "take --fec raptorq") {
		t.Errorf("loss without FEC: %v", err)
	}
	c.Loss = 1
	if _, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) }); err == nil {
		t.Error("all datagrams may be lost")
	}
}

func TestBenchFile(t *testing.T) {
	rate := settings.BitRate(2e8)
	c := &benchFileCommand{
		fecFlags: fecFlags{Scheme: "no-code"}, Size: 1 << 20, Digests: []string{"sha-256", "none"}, Rate: &rate,
		Runs: 1, Dir: t.TempDir(),
	}
	text, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) })
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 3 {
		t.Fatal(text)
	}
	for i, digest := range []string{"sha-256", ""} {
		var r fileRecord
		if err := json.Unmarshal([]byte(lines[1+i]), &r); err != nil {
			t.Fatal(err)
		}
		if r.Digest != digest || r.Size != 1<<20 || r.Rate != 2e8 || len(r.Seconds) != 1 || r.Median < 0.04 {
			t.Errorf("%+v", r)
		}
		if r.Disk <= 0 || r.Limit != max(r.Shared, r.Disk) || r.Share != r.Limit/r.Median {
			t.Errorf("%+v", r)
		}
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c.Digests = []string{"crc"}
	if _, err := captured(t, true, func(out *output) error { return c.Run(t.Context(), out) }); err == nil {
		t.Error("--digest crc is taken")
	}
}
