package admin

import (
	"context"
	"fmt"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// stand is what is known of rows that say the same.
type stand struct {
	whole  map[string]string   // how the row does it, by what it asks for
	who    map[string]string   // which row that is, in words
	tokens map[string][]string // the same of what is one of several values of a row
}

// missing are the rows of a table that are not there yet, be it as one of
// several values of a filter. One that is there and acts otherwise, by its
// options or since it is switched off, is refused: a table adds rows and changes
// none.
func (s *Server) missing(ctx context.Context, n *names, wanted []wantedRow) ([]hub.Subscription, error) {
	all, err := s.Subscriptions.AllSubscriptions(ctx)
	if err != nil {
		return nil, err
	}
	known := stand{whole: map[string]string{}, who: map[string]string{}, tokens: map[string][]string{}}
	for _, row := range all {
		if err := known.add(n, row); err != nil {
			return nil, err
		}
	}
	bad := map[string]string{}
	var missing []hub.Subscription
	for _, row := range wanted {
		key, how := rules.Asks(row.Subscription), acts(row.Subscription)
		there, found := known.whole[key]
		switch {
		case found && there == how, slices.Contains(known.tokens[key], how):
		case found:
			bad[lineField(row.line)] = fmt.Sprintf("asks for what %s does, which has other options or is switched on or off: change that one, or delete it before", known.who[key])
		default:
			known.whole[key], known.who[key] = how, lineField(row.line)
			missing = append(missing, row.Subscription)
		}
	}
	if len(bad) > 0 {
		return nil, &hub.Error{Code: hub.CodeConflict, Message: "some rows are there already and act otherwise; nothing was made", Fields: bad}
	}
	return missing, nil
}

// add takes in a row that is stored, with ids for names as a row has them that is
// stored now.
func (k *stand) add(n *names, row hub.Subscription) error {
	if _, err := n.identify(&row); err != nil {
		return err
	}
	key, how := rules.Asks(row), acts(row)
	k.whole[key], k.who[key] = how, "subscription "+string(row.ID)
	tokens, err := rules.ParseLine(rules.FormatLine(row))
	if err != nil {
		return nil //nolint:nilerr // a row that the text form cannot say is none of a table's
	}
	for _, one := range tokens {
		key := rules.Asks(one)
		k.tokens[key] = append(k.tokens[key], how)
	}
	return nil
}

// acts is how a row does what it asks for.
func acts(row hub.Subscription) string {
	return fmt.Sprintf("%+v %t", row.Options, row.Enabled)
}
