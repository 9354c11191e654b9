package pane

import (
	"context"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// homeStep is something to do until Bellhop is set up.
type homeStep struct {
	Text, URL string
	Note      string // why, or what is missing
	Done      bool
	Wizard    string // the step of the wizard that does it; empty: none
}

// homeCheck says whether a step is done. A further step is a further check.
type homeCheck struct {
	name string // of its text: home.setup.<name>, with home.setup.<name>Note
	url  string
	step string // of the wizard, for admins; empty: it has none
	done func(ctx context.Context, p *Pane, s *homeState) (bool, error)
}

func homeChecks() []homeCheck {
	return []homeCheck{
		{name: "source", url: "/sources", step: welcomeForumPath, done: sourceIsConnected},
		{name: "system", url: "/systems", step: welcomeChatPath, done: systemIsConnected},
		{name: "subscription", url: "/subscriptions", step: welcomeRowPath, done: subscriptionIsMade},
		{name: "message", url: "/activity/deliveries", step: welcomeRowPath, done: messageHasArrived},
		{name: "alerts", url: "/settings", done: alertsHaveAChat},
		{name: "backup", url: "/settings", done: backupIsKept},
	}
}

// backupLasts is for how long a backup counts as one.
const backupLasts = 31 * 24 * time.Hour

// heardLasts is for how long a ping counts as having heard a source.
const heardLasts = 7 * 24 * time.Hour

func sourceIsConnected(_ context.Context, _ *Pane, s *homeState) (bool, error) {
	for _, source := range s.sources {
		if s.week.Events[source.Source] > 0 || s.now.Sub(source.PingedAt) < heardLasts {
			return true, nil
		}
	}
	return false, nil
}

// systemIsConnected looks for one beside the console, which is always there.
func systemIsConnected(_ context.Context, _ *Pane, s *homeState) (bool, error) {
	for _, system := range s.systems {
		if system.Kind != "console" && system.State == hub.SystemOK {
			return true, nil
		}
	}
	return false, nil
}

func subscriptionIsMade(ctx context.Context, p *Pane, _ *homeState) (bool, error) {
	rows, _, err := p.Admin.Subscriptions.ListSubscriptions(ctx, hub.SubscriptionQuery{Page: hub.Page{Limit: 1}})
	return len(rows) > 0, err
}

func messageHasArrived(_ context.Context, _ *Pane, s *homeState) (bool, error) {
	return s.week.Delivered().Sent > 0, nil
}

func alertsHaveAChat(ctx context.Context, p *Pane, _ *homeState) (bool, error) {
	chat, _, err := p.Admin.AlertsChat(ctx)
	return chat.System != "", err
}

func backupIsKept(ctx context.Context, p *Pane, s *homeState) (bool, error) {
	last, err := p.Admin.LastBackup(ctx)
	return last != nil && s.now.Sub(last.At) < backupLasts, err
}

// homeSteps lists the steps and how many are done; none once all were.
func (p *Pane) homeSteps(ctx context.Context, words *web.Words, s *homeState) (steps []homeStep, done int, err error) {
	for _, check := range homeChecks() {
		step := homeStep{Text: words.Say("home.setup." + check.name), URL: check.url, Note: words.Say("home.setup." + check.name + "Note"), Wizard: check.step}
		if step.Wizard != "" && admin.CallerOf(ctx).Role.May(hub.Administrator) {
			step.URL = step.Wizard
		}
		if step.Done, err = check.done(ctx, p, s); err != nil {
			return nil, 0, err
		}
		if step.Done {
			done++
		}
		steps = append(steps, step)
	}
	if done == len(steps) {
		return nil, done, nil
	}
	return steps, done, nil
}

// inWizard reports whether the wizard leads through one of the steps that are left.
func inWizard(steps []homeStep) bool {
	return slices.ContainsFunc(steps, func(step homeStep) bool { return step.Wizard != "" && !step.Done })
}
