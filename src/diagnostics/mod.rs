//! Diagnostics: one list of findings that every stage adds to, independent of
//! how it is rendered.
//!
//! A [`Finding`] names a registered [`Code`], says what is wrong and where
//! (symbolically, see [`Location`]), what it means for traffic and what to
//! write instead. Renderers in this folder turn the list into text or JSON.

mod code;
mod condition;
mod denied;
pub mod escape;
mod excerpt;
mod finding;
mod fix;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
mod left_out;
mod location;
mod object_part;
mod object_ref;
mod place;
mod plain;
pub mod rdjson;
mod registry;
mod report;
pub mod sarif;
mod source_id;
mod span;
pub mod style;
mod unjudged;
mod witness;
pub mod xml;

pub use code::{Code, Series, Severity};
pub use condition::{Condition, ConditionKind, ConditionStatus, Reason};
pub use denied::Denied;
pub use finding::{Diagnostics, Finding, FindingId, LackingPort, Pending, Related, Reported};
pub use fix::{Change, Edit, Fix, Scalar, TextEdit};
pub use left_out::{Allowance, LeftOut};
pub use location::{FieldPath, Location, Part, Segment};
pub use object_part::{FrontendPart, ObjectPart, PartPath};
pub use object_ref::ObjectRef;
pub use place::{Locate, Origin, Place};
pub use registry::{REGISTRY, codes};
pub use report::{Entry, LeftOutEntry, Report, Summary};
pub use source_id::{DocumentId, SourceId};
pub use span::Span;
pub use unjudged::{Ledger, Omission, Subject, Tally, Unjudged};
pub use witness::{Witness, WitnessAnswer, WitnessHeaders, WitnessRequest, WitnessTls};
