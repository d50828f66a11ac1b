package kubelet

import (
	"slices"
	"strings"

	"gwctl.dev/conformance/object"
)

// callsServices says whether a container is of the image that is both a server of several protocols and, by a command in
// it, a client. There is no such binary here: its servers are echo servers, and what runs commands is the package mesh.
func callsServices(container object.Object) bool {
	return strings.Contains(object.String(container, "image"), "/echo-advanced")
}

// ClientNamespaces are the namespaces with Pods that call Services, in order.
func (k *Kubelet) ClientNamespaces() []string {
	var namespaces []string
	for _, pod := range k.Server.List("Pod") {
		for _, container := range object.List(pod, "spec", "containers") {
			last := len(namespaces) - 1
			if callsServices(container) && (last < 0 || namespaces[last] != object.Namespace(pod)) {
				namespaces = append(namespaces, object.Namespace(pod))
			}
		}
	}
	return namespaces
}

// servers are the environments of the echo servers that a container's arguments ask for, one for each port. The certificate
// for a port with TLS is in the image alone: nothing listens there.
func servers(arguments []any, common []string) [][]string {
	ports := map[string][]string{}
	for _, argument := range arguments {
		text, _ := argument.(string)
		name, value, _ := strings.Cut(text, "=")
		ports[name] = append(ports[name], value)
	}
	var found [][]string
	add := func(variables ...string) { found = append(found, append(append([]string{}, common...), variables...)) }
	for _, port := range ports["--port"] {
		if !slices.Contains(ports["--tls"], port) {
			add("HTTP_PORT="+port, "H2C_PORT=0")
		}
	}
	for _, port := range ports["--grpc"] {
		add("GRPC_ECHO_SERVER=1", "HTTP_PORT="+port)
	}
	for _, port := range ports["--tcp"] {
		add("TCP_ECHO_SERVER=1", "TCP_PORT="+port)
	}
	return found
}

// startServers starts the servers of a container. It gives the function that ends them.
func (k *Kubelet) startServers(container object.Object, running *pod, written *podLog) (func(), error) {
	common := []string{"POD_IP=" + running.address, "NAMESPACE=" + running.namespace, "POD_NAME=" + running.name}
	arguments, _ := container["args"].([]any)
	var stops []func()
	stop := func() {
		for _, one := range stops {
			one()
		}
	}
	for _, environment := range servers(arguments, common) {
		one, err := k.startEcho(environment, running.address, written)
		if err != nil {
			stop()
			return nil, err
		}
		stops = append(stops, one)
	}
	return stop, nil
}
