package main

import (
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestOrders: an order is words, or the same as JSON.
func TestOrders(t *testing.T) {
	for words, text := range map[string]string{
		"add a b":      `{"do": "add", "path": "a b"}`,
		"update  a":    `{"do": "update", "path": "a"}`,
		"remove a":     `{"do": "remove", "name": "a"}`,
		"trigger a":    `{"do": "trigger", "name": "a"}`,
		"pause":        `{"do": "pause"}`,
		"pause a":      `{"do": "pause", "name": "a"}`,
		" resume a \r": `{"do": "resume", "name": "a"}`,
		"status":       `{"do": "status", "path": null}`,
		"finish":       `{"do": "finish"}`,
	} {
		a, err := parseOrder(words)
		b, err2 := parseOrder(text)
		if err != nil || err2 != nil || a.Do != b.Do || a.Path != b.Path || a.Name != b.Name {
			t.Errorf("%q: %+v, %v; %s: %+v, %v", words, a, err, text, b, err2)
		}
	}
	for _, text := range []string{"rate 2Mbit", `{"do": "rate", "rate": "2Mbit"}`, `{"do": "rate", "rate": 2000000}`} {
		if o, err := parseOrder(text); err != nil || *o.Rate != 2e6 {
			t.Errorf("%s: %+v, %v", text, o, err)
		}
	}
	o, err := parseOrder(`{"do":"add","path":"a","name":"x","priority":-1,"repeat":2,"carousel":"delay=1s","cenc":"gzip"}`)
	if err != nil || *o.Priority != -1 || o.Repeat != 2 || o.Carousel.Delay == 0 || o.CENC != "gzip" {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseOrder(`{"do":"remove","name":"a","after_transfer":true}`); err != nil ||
		o.when() != sender.AfterTransfer {
		t.Errorf("%+v, %v", o, err)
	}
	for text, want := range map[string]string{
		"":                                       "no order",
		"add":                                    "path is missing",
		"remove":                                 "name is missing",
		"rate":                                   "no number of bits",
		"status now":                             "too much",
		"fly a":                                  `"fly" is no order: add,`,
		`{"do":"pause","name":"a","priority":1}`: "take one of them",
		`{"do":"rate"}`:                          "rate is missing",
		`{"do":"rate","rate":"1Mbit","name":"a"}`: "name does not go with it",
		`{"do":"remove","name":"a","etag":"x"}`:   "goes with add and update",
		`{"do":"add","path":"a","at":"+1s"}`:      "at does not go with it",
		`{"do":"add","path":7}`:                   "path: it is no number",
		`{"do":"add","path":"a","repeat":0}`:      "transfers",
		`{"do":"add","path":"a","paths":"b"}`:     "unknown field",
		`{"do":"pause"} {}`:                       "more than one object",
		`{"do":"pause"`:                           "unexpected EOF",
	} {
		if o, err := parseOrder(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", text, o, err, want)
		}
	}
}
