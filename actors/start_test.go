package actors_test

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

// invoker stands for the actor behind a Mailbox.
type invoker struct{ got []any }

func (i *invoker) InvokeSystemMessage(m any)     { i.got = append(i.got, m) }
func (i *invoker) InvokeUserMessage(m any)       { i.got = append(i.got, m) }
func (i *invoker) EscalateFailure(reason, _ any) { panic(reason) }

// TestOfferWhileSpawning: protoactor connects the mailbox, then posts Started. What a reader offers in between must not
// reach an actor that has not started, which could only ignore it.
func TestOfferWhileSpawning(t *testing.T) {
	m := actors.NewMailbox(actors.Limits{}, nil)
	i := &invoker{}
	before, between := &actortest.Data{Size: 1}, &actortest.Data{Size: 1}
	m.Offer(before)
	m.RegisterHandlers(i, inline{})
	m.Offer(between)
	m.PostUserMessage("control")
	if len(i.got) != 0 {
		t.Fatalf("%v reached the actor before Started", i.got)
	}
	m.PostSystemMessage(&actor.Started{})
	if len(i.got) != 4 || i.got[1] != "control" || i.got[2] != any(before) || i.got[3] != any(between) {
		t.Fatalf("the actor got %v", i.got)
	}
}
