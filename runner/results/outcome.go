package results

// Outcome is how an attempt, or a person, ended. The set is closed: every
// started person has exactly one, and the counts add up to the unit.
type Outcome uint8

const (
	NoOutcome   Outcome = iota
	InTime              // in class within the criterion's time
	Late                // in class after it
	WaitingRoom         // on a waiting page
	Quota               // announced refusal, "come back later"
	Blank               // a page without its content
	Error               // the server's failure
	Timeout             // nothing within the wait
	Unreachable         // no connection
	Invalid             // rejected login or locked account: the test's own fault
	Unfinished          // in flight when the run stopped
	NotSent             // never left the generator
	outcomes
)

// OutcomeCount is the length of an array indexed by Outcome.
const OutcomeCount = int(outcomes)

// Reason says why, in a closed list with stable snake_case names.
type Reason uint8

const (
	NoReason Reason = iota // in class

	// waiting_room
	ReasonWaitingPage // still on the waiting page
	ReasonLobby       // `until` never came true

	// quota
	ReasonQuotaPage      // a quota page, whatever its status
	ReasonProfileBlocked // refused for this profile

	// blank
	ReasonEmptyPage        // HTML without its content
	ReasonShellCallsFailed // a good shell whose calls were refused by the server
	ReasonShellCallsLost   // a good shell whose calls were never answered (not answered)

	// error
	ReasonServerError       // 5xx
	ReasonClientError       // 4xx
	ReasonBackendDown       // 502, 503, 504, or a page that says so
	ReasonOutage            // announced outage
	ReasonAppError          // error page of the application
	ReasonExpectation       // an answer, but not the page expected
	ReasonLoginAgain        // the form just submitted came back
	ReasonFederationFailed  // no ticket, no assertion, no code
	ReasonStaleForm         // one-time token refused
	ReasonNoForm            // no form, or several, on a page that must hold one
	ReasonRedirectLoop      // more than 20 redirects
	ReasonThrottled         // 429 or 423 per client
	ReasonChallenge         // taken for an attacker
	ReasonOutOfScope        // sent to a host outside the scenario
	ReasonBadResponse       // not HTTP
	ReasonCaptureMissing    // a value the journey needs is not there
	ReasonRejectedAfterGood // "wrong password" to an account that has worked
	ReasonRefusedUnderLoad  // "wrong password", and accepted when tried calmly afterwards
	ReasonWrongIdentity     // somebody else's page

	// timeout (not answered)
	ReasonImpatient   // the person refreshed or closed the page
	ReasonStepTimeout // nothing within the step's timeout
	ReasonConnectTimeout

	// unreachable (not answered)
	ReasonRefused
	ReasonReset
	ReasonClosed // the connection ended in mid-answer
	ReasonDNS
	ReasonTLS
	ReasonNoRoute

	// invalid
	ReasonBadCredentials
	ReasonLocked

	// unfinished
	ReasonInFlight   // between two clicks or waiting for an answer
	ReasonUnobserved // a lost worker's people

	// not_sent
	ReasonGenerator    // the generator could not
	ReasonConsentLimit // over the limit the target consented to
	ReasonCut          // the run stopped before
	ReasonWorkerLost
	ReasonUnprepared // an isolation had no browser prepared for the step
	reasons
)
