package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Load reads the configuration of a process that is a hub. No path is no file;
// env has the form of os.Environ; flags are by path, "server.listen". An empty
// variable or flag counts as unset. The error is a *Problems.
//
// What only others can judge, such as a provider's own keys, they judge in also,
// so that every mistake is told at once. It sees the configuration as far as it
// could be read.
func Load(path string, env []string, flags map[string]string, also ...Judge) (*Config, error) {
	return load(path, newInput(env, flags), false, also)
}

// Judge notes in p what else is wrong with c.
type Judge func(c *Config, p *Problems)

// LoadWorker is Load for a process that is a worker and nothing else: it takes
// the same file but does not look at the secrets that only a hub needs, those
// of the database, the admin and the sources. They stay empty.
func LoadWorker(path string, env []string, flags map[string]string, also ...Judge) (*Config, error) {
	return load(path, newInput(env, flags), true, also)
}

func load(path string, in *input, worker bool, also []Judge) (*Config, error) {
	f, problem := readFile(path)
	if problem != nil {
		return nil, &Problems{List: []Problem{*problem}}
	}
	in.lines, in.dir = f.lines, filepath.Dir(path)
	l := &loader{in: in, values: f.values, worker: worker, config: Default()}
	l.load()
	for _, judge := range also {
		judge(l.config, &l.problems)
	}
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	return l.config, nil
}

type loader struct {
	in       *input
	values   map[string]any
	worker   bool
	config   *Config
	problems Problems
}

func (l *loader) load() {
	fixed := map[string]any{
		"server": &l.config.Server, "nats": &l.config.NATS, "database": &l.config.Database,
		"admin": &l.config.Admin, "deliver": &l.config.Deliver, "outbound": &l.config.Outbound,
		"alerts": &l.config.Alerts,
	}
	known := append(slices.Collect(maps.Keys(fixed)), "sources", "providers")
	for _, name := range slices.Sorted(maps.Keys(l.values)) {
		if !slices.Contains(known, name) {
			l.problems.Add(dotted(name), l.in.lines.of(name), "unknown section%s", suggest(name, known))
		}
	}
	var tables []table
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		tables = append(tables, l.table(l.values, name))
	}
	sources, systems := l.named("sources"), l.named("providers")
	tables = slices.Concat(tables, sources, systems)
	l.claim(tables)
	for _, t := range tables[:len(fixed)] {
		t.keepSealed = l.worker && t.path[0] != "nats" && t.path[0] != "server"
		t.decode(fixed[t.path[0]], &l.problems)
	}
	for _, t := range sources {
		l.source(t)
	}
	for _, t := range systems {
		l.provider(t)
	}
	l.check()
}

// table is the table with the last name of path among values.
func (l *loader) table(values map[string]any, path ...string) table {
	t := table{path: path, in: l.in}
	x, found := values[path[len(path)-1]]
	if t.values, _ = x.(map[string]any); found && t.values == nil {
		l.problems.Add(dotted(path...), l.in.lines.of(path...), "is %s, want a table [%s]", kindOf(x), dotted(path...))
	}
	return t
}

// named are the tables of a section that has one for each name.
func (l *loader) named(section string) []table {
	var tables []table
	all := l.table(l.values, section)
	for _, name := range slices.Sorted(maps.Keys(all.values)) {
		if !hub.ValidName(name) {
			l.problems.Add(all.name(name), all.line(name), "is no name: 1 to 32 of a-z, 0-9, _ and -, with a letter or digit first")
			continue
		}
		tables = append(tables, l.table(all.values, section, name))
	}
	return tables
}

// claim gives each table its variables; two must not share them.
func (l *loader) claim(tables []table) {
	for _, t := range tables {
		if slices.Contains(l.in.prefixes, t.prefix()) {
			l.problems.Add(dotted(t.path...), l.in.lines.of(t.path...), "has the same variables %s… as another one: rename it", t.prefix())
		}
		l.in.prefixes = append(l.in.prefixes, t.prefix())
	}
	l.in.orphans(tables, &l.problems)
}

func (l *loader) source(t table) {
	t.keepSealed = l.worker
	kind := KindDiscourse
	// What is wrong with it is told when the source is decoded.
	_ = t.field("kind", reflect.ValueOf(&kind).Elem())
	s := DefaultSource(kind)
	keys := t.decode(&s, &l.problems)
	s.check(t, keys, &l.problems)
	l.config.Sources[t.path[1]] = s
}

func (l *loader) provider(t table) {
	s := Section{name: t.path[1], ours: common{Kind: t.path[1], Pace: PaceAuto}, table: t}
	for i, v := 0, reflect.ValueOf(&s.ours).Elem(); i < v.NumField(); i++ {
		key := keyOf(v.Type().Field(i))
		s.table.ours = append(s.table.ours, key)
		if problem := t.field(key, v.Field(i)); problem != nil {
			l.problems.List = append(l.problems.List, *problem)
		}
	}
	if s.Pace() != PaceAuto && s.Pace() != PaceOff {
		s.Refuse(&l.problems, "pace", fmt.Sprintf("is %q, want %q (the platform's documented limits) or %q", s.Pace(), PaceAuto, PaceOff))
	}
	l.config.Providers[s.name] = s
}
