package scenarios

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The small notations of the file: durations, percentages, rates, times of
// day. Each parser returns an error whose text is the remedy.

var bareNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

func parseDuration(s string) (time.Duration, error) {
	if bareNumber.MatchString(s) {
		if s == "0" {
			return 0, nil
		}
		return 0, fmt.Errorf("give the unit: %ss, or %sms", s, s)
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || v > 7*24*time.Hour {
		return 0, errors.New("write a number with its unit: 300ms, 90s, 5m, 1h30m")
	}
	return v, nil
}

var decimal = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,15})?$`)

// parsePercent reads "99.5%" exactly; the result lies in 0..1.
func parsePercent(s string) (*big.Rat, error) {
	n, found := strings.CutSuffix(strings.TrimSpace(s), "%")
	n = strings.TrimSpace(n)
	if !decimal.MatchString(n) {
		return nil, errors.New("write a percentage: 40%, 99.5%")
	}
	if !found {
		return nil, fmt.Errorf("add the percent sign: %s%%", n)
	}
	r, ok := new(big.Rat).SetString(n)
	if !ok {
		return nil, errors.New("write a percentage: 40%, 99.5%")
	}
	r.Quo(r, big.NewRat(100, 1))
	if r.Cmp(big.NewRat(1, 1)) > 0 {
		return nil, errors.New("at most 100%")
	}
	return r, nil
}

// parseRate reads "300/s".
func parseRate(s string) (float64, error) {
	n, found := strings.CutSuffix(strings.ReplaceAll(s, " ", ""), "/s")
	if !decimal.MatchString(n) {
		return 0, errors.New("write a rate: 300/s")
	}
	if !found {
		return 0, fmt.Errorf("say per what: %s/s", n)
	}
	v, err := strconv.ParseFloat(n, 64)
	if err != nil || v <= 0 || v > 1e7 {
		return 0, errors.New("a rate lies above 0/s and at most at 10000000/s")
	}
	return v, nil
}

var timeOfDay = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?$`)

func parseTimeOfDay(s string) (TimeOfDay, error) {
	m := timeOfDay.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, errors.New("write a time of day: 08:55 or 08:55:30")
	}
	h, _ := strconv.Atoi(m[1])
	mi, _ := strconv.Atoi(m[2])
	sec, _ := strconv.Atoi(m[3])
	if h > 24 || mi > 59 || sec > 59 || h == 24 && mi+sec > 0 {
		return 0, errors.New("a time of day lies between 00:00 and 24:00")
	}
	return TimeOfDay(time.Duration(h)*time.Hour + time.Duration(mi)*time.Minute + time.Duration(sec)*time.Second), nil
}

func parseWindow(s string) (Window, error) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return Window{}, errors.New("write a window: 08:55-09:05")
	}
	a, err := parseTimeOfDay(from)
	if err != nil {
		return Window{}, errors.New("write a window: 08:55-09:05")
	}
	b, err := parseTimeOfDay(to)
	if err != nil {
		return Window{}, errors.New("write a window: 08:55-09:05")
	}
	if b <= a {
		return Window{}, errors.New("the window must end after it starts")
	}
	return Window{a, b}, nil
}

// String is HH:MM, with seconds when there are some.
func (t TimeOfDay) String() string {
	s := int(time.Duration(t) / time.Second)
	if s%60 == 0 {
		return fmt.Sprintf("%02d:%02d", s/3600, s/60%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// String is HH:MM-HH:MM, as the file writes it.
func (w Window) String() string { return w.From.String() + "-" + w.To.String() }

// Length is how long the window lasts.
func (w Window) Length() time.Duration { return time.Duration(w.To - w.From) }

// within reports whether w lies inside o.
func (w Window) within(o Window) bool { return w.From >= o.From && w.To <= o.To }

func float(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}

// percent prints a share as the file writes it.
func percent(v float64) string {
	return strconv.FormatFloat(v*100, 'g', 10, 64) + "%"
}
