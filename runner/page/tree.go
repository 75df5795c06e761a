package page

import (
	"iter"
	"regexp"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// elements gives the elements below n in document order.
func elements(n *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for c := range n.Descendants() {
			if c.Type == html.ElementNode && !yield(c) {
				return
			}
		}
	}
}

func first(n *html.Node, tag string) *html.Node {
	for c := range elements(n) {
		if c.Data == tag && c.Namespace == "" {
			return c
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	v, _ := attrOK(n, name)
	return v
}

func attrOK(n *html.Node, name string) (string, bool) {
	for i := range n.Attr {
		if n.Attr[i].Key == name && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val, true
		}
	}
	return "", false
}

// within reports whether n or one of its ancestors is in set.
func within(n *html.Node, set map[*html.Node]bool) bool {
	if len(set) == 0 {
		return false
	}
	for ; n != nil; n = n.Parent {
		if set[n] {
			return true
		}
	}
	return false
}

// rawText is the text below n, tags dropped.
func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// invisible recognises declarations that keep an element from a reader's
// sight: not displayed, or moved far off the screen.
var invisible = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|(^|[;\s])opacity\s*:\s*0*\.?0+\s*(;|!|$)|(left|top|right|text-indent)\s*:\s*-\d{3,}`)

// Bounds on the rules of a page's own style sheets that are applied.
const (
	maxRules    = 200
	maxRuleWork = 400_000 // rules × elements
)

// hiddenNodes are the roots of what a reader does not see: by attribute, by
// inline style, by the page's own <style> rules, and what is never drawn. Style
// sheets of other addresses are not read.
func hiddenNodes(doc *html.Node) map[*html.Node]bool {
	if doc == nil {
		return map[*html.Node]bool{}
	}
	set := map[*html.Node]bool{}
	var rules []cascadia.SelectorGroup
	nodes := 0
	for n := range elements(doc) {
		nodes++
		if n.Data == "style" && len(rules) < maxRules {
			rules = append(rules, hidingRules(rawText(n))...)
		}
		if hides(n) {
			set[n] = true
		}
	}
	if nodes > 0 {
		rules = rules[:min(len(rules), maxRules, maxRuleWork/nodes)]
	}
	for _, rule := range rules {
		for _, n := range cascadia.QueryAll(doc, rule) {
			set[n] = true
		}
	}
	return set
}

func hides(n *html.Node) bool {
	switch n.Data {
	case "template", "noscript":
		return true
	case "input":
		if strings.EqualFold(attr(n, "type"), "hidden") {
			return true
		}
	}
	if _, ok := attrOK(n, "hidden"); ok {
		return true
	}
	style := attr(n, "style")
	return style != "" && invisible.MatchString(style)
}

// hidingRules are the selectors of a style sheet's top-level rules that hide.
// Rules inside @media and the like are left out: they may not apply.
func hidingRules(css string) []cascadia.SelectorGroup {
	var out []cascadia.SelectorGroup
	css = cssComment.ReplaceAllString(css, " ")
	for len(css) > 0 && len(out) < maxRules {
		open := strings.IndexByte(css, '{')
		if open < 0 {
			return out
		}
		head := strings.TrimSpace(css[:open])
		body, rest := cssBlock(css[open+1:])
		css = rest
		// An @-statement without a block (@import …;) may stand before.
		if i := strings.LastIndexByte(head, ';'); i >= 0 {
			head = strings.TrimSpace(head[i+1:])
		}
		if strings.HasPrefix(head, "@") || len(head) > 500 || !invisible.MatchString(body) {
			continue
		}
		if sel, err := cascadia.ParseGroup(head); err == nil && !everything(head) {
			out = append(out, sel)
		}
	}
	return out
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// everything recognises the tricks of hiding a page until its script runs
// (anti-clickjacking, ng-cloak, v-cloak): a person with scripts sees it.
func everything(head string) bool {
	return head == "body" || head == "html" || head == "*" || strings.Contains(head, "cloak")
}

// cssBlock splits s after the } that closes the block it starts in.
func cssBlock(s string) (body, rest string) {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}
