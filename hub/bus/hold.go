package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
)

// placeOfHold is where a system's hold is kept: workers have no other store.
const placeOfHold = "hold"

// Held is what OnChange is told of a system whose hold has changed.
const Held = "hold"

// Hold is the last that an operator has done to pause a system, nil if nobody ever
// has. It may have ended.
func (b *Bus) Hold(ctx context.Context, system hub.System) (*hub.Hold, error) {
	value, err := b.Place(ctx, system, placeOfHold)
	if err != nil || value == nil {
		return nil, err
	}
	h := new(hub.Hold)
	if err := json.Unmarshal(value, h); err != nil {
		return nil, fmt.Errorf("the pause of %s: %w", system, err)
	}
	return h, nil
}

// SetHold pauses a system, or notes that its hold has ended. Workers know when it
// returns, or a moment later.
func (b *Bus) SetHold(ctx context.Context, system hub.System, h hub.Hold) error {
	value, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := b.PutPlace(ctx, system, placeOfHold, value); err != nil {
		return err
	}
	b.Changed(Held, string(system))
	return nil
}

// DropHold forgets it: the system is no more.
func (b *Bus) DropHold(ctx context.Context, system hub.System) error {
	_, err := b.Places().Delete(ctx, placeKey(system, placeOfHold), 0)
	if err == nil {
		b.Changed(Held, string(system))
	}
	return err
}
