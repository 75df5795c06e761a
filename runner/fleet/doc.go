// Package fleet plays one storm from many machines: a coordinator that holds no
// load, and workers that each play a slice of the people. The storm and its
// numbers are those of one machine, and what a lost machine takes with it is
// said to the person and to the second.
//
// # Who does what
//
// The [Coordinator] knows the whole plan. It waits for its workers, hands each a
// sealed bundle (the scenario, its certificates) and the accounts of its own
// people, agrees with them on one instant, renews their leases while they play,
// takes in their results, and gives a lost worker's future people to the others.
//
// A [Worker] joins with credentials of its own, measures its clock against the
// coordinator's, builds the same plan from the same file and seed (equal digests
// prove it), and plays its slice through the same engine as one machine does.
//
// Neither knows the other's address: both speak over a [Bus]. Package bus is the
// real one (NATS with JetStream); tests use one in memory.
//
// # Slices
//
// Worker w of W plays the people whose id ≡ w mod W. Nobody has to be told who
// comes when: the schedule is a pure function of seed and id. When a worker is
// lost its slice is cut into finer ones (id ≡ r mod W·k) and dealt to the others,
// from an instant on.
//
// # Leases
//
// A worker may load the target only while it holds a lease. Every tick of the
// coordinator carries an instant, in the coordinator's time, until which the
// worker may go on; it is translated by the measured clock offset, made shorter
// by the offset's error. Past that instant no request leaves, whatever the
// process was doing: the guard asks the lease before each request, so a process
// that was frozen wakes up unable to load. The coordinator stops renewing a lease
// when it no longer hears the worker. Once the last lease it gave has expired,
// the worker's accounts and future people may be given to somebody else, and
// nobody is ever played twice.
//
// A lease that expired does not come back: the worker brings its people to an
// end, delivers its results when it can, and takes part again in the next play.
//
// # Results
//
// A worker numbers everything it says about a play (deltas, events, its end),
// writes it to a spool on its own disk and only then signs and publishes it. The
// bus acknowledges after fsync; the spool sends again until then. The coordinator
// verifies, drops what it has already by (worker, number), and appends to the run
// folder. When the coordinator itself dies, its successor reads the stream again
// from the beginning: nothing acknowledged is lost, nothing counts twice.
//
// A worker whose part is over has the time it needs to deliver it, as long as it
// brings something each minute. One that is heard and brings nothing more is called
// lost like any other, with the last second its records speak of as its last sign of
// life: what it keeps would hold everybody, and V6 says what is missing.
//
// # Trust
//
// Every message is signed by its sender over its subject and body, every input is
// sealed to its reader, and the bus gives a worker no more subjects than its own.
// A worker can lie about its own measurements; it cannot write another's, read
// another's accounts, or stop the others.
package fleet
