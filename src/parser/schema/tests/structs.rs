//! The table of fields and the structs of the API are equal: a deserializer
//! walks a struct and the table side by side and compares what the struct asks
//! for with the rows.

use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::parser::api::HttpRouteFilterSpec;
use crate::parser::api::{
    BackendSpec, BackendTlsPolicySpec, BackendTrafficPolicySpec, ClientTrafficPolicySpec, EnvoyExtensionPolicySpec,
    GatewayClassSpec, GatewaySpec, GrpcRouteSpec, HttpListenerOptionSpec, HttpRouteSpec, L4RouteSpec,
    ListenerOptionSpec, ListenerSetSpec, ReferenceGrantSpec, RouteOptionSpec, SecurityPolicySpec, TlsRouteSpec,
    UpstreamSpec, VirtualHostOptionSpec, XBackendSpec, XBackendTrafficPolicySpec, XMeshSpec,
};
use crate::parser::manifests::Kind;
use crate::parser::schema::{Field, Schema, Shape, Type, other_schemas, schemas};

#[derive(Debug)]
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A place in the table, as a value of which every field, or only every field that is always there, exists.
#[derive(Clone)]
struct Probe<'a> {
    ty: &'static Type,
    path: String,
    is_full: bool,
    differences: &'a RefCell<Vec<String>>,
}

impl Probe<'_> {
    fn differ(&self, what: &str) {
        self.differences.borrow_mut().push(format!("{}: {what}", self.path));
    }

    fn below(&self, ty: &'static Type, step: &str) -> Self {
        Self { ty, path: format!("{}{step}", self.path), ..self.clone() }
    }

    /// A string that the table allows here and that struct conversions take.
    fn sample(&self) -> &'static str {
        match self.ty {
            Type::Text(text) => text.values.first().copied().unwrap_or("1s"),
            Type::IntOrText | Type::Quantity => "1",
            _ => {
                self.differ("the struct wants a string");
                ""
            }
        }
    }

    fn number<V>(self, min: i64, max: i64, visit: impl FnOnce(u64) -> Result<V, Failure>) -> Result<V, Failure> {
        let (low, high) = match self.ty {
            Type::Integer(number) if number.values.is_empty() => (number.min, number.max),
            Type::Integer(number) => {
                (number.values.iter().copied().min().unwrap(), number.values.iter().copied().max().unwrap())
            }
            _ => return Err(Failure(format!("{}: the struct wants a number", self.path))),
        };
        // 32-bit numbers are checked to fit, whatever the bounds.
        let is_checked = matches!(self.ty, Type::Integer(n) if n.is_32_bit) && max >= i64::from(u32::MAX);
        if low < min || (high > max && !is_checked) {
            self.differ("the number of the struct is narrower than the bounds");
        }
        visit(low.max(1).unsigned_abs())
    }
}

struct Fields<'a> {
    rows: std::vec::IntoIter<&'static Field>,
    next: Option<Probe<'a>>,
    parent: Probe<'a>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Failure;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        self.next = Some(self.parent.below(&row.ty, &format!(".{}", row.name)));
        seed.deserialize(StrDeserializer::<Failure>::new(row.name)).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(self.next.take().unwrap())
    }
}

struct Once<'a>(Option<Probe<'a>>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Failure;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        self.0.take().map(|probe| seed.deserialize(probe)).transpose()
    }
}

/// The one entry of a map.
struct OnceNamed<'a>(Option<Probe<'a>>);

