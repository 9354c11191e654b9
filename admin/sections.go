package admin

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Sections are the sources and systems that are configured, by the file or here.
type Sections interface {
	// Kinds describes what sources and systems there can be, with their keys.
	Kinds() []hub.SectionKind
	// All are those of a part, by name; Find is a hub.Error with CodeNotFound for one
	// that is not there.
	All(part hub.SectionPart) []hub.SectionShown
	Find(part hub.SectionPart, name string) (*hub.SectionShown, error)
	// Prove asks the platform or the forum, as things are or, with a change, as they
	// would be.
	Prove(ctx context.Context, part hub.SectionPart, name string, change *hub.SectionChange, merge bool) (*hub.Proof, error)
	// Make, Change and Remove return when it holds in this process. What is wrong with
	// the settings is a hub.Error with Fields. With merge what a change does not name
	// stays as it is.
	Make(ctx context.Context, part hub.SectionPart, change hub.SectionChange, by string) (*hub.SectionShown, error)
	Change(ctx context.Context, part hub.SectionPart, name string, change hub.SectionChange, merge bool, by string) (before, after *hub.SectionShown, err error)
	Remove(ctx context.Context, part hub.SectionPart, name string) (before *hub.SectionShown, err error)
	// Rotate gives a source a new secret. The one before is accepted, too, from then on.
	Rotate(ctx context.Context, source, by string) (fresh secret.Value, before, after *hub.SectionShown, err error)
	// NewSecret is one for a source of a kind, which nobody guesses.
	NewSecret(kind string) secret.Value
	// Removal says what would end.
	Removal(ctx context.Context, part hub.SectionPart, name string) (*hub.Removal, error)
}

// Kinds describes the kinds of source and system that can be made, with all that
// can be set of each.
func (s *Server) Kinds() []hub.SectionKind { return s.Deps.Sections.Kinds() }

// SectionList are the configured sources or systems, also those that are not in
// force, as whoever asks may see them.
func (s *Server) SectionList(ctx context.Context, part hub.SectionPart) []hub.SectionShown {
	all := s.Deps.Sections.All(part)
	for i := range all {
		veil(ctx, &all[i])
	}
	return all
}

// Section is a configured source or system, as whoever asks may see it.
func (s *Server) Section(ctx context.Context, part hub.SectionPart, name string) (*hub.SectionShown, error) {
	found, err := s.Deps.Sections.Find(part, name)
	if err != nil {
		return nil, err
	}
	veil(ctx, found)
	return found, nil
}

// veil hides the query of an address, which may be what opens a feed, from who may
// not change it.
func veil(ctx context.Context, shown *hub.SectionShown) {
	address, isText := shown.Settings["url"].(string)
	before, _, found := strings.Cut(address, "?")
	if !isText || !found || CallerOf(ctx).Role.May(hub.Administrator) {
		return
	}
	shown.Settings = maps.Clone(shown.Settings)
	shown.Settings["url"] = before + "?…"
}

// ProveSection asks the platform or the forum whether a section is right: as it is
// if change is nil or sets nothing, else as the change would make it. Nothing is
// stored or posted.
func (s *Server) ProveSection(ctx context.Context, part hub.SectionPart, name string, change *hub.SectionChange) (*hub.Proof, error) {
	if change != nil && len(change.Settings) == 0 && change.Kind == "" {
		change = nil
	}
	return s.Deps.Sections.Prove(ctx, part, name, change, true)
}

// MakeSection makes a source or a system. Unless it is to be taken unproved, the
// platform or the forum is asked first: if that says no, nothing is stored.
func (s *Server) MakeSection(ctx context.Context, part hub.SectionPart, in hub.SectionChange, unproved bool) (*hub.SectionShown, *hub.Proof, error) {
	if !hub.ValidName(in.Name) {
		return nil, nil, invalidField("name", "is required: 1 to 32 of a-z, 0-9, _ and -, with a letter or digit first")
	}
	proof, err := s.proved(ctx, part, in.Name, in, false, unproved)
	if err != nil {
		return nil, proof, err
	}
	made, err := s.Deps.Sections.Make(ctx, part, in, Who(ctx))
	if err != nil {
		return nil, proof, err
	}
	s.chatNames.forget()
	s.record(ctx, sectionEntry(part, "create", hub.OutcomeCreated, nil, made))
	return made, proof, nil
}

