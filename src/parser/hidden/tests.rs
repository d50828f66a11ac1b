use super::*;
use crate::private_key::without_keys;

/// The text with every hidden part, white space aside, replaced.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut position = 0;
    for range in hidden_ranges(text) {
        shown.push_str(&text[position..range.start]);
        shown.push('#');
        position = range.end;
    }
    shown.push_str(&text[position..]);
    shown
}

#[test]
fn values_of_a_secret_are_hidden_however_they_are_written() {
    for text in [
        "kind: Secret\nmetadata: {name: a}\ndata:\n  tls.key: marked\n  b: 'marked'\n",
        "data:\n  tls.key: marked\nkind: Secret\n",
        "kind: Secret\nstringData:\n  a: |\n    marked\n    marked\n  b: >-\n    marked\n",
        "kind: Secret\ndata: {a: marked, b: [marked], c: {d: marked}}\n",
        "{\"kind\": \"Secret\", \"data\": {\"a\": \"marked\"}, \"type\": \"x\"}",
        "kind: List\nitems:\n- kind: Secret\n  data: {a: marked}\n- kind: Service\n",
        "x: &m {a: marked}\nkind: Secret\ndata: *m\n",
        "x: &m {a: marked}\nkind: Secret\ndata: {<<: *m, b: &s marked}\n",
        "x: &m marked\nkind: Secret\ndata: {a: *m}\n",
        "kind: Secret\ndata: marked\n",
        "kind: Secret\ndata: [marked, marked]\n",
        "kind: Secret\ndata: {marked}\n",
        "kind: Secret\ndata: # marked\n  # marked\n  a: x # marked\n  # marked\n",
        "kind: secret\ndat: {a: marked}\n",
        "kind: Secret\ntls.key: marked\n",
        "kind: Secert\nstringData: {a: marked}\n",
        "kind: Secert\ndata: {a: marked}\n",
        "stringData: {a: marked}\n",
        "kind: Gateway\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      marked\n",
        "kind: ConfigMap\ndata:\n  s.yaml: |\n    kind: Secret\n    data: {a: marked}\n",
        "kind: Secret\ndata:\n  a: marked\n  b: \"marked\n",
        "kind: Secret\ndata:\n\ta: marked\n   b: [marked\n",
        "kind: Secret\nmetadata: {name: a\ndata:\n  a: marked\n- marked\n",
        "kind: Secret\nmarked\n- x: [marked\n",
        "kind: Secret\n? data\n: {p: marked, q: *x}\n",
        "kind: Secret\n\"d\\u0061ta\": {p: marked, q: *x}\n",
        "apiVersion: v1\nkind: \"Se\\x63ret\"\nmetadata: {name: s}\n\"string\\x44ata\": {p: marked}\n",
        "apiVersion: v1\nkind: \"Se\\x63ret\"\n\"d\\x61t\": {p: marked}\n",
        "apiVersion: v1\n\"k\\x69nd\": \"Se\\\n  cret\"\n\"tls.k\\x65y\": marked\n",
        "kind: List\nitems:\n- {apiVersion: v1, kind: \"Se\\x63ret\", \"d\\x61ta\": {p: marked}}\n",
        "kind: \"Se\\x63ret\"\n\"d\\x61ta\": {p: marked, q: *x}\n",
        "\"k\\x69nd\": \"Se\\x63ret\"\n\"d\\x61ta\": {p: marked, q: *x}\n",
        "kind: Secret\n? stringData\n: p: marked\ndata: {q: *x}\n",
        "secretGenerator:\n- literals: [p=marked]\n  name: [x\n",
        "secretGenerator: [{name: s, literals: [p=marked]}]\n",
        "{\"kind\": \"Secret\", \"data\": {\"a\": \"marked\", }",
        "kind: Secret\ndata:\n  a: {{ marked }}\n  marked\n",
        "kind: Secret\nkind: ConfigMap\nmetadata: {name: 5}\ndata: {p: marked}\n",
        "kind: ConfigMap\nkind: Secret\ndata: {p: marked}\n",
        "apiVersion: v1 # marked\nkind: Secret\n# password: marked\nmetadata: {name: a, labels: {a: 'b # c'}} # marked\nstringData: {a: b}\n",
        "kind: Secret\n# password: marked\nstringData: *x\n",
        "kind: List\nitems:\n# marked\n- kind: Secret\n  apiVersion: v1\n",
        "# -----BEGIN PGP PRIVATE KEY BLOCK-----\n# marked\n# -----END PGP PRIVATE KEY BLOCK-----\nkind: Service\n",
        "x: |\n  ---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n  marked\n  ---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
        "# -----BEGIN RSA PRIVATE KEY-----\n# marked\n# -----END RSA PRIVATE KEY-----\nkind: Service\n",
        "kind: Service\nx: -----BEGIN PRIVATE KEY-----\\nmarked\\n-----END PRIVATE KEY-----\n",
        "kind: Service\nx: |\n  -----BEGIN EC PRIVATE KEY-----\n  marked",
        "kind: Service\nx: LS0tLS1CRUdJTiBmarked\n",
        "kind: ConfigMap\ndata:\n  a: LS0tLS1CRUdJTiBQUklWQVRF\n    AAAAAAAAAAAAAAAAmarked\n  b: c\n",
        "# marked\n---\n# marked\n---\nkind: Secret\ndata: {a: b}\n",
        "# marked\n\n---\n\n# marked\n--- # marked\nkind: Secret\n",
        "kind: Secret\nstringData: {a: b}\n---\n# marked\n---\n# marked\n\n# marked\nkind: Service\n",
        "kind: Service\nx: y\n# marked\n\n  # marked\n---\nkind: Secret\n",
        "kind: Secret\n...\n# marked\n...\n# marked",
        "# marked\n---\nkind: Secret\ndata:\n  a: \"x\n",
        "# marked\n---\nkind: Secert\nstringData: {a: b}\n# marked\n",
        "# marked\n---\nkind: List\nitems:\n- kind: Secret\n  apiVersion: v1\n---\n# marked\n",
        "kind: SealedSecret\nmetadata: {name: a}\nspec:\n  template:\n    # marked\n    x: marked\n",
        "kind: ExternalSecret\nmetadata: {name: a}\nspec: {target: {template: {engineVersion: v2, data: {a: marked}}}}\n",
        "kind: ExternalSecret\napiVersion: x\nspec: {templateFrom: [{literal: 'p: marked'}]}\n",
        "a: &k\n- >-\n  marked\n  marked\nitems:\n- kind: Secret\n  metadata: {}\n  data: {b: *k}\n",
        "kind: Service\nmetadata:\n  annotations:\n    original: '{\"kind\":\"Secret\",\"data\":{\"a\":\"marked\"}}'\n",
        "kind: VirtualHostOption\nurl: 'http://keys.example/?x=1&api_key=marked'\n",
        "kind: VirtualHostOption\nremote: {url: http://bob:marked@keys.example/jwks}\n",
        "# https://bob:marked@keys.example/\nkind: [\n",
        "é: 😀\nkind: Secret\ndata: {é: marked, 😀: marked}\n",
    ] {
        assert!(!shown(text).contains("marked"), "{text}\n--\n{}", shown(text));
    }
}

