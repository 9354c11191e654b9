package slack

import (
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// refOf is the ref of the message ts in channel. Slack's ts is unique within
// its channel only.
func refOf(channel, ts string) hub.MessageRef {
	return hub.MessageRef(channel + "/" + ts)
}

// channelOf is the channel of ref, empty if it names none.
func channelOf(ref hub.MessageRef) string {
	return string(ref[:max(0, strings.LastIndexByte(string(ref), '/'))])
}

// threadOf is the ts of ref.
func threadOf(ref hub.MessageRef) string {
	return string(ref[strings.LastIndexByte(string(ref), '/')+1:])
}

// timeOf reads a ts: seconds and microseconds since 1970. The last digits tell
// messages apart and are not quite a time.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond)).UTC()
}
