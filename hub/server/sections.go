package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers/all"
)

var _ admin.Sections = (*live)(nil)

// Kinds describes what sources and systems there can be.
func (l *live) Kinds() []hub.SectionKind {
	kinds := config.SourceKinds()
	registry := all.Registry(nil)
	for _, name := range platforms(registry.Names()) {
		kind, _ := registry.Find(name)
		own := kind.Config()
		kinds = append(kinds, config.SystemKind(name, own, own.Problems()))
	}
	return kinds
}

// fields are the keys of a kind, or what is wrong with its name.
func (l *live) fields(part hub.SectionPart, kind string) ([]hub.SectionKey, error) {
	var known []string
	for _, k := range l.Kinds() {
		if k.Part == part && k.Kind == kind {
			return k.Fields, nil
		}
		if k.Part == part {
			known = append(known, k.Kind)
		}
	}
	return nil, wrongFields(map[string]string{"kind": fmt.Sprintf("is %q: one of %s", kind, strings.Join(known, ", "))})
}

func wrongFields(fields map[string]string) error {
	return &hub.Error{Code: hub.CodeInvalid, Message: "some of the settings are not right", Fields: fields}
}

// wrong is what is wrong with settings, by field where that is known.
func wrong(n sectionName, err error) error {
	p, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return hub.Errorf(hub.CodeInvalid, "%s", err)
	}
	return wrongFields(p.Fields(map[hub.SectionPart]string{hub.PartSource: "sources", hub.PartSystem: "providers"}[n.part], n.name))
}

// All are the sections of a part: those of the file, those that were made here,
// and what is there by itself.
func (l *live) All(part hub.SectionPart) []hub.SectionShown {
	c, names := l.now.Load(), map[string]bool{}
	for n := range c.stored {
		if n.part == part {
			names[n.name] = true
		}
	}
	if part == hub.PartSource {
		for name := range c.Sources {
			names[name] = true
		}
	} else {
		for _, section := range sections(c.Config, Everything, "") {
			names[section.Name()] = true
		}
	}
	var out []hub.SectionShown
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if shown, err := l.Find(part, name); err == nil {
			out = append(out, *shown)
		}
	}
	return out
}

// Find shows one section. Of a name that both the file and the store have it is the
// file's, which says that it shadows another.
func (l *live) Find(part hub.SectionPart, name string) (*hub.SectionShown, error) {
	c, n := l.now.Load(), sectionName{part, name}
	stored, made := c.stored[n]
	if l.s.inFile(n) {
		shown := l.shownOfFile(c, n)
		shown.Shadows = made
		return shown, nil
	}
	if !made {
		if part == hub.PartSource {
			return nil, noSection(n, slices.Collect(maps.Keys(c.Sources)))
		}
		return nil, noSection(n, slices.Collect(maps.Keys(c.Providers)))
	}
	return l.shownOf(c, &stored)
}

func noSection(n sectionName, known []string) error {
	meant := ""
	if near := hub.Nearest(n.name, known, 1); len(near) > 0 {
		meant = " (did you mean " + near[0] + "?)"
	}
	return hub.Errorf(hub.CodeNotFound, "there is no %s %q%s", n.part, n.name, meant)
}

// shownOf is a section that was made here.
func (l *live) shownOf(c *configured, stored *hub.Section) (*hub.SectionShown, error) {
	n := sectionName{stored.Part, stored.Name}
	settings, err := settingsOf(stored)
	if err != nil {
		return nil, err
	}
	delete(settings, "kind")
	secrets := map[string]secret.Value{}
	if opened, err := l.unseal(stored); err == nil {
		for key := range stored.Sealed {
			text, _ := opened[key].(string)
			secrets[key] = secret.New(text)
		}
	}
	shown := &hub.SectionShown{
		Part: n.part, Name: n.name, Kind: stored.Kind, Managed: hub.ManagedHere, Settings: settings, Secrets: l.ends(n.part, stored.Kind, secrets),
		Problem: c.problems[n], Version: stored.Version, MadeBy: stored.MadeBy, MadeAt: stored.MadeAt, ChangedBy: stored.ChangedBy, ChangedAt: stored.ChangedAt,
		Address: l.addressOf(n, stored.Kind),
	}
	return shown, nil
}

