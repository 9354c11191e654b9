package pane

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// sectionFacts are a source's or a system's settings, for the template
// section-settings.
type sectionFacts struct {
	Shown    *hub.SectionShown // nil of one that only its worker knows
	Settings *sectionForm      // nil where nothing is known of the kind
}

func (p *Pane) factsOf(r *http.Request, words *web.Words, part hub.SectionPart, name string) (facts sectionFacts) {
	shown, err := p.Admin.Section(r.Context(), part, name)
	if err != nil {
		return facts
	}
	facts.Shown = shown
	if kind, ok := p.kindOf(part, shown.Kind); ok {
		facts.Settings = formOf(words, kind, shown)
	}
	return facts
}

// Here reports whether it is changed here, and not in the configuration file.
func (s sectionFacts) Here() bool { return s.Shown != nil && s.Shown.Managed == hub.ManagedHere }

// InFile is the part of the configuration file that it stands in.
func (s sectionFacts) InFile() string {
	if s.Shown == nil {
		return ""
	}
	if s.Shown.Part == hub.PartSource {
		return "[sources." + s.Shown.Name + "]"
	}
	return "[providers." + s.Shown.Name + "]"
}

// Before reports whether a secret of before is accepted, too.
func (s sectionFacts) Before() bool { return s.Shown != nil && s.Shown.Secrets["previous_secret"].Set }

// Rotates reports whether there is a secret that can be changed.
func (s sectionFacts) Rotates() bool {
	return s.Here() && s.Shown.Part == hub.PartSource && s.Settings != nil && s.Settings.takes("secret")
}

// Says reports whether the field has something to show: it is set, or it holds as it
// usually does.
func (s sectionField) Says() bool {
	return s.As == "secret" || s.As == "switch" || s.As == "table" && s.filled() || s.As != "table" && (s.Value != "" || s.Default != "")
}

func (s sectionField) filled() bool {
	for _, one := range s.Fields {
		if one.Value != "" {
			return true
		}
	}
	return false
}

// Usual reports whether nothing was set, and what is usual holds.
func (s sectionField) Usual() bool { return s.Value == "" || s.Value == s.Default && s.As == "choice" }

// Shown is what holds, as people read it.
func (s sectionField) Shown() string {
	value := s.Value
	if value == "" {
		value = s.Default
	}
	for _, o := range s.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}
