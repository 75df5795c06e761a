package report

import (
	"reflect"
	"strings"
	"unicode"
)

// Legible makes one line of a text that a target, a file or a worker wrote, in which
// nothing acts on what it is shown with: line breaks and tabs become spaces; controls
// (a terminal obeys them), controls of the direction of writing (they turn round the
// sentence around them) and what else is not seen become U+FFFD, as do bytes that are
// no UTF-8. Nothing is taken out in silence. A text that is legible stays as it is.
func Legible(text string) string { return strings.Map(legibleRune, text) }

func legibleRune(r rune) rune {
	switch {
	case unicode.IsSpace(r) && !unicode.Is(unicode.Zs, r):
		return ' '
	case !unicode.IsGraphic(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return unicode.ReplacementChar
	}
	return r
}

// legible is a Summary all of whose texts are [Legible], so that no face needs to ask
// where one comes from. What a Summary shares with a journal or a plan stays as it is:
// everything that holds texts is copied.
func (s *Summary) legible() *Summary {
	return legibleValue(reflect.ValueOf(s)).Interface().(*Summary)
}

// legibleValue is a copy of a value of the kinds a Summary is made of.
func legibleValue(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(Legible(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(legibleValue(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() { // time.Time keeps its own
				out.Field(i).Set(legibleValue(v.Field(i)))
			}
		}
	case reflect.Array, reflect.Slice:
		legibleList(v, out)
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for k, x := range v.Seq2() {
				out.SetMapIndex(legibleValue(k), legibleValue(x))
			}
		}
	}
	return out
}

// legibleList fills out, a list of the length of v; lists of numbers are shared.
func legibleList(v, out reflect.Value) {
	switch k := v.Type().Elem().Kind(); {
	case k >= reflect.Bool && k <= reflect.Complex128:
		return
	case v.Kind() == reflect.Slice && v.IsNil():
		return
	case v.Kind() == reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		out.Index(i).Set(legibleValue(v.Index(i)))
	}
}
