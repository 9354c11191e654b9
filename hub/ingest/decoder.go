package ingest

import (
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Decoder knows how one kind of source signs its requests and what its bodies
// mean. It is safe for concurrent use and does no I/O.
type Decoder interface {
	// Signed reports whether key signed the request. It compares in constant
	// time, and takes as long over a header that cannot be right.
	Signed(key secret.Value, h http.Header, body []byte) bool
	// Site is the base URL that the sender claims to be, "" if it claims none.
	// Signatures may not cover it.
	Site(h http.Header) string
	// Decode makes an event of a request whose signature was right. A *BodyError
	// says that the sender is wrong; any other error, that we are. The caller
	// fills in the source, the time of arrival and the version.
	Decode(r *Request) (*hub.Event, error)
}

// Request is a signed request to decode.
type Request struct {
	Source   hub.Source
	Site     string // base URL without a trailing slash; "" if unknown
	Header   http.Header
	Body     []byte
	Received time.Time
}

// BodyError says what is wrong with a request, in words for who sent it.
type BodyError struct {
	Detail string
	Offset int64 // the byte of the body where it shows; negative if none does
}

func (e *BodyError) Error() string { return e.Detail }

func wrong(detail string) error { return &BodyError{Detail: detail, Offset: -1} }