// ChangeSection changes a source or a system that was made here, as MakeSection
// makes it. A secret that is not named stays; with merge all else does, too.
func (s *Server) ChangeSection(ctx context.Context, part hub.SectionPart, name string, in hub.SectionChange, merge, unproved bool) (*hub.SectionShown, *hub.Proof, error) {
	found, err := s.Section(ctx, part, name)
	if err == nil {
		err = found.Fixed()
	}
	if err != nil {
		return nil, nil, err
	}
	proof, err := s.proved(ctx, part, name, in, merge, unproved)
	if err != nil {
		return nil, proof, err
	}
	before, after, err := s.Deps.Sections.Change(ctx, part, name, in, merge, Who(ctx))
	if err != nil {
		return nil, proof, err
	}
	s.record(ctx, sectionEntry(part, "update", hub.OutcomeUpdated, before, after))
	return after, proof, nil
}

// proved asks before something is stored, unless it is not to be.
func (s *Server) proved(ctx context.Context, part hub.SectionPart, name string, in hub.SectionChange, merge, unproved bool) (*hub.Proof, error) {
	if unproved {
		return nil, nil
	}
	proof, err := s.Deps.Sections.Prove(ctx, part, name, &in, merge)
	if err != nil || proof.OK {
		return proof, err
	}
	return proof, &hub.Error{
		Code: hub.CodeInvalid, Message: strings.TrimRight(proof.Problem, ".") + ". Nothing was stored; with unproved=1 it is, without asking", Fields: proof.Fields,
	}
}

// RotateSecret gives a source's webhook a new secret, which is told this once. The
// one before is still accepted, so that the sender can be changed in its time.
func (s *Server) RotateSecret(ctx context.Context, source hub.Source) (fresh string, after *hub.SectionShown, err error) {
	value, before, after, err := s.Deps.Sections.Rotate(ctx, string(source), Who(ctx))
	if err != nil {
		return "", nil, err
	}
	s.record(ctx, sectionEntry(hub.PartSource, "rotate", hub.OutcomeUpdated, before, after))
	return value.Reveal(), after, nil
}

// NewSecret is a secret for a source of a kind that is to be made, in the form that
// its senders take. Nothing is stored.
func (s *Server) NewSecret(kind string) string { return s.Deps.Sections.NewSecret(kind).Reveal() }

// RemoveSection removes a source or a system that was made here, or with dry says
// only what would end.
func (s *Server) RemoveSection(ctx context.Context, part hub.SectionPart, name string, dry bool) (*hub.Removal, error) {
	out, err := s.Deps.Sections.Removal(ctx, part, name)
	if err != nil || dry {
		return out, err
	}
	before, err := s.Deps.Sections.Remove(ctx, part, name)
	if err != nil {
		return nil, err
	}
	out.Deleted = true
	s.record(ctx, sectionEntry(part, "delete", hub.OutcomeDeleted, before, nil))
	return out, nil
}

// sectionEntry is the record of a change, in which no secret is.
func sectionEntry(part hub.SectionPart, did, outcome string, before, after *hub.SectionShown) hub.AuditEntry {
	section := after
	if section == nil {
		section = before
	}
	e := hub.AuditEntry{Action: string(part) + "." + did, Outcome: outcome, Message: section.Kind + " " + string(part) + " " + section.Name}
	if part == hub.PartSystem {
		e.System = hub.System(section.Name)
	}
	if before != nil {
		e.Before = asJSON(before)
	}
	if after != nil {
		e.After = asJSON(after)
	}
	return e
}

// maxReason bounds why a system is paused.
const maxReason = 200

