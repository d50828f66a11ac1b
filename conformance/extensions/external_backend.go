package extensions

import (
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// outside is where the XBackend of the manifest is: the test itself serves there.
const outside = "127.0.0.1:18080"

var backendExternalHostname = suite.ConformanceTest{
	ShortName:   "BackendExternalHostname",
	Description: "An HTTPRoute refers to an XBackend of type ExternalHostname, and requests reach the host outside of the cluster.",
	Manifests:   []string{"manifests/backend-external-hostname.yaml"},
	Features:    needs(externalBackend),
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		listener, err := net.Listen("tcp", outside)
		require.NoError(t, err)
		server := &nethttp.Server{ReadHeaderTimeout: time.Minute, Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			fmt.Fprintf(w, "outside: %s %s", r.Method, r.URL.Path)
		})}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(func() { _ = server.Close() })

		gateway := types.NamespacedName{Name: sameNamespaceParent, Namespace: gatewayNamespace}
		address := kubernetes.GatewayAndHTTPRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName,
			kubernetes.NewGatewayRef(gateway), types.NamespacedName{Name: "external-hostname", Namespace: gatewayNamespace})
		require.Eventually(t, func() bool {
			response, err := nethttp.Get("http://" + address + "/outside")
			if err != nil {
				return false
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			return err == nil && response.StatusCode == nethttp.StatusOK && string(text) == "outside: GET /outside"
		}, s.TimeoutConfig.MaxTimeToConsistency, 100*time.Millisecond, "the host outside is not reached")
	},
}
