use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, FileDescriptorSet, MessageOptions, MethodDescriptorProto, OneofDescriptorProto,
    ServiceDescriptorProto,
    descriptor_proto::{ExtensionRange, ReservedRange},
};

use super::messages::{Custom, HttpRule, Method, MethodOptions, Pattern};
use super::{Binding, Template, Unusable, read, template};

/// A file with one service, whose method takes a message with two fields.
fn file() -> FileDescriptorProto {
    let text = |name: &str, number: i32| FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        label: Some(Label::Optional as i32),
        r#type: Some(Type::String as i32),
        ..FieldDescriptorProto::default()
    };
    let item = DescriptorProto {
        name: Some("Item".to_owned()),
        field: vec![text("name", 1), text("text", 2)],
        ..DescriptorProto::default()
    };
    let method = MethodDescriptorProto {
        name: Some("Get".to_owned()),
        input_type: Some(".shop.Item".to_owned()),
        output_type: Some(".shop.Item".to_owned()),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Cart".to_owned()),
        method: vec![method],
        ..ServiceDescriptorProto::default()
    };
    FileDescriptorProto {
        name: Some("shop.proto".to_owned()),
        package: Some("shop".to_owned()),
        message_type: vec![item],
        service: vec![service],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    }
}

fn read_set(files: Vec<FileDescriptorProto>, maps_all: bool) -> Result<Vec<Binding>, Vec<Unusable>> {
    read(&FileDescriptorSet { file: files }.encode_to_vec(), &["shop.Cart".to_owned()], maps_all)
}

/// The same file with a rule for its method, which prost-types has no field for.
fn with_rule(rule: &HttpRule) -> Result<Vec<Binding>, Vec<Unusable>> {
    let described = FileDescriptorProto { service: Vec::new(), ..file() };
    let said = Method { name: None, options: Some(MethodOptions { http: Some(rule.clone()) }) };
    let method = [file().service[0].method[0].encode_to_vec(), said.encode_to_vec()].concat();
    let service = [framed(1, b"Cart"), framed(2, &method)].concat();
    let set = framed(1, &[described.encode_to_vec(), framed(6, &service)].concat());
    read(&set, &["shop.Cart".to_owned()], false)
}

/// A field that holds bytes.
fn framed(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![tag << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut framed);
    framed.extend(bytes);
    framed
}

fn get(path: &str) -> HttpRule {
    HttpRule { pattern: Some(Pattern::Get(path.to_owned())), ..HttpRule::default() }
}

#[test]
fn paths_are_read_as_envoy_reads_them() {
    let taken = [
        "/",
        "/{cart=**}/x",
        "/**/x",
        "/a:verb",
        "/*",
        "/**:v",
        "/{cart}/{cart}",
        "/{cart=*/**}",
        "/{cart=a*}",
        "/a*",
        "/{cart}:get",
        "/{name=*}/**",
        "/a{b",
        "/{a=*}:**",
        "/{a/b}",
        "/{a{b}",
        "/\u{e4}",
        "/{a.b}",
        "/a b",
    ];
    let refused = [
        "",
        "v1",
        "//",
        "/a//b",
        "/a/",
        "/{",
        "/}",
        "/{cart",
        "/{cart}}",
        "/{cart=x:y}",
        "/:v",
        "/a:",
        "/{name=/x}",
        "/{name={cart}}",
        "/{}",
        "/***",
        "/*a",
        "/{cart=}",
        "/a:b:c",
        "/a:b/c",
        "a/b",
        "/{cart}x",
        "/x{cart}",
        "/**/**",
        "/**/*",
        "/{name=**}/{cart}",
        "/a:{b}",
        "/{a.}",
        "/{.a}",
        "/{a..b}",
        "/a}",
        "/{a=b:c}",
        "/{a=b/{c}}",
    ];
    for path in taken {
        assert!(Template::parse(path).is_some() && with_rule(&get(path)).is_ok(), "{path}");
    }
    for path in refused {
        assert!(Template::parse(path).is_none() && with_rule(&get(path)).is_err(), "{path}");
    }
}

