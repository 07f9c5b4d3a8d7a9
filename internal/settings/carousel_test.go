package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

func TestCarousel(t *testing.T) {
	for text, want := range map[string]Carousel{
		"interval=10s":          {Interval: 10 * time.Second},
		"delay=1m30s":           {Delay: 90 * time.Second},
		"interval=1m0s,burst=3": {Interval: time.Minute, Burst: 3},
	} {
		var got Carousel
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again := (Carousel{}); again.UnmarshalText([]byte(got.String())) != nil || again != got {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, text := range []string{
		"", "10s", "interval", "interval=0s", "delay=-1s", "interval=1s,delay=1s", "burst=2", "interval=1s,burst=0",
		"interval=1s,", "interval=1s,interval=2s", "delay=1s,burst=2,burst=3",
	} {
		c := Carousel{Burst: 9}
		if err := c.UnmarshalText([]byte(text)); err == nil || c.Burst != 9 {
			t.Errorf("%q is taken as %+v", text, c)
		}
	}
}

func TestTurns(t *testing.T) {
	until := time.Unix(1e9, 0)
	for name, tt := range map[string]struct {
		send  Send
		count int
		err   string
	}{
		"nothing":            {Send{}, 1, ""},
		"a number":           {Send{Repeat: 3, Delay: time.Second}, 3, ""},
		"a carousel":         {Send{Carousel: Carousel{Interval: time.Second}}, -1, ""},
		"with a number":      {Send{Carousel: Carousel{Interval: time.Second, Burst: 2}, Repeat: 4}, 4, ""},
		"until a time":       {Send{Until: until}, -1, ""},
		"a number until":     {Send{Until: until, Repeat: 5}, 5, ""},
		"delay and carousel": {Send{Carousel: Carousel{Delay: 1}, Delay: 1}, 0, "carousel delay=1ns and delay 1ns exclude"},
		"burst beyond":       {Send{Carousel: Carousel{Delay: 1, Burst: 3}, Repeat: 2}, 0, "more transfers in a turn than repeat 2"},
	} {
		tt.send.FEC.Scheme = "no-code"
		cfg, err := tt.send.Config(1000)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if s := cfg.Session; err != nil || s.TransferCount != tt.count && (s.TransferCount != 0 || tt.count != 1) ||
			s.Interval != tt.send.Carousel.Interval || !s.Until.Equal(tt.send.Until) {
			t.Errorf("%s: %d transfers, %v", name, s.TransferCount, err)
		}
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 3, 28, 20, 15, 30, 0, time.FixedZone("", 3600))
	for text, want := range map[string]string{
		"20:16":                "2026-03-28T20:16:00+01:00",
		"20:15":                "2026-03-29T20:15:00+01:00",
		"20:15:30":             "2026-03-28T20:15:30+01:00",
		"+90s":                 "2026-03-28T20:17:00+01:00",
		"2027-01-02T03:04:05Z": "2027-01-02T03:04:05Z",
	} {
		var m Moment
		if err := m.UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		} else if got := m.At(now).Format(time.RFC3339); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if !(Moment{}).At(now).IsZero() {
		t.Error("no moment is one")
	}
	for _, text := range []string{"", "now", "25:00", "+", "+-1s", "90s", "2026-01-01"} {
		var m Moment
		if err := m.UnmarshalText([]byte(text)); err == nil || m != (Moment{}) {
			t.Errorf("%q is taken as %+v", text, m)
		}
	}
}

func TestPriority(t *testing.T) {
	var all []Priority
	for _, text := range []string{"3", "*.txt=5", "news/*=-1", "a=b=7"} {
		var p Priority
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	for name, want := range map[string]int8{
		"x.bin": 3, "deep/x.txt": 5, "news/x.txt": -1, "old/news/x": -1, "news/b": -1, "a=b": 7, "news/deep/x": 3,
	} {
		if got := PriorityOf(all, name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if PriorityOf(nil, "a") != 0 {
		t.Error("without words the priority is not 0")
	}
	for _, text := range []string{"", "x", "128", "-129", "=1", "[=1", "a="} {
		if err := new(Priority).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestOrderAndCache(t *testing.T) {
	send := Send{Order: "spread", Cache: new(Bytes(0)), FEC: FEC{Scheme: "no-code"}}
	cfg, err := send.Config(1000)
	if s := cfg.Session; err != nil || s.Order != sender.Spread || s.CacheBytes != -1 {
		t.Errorf("%v, %d bytes, %v", s.Order, s.CacheBytes, err)
	}
	send = Send{Cache: new(Bytes(5000)), FEC: FEC{Scheme: "no-code"}}
	if cfg, err = send.Config(1000); err != nil || cfg.Session.Order != sender.InOrder ||
		cfg.Session.CacheBytes != 5000 {
		t.Errorf("%+v, %v", cfg.Session, err)
	}
	send.Order = "chaos"
	if _, err = send.Config(1000); err == nil || err.Error() != `order "chaos": take in-order, random-start or spread` {
		t.Error(err)
	}
}
