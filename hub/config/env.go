package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const envPrefix = "BELLHOP_"

// input is what surrounds the tables: the other places that values come from.
type input struct {
	env      map[string]string // the BELLHOP_* variables that are not empty
	all      map[string]string // every variable, for env:NAME
	flags    map[string]string
	lines    lines
	dir      string   // of the file
	prefixes []string // of the variables of each table
}

func newInput(environ []string, flags map[string]string) *input {
	in := &input{env: map[string]string{}, all: map[string]string{}, flags: flags}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if value == "" {
			continue
		}
		in.all[name] = value
		if strings.HasPrefix(name, envPrefix) {
			in.env[name] = value
		}
	}
	return in
}

// prefix is how the table's variables begin: "BELLHOP_PROVIDERS_SLACK_ACME_".
func (t table) prefix() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(strings.Join(t.path, "_"), "-", "_")) + "_"
}

func (t table) variable(key string) string { return t.prefix() + strings.ToUpper(key) }

// kubernetes sets variables for each service of a namespace: one for a service
// called bellhop-nats is BELLHOP_NATS_PORT.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var kubernetes = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_[A-Z]+(_[A-Z]+)?)?)$`)

// strangers refuses the table's variables and flags that name no key of it.
func (t table) strangers(keys []key, p *Problems) {
	if t.in == nil {
		return
	}
	var known, flags []string
	for _, k := range keys {
		flags = append(flags, k.table.name(k.name))
		known = append(known, k.table.variable(k.name))
		if k.secret {
			known = append(known, k.table.variable(k.name)+"_FILE")
		}
	}
	slices.Sort(known)
	for _, name := range slices.Sorted(maps.Keys(t.in.env)) {
		if t.in.owner(name) == t.prefix() && !slices.Contains(known, name) && !kubernetes.MatchString(name) {
			p.Add(name, 0, "unknown variable%s", suggest(name, known))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.in.flags)) {
		if strings.HasPrefix(name, dotted(t.path...)+".") && !slices.Contains(flags, name) {
			p.Add(name, 0, "unknown flag%s", suggest(name, flags))
		}
	}
}

// owner is the prefix of the table that a variable belongs to: the longest one.
func (in *input) owner(variable string) string {
	longest := ""
	for _, prefix := range in.prefixes {
		if strings.HasPrefix(variable, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return longest
}

// orphans refuses variables and flags of sections that the file does not have.
func (in *input) orphans(tables []table, p *Problems) {
	for _, name := range slices.Sorted(maps.Keys(in.env)) {
		for _, section := range []string{"sources", "providers"} {
			if strings.HasPrefix(name, envPrefix+strings.ToUpper(section)+"_") && in.owner(name) == "" {
				p.Add(name, 0, "names no [%s.NAME] of the file: add the section, then the variable can set its keys", section)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.flags)) {
		if !slices.ContainsFunc(tables, func(t table) bool { return strings.HasPrefix(name, dotted(t.path...)+".") }) {
			p.Add(name, 0, "unknown flag")
		}
	}
}
