// Package corpus judges the manifests of whole directories as the API server does, and gwctl beside it.
package corpus

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"gwctl.dev/conformance/agreement"
	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/object"
)

// Corpus holds the definitions, and which of their rules have refused something.
type Corpus struct {
	definitions map[string]*apiserver.Definition // by apiVersion and kind
	checker     *agreement.Checker
	broken      map[string]bool
}

// New judges by these definitions, and gives what it judges to the checker.
func New(definitions []*apiserver.Definition, checker *agreement.Checker) *Corpus {
	c := &Corpus{definitions: map[string]*apiserver.Definition{}, checker: checker, broken: map[string]bool{}}
	for _, definition := range definitions {
		c.definitions[definition.Group+"/"+definition.Version+" "+definition.Kind] = definition
	}
	return c
}

// Add judges every custom resource in the YAML files of a directory. What cannot be read as YAML, or is a template
// still or has variables, is not for an API server, and is left out.
func (c *Corpus) Add(directory string) error {
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, document := range bytes.Split(text, []byte("\n---")) {
			if err := c.addDocument(document); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
}

func isManifest(path string) bool {
	return strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml")
}

func (c *Corpus) addDocument(document []byte) error {
	if bytes.Contains(document, []byte("{{")) || bytes.Contains(document, []byte("${")) {
		return nil
	}
	var written object.Object
	if err := yaml.UnmarshalStrict(document, &written); err != nil {
		return nil
	}
	written = object.Normal(written)
	definition := c.definitions[object.String(written, "apiVersion")+" "+object.String(written, "kind")]
	if definition == nil || object.Child(written, "metadata") == nil {
		return nil
	}
	// A Kustomization puts a namespace in the place of this one.
	if object.Child(written, "metadata")["namespace"] == "_" {
		return nil
	}
	delete(written, "status")
	if definition.Namespaced && object.Child(written, "metadata")["namespace"] == nil {
		object.Child(written, "metadata")["namespace"] = "default"
	}
	verdict := apiserver.Verdict{Written: object.Normal(written)}
	verdict.Unknown = definition.Prepare(written)
	verdict.Errors = definition.Admit(written, nil)
	for _, err := range verdict.Errors {
		c.broken[definition.Kind+": "+err.Detail] = true
	}
	return c.checker.Add(verdict)
}

// Unbroken are the rules that have refused nothing: of the kinds that are not theirs to name, each as kind and message.
func (c *Corpus) Unbroken(leaveOut func(kind string) bool) []string {
	seen := map[string]bool{}
	var found []string
	for _, definition := range c.definitions {
		if leaveOut(definition.Kind) {
			continue
		}
		for _, message := range definition.Rules() {
			rule := definition.Kind + ": " + message
			if !c.broken[rule] && !seen[rule] {
				seen[rule] = true
				found = append(found, rule)
			}
		}
	}
	return found
}
