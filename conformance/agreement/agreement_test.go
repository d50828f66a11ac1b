package agreement

import (
	"strings"
	"testing"

	"gwctl.dev/conformance/apiserver"
	"gwctl.dev/conformance/object"
)

func TestBothHaveToRefuseTheSameField(t *testing.T) {
	at := func(paths ...string) []refusal {
		var found []refusal
		for _, path := range paths {
			found = append(found, refusal{path, "why"})
		}
		return found
	}
	for _, one := range []struct {
		server, told []refusal
		want         string
	}{
		{nil, nil, ""},
		{at("spec.rules[0]"), at("spec.rules[0].name"), ""},
		{at("spec.rules[0].name"), at("spec.rules[0]"), ""},
		{at(""), at("spec"), ""},
		{at("spec.a"), nil, "gwctl does not"},
		{nil, at("spec.a"), "the API server does not"},
		{at("spec.rules[1]"), at("spec.rules[10]"), "different fields"},
		{at("spec.rules"), at("spec.rulesets"), "different fields"},
		{at("spec.a", "spec.b"), at("spec.a"), "different fields"},
	} {
		got := compare(one.server, one.told)
		if (got == "") != (one.want == "") || !strings.Contains(got, one.want) {
			t.Errorf("%v and %v: %q", one.server, one.told, got)
		}
	}
}

func TestWhatOnlyAServerSetsIsNotInTheManifest(t *testing.T) {
	got := asManifest(object.Object{
		"kind": "K", "metadata": object.Object{"name": "n", "uid": "u", "generation": int64(3)}, "status": object.Object{"a": "b"},
	})
	if !object.Equal(got, object.Object{"kind": "K", "metadata": object.Object{"name": "n"}}) {
		t.Errorf("got %v", got)
	}
}

func TestObjectsAreMovedApartUnlessTheirNamesAreJudged(t *testing.T) {
	for _, one := range []struct{ before, after object.Object }{
		{object.Object{"name": "a", "namespace": "shop"}, object.Object{"name": "a", "namespace": "n7"}},
		{object.Object{"name": "a"}, object.Object{"name": "a-7"}},
		{object.Object{"name": "A_"}, object.Object{"name": "A_"}},
		{object.Object{"name": "a", "namespace": "B_"}, object.Object{"name": "a", "namespace": "B_"}},
	} {
		written := object.Object{"metadata": one.before}
		moveApart(written, 7)
		if !object.Equal(written["metadata"], one.after) {
			t.Errorf("got %v, want %v", written["metadata"], one.after)
		}
	}
}

func TestAFieldOfALaterReleaseIsNoRefusal(t *testing.T) {
	verdict := apiserver.Verdict{Unknown: []string{"spec.rules[0].sessionPersistence.cookie", "spec.cookie"}}
	if got := refusals(verdict); len(got) != 1 || got[0].path != "spec.cookie" {
		t.Errorf("got %v", got)
	}
}

func TestReasonsOfTheLibraryAreAboutFieldsOfTheObject(t *testing.T) {
	generated := object.Object{"metadata": object.Object{"generateName": "a-"}}
	for _, one := range []struct {
		written     object.Object
		field, want string
	}{
		{generated, "metadata.name", "metadata.generateName"},
		{object.Object{}, "metadata.name", "metadata.name"},
		{generated, "metadata.ownerReferences.uid", "metadata.ownerReferences"},
		{generated, "<nil>", ""},
		{generated, "spec.rules[0]", "spec.rules[0]"},
	} {
		if got := fieldOf(one.written, one.field); got != one.want {
			t.Errorf("%s of %v is %q, not %q", one.field, one.written, got, one.want)
		}
	}
}
