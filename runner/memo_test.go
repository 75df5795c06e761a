package runner

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"firstbell/runner/page"
)

func pageWith(kind, body string) *page.Page {
	return &page.Page{Status: 200, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
}

// Pages of the same bytes and type share what is read from the second on; pages
// that name a person are not kept.
func TestPagesAlikeAreReadOnce(t *testing.T) {
	m := newMemos(nil)
	stored := func() (n int) {
		m.pages.m.Range(func(any, any) bool { n++; return true })
		return n
	}
	for i := range 100 {
		m.share(pageWith("text/html", strings.Repeat("x", i)))
	}
	if n := stored(); n != 0 {
		t.Errorf("%d pages seen once are kept", n)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				p := pageWith("text/html", "<p>Bonjour</p>")
				m.share(p)
				if p.Text() != "Bonjour" || p.AsksPassword() {
					t.Error("the shared page reads otherwise")
				}
				p.Compact()
				if p.Text() != "Bonjour" {
					t.Error("a page kept reads otherwise")
				}
				p.Drop()
				if p.Text() != "" {
					t.Error("a page dropped still reads")
				}
			}
		})
	}
	wg.Wait()
	if n := stored(); n != 1 {
		t.Errorf("%d pages kept, want 1", n)
	}
	plain := pageWith("text/plain", "<p>Bonjour</p>")
	m.share(plain)
	if plain.Text() != "<p>Bonjour</p>" {
		t.Errorf("another type read as %q", plain.Text())
	}
}

// TestPagesKeptAreBounded: whatever a target sends, twice.
func TestPagesKeptAreBounded(t *testing.T) {
	m := newMemos(nil)
	for i := range 30 {
		body := strings.Repeat("<a>", 100_000+i)
		m.share(pageWith("text/html", body))
		m.share(pageWith("text/html", body))
	}
	if n := m.pages.bytes.Load(); n > maxShared || n == 0 {
		t.Errorf("%d bytes of pages kept", n)
	}
	large := pageWith("text/html", strings.Repeat("y", maxReading+1))
	before := m.pages.bytes.Load()
	m.share(large)
	m.share(large)
	if m.pages.bytes.Load() != before {
		t.Error("a page too large is kept")
	}
}