#[test]
fn requests_find_the_call_that_they_are() {
    let custom = Pattern::Custom(Custom { kind: "*".to_owned(), path: "/any/**".to_owned() });
    let more = vec![
        get("/items/old"),
        get("/items/{name}:find"),
        HttpRule { pattern: Some(custom), ..HttpRule::default() },
        HttpRule { pattern: Some(Pattern::Post("/items".to_owned())), ..HttpRule::default() },
    ];
    let bindings = with_rule(&HttpRule { additional_bindings: more, ..get("/items/{name}") }).expect("they are read");
    let finds = |method: &str, path: &str| Binding::of(&bindings, method, path).is_some();
    assert!(finds("GET", "/items/tea") && finds("GET", "/items/tea/") && finds("GET", "/items/tea:find"));
    // What is no verb is part of the name.
    assert!(finds("GET", "/items/tea:other"));
    assert!(finds("POST", "/items") && !finds("PUT", "/items") && !finds("GET", "/items"));
    assert!(!finds("GET", "/items/tea/more") && !finds("GET", "/item/tea"));
    assert!(finds("PURGE", "/any/a/b") && finds("GET", "/any"));
    assert_eq!(
        Binding::of(&bindings, "GET", "/items/old").map(|one| &one.path),
        Template::parse("/items/old").as_ref()
    );
    assert_eq!(template::parts("/a/b:c", |verb| verb == "c"), ["a", "b", "c"]);
}

#[test]
fn fields_of_bodies_are_there() {
    let body = |body: &str| with_rule(&HttpRule { body: body.to_owned(), ..get("/a") });
    assert!(body("").is_ok() && body("*").is_ok() && body("name").is_ok());
    assert!(body("other").is_err() && body("name.more").is_err());
    let answer = |field: &str| with_rule(&HttpRule { response_body: field.to_owned(), ..get("/a") });
    assert!(answer("").is_ok() && answer("name").is_err() && answer("other").is_err());
    // Envoy looks at none of those that stand in others.
    let inner = HttpRule { body: "other".to_owned(), ..get("/b") };
    assert!(with_rule(&HttpRule { additional_bindings: vec![inner], ..get("/a") }).is_ok());
}

#[test]
fn methods_that_say_nothing_are_mapped_where_all_are() {
    assert_eq!(read_set(vec![file()], false), Ok(Vec::new()));
    let bindings = read_set(vec![file()], true).expect("they are read");
    assert_eq!(Binding::of(&bindings, "POST", "/shop.Cart/Get").map(|one| one.call.as_str()), Some("/shop.Cart/Get"));
    assert!(Binding::of(&bindings, "GET", "/shop.Cart/Get").is_none());
}

#[test]
fn services_have_their_whole_names() {
    let set = FileDescriptorSet { file: vec![file()] }.encode_to_vec();
    for name in ["shop.Carts", ".shop.Cart", "Cart", "shop.Item", ""] {
        let found = read(&set, &["shop.Cart".to_owned(), name.to_owned()], false);
        assert_eq!(found.map_err(|wrong| wrong[0].service), Err(Some(1)), "{name}");
    }
    assert!(read(&set[..set.len() - 1], &[], false).is_err());
    assert!(read(b"no descriptors", &[], false).is_err());
}

