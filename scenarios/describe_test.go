package scenarios

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

var lineNumbers = regexp.MustCompile(`Line:\d+ `)

// describe prints a value with its pointers followed.
func describe(v reflect.Value, depth int) string {
	if depth > 20 {
		return "…"
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		if v.CanInterface() {
			switch x := v.Interface().(type) {
			case *url.URL:
				return x.String()
			case *regexp.Regexp:
				return x.String()
			case fmt.Stringer:
				return x.String()
			}
		}
		return describe(v.Elem(), depth+1)
	case reflect.Struct:
		var b strings.Builder
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Name == "env" || f.Name == "Sel" {
				continue
			}
			fmt.Fprintf(&b, "%s:%s ", f.Name, describe(v.Field(i), depth+1))
		}
		return "{" + b.String() + "}"
	case reflect.Slice:
		var b strings.Builder
		for i := range v.Len() {
			b.WriteString(describe(v.Index(i), depth+1) + " ")
		}
		return "[" + b.String() + "]"
	case reflect.Func, reflect.Interface, reflect.Map:
		return v.Kind().String()
	}
	return fmt.Sprint(v)
}
