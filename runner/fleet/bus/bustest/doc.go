// Package bustest starts external NATS clusters for tests: three servers with
// JetStream in processes of their own, on loopback, that can be killed one by one.
//
// The processes are the test binary itself, so a package that uses it calls
// [RunNode] first thing in its TestMain.
package bustest
