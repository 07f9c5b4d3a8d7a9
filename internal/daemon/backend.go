package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/metrics"
	"github.com/flute-node/flute-node/node"
)

// Units implements part of [api.Backend]: the units in the order of their names.
func (d *Daemon) Units() []api.Unit {
	d.mu.Lock()
	units := d.units
	d.mu.Unlock()
	list := make([]api.Unit, 0, len(units))
	for _, u := range units {
		st := u.state()
		f := d.meter.Files(u.name)
		st.Whole, st.Failed, st.LastFailed = f.Whole, f.Failed, f.LastFailed
		st.Lacking, st.LackingMore, st.LackingSince = f.Lacking, f.LackingMore, f.LackingSince
		st.StoreError, st.LastStoreFailed = f.Unstored, f.LastUnstored
		list = append(list, st)
	}
	slices.SortFunc(list, func(a, b api.Unit) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// State implements part of [api.Backend].
func (d *Daemon) State(ctx context.Context) (*api.State, error) {
	snapshot, err := d.node.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	s := &api.State{
		Version: d.options.Version, Started: d.started, LogLevel: strings.ToLower(d.level.Level().String()),
		Units: d.Units(), Snapshot: snapshot, UnitOf: d.sessionUnits(snapshot), Restarts: d.restarts.latest(),
		Sinks: d.Sinks(),
	}
	d.mu.Lock()
	s.Config = api.ConfigState{Files: d.cfg.Files, Loaded: d.loaded, OK: d.fault == "", Error: d.fault}
	d.mu.Unlock()
	return s, nil
}

// sessionUnits returns the units of the sessions of a snapshot, in their order; empty: none.
func (d *Daemon) sessionUnits(snapshot *node.Snapshot) []string {
	d.mu.Lock()
	units := d.units
	d.mu.Unlock()
	receiving := map[uint64]string{} // by the ID of the reception
	for name, u := range units {
		receptions, _ := u.running()
		for _, r := range receptions {
			receiving[r.ID()] = name
		}
	}
	names := make([]string, len(snapshot.Sessions))
	for i := range snapshot.Sessions {
		if s := &snapshot.Sessions[i]; s.Reception == 0 {
			names[i] = d.routes.of(s.Session, true)
		} else {
			names[i] = receiving[s.Reception]
		}
	}
	return names
}

// outsideOf returns the datagrams that the running receptions of a unit had and that belonged to no session.
func (d *Daemon) outsideOf(name string) (none [drop.NumReasons]uint64) {
	u, err := d.unit(name)
	if err != nil {
		return none
	}
	receptions, _ := u.running()
	return outside(receptions)
}

// measured returns the units for metrics.
func (d *Daemon) measured() (list []metrics.Unit) {
	for _, u := range d.Units() {
		list = append(list, metrics.Unit{
			Kind: u.Kind, Name: u.Name, Up: isUp(&u), Failures: u.Failures,
		})
	}
	return list
}

// isUp reports whether a unit does what it is to do. One that waits for a lease does, unless it cannot reach it.
func isUp(u *api.Unit) bool {
	return u.Phase == phaseRunning || u.Phase == phaseFinished || u.Phase == phaseStandby && u.Error == ""
}

// lastReload tells whether the configuration in use is that of the file, and when it was read.
func (d *Daemon) lastReload() (ok bool, success time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault == "", d.loaded
}

// alivePatience is how long the node may take to answer.
const alivePatience = 5 * time.Second

// Alive implements part of [api.Backend]. It returns an error if the node does not answer, or none of its sessions.
func (d *Daemon) Alive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, alivePatience)
	defer cancel()
	s, err := d.node.Snapshot(ctx)
	if err != nil {
		return err
	}
	silent := 0
	for i := range s.Sessions {
		if s.Sessions[i].Silent {
			silent++
		}
	}
	if silent > 0 && silent == len(s.Sessions) {
		return fmt.Errorf("none of %d sessions answers", silent)
	}
	return nil
}

