package junit

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"firstbell/report"
	"firstbell/report/catalog"
)

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suite   suite    `xml:"testsuite"`
}

type suite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Time      string     `xml:"time,attr"`
	Timestamp string     `xml:"timestamp,attr,omitempty"`
	Cases     []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string `xml:"classname,attr"`
	Name    string `xml:"name,attr"`
	Time    string `xml:"time,attr"`
	Failure *note  `xml:"failure"`
	Error   *note  `xml:"error"`
	Skipped *note  `xml:"skipped"`
}

type note struct {
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

// Write writes the Summary as JUnit XML.
func Write(w io.Writer, s *report.Summary, lang string) error {
	c := catalog.For(lang)
	out := suites{Suite: suite{Name: "firstbell", Timestamp: s.Run.Started}}
	out.Suite.Time = strconv.Itoa(s.Run.PeakTo - s.Run.PeakFrom)
	class := "firstbell." + profile(s)
	out.Suite.add(verdictCase(c, s, class))
	if s.Session != nil {
		out.Suite.add(heldCase(c, s, class))
	}
	for _, x := range s.Criteria {
		out.Suite.add(criterionCase(c, x, class))
	}
	for _, g := range s.Validity {
		out.Suite.add(gateCase(c, s, g, class))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *suite) add(t testCase) {
	s.Tests++
	switch {
	case t.Failure != nil:
		s.Failures++
	case t.Error != nil:
		s.Errors++
	case t.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, t)
}

func profile(s *report.Summary) string {
	if s.Run.Profile == "" {
		return "run"
	}
	return s.Run.Profile
}

func verdictCase(c *catalog.Catalog, s *report.Summary, class string) testCase {
	page := c.PageOne(s)
	t := testCase{Class: class, Name: "verdict", Time: strconv.Itoa(s.Run.PlayTo - s.Run.PlayFrom)}
	var body []string
	for _, l := range page.Lead {
		body = append(body, l.String())
	}
	n := &note{page.Verdict, page.Symbol + " " + page.Verdict + "\n" + strings.Join(body, "\n")}
	switch s.Verdict.Value {
	case report.NotReady:
		t.Failure = n
	case report.Inconclusive:
		t.Error = n
	}
	return t
}

// heldCase asks whether the largest storm held is the required one or larger.
// It is skipped where the answer is open and the verdict did not need it.
func heldCase(c *catalog.Catalog, s *report.Summary, class string) testCase {
	t := testCase{Class: class, Name: "capacity " + c.Text("face.held_case"), Time: "0"}
	body := c.Headline(s).String()
	if rates := c.Rates(s).String(); rates != "" {
		body += "\n" + rates
	}
	n := &note{c.HeldLine(s).String(), body}
	status := catalog.HeldStatus(s)
	if status != report.Met && status != report.NotMet && s.Verdict.Value == report.Ready {
		t.Skipped = n
		return t
	}
	t.set(status, n)
	return t
}

func criterionCase(c *catalog.Catalog, x report.Criterion, class string) testCase {
	t := testCase{Class: class, Name: x.ID + " " + c.CriterionName(x), Time: strconv.Itoa(x.Window.To - x.Window.From)}
	body := []string{
		catalog.Mark(x.Status) + " " + c.Text("status."+string(x.Status)) + " (" + c.Text("severity."+x.Severity) + ")",
		c.Text("face.required") + c.Colon() + c.Required(x),
		c.Text("face.measured") + c.Colon() + c.Measured(x),
	}
	if ci := c.Interval(x.CI95, x.Threshold, x.Format); ci != "" {
		body = append(body, c.Text("face.interval")+c.Colon()+ci)
	}
	body = append(body, c.Remarks(x)...)
	t.set(x.Status, &note{body[0], strings.Join(body, "\n")})
	return t
}

// mostLosses are told here; all are in the report.
const mostLosses = 10

func gateCase(c *catalog.Catalog, s *report.Summary, g report.Gate, class string) testCase {
	t := testCase{Class: class, Name: g.ID + " " + c.Text("gate."+g.ID), Time: "0"}
	body := catalog.Mark(g.Status) + " " + c.GateFinding(g)
	if g.ID == "V6" {
		for _, l := range c.FleetLines(s, mostLosses) {
			body += "\n" + l.String()
		}
	}
	t.set(g.Status, &note{c.Text("gate_status." + string(g.Status)), body})
	return t
}

func (t *testCase) set(s report.Status, n *note) {
	switch s {
	case report.Met:
	case report.NotMet:
		t.Failure = n
	default:
		t.Error = n
	}
}
