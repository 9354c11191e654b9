package pane

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// onSection serves the pages by which sources and systems are made and changed: the
// two have the same.
type onSection struct {
	*Pane
	part hub.SectionPart
}

// sectionPages are those of both parts. Whatever takes or shows a secret asks for
// the credential again.
func (p *Pane) sectionPages() []admin.Page {
	get, post, need := http.MethodGet, http.MethodPost, hub.Administrator
	var all []admin.Page
	for _, o := range []onSection{{p, hub.PartSource}, {p, hub.PartSystem}} {
		list, one := o.list(), o.list()+"/{"+string(o.part)+"}"
		all = append(all,
			admin.Page{Method: get, Path: list + "/new", Need: need, Fresh: true, Handle: o.askNew},
			admin.Page{Method: post, Path: list + "/new", Need: need, Fresh: true, Handle: o.make},
			admin.Page{Method: post, Path: list + "/new/test", Need: need, Fresh: true, Handle: o.testNew},
			admin.Page{Method: get, Path: one + "/edit", Need: need, Fresh: true, Handle: o.askEdit},
			admin.Page{Method: post, Path: one + "/edit", Need: need, Fresh: true, Handle: o.edit},
			admin.Page{Method: post, Path: one + "/edit/test", Need: need, Fresh: true, Handle: o.testEdit},
			admin.Page{Method: post, Path: one + "/test", Need: need, Handle: o.test},
			admin.Page{Method: get, Path: one + "/remove", Need: need, Handle: o.askRemoval},
			admin.Page{Method: post, Path: one + "/remove", Need: need, Handle: o.remove},
		)
	}
	return append(all,
		admin.Page{Method: post, Path: "/sources/{source}/rotate", Need: need, Fresh: true, Handle: p.rotateSecret},
		admin.Page{Method: post, Path: "/sources/{source}/settle", Need: need, Handle: p.settleSecret},
		admin.Page{Method: get, Path: "/systems/{system}", Need: hub.Viewer, Handle: p.system},
		admin.Page{Method: post, Path: "/systems/{system}/pause", Need: need, Handle: p.pauseSystem},
		admin.Page{Method: post, Path: "/systems/{system}/resume", Need: hub.Editor, Handle: p.endPause},
	)
}

func (o onSection) list() string { return "/" + string(o.part) + "s" }

func (o onSection) url(name string) string { return o.list() + "/" + url.PathEscape(name) }

func (o onSection) nameOf(r *http.Request) string { return r.PathValue(string(o.part)) }

// sectionPage is the data of section-new.html and section-edit.html.
type sectionPage struct {
	Frame
	Part    hub.SectionPart
	List    string // the page with all of them
	Kinds   []kindChoice
	Form    *sectionForm
	Shown   *hub.SectionShown // nil for a new one
	Proof   proofPart
	Refused bool // the other side said no: it can be stored all the same
	Post    string
	Back    string
}

// kindChoice is a kind to choose.
type kindChoice struct{ Kind, Mark, URL string }

// proofPart is what the other side said, and what is wrong with what was filled in.
type proofPart struct {
	*hub.Proof
	Form  *sectionForm
	Wrong string   // what is wrong with the settings themselves
	Lines []proved // problems by field
	Fresh bool     // a script asks: problems are put to the fields of the form as well
}

// proved is a problem of a field.
type proved struct{ ID, Label, Text string }

// Told reports whether there is anything to tell.
func (p proofPart) Told() bool { return p.Proof != nil || p.Wrong != "" }

// Refusal reports whether something that was set is refused, and not that nobody
// answers.
func (p proofPart) Refusal() bool { return p.Proof != nil && len(p.Fields) > 0 }

// Every lists the fields with those in tables.
func (f *sectionForm) Every() (list []sectionField) {
	for _, field := range slices.Concat(f.First, f.More) {
		list = append(append(list, field), field.Fields...)
	}
	return list
}

// tell makes the part of what was said, of a form that was told the same.
func tell(f *sectionForm, proof *hub.Proof) proofPart {
	part := proofPart{Proof: proof, Form: f}
	if f == nil {
		return part
	}
	if f.NoName != "" {
		part.Lines = append(part.Lines, proved{"s-name", f.words.Say("fields.name"), f.NoName})
	}
	for _, field := range f.Every() {
		if field.Wrong != "" {
			part.Lines = append(part.Lines, proved{field.ID, field.Label, field.Wrong})
		}
	}
	part.Wrong = f.Wrong
	if proof == nil && part.Wrong == "" && len(part.Lines) > 0 {
		part.Wrong = f.words.Say("sections.wrong")
	}
	return part
}

