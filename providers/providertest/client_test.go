package providertest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const limit = 500

// lookalike is a platform with three calls that write: POST /<token>/send, edit
// and retract. It deduplicates.
type lookalike struct {
	providertest.Recorder
	last atomic.Int64
}

type message struct {
	Chat, Key, Text, Root, Ref string
	Image                      string // shown below
	Plain                      bool   // the text is no markup
}

// read says what of a message is broken markup, which a text has between stars.
func read(s providertest.Sent) (r providertest.Reading, err error) {
	var m message
	if err := json.Unmarshal(s.Raw, &m); err != nil {
		return r, err
	}
	r.Plain = m.Plain
	if m.Image != "" {
		r.Images = []string{m.Image}
	}
	for _, link := range links.FindAllStringSubmatch(m.Text, -1) {
		r.Links = append(r.Links, link[1])
	}
	for _, code := range codes.FindAllStringSubmatch(m.Text, -1) {
		r.Code = append(r.Code, code[1])
	}
	if !m.Plain && strings.Count(m.Text, "«") != strings.Count(m.Text, "»") {
		return r, errors.New("a link does not end")
	}
	return r, nil
}

var (
	links = regexp.MustCompile(`«([^»]*)»`)
	codes = regexp.MustCompile(`(?s)⟦(.*?)⟧`)
)

func (l *lookalike) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := path.Base(r.URL.Path)
	if op == "check" {
		_, _ = io.WriteString(w, `{"ok":true}`)
		return
	}
	raw, _ := io.ReadAll(r.Body)
	step, scripted := l.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	var m message
	_ = json.Unmarshal(raw, &m)
	answer, found := l.write(op, m, raw)
	switch {
	case scripted:
		step.Answer(w, r)
	case !found:
		w.WriteHeader(http.StatusNotFound)
	default:
		_ = json.NewEncoder(w).Encode(message{Ref: answer})
	}
}

func (l *lookalike) write(op string, m message, raw []byte) (ref string, found bool) {
	switch op {
	case "edit":
		return m.Ref, l.Edit(m.Ref, m.Text, raw)
	case "retract":
		return m.Ref, l.Retract(m.Ref)
	}
	ref = strconv.FormatInt(l.last.Add(1), 36) + "-" + m.Key
	return l.RecordOnce(providertest.Sent{Chat: m.Chat, Key: m.Key, Text: m.Text, Root: m.Root, Raw: raw, Ref: ref}).Ref, true
}

// client is a small sound provider, but for its defect.
type client struct {
	url, defect string
	token       secret.Value
	calls       int
	last        string
}

func (c *client) has(defect string) bool { return c.defect == defect }

func (c *client) GoString() string {
	if c.has("leaks when printed") {
		return c.token.Reveal()
	}
	return "client"
}

func (c *client) Describe() providers.Description {
	d := providers.Description{
		Kind: "test", ID: "test-acme", Limits: providers.Limits{Text: limit, Unit: providers.Characters},
		Can: hub.Features{Threads: true, Idempotent: true, Edits: true, Deletes: true, Images: true},
	}
	if c.has("hides that it edits") {
		d.Can.Edits, d.Can.Deletes = false, false
	}
	if c.has("description changes") && c.calls > 0 {
		d.Limits.Text++
	}
	if c.has("promises chats") {
		d.Can.Chats = true
	}
	if c.has("hides its images") {
		d.Can.Images = false
	}
	return d
}

func (c *client) Check(ctx context.Context) error {
	if c.has("check posts") {
		_, _ = c.Send(ctx, providers.Post{Message: hub.Message{Text: "checking"}})
	}
	_, err := c.call(ctx, "check", message{})
	return err
}

func (c *client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	if c.has("description changes") {
		c.calls++
	}
	if c.has("refuses cards") && p.Message.Card != nil {
		return hub.Receipt{}, errors.New("no cards")
	}
	if c.has("sends after cancel") || c.has("ignores cancel") {
		ctx = context.WithoutCancel(ctx)
	}
	return c.simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		m := message{Chat: p.To.ID, Key: p.Key, Root: string(p.Root)}
		return c.send(ctx, c.spoil(c.say(m, p.Message, form)))
	})
}

// simplify goes through the forms of a message, as its defect lets it.
func (c *client) simplify(attempt func(providers.Form) (hub.Receipt, *providers.Failed)) (hub.Receipt, error) {
	receipt, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		if c.has("sends markup again") && form == providers.PlainWords {
			form = providers.Whole
		}
		receipt, failed := attempt(form)
		switch {
		case failed == nil:
		case c.has("simplifies nothing"), c.has("keeps its image") && failed.Instead == providers.Imageless:
			failed.Instead = providers.Whole
		case c.has("drops all looks for an image") && failed.Instead != providers.Whole:
			failed.Instead, failed.Said = providers.PlainWords, ""
		case c.has("sends words without end") && form == providers.PlainWords:
			receipt, failed = attempt(form)
		}
		return receipt, failed
	})
	if c.has("does not say what is missing") {
		receipt.Note = ""
	}
	return receipt, err
}

