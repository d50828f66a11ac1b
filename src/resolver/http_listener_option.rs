//! HttpListenerOptions of Gloo Gateway: what of those that apply to a listener counts
//! ([HttpListenerOption](https://docs.solo.io/gateway/latest/about/policies/httplisteneroption/)).
//!
//! The first of them counts, and nothing of the others: none fills what it leaves out.

use crate::parser::any_object::AnyObject;
use crate::parser::api::{HttpListenerOption, HttpListenerOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object};

use super::listener_options::OptionForListeners;

impl OptionForListeners for HttpListenerOption {
    const KIND: Kind = Kind::HttpListenerOption;

    fn objects(manifests: &Manifests) -> &[Object<HttpListenerOptionSpec>] {
        &manifests.http_listener_options
    }

    fn decoded(object: &AnyObject) -> Option<&Object<HttpListenerOptionSpec>> {
        match object {
            AnyObject::HttpListenerOption(object) => Some(&**object),
            _ => None,
        }
    }
}
