// Package agreement gives what clients write to the API server to `gwctl validate` too: both have to accept the same
// objects, and where they refuse one, they have to mean the same field.
package agreement

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/object"
)

// Checker collects what was written, and asks gwctl about all of it in one run. Its exported fields are set before it is
// used.
type Checker struct {
	// Gwctl is the binary.
	Gwctl string
	// Dir is where the objects are written for gwctl, a file each; they stay there.
	Dir string

	mu      sync.Mutex
	seen    map[[32]byte]bool
	written []judged
}

// judged is an object, and why the API server refused it.
type judged struct {
	name     string
	manifest []byte
	refusals []refusal
}

// refusal is one reason for which an object is refused, at a field.
type refusal struct{ path, message string }

// Result is what a comparison came to.
type Result struct {
	// Accepted and Refused count different objects by what the API server said.
	Accepted, Refused int
	// Disagreements are the objects about which both did not say the same.
	Disagreements []string
}

// Add remembers a verdict of the API server. The same object is not judged twice.
func (c *Checker) Add(verdict apiserver.Verdict) error {
	copied := asManifest(verdict.Written)
	text, err := json.Marshal(copied)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := sha256.Sum256(text)
	if c.seen[sum] {
		return nil
	}
	if c.seen == nil {
		c.seen = map[[32]byte]bool{}
	}
	c.seen[sum] = true
	moveApart(copied, len(c.written))
	manifest, err := yaml.Marshal(copied)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%v %s", verdict.Written["kind"], object.ID(verdict.Written))
	c.written = append(c.written, judged{name, manifest, refusals(verdict)})
	return nil
}

// Judge compares all that was added with what gwctl says.
func (c *Checker) Judge() (Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var result Result
	if len(c.written) == 0 {
		return result, nil
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return result, err
	}
	for number, one := range c.written {
		if err := os.WriteFile(filepath.Join(c.Dir, fileName(number)), one.manifest, 0o600); err != nil {
			return result, err
		}
	}
	told, err := c.validate()
	if err != nil {
		return result, err
	}
	for number, one := range c.written {
		if len(one.refusals) > 0 {
			result.Refused++
		} else {
			result.Accepted++
		}
		if difference := compare(one.refusals, told[fileName(number)]); difference != "" {
			result.Disagreements = append(result.Disagreements, fmt.Sprintf("%s (%s): %s", one.name, fileName(number), difference))
		}
	}
	return result, nil
}

func fileName(number int) string { return fmt.Sprintf("%05d.yaml", number) }

// asManifest is an object as a person would write it: without what only a server sets.
func asManifest(written object.Object) object.Object {
	copied := object.Normal(written)
	delete(copied, "status")
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"} {
		delete(object.Child(copied, "metadata"), field)
	}
	return copied
}

// moveApart gives an object a namespace of its own, or a name where it has none, so that many versions of one object
// can be given to gwctl at once. A name that is wrong stays, since it is what is judged.
func moveApart(written object.Object, number int) {
	metadata := object.Child(written, "metadata")
	if metadata == nil || validation.IsDNS1123Label(object.Name(written)) != nil {
		return
	}
	if namespace, ok := metadata["namespace"].(string); ok && validation.IsDNS1123Label(namespace) == nil {
		metadata["namespace"] = fmt.Sprintf("n%d", number)
	} else if !ok && metadata["namespace"] == nil {
		metadata["name"] = fmt.Sprintf("%.40s-%d", object.Name(written), number)
	}
}

// refusals are the reasons of the API server; a field that it prunes is one, as it is to kubectl.
func refusals(verdict apiserver.Verdict) []refusal {
	var found []refusal
	for _, err := range verdict.Errors {
		found = append(found, refusal{fieldOf(verdict.Written, err.Field), err.ErrorBody()})
	}
	for _, path := range verdict.Unknown {
		if !isLater(path) {
			found = append(found, refusal{path, "unknown field"})
		}
	}
	return found
}

// fieldOf is the field that a reason of the library is about.
func fieldOf(written object.Object, field string) string {
	const owners = "metadata.ownerReferences"
	switch {
	case field == "metadata.name" && object.String(written, "metadata", "generateName") != "":
		// There is no name yet; gwctl, as `kubectl apply`, takes no other one.
		return "metadata.generateName"
	case strings.HasPrefix(field, owners+"."):
		// The library does not say which of them it means.
		return owners
	default:
		// It writes this where it knows no field.
		return strings.TrimPrefix(field, "<nil>")
	}
}

// later are fields that the release of the definitions does not have yet, and that gwctl reads.
var later = []string{"sessionPersistence.cookie", "sessionPersistence.header"}

func isLater(path string) bool {
	return slices.ContainsFunc(later, func(field string) bool { return strings.HasSuffix(path, "."+field) })
}

// validate gives, for each file, gwctl's errors that the API server would have to refuse the object for.
func (c *Checker) validate() (map[string][]refusal, error) {
	var output, report bytes.Buffer
	command := exec.Command(c.Gwctl, "validate", c.Dir, "--channel", "experimental", "-o", "json")
	command.Stdout, command.Stderr = &output, &report
	// Exit code 1 says that there are errors, which the report has.
	var exit *exec.ExitError
	if err := command.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("gwctl validate: %w: %s", err, report.String())
	}
	var result struct {
		Findings []struct{ Code, Severity, Message, Path, File string }
		Summary  struct{ Files int }
	}
	if err := json.Unmarshal(output.Bytes(), &result); err != nil {
		return nil, fmt.Errorf("gwctl validate: %w", err)
	}
	if result.Summary.Files != len(c.written) {
		return nil, fmt.Errorf("gwctl validate has read %d files of %d", result.Summary.Files, len(c.written))
	}
	found := map[string][]refusal{}
	for _, finding := range result.Findings {
		if strings.HasPrefix(finding.Code, "GW1") && finding.Severity == "error" {
			file := filepath.Base(finding.File)
			found[file] = append(found[file], refusal{finding.Path, finding.Code + ": " + finding.Message})
		}
	}
	return found, nil
}

// compare says how two lists of refusals differ; nothing where they agree. Each reason of the API server has to be met
// by one of gwctl's at the same field, at one inside of it, or at the one that holds it.
func compare(server, told []refusal) string {
	switch {
	case len(server) > 0 && len(told) == 0:
		return fmt.Sprintf("the API server refuses it, gwctl does not: %s", list(server))
	case len(server) == 0 && len(told) > 0:
		return fmt.Sprintf("gwctl refuses it, the API server does not: %s", list(told))
	}
	for _, reason := range server {
		met := false
		for _, other := range told {
			met = met || reason.path == "" || related(reason.path, other.path)
		}
		if !met {
			return fmt.Sprintf("they mean different fields: the API server %s; gwctl %s", list(server), list(told))
		}
	}
	return ""
}

func list(refusals []refusal) string {
	var texts []string
	for _, one := range refusals {
		texts = append(texts, fmt.Sprintf("%s: %s", one.path, one.message))
	}
	return strings.Join(texts, "; ")
}

// related says whether one path is the other, or holds it.
func related(a, b string) bool {
	short, long := normal(a), normal(b)
	if len(short) > len(long) {
		short, long = long, short
	}
	rest, ok := strings.CutPrefix(long, short)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// normal writes keys of maps as gwctl does.
func normal(path string) string {
	return strings.TrimPrefix(strings.ReplaceAll(path, `"`, ""), ".")
}
