package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// The challenges of a 401: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
const (
	challengeSignature = `Signature realm="webhooks"`
	challengeShown     = `Bearer realm="webhooks"`
)

// sender is what the kinds of source that are no forum have in common.
type sender struct {
	mapping         config.Mapping
	signatureHeader string
}

// Admit takes what may be JSON.
func (sender) Admit(h http.Header) *BodyError { return admitJSON(h) }

// Site is not told: such an event has one link of its own.
func (sender) Site(http.Header) string { return "" }

// Signed reports whether the request shows the key, or a signature made with it
// where the source has a header for one.
func (s sender) Signed(key secret.Value, h http.Header, body []byte) bool {
	shown := showsBearer(key, h)
	if s.signatureHeader == "" {
		return shown
	}
	signed := signs(key, h.Get(s.signatureHeader), body)
	return shown || signed
}

// Unsigned tells the ways to show the key.
func (s sender) Unsigned() (words, challenge string) {
	words = `the secret is missing or wrong: it comes in the header "Authorization: Bearer …"`
	if s.signatureHeader != "" {
		words += ", or signs the body with HMAC-SHA256 in the header " + s.signatureHeader
	}
	return words, challengeShown
}

// showsBearer compares digests, so that the time it takes does not tell how long
// the key is either.
func showsBearer(key secret.Value, h http.Header) bool {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	given, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(key.Reveal()))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// signs reports whether header is HMAC-SHA256 of the body.
func signs(key secret.Value, header string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write(body)
	given, ok := digest(header)
	return hmac.Equal(mac.Sum(nil), given[:]) && ok
}

// digest reads "sha256=<hex>" as GitHub writes it, hex alone as Gitea does, or
// base64 as Shopify does. What is none gives zeros, to be compared all the same.
//   - https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
//   - https://docs.gitea.com/usage/webhooks
//   - https://shopify.dev/docs/apps/build/webhooks/subscribe/https
func digest(header string) (sum [sha256.Size]byte, ok bool) {
	if name, rest, found := strings.Cut(header, "="); found && strings.EqualFold(name, "sha256") {
		header = rest
	}
	var decoded []byte
	var err error
	switch bare := strings.TrimRight(header, "="); {
	case len(header) == hex.EncodedLen(len(sum)):
		decoded, err = hex.DecodeString(header)
	case len(bare) == base64.RawStdEncoding.EncodedLen(len(sum)):
		decoded, err = base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(bare))
	}
	if err != nil || len(decoded) != len(sum) {
		return sum, false
	}
	return [sha256.Size]byte(decoded), true
}

// mediaForm is what some senders call JSON, because their HTTP client does.
const mediaForm = "application/x-www-form-urlencoded"

// admitJSON refuses what is no JSON by its name.
func admitJSON(h http.Header) *BodyError {
	media := mediaType(h)
	if media == "" || isJSON(media) || media == mediaForm {
		return nil
	}
	return otherMedia("the body has to be JSON, with Content-Type application/json")
}

func otherMedia(detail string) *BodyError {
	return &BodyError{Detail: detail, Offset: -1, Status: http.StatusUnsupportedMediaType}
}

// mediaType is the type of the body in lower case, "" if it has none.
func mediaType(h http.Header) string {
	contentType := h.Get("Content-Type")
	if contentType == "application/json" { // nearly always
		return contentType
	}
	// What is wrong with parameters does not matter here.
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "" && contentType != "" {
		return "unknown"
	}
	return media
}

// isJSON reports whether a media type is JSON, alone or as a suffix:
// https://www.rfc-editor.org/rfc/rfc6839#section-3.1
func isJSON(media string) bool {
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}
