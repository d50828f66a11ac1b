//! What is to be said above the elements of the output.

/// What is to be said above an element of the YAML output.
///
/// Long lists are written on all cores, so that it is asked from several threads.
pub trait Comments: Sync {
    /// The comment above the element of type `message` (its full name) whose
    /// field `name` is `name`; several lines become several lines of comment.
    fn comment(&self, message: &str, name: &str) -> Option<String>;
}

/// Output without comments.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoComments;

impl Comments for NoComments {
    fn comment(&self, _message: &str, _name: &str) -> Option<String> {
        None
    }
}
