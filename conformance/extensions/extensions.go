// Package extensions tests, in the form of the official suite, what that has no tests for: external authorization,
// session persistence, retry budgets, XBackends and default Gateways.
package extensions

import (
	"embed"

	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// Manifests are those that the tests apply.
//
//go:embed manifests
var Manifests embed.FS

// Names of features that the official suite does not have.
const (
	externalAuth        features.FeatureName = "HTTPRouteExternalAuth"
	sessionPersistence  features.FeatureName = "HTTPRouteSessionPersistence"
	retryBudget         features.FeatureName = "BackendTrafficPolicyRetryBudget"
	externalBackend     features.FeatureName = "BackendExternalHostname"
	defaultGateways     features.FeatureName = "HTTPRouteDefaultGateways"
	gatewayNamespace                         = suite.InfrastructureNamespace
	sameNamespaceParent                      = "same-namespace"
)

// Features are what the tests rely on, beside the suite's own.
func Features() []features.FeatureName {
	return []features.FeatureName{externalAuth, sessionPersistence, retryBudget, externalBackend, defaultGateways}
}

// Tests are all tests of this package.
func Tests() []suite.ConformanceTest {
	return []suite.ConformanceTest{
		httpRouteExternalAuth, httpRouteSessionPersistence, backendTrafficPolicyRetryBudget, backendExternalHostname,
		httpRouteDefaultGateways,
	}
}

// needs are the features of a test: those of every HTTPRoute, and its own.
func needs(own features.FeatureName) []features.FeatureName {
	return []features.FeatureName{features.SupportGateway, features.SupportHTTPRoute, own}
}
