package page

import (
	"strings"
	"testing"
	"time"
)

// TestHostileSize: the largest pages take bounded time.
func TestHostileSize(t *testing.T) {
	for name, unit := range map[string]string{
		"nested": "<div>", "formatting": "<b id=x><p>", "attributes": "<a x=1 y=2 z=3 class=q>", "forms": "<form><input name=username><input name=password>",
		"tables": "<table><tr><td>", "styles": "<style>a b c d e{display:none}</style><p>", "text": "l’été ", "comments": "<!-- -->", "select": "<select><option>x",
		"inputs": "<input name=username>", "entities": "&eacute;", "less": "<", "misnested": "<a><table><b>x</a>",
		"rules": "<p></p>", "templates": "<template><form><input name=x>",
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Repeat(unit, MaxBody/len(unit))
			if name == "rules" {
				body = "<style>" + strings.Repeat("p p p p p, div div div div{display:none}", 200) + "</style>" + body
			}
			p := at("https://c/", body)
			start := time.Now()
			p.Text()
			text := time.Since(start)
			p.Blank()
			p.Assets()
			p.Refresh(start)
			_, _ = p.Submit(Filling{Fields: []Field{{"username", "x"}, {"password", "y"}}})
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%v, the text alone %v", took, text)
			} else {
				t.Logf("%v, the text alone %v", took, text)
			}
		})
	}
}
