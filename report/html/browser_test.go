//go:build slow

package html

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const chromium = "/usr/bin/chromium"

// browserTime is for all pages of a test: a minute on two calm processors.
const browserTime = 10 * time.Minute

// tab opens a headless browser, and notes what the page asks for and says.
type tab struct {
	ctx context.Context
	mu  sync.Mutex
	// said is every console message, exception and entry of the browser's log;
	// asked is every address requested.
	said, asked []string
}

func open(t *testing.T) *tab {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("no " + chromium + ": the page is not tried in a browser")
	}
	ctx, cancel := context.WithTimeout(context.Background(), browserTime) // outlives t.Context, to close the browser
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.DisableGPU, chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{call(b, cdplog.Enable, cdp.Empty{}), call(b, network.Enable, network.EnableParams{}), call(b, runtime.Enable, cdp.Empty{})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log(err)
		}
	})
	return b
}

func call[P, R any](b *tab, cmd cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(b.ctx, cmd, params)
	return err
}

func (b *tab) note(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		b.said = append(b.said, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.said = append(b.said, string(e.Type))
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	}
}

// view opens a page at a width, in a colour scheme.
func (b *tab) view(t *testing.T, page []byte, width int64, scheme string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := b.media("", scheme); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+path)); err != nil {
		t.Fatal(err)
	}
	eval[bool](t, b, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
}

func (b *tab) media(media, scheme string) error {
	return call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

func eval[T any](t *testing.T, b *tab, script string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// browserFixtures have between them every figure and every state.
var browserFixtures = []string{"not_ready", "worst_group", "interrupted", "target_down", "empty", "certify_largest", "certify_less_than", "capacity_no_storms", "fleet_large", "fleet_worker_lost"}

var views = []struct {
	name   string
	width  int64
	scheme string
}{{"1200 light", 1200, "light"}, {"1200 dark", 1200, "dark"}, {"320", 320, "light"}}

func TestInABrowser(t *testing.T) {
	b := open(t)
	for _, name := range browserFixtures {
		page := render(t, summary(t, name), "fr")
		for _, v := range views {
			t.Run(name+" "+v.name, func(t *testing.T) {
				b.view(t, page, v.width, v.scheme)
				if over := eval[[]string](t, b, overflowing); len(over) > 0 {
					t.Errorf("wider than the screen: %v", over)
				}
				if out := eval[[]string](t, b, textsOutside); len(out) > 0 {
					t.Errorf("texts outside their figure: %v", out)
				}
			})
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) > 0 {
		t.Errorf("the console says %v", b.said)
	}
	for _, url := range b.asked {
		if !strings.HasPrefix(url, "file://") || !strings.HasSuffix(url, "/report.html") {
			t.Errorf("the page asked for %s", url)
		}
	}
}

// overflowing lists what makes the page wider than its window.
const overflowing = `(() => {
	if (document.documentElement.scrollWidth <= innerWidth) return [];
	const wide = [...document.querySelectorAll("body *")].filter((e) => !e.closest(".scroll") && e.getBoundingClientRect().right > innerWidth + 1);
	return wide.slice(0, 5).map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40)).concat("page");
})()`

// textsOutside lists the texts of figures that leave their viewBox.
const textsOutside = `[...document.querySelectorAll("svg[role=img]")].flatMap((svg) => {
	const all = svg.viewBox.baseVal;
	return [...svg.querySelectorAll("text")].filter((t) => {
		if (!t.getClientRects().length) return false;
		const b = t.getBBox();
		return b.x < -0.5 || b.y < -0.5 || b.x + b.width > all.width + 0.5 || b.y + b.height > all.height + 0.5;
	}).map((t) => svg.getAttribute("aria-labelledby") + ": " + t.textContent);
})`

func TestAxe(t *testing.T) {
	path := os.Getenv("FIRSTBELL_AXE")
	if path == "" {
		t.Skip("FIRSTBELL_AXE names no axe.min.js: accessibility is not tried")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t)
	for _, name := range browserFixtures {
		page := render(t, summary(t, name), "fr")
		for _, v := range views {
			t.Run(name+" "+v.name, func(t *testing.T) {
				b.view(t, page, v.width, v.scheme)
				eval[bool](t, b, string(axe)+"\n;true")
				found := eval[string](t, b, runAxe)
				var violations []struct{ ID, Nodes string }
				if err := json.Unmarshal([]byte(found), &violations); err != nil {
					t.Fatal(err)
				}
				for _, x := range violations {
					t.Errorf("%s: %s", x.ID, x.Nodes)
				}
			})
		}
	}
}

const runAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) =>
	JSON.stringify(r.violations.map((v) => ({id: v.id, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}))))`

// TestPageOneIsOneSheet prints page one alone and counts its sheets.
func TestPageOneIsOneSheet(t *testing.T) {
	b := open(t)
	sheets := map[string]*report.Summary{"full": crowded(t)}
	for _, name := range append([]string{"not_ready", "interrupted", "fleet_large"}, reporttest.SessionNames()...) {
		sheets[name] = summary(t, name)
	}
	for name, s := range sheets {
		for _, lang := range []string{"fr", "en"} {
			page := render(t, s, lang)
			keep(t, "sheet_"+name+"."+lang+".html", page)
			b.view(t, page, 1200, "dark")
			whole := b.sheets(t)
			eval[bool](t, b, `document.querySelectorAll("nav, main > section:not(.one), footer").forEach(e => e.remove()), true`)
			if n := b.sheets(t); n != 1 {
				t.Errorf("%s.%s: page one takes %d sheets", name, lang, n)
			}
			if whole < 5 {
				t.Errorf("%s.%s: the whole report prints on %d sheets; are the tables there?", name, lang, whole)
			}
		}
	}
}

// crowded is a page one with the most on it.
func crowded(t *testing.T) *report.Summary {
	s := summary(t, "worst_group")
	s.Run.EndedAs = "interrupted"
	fill(&s.Criteria, 12)
	s.Criteria = slices.Clone(s.Criteria)
	s.Verdict.Actions = []string{"raise_admission", "mend_pages", "speed_up", "look_at_group", "run_again"}
	s.About.Staging = strings.Repeat("moitié des serveurs de la production, ", 4)
	return s
}

var sheet = regexp.MustCompile(`/Type\s*/Page[^s]`)

func (b *tab) sheets(t *testing.T) int {
	t.Helper()
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
	if err != nil {
		t.Fatal(err)
	}
	return len(sheet.FindAll(pdf, -1))
}
