package main

import (
	"reflect"
	"testing"

	"firstbell/runner/consent"
)

func TestSourcesTowards(t *testing.T) {
	got := sourcesTowards([]consent.Grant{{Addresses: []string{"127.0.0.1", "127.0.0.2"}}, {Addresses: []string{"not an address", "127.0.0.1"}}})
	if want := []string{"127.0.0.1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
