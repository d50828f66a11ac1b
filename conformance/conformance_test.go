// Package conformance runs the official Gateway API conformance suite against gwctl and Envoy, without a cluster: an
// API server in memory, a kubelet that runs the suite's backends as processes on loopback addresses, and a controller
// that calls gwctl and runs one Envoy for each Gateway and for the clients of Services in each namespace. The script `run` builds it and starts it in a network of its own.
package conformance

import (
	"flag"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	crlog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	official "sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"

	"gwctl.dev/conformance/agreement"
	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/controller"
	"gwctl.dev/conformance/extensions"
	"gwctl.dev/conformance/kubelet"
	"gwctl.dev/conformance/object"
	"gwctl.dev/conformance/oracle"
)

const (
	className      = "gateway-conformance"
	controllerName = "gwctl.dev/offline"
)

var (
	crds      = flag.String("gwctl-crds", "", "directory of Gateway API's definitions")
	gwctl     = flag.String("gwctl-binary", "", "gwctl's binary")
	envoy     = flag.String("gwctl-envoy", "", "Envoy's binary")
	echo      = flag.String("gwctl-echo", "", "the echo server's binary, as the script `run` builds it")
	directory = flag.String("gwctl-work", "", "directory to work in; it is kept, so that a failure can be looked at")
	version   = flag.String("gwctl-version", "", "gwctl's version, for the report")
	translate = flag.String("gwctl-translate", "", "further arguments of gwctl translate, separated by spaces")
	extended  = flag.Bool("gwctl-extensions", true, "run our own tests too")
	unclaimed = flag.Bool("gwctl-unclaimed", false, "test all features of the Gateway profiles, not only those that the class and the mesh claim")
	quick     = flag.Duration("gwctl-quick", 0, "the longest wait for anything, to develop with; 0 for the suite's own")
)

// TestConformance runs the suite, and then the tests of the package extensions in the same cluster. It fails as well
// where the API server and `gwctl validate` do not refuse the same objects, and where a request ends as `gwctl route`
// did not foretell.
func TestConformance(t *testing.T) {
	if *gwctl == "" {
		t.Skip("the script `run` starts it")
	}
	rig := newRig(t)
	chosen := options(t, rig.server, rig.address)
	config.SetupTimeoutConfig(&chosen.TimeoutConfig)
	rig.asked.RoundTripper = &roundtripper.DefaultRoundTripper{TimeoutConfig: chosen.TimeoutConfig}
	chosen.RoundTripper = rig.asked
	t.Run("official", func(t *testing.T) {
		if !has(tests.ConformanceTests, chosen.RunTest) {
			t.Skip("the test to run is another one")
		}
		official.RunConformanceWithOptions(t, chosen)
	})
	t.Run("extensions", func(t *testing.T) {
		if !*extended || !has(extensions.Tests(), chosen.RunTest) {
			t.Skip("not to be run")
		}
		runExtensions(t, chosen)
	})
	rig.conclude(t)
}

// has says whether a test is among some; every test is, where none is named.
func has(among []suite.ConformanceTest, name string) bool {
	return name == "" || slices.ContainsFunc(among, func(test suite.ConformanceTest) bool { return test.ShortName == name })
}

// runExtensions runs the tests that the official suite does not have, in its form. They are in no report.
func runExtensions(t *testing.T, chosen suite.ConformanceOptions) {
	chosen.ReportOutputPath = ""
	chosen.SupportedFeatures = append(slices.Clone(chosen.SupportedFeatures), extensions.Features()...)
	chosen.ManifestFS = []fs.FS{&official.Manifests, &extensions.Manifests}
	own, err := suite.NewConformanceTestSuite(chosen)
	require.NoError(t, err)
	own.Setup(t, extensions.Tests())
	require.NoError(t, own.Run(t, extensions.Tests()))
}

// rig is the stand-in for a cluster that a test runs in.
type rig struct {
	server     *apiserver.Server
	controller *controller.Controller
	checker    *agreement.Checker
	asked      *oracle.Oracle
	address    string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	crlog.SetLogger(zap.New(zap.WriteTo(os.Stderr), zap.UseDevMode(true)))
	require.NoError(t, os.MkdirAll(*directory, 0o700))
	definitions, err := apiserver.ReadDefinitions(*crds)
	require.NoError(t, err)
	server, err := apiserver.New(definitions)
	require.NoError(t, err)
	pods := &kubelet.Kubelet{Server: server, Echo: *echo, Dir: filepath.Join(*directory, "volumes")}
	r := &rig{
		server: server,
		controller: &controller.Controller{
			Server: server, Gwctl: *gwctl, Envoy: *envoy, Name: controllerName, Class: className, Dir: *directory,
			Translate: strings.Fields(*translate), Settle: 200 * time.Millisecond, OnFailure: t.Errorf,
		},
		checker: &agreement.Checker{Gwctl: *gwctl, Dir: filepath.Join(*directory, "written")},
	}
	r.controller.Clients = pods.ClientNamespaces
	r.asked = oracle.New(nil, r.controller)
	server.PodLogs, server.PodExec = pods.Logs, r.asked.Exec
	server.OnVerdict = func(verdict apiserver.Verdict) {
		if err := r.checker.Add(verdict); err != nil {
			t.Errorf("cannot compare an object: %v", err)
		}
	}
	r.controller.Start()
	pods.Start()
	server.OnChange = func(kind string) {
		r.controller.Changed()
		pods.Changed(kind)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.address = "http://" + listener.Addr().String()
	api := &http.Server{Handler: server, ReadHeaderTimeout: time.Minute}
	go func() { _ = api.Serve(listener) }()
	t.Cleanup(func() {
		_ = api.Close()
		server.OnChange = nil
		pods.Stop()
		r.controller.Stop()
	})
	r.createClaims(t)
	return r
}

// createClaims creates the GatewayClass and the XMesh, and waits until gwctl has said what each claims.
func (r *rig) createClaims(t *testing.T) {
	for kind, version := range map[string]string{
		"GatewayClass": "gateway.networking.k8s.io/v1", "XMesh": "gateway.networking.x-k8s.io/v1alpha1",
	} {
		_, err := r.server.Put(object.Object{
			"apiVersion": version, "kind": kind,
			"metadata": object.Object{"name": className}, "spec": object.Object{"controllerName": controllerName},
		})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(claimed(r.server, kind)) > 0 }, time.Minute, 50*time.Millisecond,
			"no features in the status of the %s", kind)
	}
}

// claimed names the features in the status of the object of a kind.
func claimed(server *apiserver.Server, kind string) []string {
	var names []string
	for _, feature := range object.List(server.List(kind)[0], "status", "supportedFeatures") {
		names = append(names, object.String(feature, "name"))
	}
	return names
}

// conclude fails the test for what the suite itself does not look at, and says what was compared.
func (r *rig) conclude(t *testing.T) {
	result, err := r.checker.Judge()
	require.NoError(t, err)
	mismatches := r.asked.Mismatches()
	for _, disagreement := range result.Disagreements {
		t.Errorf("gwctl validate: %s", disagreement)
	}
	for _, mismatch := range mismatches {
		t.Errorf("gwctl route: %s", mismatch)
	}
	if result.Accepted == 0 || r.asked.Compared.Load() == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("conformance: gwctl validate was asked about %d accepted and %d refused objects, %d disagreements",
		result.Accepted, result.Refused, len(result.Disagreements))
	t.Logf("conformance: gwctl route was asked about %d requests, %d mismatches; %d more were made during changes",
		r.asked.Compared.Load(), len(mismatches), r.asked.Skipped.Load())
}
