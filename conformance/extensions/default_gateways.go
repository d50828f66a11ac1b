package extensions

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

var httpRouteDefaultGateways = suite.ConformanceTest{
	ShortName:   "HTTPRouteDefaultGateways",
	Description: "An HTTPRoute that asks for default Gateways attaches to the Gateway that is one, and to no other.",
	Manifests:   []string{"manifests/httproute-default-gateways.yaml"},
	Features:    needs(defaultGateways),
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		isDefault := types.NamespacedName{Name: "default-for-all", Namespace: gatewayNamespace}
		route := types.NamespacedName{Name: "default-gateways", Namespace: gatewayNamespace}
		address := kubernetes.GatewayAndHTTPRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName,
			kubernetes.NewGatewayRef(isDefault), route)
		http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, http.ExpectedResponse{
			Request: http.Request{Path: "/default"}, Backend: "infra-backend-v1", Namespace: gatewayNamespace,
		})

		other := types.NamespacedName{Name: sameNamespaceParent, Namespace: gatewayNamespace}
		address, err := kubernetes.WaitForGatewayAddress(t, s.Client, s.TimeoutConfig, kubernetes.NewGatewayRef(other))
		if err != nil {
			t.Fatal(err)
		}
		http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, http.ExpectedResponse{
			Request: http.Request{Path: "/default"}, Response: http.Response{StatusCode: 404},
		})
	},
}
