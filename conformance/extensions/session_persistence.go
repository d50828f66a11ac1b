package extensions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

const (
	newSessions = 20 // of which all begin at the same of two backends once in 500,000 runs
	followUps   = 10
)

var httpRouteSessionPersistence = suite.ConformanceTest{
	ShortName:   "HTTPRouteSessionPersistence",
	Description: "A rule with session persistence gives a new client a cookie, and sends a client that shows it to the Pod of its first request; clients without one are spread over the backends.",
	Manifests:   []string{"manifests/httproute-session-persistence.yaml"},
	Features:    needs(sessionPersistence),
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		gateway := types.NamespacedName{Name: sameNamespaceParent, Namespace: gatewayNamespace}
		address := kubernetes.GatewayAndHTTPRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName,
			kubernetes.NewGatewayRef(gateway), types.NamespacedName{Name: "session-persistence", Namespace: gatewayNamespace})
		expected := http.ExpectedResponse{Request: http.Request{Path: "/session"}, Namespace: gatewayNamespace}
		http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, expected)

		pods := map[string]bool{}
		for range newSessions {
			first := http.MakeRequest(t, &expected, address, "HTTP", "http")
			seen, response, err := s.RoundTripper.CaptureRoundTrip(first)
			require.NoError(t, err)
			cookie, _, _ := strings.Cut(strings.Join(response.Headers["Set-Cookie"], ";"), ";")
			require.True(t, strings.HasPrefix(cookie, "conformance="), "a new client gets %q", cookie)
			pods[seen.Pod] = true
			for range followUps {
				next := http.MakeRequest(t, &expected, address, "HTTP", "http")
				next.Headers["Cookie"] = []string{cookie}
				again, _, err := s.RoundTripper.CaptureRoundTrip(next)
				require.NoError(t, err)
				require.Equal(t, seen.Pod, again.Pod, "a session has left its Pod")
			}
		}
		require.Greater(t, len(pods), 1, "all sessions began at one Pod")

		expected.Request.Path = "/none"
		_, response, err := s.RoundTripper.CaptureRoundTrip(http.MakeRequest(t, &expected, address, "HTTP", "http"))
		require.NoError(t, err)
		require.Empty(t, response.Headers["Set-Cookie"], "a rule without persistence begins a session")
	},
}
