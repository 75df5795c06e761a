package main

import (
	"reflect"
	"testing"

	"firstbell/runner/consent"
)

func TestSourcesTowards(t *testing.T) {
	got := sourcesTowards([]consent.Grant{{Addresses: []string{"127.0.0.1", "127.0.0.2"}}, {Addresses: []string{"127.0.0.1"}}, {Exempt: true, Origin: "http://localhost:8480"}, {Exempt: true, Origin: "::"}})
	if want := []string{"127.0.0.1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
