package upload

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// How long things take and hold.
const (
	patience = 15 * time.Second // for an image from its address to the platform; half of what an attempt may take
	keptFor  = 24 * time.Hour   // an upload
	setAside = 5 * time.Minute  // an image that was refused, and uploads that are not allowed
	rested   = time.Minute      // a host that does not answer
	recovery = 30 * time.Second // a platform that does not take uploads now
	longest  = time.Hour        // that a platform may make us wait
)

// remembered is how many uploads, refused images and silent hosts are known.
const remembered = 4096

// Terms are what a platform takes.
type Terms struct {
	Most  int64                        // bytes; 0 is Largest
	Types []string                     // nil: all that there are
	Fits  func(f providers.File) error // why it does not take a file; may be nil
	Pace  providers.Rate               // of uploads; the zero Rate is that none is known
}

// Album uploads images to one account of a platform, each once. It is safe for
// concurrent use.
type Album struct {
	pictures providers.Pictures
	terms    Terms
	pace     *rate.Limiter

	mu      sync.Mutex
	known   shelf[string]
	refused shelf[setback] // by key
	hosts   shelf[setback]
	halt    setback // of all uploads
	flights map[string]*flight
}

// setback is why something is not tried, until when.
type setback struct {
	until time.Time
	why   error
}

// flight is an upload that others wait for.
type flight struct {
	done chan struct{}
	id   string
	err  error
}

// OwnError is why an upload failed that is about whoever makes it, such as the chat
// that it is posted to: the same image may be taken from others at once.
type OwnError struct{ Err error }

func (e *OwnError) Error() string { return e.Err.Error() }

func (e *OwnError) Unwrap() error { return e.Err }

func isOwn(err error) bool {
	_, own := errors.AsType[*OwnError](err)
	return own
}

// New makes an Album. Without pictures it uploads nothing.
func New(pictures providers.Pictures, t Terms) *Album {
	a := &Album{pictures: pictures, terms: t, flights: map[string]*flight{}}
	a.terms.Most = cmp.Or(t.Most, Largest)
	if t.Pace.Calls > 0 {
		a.pace = rate.NewLimiter(rate.Every(t.Pace.Per/time.Duration(t.Pace.Calls)), max(t.Pace.Burst, 1))
	}
	return a
}

// Upload is the platform's id of an image that was uploaded, now or before. Key
// names the upload: the same for whatever may use the same one. put makes one
// attempt at the upload and returns its id; its *providers.Error says whether
// others may be tried soon, and an *OwnError that it says nothing of others.
//
// It takes no longer than a few seconds. The error, whatever it is, is no reason
// not to send the message: only where ctx itself has ended it is that of ctx.
func (a *Album) Upload(ctx context.Context, key string, image *hub.Image, put func(context.Context, providers.File) (string, error)) (string, error) {
	if a.pictures == nil {
		return "", errors.New("no images are fetched here")
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id, mine, wait, err := a.board(key, image)
	for wait != nil {
		select {
		case <-wait.done:
			id, mine, err = wait.id, nil, wait.err
		case <-within.Done():
			err = errors.New("it took too long")
		}
		if wait = nil; isOwn(err) {
			id, mine, wait, err = a.board(key, image)
		}
	}
	if mine != nil {
		mine.id, mine.err = a.fly(within, ctx, key, image, put)
		a.land(key, mine)
		id, err = mine.id, mine.err
	}
	if err != nil && ctx.Err() != nil {
		return "", ctx.Err()
	}
	return id, err
}

// board finds an upload that was made, is being made or is not worth trying, or
// lets the caller make it.
func (a *Album) board(key string, image *hub.Image) (id string, mine, wait *flight, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if id, ok := a.known.find(key, now); ok {
		return id, nil, nil, nil
	}
	if wait = a.flights[key]; wait != nil {
		return "", nil, wait, nil
	}
	if now.Before(a.halt.until) {
		return "", nil, nil, a.halt.why
	}
	if s, ok := a.refused.find(key, now); ok {
		return "", nil, nil, s.why
	}
	if s, ok := a.hosts.find(hostOf(image.URL), now); ok {
		return "", nil, nil, s.why
	}
	mine = &flight{done: make(chan struct{})}
	a.flights[key] = mine
	return "", mine, nil, nil
}

// fly fetches an image and uploads it. within ends with the patience, ctx when
// the caller must stop: only the former says anything of the image.
func (a *Album) fly(within, ctx context.Context, key string, image *hub.Image, put func(context.Context, providers.File) (string, error)) (string, error) {
	if a.pace != nil {
		if err := a.pace.Wait(within); err != nil {
			return "", errors.New("too many images are to be uploaded at this time")
		}
	}
	id := ""
	err := a.pictures.Fetch(within, image, a.terms.Most, func(f providers.File) error {
		if err := a.fit(f); err != nil {
			return &providers.FetchError{Err: err}
		}
		var err error
		id, err = put(within, f)
		if err == nil && id == "" {
			err = &providers.Error{Fault: hub.FaultTemporary, Op: "upload", Err: errors.New("the platform did not name it")}
		}
		return err
	})
	if err != nil && ctx.Err() == nil && !isOwn(err) {
		a.judge(key, image, err)
	}
	if err != nil {
		return "", err
	}
	return id, nil
}

func (a *Album) fit(f providers.File) error {
	if a.terms.Types != nil && !slices.Contains(a.terms.Types, f.Type) {
		return fmt.Errorf("the platform shows no %s", f.Type)
	}
	if a.terms.Fits != nil {
		return a.terms.Fits(f)
	}
	return nil
}

func (a *Album) land(key string, f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.flights, key)
	if f.err == nil {
		a.known.put(key, f.id, time.Now().Add(keptFor))
	}
	close(f.done)
}

