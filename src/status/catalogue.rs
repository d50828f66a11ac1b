//! Every condition and reason that the specification knows, and those of them
//! that an offline tool can never write, each with why.
//!
//! What is written is taken from here: a finding's condition that an object
//! does not have in this list is not one of that object's.

use crate::diagnostics::{Condition, ConditionKind, ConditionStatus, Reason};

/// What carries conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the API's own")]
pub enum Subject {
    GatewayClass,
    Gateway,
    Listener,
    ListenerSet,
    ListenerEntry,
    Route,
    BackendTLSPolicy,
    XBackend,
    XBackendTrafficPolicy,
    XMesh,
    Backend,
    EnvoyPolicy,
}

/// A condition that an object may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The object, or the part of it.
    pub subject: Subject,
    /// The condition's type.
    pub kind: ConditionKind,
    /// Its status.
    pub status: ConditionStatus,
    /// Its reason.
    pub reason: Reason,
    /// Why gwctl never writes it; `None` when it does.
    pub never: Option<&'static str>,
}

/// Whether gwctl writes this condition for the subject.
pub(super) fn lists(subject: Subject, condition: Condition) -> bool {
    CATALOGUE.iter().any(|entry| {
        let Entry { subject: of, kind, status, reason, never } = *entry;
        of == subject && Condition { kind, status, reason } == condition && never.is_none()
    })
}

const NO_CLUSTER: &str = "it is about objects and addresses that a cluster makes";
const NO_LATER: &str = "a file is complete: nothing is left to be decided later";
const SUPPORTED: &str = "gwctl supports every value of the API that could cause it";
const ITS_OWN: &str = "what gwctl cannot honour may be right for the controller of the policy";
const ELSEWHERE: &str = "what a policy names and the input lacks may be in another place";
const UNIQUE: &str = "the API server refuses a Gateway with equal listeners";
const OTHER_REASON: &str = "the conformance tests ask for a more precise reason";
const OTHERS_CLASS: &str = "a class is ours and judged, or another controller's, whose status is not ours to write";

macro_rules! catalogue {
    ($($subject:ident $kind:ident { $($status:ident { $($reason:ident $(: $never:expr)?),+ $(,)? })+ })+) => {
        /// The conditions of Gateway API v1.6
        /// ([reference](https://gateway-api.sigs.k8s.io/reference/spec/)) and of its experimental kinds.
        pub const CATALOGUE: &[Entry] = &[$($($(Entry {
            subject: Subject::$subject,
            kind: ConditionKind::$kind,
            status: ConditionStatus::$status,
            reason: Reason::$reason,
            never: catalogue!(@never $($never)?),
        }),+),+),+];
    };
    (@never $never:expr) => { Some($never) };
    (@never) => { None };
}

