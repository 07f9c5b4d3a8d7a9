package node

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/supervisor"
)

// The names of the actors below the root. A name is a stable address: it leads to the actor that was started last.
const (
	rootName      = "node"
	hubName       = "hub"
	utpName       = "utp"
	transfersName = "transfers"
	sessionsName  = transfersName + "/sessions"
	socketsName   = transfersName + "/sockets"
)

// startTree builds the tree. Below the root one that fails is restarted alone. Below transfers, those that were started
// after it are restarted with it: sockets feed sessions.
func (n *Node) startTree() error {
	for i := 1; n.root == nil; i++ {
		if n.name = rootName; i > 1 {
			n.name = fmt.Sprintf("%s-%d", rootName, i)
		}
		n.system = actors.NewSystem(actors.SystemConfig{System: n.cfg.System, Root: n.name, Logger: n.cfg.Logger})
		n.utp.Attach(n.system.System(), n.name)
		pid, err := n.system.Root().SpawnNamed(n.rootSpec().Props(), n.name)
		switch {
		case err == nil:
			n.root = pid
		case errors.Is(err, actor.ErrNameExists): // another node has it, in the application's system
			n.system.Shutdown()
		default:
			n.system.Shutdown()
			return fmt.Errorf("node: %w", err)
		}
	}
	// The last child starts when all before it have. A node that cannot even start its empty tree tells why.
	select {
	case <-n.up:
		return nil
	case err := <-n.failed:
		n.system.Shutdown()
		return fmt.Errorf("node: start: %w", err)
	}
}

// rootSpec returns how the root of the tree is spawned, once n.name is known.
func (n *Node) rootSpec() actors.Spec {
	child := func(name string, spec actors.Spec) supervisor.Child {
		return supervisor.Child{Name: path.Base(name), Props: spec.Props()}
	}
	faults := n.cfg.Faults
	transfers := supervisor.New(supervisor.Config{
		Strategy: supervisor.RestForOne,
		Children: []supervisor.Child{
			child(sessionsName, session.Spec(session.Config{
				Peers: n.peers, Ledger: n.ledger, Faults: faults, OnRestart: n.restarted,
			})),
			child(socketsName, socket.Spec(n.sockets, n.address(hubName), n.restarted, faults)),
		},
	}, n.restarted)
	root := supervisor.New(supervisor.Config{
		Strategy: supervisor.OneForOne,
		Children: []supervisor.Child{
			child(hubName, hub.Spec(&n.subscribers, faults)),
			{Name: utpName, Props: n.utp.Props()},
			child(transfersName, actors.Spec{Produce: transfers, Faults: faults, Name: transfersName}),
		},
		OnEnd: n.ended,
	}, n.restarted)
	return actors.Spec{Produce: root}
}

// stopTree stops the tree and the actor system.
func (n *Node) stopTree(ctx context.Context) error {
	err := actors.Stop(ctx, n.system, n.root)
	n.system.Shutdown()
	return err
}

// ended is told when the root has stopped. No actor is left to close the sockets that are still open.
func (n *Node) ended(err error) {
	n.sockets.Close()
	n.utp.Close()
	n.subscribers.Close()
	if err != nil {
		n.failed <- err // there is room for the only one
	}
	n.endSessions()
	close(n.down)
}

// restarted turns a supervisor's decision into an event for subscribers.
func (n *Node) restarted(e supervisor.Event) {
	if e, ok := e.(supervisor.Started); ok {
		n.starts.tell()
		if e.Child == n.address(transfersName).Id {
			n.upOnce.Do(func() { close(n.up) })
		}
	}
	if a, ok := supervisor.Notice(e); ok {
		n.announce(a)
	}
}

// announce has the hub tell subscribers of an actor that crashed.
func (n *Node) announce(a notice.ActorRestarted) { n.send(hubName, hub.Publish{Event: a}) }

func (n *Node) peers() session.Peers {
	return session.Peers{Hub: n.address(hubName), Lanes: n.lanes}
}

// address returns the PID of an actor below the root by its name.
func (n *Node) address(name string) *actor.PID {
	return actor.NewPID(n.system.System().Address(), n.name+"/"+name)
}

func (n *Node) send(name string, m any) { n.system.Root().Send(n.address(name), m) }

// warn tells subscribers what is wrong; empty: nothing.
func (n *Node) warn(text string) {
	if text != "" {
		n.send(hubName, hub.Publish{Event: notice.Warning{Text: text}})
	}
}

// workCrashed tells of a Work that has panicked, in code of the node or of the application: a Store, a Source, a
// Consumer. Its object fails, which tells no stack.
func (n *Node) workCrashed(session string, c *actors.Crash) {
	n.announce(notice.ActorRestarted{
		Actor: session, Outcome: "its work failed", Reason: c.Error(), Stack: string(c.Stack),
	})
}
