// Package controller does what a Gateway controller does, with gwctl: on each change it writes all objects to a
// directory, lets `gwctl translate --partial` write the configuration of each Gateway and runs that in an Envoy of its
// own, does the same for the clients of Services in each namespace, and puts what `gwctl status` says into the objects. It
// decides nothing itself.
package controller

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"sigs.k8s.io/yaml"

	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/object"
)

// Controller runs the Gateways of one class. Its exported fields are set before Start.
type Controller struct {
	Server *apiserver.Server
	// Gwctl and Envoy are the binaries.
	Gwctl, Envoy string
	// Name is the controllerName of the class, and Class its name.
	Name, Class string
	// Dir is where it works: manifests, configurations and logs stay there.
	Dir string
	// Translate holds further arguments of gwctl translate.
	Translate []string
	// Settle is how long it waits for further changes.
	Settle time.Duration
	// Clients gives the namespaces with Pods that call Services.
	Clients func() []string
	// OnFailure is told what must not happen: an Envoy that refuses a configuration or ends, a gwctl that fails.
	OnFailure func(format string, arguments ...any)

	changed   atomic.Int64 // how many changes there were
	synced    atomic.Int64 // and how many of them the Envoys know
	addresses sync.Map     // the Gateway at each address
	changes   chan struct{}
	stopped   chan struct{}
	gateways  map[string]*gateway
	clients   map[string]*clients // by namespace
	hosts     sync.Map            // the file of hosts of each namespace
	types     map[string]bool     // of the conditions that gwctl has said
	nextAdmin int
	syncs     int
}

// Start begins to follow changes.
func (c *Controller) Start() {
	c.changes, c.stopped = make(chan struct{}, 1), make(chan struct{})
	c.gateways, c.clients, c.types, c.nextAdmin = map[string]*gateway{}, map[string]*clients{}, map[string]bool{}, 20000
	go func() {
		defer close(c.stopped)
		for range c.changes {
			c.settle()
			c.sync()
		}
	}()
}

// settle waits until there are no further changes for a while.
func (c *Controller) settle() {
	for {
		select {
		case _, open := <-c.changes:
			if !open {
				return
			}
		case <-time.After(c.Settle):
			return
		}
	}
}

// Changed tells that some object has changed. It does not wait.
func (c *Controller) Changed() {
	c.changed.Add(1)
	select {
	case c.changes <- struct{}{}:
	default:
	}
}

// Steady says how many changes there were, and whether the Envoys know them all.
func (c *Controller) Steady() (int64, bool) {
	changed := c.changed.Load()
	return changed, changed == c.synced.Load()
}

// Await waits until the Envoys know all changes that there have been so far, if that is not too long.
func (c *Controller) Await(limit time.Duration) {
	changed := c.changed.Load()
	for deadline := time.Now().Add(limit); c.synced.Load() < changed && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}

// Manifests is the directory of the objects as gwctl reads them.
func (c *Controller) Manifests() string { return filepath.Join(c.Dir, "manifests") }

// GatewayAt is the Gateway that listens on an address, as namespace/name.
func (c *Controller) GatewayAt(address string) string {
	id, _ := c.addresses.Load(address)
	text, _ := id.(string)
	return text
}

// Stop ends all Envoys. Nobody may call Changed any more.
func (c *Controller) Stop() {
	close(c.changes)
	<-c.stopped
	for _, running := range c.gateways {
		running.stop()
	}
	for _, running := range c.clients {
		running.stop()
	}
}

func (c *Controller) sync() {
	started, changed := time.Now(), c.changed.Load()
	c.syncs++
	if err := c.dump(); err != nil {
		c.OnFailure("cannot write the manifests: %v", err)
		return
	}
	present := map[string]bool{}
	var group sync.WaitGroup
	limit := make(chan struct{}, 2)
	for _, written := range c.Server.List("Gateway") {
		if object.String(written, "spec", "gatewayClassName") != c.Class {
			continue
		}
		id := object.ID(written)
		present[id] = true
		running := c.gateways[id]
		if running == nil {
			running = &gateway{id: id, address: c.freeAddress()}
			c.gateways[id] = running
		}
		address := c.bind(running, written)
		admin := c.nextAdmin
		c.nextAdmin++
		group.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			c.program(running, admin, "--gateway", id, "--listener-address", address)
		})
	}
	c.syncClients(func(running *clients, admin int) {
		group.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			c.serve(running, admin)
		})
	})
	group.Wait()
	for id, running := range c.gateways {
		if !present[id] {
			running.stop()
			delete(c.gateways, id)
		}
	}
	c.writeStatus()
	c.synced.Store(changed)
	if took := time.Since(started); took > 5*time.Second {
		log.Printf("controller: sync %d took %v", c.syncs, took)
	}
}

// bind is what gwctl's --listener-address says for a Gateway: an address of its own, unless it asks for some.
func (c *Controller) bind(running *gateway, written object.Object) string {
	address := running.address
	for _, static := range object.List(written, "spec", "addresses") {
		if value := object.String(static, "value"); value != "" {
			address = "gateway"
			c.addresses.Store(value, running.id)
		}
	}
	c.addresses.Store(running.address, running.id)
	return address
}

func (c *Controller) freeAddress() string {
	used := map[string]bool{}
	for _, running := range c.gateways {
		used[running.address] = true
	}
	for n := 1; ; n++ {
		if address := fmt.Sprintf("127.0.1.%d", n); !used[address] {
			return address
		}
	}
}

// dump writes the objects that a controller reads into one file, a document each.
func (c *Controller) dump() error {
	kinds := append(c.Server.CustomKinds(), "Namespace", "Service", "EndpointSlice", "Secret", "ConfigMap")
	var text bytes.Buffer
	for _, kind := range kinds {
		for _, written := range c.Server.List(kind) {
			delete(written, "status")
			delete(object.Child(written, "metadata"), "uid")
			delete(object.Child(written, "metadata"), "resourceVersion")
			document, err := yaml.Marshal(written)
			if err != nil {
				return err
			}
			text.WriteString("---\n")
			text.Write(document)
		}
	}
	if err := os.MkdirAll(c.Manifests(), 0o700); err != nil {
		return err
	}
	temporary := filepath.Join(c.Dir, "all.yaml")
	if err := os.WriteFile(temporary, text.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(c.Manifests(), "all.yaml"))
}

// run calls gwctl, and gives what it prints on both outputs.
func (c *Controller) run(arguments ...string) ([]byte, string, error) {
	var output, report bytes.Buffer
	command := exec.Command(c.Gwctl, arguments...)
	command.Stdout, command.Stderr = &output, &report
	err := command.Run()
	return output.Bytes(), report.String(), err
}
