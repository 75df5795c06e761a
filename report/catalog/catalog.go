package catalog

import (
	"embed"
	"io/fs"
	"strings"
	"sync"
)

// Catalog is the words of one language. It is read-only and safe for
// concurrent use.
type Catalog struct {
	lang  string
	texts map[string]string
}

// Languages are the codes For knows, the default first.
func Languages() []string { return []string{"fr", "en"} }

//go:embed texts/*.txt
var files embed.FS

var loaded = sync.OnceValue(func() map[string]*Catalog {
	out := map[string]*Catalog{}
	for _, lang := range Languages() {
		out[lang] = &Catalog{lang, parse(lang, textsOf(lang))}
	}
	return out
})

// textsOf joins a language's files: fr.txt, fr.progress.txt…
func textsOf(lang string) string {
	names, err := fs.Glob(files, "texts/"+lang+".*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var b strings.Builder
	for _, name := range names {
		src, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		b.Write(src)
		b.WriteByte('\n')
	}
	return b.String()
}

// For gives a language's catalogue; an unknown one is French.
func For(lang string) *Catalog {
	if c, ok := loaded()[strings.ToLower(lang)]; ok {
		return c
	}
	return loaded()["fr"]
}

// Lang is the language's code, "fr" or "en".
func (c *Catalog) Lang() string { return c.lang }

func parse(lang, src string) map[string]string {
	texts := map[string]string{}
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		key, text, ok := strings.Cut(line, " = ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		text = strings.TrimSpace(text)
		if lang == "fr" {
			text = french(text)
		}
		texts[strings.TrimSpace(key)] = text
	}
	return texts
}

const (
	nbsp   = "\u00a0" // before a colon, inside guillemets and times
	narrow = "\u202f" // thousands, before % ; ? !
)

// french puts the spaces of French typography into a text typed with ordinary
// ones.
func french(s string) string {
	return strings.NewReplacer(
		" :", nbsp+":", " ;", narrow+";", " ?", narrow+"?", " !", narrow+"!", " %", narrow+"%",
		"« ", "«"+nbsp, " »", nbsp+"»", "'", "’",
	).Replace(s)
}

// Has reports whether a key exists.
func (c *Catalog) Has(key string) bool { _, ok := c.texts[key]; return ok }

// Text gives a text, with pairs of name and value put in. A key nobody wrote
// reads as itself.
func (c *Catalog) Text(key string, pairs ...string) string {
	text, ok := c.texts[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	if len(pairs)%2 == 0 && len(pairs) > 0 {
		text = strings.NewReplacer(pairs...).Replace(text)
	}
	return text
}

// Word is Text for a value out of the data (an outcome, a reason, an event):
// the text of prefix.value, or the value itself.
func (c *Catalog) Word(prefix, value string) string {
	if t, ok := c.texts[prefix+"."+value]; ok {
		return t
	}
	return value
}

// Names are the values a text has room for, in order.
func (c *Catalog) Names(key string) []string {
	var out []string
	for text := c.texts[key]; ; {
		_, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return out
		}
		out, text = append(out, name), after
	}
}

// Part is a piece of a sentence; Key is the path in summary.json of a measured
// number, "" for plain words.
type Part struct{ Text, Key string }

// Sentence is a text whose measured numbers are marked.
type Sentence []Part

// String is the sentence without its marks.
func (s Sentence) String() string {
	var b strings.Builder
	for _, p := range s {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Arg is a value for a name in a sentence.
type Arg struct{ Name, Text, Key string }

// Sentence gives a text as parts, so that a face can mark the numbers.
func (c *Catalog) Sentence(key string, args ...Arg) Sentence {
	text, ok := c.texts[key]
	if !ok {
		text = key
	}
	var out Sentence
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if before != "" {
			out = append(out, Part{Text: before})
		}
		if !found || !closed {
			break
		}
		out = append(out, argument(name, args))
		text = after
	}
	return out
}

func argument(name string, args []Arg) Part {
	for _, a := range args {
		if a.Name == name {
			return Part{a.Text, a.Key}
		}
	}
	return Part{Text: "{" + name + "}"}
}

// Colon joins a label and its text.
func (c *Catalog) Colon() string {
	if c.lang == "fr" {
		return nbsp + ": "
	}
	return ": "
}

// semicolon joins the items of a list that hold commas.
func (c *Catalog) semicolon() string {
	if c.lang == "fr" {
		return narrow + "; "
	}
	return "; "
}
