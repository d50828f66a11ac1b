package corpus

import (
	"os"
	"path/filepath"
	"testing"

	"gwctl.dev/conformance/agreement"
)

func TestOnlyManifestsThatAnAPIServerWouldReadAreJudged(t *testing.T) {
	directory := t.TempDir()
	for name, text := range map[string]string{
		"template.yaml": "kind: {{ .Kind }}\n",
		"broken.yaml":   "a: [\n",
		"other.yaml":    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: example.com/v1\nkind: Limit\nmetadata: {name: a}\n",
		"notes.txt":     "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checker := &agreement.Checker{Gwctl: "/does/not/exist", Dir: filepath.Join(directory, "written")}
	if err := New(nil, checker).Add(directory); err != nil {
		t.Fatal(err)
	}
	// gwctl is not even asked, since nothing was judged.
	if result, err := checker.Judge(); err != nil || result.Accepted+result.Refused != 0 {
		t.Errorf("judged %v, %v", result, err)
	}
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	if err := New(nil, &agreement.Checker{}).Add(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("nothing was read, and all is well")
	}
}
