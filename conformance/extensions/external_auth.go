package extensions

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

var httpRouteExternalAuth = suite.ConformanceTest{
	ShortName:   "HTTPRouteExternalAuth",
	Description: "A rule with an ExternalAuth filter forwards what the authorization service accepts, gives the client the service's own answer otherwise, and forwards nothing where there is no service.",
	Manifests:   []string{"manifests/httproute-external-auth.yaml"},
	Features:    needs(externalAuth),
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		gateway := types.NamespacedName{Name: sameNamespaceParent, Namespace: gatewayNamespace}
		address := kubernetes.GatewayAndHTTPRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName,
			kubernetes.NewGatewayRef(gateway), types.NamespacedName{Name: "external-auth", Namespace: gatewayNamespace})
		for _, one := range []http.ExpectedResponse{
			{
				TestCaseName: "what the service accepts is forwarded",
				Request:      http.Request{Path: "/accepted"},
				Backend:      "infra-backend-v1",
			},
			{
				// The service answers /status/403 with 403; the backend would answer the rewritten path with 200.
				TestCaseName: "what the service refuses with 403 is not forwarded",
				Request:      http.Request{Path: "/status/403"},
				Response:     http.Response{StatusCode: 403},
			},
			{
				TestCaseName: "the client gets the service's own status",
				Request:      http.Request{Path: "/status/401"},
				Response:     http.Response{StatusCode: 401},
			},
			{
				TestCaseName: "a rule whose service does not exist is closed",
				Request:      http.Request{Path: "/nobody"},
				Response:     http.Response{StatusCode: 500},
			},
			{
				TestCaseName: "a rule without the filter asks nobody",
				Request:      http.Request{Path: "/open"},
				Backend:      "infra-backend-v1",
			},
		} {
			one.Namespace = gatewayNamespace
			if one.Backend != "" && one.Request.Path == "/accepted" {
				one.ExpectedRequest = &http.ExpectedRequest{Request: http.Request{Path: "/ok"}}
			}
			t.Run(one.TestCaseName, func(t *testing.T) {
				http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, one)
			})
		}
	},
}
