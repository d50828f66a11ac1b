//! What is declared and was not judged, each with its reason: "could not look"
//! is never "all is well".

use std::fmt;

use super::location::{FieldPath, Location};
use super::object_ref::ObjectRef;

/// Something that is declared and that no judgement is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Unjudged {
    /// What it is.
    pub subject: Subject,
    /// Where it stands.
    pub location: Location,
    /// Why it was not judged.
    pub reason: Omission,
}

/// What was not judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An object as a whole.
    Object(ObjectRef),
    /// A part of an object, such as a listener or a parent.
    Part(ObjectRef, FieldPath),
    /// A document in which no object can be recognised.
    Document,
    /// A file that was not read, by its name.
    File(String),
}

/// How much of what the input declares was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The listeners of Gateways that are ours, and of their ListenerSets.
    pub listeners: Tally,
    /// The parents of routes: the entries of their `parentRefs`, and the default Gateways that they ask for.
    pub parents: Tally,
    /// The rules of routes that some listener takes.
    pub rules: Tally,
    /// The entries of `targetRefs` of policies.
    pub targets: Tally,
    /// The hostnames, of listeners that end TLS and of routes behind them, that certificates have to cover.
    pub hostnames: Tally,
}

/// How many subjects of a kind there are, and how many of them were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that the input has.
    pub asked: usize,
    /// Those that were judged.
    pub judged: usize,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, is_judged: bool) {
        self.asked += 1;
        self.judged += usize::from(is_judged);
    }

    /// Those of both.
    pub fn and(self, other: Self) -> Self {
        Self { asked: self.asked + other.asked, judged: self.judged + other.judged }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listeners, parents, rules, targets, hostnames } = self;
        let of = |Tally { asked, judged }: &Tally| format!("{judged} of {asked}");
        write!(f, "{} listeners, {} parents of routes, {} rules, ", of(listeners), of(parents), of(rules))?;
        write!(f, "{} targets of policies, {} hostnames with certificates", of(targets), of(hostnames))
    }
}

/// Why something was not judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omission {
    /// The document is malformed, or too large.
    Unreadable,
    /// The file is behind a symbolic link that leads out of the given directories.
    Outside,
    /// The user leaves the file or directory out.
    Excluded,
    /// git ignores it.
    Ignored,
    /// The directory is a submodule of git that is not checked out.
    Submodule,
    /// The API server would refuse the object, and not enough of it can be decoded.
    Undecoded,
    /// Another listener of the same Gateway cannot be told from the listener.
    Conflict,
    /// Nothing is attached to the listener, and a route that may be cannot be decoded.
    UnreadRoute,
    /// Nobody knows what the listener speaks.
    UnknownProtocol,
    /// The parent does not take the ListenerSet, for the reason of the finding with this code.
    NotJoined(&'static str),
    /// The parent does not take the route; what the finding says.
    NotAttached(String),
    /// The Gateway is of another class, or not among those that were selected; or what belongs only to such ones.
    NotSelected,
    /// The parent is no Gateway that is judged.
    NotOurs,
    /// The Service is not in the input, and its parent names a port that nobody knows the number of.
    UnknownPorts,
    /// An error of the rule keeps it from being served.
    Wrong,
    /// No listener that takes the rule is judged.
    Unheard,
    /// Other listeners have every hostname of the route.
    HostsTaken,
    /// Another route has the connections of every listener that takes the route.
    ConnectionsTaken,
    /// The first rule of a route takes everything.
    BehindFirst,
    /// No route of the input leads to what the policy is about.
    NoRoute,
    /// The listener names no certificate that could cover a hostname.
    NoCertificate,
    /// What these Secrets hold nobody has seen: they are missing, assumed or of no use, and one of them may cover a hostname.
    UnseenCertificate(String),
    /// A key is given more than once, and the last value is judged.
    Repeated,
    /// The keys that make an object, or the items of a List, are given more than once: what they said before is lost.
    Overwritten,
    /// No request could be made for the redirect of the rule: whether it leads back is not known.
    NotFollowed,
    /// No judgement has looked at it, and none says why: a gap of gwctl's own.
    Unaccounted,
}

impl Omission {
    /// Whether what was left out may decide about traffic, so that nobody who asks about traffic knows all without it.
    pub fn is_about_traffic(&self) -> bool {
        match self {
            Self::Excluded
            | Self::Ignored
            | Self::NotSelected
            | Self::NoRoute
            | Self::NoCertificate
            | Self::UnseenCertificate(_)
            | Self::BehindFirst
            | Self::NotFollowed => false,
            Self::Unreadable
            | Self::Outside
            | Self::Submodule
            | Self::Undecoded
            | Self::Conflict
            | Self::UnreadRoute
            | Self::UnknownProtocol
            | Self::NotJoined(_)
            | Self::NotAttached(_)
            | Self::NotOurs
            | Self::UnknownPorts
            | Self::Wrong
            | Self::Unheard
            | Self::HostsTaken
            | Self::ConnectionsTaken
            | Self::Repeated
            | Self::Overwritten
            | Self::Unaccounted => true,
        }
    }
}

impl Subject {
    /// What a part of an object is called.
    pub fn part(object: &ObjectRef, path: &FieldPath) -> String {
        format!("{object}, {path}")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => write!(f, "{object}"),
            Self::Part(object, path) => f.write_str(&Self::part(object, path)),
            Self::Document => f.write_str("a document"),
            Self::File(name) => write!(f, "the file `{name}`"),
        }
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::Outside => f.write_str("it is a symbolic link to a place outside the given directories"),
            Self::Excluded => f.write_str("left out by --exclude"),
            Self::Ignored => f.write_str("git ignores it"),
            Self::Submodule => f.write_str("the submodule is not checked out"),
            Self::Undecoded => f.write_str("its errors leave too little of it to be decoded"),
            Self::Conflict => f.write_str("another listener of the Gateway cannot be told from it"),
            Self::UnreadRoute => f.write_str("a route that may be attached to it cannot be decoded"),
            Self::UnknownProtocol => f.write_str("its protocol is unknown"),
            Self::NotJoined(code) => write!(f, "its parent does not take it ({code})"),
            Self::NotSelected => f.write_str("not selected"),
            Self::NotOurs => f.write_str("the parent is neither a Gateway nor a Service that is judged"),
            Self::UnknownPorts => f.write_str("which ports of its Service it has is not known"),
            Self::Wrong => f.write_str("what is wrong with it keeps it from being served"),
            Self::Unheard => f.write_str("no listener that takes it is judged"),
            Self::HostsTaken => f.write_str("other listeners have every hostname of the route"),
            Self::ConnectionsTaken => f.write_str("another route has the connections of its listeners"),
            Self::BehindFirst => f.write_str("the first rule takes everything"),
            Self::NoRoute => f.write_str("no route of the input leads to it"),
            Self::NoCertificate => f.write_str("the listener names no certificate"),
            Self::UnseenCertificate(names) => write!(f, "what certificate Secret {names} holds is not known"),
            Self::Repeated => f.write_str("it is given more than once, and the last value is judged"),
            Self::Overwritten => f.write_str("what it declares is overwritten by equal keys that come later in it"),
            Self::NotFollowed => f.write_str("no request could be made for its redirect, to see whether it leads back"),
            Self::Unaccounted => f.write_str("no judgement has looked at it"),
            Self::NotAttached(why) => write!(f, "the parent does not take the route: {why}"),
        }
    }
}
