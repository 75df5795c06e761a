package bus

import (
	"context"
	"regexp"
	"sync"
)

// denials turns the server's "Permissions Violation", which comes later and to
// nobody in particular, into the error of whoever waits for that subject.
type denials struct {
	mu      sync.Mutex
	waiting map[string]map[*context.CancelCauseFunc]bool
}

var violation = regexp.MustCompile(`(?i)permissions violation for (?:publish|subscription) to "([^"]+)"`)

// watch gives a context that ends with ErrDenied when the server refuses subject.
func (d *denials) watch(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[string]map[*context.CancelCauseFunc]bool{}
	}
	if d.waiting[subject] == nil {
		d.waiting[subject] = map[*context.CancelCauseFunc]bool{}
	}
	d.waiting[subject][&cancel] = true
	return ctx, func() {
		d.mu.Lock()
		delete(d.waiting[subject], &cancel)
		if len(d.waiting[subject]) == 0 {
			delete(d.waiting, subject)
		}
		d.mu.Unlock()
		cancel(nil)
	}
}

func (d *denials) hear(text string) {
	m := violation.FindStringSubmatch(text)
	if m == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for cancel := range d.waiting[m[1]] {
		(*cancel)(ErrDenied)
	}
}
