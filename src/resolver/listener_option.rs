//! ListenerOptions of Gloo Gateway: what of those that apply to a listener counts
//! ([ListenerOption](https://docs.solo.io/gateway/latest/about/policies/listeneroption/)).
//!
//! The first of them counts, and nothing of the others. It is about all connections of a listener, whatever they speak.

use crate::parser::any_object::AnyObject;
use crate::parser::api::{ListenerOption, ListenerOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object};

use super::listener_options::{About, OptionForListeners};

impl OptionForListeners for ListenerOption {
    const KIND: Kind = Kind::ListenerOption;
    const ABOUT: About = About::Connections;

    fn objects(manifests: &Manifests) -> &[Object<ListenerOptionSpec>] {
        &manifests.listener_options
    }

    fn decoded(object: &AnyObject) -> Option<&Object<ListenerOptionSpec>> {
        match object {
            AnyObject::ListenerOption(object) => Some(&**object),
            _ => None,
        }
    }
}
