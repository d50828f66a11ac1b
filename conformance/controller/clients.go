package controller

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// clients are the Pods of a namespace that call Services, and the Envoy that serves them: at addresses of this machine that
// stand for Services, with the file of hosts that leads there.
type clients struct {
	gateway
	addresses string
	// hostsOf is the configuration that the file of hosts is of.
	hostsOf []byte
}

// syncClients has each namespace with clients served, and ends what serves the others.
func (c *Controller) syncClients(serve func(running *clients, admin int)) {
	present := c.Clients()
	for _, namespace := range present {
		running := c.clients[namespace]
		if running == nil {
			running = &clients{gateway: gateway{id: "mesh/" + namespace}, addresses: c.freeRange()}
			c.clients[namespace] = running
		}
		serve(running, c.nextAdmin)
		c.nextAdmin++
	}
	for namespace, running := range c.clients {
		if !slices.Contains(present, namespace) {
			running.stop()
			c.hosts.Delete(namespace)
			delete(c.clients, namespace)
		}
	}
}

// freeRange is a range of addresses for the Services as the clients of one namespace know them. All namespaces share one
// network here, where a cluster's Pods each have their own: the address of a Service can be one Envoy's only.
func (c *Controller) freeRange() string {
	used := map[string]bool{}
	for _, running := range c.clients {
		used[running.addresses] = true
	}
	for n := 10; ; n++ {
		if addresses := fmt.Sprintf("127.%d.0.0/16", n); !used[addresses] {
			return addresses
		}
	}
}

// serve brings the Envoy of a namespace's clients to what gwctl says, and their file of hosts.
func (c *Controller) serve(running *clients, admin int) {
	namespace := strings.TrimPrefix(running.id, "mesh/")
	served := []string{
		"--mesh-for", namespace, "--mesh-capture", "address", "--mesh-addresses", "loopback=" + running.addresses,
	}
	c.program(&running.gateway, admin, served...)
	if bytes.Equal(running.config, running.hostsOf) {
		return
	}
	running.hostsOf = running.config
	if running.config == nil {
		c.hosts.Delete(namespace)
		return
	}
	text, report, err := c.run(c.translation(append(served, "--section", "hosts")...)...)
	if err != nil {
		c.OnFailure("gwctl translate --section hosts: %v\n%s", err, report)
		return
	}
	c.hosts.Store(namespace, readHosts(string(text)))
}

// readHosts reads a file of hosts: the address of each name.
func readHosts(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		for i := 1; i < len(fields); i++ {
			found[fields[i]] = fields[0]
		}
	}
	return found
}

// Lookup is the address that a host has for the clients in a namespace.
func (c *Controller) Lookup(namespace, host string) (string, bool) {
	hosts, _ := c.hosts.Load(namespace)
	known, _ := hosts.(map[string]string)
	address, found := known[host]
	return address, found
}
