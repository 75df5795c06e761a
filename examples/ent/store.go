package ent

import (
	"container/list"
	"hash/maphash"
	"sync"
	"time"
)

const shards = 64

// store keeps values that expire when they were not used for a while: sessions,
// tickets, wrong passwords. It is safe for concurrent use; keys are spread over
// shards so that a storm does not meet on one lock. Nothing runs in the
// background: what has expired is dropped when a shard is next used.
type store[V any] struct {
	life   time.Duration
	seed   maphash.Seed
	shards [shards]shard[V]
}

type shard[V any] struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // *entry[V], least recently used first: they all live equally long
}

type entry[V any] struct {
	key   string
	value V
	until time.Time
}

func newStore[V any](life time.Duration) *store[V] {
	s := &store[V]{life: life, seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i].byKey = map[string]*list.Element{}
	}
	return s
}

// shard locks and returns the key's shard, without what has expired.
func (s *store[V]) shard(key string, now time.Time) *shard[V] {
	sh := &s.shards[maphash.String(s.seed, key)%shards]
	sh.mu.Lock()
	sh.expire(now)
	return sh
}

func (sh *shard[V]) expire(now time.Time) {
	for f := sh.order.Front(); f != nil && !now.Before(f.Value.(*entry[V]).until); f = sh.order.Front() {
		delete(sh.byKey, sh.order.Remove(f).(*entry[V]).key)
	}
}

// put stores a value, replacing the key's old one.
func (s *store[V]) put(key string, v V) { s.update(key, func(V, bool) V { return v }) }

// add stores a value unless the key is there, and says whether it did.
func (s *store[V]) add(key string, v V) bool {
	added := false
	s.update(key, func(old V, ok bool) V {
		if ok {
			return old
		}
		added = true
		return v
	})
	return added
}

// update replaces a value, or makes one, and starts its life again.
func (s *store[V]) update(key string, f func(old V, ok bool) V) V {
	now := time.Now()
	sh := s.shard(key, now)
	defer sh.mu.Unlock()
	if el, ok := sh.byKey[key]; ok {
		e := el.Value.(*entry[V])
		e.value, e.until = f(e.value, true), now.Add(s.life)
		sh.order.MoveToBack(el)
		return e.value
	}
	var none V
	v := f(none, false)
	sh.byKey[key] = sh.order.PushBack(&entry[V]{key, v, now.Add(s.life)})
	return v
}

// get gives a value; with touch its life starts again.
func (s *store[V]) get(key string, touch bool) (v V, ok bool) {
	now := time.Now()
	sh := s.shard(key, now)
	defer sh.mu.Unlock()
	el, ok := sh.byKey[key]
	if !ok {
		return v, false
	}
	e := el.Value.(*entry[V])
	if touch {
		e.until = now.Add(s.life)
		sh.order.MoveToBack(el)
	}
	return e.value, true
}

// take gives a value and removes it, so that it serves once.
func (s *store[V]) take(key string) (v V, ok bool) {
	sh := s.shard(key, time.Now())
	defer sh.mu.Unlock()
	el, ok := sh.byKey[key]
	if !ok {
		return v, false
	}
	delete(sh.byKey, key)
	return sh.order.Remove(el).(*entry[V]).value, true
}

// len counts what is alive.
func (s *store[V]) len() int {
	now, n := time.Now(), 0
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.expire(now)
		n += len(sh.byKey)
		sh.mu.Unlock()
	}
	return n
}