// shownOfFile is a section of the file, or that of the console.
func (l *live) shownOfFile(c *configured, n sectionName) *hub.SectionShown {
	shown := &hub.SectionShown{Part: n.part, Name: n.name, Managed: c.managed(n.part, n.name)}
	var secrets map[string]secret.Value
	if n.part == hub.PartSource {
		source := l.s.Config.Sources[n.name]
		shown.Kind = source.Kind
		shown.Settings, secrets = config.Values(&source)
	} else {
		section, ok := l.s.Config.Providers[n.name]
		if !ok {
			section = config.Bare(n.name)
		}
		shown.Kind, shown.Settings = section.Kind(), map[string]any{}
		if kind, known := all.Registry(nil).Find(section.Kind()); known {
			own := kind.Config()
			section.Decode(own, &config.Problems{}) // a secret that only its worker has is not shown
			shown.Settings, secrets = config.Values(own)
		}
		maps.Copy(shown.Settings, section.Values())
	}
	delete(shown.Settings, "kind")
	shown.Secrets = l.ends(n.part, shown.Kind, secrets)
	shown.Address = l.addressOf(n, shown.Kind)
	return shown
}

// ends is all that is shown of secrets, of each that the kind may have.
func (l *live) ends(part hub.SectionPart, kind string, secrets map[string]secret.Value) map[string]hub.SecretShown {
	out := map[string]hub.SecretShown{}
	fields, _ := l.fields(part, kind)
	for _, f := range fields {
		if f.Type == hub.SettingSecret {
			v := secrets[f.Name]
			out[f.Name] = hub.SecretShown{Set: !v.Empty(), Ends: v.Ends()}
		}
	}
	return out
}

// addressOf is where a sender's webhooks or a platform's callbacks go.
func (l *live) addressOf(n sectionName, kind string) string {
	switch {
	case n.part == hub.PartSource && kind != config.KindFeed:
		return l.s.doorOf(n.name)
	case n.part == hub.PartSystem && kind != consoleKind:
		return l.s.Config.Server.PublicURL + "/chat/" + n.name + "/"
	}
	return ""
}

// draft is a section as it would be.
type draft struct {
	section  hub.Section // as it is stored now, or a new one
	settings map[string]any
	secrets  map[string]secret.Value
	source   *config.Source
	system   *config.Section
}

// draftOf is what a change would make of a section, or of none. With merge what is
// not named stays, else only secrets do.
func (l *live) draftOf(n sectionName, change *hub.SectionChange, merge bool) (*draft, error) {
	c := l.now.Load()
	if l.s.inFile(n) {
		return nil, managedByFile(n)
	}
	stored, made := c.stored[n]
	if !made {
		stored = hub.Section{Part: n.part, Name: n.name, Kind: kindOr(n, change.Kind)}
	}
	switch {
	case made && change.Kind != "" && change.Kind != stored.Kind:
		return nil, wrongFields(map[string]string{"kind": fmt.Sprintf("is %q and cannot be changed: remove this one and make another", stored.Kind)})
	case change.Version != 0 && change.Version != stored.Version:
		return nil, hub.Errorf(hub.CodeConflict, "%s was changed meanwhile by %s: look at it again, then change it", n, stored.ChangedBy)
	}
	fields, err := l.fields(n.part, stored.Kind)
	if err != nil {
		return nil, err
	}
	d := &draft{section: stored, settings: map[string]any{}, secrets: map[string]secret.Value{}}
	if made {
		if err := l.fill(d, merge); err != nil {
			return nil, err
		}
	}
	d.take(fields, config.Typed(fields, change.Settings))
	return d, l.judge(c, n, d)
}

// managedByFile is why a section of the file, or the console, cannot be changed.
func managedByFile(n sectionName) error {
	shown := hub.SectionShown{Part: n.part, Name: n.name, Managed: hub.ManagedByFile}
	if n.name == consoleKind && n.part == hub.PartSystem {
		shown.Managed = hub.ManagedItself
	}
	return shown.Fixed()
}

