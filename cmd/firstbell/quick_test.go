//go:build !slow

package main

// manyAtOnce has nothing to do for tests that compute.
func manyAtOnce() {}
