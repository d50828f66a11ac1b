package extensions

import (
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// load is how many requests fail at once, each the first time only.
const load = 40

var backendTrafficPolicyRetryBudget = suite.ConformanceTest{
	ShortName:   "BackendTrafficPolicyRetryBudget",
	Description: "A retry constraint of a Service lets a single failure be retried, and under many failures at once keeps most from it; a Service without one retries them all.",
	Manifests:   []string{"manifests/backendtrafficpolicy-retry-budget.yaml"},
	Features:    needs(retryBudget),
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		gateway := types.NamespacedName{Name: sameNamespaceParent, Namespace: gatewayNamespace}
		address := kubernetes.GatewayAndHTTPRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName,
			kubernetes.NewGatewayRef(gateway), types.NamespacedName{Name: "retry-budget", Namespace: gatewayNamespace})
		ready := http.ExpectedResponse{Request: http.Request{Path: "/retry/free?uuid=ready&succeedAfter=0"}, Namespace: gatewayNamespace}
		http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, ready)

		require.Equal(t, 1, succeed(t, s, address, "/retry/limited", 1), "a single failure is within the budget")
		limited := succeed(t, s, address, "/retry/limited", load)
		require.Less(t, limited, load/2, "the budget has kept too few of %d failures from being retried", load)
		require.Equal(t, load, succeed(t, s, address, "/retry/free", load), "without a budget every failure is retried")
	},
}

// succeed makes requests at once, each of which fails with 503 unless it is retried, and counts those that succeed.
func succeed(t *testing.T, s *suite.ConformanceTestSuite, address, path string, count int) int {
	t.Helper()
	codes := make(chan int, count)
	var group sync.WaitGroup
	for range count {
		query := url.Values{"uuid": {uuid.NewString()}, "succeedAfter": {"1"}, "responseCode": {"503"}}
		expected := http.ExpectedResponse{
			Request: http.Request{Path: fmt.Sprintf("%s?%s", path, query.Encode())}, Namespace: gatewayNamespace,
		}
		request := http.MakeRequest(t, &expected, address, "HTTP", "http")
		group.Go(func() {
			_, response, err := s.RoundTripper.CaptureRoundTrip(request)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			codes <- response.StatusCode
		})
	}
	group.Wait()
	close(codes)
	succeeded := 0
	for code := range codes {
		if code == 200 {
			succeeded++
		}
	}
	return succeeded
}
