package scenarios

import (
	"regexp"
	"time"

	"github.com/andybalholm/cascadia"
)

// Journey is a named list of steps, `use` already expanded.
type Journey struct {
	Name  string
	Steps []Step
	Line  int
}

// Verb is what a step does.
type Verb string

const (
	Get    Verb = "get"
	Post   Verb = "post"
	Put    Verb = "put"
	Patch  Verb = "patch"
	Delete Verb = "delete"
	Submit Verb = "submit" // fill and send the form of the page before
)

// Step is one page: one request with its redirects, the proof that it is the
// right page, and what the browser loads with it.
type Step struct {
	Name  string // unique in the journey and free of ids and secrets: "2 post /auth/login"
	Line  int
	Verb  Verb
	URL   Template // absolute, or a path from Target; empty for Submit
	Query []Field
	// Headers are sent with this step's requests.
	Headers []Field
	Form    []Field   // urlencoded body, or the typed fields of a Submit
	JSON    *Template // JSON body, values encoded for JSON; nil for none
	In      string    // Submit: CSS of the form
	Button  string    // Submit: name of the button pressed

	NoFollow  bool // follow: never
	NoCookies bool // cookies: none

	Pause   *Think // before the step; nil: the persona's think time, none before a journey's first step
	Timeout time.Duration

	Values []Field  // names given to texts before the request, in order: ${name} from then on
	If     *Matcher // on the page before: false skips the step
	Expect *Matcher // proof of success; nil: any 2xx that no signature claims
	Until  *Matcher // repeated until it matches…
	Every  time.Duration
	Times  int // …or this often; without Until simply this often

	Calls   []Call
	Assets  AssetMode
	Capture []Capture
	InClass bool // time to class ends here
}

// Call is what a page's script asks for; the calls of a page go in parallel.
type Call struct {
	Name    string
	Line    int
	Verb    Verb
	URL     Template
	Query   []Field
	Headers []Field
	Form    []Field
	JSON    *Template
	Expect  *Matcher // nil: any status below 400
	Capture []Capture
}

// AssetMode says whether the files a page names are fetched.
type AssetMode string

const (
	AssetsNone AssetMode = ""     // not at all
	AssetsCold AssetMode = "cold" // all, by everybody's first visit
	AssetsWarm AssetMode = "warm" // once per person and file
)

// Capture takes a value out of the final page (or its hops); exactly one
// source is set.
type Capture struct {
	Name   string
	Line   int
	CSS    *CSS           // text of the node, or its attribute
	Regex  *regexp.Regexp // first group on the body
	JSON   string         // gjson path
	Header string
	Via    *regexp.Regexp // first group on any hop's address
}

// CSS is a compiled selector, with an optional attribute (`sel @attr`).
type CSS struct {
	Source string
	Sel    cascadia.SelectorGroup
	Attr   string
}

// Matcher looks at a page. Its keys are joined by "and"; nil or zero matches
// everything.
type Matcher struct {
	Line    int
	Text    []Pattern // visible text and title: entities decoded, spaces collapsed, ’ as '; the source when the pattern holds <
	CSS     []CSS
	JSON    []JSONCheck
	URL     []Pattern // the final address
	Via     []Pattern // any hop's address, the Location of a step that does not follow included
	Status  []int     // any of
	Cookie  []string  // names the person now holds
	Header  []HeaderCheck
	Smaller int // body bytes, 0: not asked
	Not     *Matcher
}

// Pattern is a literal to be found, or a regular expression.
type Pattern struct {
	Literal Template       // used when Regex is nil
	Regex   *regexp.Regexp // RE2
}

// JSONCheck asks for a gjson path to exist, or to equal Want.
type JSONCheck struct {
	Path string
	Want *Template // nil: exists and is neither null, false nor empty
}

// HeaderCheck asks for a response header.
type HeaderCheck struct {
	Name string
	Want *Pattern // nil: present
}

// HasContentProof reports whether m looks at what the page holds, not only at
// its address or status; `not` alone proves nothing.
func (m *Matcher) HasContentProof() bool {
	return m != nil && (len(m.Text) > 0 || len(m.CSS) > 0 || len(m.JSON) > 0)
}

// Class is what a signature recognises a page as.
type Class string

// The classes a file may add signatures to; the order is the order they are
// tried in when several match.
const (
	ClassQuota          Class = "quota"
	ClassProfileBlocked Class = "profile_blocked"
	ClassWaitingRoom    Class = "waiting_room"
	ClassBadCredentials Class = "bad_credentials"
	ClassLocked         Class = "locked"
	ClassThrottled      Class = "throttled"
	ClassChallenge      Class = "challenge" // a WAF or a captcha: we are taken for an attacker
	ClassOutage         Class = "outage"    // announced outage
	ClassFederation     Class = "federation_failed"
	ClassStaleForm      Class = "stale_form"
	ClassBackendDown    Class = "backend_down"
	ClassError          Class = "error" // application error page
	ClassBlank          Class = "blank"
)

// Signature recognises a page of one class.
type Signature struct {
	Class   Class
	Match   Matcher
	BuiltIn bool
	Line    int
}
