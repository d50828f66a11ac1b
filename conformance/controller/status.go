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
	c.learnTypes(status)
	setTimes(status, time.Now().UTC().Format(time.RFC3339))
	err := c.Server.PutStatus(kind, object.Namespace(stored), object.Name(stored), func(before object.Object) object.Object {
		c.keepForeign(status, before)
		if object.Equal(timeless(status), timeless(before)) {
			return nil
		}
		return status
	})
	if err != nil {
		c.OnFailure("%v", err)
	}
}

// learnTypes notes the types of the conditions in a status.
func (c *Controller) learnTypes(status object.Object) {
	for _, condition := range object.List(status, "conditions") {
		c.types[object.String(condition, "type")] = true
	}
	for _, field := range []string{"listeners", "parents", "ancestors"} {
		for _, part := range object.List(status, field) {
			c.learnTypes(part)
		}
	}
}

// keepForeign copies into a status what others have written into the one before: the entries of parents and policy
// ancestors with another controller's name, and the conditions of types that gwctl does not say.
func (c *Controller) keepForeign(status, before object.Object) {
	c.keepConditions(status, before)
	for _, told := range object.List(status, "listeners") {
		for _, old := range object.List(before, "listeners") {
			if old["name"] == told["name"] {
				c.keepConditions(told, old)
			}
		}
	}
	for _, field := range []string{"parents", "ancestors"} {
		for _, entry := range object.List(before, field) {
			if object.String(entry, "controllerName") != c.Name {
				add(status, field, entry)
			}
		}
	}
}

func (c *Controller) keepConditions(status, before object.Object) {
	for _, condition := range object.List(before, "conditions") {
		if !c.types[object.String(condition, "type")] {
			add(status, "conditions", condition)
		}
	}
}

// add appends an item to the list at a field.
func add(status object.Object, field string, item object.Object) {
	items, _ := status[field].([]any)
	status[field] = append(items, item)
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

// timeless copies a status without the times of its transitions.
func timeless(status object.Object) object.Object {
	copied := object.Normal(status)
	setTimes(copied, "")
	return copied
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
