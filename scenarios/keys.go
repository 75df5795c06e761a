package scenarios

// The tables below are the file's vocabulary, in one place: the decoder refuses
// every key that is not here, and [Schema] is drawn from them. A test checks
// that the decoder reads every key and no other.

// mapping is one kind of mapping in the file.
type mapping struct {
	name  string // of its definition in the schema
	what  string // in messages
	doc   string
	keys  []key
	extra shape // shape of the values under free names; nil when there are none
}

// key is one known name of a mapping.
type key struct {
	name     string
	is       shape
	doc      string
	required bool
	example  string
}

// shape is a fragment of JSON Schema.
type shape map[string]any

func (m *mapping) names() []string {
	names := make([]string, len(m.keys))
	for i, k := range m.keys {
		names[i] = k.name
	}
	return names
}

func pattern(p string) shape      { return shape{"type": "string", "pattern": p} }
func enum(v ...string) shape      { return shape{"enum": v} }
func ref(name string) shape       { return shape{"$ref": "#/$defs/" + name} }
func listOf(s shape) shape        { return shape{"type": "array", "items": s} }
func oneOrMore(s shape) shape     { return either(s, listOf(s)) }
func either(s ...shape) shape     { return shape{"anyOf": s} }
func mapOf(s shape) shape         { return shape{"type": "object", "additionalProperties": s} }
func whole(least, most int) shape { return shape{"type": "integer", "minimum": least, "maximum": most} }
func exactly(v any) shape         { return shape{"const": v} }
func described(s shape, d string) shape {
	out := shape{"description": d}
	for k, v := range s {
		out[k] = v
	}
	return out
}