// kindOr is the kind that is meant where none is named, as in the file.
func kindOr(n sectionName, kind string) string {
	switch {
	case kind != "":
		return kind
	case n.part == hub.PartSource:
		return config.KindDiscourse
	}
	return n.name
}

// fill begins a draft with what is stored.
func (l *live) fill(d *draft, merge bool) error {
	opened, err := l.unseal(&d.section)
	if err != nil {
		return l.keys.wrongKey(sectionName{d.section.Part, d.section.Name}.String(), err)
	}
	for key, x := range opened {
		if _, sealed := d.section.Sealed[key]; sealed {
			text, _ := x.(string)
			d.secrets[key] = secret.New(text)
		} else if merge && key != "kind" {
			d.settings[key] = x
		}
	}
	return nil
}

// take takes over what a change says. What is empty is taken away. A webhook's
// secret that gives way to another is still accepted, until the one before is
// taken away itself.
func (d *draft) take(fields []hub.SectionKey, change map[string]any) {
	was := d.secrets["secret"]
	for key, x := range change {
		i := slices.IndexFunc(fields, func(f hub.SectionKey) bool { return f.Name == key })
		text, isText := x.(string)
		switch {
		case i >= 0 && fields[i].Type == hub.SettingSecret && isText && text != "":
			d.secrets[key] = secret.New(text)
		case i >= 0 && fields[i].Type == hub.SettingSecret && (x == nil || isText):
			delete(d.secrets, key)
		case x == nil || isText && text == "":
			delete(d.settings, key)
		default:
			d.settings[key] = x
		}
	}
	_, said := change["previous_secret"]
	now := d.secrets["secret"]
	if d.section.Part == hub.PartSource && !said && !was.Empty() && !now.Empty() && now.Reveal() != was.Reveal() {
		d.secrets["previous_secret"] = was
	}
}

// all is what is set, secrets among it.
func (d *draft) all() map[string]any {
	out := maps.Clone(d.settings)
	for key, v := range d.secrets {
		out[key] = v.Reveal()
	}
	out["kind"] = d.section.Kind
	return out
}

// judge reads a draft as strictly as the file is read.
func (l *live) judge(c *configured, n sectionName, d *draft) error {
	scratch := *c.Config
	scratch.Sources, scratch.Providers = maps.Clone(scratch.Sources), maps.Clone(scratch.Providers)
	if n.part == hub.PartSource {
		delete(scratch.Sources, n.name)
	} else {
		delete(scratch.Providers, n.name)
	}
	would := &configured{Config: &scratch, sources: map[sectionName]*config.Source{}, sections: map[sectionName]*config.Section{}}
	if err := would.add(n, d.all()); err != nil {
		return wrong(n, err)
	}
	d.source, d.system = would.sources[n], would.sections[n]
	if d.system == nil {
		return nil
	}
	if _, err := l.s.openSystem(*d.system); err != nil { // no I/O
		return hub.Errorf(hub.CodeInvalid, "%s", err)
	}
	return nil
}

// put stores a draft and makes it hold.
func (l *live) put(ctx context.Context, d *draft, by string) (*hub.SectionShown, error) {
	d.section.ChangedBy = by
	if err := l.seal(&d.section, d.settings, d.secrets); err != nil {
		return nil, err
	}
	stored, err := l.s.store.PutSection(ctx, d.section)
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // it is stored: whoever asked may go
	if err := l.changed(ctx); err != nil {
		return nil, err
	}
	return l.shownOf(l.now.Load(), stored)
}

