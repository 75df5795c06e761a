package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"firstbell/runner/fleet/keys"
)

// AskStatus asks a fleet's coordinator who is there. c are an operator's
// credentials. The end of ctx is its error when nobody answers.
func AskStatus(ctx context.Context, b Bus, c *keys.Credentials) (Status, error) {
	var s Status
	err := askCoordinator(ctx, b, c, "status", struct{}{}, &s)
	return s, err
}

// AskStop has a fleet's coordinator stop what it plays. c are an operator's
// credentials. A *[Refusal] says why it does not.
func AskStop(ctx context.Context, b Bus, c *keys.Credentials, why string) error {
	var a Answer
	if err := askCoordinator(ctx, b, c, "stop", StopAsk{Why: why}, &a); err != nil {
		return err
	}
	if a.Refused != nil { // not a nil *Refusal inside an error
		return a.Refused
	}
	return nil
}

// maxStatus bounds an answer to an operator: a thousand workers take 400 kB.
const maxStatus = 4 << 20

func askCoordinator(ctx context.Context, b Bus, c *keys.Credentials, what string, question, answer any) error {
	me, err := c.Member()
	if err != nil {
		return err
	}
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	s := subject(c.Fleet, "op", what)
	data, err := b.Request(ctx, s, me.Wrap(s, body))
	if err != nil {
		return fmt.Errorf("asking the coordinator: %w", err)
	}
	if len(data) > maxStatus {
		return errors.New("asking the coordinator: an answer too large")
	}
	if body, err = c.Coordinator.Unwrap(s+"/reply", data); err != nil {
		return fmt.Errorf("asking the coordinator: %w", err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return errors.New("asking the coordinator: an answer that makes no sense")
	}
	return nil
}
