package httpdriver

import (
	"strings"
	"time"
)

// parseCookieDate reads a date as browsers do, whatever its order and
// punctuation (RFC 6265 5.1.1): the first token that looks like a time is the
// time, then a day of the month, a month's name, a year.
func parseCookieDate(s string) (time.Time, bool) {
	var (
		clock            [3]int
		day, month, year int
		hasClock         bool
		hasDay, hasYear  bool
	)
	for _, token := range strings.FieldsFunc(s, dateDelimiter) {
		if !hasClock {
			if c, ok := dateClock(token); ok {
				clock, hasClock = c, true
				continue
			}
		}
		if n, digits := leadingNumber(token); !hasDay && digits >= 1 && digits <= 2 {
			day, hasDay = n, true
			continue
		}
		if m := dateMonth(token); month == 0 && m != 0 {
			month = m
			continue
		}
		if n, digits := leadingNumber(token); !hasYear && digits >= 2 && digits <= 4 {
			year, hasYear = n, true
		}
	}
	switch {
	case year >= 70 && year <= 99:
		year += 1900
	case year >= 0 && year <= 69:
		year += 2000
	}
	if !hasClock || !hasDay || month == 0 || !hasYear || day < 1 || day > 31 || year < 1601 ||
		clock[0] > 23 || clock[1] > 59 || clock[2] > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2], 0, time.UTC)
	return t, t.Day() == day // 31 February is no date
}

func dateDelimiter(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 ||
		r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

// dateClock reads h:m:s with one or two digits each; anything may follow.
func dateClock(token string) (c [3]int, ok bool) {
	for i := range c {
		n, digits := leadingNumber(token)
		if digits < 1 || digits > 2 {
			return c, false
		}
		c[i] = n
		token = token[digits:]
		if i < 2 {
			if token == "" || token[0] != ':' {
				return c, false
			}
			token = token[1:]
		}
	}
	return c, true
}

// leadingNumber reads the digits a token starts with; more than four are not
// read further.
func leadingNumber(token string) (n, digits int) {
	for digits < len(token) && digits < 5 && token[digits] >= '0' && token[digits] <= '9' {
		n = n*10 + int(token[digits]-'0')
		digits++
	}
	return n, digits
}

func dateMonth(token string) int {
	if len(token) < 3 {
		return 0
	}
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	if i := strings.Index(names, strings.ToLower(token[:3])); i >= 0 && i%3 == 0 {
		return i/3 + 1
	}
	return 0
}
