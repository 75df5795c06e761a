package ent

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Set changes one mode by name, as `firstbell ent --mode` and the admin handler
// do: "quota.sessions", "freeze.length", "lost_session"… Durations are written as
// Go does, instants as RFC 3339. Unknown names and unreadable values are errors;
// the result is not validated.
func (m *Modes) Set(key, value string) error { return set(reflect.ValueOf(m).Elem(), key, value) }

// Keys lists the names that Set knows, sorted.
func (Modes) Keys() []string {
	keys := keysOf(reflect.TypeFor[Modes](), "")
	slices.Sort(keys)
	return keys
}

// Forms lists the names that Set knows, sorted, each with the kind of its value:
// "freeze.length=DURATION".
func (m Modes) Forms() []string {
	forms := m.Keys()
	for i, key := range forms {
		v, _ := fieldOf(reflect.ValueOf(m), key) // a key of this very type
		forms[i] = key + "=" + strings.ToUpper(strings.ReplaceAll(kindOf(v), " ", "_"))
	}
	return forms
}

// Set changes one value of a capacity by name: "workers", "service", "queue",
// "costs.login"… See [Modes.Set].
func (c *Capacity) Set(key, value string) error { return set(reflect.ValueOf(c).Elem(), key, value) }

// Keys lists the names that Set knows, sorted.
func (Capacity) Keys() []string {
	keys := keysOf(reflect.TypeFor[Capacity](), "")
	slices.Sort(keys)
	return keys
}

var instant = reflect.TypeFor[time.Time]()

func keysOf(t reflect.Type, prefix string) (keys []string) {
	for f := range t.Fields() {
		name := prefix + snake(f.Name)
		if f.Type.Kind() == reflect.Struct && f.Type != instant {
			keys = append(keys, keysOf(f.Type, name+".")...)
			continue
		}
		keys = append(keys, name)
	}
	return keys
}

func set(v reflect.Value, key, value string) error {
	v, ok := fieldOf(v, key)
	if !ok {
		return fmt.Errorf("ent: unknown setting %q", key)
	}
	if err := setValue(v, value); err != nil {
		return fmt.Errorf("ent: %s: %q is not a %s", key, value, kindOf(v))
	}
	return nil
}

// fieldOf finds what a name stands for.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for _, name := range strings.Split(key, ".") {
		if v.Kind() != reflect.Struct || v.Type() == instant {
			return v, false
		}
		v = v.FieldByNameFunc(func(field string) bool { return snake(field) == name })
		if !v.IsValid() {
			return v, false
		}
	}
	return v, true
}

// kindOf says in words what a setting takes.
func kindOf(v reflect.Value) string {
	switch v.Interface().(type) {
	case time.Duration:
		return "duration"
	case time.Time:
		return "instant"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.String:
		return "word"
	}
	return "single value"
}

func setValue(v reflect.Value, s string) error {
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(s)
		v.SetInt(int64(d))
		return err
	case time.Time:
		t, err := time.Parse(time.RFC3339Nano, s)
		v.Set(reflect.ValueOf(t))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(s)
		v.SetInt(int64(n))
		return err
	case reflect.Float64:
		f, err := strconv.ParseFloat(s, 64)
		v.SetFloat(f)
		return err
	}
	return fmt.Errorf("not a single value")
}

// snake turns "PerIP" into "per_ip".
func snake(s string) string {
	var b strings.Builder
	lower := false // the letter before was small, or a digit
	for _, r := range s {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = !unicode.IsUpper(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
