package report

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Decimal is a number as text, so that what was judged is what is printed. The
// empty text is "no value"; Never is more than any number.
type Decimal string

// Never is the time of those who never got in.
const Never Decimal = "never"

// Known reports whether there is a value.
func (d Decimal) Known() bool { return d != "" }

// Float is for drawing only: +Inf for Never, NaN for no value.
func (d Decimal) Float() float64 {
	switch d {
	case "":
		return math.NaN()
	case Never:
		return math.Inf(1)
	}
	f, err := strconv.ParseFloat(string(d), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// Rat is the exact value; ok is false for Never and for no value.
func (d Decimal) Rat() (*big.Rat, bool) {
	if d == "" || d == Never {
		return nil, false
	}
	return new(big.Rat).SetString(string(d))
}

// seconds is a duration as a Decimal, exact to the nanosecond.
func seconds(d time.Duration) Decimal {
	return trimmed(big.NewRat(int64(d), int64(time.Second)).FloatString(9))
}

// share is k/n with six digits, more when fewer would read as 0 or 1 though it
// is neither.
func share(k, n uint64) Decimal {
	if n == 0 {
		return ""
	}
	return decimal(fraction(k, n))
}

func fraction(k, n uint64) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(k), new(big.Int).SetUint64(n))
}

// decimal rounds a rational to six digits, or to as many as keep it apart from
// 0 and 1.
func decimal(r *big.Rat) Decimal {
	one := big.NewRat(1, 1)
	for digits := 6; ; digits += 3 {
		text := r.FloatString(digits)
		back, _ := new(big.Rat).SetString(text)
		if digits >= 30 || back.Cmp(r) == 0 || (back.Sign() != 0 && back.Cmp(one) != 0) {
			return trimmed(text)
		}
	}
}

func trimmed(s string) Decimal {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return Decimal(s)
}

// exact writes a rational with a finite decimal form in full, up to 18 digits.
func exact(r *big.Rat) Decimal {
	if r == nil {
		return ""
	}
	return trimmed(r.FloatString(18))
}

// apart writes a measured share with six digits, or with as many as keep it on
// its own side of a threshold.
func apart(r, threshold *big.Rat) Decimal {
	for digits := 6; ; digits += 3 {
		text := r.FloatString(digits)
		back, _ := new(big.Rat).SetString(text)
		if digits >= 30 || back.Cmp(threshold) == r.Cmp(threshold) {
			return trimmed(text)
		}
	}
}

// order makes decimals comparable: no value below all, Never above all.
func (d Decimal) order() *big.Rat {
	if r, ok := d.Rat(); ok {
		return r
	}
	if d == Never {
		return new(big.Rat).SetInt64(math.MaxInt64)
	}
	return big.NewRat(-1, 1)
}
