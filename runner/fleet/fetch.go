package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"firstbell/runner/fleet/keys"
)

// bundle is the newest one, opened: the plays of a fleet share it.
type bundle struct {
	hash string
	data []byte
}

func (w *Worker) fetchBundle(ctx context.Context, r Ref) ([]byte, error) {
	w.mu.Lock()
	b := w.bundle
	w.mu.Unlock()
	if b.hash != "" && b.hash == r.SHA256 {
		return b.data, nil
	}
	data, err := w.fetch(ctx, r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.bundle = bundle{r.SHA256, data}
	w.mu.Unlock()
	return data, nil
}

// fetch gets a sealed object out of this worker's bucket and opens it.
func (w *Worker) fetch(ctx context.Context, r Ref) ([]byte, error) {
	if r.Name == "" || r.Size <= 0 || r.Size > keys.MaxSealed+1<<10 {
		return nil, refused("bad_message", "a reference to an object that cannot be", "")
	}
	sealed, err := w.cfg.Bus.Get(ctx, w.name, r.Name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(sealed)
	if len(sealed) != r.Size || hex.EncodeToString(sum[:]) != r.SHA256 {
		return nil, errors.New("the object is not the one that was announced")
	}
	return w.me.OpenSealed(w.boss, sealed)
}