// PauseSystem pauses a system until somebody ends it. What is owed to it waits,
// also over a restart, and does not grow stale.
func (s *Server) PauseSystem(ctx context.Context, system hub.System, reason string) (*hub.Hold, error) {
	if err := s.knownSystem(ctx, system); err != nil {
		return nil, err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if len(reason) > maxReason {
		return nil, invalidField("reason", "is longer than 200 bytes")
	}
	was, err := s.Hold(ctx, system)
	if err != nil {
		return nil, err
	}
	now := hub.Hold{By: Who(ctx), Since: s.Now().UTC(), Reason: reason}
	outcome := hub.OutcomeCreated
	if was.Lasts() {
		now.Since, outcome = was.Since, hub.OutcomeUpdated
	}
	if err := s.SetHold(ctx, system, now); err != nil {
		return nil, err
	}
	s.record(ctx, hub.AuditEntry{System: system, Action: "system.pause", Outcome: outcome, Message: reason, After: asJSON(now)})
	return &now, nil
}

// ResumeSystem ends what PauseSystem began, which an administrator may do, and has
// the system, or one of its chats, tried at once.
func (s *Server) ResumeSystem(ctx context.Context, system hub.System, chat string) error {
	if err := s.knownSystem(ctx, system); err != nil {
		return err
	}
	e := hub.AuditEntry{System: system, Chat: chat, Action: "system.resume", Outcome: hub.OutcomeOK}
	if chat == "" && s.Hold != nil {
		h, err := s.Hold(ctx, system)
		if err != nil {
			return err
		}
		if h.Lasts() {
			if err := permit(ctx, hub.Administrator); err != nil {
				return err
			}
			e.Before = asJSON(h)
			ended := *h
			ended.Until, ended.EndedBy = s.Now().UTC(), Who(ctx)
			if err := s.SetHold(ctx, system, ended); err != nil {
				return err
			}
			e.Outcome, e.After = hub.OutcomeUpdated, asJSON(ended)
		}
	}
	s.Resume(system, chat)
	s.record(ctx, e)
	return nil
}

// knownSystem refuses a system that is not configured.
func (s *Server) knownSystem(ctx context.Context, system hub.System) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	if problem := systemProblem(systems, system); problem != "" {
		return hub.Errorf(hub.CodeNotFound, "%s %s", system, problem)
	}
	return nil
}

// sectionAnswer is a section with what was said of it when it was proved.
type sectionAnswer struct {
	*hub.SectionShown
	Proof *hub.Proof `json:"proof,omitempty"`
	// Secret is a new one, told this once.
	Secret string `json:"secret,omitempty"`
}

func (s *Server) listKinds(w http.ResponseWriter, r *http.Request) error {
	return s.answer(w, r, http.StatusOK, listOf(s.Kinds(), ""))
}

// onSection serves one part's operations: the two have the same.
type onSection struct {
	s    *Server
	part hub.SectionPart
}

func (o onSection) name(r *http.Request) string { return r.PathValue(string(o.part)) }

func (o onSection) get(w http.ResponseWriter, r *http.Request) error {
	found, err := o.s.Section(r.Context(), o.part, o.name(r))
	if err != nil {
		return err
	}
	return o.s.answer(w, r, http.StatusOK, found)
}

// read reads what is wanted. A body may be left out where there is nothing to say.
func (o onSection) read(w http.ResponseWriter, r *http.Request) (in hub.SectionChange, err error) {
	if r.ContentLength == 0 {
		return in, nil
	}
	return in, o.s.decode(w, r, &in, jsonContent)
}

func unproved(r *http.Request) bool { return r.URL.Query().Get("unproved") == "1" }

func (o onSection) post(w http.ResponseWriter, r *http.Request) error {
	in, err := o.read(w, r)
	if err != nil {
		return err
	}
	made, proof, err := o.s.MakeSection(r.Context(), o.part, in, unproved(r))
	if err != nil {
		return err
	}
	w.Header().Set("Location", prefix+"/"+string(o.part)+"s/"+made.Name)
	return o.s.answer(w, r, http.StatusCreated, sectionAnswer{SectionShown: made, Proof: proof})
}

func (o onSection) put(w http.ResponseWriter, r *http.Request) error { return o.change(w, r, false) }

func (o onSection) patch(w http.ResponseWriter, r *http.Request) error { return o.change(w, r, true) }

func (o onSection) change(w http.ResponseWriter, r *http.Request, merge bool) error {
	in, err := o.read(w, r)
	if err != nil {
		return err
	}
	after, proof, err := o.s.ChangeSection(r.Context(), o.part, o.name(r), in, merge, unproved(r))
	if err != nil {
		return err
	}
	return o.s.answer(w, r, http.StatusOK, sectionAnswer{SectionShown: after, Proof: proof})
}

func (o onSection) remove(w http.ResponseWriter, r *http.Request) error {
	out, err := o.s.RemoveSection(r.Context(), o.part, o.name(r), r.URL.Query().Get("dry_run") == "1")
	if err != nil {
		return err
	}
	return o.s.answer(w, r, http.StatusOK, out)
}

func (o onSection) check(w http.ResponseWriter, r *http.Request) error {
	in, err := o.read(w, r)
	if err != nil {
		return err
	}
	proof, err := o.s.ProveSection(r.Context(), o.part, o.name(r), &in)
	if err != nil {
		return err
	}
	return o.s.answer(w, r, http.StatusOK, proof)
}