// judge says for how long what else is left alone after an upload that failed.
func (a *Album) judge(key string, image *hub.Image, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if fetching, ok := errors.AsType[*providers.FetchError](err); ok {
		if fetching.Down {
			a.hosts.put(hostOf(image.URL), setback{now.Add(rested), err}, now.Add(rested))
			return
		}
		a.refused.put(key, setback{now.Add(setAside), err}, now.Add(setAside))
		return
	}
	switch providers.FaultOf(err) {
	case hub.FaultRateLimited:
		wait := cmp.Or(providers.AfterOf(err), recovery)
		a.halt = setback{now.Add(min(max(wait, time.Second), longest)), err}
	case hub.FaultUnauthorized:
		a.halt = setback{now.Add(setAside), err}
	case hub.FaultRejected, hub.FaultChatGone:
		a.refused.put(key, setback{now.Add(setAside), err}, now.Add(setAside))
	default:
		a.halt = setback{now.Add(recovery), err}
	}
}

// Spoiled forgets an upload that the platform does not show, and why.
func (a *Album) Spoiled(key string, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.known.drop(key)
	a.refused.put(key, setback{now.Add(setAside), why}, now.Add(setAside))
}

// Forget forgets an upload that is gone.
func (a *Album) Forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known.drop(key)
}

// Note is what a receipt says of a message whose image was not uploaded.
func Note(err error) string {
	return "its image was not uploaded: " + providers.Label(err.Error(), 200, providers.Characters)
}

// shelf remembers so many things for some time, and forgets the oldest first. Its
// owner's lock guards it.
type shelf[T any] struct {
	at    map[string]*list.Element
	order list.List // of kept
}

type kept[T any] struct {
	key   string
	value T
	until time.Time
}

func (s *shelf[T]) find(key string, now time.Time) (T, bool) {
	var none T
	e, ok := s.at[key]
	if !ok {
		return none, false
	}
	k := e.Value.(kept[T])
	if !now.Before(k.until) {
		s.drop(key)
		return none, false
	}
	return k.value, true
}

func (s *shelf[T]) put(key string, v T, until time.Time) {
	if s.at == nil {
		s.at = map[string]*list.Element{}
	}
	s.drop(key)
	s.at[key] = s.order.PushBack(kept[T]{key, v, until})
	for s.order.Len() > remembered {
		s.drop(s.order.Front().Value.(kept[T]).key)
	}
}

func (s *shelf[T]) drop(key string) {
	if e, ok := s.at[key]; ok {
		s.order.Remove(e)
		delete(s.at, key)
	}
}