catalogue! {
    GatewayClass Accepted {
        True { Accepted }
        False { InvalidParameters, Unsupported: "gwctl takes any number of classes", UnsupportedVersion: NO_CLUSTER }
        Unknown { Pending: OTHERS_CLASS }
    }
    GatewayClass SupportedVersion {
        True { SupportedVersion }
        False { UnsupportedVersion: "the version of the definitions is built in, and none is read" }
    }
    Gateway Accepted {
        True { Accepted, ListenersNotValid }
        False {
            ListenersNotValid, InvalidParameters, UnsupportedAddress,
            Invalid: "what else is invalid is refused by the API server",
        }
        Unknown { Pending }
    }
    Gateway Programmed {
        True { Programmed }
        False {
            Invalid, AddressNotUsable, Pending: NO_LATER, NoResources: NO_CLUSTER,
            AddressNotAssigned: "an address without a value is every address of the machine",
        }
        Unknown { Pending }
    }
    Gateway ResolvedRefs {
        True { ResolvedRefs }
        False { RefNotPermitted, InvalidClientCertificateRef, ListenersNotResolved }
    }
    Gateway InsecureFrontendValidationMode { True { ConfigurationChanged } }
    Gateway DefaultGateway { True { DefaultGateway } }
    Listener Accepted {
        True { Accepted }
        False {
            UnsupportedProtocol, NoValidCACertificate, ProtocolConflict, HostnameConflict: UNIQUE,
            UnsupportedValue: SUPPORTED,
            PortUnavailable: "which ports of the machine are free is not known",
        }
        Unknown { Pending: NO_LATER }
    }
    Listener ResolvedRefs {
        True { ResolvedRefs }
        False {
            RefNotPermitted, InvalidCertificateRef, InvalidCACertificateRef, InvalidCACertificateKind, InvalidRouteKinds,
        }
    }
    Listener Programmed {
        True { Programmed }
        False { Invalid, ProtocolConflict, HostnameConflict: UNIQUE, Pending: NO_LATER }
        Unknown { Pending: NO_LATER }
    }
    Listener Conflicted {
        True { ProtocolConflict, HostnameConflict: UNIQUE }
        False { NoConflicts: "the condition is left out instead" }
    }
    Listener OverlappingTLSConfig {
        True { OverlappingHostnames, OverlappingCertificates: "its detection is optional; hostnames are compared" }
    }
    ListenerSet Accepted {
        True { Accepted, ListenersNotValid }
        False { NotAllowed, ParentNotAccepted, ListenersNotValid, Invalid: OTHER_REASON }
        Unknown { Pending }
    }
    ListenerSet Programmed {
        True { Programmed }
        False {
            NotAllowed, ParentNotProgrammed, ListenersNotValid, Invalid: OTHER_REASON,
            PortUnavailable: "which ports of the machine are free is not known",
        }
        Unknown { Pending }
    }
    ListenerEntry Accepted {
        True { Accepted }
        False {
            UnsupportedProtocol, NoValidCACertificate, ProtocolConflict, HostnameConflict, Invalid: OTHER_REASON,
            PortUnavailable: "which ports of the machine are free is not known",
            TooManyListeners: "gwctl takes any number of listeners",
        }
        Unknown { Pending: NO_LATER }
    }
    ListenerEntry ResolvedRefs {
        True { ResolvedRefs }
        False {
            RefNotPermitted, InvalidCertificateRef, InvalidCACertificateRef, InvalidCACertificateKind, InvalidRouteKinds,
        }
    }
    ListenerEntry Programmed {
        True { Programmed }
        False {
            Invalid, ProtocolConflict, HostnameConflict,
            PortUnavailable: "which ports of the machine are free is not known",
        }
        Unknown { Pending: NO_LATER }
    }
    ListenerEntry Conflicted {
        True { HostnameConflict, ProtocolConflict, ListenerConflict: OTHER_REASON }
        False { NoConflicts: "the condition is left out instead" }
    }
    ListenerEntry OverlappingTLSConfig {
        True { OverlappingHostnames, OverlappingCertificates: "its detection is optional; hostnames are compared" }
    }
    Route Accepted {
        True { Accepted }
        False {
            NotAllowedByListeners, NoMatchingListenerHostname, NoMatchingParent, Conflicted, UnsupportedValue,
            IncompatibleFilters,
        }
        Unknown { Pending: NO_LATER }
    }
    Route ResolvedRefs {
        True { ResolvedRefs }
        False { RefNotPermitted, InvalidKind, BackendNotFound, UnsupportedProtocol, InvalidBackendRef }
    }
    Route PartiallyInvalid {
        True {
            UnsupportedValue, IncompatibleFilters, RefNotPermitted, InvalidKind, BackendNotFound, UnsupportedProtocol,
            InvalidBackendRef: "a backend that is not accepted leaves the other backends of its rule in force",
        }
    }
    BackendTLSPolicy Accepted {
        True { Accepted }
        False { Conflicted, Invalid, TargetNotFound, NoValidCACertificate }
    }
    BackendTLSPolicy ResolvedRefs {
        True { ResolvedRefs }
        False { InvalidCACertificateRef, InvalidKind }
    }
    XBackend Accepted {
        True { Accepted }
        False { Invalid, NoValidCACertificate }
    }
    XBackend ResolvedRefs {
        True { ResolvedRefs }
        False { RefNotPermitted, InvalidClientCertificateRef, InvalidCACertificateRef, InvalidKind }
    }
    XBackendTrafficPolicy Accepted {
        True { Accepted }
        False { Conflicted, Invalid, TargetNotFound }
    }
    Backend Accepted {
        True { Accepted }
        False { Invalid }
    }
    XMesh Accepted {
        True { Accepted }
        False { InvalidParameters }
        Unknown { Pending: "a mesh is ours and judged, or another controller's, whose status is not ours to write" }
    }
    EnvoyPolicy Accepted {
        True { Accepted }
        False { Conflicted, Invalid: ITS_OWN, TargetNotFound: ELSEWHERE }
    }
    EnvoyPolicy Overridden {
        True { Overridden }
    }
    EnvoyPolicy Merged {
        True { Merged }
    }
}
