package conformance

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientset "k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	v1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/apis/v1alpha2"
	"sigs.k8s.io/gateway-api/apis/v1alpha3"
	"sigs.k8s.io/gateway-api/apis/v1beta1"
	xv1alpha1 "sigs.k8s.io/gateway-api/apisx/v1alpha1"
	confv1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/flags"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"

	"gwctl.dev/conformance/apiserver"
)

// options are the suite's: all profiles, with the features that the class and the mesh claim.
func options(t *testing.T, server *apiserver.Server, address string) suite.ConformanceOptions {
	scheme := runtime.NewScheme()
	for _, install := range []func(*runtime.Scheme) error{
		clientscheme.AddToScheme, apiextensionsv1.AddToScheme,
		v1.Install, v1beta1.Install, v1alpha2.Install, v1alpha3.Install, xv1alpha1.Install,
	} {
		require.NoError(t, install(scheme))
	}
	// JSON is what the server speaks, and its clients have no limit of requests a second.
	restConfig := &rest.Config{Host: address, ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeJSON}, QPS: -1}
	clientOptions := client.Options{Scheme: scheme, Mapper: server.Mapper()}
	kubernetes, err := client.New(restConfig, clientOptions)
	require.NoError(t, err)
	clients, err := clientset.NewForConfig(restConfig)
	require.NoError(t, err)

	addressType := v1.IPAddressType
	configurable := suite.ConfigurableOptions{
		GatewayClassName:     className,
		CleanupBaseResources: true,
		CleanupTestResources: true,
		SupportedFeatures:    tested(server),
		ConformanceProfiles: []suite.ConformanceProfileName{
			suite.GatewayHTTPConformanceProfileName, suite.GatewayGRPCConformanceProfileName,
			suite.GatewayTLSConformanceProfileName, suite.GatewayTCPConformanceProfileName,
			suite.GatewayUDPConformanceProfileName,
			suite.MeshHTTPConformanceProfileName, suite.MeshGRPCConformanceProfileName,
		},
		TimeoutConfig:    timeouts(*quick),
		ReportOutputPath: filepath.Join(*directory, "report.yaml"),
		Implementation: confv1.Implementation{
			Organization: "gwctl", Project: "gwctl", URL: "https://gwctl.dev", Version: *version,
			Contact: []string{"https://gwctl.dev"},
		},
		UsableNetworkAddresses: []v1.GatewaySpecAddress{{Type: &addressType, Value: "127.0.1.200"}},
		// gwctl does not see the machine's addresses: it knows those that no machine has.
		UnusableNetworkAddresses: []v1.GatewaySpecAddress{{Type: &addressType, Value: "224.0.0.1"}},
	}
	flags.ApplyAll(&configurable)
	return suite.ConformanceOptions{
		ConfigurableOptions: configurable,
		Client:              kubernetes, ClientOptions: clientOptions, Clientset: clients, RestConfig: restConfig,
	}
}

// tested are the features that the class and the mesh claim; with -gwctl-unclaimed all of the Gateway profiles too.
func tested(server *apiserver.Server) []features.FeatureName {
	set := map[features.FeatureName]bool{}
	for _, kind := range []string{"GatewayClass", "XMesh"} {
		for _, name := range claimed(server, kind) {
			set[features.FeatureName(name)] = true
		}
	}
	for feature := range features.AllFeatures {
		if *unclaimed && !strings.HasPrefix(string(feature.Name), "Mesh") {
			set[feature.Name] = true
		}
	}
	var all []features.FeatureName
	for feature := range set {
		all = append(all, feature)
	}
	return all
}

// timeouts are the suite's own, or no longer than a limit.
func timeouts(limit time.Duration) config.TimeoutConfig {
	chosen := config.DefaultTimeoutConfig()
	if limit <= 0 {
		return chosen
	}
	for _, timeout := range []*time.Duration{
		&chosen.GatewayMustHaveAddress, &chosen.GatewayMustHaveCondition, &chosen.GatewayStatusMustHaveListeners,
		&chosen.GatewayListenersMustHaveConditions, &chosen.ListenerSetMustHaveCondition,
		&chosen.ListenerSetListenersMustHaveConditions, &chosen.GWCMustBeAccepted, &chosen.HTTPRouteMustNotHaveParents,
		&chosen.HTTPRouteMustHaveCondition, &chosen.TLSRouteMustHaveCondition, &chosen.TCPRouteMustHaveCondition,
		&chosen.UDPRouteMustHaveCondition, &chosen.RouteMustHaveParents, &chosen.MaxTimeToConsistency,
		&chosen.LatestObservedGenerationSet, &chosen.DefaultTestTimeout,
	} {
		*timeout = min(*timeout, limit)
	}
	return chosen
}
