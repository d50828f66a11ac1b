package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"gwctl.dev/conformance/object"
)

// Definition is one version of a custom resource: how its objects are pruned, defaulted and judged.
type Definition struct {
	Group, Version, Kind, Plural string
	Namespaced                   bool
	// Source is the definition as it was written.
	Source object.Object

	structural *schema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

// ReadDefinitions reads the CustomResourceDefinitions of a directory's YAML files, one Definition for each version.
func ReadDefinitions(directory string) ([]*Definition, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var found []*Definition
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			read, err := readDefinition([]byte(document))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			found = append(found, read...)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no CustomResourceDefinition in %s", directory)
	}
	return found, nil
}

func readDefinition(text []byte) ([]*Definition, error) {
	var source object.Object
	if err := yaml.Unmarshal(text, &source); err != nil {
		return nil, err
	}
	if source["kind"] != "CustomResourceDefinition" {
		return nil, nil
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return nil, err
	}
	var found []*Definition
	for _, version := range crd.Spec.Versions {
		definition, err := newDefinition(&crd, version)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", crd.Name, version.Name, err)
		}
		definition.Source = object.Normal(source)
		found = append(found, definition)
	}
	return found, nil
}

func newDefinition(crd *apiextensionsv1.CustomResourceDefinition, version apiextensionsv1.CustomResourceDefinitionVersion) (*Definition, error) {
	if version.Schema == nil || version.Schema.OpenAPIV3Schema == nil {
		return nil, fmt.Errorf("no schema")
	}
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&props)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		return nil, err
	}
	return &Definition{
		Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind, Plural: crd.Spec.Names.Plural,
		Namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
		structural: structural, validator: validator,
		rules: cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// Prepare prunes and defaults an object in place, as on each write, and names the fields that were not known.
func (d *Definition) Prepare(written object.Object) []string {
	if !d.Namespaced {
		delete(object.Child(written, "metadata"), "namespace")
	}
	unknown := pruning.PruneWithOptions(written, d.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(written, d.structural)
	defaulting.Default(written, d.structural)
	return unknown
}

// Admit judges a prepared object, on an update beside the one that it replaces: metadata, schema, list types, and the
// rules in CEL, which are asked only where the rest holds, as in a cluster.
func (d *Definition) Admit(written, before object.Object) field.ErrorList {
	errs := d.admitMetadata(written)
	if before == nil {
		errs = append(errs, validation.ValidateCustomResource(nil, written, d.validator)...)
	} else {
		errs = append(errs, validation.ValidateCustomResourceUpdate(nil, written, before, d.validator)...)
	}
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, d.structural, written)...)
	if d.rules == nil || blocksRules(errs) {
		return errs
	}
	var old any
	if before != nil {
		old = before
	}
	broken, _ := d.rules.Validate(context.Background(), nil, d.structural, written, old, celconfig.RuntimeCELCostBudget)
	return append(errs, broken...)
}

func (d *Definition) admitMetadata(written object.Object) field.ErrorList {
	accessor := &unstructured.Unstructured{Object: written}
	var meta metav1.Object = accessor
	return apivalidation.ValidateObjectMetaAccessor(meta, d.Namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

// blocksRules says whether errors keep the API server from asking the rules: what has the wrong type, is missing or
// too long may not even be readable to them.
func blocksRules(errs field.ErrorList) bool {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// Rules are the messages of the definition's rules in CEL about what a client writes, each once.
func (d *Definition) Rules() []string {
	seen := map[string]bool{}
	var messages []string
	var visit func(part *schema.Structural)
	visit = func(part *schema.Structural) {
		if part == nil {
			return
		}
		for _, rule := range part.XValidations {
			if message := strings.TrimSpace(rule.Message); !seen[message] {
				seen[message] = true
				messages = append(messages, message)
			}
		}
		visit(part.Items)
		for _, property := range part.Properties {
			visit(&property)
		}
		if part.AdditionalProperties != nil {
			visit(part.AdditionalProperties.Structural)
		}
	}
	spec := d.structural.Properties["spec"]
	visit(&spec)
	return messages
}
