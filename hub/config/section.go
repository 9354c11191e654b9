package config

// Section is the table of one provider, [providers.NAME]. Its keys belong to
// the provider; only kind, pace and chat_admins are ours.
type Section struct {
	name  string
	ours  common
	table table
}

// common are the keys that a section of any provider has.
type common struct {
	Kind       string `toml:"kind" about:"Which platform it is."`
	Pace       string `toml:"pace" about:"Keep within the limits that the platform documents, or go as fast as it answers." one:"auto,off"`
	ChatAdmins bool   `toml:"chat_admins" about:"Those who run a chat, as the platform reports it, may change what the chat hears."`
}

// Bare is a section that nothing is set in, as if [NAME] stood alone.
func Bare(name string) Section { return Section{name: name, ours: common{Kind: name, Pace: PaceAuto}} }

// Name is the name of the system.
func (s Section) Name() string { return s.name }

// Kind is the kind key, or the name where there is none: [providers.slack]
// needs no kind.
func (s Section) Kind() string { return s.ours.Kind }

// The paces of a system.
const (
	PaceAuto = "auto" // within the limits that the platform documents
	PaceOff  = "off"  // as fast as the platform answers, until it refuses
)

// Pace is how fast messages may be sent, PaceAuto where nothing is said.
func (s Section) Pace() string { return s.ours.Pace }

// ChatAdmins is whether those who run a chat, as the platform reports it, may
// change what the chat hears.
func (s Section) ChatAdmins() bool { return s.ours.ChatAdmins }

// Decode sets the fields of the struct that into points to and notes in p what
// is wrong: unknown keys, wrong types, secrets that cannot be read. Fields carry
// toml tags and are string, bool, int, []string, secret.Value, time.Duration or
// an encoding.TextUnmarshaler. What is not set keeps its value.
//
// The secrets of a section are looked for here and not before: a process that
// does not serve the system does not need them.
func (s Section) Decode(into any, p *Problems) { s.table.decode(into, p) }

// Refuse notes that key is wrong, for what only the provider can know.
func (s Section) Refuse(p *Problems, key, text string) {
	path := "providers." + dotted(s.name, key)
	p.Add(path, s.table.line(key), "%s", text)
}
