package main

// explanation is one error code: what it means and what to do. Scenario
// mistakes (FB01xx) are explained by package scenarios.
type explanation struct{ code, title, text string }

// explanations is the closed list of this command's own codes, in order.
func explanations() []explanation {
	return []explanation{
		{"FB0201", "the command line was not understood", `A flag or an argument is unknown, missing or misplaced. Every command has
--help with an example that runs.`},
		{"FB0202", "unknown preset", `"firstbell presets" lists the built-in journeys and storms.`},
		{"FB0203", "a file could not be read or written", `The message carries the system's own reason. Nothing is ever overwritten:
"init --file" wants a new name, a run makes a folder of its own.`},
		{"FB0204", "the scenario cannot be planned", `Nobody comes in the part of the morning that is played, or the population is too
large to number. "firstbell check" prints who comes.`},
		{"FB0205", "a session needs a time criterion", `capacity and certify compute the length of their plateaus from a limit on a
percentile of time to class: the shorter the limit, the shorter the plateau. Add
one under criteria, for example "time_to_class: p(95)<3s".`},
		{"FB0301", "the target has not consented", `firstbell sends no load to a host that has not published a consent file at
/.well-known/firstbell.json. "firstbell consent HOST" prints the file its operator
must publish; "firstbell consent HOST --verify" reads a published one. Loopback
addresses are exempt, unless the scenario says "consent: required" or sends a
loopback address under another name.`},
		{"FB0302", "the plan does not fit this machine", `The storm needs more descriptors, local ports or memory than this process may
have. "firstbell plan" prints the needs. Raise the limit (ulimit -n), play a
shorter part of the morning (--set storm.play=…), keep fewer schools (--scale 25%),
or play it from several machines: "firstbell credentials --help" makes the keys,
"firstbell run --listen" waits for the workers.`},
		{"FB0303", "there are fewer accounts than people", `Two people never share an account at the same moment. Give as many accounts as
people come, or write "reuse: after_end" under accounts so that a settled person
hands theirs on.`},
		{"FB0304", "the accounts are refused before the storm", `A sample of the accounts was tried calmly before the storm, and most were
refused. "firstbell smoke --prove" shows each exchange; check the passwords and
the form's field names.`},
		{"FB0305", "the smoke test did not get in", `One person per persona walks the journey once. The failing hop is printed with
what was expected and what came. Mend the journey, or the target.`},
		{"FB0306", "the file cannot tell a wrong password from a right one", `"smoke --prove" sent one right and one wrong password and could not tell the
answers apart. Add a signature under signatures.bad_credentials with a text of the
page a wrong password gets, and a content proof (text, css or json with ${login})
to the step that carries in_class.`},
		{"FB0307", "the target withdrew its consent", `The consent file was removed, changed or says "stop": true. Nothing is sent any
more. "firstbell consent HOST --verify" reads what the target publishes now.`},
		{"FB0308", "this generator cannot play the storm honestly", `Before a session, the same journeys are played against a sink of our own on this
very machine. The storm's busiest 10 seconds must stay under two thirds of what was
played without delay, or the generator's limits would be taken for the target's.
Use a larger machine, or keep fewer schools in the file.`},
		{"FB0309", "the journey does not replay against our own sink", `The calibration plays the recorded answers of one walk to everybody. A journey that
computes with what the portal sent (a challenge answered, a nonce checked) cannot be
replayed so. Nothing was sent to the target besides the smoke test.`},
		{"FB0401", "the folder is no run", `A run folder holds plan.json, scenario.yaml and deltas/. "firstbell report DIR"
rebuilds the report of such a folder, also of a run that was killed.`},
		{"FB0402", "the run's folder could not be written", `The disk is full, or the folder went away. The load has stopped. What was recorded
before is whole: free some room, then "firstbell report DIR".`},
		{"FB0403", "a session cannot stand for another size", `--other-size takes sessions of capacity or certify that played the same scenario
file against the same target, were told how many servers it had (--servers) and saw
it saturated. "firstbell report FOLDER --servers N" tells a session afterwards.`},
		{"FB0404", "the readings of the servers cannot be used", `--server-metrics takes a CSV with the header time,step,resource,value,ceiling: an
instant with its offset, a step as the report names it, a name of your own, how much
of the resource was taken and how much there is. At most 8 MiB, 200,000 readings and
64 resources; every mistake is named with its line.`},
		{"FB0405", "the session before cannot be compared", `--before takes a session of certify of the same scenario file against the same target
that began before this one and saw the target saturated; --strengthened names the one
step that was given more in between, as the report prints it.`},
		{"FB0501", "the example portal could not start", `The child process of the demonstration did not answer in time. The message
carries its last line.`},
		{"FB0601", "the credentials cannot be read or made", `"firstbell credentials" makes a roster for the coordinator, a file for each worker and
one for the operator. They are secrets: mode 0600, one machine each. A worker's file
opens nothing but its own part of one fleet.`},
		{"FB0602", "nobody is let in from another machine without credentials", `An address that other machines can reach, or a cluster, needs a roster: only those it
names may join, over TLS 1.3. "firstbell credentials --workers 4 --host NAME --out DIR"
makes one. Without it --listen takes loopback addresses only.`},
		{"FB0603", "the fleet cannot be opened or reached", `The embedded server could not start, or the address of --join or --nats does not
answer, or does not take the credentials. The message carries the reason.`},
		{"FB0604", "the fleet refused, or could not begin", `A worker was not let in (unknown key, another version, another fleet), or could not
prepare its part: no consent on its machine, too few descriptors, another schedule
from the same file. The line says which worker and why. No load has left.`},
		{"FB0605", "another coordinator leads this fleet", `A fleet has one coordinator. Its folder under .fleet is locked by the process that
leads it; the lock goes with the process.`},
		{"FB0606", "there are fewer accounts than workers", `Accounts that people hand on to each other are dealt to the workers, each its own.
Every worker needs one account at least for each persona.`},
		{"FB0607", "the coordinator stayed away", `The worker stopped its load within a second of the coordinator's last word and waited
for --linger. What it could not deliver is in its spool: start the same worker again
when the coordinator is back.`},
		{"FB0608", "the run is not under way", `"firstbell stop" and "firstbell fleet" reach runs whose process is alive, by the run's
folder, its id under --out, or "latest".`},
		{"FB0609", "the run has not confirmed that it stopped", `The order was given and nobody has confirmed within 10 s. Press Ctrl-C twice where the
run was started, or end its process: workers that do not hear their coordinator stop
within a second.`},
		{"FB0610", "there is nothing to resume", `"firstbell run --resume DIR" closes the run of a fleet whose coordinator was killed. A
run that one process played, or that has ended, needs only "firstbell report DIR". A
session of capacity or certify goes on with its own command.`},
	}
}
