package providers

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Kind is a platform that Bellhop can talk to: how its section of the
// configuration looks and how a provider is made from one.
type Kind struct {
	Name string // "slack", the kind key of a [providers.*] section
	// Config returns a pointer to a new configuration holding the defaults. Its
	// fields carry `toml` tags; a secret is a secret.Value.
	Config func() Config
	// Open makes a provider. It does no I/O.
	Open func(c Config, env Env) (Provider, error)
	// Preview renders m as Send would with default settings. It does no I/O.
	Preview func(m hub.Message) hub.Rendered
}

// Config is one provider's section of the configuration.
type Config interface {
	// Problems lists what is missing or wrong, by key: {"token": "is required: …"}.
	Problems() map[string]string
}

// Caller is a Config that names addresses for its provider to call. They are the
// operator's own words, so they may be called even where they are private.
type Caller interface {
	BaseURLs() []string
}

// Env is what a provider gets from its surroundings.
type Env struct {
	System hub.System
	HTTP   *http.Client // the one guarded client
	Log    *slog.Logger
	// Pictures fetches the images that are to be uploaded; nil if none can be had.
	Pictures Pictures
	// Callback is where the platform finds the system over HTTP, a path of it still
	// to be added: "https://bellhop.example.com/chat/telegram/". It is empty where
	// nobody has said how to reach the server.
	Callback string
}

// Registry is the closed list of kinds.
type Registry struct {
	kinds []Kind
}

// NewRegistry makes a registry. A name that stands in it twice is a mistake in
// the program: it panics.
func NewRegistry(kinds ...Kind) *Registry {
	seen := map[string]bool{}
	for _, k := range kinds {
		if seen[k.Name] {
			panic(fmt.Sprintf("providers: kind %q is registered twice", k.Name))
		}
		seen[k.Name] = true
	}
	return &Registry{kinds: slices.Clone(kinds)}
}

// Find returns the kind called name.
func (r *Registry) Find(name string) (Kind, bool) {
	i := slices.IndexFunc(r.kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return r.kinds[i], true
}

// Names lists the kinds in the order they were registered.
func (r *Registry) Names() []string {
	names := make([]string, len(r.kinds))
	for i, k := range r.kinds {
		names[i] = k.Name
	}
	return names
}
