package scenarios

// The codes of the mistakes a file can hold; `firstbell explain` prints them.
const (
	codeSyntax     = "FB0101"
	codeQuoteIt    = "FB0102"
	codeUnknownKey = "FB0103"
	codeDuplicate  = "FB0104"
	codeMissing    = "FB0105"
	codeKind       = "FB0106"
	codeDuration   = "FB0107"
	codePercent    = "FB0108"
	codeTime       = "FB0109"
	codeNumber     = "FB0110"
	codeClosed     = "FB0111"
	codeAddress    = "FB0112"
	codeTemplate   = "FB0113"
	codeVariable   = "FB0114"
	codeName       = "FB0115"
	codeRegex      = "FB0116"
	codeCSS        = "FB0117"
	codeJSONPath   = "FB0118"
	codeStep       = "FB0119"
	codeInClass    = "FB0120"
	codeNoProof    = "FB0121"
	codeSynthetic  = "FB0122"
	codeCSV        = "FB0123"
	codeCriterion  = "FB0124"
	codeGroups     = "FB0125"
	codeHeader     = "FB0126"
	codeShares     = "FB0127"
	codeTooBig     = "FB0128"
	codeAlias      = "FB0129"
	codeSet        = "FB0130"
	codeTLSFile    = "FB0131"
	codeFewer      = "FB0132"
	codeEnv        = "FB0133"
	codeScope      = "FB0134"
	codeSecret     = "FB0135"
	codeWindow     = "FB0136"
)

// CodeDoc explains one code in full.
type CodeDoc struct {
	Code, Title, Text string
}

// Codes lists every code a scenario file can be refused with, in order.
func Codes() []CodeDoc {
	return []CodeDoc{
		{codeSyntax, "not YAML", "The text is not valid YAML at this place. Common causes: a tab in the indentation, a missing quote or bracket, a key less indented than its neighbours."},
		{codeQuoteIt, "quote it", "Inside { } and [ ] YAML reads the brace of ${name} as its own. Put the value in double quotes: {email: \"${login}\"}."},
		{codeUnknownKey, "unknown key", "The file has a closed list of keys (firstbell schema prints it). An unknown key is refused, because a misspelt one would silently change what is tested."},
		{codeDuplicate, "key given twice", "A key stands twice in the same mapping. Keep one."},
		{codeMissing, "key missing", "Only version, target, accounts and journeys are required in the file; some mappings have required keys of their own."},
		{codeKind, "another kind of value expected", "A text stands where a list or a mapping is expected, or the other way round."},
		{codeDuration, "not a duration", "Durations carry a unit, as Go writes them: 300ms, 90s, 5m, 1h30m. A bare number is refused because seconds and milliseconds are confused too easily."},
		{codePercent, "not a percentage", "Shares are written with a percent sign: 40%, 99.5%."},
		{codeTime, "not a time of day", "Times of day are 08:55 or 08:55:30; windows are 08:55-09:05."},
		{codeNumber, "not a number, or out of range", "A whole number in the range named by the message is expected."},
		{codeClosed, "not on the closed list", "The key takes one of a few words; the message lists them."},
		{codeAddress, "not a usable address", "target and hosts are scheme://host[:port], http or https, without path, user or query. Steps take a path or an absolute address of a host of the scenario."},
		{codeTemplate, "template not understood", "Variables are ${name} or ${name|filter}; filters are sha256_base64url, sha1_hex and base64. A literal ${ is written $${."},
		{codeVariable, "unknown variable", "A variable is a CSV column, a captured name that an earlier step sets, a value, target, a host's name, cookie.NAME, env.NAME or random.NAME."},
		{codeName, "unknown name", "The name of a persona, a journey or a profile is not defined."},
		{codeRegex, "regular expression not understood", "Expressions are RE2 (Go's syntax): no look-ahead and no back-references. A captured value is the first group."},
		{codeCSS, "CSS selector not understood", "Selectors are CSS level 3 and 4 as far as the cascadia library knows them; a capture may end with @attribute."},
		{codeJSONPath, "JSON path not understood", "Paths are gjson paths: a.b.0.c."},
		{codeStep, "step not coherent", "A step has exactly one verb, and only the keys that go with it."},
		{codeInClass, "in_class", "Every journey a persona walks has in_class: true on exactly one step: where time to class ends."},
		{codeNoProof, "in class without proof", "An address or a status proves nothing: the quota page of 2021 had the right address and HTTP 200. The in_class step, or one of its calls, must expect text, css or json."},
		{codeSynthetic, "accounts not declared synthetic", "A load test signs in thousands of times; it must never use the account of a real pupil. Declare accounts: {synthetic: true} once the accounts were made for the test."},
		{codeCSV, "accounts file", "The accounts file is a CSV in UTF-8 with the columns login and password, separated by commas or semicolons, one account a line."},
		{codeCriterion, "criterion not understood", "Criteria are rate<1%, rate>=99.5% or p(95)<10s."},
		{codeGroups, "too many groups", "Up to 256 groups (region × level × persona) are kept apart; worst cannot be judged when groups would be folded together."},
		{codeHeader, "header not allowed", "Host, Content-Length, Cookie, User-Agent and Firstbell-Run are the tool's own: the target must be able to trust them, and the consent is asked of the host really loaded."},
		{codeShares, "shares do not add up", "The shares of a list add up to 100%."},
		{codeTooBig, "file too large", "A scenario file has at most 1 MiB and an accounts file at most 256 MiB."},
		{codeAlias, "anchors and tags are not used here", "YAML anchors (&x), aliases (*x), merges (<<) and tags (!x) are refused: a small file could unfold to a huge one. Journeys are shared with use."},
		{codeSet, "--set not understood", "--set takes path=value: storm.play=08:58-09:01, journeys.connexion[2].pause=3s (steps count from 1), resolve.\"ent.example\"=127.0.0.1."},
		{codeTLSFile, "certificate file", "ca, cert and key are PEM files beside the scenario file."},
		{codeFewer, "fewer accounts than people", "An account serves one person at a time. Give more accounts, or say accounts: {reuse: after_end} so that a settled person hands the account on."},
		{codeEnv, "environment variable not set", "${env.NAME} reads the environment when the file is read; the variable must be set, empty or not."},
		{codeScope, "host not in the scenario", "Only target and the hosts listed under hosts are ever contacted."},
		{codeSecret, "secret in the file", "The file is copied into the run folder. Give the password through the environment: \"${env.STAGING_PASSWORD}\"."},
		{codeWindow, "windows of the storm", "play lies inside the curve, peak inside play; the intervals of a curve are in order and do not overlap."},
	}
}

// Explain finds a code's explanation.
func Explain(code string) (CodeDoc, bool) {
	for _, c := range Codes() {
		if c.Code == code {
			return c, true
		}
	}
	return CodeDoc{}, false
}
