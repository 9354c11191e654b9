package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/feed"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/providers"
)

// Prove asks the platform or the forum whether a section is right: as it is, or as
// a change would make it. Nothing is posted or stored. An error is that the
// settings themselves are wrong; what the platform says is in the proof.
func (l *live) Prove(ctx context.Context, part hub.SectionPart, name string, change *hub.SectionChange, merge bool) (*hub.Proof, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	n := sectionName{part, name}
	if change == nil || len(change.Settings) == 0 && l.s.inFile(n) {
		return l.proveAsIs(ctx, n)
	}
	d, err := l.draftOf(n, change, merge)
	if err != nil {
		return nil, err
	}
	if part == hub.PartSource {
		return l.s.proveSource(ctx, hub.Source(name), *d.source), nil
	}
	return l.s.proveSection(ctx, *d.system)
}

func (l *live) proveAsIs(ctx context.Context, n sectionName) (*hub.Proof, error) {
	c := l.now.Load()
	if problem := c.problems[n]; problem != "" {
		return &hub.Proof{Problem: problem}, nil
	}
	if n.part == hub.PartSource {
		source, ok := c.Sources[n.name]
		if !ok {
			_, err := l.Find(n.part, n.name)
			return nil, err
		}
		return l.s.proveSource(ctx, hub.Source(n.name), source), nil
	}
	if p := l.s.fleet.provider(hub.System(n.name)); p != nil {
		return proofOf(ctx, p), nil
	}
	if _, err := l.Find(n.part, n.name); err != nil {
		return nil, err
	}
	if section := c.sections[n]; section != nil { // served elsewhere, with the same settings
		return l.s.proveSection(ctx, *section)
	}
	return nil, hub.Errorf(hub.CodeUnavailable, "the worker of %s is another process, which alone has its secrets: `bellhop check` proves them there", n.name)
}

func (s *Server) proveSection(ctx context.Context, section config.Section) (*hub.Proof, error) {
	p, err := s.openSystem(section)
	if err != nil {
		return nil, err
	}
	return proofOf(ctx, p), nil
}

// proofOf has a provider show its credentials.
func proofOf(ctx context.Context, p providers.Provider) *hub.Proof {
	in, err := providers.Introduction{}, error(nil)
	if who, ok := providers.As[providers.Introducer](p); ok {
		in, err = who.Introduce(ctx)
	} else {
		err = p.Check(ctx)
	}
	if err != nil {
		out := &hub.Proof{Problem: err.Error()}
		if providers.FaultOf(err) == hub.FaultUnauthorized {
			out.Fields = map[string]string{"token": err.Error()} // what every platform knows us by
		}
		return out
	}
	return &hub.Proof{OK: true, Account: in.Account, Place: in.Place, Missing: in.Missing, May: in.May}
}

// proveSource asks a forum or a feed. A source that only sends cannot be asked.
func (s *Server) proveSource(ctx context.Context, name hub.Source, c config.Source) *hub.Proof {
	o := &outside{clients: map[hub.Source]*discourse.Client{}, feeds: map[hub.Source]*feed.Poller{}, delays: map[hub.Source]time.Duration{}}
	if err := s.openSource(o, name, c); err != nil {
		return &hub.Proof{Problem: err.Error(), Fields: map[string]string{"url": err.Error()}}
	}
	if poller := o.feeds[name]; poller != nil {
		n, err := poller.Look(ctx)
		if err != nil {
			return &hub.Proof{Problem: err.Error(), Fields: map[string]string{"url": err.Error()}}
		}
		return &hub.Proof{OK: true, Place: c.URL, May: []string{fmt.Sprintf("read the feed, which has %d entries now", n)}}
	}
	if client := o.clients[name]; client != nil {
		return proveForum(ctx, client, o.forums[0], c)
	}
	return &hub.Proof{OK: true, May: []string{"take in what is sent to " + s.doorOf(string(name)) + "; whether the sender has the same secret shows with what it sends"}}
}

// proveForum shows the forum the key, and asks what it and the reader may see.
func proveForum(ctx context.Context, client *discourse.Client, f forum.Source, c config.Source) *hub.Proof {
	who, err := client.Check(ctx)
	if err == nil && f.Check {
		err = client.CheckReader(ctx, c.ReadAs)
	}
	if err != nil {
		p := &hub.Proof{Problem: err.Error()}
		if refused, ok := errors.AsType[*discourse.RefusedError](err); ok {
			p.Fields = map[string]string{refused.Setting: refused.Reason}
		}
		return p
	}
	p := &hub.Proof{OK: true, Place: c.URL, Account: who}
	all, err := client.Site(ctx)
	if err != nil {
		return &hub.Proof{Problem: "what the forum has cannot be read: " + err.Error()}
	}
	p.May = append(p.May, sees(asker(who), all))
	if !client.HasKey() {
		p.Missing = append(p.Missing, hub.Lack{Permission: "api_key", For: "learn what webhooks do not say (groups of private messages, tags), and catch up with what was missed"})
	}
	if f.Check && (client.HasKey() || c.ReadAs != "") {
		shown, err := client.SiteFor(ctx, c.ReadAs)
		if err != nil {
			return &hub.Proof{Problem: "what the reader sees cannot be read: " + err.Error(), Fields: map[string]string{"read_as": err.Error()}}
		}
		p.May = append(p.May, "send what "+forum.ReaderName(c.ReadAs)+" may see: "+count(len(shown.Categories), "category", "categories"))
	}
	return p
}

func asker(who string) string {
	if who == "" {
		return "an anonymous visitor"
	}
	return who
}

func sees(who string, t hub.Taxonomy) string {
	restricted := 0
	for _, c := range t.Categories {
		if c.Restricted {
			restricted++
		}
	}
	text := "see as " + who + " " + count(len(t.Categories), "category", "categories")
	if restricted > 0 {
		text += fmt.Sprintf(" (%d restricted)", restricted)
	}
	return text + ", " + count(len(t.Tags), "tag", "tags") + " and " + count(len(t.Groups), "group", "groups")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