/// Each of these Envoy 1.40 was seen to refuse.
#[test]
fn what_envoy_refuses_is_refused() {
    type Change = fn(&mut FileDescriptorProto);
    let changes: [(&str, Change); 29] = [
        ("no name", |file| file.name = None),
        ("syntax", |file| file.syntax = Some("proto9".to_owned())),
        ("package", |file| file.package = Some("shop..x".to_owned())),
        ("message", |file| file.message_type[0].name = Some("a b".to_owned())),
        ("no message", |file| file.message_type.push(DescriptorProto::default())),
        ("method", |file| file.service[0].method[0].name = Some("G t".to_owned())),
        ("input", |file| file.service[0].method[0].input_type = Some(".no.Such".to_owned())),
        ("no input", |file| file.service[0].method[0].input_type = None),
        ("twice", |file| {
            let again = file.service[0].method[0].clone();
            file.service[0].method.push(again)
        }),
        ("number", |file| file.message_type[0].field[0].number = Some(0)),
        ("same number", |file| file.message_type[0].field[0].number = Some(2)),
        ("same JSON", |file| file.message_type[0].field[0].json_name = Some("text".to_owned())),
        ("required", |file| file.message_type[0].field[0].label = Some(Label::Required as i32)),
        ("default", |file| file.message_type[0].field[0].default_value = Some("a".to_owned())),
        ("type and name", |file| file.message_type[0].field[0].type_name = Some(".shop.Item".to_owned())),
        ("no enum", |file| {
            file.message_type[0].field[0].r#type = Some(Type::Enum as i32);
            file.message_type[0].field[0].type_name = Some(".shop.Item".to_owned());
        }),
        ("group", |file| {
            file.message_type[0].field[0].r#type = Some(Type::Group as i32);
            file.message_type[0].field[0].type_name = Some(".shop.Item".to_owned());
        }),
        ("choice", |file| file.message_type[0].field[0].oneof_index = Some(3)),
        ("no choice", |file| {
            let choice = OneofDescriptorProto { name: Some("o".to_owned()), ..OneofDescriptorProto::default() };
            file.message_type[0].oneof_decl.push(choice);
        }),
        ("optional", |file| file.message_type[0].field[0].proto3_optional = Some(true)),
        ("extensions", |file| {
            let range = ExtensionRange { start: Some(10), end: Some(15), ..ExtensionRange::default() };
            file.message_type[0].extension_range.push(range);
        }),
        ("range", |file| {
            let range = ReservedRange { start: Some(10), end: Some(5) };
            file.message_type[0].reserved_range.push(range);
        }),
        ("reserved", |file| file.message_type[0].reserved_name.push("name".to_owned())),
        ("message set", |file| {
            let options = MessageOptions { message_set_wire_format: Some(true), ..MessageOptions::default() };
            file.message_type[0].options = Some(options);
        }),
        ("packed", |file| with_options(file, FieldOptions { packed: Some(true), ..FieldOptions::default() })),
        ("lazy", |file| with_options(file, FieldOptions { lazy: Some(true), ..FieldOptions::default() })),
        ("long", |file| with_options(file, FieldOptions { jstype: Some(1), ..FieldOptions::default() })),
        ("import", |file| file.dependency.push("other.proto".to_owned())),
        ("enum", |file| {
            let value = EnumValueDescriptorProto { name: Some("A".to_owned()), number: Some(1), options: None };
            let found = EnumDescriptorProto {
                name: Some("E".to_owned()),
                value: vec![value],
                ..EnumDescriptorProto::default()
            };
            file.enum_type.push(found);
        }),
    ];
    assert!(read_set(vec![file()], true).is_ok());
    for (name, change) in changes {
        let mut changed = file();
        change(&mut changed);
        assert!(read_set(vec![changed], true).is_err(), "{name}");
    }
}

fn with_options(file: &mut FileDescriptorProto, options: FieldOptions) {
    file.message_type[0].field[0].options = Some(options);
}

#[test]
fn files_stand_behind_what_they_import() {
    let other = FileDescriptorProto { name: Some("other.proto".to_owned()), ..FileDescriptorProto::default() };
    let importing = FileDescriptorProto { dependency: vec!["other.proto".to_owned()], ..file() };
    assert!(read_set(vec![other.clone(), importing.clone()], true).is_ok());
    assert!(read_set(vec![importing.clone(), other.clone()], true).is_err());
    let twice = FileDescriptorProto { dependency: vec!["other.proto".to_owned(); 2], ..file() };
    assert!(read_set(vec![other.clone(), twice], true).is_err());
    // The same once more says nothing new.
    assert!(read_set(vec![other.clone(), other.clone(), importing.clone()], true).is_ok());
    let changed = FileDescriptorProto { package: Some("x".to_owned()), ..other.clone() };
    assert!(read_set(vec![other, changed, importing], true).is_err());
}
