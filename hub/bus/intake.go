package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// IntakeFor is how long it is known what was refused.
const IntakeFor = 48 * time.Hour

// PutIntake stores what one hub has refused of a source.
func (b *Bus) PutIntake(ctx context.Context, teller string, i *hub.Intake) error {
	if !hub.ValidName(string(i.Source)) {
		return hub.Errorf(hub.CodeInvalid, "source %q is not a name of a-z, 0-9, _ and -", i.Source)
	}
	return b.save(ctx, bucketIntake, string(i.Source)+"."+key(teller), i)
}

// Intakes are what all hubs have refused together, by source.
func (b *Bus) Intakes(ctx context.Context) (map[hub.Source]*hub.Intake, error) {
	all := map[hub.Source]*hub.Intake{}
	err := b.each(ctx, bucketIntake, ">", func(key string, value []byte) error {
		var one hub.Intake
		if err := json.Unmarshal(value, &one); err != nil {
			return fmt.Errorf("what came in by %s: %w", key, err)
		}
		if all[one.Source] == nil {
			all[one.Source] = hub.NewIntake(one.Source)
		}
		all[one.Source].Add(&one)
		return nil
	})
	return all, err
}
