package object

import "testing"

func TestAMergePatchRemovesNullAndReplacesLists(t *testing.T) {
	target := Object{"a": Object{"b": "1", "c": "2"}, "d": []any{"x", "y"}}
	patch := Object{"a": Object{"b": nil, "e": "3"}, "d": []any{"z"}}
	want := Object{"a": Object{"c": "2", "e": "3"}, "d": []any{"z"}}
	if got := Merge(target, patch); !Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Merge("text", Object{"a": "1"}); !Equal(got, Object{"a": "1"}) {
		t.Errorf("a patch of what is no object: %v", got)
	}
}

func TestWhatIsNotThereIsEmpty(t *testing.T) {
	object := Object{"a": "text", "list": []any{"text", Object{"b": "c"}}}
	if Child(object, "a", "b") != nil || String(object, "x", "y", "z") != "" || List(object, "a") != nil {
		t.Error("something was found")
	}
	if got := List(object, "list"); len(got) != 1 || String(got[0], "b") != "c" {
		t.Errorf("got %v", got)
	}
}

func TestOnlyWholeNumbersBecomeIntegers(t *testing.T) {
	parsed, err := Parse([]byte(`{"whole": 3, "part": 3.5, "list": [1]}`))
	if err != nil {
		t.Fatal(err)
	}
	if parsed["whole"] != int64(3) || parsed["part"] != 3.5 || parsed["list"].([]any)[0] != int64(1) {
		t.Errorf("got %#v", parsed)
	}
	if _, err := Parse([]byte(`[]`)); err == nil {
		t.Error("a list is no object")
	}
}

func TestMetadataAndStatusAreNoPartOfTheSpec(t *testing.T) {
	spec := Spec(Object{"kind": "K", "metadata": Object{}, "status": Object{}, "data": Object{"a": "b"}})
	if !Equal(spec, Object{"data": Object{"a": "b"}}) {
		t.Errorf("got %v", spec)
	}
}