// askNew asks which kind it shall be, and then for its settings.
func (o onSection) askNew(w http.ResponseWriter, r *http.Request) error {
	page := o.page(r, string(o.part)+".new")
	if kind, ok := o.kindOf(o.part, r.FormValue("kind")); ok {
		page.Form = formOf(page.Words, kind, nil)
		page.Form.Name = o.free(r, kind.Kind)
	}
	return o.showNew(w, http.StatusOK, page)
}

func (o onSection) page(r *http.Request, title string) *sectionPage {
	return &sectionPage{Frame: o.frame(r, string(o.part)+"s", "sections."+title), Part: o.part, List: o.list()}
}

func (o onSection) showNew(w http.ResponseWriter, status int, page *sectionPage) error {
	page.Post, page.Back = o.list()+"/new", o.list()+"/new"
	for _, kind := range o.Admin.Kinds() {
		if kind.Part == o.part {
			page.Kinds = append(page.Kinds, kindChoice{kind.Kind, markOf(kind), o.list() + "/new?kind=" + url.QueryEscape(kind.Kind)})
		}
	}
	web.Render(w, page.Words, status, "pane/section-new.html", page)
	return nil
}

// free is a name that no section has.
func (o onSection) free(r *http.Request, kind string) string {
	begin := kind
	if kind == "discourse" {
		begin = "forum"
	}
	name := begin
	for n := 2; ; n++ {
		if _, err := o.Admin.Section(r.Context(), o.part, name); err != nil {
			return name
		}
		name = begin + "-" + strconv.Itoa(n)
	}
}

// newForm is what was posted of a new one.
func (o onSection) newForm(r *http.Request) (*sectionForm, error) {
	kind, ok := o.kindOf(o.part, r.PostFormValue("kind"))
	if !ok {
		return nil, hub.Errorf(hub.CodeInvalid, "there is no kind %q", r.PostFormValue("kind"))
	}
	f := formFrom(web.WordsOf(r), kind, nil, r.PostForm)
	if f.Name == "new" { // the address of this very page
		f.put(map[string]string{"name": f.words.Say("sections.nameNew")})
	} else if _, err := o.Admin.Section(r.Context(), o.part, f.Name); err == nil {
		f.put(map[string]string{"name": f.words.Say("sections.nameTaken")})
	}
	return f, nil
}

func (o onSection) make(w http.ResponseWriter, r *http.Request) error {
	f, err := o.newForm(r)
	if err != nil {
		return err
	}
	page := o.page(r, string(o.part)+".new")
	page.Form = f
	if f.NoName != "" {
		return o.showNew(w, http.StatusUnprocessableEntity, page)
	}
	change, fresh := o.changeOf(f)
	made, proof, err := o.Admin.MakeSection(r.Context(), o.part, change, r.PostFormValue("unproved") != "")
	if err != nil {
		if !page.refused(proof, err) {
			return err
		}
		return o.showNew(w, http.StatusUnprocessableEntity, page)
	}
	if fresh != "" {
		return o.showSecret(w, r, made.Name, fresh, true)
	}
	return o.back(w, r, o.url(made.Name), "made")
}

// changeOf is what a new one shall be. A source that has no secret gets one.
func (o onSection) changeOf(f *sectionForm) (change hub.SectionChange, fresh string) {
	change = f.change()
	if _, said := change.Settings["secret"]; f.New && !said && o.part == hub.PartSource && f.takes("secret") {
		fresh = o.Admin.NewSecret(f.Kind)
		change.Settings["secret"] = fresh
	}
	return change, fresh
}

// refused fills the page with what was wrong. It is false for an error that is none
// of the form.
func (page *sectionPage) refused(proof *hub.Proof, err error) bool {
	f := page.Form
	if proof == nil || proof.OK {
		if !f.refuse(err) {
			return false
		}
		page.Proof = tell(f, nil)
		f.Wrong = "" // it stands in the part that tells
		return true
	}
	f.put(proof.Fields)
	f.Wrong = ""
	page.Proof, page.Refused = tell(f, proof), true
	return true
}

// takes reports whether the kind has a key.
func (f *sectionForm) takes(key string) bool {
	return slices.ContainsFunc(f.Fields, func(k hub.SectionKey) bool { return k.Name == key })
}