#[test]
fn what_is_no_secret_stays_visible() {
    for text in [
        "kind: Service\nmetadata:\n  name: a\nspec: {ports: [{port: 80}]}\n",
        "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  ca.crt: plain\n",
        "kind: HTTPRoute\nspec:\n  rules: [{name: secret}]\n",
        "kind: Gateway\nspec: {certificateRefs: [{group: '', kind: Secret, name: visible}]}\n",
        "kind: Gateway\nspec: [\n",
        "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
        "# a comment\nkind: Service\nmetadata: {name: a} # another\n",
        "kind: Secret\nmetadata: {annotations: {a: 'b # c'}}\n",
        "# a comment\n---\nkind: Service\nspec: {secretName: a}\n# another\n---\n# a third\n",
        // Far from a Secret a comment stays.
        "# first\nkind: Service\n---\nkind: Service\n---\nkind: Secret\n---\nkind: Service # c\n# last\n",
        "kind: HTTPRoute\nspec: {filters: [{requestHeaderModifier: {set: [{name: Authorization, value: Bearer abc}]}}]}\n",
    ] {
        assert_eq!(shown(text), text);
    }
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata:\n  tls.crt: marked\n  tls.key: marked\n";
    let expected = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata:#tls.crt:#tls.key:#\n";
    assert_eq!(shown(text), expected);
    let two = format!("{text}---\nkind: Service\nmetadata: {{name: b}}\n");
    assert!(shown(&two).ends_with("---\nkind: Service\nmetadata: {name: b}\n"), "{}", shown(&two));
}

#[test]
fn keys_in_words_are_hidden_whatever_their_line_breaks_are() {
    for lines in ["\n", "\\n", "\\\\n", "%0A", "&#10;", " "] {
        let key = format!("-----BEGIN PRIVATE KEY-----{lines}marked{lines}-----END PRIVATE KEY-----");
        let shown = without_keys(&format!("`{key}` is no name: \"x\"")).into_owned();
        assert_eq!(shown, "`-----BEGIN PRIVATE KEY-----<hidden>-----END PRIVATE KEY-----` is no name: \"x\"");
    }
    assert_eq!(without_keys("a: \"LS0tLS1CRUdJTiBmarked\""), "a: \"<hidden>\"");
    assert_eq!(
        without_keys("`-----BEGIN EC PRIVATE KEY-----\\nmark…` is"),
        "`-----BEGIN EC PRIVATE KEY-----<hidden>…` is"
    );
    assert_eq!(without_keys("nothing"), "nothing");
}

#[test]
fn ranges_are_in_order_and_apart() {
    let text = "x: &m {a: -----BEGIN PRIVATE KEY-----z}\nkind: Secret\ndata: {a: *m, b: *m}\n";
    let ranges = hidden_ranges(text);
    assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{ranges:?}");
}

#[test]
fn secret_members_of_json_keys_are_hidden_and_public_ones_are_not() {
    assert_eq!(shown(r#"key: '{"keys":[{"kty":"oct","k":"AAAA"}]}'"#), r##"key: '{"keys":[{"kty":"oct","k":"#"}]}'"##);
    assert_eq!(
        shown(r#"key: "{\"kty\": \"RSA\", \"n\": \"AA\", \"d\" : \"BB\"}""#),
        r##"key: "{\"kty\": \"RSA\", \"n\": \"AA\", \"d\" : \"#\"}""##
    );
    assert_eq!(
        shown("key: |\n  {\"kty\": \"EC\",\n   \"d\":\n   \"BB\"}"),
        "key: |\n  {\"kty\": \"EC\",\n   \"d\":\n   \"#\"}"
    );
    assert_eq!(shown(r#"a: {"k": "x"}"#), r#"a: {"k": "x"}"#);
}
