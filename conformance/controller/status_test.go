package controller

import (
	"os/exec"
	"testing"

	"gwctl.dev/conformance/object"
)

func TestEveryTimeOfATransitionIsSet(t *testing.T) {
	status := object.Object{
		"conditions": []any{object.Object{"type": "A", "lastTransitionTime": nil}},
		"listeners":  []any{object.Object{"conditions": []any{object.Object{"lastTransitionTime": "x"}}}},
	}
	setTimes(status, "now")
	want := object.Object{
		"conditions": []any{object.Object{"type": "A", "lastTransitionTime": "now"}},
		"listeners":  []any{object.Object{"conditions": []any{object.Object{"lastTransitionTime": "now"}}}},
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
