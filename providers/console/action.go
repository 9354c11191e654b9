package console

import (
	"cmp"

	"github.com/bellhop-chat/bellhop/hub"
)

// action is a button, a select or a link under a message.
type action struct {
	Label   string
	Style   string // a class of pane.css, or empty
	URL     string // of a link
	Token   string
	Opens   bool // it opens a form that waits
	Options []hub.Option
}

// viewActions leaves out what nobody could press: a link that leads nowhere, a
// button that the hub does not know.
func viewActions(from []hub.Action) []action {
	var all []action
	for _, a := range from {
		one := action{
			Label: cmp.Or(fact(a.Label, longestFact), "OK"), URL: webURL(a.URL), Token: a.Token,
			Opens: opensForm(a), Options: a.Options,
		}
		switch a.Style {
		case "primary":
			one.Style = "btn-primary"
		case "danger":
			one.Style = "btn-danger"
		}
		if one.URL != "" || a.URL == "" && a.Token != "" {
			all = append(all, one)
		}
	}
	return all
}

// formOpener is the button that stands for a form which came when no page was
// waiting for it. Pressing it asks for the form as it is by then. Its Call is our
// own mark: the hub makes tokens of those of apps, and no message of it has one.
func formOpener(f *hub.Form) hub.Action {
	return hub.Action{Label: "Open the form", Style: "primary", Token: f.Token, Call: &hub.Call{Kind: hub.KindForm}}
}

func opensForm(a hub.Action) bool { return a.Call != nil && a.Call.Kind == hub.KindForm }

// pressed finds the action with a token under a message, nil if it is not there.
func pressed(m hub.Message, token string) *hub.Action {
	for i, a := range m.Actions {
		if token != "" && a.Token == token && a.URL == "" {
			return &m.Actions[i]
		}
	}
	return nil
}