// editForm is the form of a section that is there, with what was posted.
func (o onSection) editForm(r *http.Request) (*sectionForm, *hub.SectionShown, error) {
	shown, err := o.Admin.Section(r.Context(), o.part, o.nameOf(r))
	if err != nil {
		return nil, nil, err
	}
	if err := shown.Fixed(); err != nil {
		return nil, nil, err
	}
	kind, ok := o.kindOf(o.part, shown.Kind)
	if !ok {
		return nil, nil, hub.Errorf(hub.CodeConflict, "there is no kind %q any more", shown.Kind)
	}
	if r.Method == http.MethodGet {
		return formOf(web.WordsOf(r), kind, shown), shown, nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, nil, hub.Errorf(hub.CodeInvalid, "the form cannot be read: %s", err)
	}
	return formFrom(web.WordsOf(r), kind, shown, r.PostForm), shown, nil
}

func (o onSection) askEdit(w http.ResponseWriter, r *http.Request) error {
	f, shown, err := o.editForm(r)
	if err != nil {
		return err
	}
	page := o.page(r, string(o.part)+".edit")
	page.Form, page.Shown = f, shown
	return o.showEdit(w, http.StatusOK, page)
}

func (o onSection) showEdit(w http.ResponseWriter, status int, page *sectionPage) error {
	page.Back = o.url(page.Shown.Name)
	page.Post = page.Back + "/edit"
	web.Render(w, page.Words, status, "pane/section-edit.html", page)
	return nil
}

func (o onSection) edit(w http.ResponseWriter, r *http.Request) error {
	f, shown, err := o.editForm(r)
	if err != nil {
		return err
	}
	_, proof, err := o.Admin.ChangeSection(r.Context(), o.part, shown.Name, f.change(), true, r.PostFormValue("unproved") != "")
	if err == nil {
		return o.back(w, r, o.url(shown.Name), "saved")
	}
	page := o.page(r, string(o.part)+".edit")
	page.Form, page.Shown = f, shown
	if !page.refused(proof, err) {
		return err
	}
	return o.showEdit(w, http.StatusUnprocessableEntity, page)
}

func (o onSection) testNew(w http.ResponseWriter, r *http.Request) error {
	f, err := o.newForm(r)
	if err != nil {
		return err
	}
	page := o.page(r, string(o.part)+".new")
	page.Form = f
	if f.NoName != "" {
		page.Proof = tell(f, nil)
	} else if err := o.prove(r, page, f.Name); err != nil {
		return err
	}
	if isPart(r) {
		return o.showProof(w, r, page.Proof)
	}
	return o.showNew(w, http.StatusOK, page)
}

func (o onSection) testEdit(w http.ResponseWriter, r *http.Request) error {
	f, shown, err := o.editForm(r)
	if err != nil {
		return err
	}
	page := o.page(r, string(o.part)+".edit")
	page.Form, page.Shown = f, shown
	if err := o.prove(r, page, shown.Name); err != nil {
		return err
	}
	if isPart(r) {
		return o.showProof(w, r, page.Proof)
	}
	return o.showEdit(w, http.StatusOK, page)
}

// prove asks the other side about what is in the form. Nothing is stored.
func (o onSection) prove(r *http.Request, page *sectionPage, name string) error {
	change, _ := o.changeOf(page.Form)
	proof, err := o.Admin.ProveSection(r.Context(), o.part, name, &change)
	switch {
	case err == nil && proof.OK:
		page.Proof = tell(page.Form, proof)
	case !page.refused(proof, err):
		return err
	}
	page.Refused = false // nothing was to be stored
	return nil
}

// test asks the other side about a section as it is.
func (o onSection) test(w http.ResponseWriter, r *http.Request) error {
	proof, err := o.Admin.ProveSection(r.Context(), o.part, o.nameOf(r), nil)
	if err != nil {
		return err
	}
	part := proofPart{Proof: proof, Lines: o.lines(r, proof)}
	if isPart(r) {
		return o.showProof(w, r, part)
	}
	if o.part == hub.PartSource {
		page, err := o.sourcePage(r)
		if err != nil {
			return err
		}
		page.Proof = part
		return o.show(w, r, "pane/source.html", page)
	}
	page, err := o.systemPage(r, hub.System(o.nameOf(r)))
	if err != nil {
		return err
	}
	page.Proof = part
	return o.show(w, r, "pane/system.html", page)
}

