//! Stages 3 and 4: from resolved manifests to the intermediate representation
//! (`lower`, which knows routing semantics), and from there to Envoy's messages
//! (`envoy`, which is total: it cannot fail and reports nothing).

pub mod envoy;
pub mod lower;
