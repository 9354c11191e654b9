package config

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// MakeSource makes a source of settings that do not come from the file. They are
// judged as strictly: the error is a *Problems. No secret among them is a
// reference to a file or a variable.
func MakeSource(name string, settings map[string]any) (Source, error) {
	l := made("sources", name)
	l.source(table{path: []string{"sources", name}, values: settings, literal: true})
	return l.config.Sources[name], l.problems.Err()
}

// MakeSection makes the section of a provider likewise. Its own keys are judged
// by Decode.
func MakeSection(name string, settings map[string]any) (Section, error) {
	l := made("providers", name)
	l.provider(table{path: []string{"providers", name}, values: settings, literal: true})
	return l.config.Providers[name], l.problems.Err()
}

// made begins to make a section of a name that may be one.
func made(section, name string) *loader {
	l := &loader{config: Default()}
	if !hub.ValidName(name) {
		l.problems.Add(dotted(section, name), 0, "is no name: 1 to 32 of a-z, 0-9, _ and -, with a letter or digit first")
	}
	l.checkReserved(section, name)
	return l
}

// Fields are the problems of a section by its keys; what is about the whole
// section, such as its name, stands under "name".
func (p *Problems) Fields(section, name string) map[string]string {
	fields := map[string]string{}
	for _, problem := range p.List {
		key, inside := strings.CutPrefix(problem.Path, dotted(section, name)+".")
		if !inside {
			key = "name"
		}
		if fields[key] == "" {
			fields[key] = problem.Text
		}
	}
	return fields
}