// say puts a message into a call.
func (c *client) say(m message, from hub.Message, form providers.Form) message {
	m.Text, m.Plain = c.text(from, form), form == providers.PlainWords
	image := providers.Picture(from.Card)
	if c.has("shows images of everything") && from.Card != nil {
		image = from.Card.Image
	}
	if image != nil && (form == providers.Whole || c.has("shows images beside words")) && len(image.URL) < 1000 {
		m.Image = image.URL
	}
	return m
}

func (c *client) send(ctx context.Context, m message) (hub.Receipt, *providers.Failed) {
	answer, err := c.call(ctx, "send", m)
	if err != nil && c.has("retries") {
		answer, err = c.call(ctx, "send", m)
	}
	if err != nil {
		return hub.Receipt{}, failed(err)
	}
	switch {
	case c.has("one ref for all"):
		answer.Ref = "1"
	case c.has("no ref"):
		answer.Ref = ""
	}
	if c.has("edits the last") || c.has("retracts the last") {
		c.last = answer.Ref
	}
	return hub.Receipt{Ref: hub.MessageRef(answer.Ref)}, nil
}

// failed is err with the form that the platform may like better.
func failed(err error) *providers.Failed {
	f := &providers.Failed{}
	e, ok := errors.AsType[*providers.Error](err)
	if !ok {
		e = &providers.Error{Err: err}
		f.Err = e
		return f
	}
	f.Err = e
	switch said := e.Err.Error(); said {
	case "bad markup":
		f.Instead, f.Said = providers.PlainWords, said
	case "bad image":
		f.Instead, f.Said = providers.Imageless, said
	}
	return f
}

func (c *client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	ctx = c.changing(ctx)
	return c.simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		if form != providers.Whole && c.has("edits do not simplify") {
			return hub.Receipt{}, failed(c.fail("edit", hub.FaultRejected, errors.New("refused")))
		}
		receipt, err := c.edit(ctx, p, ref, form)
		if err != nil {
			return receipt, failed(err)
		}
		return receipt, nil
	})
}

func (c *client) edit(ctx context.Context, p providers.Post, ref hub.MessageRef, form providers.Form) (hub.Receipt, error) {
	m := c.say(message{Chat: p.To.ID, Key: p.Key, Ref: string(ref)}, p.Message, form)
	switch c.defect {
	case "edits nothing":
		return hub.Receipt{Ref: ref}, nil
	case "edits by sending anew":
		return c.Send(ctx, p)
	case "edits by adding":
		m.Text = "hello " + m.Text
	case "edits the last":
		m.Ref = cmp.Or(c.last, m.Ref)
	case "does not cut edits":
		m.Text = p.Message.Text
	case "pings in edits":
		m.Text = strings.ReplaceAll(m.Text, "\u200b", "")
	}
	_, err := c.call(ctx, "edit", m)
	switch {
	case c.has("believes any edit") && providers.FaultOf(err) == hub.FaultRejected:
		err = nil
	case c.has("edits twice"):
		_, _ = c.call(ctx, "edit", m)
	case err != nil && c.has("edits again"):
		_, err = c.call(ctx, "edit", m)
	case err == nil && c.has("names the edit"):
		ref = hub.MessageRef(p.Key)
	}
	return hub.Receipt{Ref: ref}, c.careless(err)
}

func (c *client) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	m := message{Chat: at.ID, Ref: string(ref)}
	switch c.defect {
	case "retracts nothing":
		return nil
	case "retracts the last":
		m.Ref = cmp.Or(c.last, m.Ref)
	case "retracts by editing":
		_, err := c.call(ctx, "edit", message{Chat: at.ID, Ref: m.Ref, Text: "removed"})
		return err
	}
	_, err := c.call(c.changing(ctx), "retract", m)
	if providers.FaultOf(err) == hub.FaultRejected && !c.has("minds what is gone") {
		return nil
	}
	return c.careless(err)
}

