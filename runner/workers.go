package runner

import "sync"

// maxIdleWorkers bounds the goroutines kept for the next step.
const maxIdleWorkers = 512

// workers lends goroutines to due people: as many as needed, reused with the
// stack they have grown.
type workers struct {
	work chan *person // unbuffered: accepted only by an idle worker
	act  func(*person)
	idle chan struct{} // places to be idle in
	quit chan struct{}
	wg   sync.WaitGroup
}

func newWorkers(act func(*person)) *workers {
	return &workers{work: make(chan *person), act: act, idle: make(chan struct{}, maxIdleWorkers), quit: make(chan struct{})}
}

// do lets a goroutine act for p; it never waits for anyone.
func (w *workers) do(p *person) {
	select {
	case w.work <- p:
	default:
		w.wg.Add(1)
		go w.live(p)
	}
}

func (w *workers) live(p *person) {
	defer w.wg.Done()
	for {
		w.act(p)
		select {
		case w.idle <- struct{}{}:
		default:
			return
		}
		select {
		case p = <-w.work:
			<-w.idle
		case <-w.quit:
			<-w.idle
			return
		}
	}
}

// stop waits until every act has ended; do must not be called any more.
func (w *workers) stop() {
	close(w.quit)
	w.wg.Wait()
}
