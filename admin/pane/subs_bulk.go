package pane

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// bulkPage is the data of subs-bulk.html, which counts before it asks.
type bulkPage struct {
	Frame
	Do      string
	IDs     []string
	All     bool
	Sel     admin.RowSelection
	Count   int
	Asked   string
	Systems []hub.SystemStatus
	To      hub.Chat
	Problem string
	Back    string
}

// Query is the search that is meant, as fields of the form.
func (b *bulkPage) Query() map[string][]string { return values(b.Sel) }

// bulkOf reads what a form says is to be done.
func bulkOf(r *http.Request) (b admin.Bulk, sel admin.RowSelection) {
	_ = r.ParseForm() // what cannot be read is not there
	sel = selectionOf(r.Form)
	b = admin.Bulk{Do: r.Form.Get("do"), To: hub.Chat{System: hub.System(r.Form.Get("to_system")), ID: r.Form.Get("to_chat")}}
	if r.Form.Get("all") == "1" {
		b.Query = &sel
		return b, sel
	}
	for _, id := range r.Form["id"] {
		b.IDs = append(b.IDs, hub.SubscriptionID(id))
	}
	return b, sel
}

func (p *Pane) askBulk(w http.ResponseWriter, r *http.Request) error {
	return p.bulkPage(w, r, "")
}

// bulkPage asks, with the count first.
func (p *Pane) bulkPage(w http.ResponseWriter, r *http.Request, problem string) error {
	b, sel := bulkOf(r)
	words := web.WordsOf(r)
	if !slices.Contains(admin.Bulks(), b.Do) || b.Query == nil && len(b.IDs) == 0 {
		return hub.Errorf(hub.CodeInvalid, "%s", words.Say("subs.bulkNone"))
	}
	page := &bulkPage{
		Frame: p.frame(r, "subscriptions", "subs.bulkTitle"), Do: b.Do, IDs: r.Form["id"], All: b.Query != nil, Sel: sel,
		To: b.To, Problem: problem, Back: "/subscriptions?" + values(sel).Encode(),
	}
	counted := b
	counted.DryRun = true
	if b.Do == admin.BulkMove { // where to is asked here
		counted.Do = admin.BulkEnable
	}
	n, err := p.Admin.BulkRows(r.Context(), counted)
	if err != nil {
		return err
	}
	if page.Systems, err = p.Admin.Systems(r.Context()); err != nil {
		return err
	}
	page.Count = n.Count
	page.Asked = words.Say("subs.ask."+b.Do, "Rows", words.Say("subs.count", "Count", n.Count), "Chats", words.Say("subs.inChats", "Count", n.Chats))
	status := http.StatusOK
	if problem != "" {
		status = http.StatusUnprocessableEntity
	}
	web.Render(w, words, status, "pane/subs-bulk.html", page)
	return nil
}

// bulkDone are the texts that tell what was done.
var bulkDone = map[string]string{
	admin.BulkEnable: "subs.enabledMany", admin.BulkDisable: "subs.disabledMany", admin.BulkDelete: "subs.deletedMany", admin.BulkMove: "subs.movedMany",
}

func (p *Pane) doBulk(w http.ResponseWriter, r *http.Request) error {
	b, sel := bulkOf(r)
	b.Count, _ = strconv.Atoi(r.Form.Get("count")) // none is no matter
	result, err := p.Admin.BulkRows(r.Context(), b)
	if hub.CodeOf(err) == hub.CodeInvalid || hub.CodeOf(err) == hub.CodeConflict {
		_, detail := p.Admin.Describe(r, err)
		return p.bulkPage(w, r, detail)
	}
	if err != nil {
		return err
	}
	setNotice(w, notice{Text: bulkDone[b.Do], N: result.Count, Left: len(result.Left)})
	http.Redirect(w, r, "/subscriptions?"+values(sel).Encode(), http.StatusSeeOther)
	return nil
}
