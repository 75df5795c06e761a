package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/bus"
	"firstbell/runner/fleet/keys"
	"firstbell/scenarios"
)

// openedFleet is a fleet this process coordinates, from its opening to the order to
// leave. It is the players of a storm. Its methods are for one goroutine, but tell.
type openedFleet struct {
	e       *env
	o       playOptions
	state   fleetState
	dir     string // of the state
	roster  *keys.Roster
	control *control
	server  *bus.Server // nil on a cluster
	conn    *bus.Conn
	coord   *fleet.Coordinator
	own     []*ownWorker
	bundle  []byte
	sc      *scenarios.Scenario // of the load

	ctx     context.Context // ends when somebody asks to stop
	unwatch func()
	quit    chan struct{} // closed by close: what follows the context ends

	mu   sync.Mutex
	show *eventLog // while a storm is shown
}

// closing bounds what a clean end may take.
const closing = 15 * time.Second

// openFleet starts the server, lets workers join, and starts our own.
func openFleet(ctx context.Context, e *env, o playOptions, c crew, runID string) (*openedFleet, error) {
	f := &openedFleet{e: e, o: o, roster: c.roster, dir: stateDirOf(o.out, runID), quit: make(chan struct{})}
	f.state = fleetState{Schema: stateSchema, RunID: runID, Kind: c.kind, Size: c.size, OnLoss: c.options.onLoss,
		Listen: c.options.listen, NATS: c.options.nats, NATSCred: absolute(c.options.natsCreds), Out: absolute(o.out), Lang: o.lang, Started: e.now().UTC()}
	if f.state.Listen == "" && f.state.NATS == "" {
		f.state.Listen = "127.0.0.1:0"
	}
	if err := makeStateDir(f.dir); err != nil {
		return nil, &userError{exit: exitUsage, code: "FB0203", what: "cannot make the fleet's folder " + f.dir, why: cause(err), fix: "choose another --out", cause: err}
	}
	if err := f.credentials(c); err != nil {
		return nil, errors.Join(err, removeState(f.dir))
	}
	if err := f.open(ctx); err != nil {
		return nil, errors.Join(err, f.close(true))
	}
	return f, nil
}

func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// credentials keeps the roster where a successor finds it, and makes one for a
// fleet of this machine.
func (f *openedFleet) credentials(c crew) error {
	if f.roster != nil {
		f.state.Operator = operatorBeside(c.options.credentials)
		return f.roster.Write(filepath.Join(f.dir, rosterFile))
	}
	roster, workers, operator, err := keys.Generate(keys.Options{Workers: c.size, Now: f.e.now()})
	if err != nil {
		return fmt.Errorf("making the fleet's keys: %w", err)
	}
	f.roster, f.state.Operator = roster, operatorFile
	err = errors.Join(roster.Write(filepath.Join(f.dir, rosterFile)), operator.Write(filepath.Join(f.dir, operatorFile)))
	for i := range workers {
		err = errors.Join(err, workers[i].Write(f.workerFile(i)))
	}
	return err
}

func (f *openedFleet) workerFile(i int) string {
	return filepath.Join(f.dir, keys.WorkerName(i)+".json")
}

func operatorBeside(roster string) string {
	roster = absolute(roster)
	if info, err := os.Stat(roster); err == nil && info.IsDir() {
		return filepath.Join(roster, operatorFile)
	}
	return filepath.Join(filepath.Dir(roster), operatorFile)
}

// open brings up everything between us and the workers. The state must be there.
func (f *openedFleet) open(ctx context.Context) error {
	var err error
	if f.control, err = takeControl(f.dir); err != nil {
		return &userError{exit: exitRefused, code: "FB0605", what: "another coordinator leads this fleet", why: f.dir + " is locked",
			fix: "firstbell fleet " + f.state.RunID + " shows it; firstbell stop " + f.state.RunID + " ends it", cause: err}
	}
	f.ctx, f.unwatch = f.control.watch(ctx)
	if err := f.connect(f.ctx); err != nil {
		return err
	}
	f.coord, err = fleet.NewCoordinator(f.ctx, fleet.CoordinatorConfig{
		Bus: f.conn, Roster: f.roster, Version: toolInfo().Version, Size: f.state.Size, OnLoss: f.state.OnLoss, Kind: f.state.Kind, Tell: f.tell,
	})
	if err != nil {
		return noFleet(err)
	}
	if err := f.state.write(f.dir); err != nil {
		return err
	}
	go f.obey() // ends with close
	return nil
}

// connect starts the server, or reaches the cluster, and makes the streams.
func (f *openedFleet) connect(ctx context.Context) error {
	var err error
	to := bus.Config{Credentials: &f.roster.Coordinator}
	if f.state.NATS != "" {
		f.state.URL = f.state.NATS
		to.URL, to.NATSCreds = f.state.NATS, f.state.NATSCred
	} else {
		f.server, err = bus.Serve(bus.ServerConfig{Listen: f.state.Listen, Roster: f.roster, Store: filepath.Join(f.dir, storeDir), Name: "firstbell-" + f.state.RunID})
		if err != nil {
			return noFleet(err)
		}
		f.state.URL, f.state.Listen = f.server.URL(), f.server.Addr()
		to.Server = f.server
	}
	if f.conn, err = bus.Connect(ctx, to); err != nil {
		return noFleet(err)
	}
	names := make([]string, len(f.roster.Workers))
	for i, w := range f.roster.Workers {
		names[i] = w.Name
	}
	const asTheClusterHas = 0 // three copies of each result in a cluster, else one
	if err := f.conn.Setup(ctx, names, asTheClusterHas); err != nil {
		return noFleet(err)
	}
	return nil
}

// noFleet says why the messages cannot flow.
func noFleet(err error) error {
	return &userError{exit: exitRefused, code: "FB0603", what: "the fleet cannot be opened", why: err.Error(),
		fix: "look at --listen, --nats and --credentials", cause: err}
}

// obey hands an order to stop to the coordinator, so that it is not taken for a
// Ctrl-C.
func (f *openedFleet) obey() {
	select {
	case <-f.ctx.Done():
		if s := stopAsked(f.ctx); s != nil {
			f.coord.Stop(s.Error())
		}
	case <-f.quit:
	}
}

// close sends the workers away. clean: nothing that a successor would need is left,
// and the state goes.
func (f *openedFleet) close(clean bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.contextOrNone()), closing)
	defer cancel()
	close(f.quit)
	if f.coord != nil {
		f.coord.Close(ctx)
	}
	var ending sync.WaitGroup
	for _, w := range f.own {
		ending.Go(w.stop)
	}
	ending.Wait()
	var err error
	if f.conn != nil {
		if clean {
			err = f.conn.Remove(ctx)
		}
		f.conn.Close()
	}
	if f.server != nil {
		f.server.Close()
		err = nil // its store goes as a whole
	}
	if f.unwatch != nil {
		f.unwatch()
	}
	if f.control != nil {
		f.control.release()
	}
	if !clean {
		return nil
	}
	return errors.Join(err, removeState(f.dir))
}

func (f *openedFleet) contextOrNone() context.Context {
	if f.ctx == nil {
		return context.Background()
	}
	return f.ctx
}
