package runner

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"firstbell/scenarios"
)

// RunID names a run: date replayed (today when the storm has none), start of
// the played window, four random characters: 20210406-085500-x7k2.
func RunID(now time.Time, sc *scenarios.Scenario) string {
	day, err := time.Parse(time.DateOnly, sc.Storm.Date)
	if err != nil { // the file's own curve replays no date
		day = now
	}
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	tail := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:4]
	from := time.Duration(sc.Storm.Play.From)
	return fmt.Sprintf("%s-%02d%02d%02d-%s", day.Format("20060102"),
		int(from.Hours()), int(from.Minutes())%60, int(from.Seconds())%60, tail)
}
