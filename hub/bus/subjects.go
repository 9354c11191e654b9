package bus

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Subjects are made here and nowhere else. Their tokens are our own names and
// digests, so that nothing a platform or a sender chose can reach beyond its
// place.
const (
	subjectEvents   = "event.>"
	subjectNotify   = "notify_chat.>"
	subjectDead     = "dead.>"
	subjectReceipts = "receipts.*"
	subjectControl  = "control."

	maxPartitions = 256
	laneLength    = 12
)

// Lane is the queue of a chat: 60 bits of a digest. Two chats that share one by
// chance share an order and their waits, nothing else.
func Lane(c hub.Chat) string { return hub.Digest(string(c.System), c.ID)[:laneLength] }

// partition is where a lane belongs, of n.
func partition(lane string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(lane))
	return int(h.Sum32() % uint32(n))
}

// eventSubject is event.<source>.<type>.
func eventSubject(source hub.Source, t hub.EventType) (string, error) {
	if !hub.ValidName(string(source)) {
		return "", hub.Errorf(hub.CodeInvalid, "source %q is not a name of a-z, 0-9, _ and -", source)
	}
	if !t.Valid() {
		return "", hub.Errorf(hub.CodeInvalid, "type %q is not a dotted name under forum, chat, hub or user", t)
	}
	return "event." + string(source) + "." + string(t), nil
}

// eventOf takes a subject of EVENTS apart.
func eventOf(subject string) (source hub.Source, t hub.EventType) {
	_, rest, _ := strings.Cut(subject, ".")
	s, typ, _ := strings.Cut(rest, ".")
	return hub.Source(s), hub.EventType(typ)
}

// eventFilters are the subjects of patterns of types from any source. A "*" or
// ">" at a pattern's end stands for one or more segments, elsewhere a "*" for
// one. No pattern is every event.
func eventFilters(patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		return []string{subjectEvents}, nil
	}
	filters := make([]string, 0, len(patterns))
	for _, p := range patterns {
		segments := strings.Split(p, ".")
		last := len(segments) - 1
		if segments[last] == "*" {
			segments[last] = ">"
		}
		for i, s := range segments {
			if s != "*" && (s != ">" || i != last) && !validToken(s) {
				return nil, fmt.Errorf("%q is no pattern of event types", p)
			}
		}
		filters = append(filters, "event.*."+strings.Join(segments, "."))
	}
	slices.Sort(filters)
	return slices.Compact(filters), nil
}

// retriedFilters are the events that a sender may send again: all but the
// outcomes of deliveries, which only our own workers tell and which are several
// per event.
func retriedFilters() []string {
	return []string{
		"event.*.forum.>", "event.*.chat.>", "event.*.user.>",
		"event.*.hub.signal.>", "event.*.hub.session.>", "event.*.hub.system.>",
	}
}

// notifySubject is notify_chat.<system>.<partition>.<lane>.
func notifySubject(system hub.System, part int, lane string) (string, error) {
	prefix, err := notifyPrefix(system)
	if err != nil {
		return "", err
	}
	if part < 0 || part >= maxPartitions || !validToken(lane) {
		return "", fmt.Errorf("no lane %q in partition %d", lane, part)
	}
	return prefix + strconv.Itoa(part) + "." + lane, nil
}

// notifyFilter is every lane of a partition.
func notifyFilter(system hub.System, part int) (string, error) {
	prefix, err := notifyPrefix(system)
	if err != nil {
		return "", err
	}
	if part < 0 || part >= maxPartitions {
		return "", fmt.Errorf("no partition %d", part)
	}
	return prefix + strconv.Itoa(part) + ".*", nil
}

func notifyPrefix(system hub.System) (string, error) {
	if !hub.ValidName(string(system)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", system)
	}
	return "notify_chat." + string(system) + ".", nil
}

// laneOf is the last token of a subject of NOTIFY.
func laneOf(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// deadSubject is dead.<system>.<notification>.
func deadSubject(system hub.System, id hub.NotificationID) (string, error) {
	if !hub.ValidName(string(system)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", system)
	}
	return "dead." + string(system) + "." + key(string(id)), nil
}

// deadFilter is what was given up of a notification, whatever its system.
func deadFilter(id hub.NotificationID) string { return "dead.*." + key(string(id)) }

// deadSystem is the system of a subject of DEAD.
func deadSystem(subject string) hub.System {
	_, rest, _ := strings.Cut(subject, ".")
	system, _, _ := strings.Cut(rest, ".")
	return hub.System(system)
}

// receiptsSubject is receipts.<system>.
func receiptsSubject(system hub.System) (string, error) {
	if !hub.ValidName(string(system)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", system)
	}
	return "receipts." + string(system), nil
}

func controlSubject(what string) (string, error) {
	if !validToken(what) {
		return "", fmt.Errorf("control %q is not a word of a-z, 0-9, _ and -", what)
	}
	return subjectControl + what, nil
}

// hubApp is the app that every hub is.
const hubApp = "hub"

// commandSubject is command.<app>.<function>; a "*" is every function.
func commandSubject(app, function string) (string, error) {
	if !hub.ValidName(app) || !validToken(function) && function != "*" {
		return "", hub.Errorf(hub.CodeInvalid, "there can be no function %q of an app %q", function, app)
	}
	return "command." + app + "." + function, nil
}

// querySubject is query.<system>.<what>; a "*" is everything.
func querySubject(system hub.System, what string) (string, error) {
	if !hub.ValidName(string(system)) || !validToken(what) && what != "*" {
		return "", hub.Errorf(hub.CodeInvalid, "nothing called %q can be asked of a system %q", what, system)
	}
	return "query." + string(system) + "." + what, nil
}

// validToken reports whether s may stand between two dots of a subject and in
// a key: 1 to 64 of a-z, 0-9, _ and -.
func validToken(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// key is s where it may be a key of a bucket as it stands, else its digest.
func key(s string) string {
	if validToken(s) {
		return s
	}
	return "=" + hub.Digest(s)
}

// msgID is the Nats-Msg-Id of an id that a sender chose. Header values are
// trimmed and end at a line break, so that any other id goes by its digest.
func msgID(id string) string {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return "=" + hub.Digest(id)
		}
	}
	return id
}
