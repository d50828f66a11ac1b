package oracle

import (
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"

	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/mesh"
)

// execWait is the longest that a command waits for the Envoys.
const execWait = 30 * time.Second

// Exec runs a command in a Pod, and compares each answer that a Service's client got over HTTP.
func (o *Oracle) Exec(namespace, _ string, command []string) apiserver.Executed {
	// The status of a route is what tests of Gateways wait for. Those of meshes wait for nothing: a proxy that is started
	// again for each change has to be waited for here.
	o.Controller.Await(execWait)
	made := o.moment()
	client := mesh.Client{
		Lookup: func(host string) (string, bool) { return o.Controller.Lookup(namespace, host) },
		OnResponse: func(request *mesh.Request, response *mesh.Response) {
			// Whoever calls a Pod by its address calls no Service.
			if host, _ := request.Address(); net.ParseIP(host) == nil {
				o.compare(made, askFrom(namespace, request), captured(response), &roundtripper.CapturedResponse{StatusCode: response.Status})
			}
			made = o.moment()
		},
	}
	return client.Run(command)
}

// askFrom gives the arguments of `gwctl route` for what a client of a namespace asks a Service.
func askFrom(namespace string, request *mesh.Request) []string {
	target := *request.URL
	if target.Path == "" {
		target.Path = "/"
	}
	method := request.Method
	if method == "" {
		method = http.MethodGet
	}
	arguments := []string{"route", target.String(), "-X", method, "--from", namespace}
	if request.Host != "" {
		arguments = append(arguments, "-H", "Host: "+request.Host)
	}
	return append(arguments, headerFlags(request.Headers)...)
}

// captured is what a backend saw, as the suite's own clients give it.
func captured(response *mesh.Response) *roundtripper.CapturedRequest {
	seen := response.Seen
	if seen == nil {
		return &roundtripper.CapturedRequest{}
	}
	return &roundtripper.CapturedRequest{
		Path: seen.Path, Host: seen.Host, Method: seen.Method, Protocol: seen.Protocol, Headers: seen.Headers,
		Namespace: seen.Namespace, Pod: seen.Pod,
	}
}
