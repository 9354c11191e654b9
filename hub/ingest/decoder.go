package ingest

import (
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Decoder knows how one kind of source proves its requests and what its bodies
// mean. It is safe for concurrent use and does no I/O.
type Decoder interface {
	// Admit says, before the body is read, why no request with these headers can
	// be right; nil if one can.
	Admit(h http.Header) *BodyError
	// Signed reports whether the request was made by who has key. It compares in
	// constant time, and takes as long over a header that cannot be right.
	Signed(key secret.Value, h http.Header, body []byte) bool
	// Unsigned is what to answer where no key fits: words, and a challenge for
	// the header WWW-Authenticate. It is the same whatever was wrong.
	Unsigned() (words, challenge string)
	// Site is the base URL that the sender claims to be, "" if it claims none.
	// Signatures may not cover it.
	Site(h http.Header) string
	// Decode makes events of a request. A *BodyError says that the sender is
	// wrong; any other error, that we are. The caller fills in the source, the
	// time of arrival and the version. The request may have come without a
	// signature, and without headers: as a body that a person asks about.
	Decode(r *Request) ([]*hub.Event, error)
}

// Dated is a Decoder whose signatures cover the time of sending.
type Dated interface {
	// Fresh says in words why a signed request is too old or too early to be
	// taken, so that one that was overheard cannot be sent again later.
	Fresh(h http.Header, now time.Time) error
}

// Guesser is a Decoder that can do without headers which it would need.
type Guesser interface {
	// Guess returns h, or a copy that has what was missing.
	Guess(h http.Header, body []byte) (http.Header, error)
}

// Request is a request to decode.
type Request struct {
	Source   hub.Source
	Site     string // base URL without a trailing slash; "" if unknown
	Header   http.Header
	Body     []byte
	Received time.Time
}

// BodyError says what is wrong with a request, in words for who sent it. It is
// a hub.Error of the code invalid as well.
type BodyError struct {
	Detail string
	Offset int64 // the byte of the body where it shows; negative if none does
	Status int   // of the answer; 0 is 400
}

func (e *BodyError) Error() string { return e.Detail }

// Unwrap is the error for people.
func (e *BodyError) Unwrap() error { return hub.Errorf(hub.CodeInvalid, "%s", e.Detail) }

func wrong(detail string) error { return &BodyError{Detail: detail, Offset: -1} }