var (
	text     = shape{"type": []string{"string", "number", "boolean"}}
	anyText  = shape{"type": []string{"string", "number", "boolean", "null"}}
	fieldMap = mapOf(either(anyText, listOf(anyText))) // a list sends a field several times
	boolean  = shape{"type": "boolean"}
	duration = either(pattern(`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`), exactly(0))
	share    = pattern(`^[0-9]+(\.[0-9]+)? ?%$`)
	clock    = pattern(`^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$`)
	window   = pattern(`^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?-[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$`)
	day      = pattern(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	address  = pattern(`^https?://`)
	perSec   = pattern(`^[0-9]+(\.[0-9]+)? ?/ ?s$`)
	thinking = either(duration, exactly("none"), ref("think"))
)

var fileTable = &mapping{name: "file", what: "the file", doc: "A firstbell scenario: who comes, when, what they do, how a good page is proved, what ready means.", keys: []key{
	{name: "version", is: exactly(1), required: true, example: "1", doc: "Version of this language."},
	{name: "name", is: text, doc: "Title of the report. Default: the target's host."},
	{name: "about", is: ref("about"), doc: "What a person declares around the test."},
	{name: "target", is: address, required: true, example: "https://ent.preprod.example", doc: "Where addresses in the steps start: scheme, host, port."},
	{name: "hosts", is: mapOf(address), doc: "name → address: the only other hosts ever contacted. The names are variables and the organisations of the report."},
	{name: "tls", is: ref("tls"), doc: "How servers are trusted."},
	{name: "resolve", is: mapOf(text), doc: "host → IP address: a staging under the production name."},
	{name: "proxy", is: address, doc: "Explicit forward proxy. The environment is never read."},
	{name: "basic_auth", is: ref("basic_auth"), doc: "HTTP Basic in front of the staging."},
	{name: "consent", is: enum("required"), doc: "required: ask for the consent file on loopback too."},
	{name: "accounts", is: ref("accounts"), required: true, example: "{csv: accounts.csv, synthetic: true}", doc: "What people sign in with; one person at a time."},
	{name: "population", is: either(whole(1, maxPeople), listOf(ref("cohort"))), doc: "A number of people, or groups by persona, region and level. Default: the rows of the CSV."},
	{name: "storm", is: either(text, ref("storm")), doc: "When they come: a profile's name, or a mapping. Default: 2021-04-06."},
	{name: "personas", is: mapOf(ref("persona")), doc: "Kinds of people. Default: one pupil who walks every journey that no other journey uses, in equal shares."},
	{name: "journeys", is: mapOf(listOf(ref("step"))), required: true, example: "{login: [...]}", doc: "Named lists of steps."},
	{name: "patience", is: either(text, ref("patience")), doc: "How people wait, refresh and give up: a named set or own values. Default: morning-2021."},
	{name: "signatures", is: ref("signatures"), doc: "How this site's quota, waiting, error and refusal pages look; added to the built-in ones."},
	{name: "criteria", is: ref("criteria"), doc: "What is judged, fixed before the run. Without any the verdict is inconclusive."},
	{name: "limits", is: ref("limits"), doc: "What the run may do at most."},
}}

var aboutTable = &mapping{name: "about", what: "about", doc: "Declarations printed in the report; a missing one prints as not declared.", keys: []key{
	{name: "required_by", is: text, doc: "Who chose the required size and the criteria."},
	{name: "tester", is: text, doc: "Who tests."},
	{name: "staging", is: text, doc: "Staging compared with production, in a sentence."},
	{name: "staging_by", is: text, doc: "Who declares that comparison."},
	{name: "version", is: text, doc: "Version of the portal under test."},
	{name: "valid_until", is: day, doc: "Date after which the result should not be used."},
}}

var tlsTable = &mapping{name: "tls", what: "tls", doc: "How servers are trusted.", keys: []key{
	{name: "ca", is: text, doc: "PEM file of the authority that signed the staging's certificate. Default: the system's."},
	{name: "cert", is: text, doc: "PEM file of a client certificate."},
	{name: "key", is: text, doc: "PEM file of its key."},
	{name: "insecure", is: boolean, doc: "true: certificates are not verified, which the report says."},
	{name: "http", is: shape{"enum": []any{1.1, "1.1"}}, doc: "HTTP version; 1.1 for now."},
}}

var basicTable = &mapping{name: "basic_auth", what: "basic_auth", doc: "HTTP Basic in front of the staging.", keys: []key{
	{name: "user", is: text, required: true, example: "staging", doc: "User name."},
	{name: "password", is: text, required: true, example: `"${env.STAGING_PASSWORD}"`, doc: "Must come from the environment: ${env.NAME}."},
}}

var accountsTable = &mapping{name: "accounts", what: "accounts", doc: "What people sign in with.", keys: []key{
	{name: "csv", is: text, doc: "CSV file with columns login and password, maybe persona and others; each column is a variable."},
	{name: "generate", is: ref("generate"), doc: "Accounts made from a number."},
	{name: "synthetic", is: exactly(true), required: true, example: "true", doc: "Declares that no account belongs to a real person."},
	{name: "reuse", is: enum("never", "after_end"), doc: "after_end: a settled person hands the account on. Default: never."},
}}

var generateTable = &mapping{name: "generate", what: "accounts.generate", doc: "Accounts made from a number; further keys are further columns.", extra: text, keys: []key{
	{name: "count", is: whole(1, maxPeople), required: true, example: "20000", doc: "How many; ${n} runs from 1 to count."},
	{name: "login", is: text, required: true, example: `"eleve${n}"`, doc: "Template over ${n} and ${env.NAME}."},
	{name: "password", is: text, required: true, example: `"${env.TEST_PASSWORD}-${n}"`, doc: "Template over ${n} and ${env.NAME}."},
}}

var cohortTable = &mapping{name: "cohort", what: "population", doc: "People of one kind in one place.", keys: []key{
	{name: "persona", is: text, required: true, example: "eleve", doc: "A name under personas."},
	{name: "region", is: text, doc: "Region, a dimension of the report."},
	{name: "level", is: text, doc: "Level of school, a dimension of the report."},
	{name: "people", is: whole(1, maxPeople), required: true, example: "60000", doc: "Accounts in existence."},
	{name: "show_up", is: share, doc: "Share that comes that morning. Default: the profile's, by role."},
}}

var stormTable = &mapping{name: "storm", what: "storm", doc: "Who comes when.", keys: []key{
	{name: "profile", is: text, doc: "2021-04-06, 2020-03-16 or monday."},
	{name: "date", is: day, doc: "Date of the morning replayed, for the report."},
	{name: "play", is: window, doc: "The part of the morning that is played, at its real pace. Default: the profile's."},
	{name: "peak", is: window, doc: "Where criteria are judged. Default: the busiest 5 minutes of play."},
	{name: "curve", is: mapOf(share), doc: "window → share of those who come that start in it; in order, at most 100% together."},
	{name: "bells", is: listOf(clock), doc: "Starts of class."},
	{name: "batches", is: ref("batches"), doc: "The class effect inside an interval: a teacher says now."},
	{name: "show_up", is: ref("show_up"), doc: "Share that comes, by role."},
	{name: "background", is: text, doc: "What else went on, a sentence for the report."},
}}

var showUpTable = &mapping{name: "show_up", what: "storm.show_up", doc: "Share that comes, by role.", keys: []key{
	{name: "pupil", is: share, doc: "Of the pupils."}, {name: "parent", is: share, doc: "Of the parents."},
	{name: "teacher", is: share, doc: "Of the teachers."}, {name: "staff", is: share, doc: "Of the other staff."},
}}

var batchesTable = &mapping{name: "batches", what: "storm.batches", doc: "Classes that come at once.", keys: []key{
	{name: "share", is: share, doc: "Share of classes that come as one batch. Default 45%."},
	{name: "mean", is: duration, doc: "Mean of the exponential delay after the class start. Default 3s."},
	{name: "class", is: whole(1, 10000), doc: "People per class. Default 30."},
	{name: "school", is: whole(1, 1000000), doc: "People per school. Default 600."},
}}

var personaTable = &mapping{name: "persona", what: "persona", doc: "A kind of person.", keys: []key{
	{name: "role", is: enum("pupil", "parent", "teacher", "staff"), doc: "Picks patience and show-up. Default: from the persona's name (eleve, parent, enseignant, personnel…), else pupil."},
	{name: "device", is: either(text, mapOf(share)), doc: "desktop and mobile, in shares. A label for now."},
	{name: "think", is: thinking, doc: "Time before each step that has no pause of its own; none before a journey's first step."},
	{name: "journeys", is: either(text, listOf(text), mapOf(share)), doc: "Journeys walked, in shares."},
}}

var thinkTable = &mapping{name: "think", what: "a think time", doc: "A log-normal time.", keys: []key{
	{name: "median", is: duration, required: true, example: "8s", doc: "Half are shorter."},
	{name: "p95", is: duration, doc: "95 in 100 are shorter. Default: the median, a fixed time."},
}}

var requestKeys = []key{
	{name: "get", is: text, doc: "Address to GET: a path from target, or an absolute address of a host of the scenario."},
	{name: "post", is: text, doc: "Address to POST to."},
	{name: "put", is: text, doc: "Address to PUT to."},
	{name: "patch", is: text, doc: "Address to PATCH."},
	{name: "delete", is: text, doc: "Address to DELETE."},
	{name: "name", is: text, doc: "Name in the report. Default: number, verb and path."},
	{name: "query", is: fieldMap, doc: "Query parameters, encoded, after those of the address."},
	{name: "headers", is: mapOf(anyText), doc: "Request headers."},
	{name: "form", is: fieldMap, doc: "Body as an urlencoded form."},
	{name: "json", is: shape{}, doc: "Body as JSON: a mapping, a list, or a text that is JSON already."},
	{name: "expect", is: ref("matcher"), doc: "What proves success. Default: a 2xx that no signature claims; for a call, a status below 400."},
	{name: "capture", is: mapOf(ref("capture")), doc: "Values taken out of the page."},
}

var callTable = &mapping{name: "call", what: "a call", doc: "What a page's script asks for; the calls of a page go in parallel.", keys: requestKeys}

var stepTable = &mapping{name: "step", what: "a step", doc: "One page: exactly one of get, post, put, patch, delete, submit, use.", keys: append([]key{
	{name: "submit", is: either(fieldMap, shape{"type": "null"}), doc: "Fill these fields of the form on the page and send it; {} sends a form as it is."},
	{name: "use", is: text, doc: "Walk the steps of another journey here."},
	{name: "in", is: text, doc: "submit: CSS of the form, when several hold the fields."},
	{name: "button", is: text, doc: "submit: name of the button pressed. Default: the form's default button."},
	{name: "follow", is: enum("never"), doc: "never: stop at the first answer, do not follow its redirect."},
	{name: "cookies", is: enum("none"), doc: "none: send and store no cookie, as another server would."},
	{name: "values", is: mapOf(anyText), doc: "Names given to texts before the request, in order; so that a filter can stand on a whole text."},
	{name: "pause", is: thinking, doc: "Time before the step. Default: the persona's think time."},
	{name: "timeout", is: duration, doc: "Longest time for the step. Default 60s."},
	{name: "if", is: ref("matcher"), doc: "Looks at the page before; false skips the step."},
	{name: "until", is: ref("matcher"), doc: "Repeat the step until the page matches."},
	{name: "every", is: duration, doc: "Time between two repetitions."},
	{name: "times", is: whole(1, 100000), doc: "Highest number of repetitions; without until, the number."},
	{name: "calls", is: listOf(either(text, ref("call"))), doc: "What the page's scripts ask for, in parallel; a text is a GET."},
	{name: "assets", is: enum("none", "cold", "warm"), doc: "Files named by the page: cold fetches all, warm those not fetched before. Default none."},
	{name: "in_class", is: boolean, doc: "true: time to class ends here. On one step of every journey."},
}, requestKeys...)}

var captureTable = &mapping{name: "capture", what: "a capture", doc: "Exactly one source.", keys: []key{
	{name: "css", is: text, doc: "Text of the first node, or of an attribute: sel @attr."},
	{name: "regex", is: text, doc: "First group on the page's source."},
	{name: "json", is: text, doc: "gjson path."},
	{name: "header", is: text, doc: "Response header."},
	{name: "via", is: text, doc: "First group on the address of any hop."},
}}

var matcherTable = &mapping{name: "matcher", what: "a matcher", doc: "Looks at a page; its keys are joined by and.", keys: []key{
	{name: "text", is: oneOrMore(ref("pattern")), doc: "In the visible text and title, entities decoded, spaces collapsed, ’ as '; a text with < in it looks at the source."},
	{name: "css", is: oneOrMore(text), doc: "A node that matches the selector."},
	{name: "json", is: either(text, listOf(text), mapOf(anyText)), doc: "A gjson path that exists, or path → value."},
	{name: "url", is: oneOrMore(ref("pattern")), doc: "In the final address."},
	{name: "via", is: oneOrMore(ref("pattern")), doc: "In the address of any hop, the Location of an unfollowed redirect included."},
	{name: "status", is: oneOrMore(either(whole(100, 599), pattern("^[1-5]xx$"))), doc: "Any of these."},
	{name: "cookie", is: oneOrMore(text), doc: "Cookies the person holds now, by name."},
	{name: "header", is: either(text, listOf(text), mapOf(ref("pattern"))), doc: "Response headers that are present, or name → what they hold."},
	{name: "smaller", is: either(whole(1, 1<<30), pattern(`^[0-9]+ ?(B|kB|KB|MB)$`)), doc: "Body below this size."},
	{name: "not", is: ref("matcher"), doc: "None of this."},
}}

var patternTable = &mapping{name: "regex", what: "a pattern", doc: "A regular expression in place of a literal.", keys: []key{
	{name: "regex", is: text, required: true, example: `"Bonjour .*"`, doc: "RE2."},
}}

var patienceTable = &mapping{name: "patience", what: "patience", doc: "How people wait, refresh and give up; what is absent comes from the profile.", keys: []key{
	{name: "profile", is: enum("morning-2021", "none"), doc: "Where the other values come from. Default: morning-2021."},
	{name: "wait", is: thinking, doc: "On a slow page before a refresh."},
	{name: "impatient", is: ref("impatient"), doc: "Those who refresh sooner."},
	{name: "after_error", is: thinking, doc: "Before trying again after an error or a blank page."},
	{name: "quota", is: ref("quota_patience"), doc: "After a page that says come back later."},
	{name: "tries", is: whole(1, 1000), doc: "Median number of tries (geometric)."},
	{name: "tries_teacher", is: whole(1, 1000), doc: "The same for teachers."},
	{name: "hard_stop", is: duration, doc: "Nobody tries longer than this…"},
	{name: "late_stop", is: duration, doc: "…except a few, who try this long."},
	{name: "late_share", is: share, doc: "Who those few are."},
}}

var impatientTable = &mapping{name: "impatient", what: "patience.impatient", doc: "Those who refresh sooner.", keys: []key{
	{name: "share", is: share, doc: "Share of people. Default 25%."}, {name: "wait", is: duration, doc: "How long they wait. Default 3s."},
}}

var quotaTable = &mapping{name: "quota_patience", what: "patience.quota", doc: "After a quota page.", keys: []key{
	{name: "obey", is: share, doc: "Share that waits as told. Default 50%."},
	{name: "wait", is: duration, doc: "What they are told. Default 180s."},
	{name: "spread", is: duration, doc: "Plus or minus. Default 30s."},
	{name: "retry_from", is: duration, doc: "The others come back after this… Default 10s."},
	{name: "retry_to", is: duration, doc: "…to this. Default 30s."},
}}

var limitsTable = &mapping{name: "limits", what: "limits", doc: "What the run may do at most, in the consent's words.", keys: []key{
	{name: "requests", is: perSec, doc: "Highest requests per second over all hosts."},
	{name: "connections", is: perSec, doc: "Highest new connections per second."},
	{name: "ends_after", is: duration, doc: "Wall-clock end. Default: play + drain + 1 minute."},
	{name: "drain", is: duration, doc: "Time after the last arrival. Default 60s, more where the time criterion or slow typing needs it."},
	{name: "dials", is: whole(1, 1000000), doc: "Connections being opened at once. Default: computed."},
}}

var criterionTable = &mapping{name: "criterion", what: "a criterion", doc: "A criterion with a severity.", keys: []key{
	{name: "pass", is: text, required: true, example: "rate<1%", doc: "rate<1%, rate>=99.5%, p(95)<10s."},
	{name: "severity", is: enum("blocking", "major", "minor"), doc: "Default blocking."},
}}

var criteriaTable = criteriaMapping()

func criteriaMapping() *mapping {
	m := &mapping{name: "criteria", what: "criteria", doc: "What is judged.", keys: []key{
		{name: "in_time", is: duration, doc: "In class within this of the first click, else late. Default 10s."},
		{name: "worst", is: oneOrMore(enum("region", "level", "persona")), doc: "The criteria must hold in the worst group of each dimension too."},
	}}
	one := either(pattern(`^(rate|p\()`), ref("criterion"))
	for _, r := range metrics {
		name := string(r.metric)
		if r.metric == MetricInTime { // the key in_time is the limit; its rate has a name of its own
			name = "in_time_rate"
		}
		m.keys = append(m.keys, key{name: name, is: oneOrMore(one), doc: r.doc})
	}
	return m
}

// metrics lists what a criterion can measure.
var metrics = []struct {
	metric Metric
	doc    string
}{
	{MetricInClass, "Share in class, in time or late."},
	{MetricInTime, "Share in class in time."},
	{MetricLate, "Share in class late."},
	{MetricWaitingRoom, "Share left on a waiting page."},
	{MetricQuota, "Share refused by a quota page."},
	{MetricBlank, "Share left on a blank page."},
	{MetricError, "Share that met an error."},
	{MetricTimeout, "Share that got no answer in time."},
	{MetricUnreachable, "Share that got no connection."},
	{MetricLost, "Share that gave up."},
	{MetricMidWork, "Share of those in class that lost their work."},
	{MetricTimeToClass, "Percentile of time to class, those never in class included."},
	{MetricNever, "Share not in class by the end."},
}

var signaturesTable = signaturesMapping()

func signaturesMapping() *mapping {
	m := &mapping{name: "signatures", what: "signatures", doc: "class → matcher, or a list of matchers joined by or."}
	for _, c := range classes {
		m.keys = append(m.keys, key{name: string(c.class), is: oneOrMore(ref("matcher")), doc: c.doc})
	}
	return m
}

// classes in the order they are tried in when several match.
var classes = []struct {
	class Class
	doc   string
}{
	{ClassQuota, "Come back later: counted as quota."},
	{ClassProfileBlocked, "This kind of person is shut out for now: counted as quota."},
	{ClassWaitingRoom, "A waiting page; its own refresh is obeyed."},
	{ClassBadCredentials, "Wrong login or password: invalid."},
	{ClassLocked, "Account locked: invalid."},
	{ClassThrottled, "Too many requests from here."},
	{ClassChallenge, "Taken for an attacker: captcha, firewall page."},
	{ClassOutage, "Announced outage."},
	{ClassFederation, "The identity federation failed."},
	{ClassStaleForm, "A one-time token was refused."},
	{ClassBackendDown, "A server behind the portal is down."},
	{ClassError, "Error page of the application."},
	{ClassBlank, "A page without its content."},
}

// maxPeople bounds numbers of people and of accounts.
const maxPeople = 20_000_000

// tables lists every mapping, for the schema and for the tests.
func tables() []*mapping {
	return []*mapping{fileTable, aboutTable, tlsTable, basicTable, accountsTable, generateTable, cohortTable,
		stormTable, showUpTable, batchesTable, personaTable, thinkTable, stepTable, callTable, captureTable,
		matcherTable, patternTable, patienceTable, impatientTable, quotaTable, limitsTable, criterionTable,
		criteriaTable, signaturesTable}
}
