package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
)

// MaxImport bounds a document, in bytes. A hundred thousand rows have 20 MiB.
const MaxImport = 64 << 20

// houseRoutes are for what people made as a whole, and for the house itself.
func (s *Server) houseRoutes() []route {
	format := param{name: "format", text: "toml if not given", enum: []string{house.TOML, house.JSON}}
	flag := []string{"0", "1"}
	return []route{{
		method: http.MethodGet, path: "/export", id: "exportHouse", need: hub.Viewer,
		summary: "What people made, in one document: rows, chats, people, settings. It holds no secrets and no history",
		query:   []param{format},
		answers: []outcome{{http.StatusOK, "The document, always in the same order.", content{tomlContent: "HouseText", jsonContent: "House"}}},
		handle:  s.exportHouse,
	}, {
		method: http.MethodPost, path: "/import", id: "importHouse", need: hub.Administrator,
		summary: "Put what a document says in the place of what is there. With dry_run it is the plan only; without, the plan's digest must be given",
		query: []param{
			{name: "dry_run", text: "1 changes nothing", enum: flag},
			{name: "prune", text: "1 removes what the document does not name", enum: flag},
			{name: "force", text: "1 takes rows that name what is not there, and notes so in the row", enum: flag},
			{name: "digest", text: "that of the plan that is to be done"},
		},
		body:    content{tomlContent: "HouseText", jsonContent: "House"},
		answers: gives(http.StatusOK, "What is changed, or would be.", "HousePlan"),
		repeats: true, handle: s.importHouse,
	}, {
		method: http.MethodGet, path: "/settings", id: "getSettings", need: hub.Viewer, summary: "What runs where, what is kept for how long, and what is set here or in the configuration file",
		answers: gives(http.StatusOK, "As it is now.", "HouseSettings"),
		handle:  s.getSettings,
	}, {
		method: http.MethodPut, path: "/settings/alerts", id: "setAlerts", need: hub.Administrator, summary: "Set in which chat the operators hear what needs them; an empty one is none",
		body:    inJSON("AlertsInput"),
		answers: gives(http.StatusOK, "As it is now.", "HouseSettings"),
		repeats: true, handle: s.putAlerts,
	}, {
		method: http.MethodPost, path: "/settings/alerts/test", id: "testAlerts", need: hub.Administrator, summary: "Send a test alert to the operators' chat",
		answers: []outcome{{status: http.StatusAccepted, text: "It is queued like any message."}},
		repeats: true, handle: s.testAlerts,
	}, {
		method: http.MethodPut, path: "/settings/look", id: "setLook", need: hub.Administrator, summary: "Set how the pages look to people who have not chosen",
		body:    inJSON("LookInput"),
		answers: gives(http.StatusOK, "As it is now.", "HouseSettings"),
		repeats: true, handle: s.putLook,
	}, {
		method: http.MethodGet, path: "/backup", id: "makeBackup", need: hub.Administrator, summary: "Make a backup of all that Bellhop keeps, as `bellhop restore` takes it",
		answers: []outcome{{http.StatusOK, "A tar with a manifest and checksums.", content{tarContent: "BackupFile"}}},
		repeats: true, handle: s.getBackup,
	}}
}

// house are all kinds of things that people make, in the order of the document.
// What is new joins here.
func (s *Server) house(force bool) *house.House {
	return house.New(s.alertsKind(), s.lookKind(), s.chatKind(), s.peopleKind(), s.rowKind(force))
}

// Export is a document of what people made.
func (s *Server) Export(ctx context.Context, format string) ([]byte, error) {
	return s.house(false).Export(ctx, format)
}

// ImportOptions say how a document is taken.
type ImportOptions struct {
	Format string // house.TOML or house.JSON
	Prune  bool   // what it does not name is removed
	Force  bool   // rows may name what is not there
}

// PlanImport says what a document would change. Who is wrong with it is a hub.Error
// that tells everything by its path.
func (s *Server) PlanImport(ctx context.Context, text []byte, o ImportOptions) (*house.Plan, error) {
	doc, err := house.Parse(o.Format, text)
	if err != nil {
		return nil, err
	}
	plan, err := s.house(o.Force).Plan(ctx, doc, o.Prune)
	if wrong, ok := errors.AsType[*house.Problems](err); ok {
		fields := map[string]string{}
		for _, p := range wrong.List {
			fields[p.Path] = p.Text
		}
		return nil, &hub.Error{Code: hub.CodeInvalid, Message: "the document has mistakes, nothing is changed", Fields: fields}
	}
	return plan, err
}

// Import does what a document says, if it is still the plan with the digest.
func (s *Server) Import(ctx context.Context, text []byte, o ImportOptions, digest string) (*house.Plan, error) {
	s.imports.Lock()
	defer s.imports.Unlock()
	plan, err := s.PlanImport(ctx, text, o)
	if err != nil {
		return nil, err
	}
	if plan.Digest != digest {
		return nil, hub.Errorf(hub.CodeConflict, "something has changed since the plan was made, and nothing was done: look at the new plan")
	}
	if len(plan.Changes) == 0 {
		return plan, nil
	}
	// A client that goes away in the middle must not leave half of it.
	ctx = context.WithoutCancel(ctx)
	outcome, message := hub.OutcomeUpdated, plan.Summary()
	err = plan.Apply(ctx)
	if err != nil {
		outcome, message = hub.OutcomeError, "broke off: "+err.Error()
	}
	s.record(ctx, hub.AuditEntry{Action: "house.import", Outcome: outcome, Message: message})
	return plan, err
}

func (s *Server) exportHouse(w http.ResponseWriter, r *http.Request) error {
	format, contentType := house.TOML, tomlContent
	if r.URL.Query().Get("format") == house.JSON {
		format, contentType = house.JSON, jsonContent
	}
	text, err := s.Export(r.Context(), format)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="bellhop.`+format+`"`)
	send(w, http.StatusOK, contentType, text)
	return nil
}

func (s *Server) importHouse(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	o := ImportOptions{Prune: q.Get("prune") == "1", Force: q.Get("force") == "1"}
	switch contentType {
	case tomlContent:
		o.Format = house.TOML
	case jsonContent:
		o.Format = house.JSON
	default:
		return &statusError{http.StatusUnsupportedMediaType, "Content-Type must be " + tomlContent + " or " + jsonContent}
	}
	text, err := readAll(http.MaxBytesReader(w, r.Body, MaxImport))
	if err != nil {
		return err
	}
	if q.Get("dry_run") == "1" {
		plan, err := s.PlanImport(r.Context(), text, o)
		if err != nil {
			return err
		}
		return s.answer(w, r, http.StatusOK, plan)
	}
	if q.Get("digest") == "" {
		return invalidField("digest", "is required: that of the plan, which dry_run=1 gives")
	}
	plan, err := s.Import(r.Context(), text, o, q.Get("digest"))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, plan)
}

// readAll reads a body of bounded size.
func readAll(body io.Reader) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "the body ended early")
	}
	return b.Bytes(), nil
}

// asValue is v for the log, nothing for what is not there.
func asValue[T any](v *T) json.RawMessage {
	if v == nil {
		return nil
	}
	return asJSON(v)
}
