//! What Envoy's reader of descriptors refuses besides. Measured with Envoy 1.40.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
};

type Checked = Result<(), String>;

/// Checks a file by itself.
pub(super) fn check(file: &FileDescriptorProto) -> Checked {
    let name = file.name();
    if name.is_empty() || name.contains('\0') {
        return Err("a file has no name".to_owned());
    }
    let is_proto3 = match file.syntax() {
        "" | "proto2" => false,
        "proto3" => true,
        other => return Err(format!("`{}` is written in `{}`, which is not read", shown(name), shown(other))),
    };
    let mut known: Vec<&String> = file.dependency.iter().collect();
    known.sort_unstable();
    if let Some(twice) = known.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("`{}` imports `{}` more than once", shown(name), shown(twice[0])));
    }
    let FileDescriptorProto { package, message_type, enum_type, service, extension, .. } = file;
    let package = package.as_deref().unwrap_or_default();
    let parts = package.split('.').filter(|_| !package.is_empty());
    let all = parts.map(is_name).chain(message_type.iter().map(|message| check_message(message, is_proto3)));
    let all = all.chain(enum_type.iter().map(check_enum)).chain(service.iter().map(check_service));
    let mut all = all.chain(extension.iter().map(|field| check_field(field, is_proto3)));
    all.try_for_each(|checked| checked).map_err(|what| format!("`{}` is refused: {what}", shown(name)))
}

fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}

fn is_name(name: &str) -> Checked {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.chars().all(is_part) { Ok(()) } else { Err(format!("`{}` is no name", shown(name))) }
}

fn check_enum(found: &EnumDescriptorProto) -> Checked {
    is_name(found.name())?;
    let ranges = found.reserved_range.iter().map(|range| (range.start(), range.end().saturating_add(1)));
    check_ranges(found.name(), ranges.collect())?;
    for value in &found.value {
        is_name(value.name())?;
        if found.reserved_name.iter().any(|name| name == value.name()) {
            return Err(format!("the name `{}` is reserved", shown(value.name())));
        }
    }
    Ok(())
}

fn check_service(service: &ServiceDescriptorProto) -> Checked {
    is_name(service.name())?;
    service.method.iter().try_for_each(|method| is_name(method.name()))
}

fn check_message(message: &DescriptorProto, is_proto3: bool) -> Checked {
    is_name(message.name())?;
    if is_proto3 && !message.extension_range.is_empty() {
        return Err(format!("message `{}` of proto3 has a range for extensions", message.name()));
    }
    if message.options.as_ref().is_some_and(|options| options.message_set_wire_format()) {
        return Err(format!("message `{}` is a message set", message.name()));
    }
    let reserved = message.reserved_range.iter().map(|range| (range.start(), range.end()));
    let extensions = message.extension_range.iter().map(|range| (range.start(), range.end()));
    check_ranges(message.name(), reserved.chain(extensions).collect())?;
    for field in &message.field {
        check_field(field, is_proto3)?;
        if message.reserved_name.iter().any(|name| name == field.name()) {
            return Err(format!("the name `{}` is reserved", shown(field.name())));
        }
    }
    check_choices(message, is_proto3)?;
    message.extension.iter().try_for_each(|field| check_field(field, is_proto3))?;
    message.enum_type.iter().try_for_each(check_enum)?;
    message.nested_type.iter().try_for_each(|nested| check_message(nested, is_proto3))
}

/// Ranges that begin, end, and do not meet.
fn check_ranges(of: &str, mut ranges: Vec<(i32, i32)>) -> Checked {
    ranges.sort_unstable();
    let is_wrong = ranges.iter().any(|(start, end)| end <= start);
    let meet = ranges.windows(2).any(|pair| pair[1].0 < pair[0].1);
    if is_wrong || meet { Err(format!("the ranges of `{}` are none, or meet", shown(of))) } else { Ok(()) }
}

/// Fields of which one is set: together, at least one, and by itself where a field may be left out.
fn check_choices(message: &DescriptorProto, is_proto3: bool) -> Checked {
    for (index, choice) in message.oneof_decl.iter().enumerate() {
        is_name(choice.name())?;
        let is_own = |field: &FieldDescriptorProto| field.oneof_index == i32::try_from(index).ok();
        let own: Vec<usize> = (0..message.field.len()).filter(|place| is_own(&message.field[*place])).collect();
        let is_apart = own.windows(2).any(|pair| pair[1] != pair[0] + 1);
        let is_mixed = own.len() > 1 && own.iter().any(|place| message.field[*place].proto3_optional());
        if own.is_empty() || is_apart || is_mixed {
            return Err(format!("the fields of `{}` do not stand together", choice.name()));
        }
    }
    let is_odd = |field: &&FieldDescriptorProto| field.proto3_optional() && (!is_proto3 || field.oneof_index.is_none());
    match message.field.iter().find(is_odd) {
        Some(field) => Err(format!("field `{}` may be left out by no way that there is", shown(field.name()))),
        None => Ok(()),
    }
}

fn check_field(field: &FieldDescriptorProto, is_proto3: bool) -> Checked {
    is_name(field.name())?;
    let wrong = |what: &str| Err(format!("field `{}` {what}", field.name()));
    let kind = field.r#type.and_then(|kind| Type::try_from(kind).ok());
    if is_proto3 && field.label == Some(Label::Required as i32) {
        return wrong("of proto3 is required");
    }
    if is_proto3 && field.default_value.is_some() {
        return wrong("of proto3 has a default");
    }
    if is_proto3 && kind == Some(Type::Group) {
        return wrong("of proto3 is a group");
    }
    let has_type = matches!(kind, None | Some(Type::Message | Type::Group | Type::Enum));
    if field.type_name.is_some() && !has_type {
        return wrong("has a type and the name of another");
    }
    let Some(options) = &field.options else { return Ok(()) };
    let is_repeated = field.label == Some(Label::Repeated as i32);
    let is_packable = !matches!(kind, Some(Type::String | Type::Bytes | Type::Message | Type::Group));
    if options.packed() && !(is_repeated && is_packable) {
        return wrong("cannot be packed");
    }
    if options.lazy() && kind != Some(Type::Message) {
        return wrong("is lazy and no message");
    }
    let is_long = matches!(kind, Some(Type::Int64 | Type::Uint64 | Type::Sint64 | Type::Fixed64 | Type::Sfixed64));
    if options.jstype.is_some_and(|kind| kind != 0) && !is_long {
        return wrong("is no long number, and says how one is written");
    }
    Ok(())
}
