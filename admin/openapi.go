package admin

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schemas are the components of openapi.json, by name.
//
//go:embed schemas.json
var schemas []byte

type object = map[string]any

func (s *Server) getDocument(w http.ResponseWriter, _ *http.Request) error {
	send(w, http.StatusOK, jsonContent, s.document)
	return nil
}

// document describes the routes: https://spec.openapis.org/oas/v3.1.1
func document(routes []route, version string) []byte {
	paths := object{}
	for _, rt := range routes {
		item, _ := paths[prefix+rt.path].(object)
		if item == nil {
			item = object{}
			paths[prefix+rt.path] = item
		}
		item[strings.ToLower(rt.method)] = rt.operation()
	}
	doc, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Bellhop", "version": version,
			"description": "Errors are RFC 9457 problem details. Lists page with limit and cursor, newest first.",
		},
		"servers":  []any{object{"url": "/"}},
		"security": []any{object{"token": []any{}}, object{"session": []any{}}},
		"paths":    paths,
		"components": object{
			"schemas": json.RawMessage(schemas),
			"securitySchemes": object{
				"token":   object{"type": "http", "scheme": "bearer"},
				"session": object{"type": "apiKey", "in": "cookie", "name": cookieName},
			},
		},
	}, "", "  ")
	if err != nil {
		panic("admin: schemas.json: " + err.Error()) // it is a part of the program
	}
	return append(doc, '\n')
}

func (rt route) operation() object {
	tag, _, _ := strings.Cut(rt.path[1:], "/")
	op := object{
		"operationId": rt.id, "summary": rt.summary, "tags": []any{tag},
		"parameters": rt.parameters(), "responses": rt.responses(), "x-role": rt.need,
	}
	if rt.body != nil {
		op["requestBody"] = object{"required": true, "content": rt.body.described()}
	}
	return op
}

var wildcard = regexp.MustCompile(`\{(\w+)\}`)

func (rt route) parameters() []any {
	all := []any{}
	for _, m := range wildcard.FindAllStringSubmatch(rt.path, -1) {
		all = append(all, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range rt.query {
		all = append(all, p.described("query"))
	}
	for _, p := range rt.header {
		all = append(all, p.described("header"))
	}
	return all
}

func (p param) described(in string) object {
	schema := object{"type": "string"}
	switch {
	case p.integer:
		schema = object{"type": "integer", "minimum": 1, "maximum": p.maximum}
	case p.several:
		schema = object{"type": "array", "items": object{"type": "string", "enum": p.enum}}
	case len(p.enum) > 0:
		schema["enum"] = p.enum
	case p.time:
		schema["format"] = "date-time"
	}
	return object{"name": p.name, "in": in, "description": p.text, "schema": schema}
}

func (c content) described() object {
	types := object{}
	for contentType, schema := range c {
		types[contentType] = object{"schema": object{"$ref": "#/components/schemas/" + schema}}
	}
	return types
}

// responses are what the route gives when all is well, and which problems it
// may answer with.
func (rt route) responses() object {
	all := object{}
	for _, o := range rt.answers {
		described := object{"description": o.text}
		if o.body != nil {
			described["content"] = o.body.described()
		}
		all[strconv.Itoa(o.status)] = described
	}
	for _, status := range rt.problems() {
		all[strconv.Itoa(status)] = object{
			"description": http.StatusText(status),
			"content":     content{"application/problem+json": "Problem"}.described(),
		}
	}
	return all
}

func (rt route) problems() []int {
	statuses := []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
	if rt.names || strings.Contains(rt.path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if rt.repeats {
		statuses = append(statuses, http.StatusConflict)
	}
	if rt.body != nil {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return slices.Sorted(slices.Values(append(statuses, http.StatusBadRequest)))
}
