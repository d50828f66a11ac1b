//! Conditions, as statuses have them: what gwctl can say of an object, by type.
//!
//! Which of them an object may have says `status::catalogue`.

use std::fmt;

use serde::Serialize;

/// Makes an enum whose variants are the words of the API.
macro_rules! words {
    ($(#[$attribute:meta])* pub enum $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[expect(missing_docs, reason = "the names are the API's own")]
        pub enum $name {
            $($variant),+
        }

        impl $name {
            /// The word of the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant)),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What a condition is about: its `type`.
    pub enum ConditionKind {
        Accepted,
        Conflicted,
        DefaultGateway,
        InsecureFrontendValidationMode,
        Merged,
        Overridden,
        OverlappingTLSConfig,
        PartiallyInvalid,
        Programmed,
        ResolvedRefs,
        SupportedVersion,
    }
}

words! {
    /// Whether a condition holds.
    pub enum ConditionStatus {
        True,
        False,
        Unknown,
    }
}

words! {
    /// Why a condition is as it is, in one word.
    pub enum Reason {
        Accepted,
        AddressNotAssigned,
        AddressNotUsable,
        BackendNotFound,
        ConfigurationChanged,
        Conflicted,
        DefaultGateway,
        HostnameConflict,
        IncompatibleFilters,
        Invalid,
        InvalidBackendRef,
        InvalidCACertificateKind,
        InvalidCACertificateRef,
        InvalidCertificateRef,
        InvalidClientCertificateRef,
        InvalidKind,
        InvalidParameters,
        InvalidRouteKinds,
        ListenerConflict,
        ListenersNotResolved,
        ListenersNotValid,
        Merged,
        NoConflicts,
        NoMatchingListenerHostname,
        NoMatchingParent,
        NoResources,
        NoValidCACertificate,
        NotAllowed,
        NotAllowedByListeners,
        OverlappingCertificates,
        OverlappingHostnames,
        Overridden,
        ParentNotAccepted,
        ParentNotProgrammed,
        Pending,
        PortUnavailable,
        Programmed,
        ProtocolConflict,
        RefNotPermitted,
        ResolvedRefs,
        SupportedVersion,
        TargetNotFound,
        TooManyListeners,
        Unsupported,
        UnsupportedAddress,
        UnsupportedProtocol,
        UnsupportedValue,
        UnsupportedVersion,
    }
}

/// A condition that a controller would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
}

impl Condition {
    /// A condition that does not hold.
    pub const fn fails(kind: ConditionKind, reason: Reason) -> Self {
        Self { kind, status: ConditionStatus::False, reason }
    }
}