// Ready implements part of [api.Backend]. It returns an error that names the units that do not run.
func (d *Daemon) Ready() error {
	var down []string
	for _, u := range d.Units() {
		if !isUp(&u) {
			down = append(down, strings.TrimSuffix(fmt.Sprintf("%s %s: %s", u.Name, u.Phase, u.Error), ": "))
		}
	}
	if len(down) > 0 {
		return errors.New(strings.Join(down, "; "))
	}
	return nil
}

// SetLevel implements part of [api.Backend]. The next reload sets the level of the configuration again.
func (d *Daemon) SetLevel(name string) error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, name) {
		return fmt.Errorf("level %.40q: take debug, info, warn or error", name)
	}
	return d.setLevel(name)
}

// Pause implements part of [api.Backend].
func (d *Daemon) Pause(ctx context.Context, name string, paused bool) error {
	u, err := d.unit(name)
	if err != nil {
		return err
	}
	_, s := u.running()
	if s == nil {
		return fmt.Errorf("%s: %w", name, api.ErrNotSending)
	}
	if err := s.PauseSession(ctx, paused); err != nil {
		return err
	}
	u.mu.Lock()
	u.paused = paused
	u.mu.Unlock()
	return nil
}

// Trigger implements part of [api.Backend].
func (d *Daemon) Trigger(ctx context.Context, name string, toi flute.TOI) error {
	s, err := d.sending(name)
	if err != nil {
		return err
	}
	return ofObject(s.Trigger(ctx, toi, time.Time{}), toi)
}

// Remove implements part of [api.Backend]. A file of a watched folder is sent again when it changes.
func (d *Daemon) Remove(ctx context.Context, name string, toi flute.TOI) error {
	s, err := d.sending(name)
	if err != nil {
		return err
	}
	return ofObject(s.Remove(ctx, toi, sender.AtOnce), toi)
}

// ofObject writes the error of the node for an object that is not there as that of the API.
func ofObject(err error, toi flute.TOI) error {
	if errors.Is(err, node.ErrNoObject) {
		return fmt.Errorf("TOI %v: %w", toi, api.ErrNoObject)
	}
	return err
}

// sending returns the session of a unit that sends.
func (d *Daemon) sending(name string) (*node.Sending, error) {
	u, err := d.unit(name)
	if err != nil {
		return nil, err
	}
	if _, s := u.running(); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%s: %w", name, api.ErrNotSending)
}

func (d *Daemon) unit(name string) (*unit, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u := d.units[name]; u != nil {
		return u, nil
	}
	return nil, fmt.Errorf("%.80q: %w", name, api.ErrNoUnit)
}

// Object implements part of [api.Backend]: all that an object lacks which a unit receives.
func (d *Daemon) Object(ctx context.Context, st *api.State, name string, toi flute.TOI) ([]api.Object, error) {
	u, err := d.unit(name)
	if err != nil {
		return nil, err
	}
	receptions, _ := u.running()
	var found []api.Object
	for i := range st.Snapshot.Sessions {
		s := &st.Snapshot.Sessions[i]
		for _, r := range receptions {
			if r.ID() != s.Reception {
				continue
			}
			state, err := r.Missing(ctx, s.Session, toi)
			if err == nil {
				found = append(found, api.Object{Session: s.Session, ObjectState: state})
			} else if !errors.Is(err, node.ErrNoObject) {
				return nil, err
			}
		}
		if s.Reception == 0 && d.routes.of(s.Session, true) == name {
			at := slices.IndexFunc(s.Objects, func(o event.ObjectState) bool { return o.TOI == toi })
			if at >= 0 {
				found = append(found, api.Object{Session: s.Session, ObjectState: s.Objects[at]})
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("TOI %v: %w", toi, api.ErrNoObject)
	}
	return found, nil
}
