// Package fake is a provider in memory, for tests of delivery. It posts
// nowhere: it fails as it is told, holds calls until they are let go, and
// remembers what got through.
package fake

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Kind is the kind of a fake's system.
const Kind = "fake"

// Provider is a chat system in memory. Its methods are safe for concurrent use.
type Provider struct {
	system hub.System
	can    hub.Features

	mu       sync.Mutex
	posts    []Post
	changes  int // edits and retractions that got through
	attempts []Attempt
	faults   map[string][]error       // by chat: how its next attempts fail
	gates    map[string]chan struct{} // by chat: closed when it may go on
	before   func(context.Context, providers.Post) error
	checked  error
	more     chan struct{} // closed at the next change
}

var (
	_ providers.Provider   = (*Provider)(nil)
	_ providers.ChatLister = (*Provider)(nil)
	_ providers.Editor     = (*Provider)(nil)
)

// Post is a message that got through. Its Message is what it says now.
type Post struct {
	providers.Post
	Receipt hub.Receipt
	Edits   int  // how often it was changed
	Gone    bool // it was taken back
}

// Attempt is a call of Send, Edit or Retract, however it ended.
type Attempt struct {
	Act  hub.Act
	Key  string // empty of a retraction
	Chat string
	Err  error
	At   time.Time
}

// Option changes how a fake is made.
type Option func(*Provider)

// Idempotent makes the fake drop a repeated Key, as some platforms do.
func Idempotent() Option { return func(p *Provider) { p.can.Idempotent = true } }

// NoEdits makes a fake that can take back what it sent, but not change it.
func NoEdits() Option { return func(p *Provider) { p.can.Edits = false } }

// NoDeletes makes a fake that can change what it sent, but not take it back.
func NoDeletes() Option { return func(p *Provider) { p.can.Deletes = false } }

// New makes a fake for system.
func New(system hub.System, opts ...Option) *Provider {
	p := &Provider{
		system: system, faults: map[string][]error{}, gates: map[string]chan struct{}{},
		can: hub.Features{Threads: true, Edits: true, Deletes: true, Chats: true},
	}
	for _, opt := range opts {
		opt(p)
	}
	return p
}

// Describe implements providers.Provider.
func (p *Provider) Describe() providers.Description {
	return providers.Description{
		Kind:   Kind,
		ID:     p.system,
		Limits: providers.Limits{Text: 4096, Unit: providers.Characters},
		Can:    p.can,
	}
}

// Check returns what FailChecks said.
func (p *Provider) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault("check", hub.FaultTemporary, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checked
}

// Chats lists the chats that something got through to.
func (p *Provider) Chats(_ context.Context, query string) ([]providers.ChatInfo, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return list(p.posts, query), nil
}

// Send makes one attempt: it waits at the chat's gate, calls the hook, then
// fails as scripted or keeps the post.
func (p *Provider) Send(ctx context.Context, post providers.Post) (hub.Receipt, error) {
	return p.attempt(ctx, hub.ActSend, post, func() (hub.Receipt, error) { return p.keep(post), nil })
}

// Edit makes one attempt as Send does. The post keeps its key, its thread and
// its place.
func (p *Provider) Edit(ctx context.Context, post providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	return p.attempt(ctx, hub.ActEdit, post, func() (hub.Receipt, error) {
		kept := p.find(post.To, ref)
		if !p.can.Edits || kept == nil {
			return hub.Receipt{}, fault("edit", hub.FaultRejected, errors.New("no message to edit has the ref "+string(ref)))
		}
		kept.Message = post.Message
		kept.Edits++
		p.changes++
		return hub.Receipt{Ref: ref, At: time.Now()}, nil
	})
}

// Retract makes one attempt as Send does. What is gone already is no error.
func (p *Provider) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	_, err := p.attempt(ctx, hub.ActRetract, providers.Post{To: at}, func() (hub.Receipt, error) {
		if !p.can.Deletes {
			return hub.Receipt{}, fault("retract", hub.FaultRejected, errors.New("this fake cannot take back what it sent"))
		}
		if kept := p.find(at, ref); kept != nil {
			kept.Gone = true
			p.changes++
		}
		return hub.Receipt{}, nil
	})
	return err
}

// find is the message with ref, nil if there is none or it is gone.
func (p *Provider) find(at hub.Chat, ref hub.MessageRef) *Post {
	i := slices.IndexFunc(p.posts, func(post Post) bool { return post.Receipt.Ref == ref && post.To == at && !post.Gone })
	if i < 0 {
		return nil
	}
	return &p.posts[i]
}

// attempt notes how a call of act ended; do is what it does if nothing keeps it
// from that. It is called with the lock held.
func (p *Provider) attempt(ctx context.Context, act hub.Act, post providers.Post, do func() (hub.Receipt, error)) (hub.Receipt, error) {
	receipt, err := p.try(ctx, post, do)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts = append(p.attempts, Attempt{Act: act, Key: post.Key, Chat: post.To.ID, Err: err, At: time.Now()})
	p.changed()
	return receipt, err
}

func (p *Provider) try(ctx context.Context, post providers.Post, do func() (hub.Receipt, error)) (hub.Receipt, error) {
	if err := p.pass(ctx, post.To.ID); err != nil {
		return hub.Receipt{}, err
	}
	if hook := p.hook(); hook != nil {
		if err := hook(ctx, post); err != nil {
			return hub.Receipt{}, asError(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.nextFault(post.To.ID); err != nil {
		var lost *lostAnswer
		if errors.As(err, &lost) {
			_, _ = do() // the caller does not hear how it went
		}
		return hub.Receipt{}, err
	}
	return do()
}

// pass waits until the chat's gate is open.
func (p *Provider) pass(ctx context.Context, chat string) error {
	if err := ctx.Err(); err != nil {
		return fault("send", hub.FaultTemporary, err)
	}
	p.mu.Lock()
	gate := p.gates[chat]
	p.mu.Unlock()
	if gate == nil {
		return nil
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return fault("send", hub.FaultTemporary, ctx.Err())
	}
}

func (p *Provider) hook() func(context.Context, providers.Post) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.before
}

func (p *Provider) nextFault(chat string) error {
	queue := p.faults[chat]
	if len(queue) == 0 {
		return nil
	}
	p.faults[chat] = queue[1:]
	return queue[0]
}

func (p *Provider) keep(post providers.Post) hub.Receipt {
	if p.can.Idempotent {
		for _, known := range p.posts {
			if known.Key == post.Key {
				return known.Receipt
			}
		}
	}
	ref := "fake-" + strconv.Itoa(len(p.posts)+1)
	kept := Post{Post: post, Receipt: hub.Receipt{Ref: hub.MessageRef(ref), At: time.Now()}}
	p.posts = append(p.posts, kept)
	p.changed()
	return kept.Receipt
}

// changed wakes who waits.
func (p *Provider) changed() {
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
}
