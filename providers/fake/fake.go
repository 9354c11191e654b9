// Package fake is a provider in memory, for tests of delivery. It posts
// nowhere: it fails as it is told, holds sends until they are let go, and
// remembers what got through.
package fake

import (
	"context"
	"errors"
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
	system     hub.System
	idempotent bool

	mu       sync.Mutex
	posts    []Post
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
)

// Post is a message that got through.
type Post struct {
	providers.Post
	Receipt hub.Receipt
}

// Attempt is a call of Send, however it ended.
type Attempt struct {
	Key  string
	Chat string
	Err  error
	At   time.Time
}

// Option changes how a fake is made.
type Option func(*Provider)

// Idempotent makes the fake drop a repeated Key, as some platforms do.
func Idempotent() Option { return func(p *Provider) { p.idempotent = true } }

// New makes a fake for system.
func New(system hub.System, opts ...Option) *Provider {
	p := &Provider{system: system, faults: map[string][]error{}, gates: map[string]chan struct{}{}}
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
		Can:    hub.Features{Threads: true, Idempotent: p.idempotent, Chats: true},
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
	receipt, err := p.attempt(ctx, post)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts = append(p.attempts, Attempt{Key: post.Key, Chat: post.To.ID, Err: err, At: time.Now()})
	p.changed()
	return receipt, err
}

func (p *Provider) attempt(ctx context.Context, post providers.Post) (hub.Receipt, error) {
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
			p.keep(post)
		}
		return hub.Receipt{}, err
	}
	return p.keep(post), nil
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
	if p.idempotent {
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
