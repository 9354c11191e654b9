package admin_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

// schemas is openapi.json.
type schemas object

func readSchemas(t *testing.T, w *world) schemas {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/openapi.json", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := w.do(r)
	require.Equal(t, http.StatusOK, rec.Code)
	var s schemas
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &s))
	return s
}

func (s schemas) paths() object { return s["paths"].(object) }

func (s schemas) components() object { return s["components"].(object)["schemas"].(object) }

// checkAnswer fails unless the document describes such an answer.
func (s schemas) checkAnswer(t *testing.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	operation := s.operation(r)
	require.NotNil(t, operation, "%s %s is not in the document", r.Method, r.URL.Path)
	described, ok := operation["responses"].(object)[strconv.Itoa(rec.Code)].(object)
	require.True(t, ok, "%s %s answers %d, which is not in the document: %s", r.Method, r.URL, rec.Code, rec.Body)
	types, hasBody := described["content"].(object)
	require.Equal(t, hasBody, rec.Body.Len() > 0 || types["text/plain"] != nil)
	if !hasBody {
		return
	}
	got, _, err := mime.ParseMediaType(rec.Header().Get("Content-Type"))
	require.NoError(t, err)
	require.Contains(t, types, got)
	if strings.HasSuffix(got, "json") {
		var v any
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &v))
		require.Empty(t, s.check(types[got].(object)["schema"].(object), v, "answer"), rec.Body.String())
	}
}

// operation finds the one that a request is for.
func (s schemas) operation(r *http.Request) object {
	asked := strings.Split(r.URL.EscapedPath(), "/")
	for path, item := range s.paths() {
		parts := strings.Split(path, "/")
		fits := len(parts) == len(asked)
		for i := range parts {
			fits = fits && (parts[i] == asked[i] || strings.HasPrefix(parts[i], "{"))
		}
		if operation, ok := item.(object)[strings.ToLower(r.Method)].(object); fits && ok {
			return operation
		}
	}
	return nil
}

// check says where v is not what a schema wants. It knows as much of JSON
// Schema as the document uses, and refuses the rest.
func (s schemas) check(schema object, v any, at string) (bad []string) {
	for word, want := range schema {
		ok := true
		switch word {
		case "description", "examples", "readOnly", "default", "format", "required", "properties", "additionalProperties", "items":
		case "$ref":
			name := strings.TrimPrefix(want.(string), "#/components/schemas/")
			bad = append(bad, s.check(s.components()[name].(object), v, at)...)
		case "type":
			ok = want == typeOf(v) || want == "number" && typeOf(v) == "integer"
		case "enum":
			ok = slices.Contains(want.([]any), v)
		case "minimum":
			ok = v.(float64) >= want.(float64)
		case "maximum":
			ok = v.(float64) <= want.(float64)
		case "minLength":
			ok = len([]rune(v.(string))) >= int(want.(float64))
		case "maxLength":
			ok = len([]rune(v.(string))) <= int(want.(float64))
		default:
			bad = append(bad, fmt.Sprintf("%s: the schema's word %s is not known here", at, word))
		}
		if !ok {
			bad = append(bad, fmt.Sprintf("%s: %v is not %s %v", at, v, word, want))
		}
	}
	return append(bad, s.checkInside(schema, v, at)...)
}

