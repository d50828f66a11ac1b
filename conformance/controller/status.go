package controller

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gwctl.dev/conformance/object"
)

// writeStatus puts what gwctl says into the status of each object. Of its own it adds the times of transitions, and
// the address of a Gateway that asks for none.
func (c *Controller) writeStatus() {
	output, report, err := c.run("status", c.Manifests(), "--partial", "--controller-name", c.Name,
		"--listener-address", "gateway", "-o", "json", "-q")
	if err != nil {
		c.OnFailure("gwctl status: %v\n%s", err, report)
		return
	}
	if err := os.WriteFile(filepath.Join(c.Dir, fmt.Sprintf("status-%04d.json", c.syncs)), output, 0o600); err != nil {
		c.OnFailure("cannot keep the status: %v", err)
	}
	result, err := object.Parse(output)
	if err != nil {
		c.OnFailure("gwctl status: %v", err)
		return
	}
	current := map[string]map[string]object.Object{} // by kind, then namespace/name
	for _, told := range object.List(result, "items") {
		kind, id := object.String(told, "kind"), object.ID(told)
		if current[kind] == nil {
			current[kind] = map[string]object.Object{}
			for _, stored := range c.Server.List(kind) {
				current[kind][object.ID(stored)] = stored
			}
		}
		if stored := current[kind][id]; stored != nil {
			c.writeOne(kind, stored, object.Child(told, "status"))
		}
	}
}

// writeOne writes the status of one object where it is another one than before, transition times aside.
func (c *Controller) writeOne(kind string, stored, status object.Object) {
	if kind == "Gateway" {
		c.setAddresses(object.ID(stored), status)
	}
	before := object.Child(stored, "status")
	setTimes(status, "")
	setTimes(before, "")
	if object.Equal(status, before) {
		return
	}
	setTimes(status, time.Now().UTC().Format(time.RFC3339))
	if err := c.Server.PutStatus(kind, object.Namespace(stored), object.Name(stored), status); err != nil {
		c.OnFailure("%v", err)
	}
}

// setAddresses names the address that the controller gave a Gateway whose specification names none.
func (c *Controller) setAddresses(id string, status object.Object) {
	running := c.gateways[id]
	if running == nil || status == nil {
		return
	}
	own := []any{object.Object{"type": "IPAddress", "value": running.address}}
	addresses := object.List(status, "addresses")
	if len(addresses) == 0 && running.envoy != nil {
		status["addresses"] = own
	}
	for _, address := range addresses {
		if object.String(address, "value") == "0.0.0.0" {
			status["addresses"] = own
		}
	}
}

// setTimes sets every time of a transition.
func setTimes(value any, to string) {
	switch value := value.(type) {
	case map[string]any:
		for field, inner := range value {
			if field == "lastTransitionTime" {
				value[field] = to
			} else {
				setTimes(inner, to)
			}
		}
	case []any:
		for _, item := range value {
			setTimes(item, to)
		}
	}
}