// changing is the context of a change, which some forget to watch.
func (c *client) changing(ctx context.Context) context.Context {
	if c.has("changes after cancel") {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// careless is what someone makes of an error of a change.
func (c *client) careless(err error) error {
	e, ok := errors.AsType[*providers.Error](err)
	if !ok {
		return err
	}
	switch c.defect {
	case "changes fail barely":
		return e.Err
	case "changes fail for ever":
		e.Fault = hub.FaultRejected
	case "changes fail without after":
		e.After = 0
	case "leaks in changes":
		e.Err = fmt.Errorf("%w at %s/%s", e.Err, c.url, c.token.Reveal())
	}
	return e
}

func (c *client) spoil(m message) message {
	switch c.defect {
	case "wrong chat":
		m.Chat = "elsewhere"
	case "forgets the root":
		m.Root = ""
	case "key not passed":
		m.Key = ""
	}
	return m
}

func (c *client) text(m hub.Message, form providers.Form) string {
	md := m.Text
	if m.Card != nil {
		md = cmp.Or(m.Card.Title+"\n\n"+m.Card.Text, " ")
	}
	to := dialect{c, form == providers.PlainWords}
	if to.bare && m.Card != nil {
		words := providers.Words{Text: to.escape, URL: calmURL, Limit: limit, Unit: providers.Characters}
		if c.has("pings in words") {
			words.Text = func(s string) string { return s }
		}
		return words.Write(m)
	}
	whole := providers.Render(providers.Parse(md), to)
	switch c.defect {
	case "does not cut":
		return whole
	case "cuts bytes":
		return strings.ToValidUTF8(whole[:min(limit, len(whole))], "")
	case "cuts early":
		return whole[:min(limit-10, len(whole))]
	}
	out, _ := providers.Fit(providers.Parse(md), to, limit, providers.Characters.Len)
	return out
}

type dialect struct {
	c    *client
	bare bool
}

func (d dialect) escape(s string) string {
	if d.c.has("pings") {
		return s
	}
	return strings.ReplaceAll(s, "@", "@\u200b")
}

func (d dialect) Text(s string) string   { return d.escape(s) }
func (d dialect) Code(s string) string   { return d.escape(s) }
func (d dialect) Strong(s string) string { return s }
func (d dialect) Emph(s string) string   { return s }
func (d dialect) Strike(s string) string { return s }

func (d dialect) Link(s, url string) string {
	switch {
	case d.bare:
		return s
	case d.c.has("links elsewhere"):
		return s + "«" + url + "/»"
	}
	return s + "«" + calmURL(url) + "»"
}

func calmURL(url string) string { return strings.ReplaceAll(url, "@", "%40") }

func (d dialect) Image(alt, _ string) string     { return d.escape(alt) }
func (d dialect) LineBreak() string              { return "\n" }
func (d dialect) Paragraph(s string) string      { return s }
func (d dialect) Heading(_ int, s string) string { return s }
func (d dialect) Quote(s string) string          { return s }

func (d dialect) CodeBlock(_, s string) string {
	if d.c.has("writes code anew") {
		s = strings.ReplaceAll(s, "x", "y")
	}
	if d.bare {
		return d.escape(s)
	}
	return "⟦" + d.escape(s) + "⟧"
}

func (d dialect) Rule() string                          { return "--" }
func (d dialect) Join(blocks []string) string           { return strings.Join(blocks, "\n") }
func (d dialect) List(_ bool, _ int, s []string) string { return strings.Join(s, "\n") }

func (d dialect) Table(rows [][]string) string {
	return d.escape(providers.PlainText().Table(rows))
}

func (c *client) call(ctx context.Context, op string, m message) (message, error) {
	body, _ := json.Marshal(m)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/"+c.token.Reveal()+"/"+op, bytes.NewReader(body))
	if err != nil {
		return message{}, c.fail(op, hub.FaultTemporary, errors.New("bad address"))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return message{}, c.fail(op, hub.FaultTemporary, c.clean(err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return message{}, c.fail(op, hub.FaultTemporary, c.clean(err))
	}
	return c.judge(op, resp, raw)
}

// clean takes the URL, which holds the token, out of an error of net/http.
func (c *client) clean(err error) error {
	if c.has("leaks in errors") {
		return err
	}
	if c.has("leaks in logs") {
		slog.Debug("call failed", "err", err)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func (c *client) judge(op string, resp *http.Response, raw []byte) (message, error) {
	var m message
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		e := c.fail(op, hub.FaultRateLimited, errors.New("too many requests"))
		if pe, ok := errors.AsType[*providers.Error](e); ok && !c.has("no after") {
			pe.After = time.Duration(after) * time.Second
		}
		return m, e
	case resp.StatusCode == http.StatusUnauthorized && c.has("quotes what was said back"):
		return m, c.fail(op, hub.FaultUnauthorized, fmt.Errorf("refused: %s", raw))
	case resp.StatusCode == http.StatusUnauthorized:
		return m, c.fail(op, hub.FaultUnauthorized, errors.New("the token is refused"))
	case resp.StatusCode == http.StatusUnprocessableEntity:
		return m, c.fail(op, hub.FaultRejected, errors.New(string(raw)))
	case resp.StatusCode == http.StatusNotFound:
		return m, c.fail(op, hub.FaultRejected, errors.New("there is no such message"))
	case resp.StatusCode != http.StatusOK:
		return m, c.fail(op, hub.FaultTemporary, errors.New(resp.Status))
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		if c.has("believes 200") {
			return message{Ref: "?"}, nil
		}
		return m, c.fail(op, hub.FaultTemporary, errors.New("the answer is no JSON"))
	}
	return m, nil
}

func (c *client) fail(op string, fault hub.Fault, err error) error {
	switch c.defect {
	case "bare error":
		return err
	case "no op":
		op = ""
	case "all temporary":
		fault = hub.FaultTemporary
	}
	return &providers.Error{Fault: fault, Op: op, Err: err}
}
