package fake

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Fail makes the next attempts to send to chat, to edit or to retract there
// fail, one by each of errs. An error that is no *providers.Error becomes a
// temporary one; nil lets one attempt through.
func (p *Provider) Fail(chat string, errs ...error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, err := range errs {
		p.faults[chat] = append(p.faults[chat], asError(err))
	}
}

// FailChecks makes Check return err until it is called with nil.
func (p *Provider) FailChecks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checked = err
}

// Block holds all attempts at chat until release is called, which may be twice.
func (p *Provider) Block(chat string) (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gate := make(chan struct{})
	p.gates[chat] = gate
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gates[chat] == gate {
			delete(p.gates, chat)
			close(gate)
		}
	}
}

// Before calls hook in every attempt that has passed its gate, of a retraction
// with a Post that has only To. An error from it is the attempt's; nil for hook
// takes it away.
func (p *Provider) Before(hook func(context.Context, providers.Post) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = hook
}

// Posts are the messages that got through, in order.
func (p *Provider) Posts() []Post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.posts)
}

// PostsTo are the messages that got through to chat, in order.
func (p *Provider) PostsTo(chat string) []Post {
	return slices.DeleteFunc(p.Posts(), func(post Post) bool { return post.To.ID != chat })
}

// Attempts are the calls of Send, Edit and Retract that have ended, in the
// order they did.
func (p *Provider) Attempts() []Attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.attempts)
}

// WaitPosts returns when n messages have got through, or ctx has ended.
func (p *Provider) WaitPosts(ctx context.Context, n int) ([]Post, error) {
	err := p.wait(ctx, func() bool { return len(p.posts) >= n })
	return p.Posts(), err
}

// WaitChanges returns when n edits and retractions have got through, or ctx has
// ended.
func (p *Provider) WaitChanges(ctx context.Context, n int) ([]Post, error) {
	err := p.wait(ctx, func() bool { return p.changes >= n })
	return p.Posts(), err
}

// WaitAttempts returns when n calls of Send, Edit and Retract have ended, or ctx
// has.
func (p *Provider) WaitAttempts(ctx context.Context, n int) ([]Attempt, error) {
	err := p.wait(ctx, func() bool { return len(p.attempts) >= n })
	return p.Attempts(), err
}

func (p *Provider) wait(ctx context.Context, enough func() bool) error {
	for {
		p.mu.Lock()
		if enough() {
			p.mu.Unlock()
			return nil
		}
		if p.more == nil {
			p.more = make(chan struct{})
		}
		more := p.more
		p.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Fault is an error of the given kind.
func Fault(f hub.Fault) error { return fault("send", f, errors.New("told to fail: "+string(f))) }

// RateLimited is a platform's request to wait.
func RateLimited(after time.Duration) error {
	return &providers.Error{Fault: hub.FaultRateLimited, Op: "send", After: after, Err: errors.New("told to slow down")}
}

// LostAnswer is the error of an attempt that got through, though its answer did
// not come back.
func LostAnswer() error { return fault("send", hub.FaultTemporary, &lostAnswer{}) }

type lostAnswer struct{}

func (*lostAnswer) Error() string { return "the connection broke before the answer" }

func fault(op string, f hub.Fault, err error) error {
	return &providers.Error{Fault: f, Op: op, Err: err}
}

// asError makes a *providers.Error of any error, as the contract asks.
func asError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e
	}
	return fault("send", hub.FaultTemporary, err)
}

// list is the chats of posts by id.
func list(posts []Post, query string) []providers.ChatInfo {
	var chats []providers.ChatInfo
	for _, post := range posts {
		if strings.Contains(post.To.ID, query) {
			chats = append(chats, providers.ChatInfo{Chat: post.To, Name: post.To.ID})
		}
	}
	byID := func(a, b providers.ChatInfo) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(chats, byID)
	chats = slices.CompactFunc(chats, func(a, b providers.ChatInfo) bool { return a.ID == b.ID })
	return chats[:min(len(chats), 100)]
}
