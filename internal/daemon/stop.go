package daemon

import (
	"context"
	"errors"
	"sync"
	"time"
)

// stopPatience is how long the node may take to stop in order.
const stopPatience = 40 * time.Second

// Kill kills the programs that take files. It is for the end of a process that cannot wait for them.
func (d *Daemon) Kill() {
	defer d.flushLog(killPatience)
	d.mu.Lock()
	units := d.units
	d.mu.Unlock()
	for _, u := range units {
		if r := u.program(); r != nil {
			r.Kill()
		}
	}
}

// stop ends the units, then the node, then the API. What was logged until then is written, if somebody reads it.
func (d *Daemon) stop() error {
	defer d.flushLog(logPatience)
	d.applying.Lock() // a reload under way comes to its end
	defer d.applying.Unlock()
	d.mu.Lock()
	d.stopping = true
	units := d.units
	d.mu.Unlock()
	var stopping sync.WaitGroup
	for _, u := range units {
		stopping.Go(u.stop)
	}
	stopping.Wait()
	err := errors.Join(d.closeOutbox(), d.stopNode()) // no unit publishes any more
	d.closeTracer()
	d.leaveFleet()
	d.kept.close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(err, d.server.Close(ctx))
}

func (d *Daemon) closeOutbox() error {
	box := d.outbox.Load()
	if box == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), handPatience)
	defer cancel()
	return box.Close(ctx)
}

func (d *Daemon) stopNode() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	err := d.node.Stop(ctx)
	if err == nil {
		<-d.counted
	}
	return err
}