func (s *Server) rotateSource(w http.ResponseWriter, r *http.Request) error {
	fresh, after, err := s.RotateSecret(r.Context(), hub.Source(r.PathValue("source")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, sectionAnswer{SectionShown: after, Secret: fresh})
}

func (s *Server) pauseSystem(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if r.ContentLength != 0 {
		if err := s.decode(w, r, &in, jsonContent); err != nil {
			return err
		}
	}
	h, err := s.PauseSystem(r.Context(), hub.System(r.PathValue("system")), in.Reason)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, h)
}

// sectionRoutes are the operations on what is configured.
func (s *Server) sectionRoutes() []route {
	all := []route{{
		method: http.MethodGet, path: "/kinds", id: "listKinds", need: hub.Viewer, summary: "The kinds of source and system that can be made, with the keys of each",
		answers: gives(http.StatusOK, "All of them.", "KindList"), handle: s.listKinds,
	}, {
		method: http.MethodPost, path: "/sources/{source}/rotate", id: "rotateSource", need: hub.Administrator, fresh: true,
		summary: "Give a source's webhook a new secret, which is told this once. The one before is still accepted",
		answers: gives(http.StatusOK, "The source, with its new secret.", "SectionAnswer"), repeats: true, handle: s.rotateSource,
	}, {
		method: http.MethodPost, path: "/systems/{system}/pause", id: "pauseSystem", need: hub.Administrator,
		summary: "Send nothing to a system until somebody ends it. It waits, also over a restart; nothing is dropped",
		body:    inJSON("PauseInput"), answers: gives(http.StatusOK, "Who has paused it, and since when.", "Hold"), handle: s.pauseSystem,
	}}
	all = append(all, s.partRoutes(onSection{s, hub.PartSource}, "Source", "source")...)
	return append(all, s.partRoutes(onSection{s, hub.PartSystem}, "System", "chat system")...)
}

// partRoutes are those that sources and systems have alike.
func (s *Server) partRoutes(o onSection, id, what string) []route {
	list := "/" + string(o.part) + "s"
	one := list + "/{" + string(o.part) + "}"
	yes := []string{"1"}
	unproved := []param{{name: "unproved", text: "1: store it without asking the platform or the forum first", enum: yes}}
	answer := func(status int, text string) []outcome { return gives(status, text, "SectionAnswer") }
	return []route{{
		method: http.MethodPost, path: list, id: "make" + id, need: hub.Administrator, query: unproved, body: inJSON("SectionInput"), repeats: true,
		summary: "Make a " + what + ". It works at once; secrets are sealed and never shown again",
		answers: answer(http.StatusCreated, "It is in force."), handle: o.post,
	}, {
		method: http.MethodGet, path: one, id: "get" + id, need: hub.Viewer, summary: "What is set of a " + what + ", of secrets only their ends",
		answers: gives(http.StatusOK, "Who manages it and what is set.", "Section"), handle: o.get,
	}, {
		method: http.MethodPut, path: one, id: "replace" + id, need: hub.Administrator, query: unproved, body: inJSON("SectionInput"), repeats: true,
		summary: "Set all of a " + what + " anew. A secret that is not named stays as it is",
		answers: answer(http.StatusOK, "It is in force."), handle: o.put,
	}, {
		method: http.MethodPatch, path: one, id: "change" + id, need: hub.Administrator, query: unproved, body: inJSON("SectionInput"), repeats: true,
		summary: "Change some settings of a " + what + "; null takes one away",
		answers: answer(http.StatusOK, "It is in force."), handle: o.patch,
	}, {
		method: http.MethodDelete, path: one, id: "remove" + id, need: hub.Administrator, repeats: true,
		query:   []param{{name: "dry_run", text: "1: say only what would end", enum: yes}},
		summary: "Remove a " + what + ". Subscriptions that name it stay, and what waits goes on waiting for one of the same name",
		answers: gives(http.StatusOK, "What ends with it.", "Removal"), handle: o.remove,
	}, {
		method: http.MethodPost, path: one + "/check", id: "check" + id, need: hub.Administrator, body: inJSON("SectionInput"), repeats: true,
		summary: "Ask the platform or the forum whether a " + what + " is right: as it is, or with a body as that would make it. Nothing is stored or posted",
		answers: gives(http.StatusOK, "What it said.", "Proof"), handle: o.check,
	}}
}
