package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// read reads a body of one of the types, of bounded size.
func (s *Server) read(w http.ResponseWriter, r *http.Request, types ...string) ([]byte, error) {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, got) {
		return nil, &statusError{http.StatusUnsupportedMediaType, "Content-Type must be " + strings.Join(types, " or ")}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "the body ended early")
	}
	return body, nil
}

// decode reads a JSON body into v. A field that v does not have is refused.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, v any, types ...string) error {
	body, err := s.read(w, r, types...)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return jsonError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return hub.Errorf(hub.CodeInvalid, "something follows the JSON value")
	}
	return nil
}

// jsonError is a decoder's error in our words, by field where it tells one.
func jsonError(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return invalidField(e.Field, fmt.Sprintf("is of JSON type %s, want %s", e.Value, jsonType(e.Type)))
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return hub.Errorf(hub.CodeInvalid, "the body is not JSON: %s at byte %d", e, e.Offset)
	}
	// https://go.dev/issue/29035: an unknown field has no error type of its own.
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return invalidField(strings.Trim(field, `"`), "is not a field of this")
	}
	return hub.Errorf(hub.CodeInvalid, "the body is not what is wanted: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "string"
}
