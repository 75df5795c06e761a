// Package bus carries a fleet's messages over NATS: a server inside the
// coordinator's process by default, an external cluster otherwise. It is the only
// package that knows NATS; package fleet declares the interface it implements.
package bus
