package pane

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Kinds that the wizard knows.
const (
	consoleKind   = "console"
	discourseKind = "discourse"
)

// welcomeForumPage is the data of welcome-forum.html.
type welcomeForumPage struct {
	wizard
	Form     *sectionForm
	Problem  string       // why the forum was not connected
	Theirs   bool         // the forum has refused something
	Forum    *wizardForum // nil: none is connected yet
	Others   []hub.Source // further forums
	Base     string       // where Bellhop is reached, as far as is known
	NoPublic bool         // nobody has said where that is
	Mine     bool         // it is reached only on this machine
}

// wizardForum is a forum that is being connected.
type wizardForum struct {
	hub.SourceStatus
	Section *hub.SectionShown
	Payload string // where its webhook sends to
	Secret  string // told this once
	Ends    string // of the secret
	HeardAt time.Time
	Refused []hub.Refusals // since it was connected
	Trouble bool           // how it is cannot be told
}

// Progress is how far it is: a page that shows it asks whether it is another by now.
func (f *wizardForum) Progress() string {
	switch {
	case !f.HeardAt.IsZero():
		return "heard"
	case f.Trouble:
		return "trouble"
	}
	n := 0
	for _, refused := range f.Refused {
		n += refused.Count
	}
	return "waits" + strconv.Itoa(n)
}

