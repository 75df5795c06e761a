package runner

import (
	"bytes"
	"hash/maphash"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"

	"firstbell/runner/page"
	"firstbell/scenarios"
)

// maxMemo bounds the pages remembered: the login page, the quota page, the
// script-drawn shells and the theme are the same bytes for everybody, and need
// to be read once. Pages that name a person are not worth more, and are not kept:
// only what is seen again is.
const (
	maxMemo    = 4096
	maxShared  = 2 << 20 // bytes of pages whose tree is kept
	maxHeard   = 4096    // keys remembered to know what is seen again
	maxReading = 512 << 10
)

// heard knows, nearly always, which keys were seen lately.
type heard struct{ last [maxHeard]atomic.Uint64 }

// again notes a key, and reports whether it was there.
func (h *heard) again(key uint64) bool {
	return h.last[key%maxHeard].Swap(key) == key
}

// memo remembers what was found out about the bytes of an answer. Reading it
// takes no lock.
type memo[V any] struct {
	m     sync.Map // uint64 → V
	n     atomic.Int64
	heard heard
}

func (c *memo[V]) of(key uint64, find func() V) V {
	if v, ok := c.m.Load(key); ok {
		return v.(V)
	}
	v := find()
	if c.heard.again(key) && c.n.Load() < maxMemo {
		c.n.Add(1)
		c.m.Store(key, v)
	}
	return v
}

// library holds the pages that are the same bytes for everybody, parsed.
type library struct {
	m     sync.Map // uint64 → *page.Reading
	bytes atomic.Int64
	heard heard
}

// share gives p the reading of its bytes if they were seen before.
func (c *library) share(key uint64, p *page.Page) {
	if r, ok := c.m.Load(key); ok {
		p.Share(r.(*page.Reading))
		return
	}
	n := int64(len(p.Body))
	if n > maxReading || !c.heard.again(key) || c.bytes.Load()+n > maxShared {
		return
	}
	r, known := c.m.LoadOrStore(key, page.NewReading(p.Header.Get("Content-Type"), bytes.Clone(p.Body)).Shared())
	if !known {
		c.bytes.Add(n)
	}
	p.Share(r.(*page.Reading))
}

// memos are what a run remembers about pages.
type memos struct {
	seed   maphash.Seed
	claims memo[int]        // first signature that looks at the bytes only; -1 none
	blanks memo[[2]bool]    // page.Blank
	assets memo[[]*url.URL] // page.Assets, read-only
	pages  library
	// pure[i]: signature i looks at bytes, status and type only.
	pure []bool
}

func newMemos(list []scenarios.Signature) *memos {
	m := &memos{seed: maphash.MakeSeed(), pure: make([]bool, len(list))}
	for i := range list {
		m.pure[i] = pure(&list[i].Match)
	}
	return m
}

func pure(m *scenarios.Matcher) bool {
	return m == nil || len(m.URL) == 0 && len(m.Via) == 0 && len(m.Cookie) == 0 && len(m.Header) == 0 && pure(m.Not)
}

// key is the same for the same bytes, status, type and extra.
func (m *memos) key(p *page.Page, extra string) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(strconv.Itoa(p.Status))
	h.WriteString(p.Header.Get("Content-Type"))
	h.WriteByte(0)
	h.WriteString(extra)
	h.WriteByte(0)
	h.Write(p.Body)
	return h.Sum64()
}

// share lets pages of the same bytes be read once.
func (m *memos) share(p *page.Page) {
	if len(p.Body) > 0 {
		m.pages.share(m.key(p, ""), p)
	}
}

// signature is the first one that knows the page; -1 for none.
func (s *site) signature(p *page.Page, lookup scenarios.Lookup) int {
	list := s.sc.Signatures
	known := func(i int) bool {
		ok, _ := p.Match(&list[i].Match, lookup)
		return ok
	}
	first := s.memos.claims.of(s.memos.key(p, ""), func() int {
		for i := range list {
			if s.memos.pure[i] && known(i) {
				return i
			}
		}
		return -1
	})
	for i := range list {
		if i == first {
			break
		}
		if !s.memos.pure[i] && known(i) {
			return i
		}
	}
	return first
}

// blank is page.Blank.
func (s *site) blank(p *page.Page) (blank, scripts bool) {
	b := s.memos.blanks.of(s.memos.key(p, ""), func() [2]bool {
		blank, scripts := p.Blank()
		return [2]bool{blank, scripts}
	})
	return b[0], b[1]
}

// assetsOf is page.Assets; the list is shared.
func (s *site) assetsOf(p *page.Page) []*url.URL {
	return s.memos.assets.of(s.memos.key(p, p.Final.String()), p.Assets)
}
