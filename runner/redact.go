package runner

import (
	"regexp"
	"sort"
	"strings"
)

// secretPairs are name=value and name: value pairs that carry a ticket, a
// session or a password in addresses, forms and pages.
var secretPairs = regexp.MustCompile(`(?i)\b([\w.-]*(?:ticket|SAMLResponse|SAMLRequest|SAMLart|RelayState|password|passwd|pwd|secret|token|session|sid|sessid|jsessionid|phpsessid|code|state|nonce|assertion|execution|authorization|cookie|credential|api[_-]?key|login|username|j_username|email|user)[\w.-]*)("?\s*[=:]\s*"?)([^&\s"'<>;,]+)`)

// secretWords are values that are secret wherever they stand.
var secretWords = regexp.MustCompile(`\b(?:ST|PGT|PGTIOU|PT|TGT|TGC)-[\w.-]+|\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}|\b[Bb]earer\s+[\w.~+/=-]+|\b[0-9a-fA-F]{24,}\b|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[A-Za-z0-9+/_-]{40,}={0,2}`)

// hiddenMark stands where a secret stood.
const hiddenMark = "•••"

// Redact takes secrets out of a text before it is kept or shown: the given
// values (an account's columns, captured values), then what looks like a
// ticket, a token, a session, an e-mail address or a password. It errs on the
// side of hiding. Values shorter than three characters are hidden as whole
// words only.
func Redact(text string, values ...string) string {
	if text == "" {
		return ""
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	for _, v := range values {
		text = hideValue(text, v)
	}
	text = secretPairs.ReplaceAllString(text, "${1}${2}"+hiddenMark)
	return secretWords.ReplaceAllString(text, hiddenMark)
}

func hideValue(text, v string) string {
	if v == "" || !strings.Contains(strings.ToLower(text), strings.ToLower(v)) {
		return text
	}
	quoted := `(?i)` + regexp.QuoteMeta(v)
	if len(v) < 3 {
		quoted = `(?i)\b` + regexp.QuoteMeta(v) + `\b`
	}
	re, err := regexp.Compile(quoted)
	if err != nil {
		return hiddenMark
	}
	return re.ReplaceAllString(text, hiddenMark)
}

// idLike are the parts of a path that name one person or one object.
var idLike = regexp.MustCompile(`^(?:[0-9]+|.*[0-9].*[0-9].*[0-9].*[0-9].*|.{33,})$`)

// maskPath keeps the shape of a path and hides the ids in it.
func maskPath(path string, values ...string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if semi := strings.IndexByte(p, ';'); semi >= 0 { // ;jsessionid=…
			p = p[:semi]
		}
		if idLike.MatchString(p) && p != "" {
			p = "…"
		}
		parts[i] = p
	}
	return Redact(strings.Join(parts, "/"), values...)
}
