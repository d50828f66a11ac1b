package controller

import (
	"os/exec"
	"testing"

	"gwctl.dev/conformance/object"
)

func condition(kind, time string) object.Object {
	return object.Object{"type": kind, "lastTransitionTime": time}
}

func TestEveryTimeOfATransitionIsSet(t *testing.T) {
	status := object.Object{
		"conditions": []any{condition("A", "x")},
		"listeners":  []any{object.Object{"conditions": []any{condition("A", "x")}}},
	}
	setTimes(status, "now")
	want := object.Object{
		"conditions": []any{condition("A", "now")},
		"listeners":  []any{object.Object{"conditions": []any{condition("A", "now")}}},
	}
	if !object.Equal(status, want) {
		t.Errorf("got %v", status)
	}
}

func TestWhatOthersWroteStays(t *testing.T) {
	c := &Controller{Name: "ours", types: map[string]bool{}}
	part := func(field, value string, conditions ...any) object.Object {
		return object.Object{field: value, "conditions": conditions}
	}
	status := object.Object{
		"conditions": []any{condition("A", "new")},
		"listeners":  []any{part("name", "http", condition("A", "new")), part("name", "https", condition("A", "new"))},
		"parents":    []any{part("controllerName", "ours", condition("B", "new"))},
	}
	c.learnTypes(status)
	c.keepForeign(status, object.Object{
		"conditions": []any{condition("A", "old"), condition("Foreign", "old")},
		"listeners":  []any{part("name", "http", condition("A", "old"), condition("Foreign", "old"))},
		"parents":    []any{part("controllerName", "ours", condition("B", "old")), part("controllerName", "theirs", condition("B", "old"))},
		"ancestors":  []any{part("controllerName", "theirs", condition("B", "old"))},
	})
	want := object.Object{
		"conditions": []any{condition("A", "new"), condition("Foreign", "old")},
		"listeners": []any{
			part("name", "http", condition("A", "new"), condition("Foreign", "old")), part("name", "https", condition("A", "new")),
		},
		"parents":   []any{part("controllerName", "ours", condition("B", "new")), part("controllerName", "theirs", condition("B", "old"))},
		"ancestors": []any{part("controllerName", "theirs", condition("B", "old"))},
	}
	if !object.Equal(status, want) {
		t.Errorf("got %v", status)
	}
}

func TestAGatewayThatAsksForNoAddressGetsItsOwn(t *testing.T) {
	running := &proxy{command: exec.Command("true")}
	c := &Controller{gateways: map[string]*gateway{
		"a/runs":    {address: "127.0.1.1", envoy: running},
		"a/waits":   {address: "127.0.1.2"},
		"a/chooses": {address: "127.0.1.3", envoy: running},
	}}
	for id, want := range map[string]string{"a/runs": "127.0.1.1", "a/waits": "", "a/chooses": "127.0.1.200"} {
		status := object.Object{}
		if id == "a/chooses" {
			status["addresses"] = []any{object.Object{"type": "IPAddress", "value": "127.0.1.200"}}
		}
		c.setAddresses(id, status)
		got := ""
		for _, address := range object.List(status, "addresses") {
			got += object.String(address, "value")
		}
		if got != want {
			t.Errorf("%s is at %q, not %q", id, got, want)
		}
	}
}
