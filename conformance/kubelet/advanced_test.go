package kubelet

import (
	"strings"
	"testing"

	"gwctl.dev/conformance/object"
)

func TestAServerIsStartedForEachPortWithoutTLS(t *testing.T) {
	arguments := []any{"--tcp=9090", "--port=8080", "--grpc=7070", "--port=8443", "--tls=8443", "--crt=/cert.crt"}
	var found []string
	for _, environment := range servers(arguments, []string{"POD_NAME=a"}) {
		found = append(found, strings.Join(environment, " "))
	}
	want := "POD_NAME=a HTTP_PORT=8080 H2C_PORT=0, POD_NAME=a GRPC_ECHO_SERVER=1 HTTP_PORT=7070, POD_NAME=a TCP_ECHO_SERVER=1 TCP_PORT=9090"
	if got := strings.Join(found, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOneImageCallsServices(t *testing.T) {
	for image, want := range map[string]bool{
		"registry.k8s.io/gateway-api/echo-advanced:v1.5.1": true, "registry.k8s.io/gateway-api/echo-basic:v1.5.1": false,
	} {
		if got := callsServices(object.Object{"image": image}); got != want {
			t.Errorf("%s: %v", image, got)
		}
	}
}