func (s schemas) checkInside(schema object, v any, at string) (bad []string) {
	switch v := v.(type) {
	case object:
		known, _ := schema["properties"].(object)
		for _, name := range list(schema["required"]) {
			if _, found := v[name.(string)]; !found {
				bad = append(bad, fmt.Sprintf("%s: %s is missing", at, name))
			}
		}
		for name, inner := range v {
			if one, found := known[name].(object); found {
				bad = append(bad, s.check(one, inner, at+"."+name)...)
			} else if schema["additionalProperties"] == false {
				bad = append(bad, fmt.Sprintf("%s: %s is not in the schema", at, name))
			}
		}
	case []any:
		items, _ := schema["items"].(object)
		for i, inner := range v {
			bad = append(bad, s.check(items, inner, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case string:
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, v); err != nil {
				bad = append(bad, at+": "+err.Error())
			}
		}
	}
	return bad
}

func list(v any) []any { l, _ := v.([]any); return l }

func typeOf(v any) string {
	switch v := v.(type) {
	case object:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

func TestDocumentAndRoutesAgree(t *testing.T) {
	w := newWorld()
	doc := readSchemas(t, w)
	require.Equal(t, "3.1.0", doc["openapi"])
	require.Equal(t, "1.2.3", doc["info"].(object)["version"])

	var described, registered []string
	ids := map[any]bool{}
	for path, item := range doc.paths() {
		for method, operation := range item.(object) {
			described = append(described, strings.ToUpper(method)+" "+path)
			id := operation.(object)["operationId"]
			require.False(t, ids[id], "operationId %s is there twice", id)
			ids[id] = true
		}
	}
	for _, e := range w.server.Endpoints() {
		registered = append(registered, e.Method+" "+e.Path)
		r := httptest.NewRequestWithContext(t.Context(), e.Method, strings.NewReplacer("{id}", "none", "{system}", "slack", "{chat}", "C1", "{source}", "meta", "{user}", "U1", "{token}", "t0", "{session}", "none").Replace(e.Path), nil)
		r.Header.Set("Authorization", "Bearer "+token)
		rec := w.do(r)
		require.NotEqual(t, http.StatusMethodNotAllowed, rec.Code, "%v is not served", e)
		require.NotContains(t, rec.Body.String(), "no such path", "%v is not served", e)
	}
	require.ElementsMatch(t, described, registered)
}

func TestDocumentIsWhole(t *testing.T) {
	doc := readSchemas(t, newWorld())
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case object:
			if ref, ok := v["$ref"].(string); ok {
				name, found := strings.CutPrefix(ref, "#/components/schemas/")
				require.True(t, found, ref)
				require.Contains(t, doc.components(), name)
				used[name] = true
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(object(doc))
	for name := range doc.components() {
		require.True(t, used[name], "schema %s is used nowhere", name)
	}
}

func TestExamplesAreValid(t *testing.T) {
	doc := readSchemas(t, newWorld())
	seen := 0
	for name, schema := range doc.components() {
		for i, example := range list(schema.(object)["examples"]) {
			require.Empty(t, doc.check(schema.(object), example, fmt.Sprintf("%s example %d", name, i)))
			seen++
		}
	}
	require.Greater(t, seen, 8)
}

// What the examples of bodies say is what the server takes.
func TestExamplesAreTaken(t *testing.T) {
	for path, schema := range map[string]string{
		"/api/v1/events": "EventInput", "/api/v1/subscriptions": "Subscription", "/api/v1/messages": "MessageInput",
		"/api/v1/explain": "ExplainInput", "/api/v1/dead/retry": "RetryInput", "/api/v1/chats/slack/C1/snooze": "SnoozeInput",
		"/api/v1/users": "UserInput", "/api/v1/tokens": "TokenInput",
	} {
		w := newWorld()
		w.events = []hub.Event{{SpecVersion: "1.0", ID: "ewqk5gbvyzpkk6tf4vlxnsgfv2i", Source: "api", Type: "user.deploy.finished"}}
		for _, example := range list(readSchemas(t, w).components()[schema].(object)["examples"]) {
			body, err := json.Marshal(example)
			require.NoError(t, err)
			require.Less(t, w.call(t, "POST", path, string(body)).Code, 300, string(body))
		}
	}
}

// A field that a type gains has to be described.
func TestSchemasHoldTheFieldsOfTheTypes(t *testing.T) {
	components := readSchemas(t, newWorld()).components()
	for name, of := range map[string]any{
		"Event": hub.Event{}, "EventInput": hub.Event{}, "Subscription": hub.Subscription{}, "Filter": hub.Filter{},
		"Delivery": hub.Delivery{}, "Attempt": hub.Attempt{}, "Exchange": hub.Exchange{}, "ChatStatus": admin.ChatStatus{}, "SnoozeInput": admin.SnoozeInput{}, "System": hub.SystemStatus{}, "PausedChat": hub.PausedChat{}, "Chat": providers.ChatInfo{},
		"Trace": hub.Trace{}, "TraceChat": hub.TraceChat{}, "RowVerdict": hub.RowVerdict{}, "Explanation": hub.Explanation{},
		"Expected": hub.Expected{}, "Part": hub.Part{}, "Change": hub.Change{}, "RoomPage": hub.RoomPage{}, "MadeRoomPage": admin.MadeRoomPage{}, "RoomPageInput": admin.RoomPageInput{}, "Source": hub.SourceStatus{}, "Taxonomy": hub.Taxonomy{}, "Category": hub.ForumCategory{},
		"Person": admin.Person{}, "ChatUser": hub.ChatUser{}, "AuditEntry": hub.AuditEntry{}, "KnownChat": hub.KnownChat{},
		"Preflight": hub.Preflight{}, "Finding": hub.Finding{}, "Room": hub.Room{}, "Check": hub.Check{}, "Refusals": hub.Refusals{}, "PlaceCounts": hub.PlaceCounts{},
		"HousePlan": house.Plan{}, "HouseChange": house.Changed{}, "AlertsInput": admin.AlertsChat{}, "LookInput": admin.Look{},
		"HouseSettings": admin.HouseSettings{}, "About": admin.About{}, "LastBackup": admin.LastBackup{},
		"User": admin.User{}, "UserInput": admin.NewUser{}, "UserChange": admin.UserChange{}, "Me": admin.Me{}, "MyChange": admin.MyChange{},
		"Token": admin.TokenInfo{}, "TokenInput": admin.NewToken{}, "Session": admin.SessionInfo{}, "AccountSettings": hub.AccountSettings{},
	} {
		holds(t, components[name].(object), of, name)
	}
	for at, of := range map[[2]string]any{
		{"Subscription", "options"}: hub.Options{}, {"Expected", "rendered"}: hub.Rendered{}, {"System", "features"}: hub.Features{},
		{"Delivery", "receipt"}: hub.Receipt{},
	} {
		holds(t, components[at[0]].(object)["properties"].(object)[at[1]].(object), of, at[1])
	}
}

// holds checks that a schema has the fields of a type, and no other.
func holds(t *testing.T, schema object, of any, name string) {
	t.Helper()
	var described []string
	for property := range schema["properties"].(object) {
		described = append(described, property)
	}
	require.ElementsMatch(t, jsonFields(reflect.TypeOf(of)), described, name)
}

// jsonFields are the names that a type's fields have in JSON.
func jsonFields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if f.Anonymous && name == "" {
			names = append(names, jsonFields(f.Type)...)
			continue
		}
		if name == "" && !f.IsExported() {
			continue
		}
		names = append(names, name)
	}
	return names
}
