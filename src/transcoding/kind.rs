//! Fields that say of themselves what the type that they name is not.

use prost_reflect::DescriptorPool;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// The types that the fields of a file name, and whether each is one of messages.
pub(super) fn named(file: &FileDescriptorProto) -> Vec<(String, bool)> {
    let mut named = Vec::new();
    add(&file.extension, &mut named);
    file.message_type.iter().for_each(|message| of_message(message, &mut named));
    named
}

fn of_message(message: &DescriptorProto, named: &mut Vec<(String, bool)>) {
    add(&message.field, named);
    add(&message.extension, named);
    message.nested_type.iter().for_each(|nested| of_message(nested, named));
}

fn add(fields: &[FieldDescriptorProto], named: &mut Vec<(String, bool)>) {
    for field in fields {
        let is_message = match field.r#type.and_then(|kind| Type::try_from(kind).ok()) {
            Some(Type::Enum) => false,
            Some(Type::Message | Type::Group) => true,
            _ => continue,
        };
        named.extend(field.type_name.iter().map(|name| (name.to_owned(), is_message)));
    }
}

/// Whether they are what is said of them. Compilers write whole names, and no others are looked for.
pub(super) fn check(pool: &DescriptorPool, named: &[(String, bool)]) -> Result<(), String> {
    let is_so = |(name, is_message): &&(String, bool)| match name.strip_prefix('.') {
        Some(name) if *is_message => pool.get_message_by_name(name).is_some(),
        Some(name) => pool.get_enum_by_name(name).is_some(),
        None => false,
    };
    match named.iter().find(|one| !is_so(one)) {
        Some((name, true)) => Err(format!("there is no message `{}`", name.escape_debug())),
        Some((name, false)) => Err(format!("there is no enum `{}`", name.escape_debug())),
        None => Ok(()),
    }
}
