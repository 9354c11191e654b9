package hub

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fill sets each field of a value, or leaves it empty, one in three.
func fill(r *rand.Rand, v reflect.Value) {
	texts := []string{"a", `<b>"\` + "\x00\x1f\x7f\r\t\n\u2028 ü 😀", "\xff broken", strings.Repeat("x", 300)}
	if r.IntN(3) == 0 {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<33), r.Int64N(2)*r.Int64N(1e9)).In(time.FixedZone("", r.IntN(3)*3600))))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"cooked":"\u003cp>"}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(2000) - 1000)
	case reflect.Uint64:
		v.SetUint(r.Uint64N(2000))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(2), 2))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Map: // of messages, which encoding/json writes
	default:
		panic(v.Type())
	}
}

// TestObjectsAreAsEncoded holds what is written by hand against what encoding/json
// writes of the same: no field is missing, whatever is in it.
func TestObjectsAreAsEncoded(t *testing.T) {
	var e MessageEncoder
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		var n Notification
		var a Announcement
		var o Outcome
		var event Event
		for _, v := range []any{&n, &a, &o, &event} {
			fill(r, reflect.ValueOf(v).Elem())
		}
		body, err := e.Notification(&n)
		require.NoError(t, err)
		same(t, n, body)
		told, err := e.Announcement(&a)
		require.NoError(t, err)
		same(t, a, []byte(told))
		body, err = o.AppendJSON([]byte("before"))
		require.NoError(t, err)
		require.Equal(t, "before", string(body[:6]))
		same(t, o, body[6:])
		body, err = o.Receipt.AppendJSON(nil)
		require.NoError(t, err)
		same(t, o.Receipt, body)
		body, err = event.AppendJSON(nil)
		require.NoError(t, err)
		same(t, event, body)
	}
}

func same(t *testing.T, v any, written []byte) {
	t.Helper()
	plain, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, string(plain), string(written))
	require.NotContains(t, string(written), "\n", "it is one line")
}

func TestWhatIsNoJSON(t *testing.T) {
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, o := range []Outcome{{At: late}, {Receipt: Receipt{Ref: "1", At: late}}, {RetryAt: late}, {Exchange: &Exchange{At: late}}} {
		_, err := AppendOutcomes(nil, []Outcome{{}, o})
		require.Error(t, err, "JSON has no such year")
	}
}

func TestOutcomesAreReadAsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 5 {
		outcomes := make([]Outcome, n)
		for i := range outcomes {
			fill(r, reflect.ValueOf(&outcomes[i]).Elem())
		}
		data, err := AppendOutcomes(nil, outcomes)
		require.NoError(t, err)
		read, err := ParseOutcomes(data, json.Unmarshal)
		require.NoError(t, err)
		require.Len(t, read, n)
		for i := range read {
			again, err := json.Marshal(read[i])
			require.NoError(t, err)
			same(t, outcomes[i], again)
		}
	}
}