// Make makes a source or a system.
func (l *live) Make(ctx context.Context, part hub.SectionPart, change hub.SectionChange, by string) (*hub.SectionShown, error) {
	n := sectionName{part, change.Name}
	if _, there := l.now.Load().stored[n]; there {
		return nil, hub.Errorf(hub.CodeConflict, "there is a %s already: change it, or choose another name", n)
	}
	d, err := l.draftOf(n, &change, false)
	if err != nil {
		return nil, err
	}
	d.section.Version = 0
	shown, err := l.put(ctx, d, by)
	if err != nil || part != hub.PartSystem {
		return shown, err
	}
	// That one of the name was paused is forgotten only now: a worker that did not know
	// yet that it is gone would have sent what waits.
	if err := l.s.bus.DropHold(context.WithoutCancel(ctx), hub.System(change.Name)); err != nil {
		l.s.Log.Warn("that a system of the name was paused could not be forgotten", "system", change.Name, "err", err)
	}
	return shown, nil
}

// Change changes one.
func (l *live) Change(ctx context.Context, part hub.SectionPart, name string, change hub.SectionChange, merge bool, by string) (before, after *hub.SectionShown, err error) {
	n := sectionName{part, name}
	if before, err = l.Find(part, name); err != nil {
		return nil, nil, err
	}
	if change.Name != "" && change.Name != name {
		return nil, nil, wrongFields(map[string]string{"name": "cannot be changed: events and subscriptions go by it"})
	}
	d, err := l.draftOf(n, &change, merge)
	if err != nil {
		return nil, nil, err
	}
	after, err = l.put(ctx, d, by)
	return before, after, err
}

// Rotate gives a source a new secret. The one before is still accepted.
func (l *live) Rotate(ctx context.Context, name, by string) (fresh secret.Value, before, after *hub.SectionShown, err error) {
	before, err = l.Find(hub.PartSource, name)
	if err != nil {
		return fresh, nil, nil, err
	}
	if before.Kind == config.KindFeed {
		return fresh, nil, nil, hub.Errorf(hub.CodeInvalid, "%s is a feed, which has no secret", name)
	}
	fresh = l.NewSecret(before.Kind)
	change := hub.SectionChange{Settings: map[string]any{"secret": fresh.Reveal()}, Version: before.Version}
	before, after, err = l.Change(ctx, hub.PartSource, name, change, true, by)
	return fresh, before, after, err
}

// NewSecret is one that nobody guesses, in the form that senders of a kind take:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
func (l *live) NewSecret(kind string) secret.Value {
	if kind != config.KindStandardWebhooks {
		return secret.New(rand.Text())
	}
	var random [24]byte
	_, _ = rand.Read(random[:])
	return secret.New("whsec_" + base64.StdEncoding.EncodeToString(random[:]))
}

// Removal says what would end with a section that was made here.
func (l *live) Removal(ctx context.Context, part hub.SectionPart, name string) (*hub.Removal, error) {
	n := sectionName{part, name}
	if _, made := l.now.Load().stored[n]; !made {
		if l.s.inFile(n) {
			return nil, managedByFile(n)
		}
		return nil, noSection(n, nil)
	}
	var out hub.Removal
	var err error
	if l.s.inFile(n) { // the file's goes on
		return &out, nil
	}
	if part == hub.PartSource {
		out.Waiting = int64(l.s.router.Waiting(hub.Source(name)))
		out.Subscriptions, err = l.s.store.CountSubscriptions(ctx, hub.TableQuery{Source: hub.Source(name)}, 1_000_000)
		return &out, err
	}
	if out.Waiting, err = l.s.bus.Backlog(ctx, hub.System(name)); err != nil {
		return nil, err
	}
	out.Subscriptions, err = l.s.store.CountSubscriptions(ctx, hub.TableQuery{System: hub.System(name)}, 1_000_000)
	return &out, err
}

// Remove removes one. Subscriptions that name it stay, and so do messages that wait:
// one that is made again under the name goes on with them. So does a pause, until then.
func (l *live) Remove(ctx context.Context, part hub.SectionPart, name string) (*hub.SectionShown, error) {
	c, n := l.now.Load(), sectionName{part, name}
	stored, made := c.stored[n]
	if !made {
		_, err := l.Removal(ctx, part, name)
		return nil, err
	}
	before, err := l.shownOf(c, &stored)
	if err != nil {
		return nil, err
	}
	if err := l.s.store.DeleteSection(ctx, part, name); err != nil {
		return nil, err
	}
	return before, l.changed(context.WithoutCancel(ctx))
}
