package html

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestStructure checks what axe cannot see, or sees only in a browser: names of
// images, order of headings, unique ids, captions, and no inline style.
func TestStructure(t *testing.T) {
	for _, name := range names() {
		for _, lang := range []string{"fr", "en"} {
			page := render(t, summary(t, name), lang)
			t.Run(name+"."+lang, func(t *testing.T) { structure(t, page, lang) })
		}
	}
}

func structure(t *testing.T, page []byte, lang string) {
	ids, level, h1 := map[string]bool{}, 0, 0
	var wanted []string
	for _, n := range elements(t, page) {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %s twice", id)
			}
			ids[id] = true
		}
		for _, a := range []string{"aria-labelledby", "aria-describedby"} {
			if has(n, a) {
				wanted = append(wanted, attr(n, a))
			}
		}
		if has(n, "style") {
			t.Errorf("<%s> has a style attribute", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has %s", n.Data, a.Key)
			}
		}
		switch n.Data {
		case "html":
			if attr(n, "lang") != lang {
				t.Errorf("lang is %q", attr(n, "lang"))
			}
		case "h1", "h2", "h3":
			now := int(n.Data[1] - '0')
			if now > level+1 {
				t.Errorf("%s after h%d", n.Data, level)
			}
			if level = now; now == 1 {
				h1++
			}
			if strings.TrimSpace(content(n)) == "" {
				t.Errorf("an empty %s", n.Data)
			}
		case "svg":
			image(t, n)
		case "table":
			if n.FirstChild == nil || n.FirstChild.Data != "caption" || content(n.FirstChild) == "" {
				t.Error("a table without a caption")
			}
		case "a", "img", "script", "link":
			for _, a := range []string{"href", "src"} {
				if v := attr(n, a); v != "" && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "data:") {
					t.Errorf("<%s %s=%s> leaves the page", n.Data, a, v)
				}
			}
		}
	}
	if h1 != 1 {
		t.Errorf("%d h1", h1)
	}
	for _, id := range wanted {
		if !ids[id] {
			t.Errorf("no element has the id %s", id)
		}
	}
}

func image(t *testing.T, n *html.Node) {
	if attr(n, "aria-hidden") == "true" {
		return
	}
	var title, desc string
	for c := range n.ChildNodes() {
		switch c.Data {
		case "title":
			title = content(c)
		case "desc":
			desc = content(c)
		}
	}
	if attr(n, "role") != "img" || title == "" || desc == "" || !has(n, "aria-labelledby") || !has(n, "aria-describedby") {
		t.Errorf("a figure without a name: %q, %q", title, desc)
	}
}

// TestNoEmptyFrame: where there is nothing to draw there is a sentence.
func TestNoEmptyFrame(t *testing.T) {
	for _, name := range names() {
		for _, n := range elements(t, render(t, summary(t, name), "fr")) {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "figure" && strings.TrimSpace(content(n)) == "" {
				t.Errorf("%s: an empty figure", name)
			}
			if n.Data == "tbody" && !strings.Contains(content(n), " ") && content(n) == "" {
				t.Errorf("%s: an empty table", name)
			}
		}
	}
	for name, want := range map[string]string{
		"empty": "personne n’est parti", "target_down": "Aucune connexion n’a abouti", "interrupted": "non joué", "cut": "coupé",
	} {
		if page := string(render(t, summary(t, name), "fr")); !strings.Contains(page, want) {
			t.Errorf("%s does not say %q", name, want)
		}
	}
}
