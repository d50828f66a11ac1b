// Package kubelet runs the Pods of Deployments as processes: each is an echo server of the suite on a loopback address
// of its own, or a DNS server in this process where the image is CoreDNS. It keeps the EndpointSlices of Services.
package kubelet

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/object"
)

// Kubelet runs Pods. Its exported fields are set before Start.
type Kubelet struct {
	Server *apiserver.Server
	// Echo is the echo server's binary, built to listen on $POD_IP only.
	Echo string
	// Dir is where mounted volumes are written.
	Dir string

	mu      sync.Mutex
	pods    map[string]*pod // by namespace/name
	logs    map[string]*podLog
	changes chan struct{}
	done    chan struct{}
}

type pod struct {
	namespace, name, address string
	stop                     func()
}

// errWaiting says that a Pod cannot start yet, because an object that it mounts is not there.
var errWaiting = errors.New("a mounted object is not there yet")

// Start begins to follow changes.
func (k *Kubelet) Start() {
	k.pods, k.logs = map[string]*pod{}, map[string]*podLog{}
	k.changes, k.done = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(k.done)
		for range k.changes {
			k.sync()
		}
	}()
}

// Changed tells that an object of a kind has changed. It does not wait.
func (k *Kubelet) Changed(kind string) {
	switch kind {
	case "Deployment", "Service", "Secret", "ConfigMap", "Pod", "Namespace":
		select {
		case k.changes <- struct{}{}:
		default:
		}
	}
}

// Stop ends all Pods. Nobody may call Changed any more.
func (k *Kubelet) Stop() {
	close(k.changes)
	<-k.done
	for _, running := range k.pods {
		running.stop()
	}
}

// sync starts the Pods that should run, stops the others, and writes the EndpointSlices.
func (k *Kubelet) sync() {
	k.forgetRemoved()
	wanted := map[string]bool{}
	for _, deployment := range k.Server.List("Deployment") {
		namespace := object.Namespace(deployment)
		replicas, _ := object.Child(deployment, "spec")["replicas"].(int64)
		for i := range replicas {
			// The suite finds the Deployment by leaving out the last two parts of a Pod's name.
			name := fmt.Sprintf("%s-replica-%d", object.Name(deployment), i)
			wanted[namespace+"/"+name] = true
			if k.pods[namespace+"/"+name] != nil {
				continue
			}
			if err := k.start(deployment, namespace, name); err != nil && !errors.Is(err, errWaiting) {
				log.Printf("kubelet: %s/%s: %v", namespace, name, err)
			}
		}
	}
	for id, running := range k.pods {
		if !wanted[id] {
			running.stop()
			k.Server.Remove("Pod", running.namespace, running.name)
			delete(k.pods, id)
		}
	}
	k.syncSlices()
}

// forgetRemoved stops the Pods that went with their namespace: who makes the namespace again at once has new ones.
func (k *Kubelet) forgetRemoved() {
	present := map[string]bool{}
	for _, stored := range k.Server.List("Pod") {
		present[object.ID(stored)] = true
	}
	for id, running := range k.pods {
		if !present[id] {
			running.stop()
			delete(k.pods, id)
		}
	}
}

func (k *Kubelet) freeAddress() string {
	used := map[string]bool{}
	for _, running := range k.pods {
		used[running.address] = true
	}
	for n := 1; ; n++ {
		if address := fmt.Sprintf("127.0.%d.%d", 2+n/250, 1+n%250); !used[address] {
			return address
		}
	}
}

func (k *Kubelet) start(deployment object.Object, namespace, name string) error {
	template := object.Child(deployment, "spec", "template")
	containers := object.List(template, "spec", "containers")
	if len(containers) == 0 {
		return errors.New("no container")
	}
	container := containers[0]
	mounts, err := k.mount(template, container, namespace, name)
	if err != nil {
		return err
	}
	running := &pod{namespace: namespace, name: name, address: k.freeAddress()}
	written := &podLog{}
	switch {
	case strings.Contains(object.String(container, "image"), "coredns"):
		running.stop, err = startDNS(running.address)
	case callsServices(container):
		running.stop, err = k.startServers(container, running, written)
	default:
		running.stop, err = k.startEcho(environment(container, running, mounts), running.address, written)
	}
	if err != nil {
		return err
	}
	k.pods[namespace+"/"+name] = running
	k.mu.Lock()
	k.logs[namespace+"/"+name] = written
	k.mu.Unlock()
	_, err = k.Server.Put(podObject(template, running))
	return err
}

// environment is that of a container, with the paths of its mounts where they really are.
func environment(container object.Object, running *pod, mounts map[string]string) []string {
	set := []string{"POD_IP=" + running.address}
	for _, variable := range object.List(container, "env") {
		value := object.String(variable, "value")
		switch object.String(variable, "valueFrom", "fieldRef", "fieldPath") {
		case "metadata.name":
			value = running.name
		case "metadata.namespace":
			value = running.namespace
		}
		for path, directory := range mounts {
			if strings.HasPrefix(value, path+"/") {
				value = directory + strings.TrimPrefix(value, path)
			}
		}
		set = append(set, object.String(variable, "name")+"="+value)
	}
	return set
}

// startEcho starts an echo server, and waits until it listens. It gives the function that ends it.
func (k *Kubelet) startEcho(environment []string, address string, written *podLog) (func(), error) {
	command := exec.Command(k.Echo)
	command.Env = environment
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = input, input
	if err := command.Start(); err != nil {
		return nil, err
	}
	_ = input.Close()
	go written.read(output)
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	waitForPort(environment, address)
	return func() {
		_ = command.Process.Kill()
		<-ended
	}, nil
}

// waitForPort waits for an echo server's first port. One for datagrams has none that can be asked.
func waitForPort(environment []string, address string) {
	port := "3000"
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if name == "UDP_ECHO_SERVER" {
			time.Sleep(100 * time.Millisecond)
			return
		}
		if strings.HasSuffix(name, "_PORT") && port == "3000" {
			port = value
		}
	}
	for range 250 {
		if connection, err := net.Dial("tcp", net.JoinHostPort(address, port)); err == nil {
			_ = connection.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func podObject(template object.Object, running *pod) object.Object {
	metadata := object.Object{"name": running.name, "namespace": running.namespace}
	for _, field := range []string{"labels", "annotations"} {
		if value := object.Child(template, "metadata")[field]; value != nil {
			metadata[field] = value
		}
	}
	return object.Object{
		"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": object.Child(template, "spec"),
		"status": object.Object{
			"phase": "Running", "podIP": running.address,
			"podIPs":     []any{object.Object{"ip": running.address}},
			"conditions": []any{object.Object{"type": "Ready", "status": "True"}},
		},
	}
}
