//! Messages that are joined as bytes.
//!
//! A message of Envoy's has many fields and most of them are empty: those of
//! 100,000 routes and their clusters would take a gigabyte. So they are encoded
//! a few at a time, on all cores, and what contains them is put together from
//! the bytes.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len, message};
use rayon::prelude::*;

/// How many items become one piece of work.
const ITEMS_OF_A_PIECE: usize = 64;

/// From how many bytes on a message stays a piece of its own.
const BYTES_OF_A_PIECE: usize = 64 * 1024;

/// The bytes of a message's fields, in pieces.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pieces: Vec<Vec<u8>>,
}

impl Joined {
    /// The fields of a message.
    pub(super) fn of(message: &impl Message) -> Self {
        Self { pieces: vec![message.encode_to_vec()] }
    }

    /// Adds a field that holds a message.
    pub(super) fn push(&mut self, field: u32, message: &impl Message) {
        let mut piece = Vec::with_capacity(message.encoded_len() + 8);
        message::encode(field, message, &mut piece);
        self.pieces.push(piece);
    }

    /// Adds a repeated field, one entry for the message of each of these bytes.
    pub(super) fn extend_bytes(&mut self, field: u32, messages: impl IntoIterator<Item = Vec<u8>>) {
        let mut short = Vec::new();
        for message in messages {
            encode_key(field, WireType::LengthDelimited, &mut short);
            encode_varint(message.len() as u64, &mut short);
            if message.len() < BYTES_OF_A_PIECE {
                short.extend_from_slice(&message);
            } else {
                self.pieces.extend([std::mem::take(&mut short), message]);
            }
        }
        self.pieces.push(short);
    }

    /// Adds a repeated field, one entry for each item.
    pub(super) fn extend<T, M>(&mut self, field: u32, items: &[T], to_message: impl Fn(&T) -> M + Sync)
    where
        T: Sync,
        M: Message,
    {
        let encode = |items: &[T]| {
            let mut piece = Vec::new();
            items.iter().for_each(|item| message::encode(field, &to_message(item), &mut piece));
            piece
        };
        self.pieces.par_extend(items.par_chunks(ITEMS_OF_A_PIECE).map(encode));
    }

    /// Adds a repeated field, some entries for each item.
    pub(super) fn extend_all<T, M>(&mut self, field: u32, items: &[T], to_messages: impl Fn(&T) -> Vec<M> + Sync)
    where
        T: Sync,
        M: Message,
    {
        let encode = |items: &[T]| {
            let mut piece = Vec::new();
            let messages = items.iter().flat_map(&to_messages);
            messages.for_each(|message| message::encode(field, &message, &mut piece));
            piece
        };
        self.pieces.par_extend(items.par_chunks(ITEMS_OF_A_PIECE).map(encode));
    }

    /// Adds a field that holds the message of these bytes, and fields of this
    /// message after it.
    pub(super) fn into_field(self, field: u32, rest: Self) -> Self {
        let length = self.len();
        let mut head = Vec::with_capacity(key_len(field) + encoded_len_varint(length as u64));
        encode_key(field, WireType::LengthDelimited, &mut head);
        encode_varint(length as u64, &mut head);
        let pieces = std::iter::once(head).chain(self.pieces).chain(rest.pieces);
        Self { pieces: pieces.collect() }
    }

    /// Adds fields.
    pub(super) fn append(&mut self, mut more: Self) {
        self.pieces.append(&mut more.pieces);
    }

    fn len(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    /// The bytes as one. Each piece is freed when it is copied.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        self.pieces.into_iter().for_each(|piece| bytes.extend_from_slice(&piece));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use envoy_types::pb::envoy::config::bootstrap::v3::{Admin, Bootstrap, bootstrap::StaticResources};
    use envoy_types::pb::envoy::config::cluster::v3::Cluster;
    use prost::Message;

    use super::Joined;

    #[test]
    fn joined_bytes_are_those_of_the_whole_message() {
        let names: Vec<String> = (0..1_000).map(|number| format!("cluster-{number}")).collect();
        let cluster = |name: &String| Cluster { name: name.clone(), ..Cluster::default() };
        let rest = Bootstrap { admin: Some(Admin::default()), ..Bootstrap::default() };
        let mut resources = Joined::default();
        resources.extend(2, &names, cluster);
        let joined = resources.into_field(2, Joined::of(&rest)).into_bytes();
        let clusters = names.iter().map(cluster).collect();
        let resources = StaticResources { clusters, ..StaticResources::default() };
        let whole = Bootstrap { static_resources: Some(resources), ..rest };
        assert!(joined == whole.encode_to_vec());
    }
}