impl<'de> MapAccess<'de> for OnceNamed<'_> {
    type Error = Failure;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        self.0.as_ref().map(|_| seed.deserialize("a".into_deserializer())).transpose()
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let probe = self.0.take().ok_or_else(|| Failure("a value without a key".to_owned()))?;
        seed.deserialize(probe)
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.ty {
            Type::Any => visitor.visit_unit(),
            Type::Map(map) if matches!(map.values, Type::Any) => visitor.visit_unit(),
            _ => visitor.visit_str(self.sample()),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if !matches!(self.ty, Type::Boolean) {
            self.differ("the struct wants a boolean");
        }
        visitor.visit_bool(true)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.number(i64::MIN, i64::MAX, |number| visitor.visit_u64(number))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if !matches!(self.ty, Type::Number) {
            self.differ("the struct wants a number");
        }
        visitor.visit_f64(1.5)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.number(0, i64::MAX, |number| visitor.visit_u64(number))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.number(0, i64::from(u32::MAX), |number| visitor.visit_u64(number))
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.number(0, i64::from(u16::MAX), |number| visitor.visit_u64(number))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let Type::List(list) = self.ty else {
            return Err(Failure(format!("{}: the struct wants a list", self.path)));
        };
        let item = self.is_full.then(|| self.below(&list.items, "[]"));
        visitor.visit_seq(Once(item))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let Type::Map(map) = self.ty else {
            self.differ("the struct wants a map");
            return visitor.visit_map(OnceNamed(None));
        };
        // What is of strings or of anything has nothing below it that could differ.
        let has_fields = self.is_full && !matches!(map.values, Type::Text(_) | Type::Any);
        visitor.visit_map(OnceNamed(has_fields.then(|| self.below(&map.values, "{}"))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let Type::Object(shape) = self.ty else {
            return Err(Failure(format!("{}: the struct wants an object", self.path)));
        };
        let rows = distinct(shape);
        for name in fields.iter().filter(|name| rows.iter().all(|row| row.name != **name)) {
            self.differ(&format!("the table lacks `{name}`"));
        }
        for row in rows.iter().filter(|row| !fields.contains(&row.name)) {
            self.differ(&format!("the struct lacks `{}`", row.name));
        }
        let is_wanted = |row: &&Field| {
            let is_union =
                rows.iter().any(|other| other.name == "type" && other.required) || row.name.starts_with("replace");
            fields.contains(&row.name) && (self.is_full || row.required || row.default.is_some() || is_union)
        };
        let rows: Vec<_> = rows.iter().copied().filter(is_wanted).collect();
        visitor.visit_map(Fields { rows: rows.into_iter(), next: None, parent: self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let Type::Text(text) = self.ty else {
            return Err(Failure(format!("{}: the struct wants a string", self.path)));
        };
        for value in text.values.iter().filter(|value| !variants.contains(value)) {
            self.differ(&format!("the struct lacks the value `{value}`"));
        }
        if text.values.is_empty() {
            self.differ("the struct wants an enumeration");
        }
        visitor.visit_enum(self.sample().into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The rows of a shape, each name once.
fn distinct(shape: &'static Shape) -> Vec<&'static Field> {
    let mut rows: Vec<&'static Field> = Vec::new();
    for field in shape.fields.iter().rev() {
        if rows.iter().all(|row| row.name != field.name) {
            rows.push(field);
        }
    }
    rows
}

fn decode<T: for<'de> Deserialize<'de>>(probe: Probe<'_>) -> Result<(), Failure> {
    T::deserialize(probe).map(|_| ())
}

fn decode_kind(kind: Kind, probe: Probe<'_>) -> Result<(), Failure> {
    match kind {
        Kind::GatewayClass => decode::<GatewayClassSpec>(probe),
        Kind::Gateway => decode::<GatewaySpec>(probe),
        Kind::ListenerSet => decode::<ListenerSetSpec>(probe),
        Kind::HTTPRoute => decode::<HttpRouteSpec>(probe),
        Kind::GRPCRoute => decode::<GrpcRouteSpec>(probe),
        Kind::TLSRoute => decode::<TlsRouteSpec>(probe),
        Kind::TCPRoute | Kind::UDPRoute => decode::<L4RouteSpec>(probe),
        Kind::ReferenceGrant => decode::<ReferenceGrantSpec>(probe),
        Kind::BackendTLSPolicy => decode::<BackendTlsPolicySpec>(probe),
        Kind::XBackend => decode::<XBackendSpec>(probe),
        Kind::XBackendTrafficPolicy => decode::<XBackendTrafficPolicySpec>(probe),
        Kind::XMesh => decode::<XMeshSpec>(probe),
        Kind::RouteOption => decode::<RouteOptionSpec>(probe),
        Kind::ClientTrafficPolicy => decode::<ClientTrafficPolicySpec>(probe),
        Kind::BackendTrafficPolicy => decode::<BackendTrafficPolicySpec>(probe),
        Kind::SecurityPolicy => decode::<SecurityPolicySpec>(probe),
        Kind::EnvoyExtensionPolicy => decode::<EnvoyExtensionPolicySpec>(probe),
        Kind::VirtualHostOption => decode::<VirtualHostOptionSpec>(probe),
        Kind::ListenerOption => decode::<ListenerOptionSpec>(probe),
        Kind::HttpListenerOption => decode::<HttpListenerOptionSpec>(probe),
        Kind::Upstream => decode::<UpstreamSpec>(probe),
        Kind::Backend => decode::<BackendSpec>(probe),
        Kind::HTTPRouteFilter => decode::<HttpRouteFilterSpec>(probe),
        other => panic!("{other:?} has no table"),
    }
}

fn differences(schema: &Schema, is_full: bool) -> Vec<String> {
    let found = RefCell::new(Vec::new());
    let ty = Box::leak(Box::new(Type::Object(schema.spec)));
    let path = format!("{} {}", schema.kind.name(), schema.version);
    let outcome = decode_kind(schema.kind, Probe { ty, path, is_full, differences: &found });
    let mut found = found.into_inner();
    found.extend(outcome.err().map(|failure| failure.0));
    found
}

#[test]
fn every_struct_has_exactly_the_fields_of_the_table() {
    let found: Vec<String> =
        schemas().iter().chain(other_schemas()).flat_map(|schema| differences(schema, true)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_struct_decodes_without_its_optional_fields() {
    let found: Vec<String> =
        schemas().iter().chain(other_schemas()).flat_map(|schema| differences(schema, false)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_shape_has_at_most_64_rows() {
    fn walk(ty: &Type, visit: &mut impl FnMut(&Shape)) {
        match ty {
            Type::List(list) => walk(&list.items, visit),
            Type::Map(map) => walk(&map.values, visit),
            Type::Object(shape) => {
                visit(shape);
                shape.fields.iter().for_each(|field| walk(&field.ty, visit));
            }
            Type::Text(_)
            | Type::Integer(_)
            | Type::Boolean
            | Type::Number
            | Type::IntOrText
            | Type::Quantity
            | Type::Any => {}
        }
    }
    for schema in schemas().iter().chain(other_schemas()) {
        walk(&Type::Object(schema.spec), &mut |shape| assert!(shape.fields.len() <= 64));
    }
}
