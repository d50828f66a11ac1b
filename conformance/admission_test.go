package conformance

import (
	"flag"
	"path/filepath"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"gwctl.dev/conformance/agreement"
	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/corpus"
)

var manifests = flag.String("gwctl-manifests", "", "directories of manifests to judge, as in PATH")

// unbreakable are the rules that no manifest can break alone.
var unbreakable = []string{
	// It compares with an object that is there already.
	"GatewayClass: Value is immutable",
	// The list of allowed values refuses it first, and no rule is asked then.
	"HTTPRoute: type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
	// These routes have one rule at most.
	"TCPRoute: Rule name must be unique within the route",
	"TLSRoute: Rule name must be unique within the route",
	"UDPRoute: Rule name must be unique within the route",
}

// TestAdmission gives every manifest of some directories to the API server and to gwctl: they have to refuse the same
// objects, for the same fields. Among them is one that breaks each rule of the definitions.
func TestAdmission(t *testing.T) {
	if *gwctl == "" {
		t.Skip("the script `run` starts it")
	}
	definitions, err := apiserver.ReadDefinitions(*crds)
	require.NoError(t, err)
	checker := &agreement.Checker{Gwctl: *gwctl, Dir: filepath.Join(*directory, "admission")}
	all := corpus.New(definitions, checker)
	for _, directory := range append(filepath.SplitList(*manifests), "testdata/admission") {
		require.NoError(t, all.Add(directory))
	}
	result, err := checker.Judge()
	require.NoError(t, err)
	for _, disagreement := range result.Disagreements {
		t.Errorf("gwctl validate: %s", disagreement)
	}
	unbroken := all.Unbroken(func(kind string) bool { return kind == "XMesh" })
	sort.Strings(unbroken)
	require.Equal(t, unbreakable, unbroken, "rules that no manifest breaks")
	require.NotZero(t, result.Accepted)
	require.NotZero(t, result.Refused)
	t.Logf("conformance: gwctl validate was asked about %d accepted and %d refused manifests, %d disagreements",
		result.Accepted, result.Refused, len(result.Disagreements))
}
