package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// FuzzFilters takes rows and an event as JSON. Nothing that may stand in a row
// or an event breaks the index, what Validate lets pass compiles, and the index
// says the same after a change that changes nothing.
func FuzzFilters(f *testing.F) {
	f.Add(`[{"id":"a","system":"slack","chat":"c","mode":"watch","enabled":true,"filters":[{"type":"tag","any":["x","Y"],"none":["z"]}]}]`, `{"Type":"forum.post.created","Tags":["x"]}`)
	f.Add(`[{"id":"a","mode":"mute","enabled":true,"filters":[{"type":"text","any":["/a(/","/a+/"]},{"type":"kind","any":["forum.*.x"]}]}]`, `{"Type":"forum.a.x","Also":".","Text":"aa"}`)
	f.Add(`[{"id":"a","mode":"thread","enabled":true,"filters":[{"type":"author","any":["@","@bots","@g"],"all":["@h"]}]},{"id":"a","mode":"watch","enabled":true}]`, `{"Type":"forum.post.created","Author":"@g","AuthorIn":["g"],"Blind":[""]}`)
	f.Add(`[{"id":"a","mode":"watch","enabled":true,"filters":[{"type":"category","any":["/","/*","a/*"],"all":["5"]},{"type":"category","any":["b"]}]}]`, `{"Type":"forum.topic.category_changed","Before":{"Tags":[]},"Categories":[{"ID":"5","Restricted":true}]}`)
	f.Add(`[{"id":"a","mode":"watch","enabled":true,"filters":[{"type":"group","as":"message","any":["g"]},{"type":"group","none":["h"]}]}]`, `{"Private":true,"SharedWith":["G"],"Sensitive":true,"Type":"x"}`)
	f.Fuzz(func(t *testing.T, rows, event string) {
		var subs []hub.Subscription
		var facts rules.Facts
		if json.Unmarshal([]byte(rows), &subs) != nil || json.Unmarshal([]byte(event), &facts) != nil || len(subs) > 50 {
			return
		}
		x := rules.Compile(subs)
		decided := x.Match(&facts, nil)
		valid := map[hub.SubscriptionID]bool{}
		for _, s := range subs {
			valid[s.ID] = len(rules.Validate(s)) == 0
		}
		if len(valid) == len(subs) { // ids are ids
			for _, v := range x.Explain(&facts, nil) {
				if v.Miss.Because == rules.Broken && valid[v.Subscription] {
					t.Fatalf("a valid row is broken: %s", v.Reason)
				}
			}
			again := x.Apply(subs, []hub.SubscriptionID{"not there"}).Match(&facts, nil)
			if len(again) != len(decided) {
				t.Fatalf("%v, after a change that changes nothing %v", decided, again)
			}
			for i := range again {
				if again[i].Subscription != decided[i].Subscription {
					t.Fatalf("%v, after a change that changes nothing %v", decided, again)
				}
			}
		}
		x.Nearest(&facts, 3)
		x.Apply(subs, nil).Apply(nil, []hub.SubscriptionID{"a"}).Explain(&facts, nil)
	})
}
