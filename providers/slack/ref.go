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

// lastSecond ends the year 9999, the last that RFC 3339 can write.
const lastSecond = 253_402_300_800

// timeOf reads a ts: seconds and microseconds since 1970. The last digits tell
// messages apart and are not quite a time.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s < 0 || s >= lastSecond {
		return time.Time{}
	}
	us, _ := strconv.ParseInt(micros, 10, 64)
	us = min(max(us, 0), 999_999)
	return time.Unix(s, us*int64(time.Microsecond)).UTC()
}
