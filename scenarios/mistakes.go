package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxMistakes bounds a report: a file with more is not read by anybody.
const maxMistakes = 100

// Mistake is one thing wrong in a file, with its place and its remedy. It
// never holds a login or a password.
type Mistake struct {
	File   string // as given in Options.Name, the CSV's name, or "--set key"
	Line   int    // from 1; 0 when the mistake has no line
	Column int    // from 1, in characters; 0 when unknown
	Code   string // "FB01xx", see Codes
	What   string // what is wrong
	Why    string // why it matters; may be empty
	Fix    string // what to write instead; may be empty
}

// Place is "file:line:column", as editors and terminals make it clickable.
func (m Mistake) Place() string {
	switch {
	case m.Line == 0:
		return m.File
	case m.Column == 0:
		return fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	return fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column)
}

func (m Mistake) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s [%s]", m.Place(), m.What, m.Code)
	if m.Why != "" {
		b.WriteString("\n  why: " + m.Why)
	}
	if m.Fix != "" {
		b.WriteString("\n  fix: " + m.Fix)
	}
	return b.String()
}

// Mistakes is everything wrong with a file, sorted by place. [Parse] returns
// it as its error.
type Mistakes struct {
	List []Mistake
	More int // how many were left out over the first 100
}

// Error is every mistake, one paragraph each.
func (m *Mistakes) Error() string {
	parts := make([]string, 0, len(m.List)+1)
	for _, x := range m.List {
		parts = append(parts, x.String())
	}
	if m.More > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", m.More))
	}
	return strings.Join(parts, "\n\n")
}

// newMistakes sorts, drops doubles and cuts; nil when there is none.
func newMistakes(list []Mistake, mainFile string) *Mistakes {
	if len(list) == 0 {
		return nil
	}
	other := func(m Mistake) int {
		if m.File == mainFile {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.What, b.What))
	})
	list = slices.CompactFunc(list, func(a, b Mistake) bool { return a == b })
	m := &Mistakes{List: list}
	if len(list) > maxMistakes {
		m.List, m.More = list[:maxMistakes], len(list)-maxMistakes
	}
	return m
}

// nearest is the name of names that word was probably meant to be, or "".
func nearest(word string, names []string) string {
	best, least := "", max(len([]rune(word))/2, 2)+1
	if len(word) > 40 {
		return ""
	}
	for _, n := range names {
		d := distance(strings.ToLower(word), strings.ToLower(n))
		if d < least && d < len([]rune(n)) {
			best, least = n, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: Levenshtein's with
// neighbours swapped as one error.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}

// DidYouMean is a remedy for a name that is not on a list: the name of it that was
// probably meant, else all of them when they are few, else nothing.
func DidYouMean(word string, names []string) string {
	if n := nearest(word, names); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(names) == 0 || len(names) > 30 {
		return ""
	}
	return "one of: " + strings.Join(names, ", ")
}

// quoted shows text of the file in a message, cut, with control characters
// made visible.
func quoted(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
