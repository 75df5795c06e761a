package results

var outcomeNames = [outcomes]string{
	"", "in_time", "late", "waiting_room", "quota", "blank", "error",
	"timeout", "unreachable", "invalid", "unfinished", "not_sent",
}

// String is the outcome's key in summary.json.
func (o Outcome) String() string {
	if o >= outcomes {
		return "unknown"
	}
	return outcomeNames[o]
}

// reasonInfo is one row of the closed list.
type reasonInfo struct {
	name     string
	outcome  Outcome
	answered bool // the server gave a complete answer
}

var reasonTable = [reasons]reasonInfo{
	NoReason:                {"", NoOutcome, true},
	ReasonWaitingPage:       {"waiting_page", WaitingRoom, true},
	ReasonLobby:             {"lobby", WaitingRoom, true},
	ReasonQuotaPage:         {"quota_page", Quota, true},
	ReasonProfileBlocked:    {"profile_blocked", Quota, true},
	ReasonEmptyPage:         {"empty_page", Blank, true},
	ReasonShellCallsFailed:  {"shell_calls_failed", Blank, true},
	ReasonShellCallsLost:    {"shell_calls_lost", Blank, false},
	ReasonServerError:       {"server_error", Error, true},
	ReasonClientError:       {"client_error", Error, true},
	ReasonBackendDown:       {"backend_down", Error, true},
	ReasonOutage:            {"outage", Error, true},
	ReasonAppError:          {"app_error", Error, true},
	ReasonExpectation:       {"expectation", Error, true},
	ReasonLoginAgain:        {"login_again", Error, true},
	ReasonFederationFailed:  {"federation_failed", Error, true},
	ReasonStaleForm:         {"stale_form", Error, true},
	ReasonNoForm:            {"no_form", Error, true},
	ReasonRedirectLoop:      {"redirect_loop", Error, true},
	ReasonThrottled:         {"throttled", Error, true},
	ReasonChallenge:         {"challenge", Error, true},
	ReasonOutOfScope:        {"out_of_scope", Error, false},
	ReasonBadResponse:       {"bad_response", Error, false},
	ReasonCaptureMissing:    {"capture_missing", Error, true},
	ReasonRejectedAfterGood: {"rejected_after_good", Error, true},
	ReasonRefusedUnderLoad:  {"refused_under_load", Error, true},
	ReasonWrongIdentity:     {"wrong_identity", Error, true},
	ReasonImpatient:         {"impatient", Timeout, false},
	ReasonStepTimeout:       {"step_timeout", Timeout, false},
	ReasonConnectTimeout:    {"connect_timeout", Timeout, false},
	ReasonRefused:           {"refused", Unreachable, false},
	ReasonReset:             {"reset", Unreachable, false},
	ReasonClosed:            {"closed", Unreachable, false},
	ReasonDNS:               {"dns", Unreachable, false},
	ReasonTLS:               {"tls", Unreachable, false},
	ReasonNoRoute:           {"no_route", Unreachable, false},
	ReasonBadCredentials:    {"bad_credentials", Invalid, true},
	ReasonLocked:            {"locked", Invalid, true},
	ReasonInFlight:          {"in_flight", Unfinished, false},
	ReasonUnobserved:        {"unobserved", Unfinished, false},
	ReasonGenerator:         {"generator", NotSent, false},
	ReasonConsentLimit:      {"consent_limit", NotSent, false},
	ReasonCut:               {"cut", NotSent, false},
	ReasonWorkerLost:        {"worker_lost", NotSent, false},
	ReasonUnprepared:        {"unprepared", NotSent, false},
}

// String is the reason's stable name; "" for NoReason.
func (r Reason) String() string {
	if r >= reasons {
		return "unknown"
	}
	return reasonTable[r].name
}

// Outcome is the outcome a reason belongs to.
func (r Reason) Outcome() Outcome {
	if r >= reasons {
		return NoOutcome
	}
	return reasonTable[r].outcome
}

// Answered reports whether the server gave a complete answer: only these count
// as its own refusals when a gate has failed.
func (r Reason) Answered() bool { return r < reasons && reasonTable[r].answered }

// Outcomes lists the closed set, in the stacking order of the report's charts.
func Outcomes() []Outcome {
	list := make([]Outcome, 0, outcomes-1)
	for o := InTime; o < outcomes; o++ {
		list = append(list, o)
	}
	return list
}

// Reasons lists the closed set, by outcome.
func Reasons() []Reason {
	list := make([]Reason, 0, reasons-1)
	for r := NoReason + 1; r < reasons; r++ {
		list = append(list, r)
	}
	return list
}

// ParseOutcome finds an outcome by its name.
func ParseOutcome(name string) (Outcome, bool) {
	for _, o := range Outcomes() {
		if outcomeNames[o] == name {
			return o, true
		}
	}
	return NoOutcome, false
}

// ParseReason finds a reason by its name; "" is NoReason.
func ParseReason(name string) (Reason, bool) {
	for r := range reasons {
		if reasonTable[r].name == name {
			return r, true
		}
	}
	return NoReason, false
}