// Host is the forum's name.
func (f *wizardForum) Host() string {
	if u, err := url.Parse(f.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return f.URL
}

// Hooks is where the forum keeps its webhooks.
func (f *wizardForum) Hooks() string {
	return webAddress(strings.TrimRight(f.URL, "/") + "/admin/api/web_hooks")
}

// Pinged reports whether what came was a ping.
func (f *wizardForum) Pinged() bool { return f.PingedAt.Equal(f.HeardAt) }

// Here reports whether it was made here, so that its secret can be made anew here.
func (f *wizardForum) Here() bool { return f.Section.Managed == hub.ManagedHere }

// Table is where the configuration file tells of it.
func (f *wizardForum) Table() string { return "[sources." + string(f.Source) + "]" }

// PublicSetting is how the configuration file says where Bellhop is reached.
func (*welcomeForumPage) PublicSetting() string {
	return "[server]\npublic_url = \"https://bell.example.com\""
}

// Try is what shows on another machine whether it reaches Bellhop.
func (page *welcomeForumPage) Try() string { return "curl -I " + page.Base + "/healthz" }

func (p *Pane) forumStep(r *http.Request) (*welcomeForumPage, error) {
	frame, err := p.wizard(r, 2, "welcome.forum.title")
	if err != nil {
		return nil, err
	}
	page := &welcomeForumPage{wizard: frame, Base: p.address(r, ""), NoPublic: p.PublicURL == ""}
	page.Mine = onThisMachine(page.Base)
	page.setForm(formOf(page.Words, p.forumKind(), nil))
	page.Form.begin()
	return page, nil
}

// Amiss are the fields in which something is wrong, unless what the forum said
// tells it all.
func (page *welcomeForumPage) Amiss() []sectionField {
	if page.Problem != "" {
		return nil
	}
	return page.Form.wrongs()
}

// setForm takes a form of a forum, whose secret is made unless it is brought along:
// that is for the few.
func (page *welcomeForumPage) setForm(f *sectionForm) {
	isSecret := func(field sectionField) bool { return field.Input == inputs+"secret" }
	if i := slices.IndexFunc(f.First, isSecret); i >= 0 {
		f.More = slices.Insert(f.More, 0, f.First[i])
		f.First = slices.Delete(f.First, i, i+1)
	}
	page.Form = f
}

// onThisMachine reports whether an address leads nowhere on any other machine.
func onThisMachine(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// chooseForum finds the forum to show: the one that is named, else one that was
// not heard yet, else the first.
func (p *Pane) chooseForum(r *http.Request, page *welcomeForumPage, name hub.Source) error {
	forums := slices.DeleteFunc(slices.Clone(page.setup.sources), func(s hub.SourceStatus) bool { return s.Kind != discourseKind })
	i := slices.IndexFunc(forums, func(s hub.SourceStatus) bool { return s.Source == name })
	if i < 0 {
		i = slices.IndexFunc(forums, func(s hub.SourceStatus) bool { return s.LastEventAt.IsZero() })
	}
	if i < 0 && len(forums) > 0 {
		i = 0
	}
	for k, other := range forums {
		if k != i {
			page.Others = append(page.Others, other.Source)
		}
	}
	if i < 0 || r.URL.Query().Get("another") == "1" {
		page.Next = wizardNext{URL: welcomeChatPath, Skip: true}
		return nil
	}
	section, err := p.Admin.Section(r.Context(), hub.PartSource, string(forums[i].Source))
	if err != nil {
		return err
	}
	f := &wizardForum{SourceStatus: forums[i], Section: section, Payload: p.address(r, "/in/"+url.PathEscape(string(forums[i].Source))), Ends: section.Secrets["secret"].Ends}
	// What a source of the same name had told before this one was made is not of it.
	if at := latest(f.LastEventAt, f.PingedAt); at.After(section.MadeAt) {
		f.HeardAt = at
	}
	for _, refused := range f.SourceStatus.Refused {
		if refused.LastAt.After(section.MadeAt) {
			f.Refused = append(f.Refused, refused)
		}
	}
	page.Forum = f
	page.Next = wizardNext{URL: welcomeChatPath, Skip: f.HeardAt.IsZero()}
	return nil
}

func (p *Pane) welcomeForum(w http.ResponseWriter, r *http.Request) error {
	page, err := p.forumStep(r)
	if err != nil {
		return err
	}
	if err := p.chooseForum(r, page, hub.Source(r.URL.Query().Get("source"))); err != nil {
		return err
	}
	return p.show(w, r, "pane/welcome-forum.html", page)
}

// forumHeard tells a page that waits for the forum's first call how it stands.
func (p *Pane) forumHeard(w http.ResponseWriter, r *http.Request) error {
	source := hub.Source(r.URL.Query().Get("source"))
	page, err := p.forumStep(r)
	if err == nil {
		err = p.chooseForum(r, page, source)
	}
	if err != nil {
		p.Log.WarnContext(r.Context(), "how a forum is cannot be told", "source", source, "err", err)
		page = &welcomeForumPage{wizard: wizard{Frame: p.frame(r, "", "welcome.forum.title")}}
		page.Forum = &wizardForum{SourceStatus: hub.SourceStatus{Source: source}, Trouble: true}
		if unchanged(w, r, page.Forum.Progress()) {
			return nil
		}
		return p.show(w, r, "welcome-heard", page)
	}
	if page.Forum == nil || page.Forum.Source != source { // somebody has removed it
		w.Header().Set("HX-Redirect", welcomeForumPath)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if unchanged(w, r, page.Forum.Progress()) {
		return nil
	}
	page.Part = true
	return p.show(w, r, "welcome-heard-part", page)
}

// forumKind is what can be set of a forum.
func (p *Pane) forumKind() hub.SectionKind {
	kind, _ := p.kindOf(hub.PartSource, discourseKind)
	return kind
}

// connectForum makes a source of a forum's address, with a secret that is told this
// once unless it was brought along.
func (p *Pane) connectForum(w http.ResponseWriter, r *http.Request) error {
	page, err := p.forumStep(r)
	if err != nil {
		return err
	}
	at := strings.TrimRight(strings.TrimSpace(r.PostFormValue(inputs+"url")), "/")
	if at != "" && !strings.Contains(at, "://") {
		at = "https://" + at
	}
	r.PostForm.Set(inputs+"url", at)
	for _, s := range page.setup.sources { // it was sent twice
		if s.Kind == discourseKind && s.URL == at {
			return p.goOn(w, r, with(welcomeForumPath, "source", string(s.Source)))
		}
	}
	page.setForm(formFrom(page.Words, p.forumKind(), nil, r.PostForm))
	change, secret := page.Form.change(), ""
	change.Name = freeName("forum", page.setup.has)
	if change.Settings["secret"] == nil {
		secret = rand.Text()
		change.Settings["secret"] = secret
	}
	made, proof, err := p.Admin.MakeSection(r.Context(), hub.PartSource, change, r.PostFormValue("unproved") == "1")
	if err != nil {
		return p.notConnected(w, r, page, proof, err)
	}
	// What the forum has is asked for now: the wizard goes on with its categories.
	if _, err := p.Admin.RefreshSource(r.Context(), hub.Source(made.Name)); err != nil {
		p.Log.WarnContext(r.Context(), "the categories of a forum cannot be read", "source", made.Name, "err", err)
	}
	if page.setup.sources, err = p.Admin.SourceList(r.Context()); err != nil {
		return err
	}
	return p.showWelcomeSecret(w, r, page, hub.Source(made.Name), secret)
}

// goOn leads to another page, also who asked for a part of one.
func (p *Pane) goOn(w http.ResponseWriter, r *http.Request, to string) error {
	if isPart(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// showWelcomeSecret shows the forum's page with its secret.
func (p *Pane) showWelcomeSecret(w http.ResponseWriter, r *http.Request, page *welcomeForumPage, source hub.Source, secret string) error {
	if err := p.chooseForum(r, page, source); err != nil {
		return err
	}
	if page.Forum == nil || page.Forum.Source != source {
		return hub.Errorf(hub.CodeConflict, "%s", web.WordsOf(r).Say("welcome.forum.gone"))
	}
	page.Forum.Secret = secret
	return p.stepForum(w, r, http.StatusOK, page)
}

func (p *Pane) stepForum(w http.ResponseWriter, r *http.Request, status int, page *welcomeForumPage) error {
	name := "pane/welcome-forum.html"
	if isPart(r) {
		name, page.Part = "welcome-forum", false // the whole step is replaced
	}
	web.Render(w, page.Words, status, name, page)
	return nil
}

// notConnected shows the form again, with what is wrong and on whose side.
func (p *Pane) notConnected(w http.ResponseWriter, r *http.Request, page *welcomeForumPage, proof *hub.Proof, err error) error {
	if !page.Form.refuse(err) {
		return err
	}
	if proof != nil && !proof.OK {
		page.Problem, page.Form.Wrong, page.Theirs = proof.Problem, "", len(proof.Fields) > 0
	}
	page.Next = wizardNext{URL: welcomeChatPath, Skip: true}
	if isPart(r) { // what was typed stays: no secret comes back out of a form
		w.Header().Set("HX-Retarget", "#problem")
		w.Header().Set("HX-Reswap", "outerHTML")
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "welcome-problem", page)
		return nil
	}
	return p.stepForum(w, r, http.StatusUnprocessableEntity, page)
}

// forumSecret gives a forum a new secret, which is told this once.
func (p *Pane) forumSecret(w http.ResponseWriter, r *http.Request) error {
	source := hub.Source(r.PostFormValue("source"))
	fresh, _, err := p.Admin.RotateSecret(r.Context(), source)
	if err != nil {
		return err
	}
	page, err := p.forumStep(r)
	if err != nil {
		return err
	}
	return p.showWelcomeSecret(w, r, page, source, fresh)
}

// freeName is a name that nothing has: base, or base with a number.
func freeName(base string, taken func(string) bool) string {
	name := base
	for n := 2; taken(name); n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name
}

// has reports whether a source or a system has a name: both stand in the same
// place in addresses.
func (s *setup) has(name string) bool {
	return slices.ContainsFunc(s.sources, func(one hub.SourceStatus) bool { return string(one.Source) == name }) ||
		slices.ContainsFunc(s.systems, func(one hub.SystemStatus) bool { return string(one.System) == name })
}
