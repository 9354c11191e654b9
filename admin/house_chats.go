package admin

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
)

// chatDoc is what was set for a chat, as a document has it. A snooze passes and is
// not in it; when rows end by themselves is.
type chatDoc struct {
	System string            `json:"system" toml:"system"`
	Chat   string            `json:"chat" toml:"chat"`
	Quiet  string            `json:"quiet,omitempty" toml:"quiet,omitempty"`
	Zone   string            `json:"zone,omitempty" toml:"zone,omitempty"`
	Ends   map[string]string `json:"ends,omitempty" toml:"ends,inline,omitempty"`
}

func (d chatDoc) chat() hub.Chat { return hub.Chat{System: hub.System(d.System), ID: d.Chat} }

func (s *Server) chatKind() house.Kind[chatDoc] {
	return house.Kind[chatDoc]{
		Name: "chats",
		Key:  func(d chatDoc) string { return d.System + " | " + d.Chat },
		Line: func(d chatDoc) string {
			line := d.System + " | " + d.Chat + " | quiet " + cmp.Or(d.Quiet, "never")
			if d.Zone != "" {
				line += ", " + d.Zone
			}
			return line
		},
		// Rows that end by themselves come and go: one that a document does not know of
		// ends all the same.
		Fill: func(before chatDoc, after *chatDoc) {
			if len(before.Ends) > 0 {
				ends := maps.Clone(before.Ends)
				maps.Copy(ends, after.Ends)
				after.Ends = ends
			}
		},
		Read: s.chatDocs, Check: s.checkChats, Apply: s.applyChats,
	}
}

func (s *Server) chatDocs(ctx context.Context) ([]chatDoc, error) {
	all, err := s.ChatSettings.AllChatSettings(ctx, "")
	var docs []chatDoc
	for _, c := range all {
		if d := chatDocOf(c, s.Now()); d.Quiet != "" || d.Zone != "" || len(d.Ends) > 0 {
			docs = append(docs, d)
		}
	}
	return docs, err
}

func chatDocOf(c hub.ChatSettings, now time.Time) chatDoc {
	d := chatDoc{System: string(c.System), Chat: c.ID, Quiet: c.Quiet, Zone: c.Zone}
	for id, at := range c.Ends {
		if !at.After(now) {
			continue
		}
		if d.Ends == nil {
			d.Ends = map[string]string{}
		}
		d.Ends[string(id)] = at.UTC().Format(time.RFC3339Nano)
	}
	return d
}

func (s *Server) checkChats(ctx context.Context, docs, there []chatDoc, note func(int, string, string)) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	known := map[hub.Chat]bool{}
	for _, d := range there {
		known[d.chat()] = true
	}
	for i, d := range docs {
		if problem := systemProblem(systems, hub.System(d.System)); problem != "" && !known[d.chat()] {
			note(i, "system", problem)
		}
		if d.Chat == "" || len(d.Chat) > 255 {
			note(i, "chat", "is required: a chat of the system, 1 to 255 bytes")
		}
		set := hub.ChatSettings{Quiet: d.Quiet, Zone: d.Zone}
		_, err := set.Schedule(s.Zone)
		if wrong := fieldsOf(err); err != nil {
			for _, field := range slices.Sorted(maps.Keys(wrong)) {
				note(i, field, wrong[field])
			}
		}
		for _, id := range slices.Sorted(maps.Keys(d.Ends)) {
			if problem := timeProblem(d.Ends[id]); problem != "" {
				note(i, "ends."+id, problem)
			}
		}
	}
	return nil
}

func (s *Server) applyChats(ctx context.Context, changes []house.Change[chatDoc]) error {
	now := s.Now().UTC()
	for _, c := range changes {
		want := chatDoc{}
		if c.After != nil {
			want = *c.After
		}
		chat := cmp.Or(c.After, c.Before).chat()
		var before, after hub.ChatSettings
		after, err := s.ChatSettings.ChangeChat(ctx, chat, func(set *hub.ChatSettings) error {
			before = *set
			set.Ends = ends(want)
			for id, at := range before.Ends { // its time has come, and it is still to be removed
				if _, put := set.Ends[id]; !put && !at.After(now) {
					if set.Ends == nil {
						set.Ends = map[hub.SubscriptionID]time.Time{}
					}
					set.Ends[id] = at
				}
			}
			return set.SetQuiet(want.Quiet, want.Zone, s.Zone, now)
		})
		if err != nil {
			return err
		}
		s.record(ctx, hub.AuditEntry{
			System: chat.System, Chat: chat.ID, Action: "chat.quiet", Outcome: hub.OutcomeUpdated,
			Before: asJSON(chatDocOf(before, now)), After: asJSON(chatDocOf(after, now)),
		})
	}
	return nil
}

func ends(d chatDoc) map[hub.SubscriptionID]time.Time {
	if len(d.Ends) == 0 {
		return nil
	}
	all := map[hub.SubscriptionID]time.Time{}
	for id, at := range d.Ends {
		all[hub.SubscriptionID(id)] = timeOf(at)
	}
	return all
}
