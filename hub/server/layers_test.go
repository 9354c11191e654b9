package server_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/bellhop-chat/bellhop/"

// rows are the layers, the highest first. A package may import what stands
// below its row, never its own row or a higher one.
var rows = [][]string{
	{"cmd/bellhop"},
	{"hub/server"},
	{"admin/pane"},
	{"admin/pane/preview"},
	{"admin", "hub/ingest", "hub/feed", "hub/catchup", "hub/route", "hub/deliver", "hub/listen", "hub/alert", "hub/apps/*", "providers/*"},
	{"hub/forum", "hub/apps", "hub/house", "hub/backup", "providers/limit", "providers/observe", "providers/upload", "admin/sentence"},
	{"providers", "rules", "hub/form", "hub/store", "hub/bus", "hub/config", "hub/discourse", "hub/openid", "web"},
	{"hub/secret", "hub/outbound"},
	{"hub"},
}

// never lists what a package must not reach, even through others.
var never = map[string][]string{
	"hub":                  {"."}, // anything outside the standard library
	"rules":                {"net/http", "database/sql", module + "providers"},
	"providers":            {module + "hub/bus", module + "hub/store", module + "hub/config"},
	"providers/slack":      {module + "hub/bus", module + "hub/store", module + "hub/config", module + "rules"},
	"providers/telegram":   {module + "hub/bus", module + "hub/store", module + "hub/config", module + "rules"},
	"providers/mattermost": {module + "hub/bus", module + "hub/store", module + "hub/config", module + "rules"},
	"providers/matrix":     {module + "hub/bus", module + "hub/store", module + "hub/config", module + "rules"},
	"providers/console":    {module + "hub/bus", module + "hub/store", module + "hub/config", module + "rules"},
	"hub/apps":             {module + "hub/bus", module + "hub/store", module + "hub/config", module + "providers"},
	"hub/apps/discourse":   {module + "providers", module + "hub/bus", module + "hub/store", module + "hub/config"},
	"admin/pane":           {"github.com/nats-io/", "database/sql", module + "hub/bus", module + "hub/store"},
	"admin/pane/preview":   {module + "admin", "database/sql", module + "hub/bus", module + "hub/store"},
	"admin":                {"github.com/nats-io/", "database/sql"},
	"hub/store":            {"github.com/nats-io/"},
	"hub/ingest":           {"github.com/nats-io/", "database/sql"},
	"hub/house":            {"net/http", "database/sql", module + "hub/bus", module + "hub/store", module + "providers"},
	"hub/backup":           {"net/http", "database/sql", module + "hub/bus", module + "hub/store", module + "providers"},
}

// onlyIn names libraries that one package alone may import.
var onlyIn = map[string]string{
	"github.com/nats-io/": "hub/bus",
	"database/sql":        "hub/store",
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

func TestImportsPointOneWay(t *testing.T) {
	pkgs := list(t)
	require.Greater(t, len(pkgs), 15)
	for _, p := range pkgs {
		name := strings.TrimPrefix(p.ImportPath, module)
		if forTests(name) {
			continue
		}
		from, known := rowOf(name)
		require.True(t, known, "package %s stands in no row: give it a place in rows", name)
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				for library, owner := range onlyIn {
					require.False(t, strings.HasPrefix(imported, library) && name != owner, "%s imports %s, which is for %s alone", name, imported, owner)
				}
				continue
			}
			row, known := rowOf(to)
			require.True(t, known, "package %s stands in no row", to)
			require.True(t, row > from || sameHouse(name, to), "%s imports %s, which is not below it", name, to)
		}
	}
}

func TestNeverReached(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, banned := range never[name] {
			for _, dep := range p.Deps {
				if banned == "." {
					require.NotContains(t, strings.Split(dep, "/")[0], ".", "%s reaches %s", name, dep)
				} else {
					require.False(t, strings.HasPrefix(dep, banned) && (dep == banned || strings.HasSuffix(banned, "/") || strings.HasPrefix(dep, banned+"/")), "%s reaches %s", name, dep)
				}
			}
		}
	}
}

// forTests reports whether a package serves tests only.
func forTests(name string) bool {
	return strings.HasSuffix(name, "test") || strings.Contains(name, "test/") || name == "providers/fake"
}

// sameHouse lets the list of built-in providers see each of them.
func sameHouse(from, to string) bool {
	return from == "providers/all" && strings.HasPrefix(to, "providers/")
}

// rowOf finds a package's row: that of its name, else of its house.
func rowOf(name string) (int, bool) {
	house := -1
	for i, row := range rows {
		if slices.Contains(row, name) {
			return i, true
		}
		for _, entry := range row {
			if of, wild := strings.CutSuffix(entry, "/*"); wild && strings.HasPrefix(name, of+"/") {
				house = i
			}
		}
	}
	return house, house >= 0
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps,Standard", module+"...")
	out, err := cmd.Output()
	require.NoError(t, err)
	dec := json.NewDecoder(strings.NewReader(string(out)))
	var pkgs []pkg
	for dec.More() {
		var p pkg
		require.NoError(t, dec.Decode(&p))
		pkgs = append(pkgs, p)
	}
	slices.SortFunc(pkgs, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return pkgs
}