// lines are the problems of a proof by the labels of their keys.
func (o onSection) lines(r *http.Request, proof *hub.Proof) (list []proved) {
	shown, err := o.Admin.Section(r.Context(), o.part, o.nameOf(r))
	if err != nil {
		return nil
	}
	kind, ok := o.kindOf(o.part, shown.Kind)
	if !ok {
		return nil
	}
	f := formOf(web.WordsOf(r), kind, shown)
	for _, key := range slices.Sorted(maps.Keys(proof.Fields)) {
		label := key
		if i := slices.IndexFunc(f.Every(), func(one sectionField) bool { return one.Input == inputs+key }); i >= 0 {
			label = f.Every()[i].Label
		}
		list = append(list, proved{Label: label, Text: proof.Fields[key]})
	}
	return list
}

func (o onSection) showProof(w http.ResponseWriter, r *http.Request, part proofPart) error {
	part.Fresh = part.Form != nil
	return o.show(w, r, "section-proof", part)
}

// removalPage is the data of section-remove.html.
type removalPage struct {
	Frame
	Part  hub.SectionPart
	Name  string
	Ends  *hub.Removal
	Post  string
	Back  string
	Typed string
	Wrong bool // what was typed is not the name
}

// askRemoval says what would end, and wants the name typed.
func (o onSection) askRemoval(w http.ResponseWriter, r *http.Request) error {
	page, err := o.removal(r)
	if err != nil {
		return err
	}
	if isPart(r) {
		return o.show(w, r, "section-removal", page)
	}
	return o.show(w, r, "pane/section-remove.html", page)
}

func (o onSection) removal(r *http.Request) (*removalPage, error) {
	name := o.nameOf(r)
	ends, err := o.Admin.RemoveSection(r.Context(), o.part, name, true)
	if err != nil {
		return nil, err
	}
	return &removalPage{
		Frame: o.frame(r, string(o.part)+"s", "sections."+string(o.part)+".remove"), Part: o.part, Name: name, Ends: ends, Post: o.url(name) + "/remove", Back: o.url(name),
	}, nil
}

func (o onSection) remove(w http.ResponseWriter, r *http.Request) error {
	if typed := r.PostFormValue("name"); typed != o.nameOf(r) {
		page, err := o.removal(r)
		if err != nil {
			return err
		}
		page.Typed, page.Wrong = typed, true
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/section-remove.html", page)
		return nil
	}
	if _, err := o.Admin.RemoveSection(r.Context(), o.part, o.nameOf(r), false); err != nil {
		return err
	}
	return o.back(w, r, o.list(), string(o.part)+"Removed")
}

// rotateSecret gives a source another secret, which is shown this once.
func (p *Pane) rotateSecret(w http.ResponseWriter, r *http.Request) error {
	fresh, after, err := p.Admin.RotateSecret(r.Context(), hub.Source(r.PathValue("source")))
	if err != nil {
		return err
	}
	return p.showSecret(w, r, after.Name, fresh, false)
}

// settleSecret ends that the secret before is accepted, too.
func (p *Pane) settleSecret(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("source")
	change := hub.SectionChange{Settings: map[string]any{"previous_secret": nil}}
	if _, _, err := p.Admin.ChangeSection(r.Context(), hub.PartSource, name, change, true, true); err != nil {
		return err
	}
	return p.back(w, r, "/sources/"+url.PathEscape(name), "settled")
}

// showSecret shows a source's page with its new secret.
func (p *Pane) showSecret(w http.ResponseWriter, r *http.Request, name, fresh string, made bool) error {
	r.SetPathValue("source", name)
	page, err := p.sourcePage(r)
	if err != nil {
		return err
	}
	page.Fresh, page.Made = fresh, made
	return p.show(w, r, "pane/source.html", page)
}

func (p *Pane) pauseSystem(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("system")
	_, err := p.Admin.PauseSystem(r.Context(), hub.System(name), r.PostFormValue("reason"))
	if wrong := wrongFields(err, ""); wrong != nil {
		page, failed := p.systemPage(r, hub.System(name))
		if failed != nil {
			return errors.Join(err, failed)
		}
		page.NoPause, page.Said = wrong["reason"], r.PostFormValue("reason")
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/system.html", page)
		return nil
	}
	if err != nil {
		return err
	}
	return p.back(w, r, "/systems/"+url.PathEscape(name), "paused")
}

// endPause ends a pause, or has the system tried at once.
func (p *Pane) endPause(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("system")
	if err := p.Admin.ResumeSystem(r.Context(), hub.System(name), ""); err != nil {
		return err
	}
	return p.back(w, r, "/systems/"+url.PathEscape(name), "tried")
}
