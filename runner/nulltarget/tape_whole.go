package nulltarget

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"firstbell/runner"
)

// script is what a player needs of a tape besides the answers: who plays, and which
// address has which answers.
type script struct {
	Accounts map[string]int `json:"accounts"`
	Seed     uint64         `json:"seed"`
	Walks    []scriptWalk   `json:"walks"`
}

type scriptWalk struct {
	Persona int           `json:"persona"`
	Journey int           `json:"journey"`
	Exact   []scriptPlace `json:"exact"`
	Near    []scriptPlace `json:"near"`
}

type scriptPlace struct {
	Key     uint64 `json:"key"`
	Answers []int  `json:"answers"`
}

// maxScript bounds a script; a place of maxAnswers takes some 40 bytes, twice.
const maxScript = 16 << 20

// Marshal writes the whole tape, for another machine to play: [UnmarshalTape].
func (t *Tape) Marshal() ([]byte, error) {
	s := script{Accounts: t.Accounts, Seed: t.Seed, Walks: []scriptWalk{}}
	for part, w := range t.walks {
		s.Walks = append(s.Walks, scriptWalk{part.Persona, part.Journey, placesOf(w.exact), placesOf(w.near)})
	}
	slices.SortFunc(s.Walks, func(a, b scriptWalk) int { return cmp.Or(a.Persona-b.Persona, a.Journey-b.Journey) })
	head, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write tape: %w", err)
	}
	var b bytes.Buffer
	b.Write(binary.AppendUvarint(nil, uint64(len(head))))
	b.Write(head)
	if _, err := t.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// placesOf are the places of a walk in the order of their numbers.
func placesOf(m map[uint64]*place) []scriptPlace {
	out := []scriptPlace{}
	for key, p := range m {
		out = append(out, scriptPlace{key, p.answers})
	}
	slices.SortFunc(out, func(a, b scriptPlace) int { return m[a.Key].id - m[b.Key].id })
	return out
}

// UnmarshalTape reads what [Tape.Marshal] wrote. Bytes that make no sense are an
// error and cost no more than they are.
func UnmarshalTape(data []byte) (*Tape, error) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > maxScript || size > uint64(len(data)-n) {
		return nil, fmt.Errorf("read tape: %w", errTape)
	}
	var s script
	if err := json.Unmarshal(data[n:n+int(size)], &s); err != nil {
		return nil, fmt.Errorf("read tape: %w", errTape)
	}
	answers, err := ReadTape(bytes.NewReader(data[n+int(size):]))
	if err != nil {
		return nil, err
	}
	t := &Tape{Accounts: s.Accounts, Seed: s.Seed, walks: map[runner.Part]*walk{}, answers: *answers}
	for _, w := range s.Walks {
		out := &walk{exact: map[uint64]*place{}, near: map[uint64]*place{}}
		if err := errors.Join(out.take(out.exact, w.Exact, len(answers.list)), out.take(out.near, w.Near, len(answers.list))); err != nil {
			return nil, err
		}
		t.walks[runner.Part{Persona: w.Persona, Journey: w.Journey}] = out
	}
	return t, nil
}

func (w *walk) take(into map[uint64]*place, from []scriptPlace, answers int) error {
	for _, p := range from {
		if len(p.Answers) == 0 {
			return fmt.Errorf("read tape: %w", errTape)
		}
		for _, a := range p.Answers {
			if a < 0 || a >= answers {
				return fmt.Errorf("read tape: %w", errTape)
			}
			w.put(into, p.Key, a)
		}
	}
	return nil
}
