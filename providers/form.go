package providers

import "github.com/bellhop-chat/bellhop/hub"

// Form is how much of a message's looks goes to its platform.
type Form uint8

// The forms, the plainer the later.
const (
	Whole     Form = iota // all that the provider can write
	Imageless             // without the card's image
	PlainWords
)

// Failed is an attempt at one form of a message that failed.
type Failed struct {
	Err *Error
	// Instead is a plainer form that the platform may take, where it refused how
	// the message looks, and thus has surely posted nothing. Whole is none.
	Instead Form
	Said    string // the platform's reason, in its own words
}

// Simplify makes one attempt at a message: whole, and where the platform refuses
// its looks, at once in plainer forms, so that people get the words at least. A
// receipt's note tells what they did not get.
func Simplify(attempt func(Form) (hub.Receipt, *Failed)) (hub.Receipt, error) {
	form, note := Whole, ""
	for {
		receipt, failed := attempt(form)
		switch {
		case failed == nil:
			receipt.Note = Join("; ", note, receipt.Note)
			return receipt, nil
		case failed.Instead == Whole || form == PlainWords:
			return hub.Receipt{}, failed.Err
		}
		form = max(failed.Instead, form+1)
		note = Join("; ", note, form.note()+failed.Said)
	}
}

func (f Form) note() string {
	if f == Imageless {
		return "sent without its image: "
	}
	return "sent as plain text: "
}
